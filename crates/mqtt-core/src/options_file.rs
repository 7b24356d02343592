//! Files of options: which one is read, and what its lines say. docs/option-files.md has the
//! grammar.
//!
//! Which options exist is not known here: a line has an option word and what stands behind it.

use std::ffi::OsString;
use std::fs::{File, Metadata};
use std::io::{self, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use crate::invocation::{Behaviour, Invocation};

/// How lines are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grammar {
    /// The originals': one blank, then the value to the end of the line, as it stands.
    Original,
    /// Besides: tabs are blanks, comments may be indented, values may be quoted as in a shell.
    Quoting,
}

/// The most bytes a file may have: a device such as /dev/zero has no end.
const LARGEST: u64 = 16 * 1024 * 1024;

/// Who may read a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Readers {
    /// Its owner alone, or it is no regular file.
    Owner,
    /// Its group or everyone.
    Others,
}

/// A file of options, read.
pub struct OptionsFile {
    path: PathBuf,
    grammar: Grammar,
    readers: Readers,
    /// It may hold passwords.
    text: Zeroizing<Vec<u8>>,
}

/// The file is there, or was asked for, and cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("cannot read options file {}: {source}", path.display())]
pub struct OptionsFileError {
    path: PathBuf,
    source: io::Error,
}

/// A line makes no sense.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LineError {
    /// No word on a command line could have one.
    #[error("the line holds a NUL byte")]
    Nul,
    /// The originals would look for an option of that name.
    #[error("a tab does not stand between an option and its value, a blank does")]
    Tab,
    /// A quote without its end.
    #[error("a quote is not closed")]
    OpenQuote,
    /// More than one word where quotes began.
    #[error("there is text behind the closing quote")]
    BehindQuote,
    /// A bracket, and what is no name of a profile.
    #[error("a profile begins with its name in brackets, '[NAME]', without blanks and alone")]
    Profile,
}

impl OptionsFile {
    /// The file that `-o` names.
    pub fn named(path: PathBuf) -> Result<Self, OptionsFileError> {
        Self::read(&path, Grammar::Original).map_err(|source| OptionsFileError { path, source })
    }

    /// The user's own file, if there is one: `mqtt-pub`, else `mosquitto_pub`, in
    /// `$XDG_CONFIG_HOME` or else `$HOME/.config`. The originals do not mind a file that they
    /// cannot read, nor a variable that is empty.
    pub fn of_user(
        invocation: Invocation,
        variable: impl Fn(&str) -> Option<OsString>,
    ) -> Result<Option<Self>, OptionsFileError> {
        let is_set = |value: &OsString| match invocation.behaviour {
            Behaviour::Original => true,
            Behaviour::Own => !value.is_empty(),
        };
        let folder = match variable("XDG_CONFIG_HOME").filter(is_set) {
            Some(folder) => PathBuf::from(folder),
            None => match variable("HOME").filter(is_set) {
                Some(home) => Path::new(&home).join(".config"),
                None => return Ok(None),
            },
        };
        // An empty folder is the root, as it is when the originals put the two together.
        let folder = if folder.as_os_str().is_empty() { Path::new("/") } else { &folder };
        let tool = invocation.tool;
        let names = match invocation.behaviour {
            Behaviour::Original => &[(tool.original_name(), Grammar::Original)][..],
            Behaviour::Own => {
                &[(tool.name(), Grammar::Quoting), (tool.original_name(), Grammar::Original)]
            }
        };
        for (name, grammar) in names {
            let path = folder.join(name);
            match Self::read(&path, *grammar) {
                Ok(file) => return Ok(Some(file)),
                Err(error) if is_absent(&error) => {}
                Err(error)
                    if invocation.behaviour == Behaviour::Original
                        && error.kind() != io::ErrorKind::FileTooLarge => {}
                Err(source) => return Err(OptionsFileError { path, source }),
            }
        }
        Ok(None)
    }

    fn read(path: &Path, grammar: Grammar) -> io::Result<Self> {
        let file = File::open(path)?;
        let readers = Readers::of(&file.metadata()?);
        let mut text = Zeroizing::new(Vec::new());
        let read = file.take(LARGEST + 1).read_to_end(&mut text)?;
        if u64::try_from(read).is_ok_and(|read| read > LARGEST) {
            let error = "it is larger than 16 MiB";
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, error));
        }
        Ok(Self { path: path.to_owned(), grammar, readers, text })
    }

    /// Where it lies, as it was named.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Who may read it.
    #[must_use]
    pub fn readers(&self) -> Readers {
        self.readers
    }

    /// The lines that have something to say.
    pub fn lines(&self) -> impl Iterator<Item = Line<'_>> {
        lines(&self.text, self.grammar)
    }
}

impl Readers {
    fn of(metadata: &Metadata) -> Self {
        let others = metadata.permissions().mode() & 0o044 != 0;
        if metadata.is_file() && others { Self::Others } else { Self::Owner }
    }
}

/// Nothing of that name, or no folder where it could be.
fn is_absent(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

/// The lines of `text` that are neither empty nor comments.
pub fn lines(text: &[u8], grammar: Grammar) -> impl Iterator<Item = Line<'_>> {
    let numbered = (1..).zip(text.split(|&byte| byte == b'\n'));
    numbered.filter_map(move |(number, line)| Line::new(number, line, grammar))
}

/// An option and what stands behind it.
#[derive(Clone, Copy)]
pub struct Line<'a> {
    number: usize,
    option: &'a [u8],
    /// Not empty.
    rest: Option<&'a [u8]>,
    grammar: Grammar,
}

impl<'a> Line<'a> {
    fn new(number: usize, line: &'a [u8], grammar: Grammar) -> Option<Self> {
        let line = trim_end(line, |byte| byte == b'\r');
        // Before the blanks are skipped: further right it is a comment only in our own files.
        if line.starts_with(b"#") {
            return None;
        }
        let line = grammar.trim_start(line);
        if line.is_empty() || (grammar == Grammar::Quoting && line.starts_with(b"#")) {
            return None;
        }
        let (option, rest) = grammar.split_word(line);
        let rest = grammar.value(rest);
        Some(Self { number, option, rest: (!rest.is_empty()).then_some(rest), grammar })
    }

    /// Counted from 1.
    #[must_use]
    pub fn number(&self) -> usize {
        self.number
    }

    /// The option's word.
    pub fn option(&self) -> Result<&'a [u8], LineError> {
        if self.option.contains(&b'\t') { Err(LineError::Tab) } else { without_nul(self.option) }
    }

    /// The name of the profile that begins here, if one does: the line is `[NAME]`.
    pub fn profile(&self) -> Result<Option<&'a [u8]>, LineError> {
        let Some(name) = self.option.strip_prefix(b"[") else { return Ok(None) };
        match name.strip_suffix(b"]") {
            Some(name)
                if self.rest.is_none()
                    && !name.is_empty()
                    && !name.iter().any(|byte| b"[]\t\0".contains(byte)) =>
            {
                Ok(Some(name))
            }
            _ => Err(LineError::Profile),
        }
    }

    /// What stands behind it, as one value.
    pub fn value(&self) -> Result<Option<Vec<u8>>, LineError> {
        let Some(rest) = self.rest.map(without_nul).transpose()? else { return Ok(None) };
        if !self.grammar.is_quoted(rest) {
            return Ok(Some(rest.to_vec()));
        }
        let mut words = shlex::bytes::split(rest).ok_or(LineError::OpenQuote)?;
        match (words.pop(), words.is_empty()) {
            (Some(word), true) => Ok(Some(word)),
            _ => Err(LineError::BehindQuote),
        }
    }

    /// What stands behind it, as that many words and a value. Fewer if it ends before; where a
    /// word is quoted, all of them are read as in a shell, and there may be more.
    pub fn words_and_value(&self, count: usize) -> Result<Vec<Vec<u8>>, LineError> {
        let mut rest = without_nul(self.rest.unwrap_or_default())?;
        if rest.split(|&byte| self.grammar.is_blank(byte)).any(|word| self.grammar.is_quoted(word))
        {
            return shlex::bytes::split(rest).ok_or(LineError::OpenQuote);
        }
        let mut words = Vec::new();
        for _ in 0..count {
            let (word, behind) = self.grammar.split_word(self.grammar.trim_start(rest));
            words.push(word.to_vec());
            rest = behind;
        }
        words.push(self.grammar.value(rest).to_vec());
        while words.last().is_some_and(Vec::is_empty) {
            words.pop();
        }
        Ok(words)
    }
}

impl Grammar {
    fn is_blank(self, byte: u8) -> bool {
        byte == b' ' || (self == Self::Quoting && byte == b'\t')
    }

    fn is_quoted(self, value: &[u8]) -> bool {
        self == Self::Quoting && matches!(value, [b'"' | b'\'', ..])
    }

    fn trim_start(self, text: &[u8]) -> &[u8] {
        let start = text.iter().position(|&byte| !self.is_blank(byte)).unwrap_or(text.len());
        text.get(start..).unwrap_or_default()
    }

    /// The word at the beginning, and what stands behind the one blank after it.
    fn split_word(self, text: &[u8]) -> (&[u8], &[u8]) {
        let mut parts = text.splitn(2, |&byte| self.is_blank(byte));
        (parts.next().unwrap_or_default(), parts.next().unwrap_or_default())
    }

    /// The value in what stands behind a word and a blank.
    fn value(self, rest: &[u8]) -> &[u8] {
        match self {
            Self::Original => rest,
            Self::Quoting => trim_end(self.trim_start(rest), |byte| self.is_blank(byte)),
        }
    }
}

fn trim_end(text: &[u8], is_trimmed: impl Fn(u8) -> bool) -> &[u8] {
    let end = text.iter().rposition(|&byte| !is_trimmed(byte)).map_or(0, |last| last + 1);
    text.get(..end).unwrap_or_default()
}

fn without_nul(text: &[u8]) -> Result<&[u8], LineError> {
    if text.contains(&0) { Err(LineError::Nul) } else { Ok(text) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::invocation::Tool;
    use proptest::prelude::*;
    use std::ffi::OsStr;

    type Read = (usize, Vec<u8>, Result<Option<Vec<u8>>, LineError>);

    fn read(text: impl AsRef<[u8]>, grammar: Grammar) -> Vec<Read> {
        let lines = lines(text.as_ref(), grammar);
        lines.map(|line| (line.number(), line.option().unwrap().to_vec(), line.value())).collect()
    }

    /// The one line, as option and value.
    fn one(text: impl AsRef<[u8]>, grammar: Grammar) -> (String, Option<String>) {
        let mut lines = read(text, grammar);
        let (_, option, value) = lines.pop().unwrap();
        assert!(lines.is_empty());
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (text(option), value.unwrap().map(text))
    }

    fn pair(option: &str, value: &str) -> (String, Option<String>) {
        (option.to_owned(), Some(value.to_owned()))
    }

    const BOTH: [Grammar; 2] = [Grammar::Original, Grammar::Quoting];

    #[test]
    fn a_line_is_an_option_and_a_value() {
        for grammar in BOTH {
            assert_eq!(one("-t a/b", grammar), pair("-t", "a/b"));
            assert_eq!(one("-m hello world", grammar), pair("-m", "hello world"));
            assert_eq!(one("  -t a # b\n", grammar), pair("-t", "a # b"));
            assert_eq!(one("-t a\r\n", grammar), pair("-t", "a"));
            assert_eq!(one("-m -x", grammar), pair("-m", "-x"));
            assert_eq!(one("-d", grammar), ("-d".to_owned(), None));
            assert_eq!(one("-d ", grammar), ("-d".to_owned(), None));
        }
    }

    #[test]
    fn the_originals_take_blanks_as_they_are() {
        assert_eq!(one("-t  a", Grammar::Original), pair("-t", " a"));
        assert_eq!(one("-m hello world  ", Grammar::Original), pair("-m", "hello world  "));
        let tab = lines(b"-m\tx y", Grammar::Original).next().unwrap();
        assert_eq!(tab.option(), Err(LineError::Tab));
        assert_eq!(one("-m \"a b\"", Grammar::Original), pair("-m", "\"a b\""));
        assert_eq!(one(" #c", Grammar::Original), ("#c".to_owned(), None));
    }

    #[test]
    fn our_own_files_know_tabs_quotes_and_indented_comments() {
        assert_eq!(one("\t-p\t 1883 \t", Grammar::Quoting), pair("-p", "1883"));
        assert_eq!(one(r#"-m "a \"b\"  " # why"#, Grammar::Quoting), pair("-m", "a \"b\"  "));
        assert_eq!(one("-m ' a\\b '", Grammar::Quoting), pair("-m", " a\\b "));
        assert_eq!(one("-m ''", Grammar::Quoting), pair("-m", ""));
        assert_eq!(one("-m it's", Grammar::Quoting), pair("-m", "it's"));
        assert_eq!(one(r#"-m {"a": 1}"#, Grammar::Quoting), pair("-m", r#"{"a": 1}"#));
        assert!(read("  # comment\n\t#\n", Grammar::Quoting).is_empty());
    }

    #[test]
    fn quotes_hold_one_value() {
        for (line, error) in [
            ("-m 'a' b", LineError::BehindQuote),
            ("-m \"a\" \"b\"", LineError::BehindQuote),
            ("-m 'a", LineError::OpenQuote),
            ("-m \"a\\\"", LineError::OpenQuote),
        ] {
            assert_eq!(read(line, Grammar::Quoting)[0].2, Err(error), "{line}");
        }
    }

    #[test]
    fn lines_are_counted_from_1_with_empty_ones_and_comments() {
        let text = "#\n\n   \r\n-d\n#x\n-t a";
        for grammar in BOTH {
            let numbers: Vec<_> = read(text, grammar).iter().map(|line| line.0).collect();
            assert_eq!(numbers, [4, 6]);
        }
    }

    #[test]
    fn any_byte_but_newline_and_nul_is_possible_at_any_length() {
        for grammar in BOTH {
            assert_eq!(read(b"-m \xff\x01", grammar)[0].2, Ok(Some(b"\xff\x01".to_vec())));
            assert_eq!(read(b"-m a\0b", grammar)[0].2, Err(LineError::Nul));
            assert_eq!(lines(b"-\0", grammar).next().unwrap().option(), Err(LineError::Nul));
            let long = "x".repeat(100_000);
            assert_eq!(one(format!("-m {long}"), grammar), pair("-m", &long));
        }
    }

    #[test]
    fn a_value_can_be_cut_into_words() {
        let cut = |text: &str, grammar| {
            let words = lines(text.as_bytes(), grammar).next().unwrap().words_and_value(2);
            words
                .unwrap()
                .into_iter()
                .map(|word| String::from_utf8(word).unwrap())
                .collect::<Vec<_>>()
        };
        for grammar in BOTH {
            assert_eq!(cut("-D connect  a v w", grammar), ["connect", "a", "v w"]);
            assert_eq!(cut("-D connect a", grammar), ["connect", "a"]);
            assert!(cut("-D", grammar).is_empty());
        }
        assert_eq!(cut("-D a b  v ", Grammar::Original), ["a", "b", " v "]);
        assert_eq!(cut("-D a b 'v w'", Grammar::Original), ["a", "b", "'v w'"]);
        assert_eq!(cut("-D\ta b 'v w' x", Grammar::Quoting), ["a", "b", "v w", "x"]);
    }

    /// What is found in a folder with such files, for such variables.
    fn of_user(
        files: &[(&str, &str)],
        argv0: &str,
        variables: &[(&str, &str)],
    ) -> Result<Option<String>, String> {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        let invocation = Invocation::new(Tool::Pub, OsStr::new(argv0));
        let variable = |name: &str| {
            let (_, value) = variables.iter().find(|(known, _)| *known == name)?;
            Some(value.replace('~', folder.path().to_str().unwrap()).into())
        };
        match OptionsFile::of_user(invocation, variable) {
            Ok(file) => Ok(file.map(|file| {
                file.path().strip_prefix(folder.path()).unwrap().to_str().unwrap().to_owned()
            })),
            Err(error) => Err(error.to_string()),
        }
    }

    #[test]
    fn the_users_file_is_found() {
        let both = [("x/mqtt-pub", ""), ("x/mosquitto_pub", ""), (".config/mosquitto_pub", "")];
        let all = [("XDG_CONFIG_HOME", "~/x"), ("HOME", "~")];
        let found = |files: &[_], argv0, variables: &[_]| of_user(files, argv0, variables).unwrap();
        assert_eq!(found(&both, "mqtt-pub", &all).unwrap(), "x/mqtt-pub");
        assert_eq!(found(&both[1..], "mqtt-pub", &all).unwrap(), "x/mosquitto_pub");
        assert_eq!(found(&both, "mosquitto_pub", &all).unwrap(), "x/mosquitto_pub");
        // HOME is not looked at, though nothing is in the other folder.
        assert_eq!(found(&both[2..], "mosquitto_pub", &all), None);
        assert_eq!(found(&both[2..], "mqtt-pub", &all), None);
        assert_eq!(found(&both, "mqtt-pub", &all[1..]).unwrap(), ".config/mosquitto_pub");
        assert_eq!(found(&both, "mqtt-pub", &[]), None);
    }

    #[test]
    fn an_empty_variable_is_none_under_our_own_name() {
        let files = [(".config/mosquitto_pub", "")];
        let variables = [("XDG_CONFIG_HOME", ""), ("HOME", "~")];
        let found = of_user(&files, "mqtt-pub", &variables).unwrap();
        assert_eq!(found.unwrap(), ".config/mosquitto_pub");
        assert_eq!(of_user(&files, "mosquitto_pub", &variables), Ok(None));
    }

    #[test]
    fn a_users_file_that_cannot_be_read_is_an_error_under_our_own_name() {
        let folders = [("mqtt-pub/x", ""), ("mosquitto_pub/x", "")];
        let variables = [("XDG_CONFIG_HOME", "~")];
        let error = of_user(&folders, "mqtt-pub", &variables).unwrap_err();
        assert!(error.starts_with("cannot read options file /"), "{error}");
        assert!(error.contains("/mqtt-pub: Is a directory"), "{error}");
        assert_eq!(of_user(&folders, "mosquitto_pub", &variables), Ok(None));
    }

    #[test]
    fn a_named_file_that_is_missing_is_an_error() {
        let error = OptionsFile::named("/nonexistent/o".into()).err().unwrap().to_string();
        assert!(error.starts_with("cannot read options file /nonexistent/o: No such file"));
    }

    #[test]
    fn a_file_has_16_mebibytes_at_most() {
        let error = OptionsFile::named("/dev/zero".into()).err().unwrap().to_string();
        assert_eq!(error, "cannot read options file /dev/zero: it is larger than 16 MiB");
        let folder = tempfile::tempdir().unwrap();
        for (name, length, is_read) in [("a", LARGEST, true), ("mosquitto_pub", LARGEST + 1, false)]
        {
            let path = folder.path().join(name);
            File::create(&path).unwrap().set_len(length).unwrap();
            assert_eq!(OptionsFile::named(path).is_ok(), is_read);
        }
        // Even under the original's name: it would take what stands in it.
        for argv0 in ["mosquitto_pub", "mqtt-pub"] {
            let invocation = Invocation::new(Tool::Pub, OsStr::new(argv0));
            let found = OptionsFile::of_user(invocation, |_| Some(folder.path().into()));
            assert!(found.is_err());
        }
    }

    proptest! {
        #[test]
        fn a_value_that_is_quoted_comes_back(value in "[^\0\n\r]*") {
            let line = format!("-m '{}'", value.replace('\'', "'\\''"));
            prop_assert_eq!(one(&line, Grammar::Quoting), pair("-m", &value));
        }

        #[test]
        fn the_originals_grammar_changes_nothing(value in "[^\0\n\r]+") {
            prop_assert_eq!(one(format!("-m {value}"), Grammar::Original), pair("-m", &value));
        }

        #[test]
        fn no_bytes_are_too_strange(text in any::<Vec<u8>>()) {
            for grammar in BOTH {
                for line in lines(&text, grammar) {
                    let _ = (line.option(), line.value(), line.words_and_value(2));
                }
            }
        }
    }
}
