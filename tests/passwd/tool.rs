//! The tool under test, in a folder of its own.

use std::ops::Deref;

use test_support::passwords;
use test_support::tool::Tool;

pub(crate) use test_support::passwords::{Run, editing_thread, finish, lets_in};

/// The binary under test.
pub(crate) const BINARY: &str = env!("CARGO_BIN_EXE_mqtt-passwd");

pub(crate) fn tool() -> Tool {
    Tool::at(BINARY)
}

/// A folder for the tool under test.
pub(crate) struct Folder(passwords::Folder);

impl Folder {
    pub(crate) fn new() -> Self {
        Self(passwords::Folder::new(&tool()))
    }

    /// One with the password file `f`.
    pub(crate) fn with_file(content: impl AsRef<[u8]>) -> Self {
        Self(passwords::Folder::with_file(&tool(), content))
    }
}

impl Deref for Folder {
    type Target = passwords::Folder;

    fn deref(&self) -> &passwords::Folder {
        &self.0
    }
}
