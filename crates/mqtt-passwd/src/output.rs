//! Writing to stdout and stderr.

use std::io::{self, Write};

use crate::error::PasswdError;

/// All of it, or an error.
pub(crate) fn to_stdout(bytes: &[u8]) -> Result<(), PasswdError> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(bytes).and_then(|()| stdout.flush()).map_err(PasswdError::Stdout)
}

/// A stderr that cannot be written to changes nothing about what was done.
pub(crate) fn to_stderr(text: &str) {
    let _ = io::stderr().write_all(text.as_bytes());
}
