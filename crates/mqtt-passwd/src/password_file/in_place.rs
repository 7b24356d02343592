//! Writing over a file that a rename cannot replace, with care.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

use zeroize::Zeroizing;

/// Why a file was not rewritten.
#[derive(Debug)]
pub(super) enum InPlaceError {
    /// The old bytes are there.
    Untouched(io::Error),
    /// Neither the old bytes nor the new ones are.
    Torn(io::Error),
}

impl From<InPlaceError> for io::Error {
    fn from(error: InPlaceError) -> Self {
        match error {
            InPlaceError::Untouched(error) | InPlaceError::Torn(error) => error,
        }
    }
}

/// Turns a file that holds `old` into one that holds `new`.
///
/// What is longer goes first: there a full disk shows, with the old bytes still in place. What
/// both begin with is not written at all, nor what both end with where they are as long: adding a
/// user is one write at the end, and another hash of the same length is one where the old one was.
pub(super) fn rewrite(file: &mut File, old: &[u8], new: &[u8]) -> Result<(), InPlaceError> {
    let same = common(old.iter(), new.iter());
    let overlap = old.len().min(new.len());
    let end = if old.len() == new.len() {
        overlap - common(old[same..].iter().rev(), new[same..].iter().rev())
    } else {
        overlap
    };
    extend(file, old.len(), &new[overlap..]).map_err(InPlaceError::Untouched)?;
    let written = file
        .write_all_at(&new[same..end], to_offset(same))
        .and_then(|()| file.set_len(to_offset(new.len())))
        .and_then(|()| file.sync_all())
        .and_then(|()| verify(file, new));
    written.map_err(|error| restore(file, old, same, error))
}

/// How many bytes two texts begin with alike.
fn common<'a>(one: impl Iterator<Item = &'a u8>, other: impl Iterator<Item = &'a u8>) -> usize {
    one.zip(other).take_while(|(one, other)| one == other).count()
}

/// Writes what goes beyond the old end, or takes it back.
fn extend(file: &File, old_length: usize, tail: &[u8]) -> io::Result<()> {
    if tail.is_empty() {
        return Ok(());
    }
    let extended = file.write_all_at(tail, to_offset(old_length)).and_then(|()| file.sync_all());
    if extended.is_err() {
        file.set_len(to_offset(old_length))?;
    }
    extended
}

fn restore(file: &File, old: &[u8], same: usize, error: io::Error) -> InPlaceError {
    let restored = file
        .write_all_at(&old[same..], to_offset(same))
        .and_then(|()| file.set_len(to_offset(old.len())))
        .and_then(|()| file.sync_all())
        .and_then(|()| verify(file, old));
    match restored {
        Ok(()) => InPlaceError::Untouched(error),
        Err(_) => InPlaceError::Torn(error),
    }
}

/// Reads the file back.
fn verify(file: &File, expected: &[u8]) -> io::Result<()> {
    let mut found = Zeroizing::new(vec![0; expected.len()]);
    file.read_exact_at(&mut found, 0)?;
    if *found == *expected && file.metadata()?.len() == to_offset(expected.len()) {
        Ok(())
    } else {
        Err(io::Error::other("the file does not hold what was written"))
    }
}

fn to_offset(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn rewritten(old: &[u8], new: &[u8]) -> Vec<u8> {
        let mut named = tempfile::NamedTempFile::new().unwrap();
        named.write_all(old).unwrap();
        rewrite(named.as_file_mut(), old, new).unwrap();
        std::fs::read(named.path()).unwrap()
    }

    #[test]
    fn longer_shorter_and_other_bytes_arrive() {
        for (old, new) in [
            ("a:1\n", "a:1\nu:2\n"),
            ("a:1\nu:2\n", "a:1\n"),
            ("a:1\nu:2\n", "a:3\nu:2\n"),
            ("a:1\n", ""),
            ("", "a:1\n"),
            ("abc", "xbcdef"),
            ("abcdef", "xbc"),
        ] {
            assert_eq!(rewritten(old.as_bytes(), new.as_bytes()), new.as_bytes());
        }
    }

    #[test]
    fn a_file_that_cannot_be_written_is_untouched() {
        let named = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(named.path(), "abc").unwrap();
        let mut read_only = File::open(named.path()).unwrap();
        // Writing fails, and so does the attempt to put the old bytes back: they never went.
        let error = rewrite(&mut read_only, b"abc", b"abcd").unwrap_err();
        assert!(matches!(error, InPlaceError::Untouched(_)));
        assert_eq!(std::fs::read(named.path()).unwrap(), b"abc");
    }
}
