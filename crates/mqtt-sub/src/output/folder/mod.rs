//! A file for each topic, in place of stdout (`--output-dir`).
//!
//! What is written goes to the system at once: a message is acknowledged when its bytes are in the
//! file. No symbolic link below the folder is followed, and nothing but a regular file written to.

mod name;

use std::fs::File;
use std::io::{self, Write};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::PathBuf;
use std::time::SystemTime;

use mqtt_core::console::Console;
use mqtt_core::protocol::TopicName;
use mqtt_core::session::{Receipt, ReceivedMessage};
use rustix::fs::{
    AtFlags, CWD, FileType, Mode, OFlags, mkdirat, openat, renameat, statat, unlinkat,
};
use rustix::io::Errno;

use super::{Format, Problem};
use name::FileName;

/// At most so many files are open at a time.
const OPEN: usize = 32;

/// Of new files and folders; the user's mask takes its part away.
const FILE: Mode = Mode::from_raw_mode(0o666);
const FOLDER: Mode = Mode::from_raw_mode(0o777);

/// What the file of a topic holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Keep {
    /// Every message, one behind the other.
    All,
    /// The last message, put in place whole.
    Newest,
}

/// Where messages go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FolderPlan {
    pub(crate) path: PathBuf,
    pub(crate) keep: Keep,
}

/// A folder or file that cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FolderError {
    #[error("cannot write to '{}'", path.display())]
    System { path: PathBuf, source: io::Error },
    /// A symbolic link, or something that is no file: who made it may want us to write elsewhere.
    #[error("cannot write to '{}': it is no regular file", path.display())]
    NotRegular { path: PathBuf },
}

/// The folder, and the files that are open.
#[derive(Debug)]
pub(crate) struct Folder {
    plan: FolderPlan,
    directory: OwnedFd,
    /// Those that are appended to, the last one used in front.
    open: Vec<(TopicName, File)>,
    /// What the format makes of a message; of the same type as the one that writes to stdout, so that
    /// the code is there once.
    page: Console<Receipt>,
    bytes: Vec<u8>,
}

impl Folder {
    /// Makes the folder where it is missing.
    pub(crate) fn open(plan: FolderPlan) -> Result<Self, FolderError> {
        let directory = match mkdirat(CWD, &plan.path, FOLDER) {
            Ok(()) | Err(Errno::EXIST) => {
                let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
                openat(CWD, &plan.path, flags, Mode::empty())
            }
            Err(error) => Err(error),
        };
        let failed =
            |error: Errno| FolderError::System { path: plan.path.clone(), source: error.into() };
        let directory = directory.map_err(failed)?;
        Ok(Self { plan, directory, open: Vec::new(), page: Console::new(), bytes: Vec::new() })
    }

    /// Writes a message to the file of its topic. Tells what of its format could not be written.
    pub(crate) fn write(
        &mut self,
        message: ReceivedMessage,
        format: &Format,
        clock: impl FnOnce() -> SystemTime,
    ) -> Result<Vec<Problem>, FolderError> {
        let topic = message.topic.clone();
        let problems = format.write(message, clock, &mut self.page);
        self.bytes.clear();
        self.page.take_stdout(&mut self.bytes);
        match self.plan.keep {
            Keep::All => self.append(&topic)?,
            Keep::Newest => self.replace(&topic)?,
        }
        Ok(problems)
    }

    /// Closes what is open: a file that is moved away or removed meanwhile is made anew.
    pub(crate) fn close_files(&mut self) {
        self.open.clear();
    }

    fn append(&mut self, topic: &TopicName) -> Result<(), FolderError> {
        let position = self.open.iter().position(|(open, _)| open == topic);
        if let Some(used) = position.and_then(|position| self.open.get_mut(..=position)) {
            used.rotate_right(1);
        } else {
            let file = self.open_to_append(topic)?;
            self.open.truncate(OPEN - 1);
            self.open.insert(0, (topic.detached(), file));
        }
        let Some((_, file)) = self.open.first_mut() else { return Ok(()) };
        append_all(file, &self.bytes).map_err(|source| FolderError::System {
            path: self.plan.path.join(file_of(topic)),
            source,
        })
    }

    fn open_to_append(&self, topic: &TopicName) -> Result<File, FolderError> {
        let name = FileName::of(topic.as_str());
        let opened = self.inside(&name, |folder| {
            // What is no file must not make us wait.
            let flags = OFlags::WRONLY
                | OFlags::CREATE
                | OFlags::APPEND
                | OFlags::NOFOLLOW
                | OFlags::NONBLOCK
                | OFlags::NOCTTY
                | OFlags::CLOEXEC;
            let file = File::from(openat(folder, &name.file, flags, FILE)?);
            // A symbolic link and a pipe that nobody reads have these errors.
            if file.metadata()?.is_file() { Ok(file) } else { Err(Errno::NXIO.into()) }
        });
        opened.map_err(|error| self.error(&name, error))
    }

    /// The file of the topic is the old one or the new one, whole, at any time.
    fn replace(&mut self, topic: &TopicName) -> Result<(), FolderError> {
        let name = FileName::of(topic.as_str());
        let replaced = self.inside(&name, |folder| {
            refuse_what_is_no_file(folder, &name.file)?;
            // No file of a topic begins with a dot.
            let new = format!(".mqtt-sub.{}", std::process::id());
            let written = write_new(folder, &new, &self.bytes)
                .and_then(|()| Ok(renameat(folder, &new, folder, &name.file)?));
            if written.is_err() {
                let _ = unlinkat(folder, &new, AtFlags::empty());
            }
            written
        });
        replaced.map_err(|error| self.error(&name, error))
    }

    /// Does something in the folder that the file is in, which is made where it is missing.
    fn inside<T>(
        &self,
        name: &FileName,
        act: impl FnOnce(BorrowedFd<'_>) -> io::Result<T>,
    ) -> io::Result<T> {
        let mut innermost: Option<OwnedFd> = None;
        for folder in &name.folders {
            let around = innermost.as_ref().map_or(self.directory.as_fd(), AsFd::as_fd);
            match mkdirat(around, folder, FOLDER) {
                Ok(()) | Err(Errno::EXIST) => {}
                Err(error) => return Err(error.into()),
            }
            let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
            innermost = Some(openat(around, folder, flags, Mode::empty())?);
        }
        act(innermost.as_ref().map_or(self.directory.as_fd(), AsFd::as_fd))
    }

    fn error(&self, name: &FileName, source: io::Error) -> FolderError {
        let path = self.plan.path.join(name.path());
        match Errno::from_io_error(&source) {
            Some(Errno::LOOP | Errno::NXIO | Errno::NOTDIR | Errno::ISDIR) => {
                FolderError::NotRegular { path }
            }
            _ => FolderError::System { path, source },
        }
    }
}

/// The file of a topic, below the folder.
pub(crate) fn file_of(topic: &TopicName) -> PathBuf {
    FileName::of(topic.as_str()).path()
}

/// Appends all of it, or leaves the file as it was: what comes again must not stand behind half of
/// itself.
fn append_all(file: &mut File, mut bytes: &[u8]) -> io::Result<()> {
    let mut written = 0;
    while !bytes.is_empty() {
        match file.write(bytes) {
            Ok(0) => return undo(file, written, io::ErrorKind::WriteZero.into()),
            Ok(count) => {
                written += count as u64;
                bytes = bytes.get(count..).unwrap_or_default();
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return undo(file, written, error),
        }
    }
    Ok(())
}

/// Takes back what was appended before it failed, as far as that is possible.
fn undo(file: &File, written: u64, error: io::Error) -> io::Result<()> {
    if written > 0
        && let Ok(metadata) = file.metadata()
    {
        let _ = file.set_len(metadata.len().saturating_sub(written));
    }
    Err(error)
}

/// What is no file was put there for something else, and is not taken away either.
fn refuse_what_is_no_file(folder: BorrowedFd<'_>, name: &str) -> io::Result<()> {
    match statat(folder, name, AtFlags::SYMLINK_NOFOLLOW) {
        Ok(found) if FileType::from_raw_mode(found.st_mode).is_file() => Ok(()),
        Ok(_) => Err(Errno::NXIO.into()),
        Err(Errno::NOENT) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// Writes a new file; one that a killed run of that number has left is nobody's.
fn write_new(folder: BorrowedFd<'_>, name: &str, bytes: &[u8]) -> io::Result<()> {
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
    let file = match openat(folder, name, flags, FILE) {
        Err(Errno::EXIST) => {
            unlinkat(folder, name, AtFlags::empty())?;
            openat(folder, name, flags, FILE)
        }
        opened => opened,
    };
    File::from(file?).write_all(bytes)
}
