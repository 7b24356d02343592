//! One line as brokers read it.

use std::ops::Range;

use super::Change;

/// The longest user name or password MQTT can carry, in bytes (MQTT 3.1.1 §1.5.3).
const MAX_FIELD: usize = 65_535;

/// A line and where it stands.
pub(super) struct Line<'a> {
    /// Counted from 1.
    pub(super) number: usize,
    /// Where its bytes stand in the file, its ending included.
    pub(super) range: Range<usize>,
    /// What brokers make of it.
    pub(super) content: Content<'a>,
    ending: &'static str,
}

impl Line<'_> {
    /// This line with another hash. It keeps its kind of ending and gets one if it had none, since
    /// brokers drop unended lines of some lengths.
    pub(super) fn rewritten(&self, name: &[u8], hash: &str) -> Change {
        Change {
            range: self.range.clone(),
            with: [name, b":", hash.as_bytes(), self.ending.as_bytes()].concat(),
        }
    }
}

/// What a line says.
#[derive(Clone, Copy)]
pub(super) enum Content<'a> {
    /// Nothing, by intent: a comment or blanks.
    Nothing,
    /// A user.
    Entry(Entry<'a>),
    /// Text without a ':'.
    NoColon,
}

/// A line with a ':'.
#[derive(Clone, Copy)]
pub(super) struct Entry<'a> {
    /// The user name, without blanks at its edges.
    pub(super) name: &'a [u8],
    /// All that stands behind the ':' after the name.
    value: &'a [u8],
}

impl<'a> Entry<'a> {
    /// The text a broker takes for the hash: for it, a run of ':' is one, and another one ends it.
    pub(super) fn hash(&self) -> &'a [u8] {
        let skipped = self.value.iter().take_while(|&&byte| byte == b':').count();
        let rest = &self.value[skipped..];
        let end = memchr::memchr(b':', rest).unwrap_or(rest.len());
        trim(&rest[..end])
    }

    /// The text somebody wrote down as the password, any ':' in it included.
    pub(super) fn password(&self) -> &'a [u8] {
        trim(self.value)
    }

    /// Whether a broker could check a client against a hash of this entry's password.
    pub(super) fn can_be_hashed(&self) -> bool {
        let fits = |field: &[u8]| (1..=MAX_FIELD).contains(&field.len()) && !field.contains(&0);
        fits(self.name) && fits(self.password())
    }

    /// Whether a name or hash is longer than brokers take.
    pub(super) fn is_too_long(&self) -> bool {
        self.name.len() > MAX_FIELD || self.hash().len() > MAX_FIELD
    }

    /// Whether there is a NUL byte, at which brokers stop reading the line or the whole file.
    pub(super) fn has_nul(&self) -> bool {
        memchr::memchr(0, self.name).is_some() || memchr::memchr(0, self.value).is_some()
    }
}

/// The lines of a file. Only LF ends one, so that any other byte stays what it is.
pub(super) fn lines(bytes: &[u8]) -> impl Iterator<Item = Line<'_>> {
    let mut start = 0;
    let starts_and_ends = memchr::memchr_iter(b'\n', bytes)
        .map(|position| position + 1)
        .chain(std::iter::once(bytes.len()))
        .map(move |end| std::mem::replace(&mut start, end)..end)
        .filter(|range| !range.is_empty());
    starts_and_ends.zip(1..).map(|(range, number)| {
        let line = &bytes[range.clone()];
        let text = line.strip_suffix(b"\n").unwrap_or(line);
        let ending = if text.ends_with(b"\r") { "\r\n" } else { "\n" };
        Line { number, range, content: content(text), ending }
    })
}

fn content(text: &[u8]) -> Content<'_> {
    if text.starts_with(b"#") {
        return Content::Nothing;
    }
    let Some(first) = memchr::memchr(b':', text) else {
        return if trim(text).is_empty() { Content::Nothing } else { Content::NoColon };
    };
    // Brokers skip leading ':', and so let the user of "::user:hash" in.
    let skipped = text.iter().take_while(|&&byte| byte == b':').count();
    let split = match memchr::memchr(b':', &text[skipped..]) {
        Some(split) => skipped + split,
        None => first,
    };
    let name = if split > first { &text[skipped..split] } else { &text[..split] };
    Content::Entry(Entry { name: trim(name), value: &text[split + 1..] })
}

/// Cuts off the blanks that brokers cut off: those of C's `isspace`.
fn trim(text: &[u8]) -> &[u8] {
    let is_blank = |byte: &u8| byte.is_ascii_whitespace() || *byte == 0x0b;
    let Some(start) = text.iter().position(|byte| !is_blank(byte)) else {
        return &[];
    };
    let end = text.iter().rposition(|byte| !is_blank(byte)).unwrap_or(start);
    &text[start..=end]
}
