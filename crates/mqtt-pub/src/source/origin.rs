//! The payload of one message: from the command line, a file or all of stdin.

use std::fs::File;
use std::io::{self, Read};
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};

use mqtt_core::descriptor::Blocking;
use mqtt_core::payload::{Payload, PayloadFile};

use super::{MAX_PAYLOAD, SourceError};
use crate::plan::Origin;

/// How much is read at a time: the standard library first fills with zeros what it reads into, up to
/// this limit, and that is all memory which the payload may never need.
const PIECE: u64 = 1024 * 1024;

/// Gets hold of the payload. A regular file is opened and read when it is sent; anything else is
/// read to its end.
pub(super) fn load(origin: Origin) -> Result<Payload, SourceError> {
    match origin {
        Origin::Argument(bytes) => Ok(Payload::Memory(bytes)),
        Origin::File(path) => file(path),
        Origin::Stdin => stdin(),
    }
}

fn file(path: PathBuf) -> Result<Payload, SourceError> {
    let error = |source| SourceError::File { path: path.clone(), source };
    let file = File::open(&path).map_err(error)?;
    let metadata = file.metadata().map_err(error)?;
    if metadata.is_dir() {
        return Err(SourceError::Directory(path));
    }
    // Files like those in /proc have content but no length.
    if metadata.is_file() && metadata.len() > 0 {
        let length = usize::try_from(metadata.len()).unwrap_or(usize::MAX);
        if length > MAX_PAYLOAD {
            return Err(too_long(&path));
        }
        return Ok(Payload::File(PayloadFile::new(file, &path, length)));
    }
    match read_all(file).map_err(error)? {
        Some(bytes) => Ok(Payload::Memory(bytes.into())),
        None => Err(too_long(&path)),
    }
}

fn stdin() -> Result<Payload, SourceError> {
    let stdin = io::stdin().as_fd().try_clone_to_owned().map_err(SourceError::Stdin)?;
    match read_all(File::from(stdin)).map_err(SourceError::Stdin)? {
        Some(bytes) if bytes.is_empty() => Err(SourceError::EmptyStdin),
        Some(bytes) => Ok(Payload::Memory(bytes.into())),
        None => Err(SourceError::TooLong("stdin".to_owned())),
    }
}

/// Reads to the end, or `None` where that is more than a message can hold.
fn read_all(file: File) -> io::Result<Option<Vec<u8>>> {
    let mut input = Blocking(file);
    let mut bytes = Vec::new();
    while bytes.len() <= MAX_PAYLOAD {
        let mut piece = input.by_ref().take(PIECE);
        piece.read_to_end(&mut bytes)?;
        // A terminal would go on behind its end.
        if piece.limit() > 0 {
            return Ok(Some(bytes));
        }
    }
    Ok(None)
}

fn too_long(path: &Path) -> SourceError {
    SourceError::TooLong(format!("'{}' (--file)", path.display()))
}
