//! One line as somebody types it.

use std::cell::Cell;
use std::fs::File;
use std::io::{self, ErrorKind, Read, Write};
use std::rc::Rc;

use zeroize::Zeroizing;

/// Keys that mean something on the line, as [`rpassword`] has it.
const CTRL_C: char = '\x03';
const CTRL_D: char = '\x04';
const BACKSPACE: char = '\x08';
const CTRL_U: char = '\x15';
const CTRL_W: char = '\x17';
const DELETE: char = '\x7f';

/// Means "stop" everywhere else, and nothing here.
const CTRL_Z: char = '\x1a';

/// No line can be used.
#[derive(Debug, thiserror::Error)]
pub enum TypedError {
    /// A terminal that does not turn Ctrl-C into a signal sends the character.
    #[error("interrupted")]
    Interrupted,
    /// The terminal cannot be used.
    #[error(transparent)]
    Io(io::Error),
    /// What nobody would know to be part of the secret, or not.
    #[error("a key was pressed that is no character: {}", name(*.0))]
    NoCharacter(char),
    /// The terminal sent other bytes.
    #[error("what was typed is not UTF-8")]
    NotUtf8,
}

impl From<TypedError> for io::Error {
    fn from(error: TypedError) -> Self {
        match error {
            TypedError::Io(error) => error,
            TypedError::Interrupted => Self::new(ErrorKind::Interrupted, error),
            error => Self::new(ErrorKind::InvalidData, error),
        }
    }
}

/// Asks for a line on a terminal that is hidden. Ctrl-D ends one in which there is nothing.
pub fn ask_once(terminal: &mut File, question: &str) -> Result<Zeroizing<Vec<u8>>, TypedError> {
    terminal.write_all(question.as_bytes()).map_err(TypedError::Io)?;
    read_line(terminal.try_clone().map_err(TypedError::Io)?)
}

fn read_line(input: impl Read + 'static) -> Result<Zeroizing<Vec<u8>>, TypedError> {
    let useless = Rc::default();
    let keyboard =
        Keyboard { input, character: Zeroizing::default(), given: 0, useless: Rc::clone(&useless) };
    let config = rpassword::ConfigBuilder::new().input_reader(keyboard).output_discard().build();
    let line = match rpassword::read_password_with_config(config) {
        Ok(typed) => Zeroizing::new(typed.into_bytes()),
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => {
            if useless.get() == Some(Useless::Key(CTRL_D)) {
                useless.set(None);
            }
            Zeroizing::default()
        }
        Err(error) if error.kind() == ErrorKind::Interrupted => {
            return Err(TypedError::Interrupted);
        }
        Err(error) => return Err(TypedError::Io(error)),
    };
    match useless.get() {
        None => Ok(line),
        Some(Useless::Key(key)) => Err(TypedError::NoCharacter(key)),
        Some(Useless::Bytes) => Err(TypedError::NotUtf8),
    }
}

/// What is typed, on its way to rpassword. That drops what is no character, and the secret would be
/// one that nobody has typed; here it is remembered. Only the end of the line is the end: what is
/// typed behind a wrong key must not go to the shell.
struct Keyboard<R> {
    input: R,
    character: Zeroizing<Vec<u8>>,
    /// How many bytes of it rpassword has got.
    given: usize,
    useless: Rc<Cell<Option<Useless>>>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Useless {
    Key(char),
    Bytes,
}

impl<R: Read> Read for Keyboard<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.given == self.character.len() {
            self.next_character()?;
        }
        let count = (&self.character[self.given..]).read(buffer)?;
        self.given += count;
        Ok(count)
    }
}

impl<R: Read> Keyboard<R> {
    /// Reads byte by byte: what comes behind the line is not for us.
    fn next_character(&mut self) -> io::Result<()> {
        self.forget();
        let mut byte = Zeroizing::new([0]);
        loop {
            match self.input.read(&mut *byte) {
                Ok(0) => return Ok(()),
                Ok(_) if self.completes(byte[0]) => return Ok(()),
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Whether there is a character for rpassword with this byte.
    fn completes(&mut self, byte: u8) -> bool {
        self.character.push(byte);
        match str::from_utf8(&self.character).map(|text| text.chars().next()) {
            Ok(key) => {
                let is_wanted = key.is_some_and(|key| self.wants(key));
                if !is_wanted {
                    self.forget();
                }
                is_wanted
            }
            Err(error) if error.error_len().is_none() => false,
            Err(_) => {
                self.remember(Useless::Bytes);
                let begins_another = self.character.len() > 1;
                self.forget();
                begins_another && self.completes(byte)
            }
        }
    }

    fn wants(&self, key: char) -> bool {
        match key {
            '\n' | '\r' | BACKSPACE | DELETE | CTRL_C | CTRL_W => true,
            // Only where it ends the line it is of use.
            CTRL_D => {
                self.remember(Useless::Key(key));
                true
            }
            CTRL_U => {
                self.useless.set(None);
                true
            }
            CTRL_Z => false,
            key if key.is_control() => {
                self.remember(Useless::Key(key));
                false
            }
            _ => true,
        }
    }

    fn remember(&self, useless: Useless) {
        self.useless.set(self.useless.get().or(Some(useless)));
    }

    fn forget(&mut self) {
        self.character.clear();
        self.given = 0;
    }
}

/// What is on the key.
fn name(key: char) -> String {
    match key {
        '\t' => "Tab".to_owned(),
        '\x1b' => "Escape, or an arrow or function key".to_owned(),
        key => match u8::try_from(key) {
            Ok(code @ 0..0x20) => format!("Ctrl-{}", char::from(code | 0x40)),
            _ => format!("U+{:04X}", u32::from(key)),
        },
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    fn typed(keys: &[u8]) -> Result<Vec<u8>, String> {
        let line = read_line(Cursor::new(keys.to_vec()));
        line.map(|line| line.to_vec()).map_err(|error| error.to_string())
    }

    #[test]
    fn a_line_is_what_was_typed_in_any_script() {
        for line in ["", "a", " a b ", "pä😀", "a\u{fffd}b"] {
            for end in ["\r", "\n"] {
                assert_eq!(typed(format!("{line}{end}").as_bytes()).unwrap(), line.as_bytes());
            }
        }
    }

    #[test]
    fn it_can_be_edited() {
        for (keys, line) in [
            ("nonsense\u{15}pässx\u{7f}\r", "päss"),
            ("ab cd\u{17}e\u{8}f\r", "ab f"),
            ("sec\u{1a}ret\r", "secret"),
            ("a\tb\u{15}secret\r", "secret"),
            ("\u{4}secret\r", ""),
        ] {
            assert_eq!(typed(keys.as_bytes()).unwrap(), line.as_bytes(), "{keys:?}");
        }
    }

    #[test]
    fn keys_that_are_no_characters_make_it_useless() {
        for (keys, name) in [
            (&b"a\0b\r"[..], "Ctrl-@"),
            (b"a\tb\r", "Tab"),
            (b"ab\x01c\r", "Ctrl-A"),
            (b"ab\x04c\r", "Ctrl-D"),
            (b"a\x1bb\r", "Escape, or an arrow or function key"),
            (b"ab\x1b[Dc\r", "Escape, or an arrow or function key"),
            (b"a\xc2\x85b\r", "U+0085"),
            (b"\x01\x04", "Ctrl-A"),
        ] {
            let error = format!("a key was pressed that is no character: {name}");
            assert_eq!(typed(keys), Err(error), "{}", keys.escape_ascii());
        }
    }

    #[test]
    fn bytes_that_are_no_characters_do_too_and_end_no_line() {
        for keys in [&b"\xff\r"[..], b"a\xc3\r", b"a\xe2\x82b\r", b"\xc3\xff\n", b"\xf5a\r"] {
            let error = "what was typed is not UTF-8".to_owned();
            assert_eq!(typed(keys), Err(error), "{}", keys.escape_ascii());
        }
    }

    #[test]
    fn nothing_is_read_behind_the_line() {
        struct Nobody;

        impl Read for Nobody {
            fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
                panic!("read again");
            }
        }

        let line = read_line(Cursor::new(b"a\t\xc3\r".to_vec()).chain(Nobody));
        assert!(matches!(line, Err(TypedError::NoCharacter('\t'))));
    }
}
