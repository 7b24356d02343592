//! Putting a new file in the place of the old one: whole or not at all.
//!
//! A new file is written beside the old one, gets its owner and mode, goes to the disk and is
//! renamed over it. All of it happens under a lock on the folder, so that no edit is lost and no
//! lock file is left behind. Where a rename cannot work, the file is rewritten in place, with a copy
//! beside it until that is done.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, ErrorKind, Read, Seek, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::error::PasswordFileError;
use super::folder::Folder;
use super::in_place::{self, InPlaceError};
use super::mark::{self, Mark};
use super::rights;
use super::undo_copy::{Found, UndoCopy, Verdict};
use super::{Edited, PasswordFile};

/// Small pieces are gathered into blocks of this size.
const BLOCK: usize = 64 * 1024;

/// An open password file that nobody else edits meanwhile.
pub(crate) struct LockedFile {
    /// As the user calls it.
    path: PathBuf,
    /// With all links resolved.
    real: PathBuf,
    file: File,
    metadata: Metadata,
    folder: Folder,
    found: Before,
}

/// In which state a file was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Before {
    /// As an edit leaves it.
    Whole,
    /// An earlier edit had been cut short; that was undone.
    Undone,
}

impl LockedFile {
    /// Opens a file for an edit and locks it. Waits while somebody else edits it.
    pub(crate) fn open(path: &Path) -> Result<Self, PasswordFileError> {
        let real = resolve(path)?;
        let folder = Folder::lock(parent(&real));
        loop {
            let (file, metadata) = open_regular(path, &real, &for_edits())?;
            file.lock().map_err(PasswordFileError::lock(path))?;
            // Who could not lock the folder may have replaced the file while we waited.
            let same = fs::metadata(&real)
                .is_ok_and(|now| (now.dev(), now.ino()) == (metadata.dev(), metadata.ino()));
            if same {
                let (path, found) = (path.to_owned(), Before::Whole);
                let mut locked = Self { path, real, file, metadata, folder, found };
                locked.undo_unfinished()?;
                return Ok(locked);
            }
        }
    }

    /// In which state it was when it was opened.
    pub(crate) fn found(&self) -> Before {
        self.found
    }

    /// Reads all of it.
    pub(crate) fn read(&mut self) -> Result<PasswordFile, PasswordFileError> {
        self.bytes().map(PasswordFile::new).map_err(PasswordFileError::read(&self.path))
    }

    fn bytes(&mut self) -> io::Result<Zeroizing<Vec<u8>>> {
        self.file.rewind()?;
        read_all(&mut self.file)
    }

    /// Puts the old bytes back where a rewrite in place was cut short.
    fn undo_unfinished(&mut self) -> Result<(), PasswordFileError> {
        let mark = mark::of(&self.file).map_err(PasswordFileError::read(&self.path))?;
        let Some(found) = self.find_copy(&mark)? else {
            // The copy is gone, as whoever removed it was told to do.
            if matches!(mark, Mark::Copy(_)) {
                mark::remove(&self.file);
            }
            return Ok(());
        };
        if mark == Mark::None {
            // Of a rewrite that had not begun, or that was complete.
            found.copy.discard();
            return Ok(());
        }
        let current = self.bytes().map_err(PasswordFileError::read(&self.path))?;
        match found.verdict(&current) {
            Verdict::Whole => {}
            Verdict::CutShort(old) => {
                in_place::rewrite(&mut self.file, &current, old)
                    .map_err(|error| self.torn(error.into(), Some(&found.copy)))?;
                self.found = Before::Undone;
            }
            Verdict::Changed => {
                let path = self.path.clone();
                return Err(PasswordFileError::Changed { path, copy: found.copy.path().into() });
            }
        }
        mark::remove(&self.file);
        found.copy.discard();
        Ok(())
    }

    /// Looks for the copy in the folder by which the file was reached, and where a mark says.
    fn find_copy(&self, mark: &Mark) -> Result<Option<Found>, PasswordFileError> {
        let find = |folder: &Path| {
            UndoCopy::find(folder, &self.metadata).map_err(PasswordFileError::cut_short(&self.path))
        };
        let here = self.folder.path();
        match (find(here)?, mark) {
            (None, Mark::Copy(folder)) if folder != here => match find(folder)? {
                Some(found) => Ok(Some(found)),
                None => Err(PasswordFileError::Elsewhere {
                    path: self.path.clone(),
                    folder: folder.clone(),
                }),
            },
            (found, _) => Ok(found),
        }
    }

    /// The mode bits that let every user of the system at the file, if there are any.
    pub(crate) fn open_to_all(&self) -> Option<u32> {
        let mode = self.metadata.mode() & 0o7777;
        (mode & 0o007 != 0).then_some(mode)
    }

    /// Puts the edited file in the place of the old one.
    pub(crate) fn replace(mut self, edited: &Edited) -> Result<Replaced, PasswordFileError> {
        let because = match self.rename_over(edited) {
            Ok(()) => return Ok(Replaced::Renamed),
            Err(Obstacle::Rename(because)) => because,
            Err(Obstacle::Write(source)) => return Err(self.not_written(source)),
        };
        let new = Zeroizing::new(edited.pieces().collect::<Vec<_>>().concat());
        let copy = match UndoCopy::keep(&self.folder, &self.metadata, edited.old(), &new) {
            Ok(copy) => Some(copy),
            Err(error) if is_forbidden(&error) => None,
            Err(error) => return Err(self.not_written(error)),
        };
        let remedy = match copy.as_ref().map_or(Ok(Remedy::None), |_| self.mark()) {
            Ok(remedy) => remedy,
            Err(error) => {
                copy.into_iter().for_each(UndoCopy::discard);
                return Err(self.not_written(error));
            }
        };
        let rewritten = in_place::rewrite(&mut self.file, edited.old(), &new);
        if let Err(InPlaceError::Torn(source)) = rewritten {
            return Err(self.torn(source, copy.as_ref()));
        }
        if let Some(copy) = copy {
            mark::remove(&self.file);
            copy.discard();
        }
        match rewritten {
            Ok(()) => Ok(Replaced::InPlace(because, remedy)),
            Err(error) => Err(self.not_written(error.into())),
        }
    }

    /// Marks it as one whose copy lies in this folder, where that is possible.
    fn mark(&self) -> io::Result<Remedy> {
        if mark::of(&self.file)? == Mark::Impossible {
            return Ok(Remedy::InFolder);
        }
        mark::set(&self.file, self.folder.path())?;
        Ok(Remedy::Everywhere)
    }

    fn not_written(&self, source: io::Error) -> PasswordFileError {
        PasswordFileError::Write { path: self.path.clone(), source }
    }

    fn torn(&self, source: io::Error, copy: Option<&UndoCopy>) -> PasswordFileError {
        let copy = copy.map(|copy| copy.path().to_owned());
        PasswordFileError::Torn { path: self.path.clone(), copy, source }
    }

    fn rename_over(&self, edited: &Edited) -> Result<(), Obstacle> {
        if self.metadata.nlink() > 1 {
            return Err(Obstacle::Rename(InPlaceReason::HardLinks));
        }
        let mut new = self.folder.new_file().map_err(|error| {
            if is_forbidden(&error) {
                Obstacle::Rename(InPlaceReason::Folder)
            } else {
                Obstacle::Write(error)
            }
        })?;
        rights::copy(&self.file, &self.metadata, new.as_file())
            .map_err(|_| Obstacle::Rename(InPlaceReason::Rights))?;
        write_pieces(new.as_file_mut(), edited.pieces()).map_err(Obstacle::Write)?;
        new.persist(&self.real).map_err(|error| {
            match error.error.kind() {
                ErrorKind::ResourceBusy | ErrorKind::CrossesDevices => {
                    Obstacle::Rename(InPlaceReason::Mounted)
                }
                // Files of other users in a folder with the sticky bit.
                ErrorKind::PermissionDenied => Obstacle::Rename(InPlaceReason::Folder),
                _ => Obstacle::Write(error.error),
            }
        })?;
        self.folder.sync();
        Ok(())
    }
}

/// What kept a new file from taking the old one's place.
enum Obstacle {
    /// A rename cannot work here; writing may.
    Rename(InPlaceReason),
    /// Writing failed, and would fail elsewhere too.
    Write(io::Error),
}

/// How the old file was replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Replaced {
    /// By one rename: whoever reads it sees the old or the new file.
    Renamed,
    /// By writing over it.
    InPlace(InPlaceReason, Remedy),
}

/// What would have undone a rewrite in place that was cut short.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Remedy {
    /// The next edit, by whatever name of the file.
    Everywhere,
    /// The next edit by a name in the same folder: the copy lay there, and the file takes no mark.
    InFolder,
    /// Nothing: the folder takes no copy.
    None,
}

/// Why a file was not replaced by a rename.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum InPlaceReason {
    /// The folder takes no new file, or does not let this one go.
    #[error("its folder does not allow to replace it")]
    Folder,
    /// The other names would go on showing the old file.
    #[error("it has several names (hard links)")]
    HardLinks,
    /// As a single file mounted into a container is.
    #[error("it is a mount point")]
    Mounted,
    /// Only its owner, or root, can make a file of that owner, group and mode.
    #[error("a new file could not be given its owner, rights and attributes")]
    Rights,
}

/// Reads a file that is only looked at: nothing is locked, and nothing written.
pub(crate) fn read(path: &Path) -> Result<PasswordFile, PasswordFileError> {
    let real = resolve(path)?;
    let (mut file, _) = open_regular(path, &real, File::options().read(true))?;
    read_all(&mut file).map(PasswordFile::new).map_err(PasswordFileError::read(path))
}

fn read_all(file: &mut File) -> io::Result<Zeroizing<Vec<u8>>> {
    let length = usize::try_from(file.metadata()?.len()).unwrap_or_default();
    // Room for all and one more byte: a buffer that grew would leave unwiped copies behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(length.saturating_add(1)));
    file.read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Opens and closes the file, to find out before a password is asked for whether it can be edited.
pub(crate) fn check(path: &Path) -> Result<(), PasswordFileError> {
    let real = resolve(path)?;
    open_regular(path, &real, &for_edits()).map(|_| ())
}

/// Whether the folder takes no new files from us.
fn is_forbidden(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem)
}

/// Resolves all links, so that the file behind them is replaced and they stay.
fn resolve(path: &Path) -> Result<PathBuf, PasswordFileError> {
    fs::canonicalize(path).map_err(PasswordFileError::open(path))
}

pub(super) fn parent(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

fn for_edits() -> OpenOptions {
    let mut options = File::options();
    options.read(true).write(true);
    options
}

/// Opens a file. Everything else is refused before it is opened, since opening a pipe or a device
/// does something.
fn open_regular(
    path: &Path,
    real: &Path,
    options: &OpenOptions,
) -> Result<(File, Metadata), PasswordFileError> {
    let not_regular = || PasswordFileError::NotRegular { path: path.to_owned() };
    let before = fs::metadata(real).map_err(PasswordFileError::open(path))?;
    if !before.is_file() {
        return Err(not_regular());
    }
    let file = options.open(real).map_err(PasswordFileError::open(path))?;
    let metadata = file.metadata().map_err(PasswordFileError::open(path))?;
    if !metadata.is_file() {
        return Err(not_regular());
    }
    Ok((file, metadata))
}

/// Writes all pieces and waits until they are on the disk. A buffered writer would keep a copy of
/// what it buffered, and plain passwords may be among it.
pub(super) fn write_pieces<'a>(
    file: &mut File,
    pieces: impl Iterator<Item = &'a [u8]>,
) -> io::Result<()> {
    let mut block = Zeroizing::new(Vec::with_capacity(BLOCK));
    for piece in pieces {
        if block.len() + piece.len() > BLOCK {
            file.write_all(&block)?;
            block.clear();
        }
        if piece.len() > BLOCK {
            file.write_all(piece)?;
        } else {
            block.extend_from_slice(piece);
        }
    }
    file.write_all(&block)?;
    file.sync_all()
}
