//! Whether a password is the one in the file: what brokers would say, without a broker.

use std::path::{Path, PathBuf};

use mqtt_core::exit::{ExitStatus, Failure};

use crate::hash::{Broker, HashError, Stored};
use crate::password::Password;
use crate::password_file::{Fault, PasswordFile, PasswordFileError, Record};
use crate::user_name::UserName;
use crate::warning::Warning;

/// The line of a user that counts: brokers 2.0 go by the last that they take.
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
        let mut records = file.records();
        records.retain(|record| record.user == user.as_bytes());
        let unread = file.unread_from();
        let is_taken = |record: &&Record<'_>| {
            unread.is_none_or(|unread| record.number < unread)
                && record.hash.is_ok_and(|hash| !hash.refused_by().contains(&Broker::V2_0))
        };
        let taken = records.iter().rfind(is_taken);
        // Else one that other brokers take, else any.
        let record = taken
            .or_else(|| records.iter().rfind(|record| record.hash.is_ok()))
            .or(records.last())
            .ok_or_else(|| CheckError::NoSuchUser { user: user.clone(), path: path.to_owned() })?;
        let number = record.number;
        let hash = record.hash.map_err(|fault| CheckError::of(user.clone(), number, fault))?;
        let mut warnings = Warning::about(&hash);
        if let (None, Some(line)) = (taken, unread.filter(|line| *line <= number)) {
            warnings.push(Warning::BehindNul { line });
        }
        if records.len() > 1 {
            let lines = records.iter().map(|record| record.number).collect();
            let taken = taken.map(|record| record.number);
            warnings.push(Warning::SameUser { user: user.clone(), lines, taken });
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
    /// The line has a hash that cannot be read as we read it, and so not be checked. Status 4.
    #[error("the hash of user '{user}' in line {number} is damaged")]
    Damaged {
        /// Whose line.
        user: UserName,
        /// Which line.
        number: usize,
    },
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

impl CheckError {
    fn of(user: UserName, number: usize, fault: Fault) -> Self {
        match fault {
            Fault::Damaged => Self::Damaged { user, number },
            Fault::UnknownHash => Self::UnknownHash { user, number },
            fault => Self::NoHash { user, number, fault },
        }
    }
}

impl Failure for CheckError {
    fn status(&self) -> ExitStatus {
        match self {
            Self::Hash(error) => error.status(),
            Self::Damaged { .. } | Self::NoHash { .. } => ExitStatus::NO_HASH,
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
