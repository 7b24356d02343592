//! A mark on a file that is being rewritten in place: in which folder its copy lies. A file has as many
//! folders as names, and the next edit may come from any of them.

use std::ffi::OsString;
use std::fs::File;
use std::io;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use rustix::fs::{XattrFlags, fremovexattr, fsetxattr};

use super::rights::attribute;

/// An attribute that whoever may write the file may set, and nobody else.
const NAME: &str = "user.mqtt-passwd.undo";

/// Marks the file, and waits until the mark is on the disk. Not every file system takes one.
pub(super) fn set(file: &File, folder: &Path) -> io::Result<()> {
    fsetxattr(file, NAME, folder.as_os_str().as_bytes(), XattrFlags::empty())?;
    file.sync_all()
}

/// The folder that a mark names.
pub(super) fn folder(file: &File) -> Option<PathBuf> {
    let name = attribute(file, NAME).ok().flatten()?;
    Some(OsString::from_vec(name).into())
}

/// Takes it away: the file is whole. One that stays does no harm where the copy was.
pub(super) fn remove(file: &File) {
    let _ = fremovexattr(file, NAME);
}
