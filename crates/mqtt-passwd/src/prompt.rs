//! Getting a password: asked for twice on the terminal without showing it, or read from two lines
//! of stdin where that is no terminal; or from one line, where the user says so.

use std::fs::File;
use std::io::{self, IsTerminal, Read, Write};
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};

use mqtt_core::exit::{ExitStatus, Failure};
use rustix::termios::{LocalModes, OptionalActions, SpecialCodeIndex, Termios};
use zeroize::Zeroizing;

use crate::interruption::{Interruption, Undo, UndoGuard};
use crate::password::{MAX_LENGTH, Password, PasswordError, without_ending};

/// Room for the longest password with CR and LF behind it. The original takes any number of CR; a
/// few are kept room for.
const LINE: usize = MAX_LENGTH + 8;

/// The longest list of users, in bytes: a device that never ends must not take all memory.
const MAX_LIST: usize = 64 * 1024 * 1024;

/// The value of a special character that is switched off (`_POSIX_VDISABLE`).
const NO_CHARACTER: u8 = if cfg!(target_os = "linux") { 0 } else { 0xff };

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
    let mut terminal = open_terminal().map_err(PromptError::Terminal)?;
    let _restores = hide_input(&terminal, interruption)?;
    only(ask_once(&mut terminal, "Password: ")?)
}

/// The password in one line of stdin.
pub(crate) fn line_of_stdin() -> Result<Password, PromptError> {
    let mut input = stdin().map_err(PromptError::Stdin)?;
    let [line] = read_lines(&mut input, PromptError::Stdin)?;
    only(line)
}

/// A list of users and passwords: all of stdin, as far as it is one.
pub(crate) fn list_of_stdin() -> Result<Zeroizing<Vec<u8>>, PromptError> {
    read_list(&mut stdin().map_err(PromptError::Stdin)?)
}

fn read_list(input: &mut impl Read) -> Result<Zeroizing<Vec<u8>>, PromptError> {
    let mut bytes = Zeroizing::new(vec![0; LINE]);
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
    let [line] = read_lines(&mut input, unreadable)?;
    only(line)
}

/// Without a buffer that nobody would wipe.
fn stdin() -> io::Result<File> {
    io::stdin().as_fd().try_clone_to_owned().map(File::from)
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
    own.or_else(|_| stdin())
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

/// Reads two lines as they come from a script.
fn read_two_lines(input: &mut impl Read) -> Result<Entries, PromptError> {
    let [first, second] = read_lines(input, PromptError::Stdin)?;
    if second.is_empty() && !first.is_empty() {
        return Err(PromptError::OneLine);
    }
    Ok((first, second))
}

/// Reads so many lines; the last one needs no LF, and a missing one is empty. What comes behind
/// them is not looked at.
fn read_lines<const COUNT: usize>(
    input: &mut impl Read,
    unreadable: impl Fn(io::Error) -> PromptError,
) -> Result<[Zeroizing<Vec<u8>>; COUNT], PromptError> {
    // Room from the start: a buffer that grew would leave unwiped copies behind.
    let mut bytes = Zeroizing::new(vec![0; COUNT * LINE]);
    let mut filled = 0;
    while memchr::memchr_iter(b'\n', &bytes[..filled]).count() < COUNT {
        match input.read(&mut bytes[filled..]) {
            Ok(0) if filled == bytes.len() => return Err(PasswordError::TooLong.into()),
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(unreadable(error)),
        }
    }
    let mut lines = bytes[..filled].split(|&byte| byte == b'\n').map(entry);
    Ok(std::array::from_fn(|_| lines.next().unwrap_or_default()))
}

fn entry(line: &[u8]) -> Zeroizing<Vec<u8>> {
    Zeroizing::new(without_ending(line).to_vec())
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
    /// The terminal sent other bytes.
    #[error("the password typed is not UTF-8")]
    NotUtf8,
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
}

impl Failure for PromptError {
    fn status(&self) -> ExitStatus {
        match self {
            Self::Interrupted => ExitStatus::from_signal(2),
            Self::Mismatch => ExitStatus::MISMATCH,
            Self::File { .. }
            | Self::ListTooLong
            | Self::NotUtf8
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
    fn a_list_is_read_to_its_end_and_has_one() {
        for length in [0, 1, LINE - 1, LINE, LINE + 1, 5 * LINE] {
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
