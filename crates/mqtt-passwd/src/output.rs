//! Writing to stdout and stderr.

use std::fs::File;
use std::io::{self, Write};
use std::os::fd::AsFd;

use crate::error::PasswdError;

/// All of it, or an error.
pub(crate) fn to_stdout(bytes: &[u8]) -> Result<(), PasswdError> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(bytes).and_then(|()| stdout.flush()).map_err(PasswdError::Stdout)
}

/// The same without a buffer, which nobody would wipe.
pub(crate) fn secret_to_stdout(bytes: &[u8]) -> Result<(), PasswdError> {
    let stdout = io::stdout().as_fd().try_clone_to_owned().map(File::from);
    stdout.and_then(|mut stdout| stdout.write_all(bytes)).map_err(PasswdError::Stdout)
}

/// A stderr that cannot be written to changes nothing about what was done.
pub(crate) fn to_stderr(text: &str) {
    let _ = io::stderr().write_all(text.as_bytes());
}
