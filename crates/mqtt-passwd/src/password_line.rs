//! Passwords that stand in lines of their own: on stdin where that is no terminal, or in a file.

use std::fs::{File, Metadata};
use std::io::{self, ErrorKind, Read};
use std::os::fd::AsFd;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use mqtt_core::exit::{ExitStatus, Failure};
use zeroize::Zeroizing;

use crate::password::{MAX_LENGTH, Password, PasswordError};
use crate::warning::Warning;

/// Room for a line of the longest password with CR and LF behind it. The original takes any
/// number of CR; a few are kept room for.
const LINE: usize = MAX_LENGTH + 8;

/// The bits of a mode that let everybody read or write.
const OPEN_TO_ALL: u32 = 0o006;

/// The first line of stdin.
pub(crate) fn of_stdin() -> Result<Password, PasswordLineError> {
    password(first_lines(&mut stdin().map_err(PasswordLineError::Stdin)?), PasswordLineError::Stdin)
}

/// The first line of a file, and what is doubtful about the file.
pub(crate) fn of_file(path: &Path) -> Result<(Password, Option<Warning>), PasswordLineError> {
    let error = |source| PasswordLineError::File { path: path.to_owned(), source };
    let mut file = File::open(path).map_err(error)?;
    let metadata = file.metadata().map_err(error)?;
    Ok((password(first_lines(&mut file), error)?, open_to_all(path, &metadata)))
}

fn password(
    lines: io::Result<[Zeroizing<Vec<u8>>; 1]>,
    error: impl FnOnce(io::Error) -> PasswordLineError,
) -> Result<Password, PasswordLineError> {
    let [line] = lines.map_err(error)?;
    let password = Password::new(line)?;
    if password.is_empty() {
        return Err(PasswordError::Empty.into());
    }
    Ok(password)
}

fn open_to_all(path: &Path, metadata: &Metadata) -> Option<Warning> {
    let mode = metadata.permissions().mode() & 0o777;
    let is_open = metadata.is_file() && mode & OPEN_TO_ALL != 0;
    is_open.then(|| Warning::OpenToAll { path: path.to_owned(), mode })
}

/// stdin past the standard library's buffer, which would not be wiped.
pub(crate) fn stdin() -> io::Result<File> {
    io::stdin().as_fd().try_clone_to_owned().map(File::from)
}

/// The first lines of `input`, without their endings; the last one needs none. One that is not
/// there is empty. More is read than they need, but no more than fits.
pub(crate) fn first_lines<const COUNT: usize>(
    input: &mut impl Read,
) -> io::Result<[Zeroizing<Vec<u8>>; COUNT]> {
    // Room from the start: a buffer that grew would leave unwiped copies behind.
    let mut bytes = Zeroizing::new(vec![0; COUNT * LINE]);
    let mut filled = 0;
    while memchr::memchr_iter(b'\n', &bytes[..filled]).count() < COUNT {
        match input.read(&mut bytes[filled..]) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    let mut lines = bytes[..filled].splitn(COUNT + 1, |&byte| byte == b'\n').map(line);
    Ok(std::array::from_fn(|_| lines.next().unwrap_or_default()))
}

fn line(bytes: &[u8]) -> Zeroizing<Vec<u8>> {
    let end = bytes.iter().rposition(|&byte| byte != b'\r').map_or(0, |last| last + 1);
    Zeroizing::new(bytes[..end].to_vec())
}

/// There is no password in the line. Status 1.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PasswordLineError {
    /// The file cannot be read.
    #[error("cannot read the password from '{}' (--password-file)", .path.display())]
    File { path: PathBuf, source: io::Error },
    /// What stands there is no password.
    #[error(transparent)]
    Password(#[from] PasswordError),
    /// Stdin cannot be read.
    #[error("cannot read the password from stdin (--password-stdin)")]
    Stdin(#[source] io::Error),
}

impl Failure for PasswordLineError {
    fn status(&self) -> ExitStatus {
        ExitStatus::FAILURE
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn first(input: &[u8]) -> Result<Vec<u8>, PasswordLineError> {
        let password = password(first_lines(&mut &*input), PasswordLineError::Stdin)?;
        Ok(password.as_bytes().to_vec())
    }

    #[test]
    fn the_first_line_is_the_password_and_nothing_else_is() {
        for input in [&b"secret"[..], b"secret\n", b"secret\r\n", b"secret\nmore\n\n"] {
            assert_eq!(first(input).unwrap(), b"secret", "{input:?}");
        }
        assert_eq!(first(b" a:b \xff\n").unwrap(), b" a:b \xff");
    }

    #[test]
    fn no_line_and_one_that_is_none_are_errors() {
        for (input, error) in [
            (&b""[..], PasswordError::Empty),
            (b"\n", PasswordError::Empty),
            (b"\r\nsecret\n", PasswordError::Empty),
            (b"a\0b\n", PasswordError::Nul),
        ] {
            let found = first(input).unwrap_err();
            assert!(matches!(found, PasswordLineError::Password(found) if found == error));
        }
    }

    #[test]
    fn a_line_may_be_as_long_as_a_password() {
        let longest = vec![b'x'; MAX_LENGTH];
        assert_eq!(first(&[&longest, &b"\r\n"[..]].concat()).unwrap(), longest);
        for length in [MAX_LENGTH + 1, 3 * MAX_LENGTH] {
            let error = first(&vec![b'x'; length]).unwrap_err();
            assert!(matches!(error, PasswordLineError::Password(PasswordError::TooLong)));
        }
    }
}
