//! JSON token by token, close together or with the originals' indentation.

use std::io::Write;

use mqtt_core::json;

/// No line is indented further: a few kilobytes of brackets must not become gigabytes of tabs.
const DEEPEST: usize = 100;

/// How JSON is laid out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Style {
    /// No blank anywhere.
    #[default]
    Compact,
    /// `--pretty`: a member on each line, behind a tab for each level; a tab behind the colon.
    Pretty,
}

/// What members and elements stand in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Nesting {
    Object,
    Array,
}

impl Nesting {
    fn brackets(self) -> (u8, u8) {
        match self {
            Self::Object => (b'{', b'}'),
            Self::Array => (b'[', b']'),
        }
    }
}

/// Appends JSON. What is opened must be closed.
#[derive(Debug)]
pub(super) struct Writer<'a> {
    out: &'a mut Vec<u8>,
    style: Style,
    /// What is open, outermost first. Not kept without indentation.
    open: Vec<Nesting>,
}

impl<'a> Writer<'a> {
    pub(super) fn new(out: &'a mut Vec<u8>, style: Style) -> Self {
        Self { out, style, open: Vec::new() }
    }

    /// Begins an object or an array.
    pub(super) fn open(&mut self, nesting: Nesting) {
        self.out.push(nesting.brackets().0);
        if self.style == Style::Pretty {
            self.open.push(nesting);
            if nesting == Nesting::Object {
                self.out.push(b'\n');
            }
        }
    }

    /// Ends it.
    pub(super) fn close(&mut self, nesting: Nesting) {
        if self.style == Style::Pretty {
            self.open.pop();
            if nesting == Nesting::Object {
                // An empty object has its line break already. No string ends with one.
                if !self.begins_line() {
                    self.out.push(b'\n');
                }
                self.indent();
            }
        }
        self.out.push(nesting.brackets().1);
    }

    /// Begins a member that needs no escaping.
    pub(super) fn key(&mut self, name: &'static str) {
        self.begin_key();
        let _ = write!(self.out, "\"{name}\"");
        self.colon();
    }

    /// Begins a member with any name.
    pub(super) fn key_of(&mut self, name: &str) {
        self.begin_key();
        self.string(name.as_bytes());
        self.colon();
    }

    fn begin_key(&mut self) {
        self.element();
        if self.begins_line() {
            self.indent();
        }
    }

    /// Begins an element, or a member: all but the first follow a comma.
    pub(super) fn element(&mut self) {
        if !matches!(self.out.last(), Some(b'{' | b'[' | b'\n')) {
            self.comma();
        }
    }

    fn comma(&mut self) {
        self.out.push(b',');
        match self.open.last() {
            Some(Nesting::Object) => self.out.push(b'\n'),
            Some(Nesting::Array) => self.out.push(b' '),
            None => {}
        }
    }

    fn colon(&mut self) {
        self.out.push(b':');
        if self.style == Style::Pretty {
            self.out.push(b'\t');
        }
    }

    /// Where a key stands, and nothing else that is a string.
    fn begins_line(&self) -> bool {
        self.style == Style::Pretty && self.out.last() == Some(&b'\n')
    }

    fn indent(&mut self) {
        self.out.resize(self.out.len() + self.open.len().min(DEEPEST), b'\t');
    }

    /// A word without quotation marks.
    pub(super) fn word(&mut self, word: &'static str) {
        self.out.extend_from_slice(word.as_bytes());
    }

    /// A whole number.
    pub(super) fn number(&mut self, number: u64) {
        let _ = write!(self.out, "{number}");
    }

    /// A string that `append` appends, without anything to escape.
    pub(super) fn ascii(&mut self, append: impl FnOnce(&mut Vec<u8>)) {
        self.out.push(b'"');
        append(self.out);
        self.out.push(b'"');
    }

    /// A string of any bytes; U+FFFD stands for what is not UTF-8.
    pub(super) fn string(&mut self, bytes: &[u8]) {
        json::append_string(bytes, self.out);
    }

    /// A JSON value that was found valid, byte for byte; a blank stands for each line break, which
    /// can only be between its tokens.
    pub(super) fn on_one_line(&mut self, value: &[u8]) {
        let unbroken = |byte: &u8| if matches!(byte, b'\n' | b'\r') { b' ' } else { *byte };
        self.out.extend(value.iter().map(unbroken));
    }

    /// A JSON value that was found valid: every token as it is, blanks between them left out.
    pub(super) fn copy(&mut self, mut value: &[u8]) {
        while let Some((first, rest)) = value.split_first() {
            value = match first {
                b'"' => self.copy_string(value),
                b' ' | b'\t' | b'\n' | b'\r' => rest,
                token => {
                    self.copy_token(*token);
                    rest
                }
            };
        }
    }

    /// Copies the string that begins `text`, and returns what follows.
    fn copy_string<'t>(&mut self, text: &'t [u8]) -> &'t [u8] {
        if self.begins_line() {
            self.indent();
        }
        let mut escaped = false;
        let end = text.iter().skip(1).position(|byte| {
            let ends = *byte == b'"' && !escaped;
            escaped = *byte == b'\\' && !escaped;
            ends
        });
        // Both quotation marks; a valid value has the second.
        let length = end.map_or(text.len(), |end| end + 2);
        let (string, rest) = text.split_at(length);
        self.out.extend_from_slice(string);
        rest
    }

    /// A bracket, comma or colon, or part of a number or word.
    fn copy_token(&mut self, token: u8) {
        match token {
            b'{' => self.open(Nesting::Object),
            b'[' => self.open(Nesting::Array),
            b'}' => self.close(Nesting::Object),
            b']' => self.close(Nesting::Array),
            b',' => self.comma(),
            b':' => self.colon(),
            part => self.out.push(part),
        }
    }
}
