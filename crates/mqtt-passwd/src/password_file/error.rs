//! What can go wrong with the file.

use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use mqtt_core::exit::{ExitStatus, Failure};

/// The password file could not be read or replaced. Status 1.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PasswordFileError {
    /// An edit was cut short, and then somebody else has changed the file.
    #[error(
        "an edit of '{}' was cut short, and the file has been changed since; it was left as it is",
        .path.display()
    )]
    Changed {
        /// The file.
        path: PathBuf,
        /// What it was before the edit.
        copy: PathBuf,
    },
    /// A new file could not be made.
    #[error("cannot create '{}'", .path.display())]
    Create {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// An edit was cut short, and what it has left cannot be used.
    #[error("an edit of '{}' was cut short, and cannot be undone", .path.display())]
    CutShort {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// An edit by another name of the file was cut short, and its copy is not where it was.
    #[error(
        "an edit of '{}' by a name in '{}' was cut short, and what undoes it is not to be found there",
        .path.display(),
        .folder.display()
    )]
    Elsewhere {
        /// The file.
        path: PathBuf,
        /// Where the copy was.
        folder: PathBuf,
    },
    /// `-c` is for new files.
    #[error("'{}' exists already; it was left as it is", .path.display())]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// Nobody can be kept from editing it at the same time.
    #[error("cannot lock the password file '{}'", .path.display())]
    Lock {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// `-c` makes no file behind a link.
    #[error("'{}' exists already, as a link that leads nowhere; it was left as it is", .path.display())]
    Nowhere {
        /// The link.
        path: PathBuf,
    },
    /// A folder, a pipe, a device.
    #[error("'{}' is not a regular file", .path.display())]
    NotRegular {
        /// What the user called a file.
        path: PathBuf,
    },
    /// It cannot be opened for reading and writing.
    #[error("cannot open the password file '{}'", .path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It cannot be read.
    #[error("cannot read the password file '{}'", .path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Writing in place failed, and so did putting the old bytes back.
    #[error("'{}' was rewritten in place and is damaged now", .path.display())]
    Torn {
        /// The file.
        path: PathBuf,
        /// What it was, if the folder took a copy.
        copy: Option<PathBuf>,
        /// Why.
        source: io::Error,
    },
    /// The new file cannot be written.
    #[error("cannot write '{}', which is as it was", .path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

impl PasswordFileError {
    pub(super) fn create(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Create { path, source }
    }

    pub(super) fn cut_short(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::CutShort { path, source }
    }

    pub(super) fn lock(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Lock { path, source }
    }

    pub(super) fn open(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Open { path, source }
    }

    pub(super) fn read(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Read { path, source }
    }
}

impl Failure for PasswordFileError {
    fn status(&self) -> ExitStatus {
        ExitStatus::FAILURE
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Changed { path, copy } => Some(format!(
                "if '{}' is as it should be, remove '{}'",
                path.display(),
                copy.display()
            )),
            Self::Elsewhere { path, .. } => Some(format!(
                "an edit by that name undoes it; if it is not there any more, and the file is as it \
                 should be, 'setfattr -x user.mqtt-passwd.undo {}'",
                path.display()
            )),
            Self::Exists { .. } => Some(
                "without -c the user is added to it; with --overwrite a new file replaces it"
                    .to_owned(),
            ),
            Self::Nowhere { .. } => Some("name the file itself, or remove the link".to_owned()),
            Self::Open { source, .. } if source.kind() == ErrorKind::NotFound => {
                Some("-c creates a password file".to_owned())
            }
            Self::Torn { copy: Some(copy), .. } => Some(format!(
                "the next edit undoes this one, with the help of '{}'",
                copy.display()
            )),
            _ => None,
        }
    }
}
