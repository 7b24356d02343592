//! The folder that a password file is in: locked while an edit goes on, and cleared of what edits
//! that were killed have left.

use std::ffi::OsStr;
use std::fs::{self, File, TryLockError};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use rustix::fs::{Mode, OFlags};
use tempfile::NamedTempFile;

/// How the names of files begin that are not in place yet.
const NEW: &str = ".mqtt-passwd-new-";

/// A folder, locked where the system lets us: it must be readable, and some network file systems
/// lock no folders. Then the lock on the file itself has to do.
pub(super) struct Folder {
    path: PathBuf,
    lock: Option<File>,
}

impl Folder {
    /// Waits until nobody else edits a file in it.
    pub(super) fn lock(path: &Path) -> Self {
        let lock = File::open(path).and_then(|folder| folder.lock().map(|()| folder));
        let folder = Self { path: path.to_owned(), lock: lock.ok() };
        folder.clear();
        folder
    }

    /// Where it is.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// A new file in it, readable by its owner alone. It is removed when dropped.
    pub(super) fn new_file(&self) -> io::Result<NamedTempFile> {
        // Opened here, since the crate's own errors name the new file, which the user never sees.
        tempfile::Builder::new().prefix(NEW).make_in(&self.path, |path| {
            let new = File::options().write(true).create_new(true).mode(0o600).open(path)?;
            // For those who can lock and clear the folder where we cannot.
            let _ = new.try_lock();
            Ok(new)
        })
    }

    /// Asks the system to put the folder's entries on the disk. The change has been made by then:
    /// where the system cannot, it is no worse than any other rename.
    pub(super) fn sync(&self) {
        if let Some(folder) = &self.lock {
            let _ = folder.sync_all();
        }
    }

    /// Removes new files that nobody will put in place any more: who would, held the lock, or that
    /// of the new file.
    fn clear(&self) {
        let entries = self.lock.as_ref().and_then(|_| fs::read_dir(&self.path).ok());
        let is_new = |name: &OsStr| name.as_bytes().starts_with(NEW.as_bytes());
        for entry in entries.into_iter().flatten().flatten() {
            if is_new(&entry.file_name()) && !is_locked(&entry.path()) {
                // What cannot be removed is somebody else's.
                let _ = fs::remove_file(entry.path());
            }
        }
    }
}

/// Whether somebody has locked a file. Links are not followed: whoever can write the folder can lay
/// one.
fn is_locked(path: &Path) -> bool {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let file = rustix::fs::open(path, flags, Mode::empty()).map(File::from);
    file.is_ok_and(|file| matches!(file.try_lock(), Err(TryLockError::WouldBlock)))
}
