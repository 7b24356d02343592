//! Getting a password: asked for twice on the terminal without showing it, or read from two lines
//! of stdin where that is no terminal; or from one line, where the user says so.

use std::fs::File;
use std::io::{self, IsTerminal, Read};
use std::path::{Path, PathBuf};

use mqtt_core::exit::{ExitStatus, Failure};
use mqtt_core::prompt::{Hidden, LineError, TypedError, ask_once, first_lines, stdin, terminal};
use zeroize::Zeroizing;

use crate::interruption::{self, Interruption, Undo, UndoGuard};
use crate::password::{Password, PasswordError};

/// Room for a list to begin with, in bytes.
const ROOM: usize = 64 * 1024;

/// The longest list of users, in bytes: a device that never ends must not take all memory.
const MAX_LIST: usize = 64 * 1024 * 1024;

/// Asks for a password and for the same once more.
pub(crate) fn ask(interruption: &Interruption) -> Result<Password, PromptError> {
    let (first, second) = if io::stdin().is_terminal() {
        ask_terminal(interruption)?
    } else {
        let mut input = stdin().map_err(PromptError::Stdin)?;
        read_two_lines(&mut input)?
    };
    agreed(first, second)
}

/// Asks for a password that there is already, once.
pub(crate) fn ask_existing(interruption: &Interruption) -> Result<Password, PromptError> {
    if !io::stdin().is_terminal() {
        return line_of_stdin();
    }
    let mut terminal = terminal().map_err(PromptError::Terminal)?;
    let _restores = hide_input(&terminal, interruption)?;
    only(ask_once(&mut terminal, "Password: ")?)
}

/// The password in one line of stdin.
pub(crate) fn line_of_stdin() -> Result<Password, PromptError> {
    let mut input = stdin().map_err(PromptError::Stdin)?;
    let [line] = first_lines(&mut input).map_err(|error| no_line(error, PromptError::Stdin))?;
    only(line)
}

/// A list of users and passwords: all of stdin, as far as it is one.
pub(crate) fn list_of_stdin() -> Result<Zeroizing<Vec<u8>>, PromptError> {
    read_list(&mut stdin().map_err(PromptError::Stdin)?)
}

fn read_list(input: &mut impl Read) -> Result<Zeroizing<Vec<u8>>, PromptError> {
    let mut bytes = Zeroizing::new(vec![0; ROOM]);
    let mut filled = 0;
    loop {
        if filled == bytes.len() {
            if filled > MAX_LIST {
                return Err(PromptError::ListTooLong);
            }
            // By hand: a buffer that grew would leave unwiped copies behind.
            let mut larger = Zeroizing::new(vec![0; 2 * filled]);
            larger[..filled].copy_from_slice(&bytes);
            bytes = larger;
        }
        match input.read(&mut bytes[filled..]) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(PromptError::Stdin(error)),
        }
    }
    if filled > MAX_LIST {
        return Err(PromptError::ListTooLong);
    }
    bytes.truncate(filled);
    Ok(bytes)
}

/// The password in the first line of a file.
pub(crate) fn first_line_of(path: &Path) -> Result<Password, PromptError> {
    let unreadable = |source| PromptError::File { path: path.to_owned(), source };
    let mut input = File::open(path).map_err(unreadable)?;
    let [line] = first_lines(&mut input).map_err(|error| no_line(error, unreadable))?;
    only(line)
}

/// The password, if it is one.
fn only(entry: Zeroizing<Vec<u8>>) -> Result<Password, PromptError> {
    Ok(Password::not_empty(entry)?)
}

/// The password, if both entries are the same and one.
fn agreed(first: Zeroizing<Vec<u8>>, second: Zeroizing<Vec<u8>>) -> Result<Password, PromptError> {
    let (first, second) = (only(first)?, only(second)?);
    if first.as_bytes() != second.as_bytes() {
        return Err(PromptError::Mismatch);
    }
    Ok(first)
}

type Entries = (Zeroizing<Vec<u8>>, Zeroizing<Vec<u8>>);

fn ask_terminal(interruption: &Interruption) -> Result<Entries, PromptError> {
    let mut terminal = terminal().map_err(PromptError::Terminal)?;
    let _restores = hide_input(&terminal, interruption)?;
    let first = ask_once(&mut terminal, "Password: ")?;
    if first.is_empty() {
        return Err(PasswordError::Empty.into());
    }
    let second = ask_once(&mut terminal, "\nReenter password: ")?;
    Ok((first, second))
}

/// Hides what is typed until the guard is dropped or a signal ends the program.
fn hide_input<'a>(
    terminal: &File,
    interruption: &'a Interruption,
) -> Result<UndoGuard<'a>, PromptError> {
    let guard = interruption.undo_on_exit(|| {
        let hidden = Hidden::hide(terminal, &interruption::HEARD)?;
        let undo: Undo = Box::new(move || drop(hidden));
        Ok(undo)
    });
    guard.map_err(PromptError::Terminal)
}

/// Reads two lines as they come from a script.
fn read_two_lines(input: &mut impl Read) -> Result<Entries, PromptError> {
    let [first, second] = first_lines(input).map_err(|error| no_line(error, PromptError::Stdin))?;
    if second.is_empty() && !first.is_empty() {
        return Err(PromptError::OneLine);
    }
    Ok((first, second))
}

fn no_line(error: LineError, unreadable: impl Fn(io::Error) -> PromptError) -> PromptError {
    match error {
        LineError::Io(error) => unreadable(error),
        LineError::TooLong => PasswordError::TooLong.into(),
    }
}

/// There is no password to use. Status 1, but for two that differ.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PromptError {
    /// The file of `--password-file` cannot be read.
    #[error("--password-file: cannot read '{}'", .path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Ctrl-C. Status 130, as by the signal.
    #[error("interrupted; nothing was changed")]
    Interrupted,
    /// Nobody has as many users.
    #[error("stdin holds more than 64 MiB of users")]
    ListTooLong,
    /// The two entries differ. Status 2.
    #[error("the passwords do not match")]
    Mismatch,
    /// Stdin held the password once only.
    #[error(
        "stdin holds one line only: the password is read twice, from two lines; --password-stdin \
         takes one"
    )]
    OneLine,
    /// What was entered is no password.
    #[error(transparent)]
    Password(#[from] PasswordError),
    /// Stdin cannot be read.
    #[error("cannot read the password from stdin")]
    Stdin(#[source] io::Error),
    /// The terminal cannot be used.
    #[error("cannot ask for the password on the terminal")]
    Terminal(#[source] io::Error),
    /// What was typed is no password.
    #[error(transparent)]
    Typed(TypedError),
}

impl From<TypedError> for PromptError {
    fn from(error: TypedError) -> Self {
        match error {
            TypedError::Interrupted => Self::Interrupted,
            TypedError::Io(error) => Self::Terminal(error),
            error => Self::Typed(error),
        }
    }
}

impl Failure for PromptError {
    fn status(&self) -> ExitStatus {
        match self {
            Self::Interrupted => ExitStatus::from_signal(2),
            Self::Mismatch => ExitStatus::MISMATCH,
            Self::File { .. }
            | Self::ListTooLong
            | Self::OneLine
            | Self::Password(_)
            | Self::Stdin(_)
            | Self::Terminal(_)
            | Self::Typed(_) => ExitStatus::FAILURE,
        }
    }
}

#[cfg(test)]
mod tests {
    use mqtt_core::limit::MAX_FIELD;

    use super::*;

    fn read(input: &[u8]) -> Result<Password, PromptError> {
        let (first, second) = read_two_lines(&mut &input[..])?;
        agreed(first, second)
    }

    fn password(input: &[u8]) -> Vec<u8> {
        read(input).unwrap().as_bytes().to_vec()
    }

    #[test]
    fn two_lines_are_the_password_twice() {
        assert_eq!(password(b"secret\nsecret\n"), b"secret");
        assert_eq!(password(b"secret\nsecret\nmore\n"), b"secret");
        assert_eq!(password(b"secret\nsecret"), b"secret");
    }

    #[test]
    fn line_endings_are_no_part_of_it_and_blanks_are() {
        assert_eq!(password(b"a\r\na\r\r\n"), b"a");
        assert_eq!(password(b" a \n a \n"), b" a ");
        assert_eq!(password(b"\xff\n\xff\n"), b"\xff");
    }

    #[test]
    fn the_longest_password_is_read() {
        let longest = vec![b'x'; MAX_FIELD];
        let input = [&longest, b"\r\n".as_slice(), &longest, b"\r\n"].concat();
        assert_eq!(password(&input), longest);
    }

    #[test]
    fn a_longer_one_is_refused() {
        for length in [MAX_FIELD + 1, 3 * MAX_FIELD] {
            let line = vec![b'x'; length];
            let input = [&line, b"\n".as_slice(), &line, b"\n"].concat();
            let error = read(&input).unwrap_err();
            assert!(matches!(error, PromptError::Password(PasswordError::TooLong)));
        }
    }

    #[test]
    fn two_different_ones_have_a_status_of_their_own() {
        let error = read(b"a\nb\n").unwrap_err();
        assert!(matches!(error, PromptError::Mismatch));
        assert_eq!(error.status(), ExitStatus::MISMATCH);
    }

    #[test]
    fn nothing_is_no_password() {
        for input in [b"".as_slice(), b"\n", b"\n\n", b"\r\n\r\n", b"\na\n"] {
            let error = read(input).unwrap_err();
            assert!(matches!(error, PromptError::Password(PasswordError::Empty)), "{input:?}");
        }
    }

    #[test]
    fn a_list_is_read_to_its_end_and_has_one() {
        for length in [0, 1, ROOM - 1, ROOM, ROOM + 1, 5 * ROOM] {
            let list = vec![b'x'; length];
            assert!(*read_list(&mut &list[..]).unwrap() == list, "{length}");
        }
        let error = read_list(&mut io::repeat(b'x')).unwrap_err();
        assert!(matches!(error, PromptError::ListTooLong));
    }

    #[test]
    fn one_line_is_not_enough() {
        for input in [b"a".as_slice(), b"a\n", b"a\n\n"] {
            assert!(matches!(read(input).unwrap_err(), PromptError::OneLine));
        }
    }
}
