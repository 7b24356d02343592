//! What lies beside a file while it is rewritten in place, so that the next edit can undo a rewrite
//! that was cut short by a kill or a power failure.
//!
//! The copy holds the old bytes and the new ones. A file that is made of nothing but these was cut
//! short, and gets the old bytes back; any other has been changed by somebody else since.

use std::fs::{self, File, Metadata};
use std::io::{self, Read};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use rustix::fs::{Mode, OFlags};
use zeroize::Zeroizing;

use super::folder::Folder;
use super::replace::write_pieces;

/// The copy of one file.
pub(super) struct UndoCopy {
    path: PathBuf,
}

impl UndoCopy {
    /// Writes a copy and waits until it is on the disk.
    pub(super) fn keep(
        folder: &Folder,
        metadata: &Metadata,
        old: &[u8],
        new: &[u8],
    ) -> io::Result<Self> {
        let path = path(folder.path(), metadata);
        let mut copy = folder.new_file()?;
        let length = format!("{}\n", old.len());
        write_pieces(copy.as_file_mut(), [length.as_bytes(), old, new].into_iter())?;
        copy.persist(&path).map_err(|error| error.error)?;
        folder.sync();
        Ok(Self { path })
    }

    /// Finds the copy that an unfinished rewrite of the file has left. Only that of somebody who may
    /// write the file is believed: in folders like `/tmp` everybody can leave one.
    pub(super) fn find(folder: &Path, metadata: &Metadata) -> io::Result<Option<Found>> {
        let path = path(folder, metadata);
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let mut file = match rustix::fs::open(&path, flags, Mode::empty()) {
            Ok(file) => File::from(file),
            Err(rustix::io::Errno::NOENT) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let of_copy = file.metadata()?;
        let trusted = [rustix::process::geteuid().as_raw(), metadata.uid()];
        if !of_copy.is_file() || !trusted.contains(&of_copy.uid()) {
            return Ok(None);
        }
        let length = usize::try_from(of_copy.len()).unwrap_or_default();
        // Room for all and one more byte: a buffer that grew would leave unwiped copies behind.
        let mut bytes = Zeroizing::new(Vec::with_capacity(length.saturating_add(1)));
        file.read_to_end(&mut bytes)?;
        Ok(Some(Found { copy: Self { path }, bytes }))
    }

    /// Where it is.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Removes it: the file is whole. A copy that stays is compared with the file and removed by
    /// the next edit.
    pub(super) fn discard(self) {
        let _ = fs::remove_file(self.path);
    }
}

/// A copy that was left behind, and what is in it.
pub(super) struct Found {
    pub(super) copy: UndoCopy,
    bytes: Zeroizing<Vec<u8>>,
}

/// What a file is, beside its copy.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict<'a> {
    /// The rewrite had not begun, or was complete.
    Whole,
    /// It was cut short: these are the old bytes.
    CutShort(&'a [u8]),
    /// Somebody else has changed the file since.
    Changed,
}

impl Found {
    /// Judges the file by what it holds.
    pub(super) fn verdict(&self, file: &[u8]) -> Verdict<'_> {
        let Some((old, new)) = halves(&self.bytes) else { return Verdict::Changed };
        if file == old || file == new {
            return Verdict::Whole;
        }
        let (shorter, longer) = (old.len().min(new.len()), old.len().max(new.len()));
        let is_ours = |(at, byte)| old.get(at) == Some(byte) || new.get(at) == Some(byte);
        if (shorter..=longer).contains(&file.len()) && file.iter().enumerate().all(is_ours) {
            Verdict::CutShort(old)
        } else {
            Verdict::Changed
        }
    }
}

/// The old bytes and the new ones.
fn halves(copy: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = memchr::memchr(b'\n', copy)?;
    let length: usize = str::from_utf8(&copy[..end]).ok()?.parse().ok()?;
    copy[end + 1..].split_at_checked(length)
}

/// By the inode: all names of a file in this folder share the copy, and a file that was replaced
/// has none.
fn path(folder: &Path, metadata: &Metadata) -> PathBuf {
    folder.join(format!(".mqtt-passwd-undo-{:x}", metadata.ino()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(file: &str) -> &'static str {
        let found = Found {
            copy: UndoCopy { path: PathBuf::new() },
            bytes: Zeroizing::new(b"8\na:1\nb:2\na:3\n".to_vec()),
        };
        match found.verdict(file.as_bytes()) {
            Verdict::Whole => "whole",
            Verdict::CutShort(b"a:1\nb:2\n") => "cut short",
            other => {
                assert_eq!(other, Verdict::Changed);
                "changed"
            }
        }
    }

    #[test]
    fn a_file_is_judged_by_its_bytes() {
        assert_eq!(verdict("a:1\nb:2\n"), "whole");
        assert_eq!(verdict("a:3\n"), "whole");
        assert_eq!(verdict("a:3\nb:2\n"), "cut short");
        assert_eq!(verdict("a:1\nb:"), "cut short");
        assert_eq!(verdict("a:3\nb:4\n"), "changed");
        assert_eq!(verdict("a:3"), "changed");
        assert_eq!(verdict("a:1\nb:2\n\n"), "changed");
    }

    #[test]
    fn a_damaged_copy_tells_nothing() {
        assert_eq!(halves(b"2\nabcd"), Some((b"ab".as_slice(), b"cd".as_slice())));
        for copy in [b"".as_slice(), b"2", b"x\nab", b"3\nab"] {
            assert_eq!(halves(copy), None);
        }
    }
}
