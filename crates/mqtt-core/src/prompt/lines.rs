//! The first line of what can be read: no more is waited for, and less than a page more is kept.

use std::io::{self, ErrorKind, Read};

use memchr::memchr_iter;
use zeroize::Zeroizing;

use crate::limit::MAX_FIELD;
#[cfg(feature = "client")]
use crate::secret::Secret;

/// Room for the longest secret with CR and LF behind it. The originals take any number of CR; a few
/// are kept room for.
const ROOM: usize = MAX_FIELD + 8;

/// There is no such line.
#[derive(Debug, thiserror::Error)]
pub enum LineError {
    /// It cannot be read.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// Longer than MQTT can carry: not a secret, but the wrong file.
    #[error("its first line is longer than {MAX_FIELD} bytes")]
    TooLong,
}

/// The first line, as a secret.
#[cfg(feature = "client")]
pub(crate) fn first_line(input: &mut impl Read) -> io::Result<Secret> {
    match first_lines(input) {
        Ok([line]) => Ok(line.into()),
        Err(LineError::Io(error)) => Err(error),
        Err(error @ LineError::TooLong) => Err(io::Error::new(ErrorKind::InvalidData, error)),
    }
}

/// Reads so many lines; the last one needs no LF, and a missing one is empty. What comes behind
/// them is not looked at.
pub fn first_lines<const COUNT: usize>(
    input: &mut impl Read,
) -> Result<[Zeroizing<Vec<u8>>; COUNT], LineError> {
    // Room from the start: a buffer that grew would leave unwiped copies behind.
    let mut bytes = Zeroizing::new(vec![0; COUNT * ROOM]);
    let mut filled = 0;
    while memchr_iter(b'\n', &bytes[..filled]).count() < COUNT {
        match input.read(&mut bytes[filled..]) {
            Ok(0) if filled == bytes.len() => return Err(LineError::TooLong),
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error.into()),
        }
    }
    let mut lines = bytes[..filled].split(|&byte| byte == b'\n').map(without_ending);
    let lines: [&[u8]; COUNT] = std::array::from_fn(|_| lines.next().unwrap_or_default());
    if lines.iter().any(|line| line.len() > MAX_FIELD) {
        return Err(LineError::TooLong);
    }
    Ok(lines.map(|line| Zeroizing::new(line.to_vec())))
}

/// A line without the CR at its end: those of other systems end with CR LF.
pub fn without_ending(line: &[u8]) -> &[u8] {
    let end = line.iter().rposition(|&byte| byte != b'\r').map_or(0, |last| last + 1);
    &line[..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(mut input: &[u8]) -> Result<Vec<u8>, LineError> {
        first_lines(&mut input).map(|[line]| line.to_vec())
    }

    #[test]
    fn only_what_ends_a_line_is_no_part_of_it() {
        assert_eq!(line(b"a\rb\r\r\nc").unwrap(), b"a\rb");
        assert_eq!(line(b" a \xff").unwrap(), b" a \xff");
        assert_eq!(line(b"").unwrap(), b"");
    }

    #[test]
    fn the_longest_line_is_read_and_a_longer_one_refused() {
        let longest = vec![b'x'; MAX_FIELD];
        assert_eq!(line(&[&longest[..], b"\r\nmore"].concat()).unwrap(), longest);
        for length in [MAX_FIELD + 1, ROOM, 2 * ROOM] {
            let error = line(&vec![b'x'; length]).unwrap_err();
            assert!(matches!(error, LineError::TooLong), "{length}");
        }
    }

    #[test]
    fn nothing_is_read_behind_the_line() {
        /// Gives a line, and fails who asks for more.
        struct Once(bool);

        impl Read for Once {
            fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
                assert!(!std::mem::replace(&mut self.0, true), "read again");
                (&b"secret\nmo"[..]).read(buffer)
            }
        }

        let [line] = first_lines(&mut Once(false)).unwrap();
        assert_eq!(*line, b"secret");
    }
}
