//! Writing to stdout and stderr.

use std::fs::{self, File, Metadata};
use std::io::{self, Write};
use std::os::fd::AsFd;
use std::os::unix::fs::{FileTypeExt, MetadataExt};

use crate::error::PasswdError;

/// All of it, or an error.
pub(crate) fn to_stdout(bytes: &[u8]) -> Result<(), PasswdError> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(bytes).and_then(|()| stdout.flush()).map_err(PasswdError::Stdout)
}

/// The same without a buffer, which nobody would wipe, and for somebody to read.
pub(crate) fn secret_to_stdout(bytes: &[u8]) -> Result<(), PasswdError> {
    let stdout = io::stdout().as_fd().try_clone_to_owned().map(File::from);
    let mut stdout = stdout.map_err(PasswdError::Stdout)?;
    if is_null(&stdout) {
        return Err(PasswdError::Unread);
    }
    stdout.write_all(bytes).map_err(PasswdError::Stdout)
}

/// Whether it is `/dev/null`, which the standard library also puts where a stdout was closed.
fn is_null(file: &File) -> bool {
    let device =
        |metadata: &Metadata| metadata.file_type().is_char_device().then(|| metadata.rdev());
    let null = fs::metadata("/dev/null").ok().as_ref().and_then(device);
    null.is_some() && file.metadata().ok().as_ref().and_then(device) == null
}

/// A stderr that cannot be written to changes nothing about what was done.
pub(crate) fn to_stderr(text: &str) {
    let _ = io::stderr().write_all(text.as_bytes());
}
