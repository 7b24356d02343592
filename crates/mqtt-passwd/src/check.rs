//! Whether a password is the one in the file: what brokers would say, without a broker.

use std::path::{Path, PathBuf};

use mqtt_core::exit::{ExitStatus, Failure};

use crate::hash::{HashError, Stored};
use crate::password::Password;
use crate::password_file::{Fault, PasswordFile, PasswordFileError};
use crate::user_name::UserName;
use crate::warning::Warning;

/// The line of a user that counts: brokers 2.0 go by the last.
pub(crate) struct Checked<'a> {
    user: &'a UserName,
    hash: Stored<'a>,
    /// What to know of the line, whatever the password.
    pub(crate) warnings: Vec<Warning>,
}

impl<'a> Checked<'a> {
    /// Finds it.
    pub(crate) fn find(
        file: &'a PasswordFile,
        path: &Path,
        user: &'a UserName,
    ) -> Result<Self, CheckError> {
        let records = file.records();
        let mut of_user = records.iter().rev().filter(|record| record.user == user.as_bytes());
        let record = of_user
            .next()
            .ok_or_else(|| CheckError::NoSuchUser { user: user.clone(), path: path.to_owned() })?;
        let number = record.number;
        let hash = record.hash.map_err(|fault| match fault {
            Fault::UnknownHash => CheckError::UnknownHash { user: user.clone(), number },
            fault => CheckError::NoHash { user: user.clone(), number, fault },
        })?;
        let mut warnings = Vec::from_iter(Warning::about(&hash));
        if let Some(first) = record.first {
            warnings.push(Warning::SameUser { user: user.clone(), first, last: number });
        }
        Ok(Self { user, hash, warnings })
    }

    /// Holds a password against it.
    pub(crate) fn check(&self, password: &Password) -> Result<(), CheckError> {
        if self.hash.verifies(password.as_bytes())? {
            Ok(())
        } else {
            Err(CheckError::Wrong { user: self.user.clone() })
        }
    }
}

/// The password is not the right one, or that cannot be said.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CheckError {
    /// The hash could not be computed. Status 10.
    #[error(transparent)]
    Hash(#[from] HashError),
    /// No broker takes the user's line. Status 4.
    #[error("no broker lets user '{user}' in: line {number}: {fault}")]
    NoHash {
        /// Whose line.
        user: UserName,
        /// Which line.
        number: usize,
        /// Why.
        fault: Fault,
    },
    /// Status 3.
    #[error("user '{user}' is not in '{}'", .path.display())]
    NoSuchUser {
        /// Who is looked for.
        user: UserName,
        /// The file.
        path: PathBuf,
    },
    /// A hash that some other program has made. Status 5.
    #[error("the hash of user '{user}' in line {number} is of a kind that no broker knows")]
    UnknownHash {
        /// Whose line.
        user: UserName,
        /// Which line.
        number: usize,
    },
    /// The file cannot be read. Status 6.
    #[error(transparent)]
    Unreadable(PasswordFileError),
    /// Status 1.
    #[error("the password of user '{user}' is another one")]
    Wrong {
        /// Whose password.
        user: UserName,
    },
}

impl Failure for CheckError {
    fn status(&self) -> ExitStatus {
        match self {
            Self::Hash(error) => error.status(),
            Self::NoHash { .. } => ExitStatus::NO_HASH,
            Self::NoSuchUser { .. } => ExitStatus::NO_SUCH_USER,
            Self::UnknownHash { .. } => ExitStatus::UNKNOWN_HASH,
            Self::Unreadable(_) => ExitStatus::UNREADABLE,
            Self::Wrong { .. } => ExitStatus::FAILURE,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::NoHash { fault: Fault::Plain, .. } => {
                Some("-U hashes the passwords that are in plain text".to_owned())
            }
            _ => None,
        }
    }
}
