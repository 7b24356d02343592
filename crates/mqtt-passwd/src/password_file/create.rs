//! Making a file that is not there yet: whole or not at all.

use std::fs::{self, Permissions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use super::error::PasswordFileError;
use super::folder::Folder;
use super::replace::{parent, write_pieces};

/// Refuses a path under which there is anything, be it a link that leads nowhere.
pub(crate) fn refuse_existing(path: &Path) -> Result<(), PasswordFileError> {
    match fs::symlink_metadata(path) {
        Ok(found) if found.is_symlink() && !path.exists() => {
            Err(PasswordFileError::Nowhere { path: path.to_owned() })
        }
        Ok(_) => Err(PasswordFileError::Exists { path: path.to_owned() }),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        Err(source) => Err(PasswordFileError::create(path)(source)),
    }
}

/// A file that will be made, in a folder in which nobody else edits meanwhile.
pub(crate) struct NewFile {
    /// As the user calls it.
    path: PathBuf,
    folder: Folder,
}

impl NewFile {
    /// Waits while somebody else edits.
    pub(crate) fn lock(path: &Path) -> Result<Self, PasswordFileError> {
        refuse_existing(path)?;
        if path.file_name().is_none() {
            return Err(PasswordFileError::create(path)(ErrorKind::IsADirectory.into()));
        }
        Ok(Self { path: path.to_owned(), folder: Folder::lock(parent(path)) })
    }

    /// Makes it, for its owner alone to read. Nothing that exists is touched.
    pub(crate) fn write(self, content: &[u8]) -> Result<(), PasswordFileError> {
        self.put(content).map_err(|error| match error.kind() {
            ErrorKind::AlreadyExists => PasswordFileError::Exists { path: self.path.clone() },
            _ => PasswordFileError::create(&self.path)(error),
        })
    }

    fn put(&self, content: &[u8]) -> io::Result<()> {
        let mut new = self.folder.new_file()?;
        // Whatever the umask: the owner must be able to read and edit it.
        new.as_file().set_permissions(Permissions::from_mode(0o600))?;
        write_pieces(new.as_file_mut(), std::iter::once(content))?;
        new.persist_noclobber(&self.path).map_err(|error| error.error)?;
        self.folder.sync();
        Ok(())
    }
}
