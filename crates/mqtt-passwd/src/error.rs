//! Why the plan was not carried out.

use std::io;
use std::path::PathBuf;

use mqtt_core::cli::UsageError;
use mqtt_core::exit::{ExitStatus, Failure};

use crate::check::CheckError;
use crate::hash::HashError;
use crate::interruption::{Interrupted, StoppedBy};
use crate::password_file::PasswordFileError;
use crate::prompt::PromptError;
use crate::user_list::UserListError;
use crate::user_name::UserName;

/// The sum of what the rooms say.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PasswdError {
    /// The password is not right, or could not be checked.
    #[error(transparent)]
    Check(#[from] CheckError),
    /// The file could not be read or replaced.
    #[error(transparent)]
    File(#[from] PasswordFileError),
    /// The hash could not be computed.
    #[error(transparent)]
    Hash(#[from] HashError),
    /// A signal came while the work went on.
    #[error(transparent)]
    Interrupted(#[from] Interrupted),
    /// There is nobody to delete.
    #[error("user '{user}' is not in '{}', which is as it was", .path.display())]
    NoSuchUser {
        /// Who was to be deleted.
        user: UserName,
        /// The file.
        path: PathBuf,
    },
    /// There is no password.
    #[error(transparent)]
    Prompt(#[from] PromptError),
    /// There is no password to generate. Status 10, as without a salt.
    #[error("the system gives no random bytes for a password")]
    Random(#[source] getrandom::Error),
    /// The line could not be written.
    #[error("cannot write to stdout")]
    Stdout(#[source] io::Error),
    /// A signal ended the work.
    #[error(transparent)]
    Stopped(#[from] StoppedBy),
    /// The word of `--if-changed` could not be written.
    #[error("cannot write to stdout; the file {became}")]
    Unsaid {
        /// What the word says.
        became: &'static str,
        /// Why it could not be written.
        source: io::Error,
    },
    /// Stdout is `/dev/null`, or was closed when the tool was started.
    #[error("nobody would get the password: stdout takes nothing; nothing was changed")]
    Unread,
    /// The list of users makes no sense.
    #[error(transparent)]
    UserList(#[from] UserListError),
    /// The words on the command line make no sense.
    #[error(transparent)]
    Usage(#[from] UsageError),
}

impl Failure for PasswdError {
    fn status(&self) -> ExitStatus {
        match self {
            Self::Check(error) => error.status(),
            Self::File(error) => error.status(),
            Self::Hash(error) => error.status(),
            Self::Interrupted(error) => error.status(),
            Self::NoSuchUser { .. }
            | Self::Stdout(_)
            | Self::Unread
            | Self::Unsaid { .. }
            | Self::UserList(_) => ExitStatus::FAILURE,
            Self::Random(_) => ExitStatus::HASH,
            Self::Prompt(error) => error.status(),
            Self::Stopped(error) => error.status(),
            Self::Usage(error) => error.status(),
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Check(error) => error.hint(),
            Self::File(error) => error.hint(),
            Self::Usage(error) => error.hint(),
            _ => None,
        }
    }
}
