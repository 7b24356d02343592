//! The payload of one message: from the command line, a file or all of stdin.

use std::fs::{File, Metadata};
use std::io::{self, Read};
use std::os::fd::AsFd;
use std::path::Path;

use mqtt_core::descriptor::Blocking;
use mqtt_core::payload::{Payload, PayloadFile};
use mqtt_core::plan::Progress;

use super::watched::Watched;
use super::{Encoding, MAX_PAYLOAD, SourceError};
use crate::plan::Origin;

/// How much is read at a time: the standard library first fills with zeros what it reads into, up to
/// this limit, and that is all memory which the payload may never need.
const PIECE: u64 = 1024 * 1024;

/// The longest text that is read to be decoded: two digits for a byte, and whitespace.
const MAX_TEXT: usize = 3 * MAX_PAYLOAD;

/// Gets hold of the payload. A regular file is opened and read when it is sent; anything else is
/// read to its end.
pub(super) fn load(
    origin: Origin,
    encoding: Option<Encoding>,
    progress: Progress,
) -> Result<Payload, SourceError> {
    match (origin, encoding) {
        (Origin::Argument(bytes), None) => Ok(Payload::Memory(bytes)),
        (Origin::Argument(text), Some(encoding)) => decode(&text, encoding, "--message".to_owned()),
        (Origin::File(path), None) => file(&path, progress),
        (Origin::File(path), Some(encoding)) => {
            let (file, _) = open(&path)?;
            let error = |source| SourceError::File { path: path.clone(), source };
            let text = read_all(file, MAX_TEXT, progress).map_err(error)?;
            decode(&text.ok_or_else(|| too_long(&path))?, encoding, name(&path))
        }
        (Origin::Stdin, None) => {
            let bytes = stdin(MAX_PAYLOAD, progress)?;
            if bytes.is_empty() { Err(SourceError::EmptyStdin) } else { Ok(in_memory(bytes)) }
        }
        (Origin::Stdin, Some(encoding)) => {
            let text = stdin(MAX_TEXT, progress)?;
            if text.trim_ascii().is_empty() {
                return Err(SourceError::EmptyStdin);
            }
            decode(&text, encoding, "stdin".to_owned())
        }
    }
}

fn decode(text: &[u8], encoding: Encoding, origin: String) -> Result<Payload, SourceError> {
    match encoding.decode(text) {
        Ok(bytes) if bytes.len() > MAX_PAYLOAD => Err(SourceError::TooLong(origin)),
        Ok(bytes) => Ok(in_memory(bytes)),
        Err(cause) => Err(SourceError::Encoding { origin, cause }),
    }
}

fn in_memory(bytes: Vec<u8>) -> Payload {
    Payload::Memory(bytes.into())
}

fn open(path: &Path) -> Result<(File, Metadata), SourceError> {
    let error = |source| SourceError::File { path: path.to_owned(), source };
    let file = File::open(path).map_err(error)?;
    let metadata = file.metadata().map_err(error)?;
    if metadata.is_dir() {
        return Err(SourceError::Directory(path.to_owned()));
    }
    Ok((file, metadata))
}

fn file(path: &Path, progress: Progress) -> Result<Payload, SourceError> {
    let (file, metadata) = open(path)?;
    // Files like those in /proc have content but no length.
    if metadata.is_file() && metadata.len() > 0 {
        let length = usize::try_from(metadata.len()).unwrap_or(usize::MAX);
        if length > MAX_PAYLOAD {
            return Err(too_long(path));
        }
        return Ok(Payload::File(PayloadFile::new(file, path, length)));
    }
    let error = |source| SourceError::File { path: path.to_owned(), source };
    let bytes = read_all(file, MAX_PAYLOAD, progress).map_err(error)?;
    bytes.map(in_memory).ok_or_else(|| too_long(path))
}

fn stdin(most: usize, progress: Progress) -> Result<Vec<u8>, SourceError> {
    let stdin = io::stdin().as_fd().try_clone_to_owned().map_err(SourceError::Stdin)?;
    let bytes = read_all(File::from(stdin), most, progress).map_err(SourceError::Stdin)?;
    bytes.ok_or_else(|| SourceError::TooLong("stdin".to_owned()))
}

/// Reads to the end, or `None` where that is more than `most` bytes.
fn read_all(file: File, most: usize, progress: Progress) -> io::Result<Option<Vec<u8>>> {
    let mut input = Watched::new(Blocking(file), progress);
    let mut bytes = Vec::new();
    while bytes.len() <= most {
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
    SourceError::TooLong(name(path))
}

fn name(path: &Path) -> String {
    format!("'{}' (--file)", path.display())
}
