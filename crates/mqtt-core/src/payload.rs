//! Where the payload of a message to publish lies.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;

/// A payload; cheap to clone, whatever its size.
#[derive(Clone, Debug)]
pub enum Payload {
    /// In memory, perhaps as a slice of a larger block.
    Memory(Bytes),
    /// In a regular file, read when it is sent, and again when it is sent again.
    File(PayloadFile),
}

impl Payload {
    /// Its length in bytes.
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Self::Memory(bytes) => bytes.len(),
            Self::File(file) => file.length,
        }
    }

    /// Whether it has no byte.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// A regular file as payload: its length is what it was when it was opened.
#[derive(Clone, Debug)]
pub struct PayloadFile {
    file: Arc<File>,
    path: Arc<Path>,
    length: usize,
}

impl PayloadFile {
    /// `length` is the file's length in bytes.
    #[must_use]
    pub fn new(file: File, path: &Path, length: usize) -> Self {
        Self { file: Arc::new(file), path: path.into(), length }
    }

    /// The name it was opened by.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Its length in bytes.
    pub(crate) fn length(&self) -> usize {
        self.length
    }

    /// Reads at an offset, without a position of its own: several sends may read at once.
    pub(crate) fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        self.file.read_at(buffer, offset)
    }
}
