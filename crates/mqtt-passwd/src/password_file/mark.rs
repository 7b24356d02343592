//! A mark on a file that is being rewritten in place: in which folder its copy lies. A file has as many
//! folders as names, and the next edit may come from any of them.

use std::ffi::OsString;
use std::fs::File;
use std::io;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use rustix::buffer::spare_capacity;
use rustix::fs::{XattrFlags, fgetxattr, fremovexattr, fsetxattr};
use rustix::io::Errno;

/// The longest path that Linux takes.
const PATH_MAX: usize = 4096;

/// An attribute that whoever may write the file may set, and nobody else.
const NAME: &str = "user.mqtt-passwd.undo";

/// What stands on a file.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Mark {
    /// It is being rewritten, or a rewrite was cut short; the copy lies in this folder.
    Copy(PathBuf),
    /// Nothing: it is whole, whatever lies beside it.
    None,
    /// The file system has no marks, and so tells nothing.
    Impossible,
}

/// Reads the mark.
pub(super) fn of(file: &File) -> io::Result<Mark> {
    let mut folder = Vec::with_capacity(PATH_MAX);
    match fgetxattr(file, NAME, spare_capacity(&mut folder)) {
        Ok(_) => Ok(Mark::Copy(OsString::from_vec(folder).into())),
        Err(Errno::NODATA) => Ok(Mark::None),
        Err(Errno::NOTSUP) => Ok(Mark::Impossible),
        Err(error) => Err(error.into()),
    }
}

/// Marks the file, and waits until the mark is on the disk.
pub(super) fn set(file: &File, folder: &Path) -> io::Result<()> {
    fsetxattr(file, NAME, folder.as_os_str().as_bytes(), XattrFlags::empty())?;
    file.sync_all()
}

/// Takes it away: the file is whole. One that stays does no harm where the copy was.
pub(super) fn remove(file: &File) {
    let _ = fremovexattr(file, NAME);
}
