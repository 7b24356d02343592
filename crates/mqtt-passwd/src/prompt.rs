//! Asking for a password: twice on the terminal without showing it, or two lines of stdin where
//! that is no terminal.

use std::fs::File;
use std::io::{self, IsTerminal, Write};
use std::os::fd::AsFd;

use mqtt_core::exit::{ExitStatus, Failure};
use rustix::termios::{LocalModes, OptionalActions, SpecialCodeIndex, Termios};
use zeroize::Zeroizing;

use crate::interruption::{Interruption, Undo, UndoGuard};
use crate::password::{MAX_LENGTH, Password, PasswordError};
use crate::password_line::{self, first_lines};

/// The value of a special character that is switched off (`_POSIX_VDISABLE`).
const NO_CHARACTER: u8 = if cfg!(target_os = "linux") { 0 } else { 0xff };

/// Asks for a password and for the same once more.
pub(crate) fn ask(interruption: &Interruption) -> Result<Password, PromptError> {
    let stdin = io::stdin();
    let (first, second) = if stdin.is_terminal() {
        ask_terminal(interruption)?
    } else {
        two_lines(password_line::stdin().and_then(|mut stdin| first_lines(&mut stdin)))?
    };
    agreed(first, second)
}

/// The password, if both entries are the same and one.
fn agreed(first: Zeroizing<Vec<u8>>, second: Zeroizing<Vec<u8>>) -> Result<Password, PromptError> {
    let (first, second) = (Password::new(first)?, Password::new(second)?);
    if first.is_empty() || second.is_empty() {
        return Err(PasswordError::Empty.into());
    }
    if first.as_bytes() != second.as_bytes() {
        return Err(PromptError::Mismatch);
    }
    Ok(first)
}

type Entries = (Zeroizing<Vec<u8>>, Zeroizing<Vec<u8>>);

fn ask_terminal(interruption: &Interruption) -> Result<Entries, PromptError> {
    let mut terminal = open_terminal().map_err(PromptError::Terminal)?;
    let _restores = hide_input(&terminal, interruption)?;
    let first = ask_once(&mut terminal, "Password: ")?;
    if first.is_empty() {
        return Err(PasswordError::Empty.into());
    }
    let second = ask_once(&mut terminal, "\nReenter password: ")?;
    Ok((first, second))
}

/// The terminal itself; where the process has none of its own, stdin is one.
fn open_terminal() -> io::Result<File> {
    let own = File::options().read(true).write(true).open("/dev/tty");
    own.or_else(|_| io::stdin().as_fd().try_clone_to_owned().map(File::from))
}

/// Switches echo off until the guard is dropped or a signal ends the program.
///
/// rpassword could do that itself, but would know nothing of signals: a terminal it had switched
/// off would stay so. It gets the terminal as plain input and does the editing of the line.
fn hide_input<'a>(
    terminal: &File,
    interruption: &'a Interruption,
) -> Result<UndoGuard<'a>, PromptError> {
    let guard = interruption.undo_on_exit(|| {
        let mut undone_on = terminal.try_clone()?;
        let before = rustix::termios::tcgetattr(terminal)?;
        let hidden = hidden(before.clone());
        rustix::termios::tcsetattr(terminal, OptionalActions::Flush, &hidden)?;
        let undo: Undo = Box::new(move || {
            // Nothing more can be done for a terminal that does not take it.
            let _ = rustix::termios::tcsetattr(&undone_on, OptionalActions::Now, &before);
            let _ = undone_on.write_all(b"\n");
        });
        Ok(undo)
    });
    guard.map_err(PromptError::Terminal)
}

/// No echo, and byte by byte, since the terminal's own lines end at 4,096 bytes. Ctrl-C stays;
/// Ctrl-Z does not: whoever comes back from the shell would type the password with echo.
fn hidden(mut modes: Termios) -> Termios {
    modes.local_modes &= !(LocalModes::ECHO | LocalModes::ECHONL | LocalModes::ICANON);
    modes.special_codes[SpecialCodeIndex::VMIN] = 1;
    modes.special_codes[SpecialCodeIndex::VTIME] = 0;
    modes.special_codes[SpecialCodeIndex::VSUSP] = NO_CHARACTER;
    modes
}

fn ask_once(terminal: &mut File, prompt: &str) -> Result<Zeroizing<Vec<u8>>, PromptError> {
    terminal.write_all(prompt.as_bytes()).map_err(PromptError::Terminal)?;
    let input = terminal.try_clone().map_err(PromptError::Terminal)?;
    let config = rpassword::ConfigBuilder::new().input_reader(input).output_discard().build();
    let typed = match rpassword::read_password_with_config(config) {
        Ok(typed) => Zeroizing::new(typed.into_bytes()),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Zeroizing::default(),
        // A terminal that does not turn Ctrl-C into a signal sends the character.
        Err(error) if error.kind() == io::ErrorKind::Interrupted => {
            return Err(PromptError::Interrupted);
        }
        Err(error) => return Err(PromptError::Terminal(error)),
    };
    // rpassword puts U+FFFD where the bytes are no UTF-8: a password nobody typed.
    if memchr::memmem::find(&typed, "\u{fffd}".as_bytes()).is_some() {
        return Err(PromptError::NotUtf8);
    }
    Ok(typed)
}

/// Two lines as they come from a script.
fn two_lines(lines: io::Result<[Zeroizing<Vec<u8>>; 2]>) -> Result<Entries, PromptError> {
    let [first, second] = lines.map_err(PromptError::Stdin)?;
    if second.is_empty() && !first.is_empty() && first.len() <= MAX_LENGTH {
        return Err(PromptError::OneLine);
    }
    Ok((first, second))
}

/// There is no password to use. Status 1, but for two that differ.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PromptError {
    /// Ctrl-C. Status 130, as by the signal.
    #[error("interrupted; nothing was changed")]
    Interrupted,
    /// The two entries differ. Status 2.
    #[error("the passwords do not match")]
    Mismatch,
    /// The terminal sent other bytes.
    #[error("the password typed is not UTF-8")]
    NotUtf8,
    /// Stdin held the password once only.
    #[error(
        "stdin holds one line only: the password is read twice, from two lines; --password-stdin \
         reads one"
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
}

impl Failure for PromptError {
    fn status(&self) -> ExitStatus {
        match self {
            Self::Interrupted => ExitStatus::from_signal(2),
            Self::Mismatch => ExitStatus::MISMATCH,
            Self::NotUtf8
            | Self::OneLine
            | Self::Password(_)
            | Self::Stdin(_)
            | Self::Terminal(_) => ExitStatus::FAILURE,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(input: &[u8]) -> Result<Password, PromptError> {
        let (first, second) = two_lines(first_lines(&mut &*input))?;
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
        let longest = vec![b'x'; MAX_LENGTH];
        let input = [&longest, b"\r\n".as_slice(), &longest, b"\r\n"].concat();
        assert_eq!(password(&input), longest);
    }

    #[test]
    fn a_longer_one_is_refused() {
        for length in [MAX_LENGTH + 1, 3 * MAX_LENGTH] {
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
    fn one_line_is_not_enough() {
        for input in [b"a".as_slice(), b"a\n", b"a\n\n"] {
            assert!(matches!(read(input).unwrap_err(), PromptError::OneLine));
        }
    }
}
