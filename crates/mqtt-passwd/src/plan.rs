//! What will be done: all defaults and conflicts settled.

use std::path::PathBuf;

use mqtt_core::invocation::Behaviour;
use mqtt_core::progress::Progress;

use crate::hash::Algorithm;
use crate::password::Password;
use crate::user_name::UserName;
use crate::warning::Warning;

/// One call of the tool.
#[derive(Debug)]
pub(crate) struct Plan {
    /// What to do.
    pub(crate) action: Action,
    /// Whose habits to keep.
    pub(crate) behaviour: Behaviour,
    /// Whether somebody is shown how far the work has come.
    pub(crate) progress: Progress,
    /// What is doubtful about it from the start.
    pub(crate) warnings: Vec<Warning>,
}

/// What to do.
#[derive(Debug)]
pub(crate) enum Action {
    /// Make a file of one user.
    Create {
        /// Where.
        target: Target,
        /// Who.
        credentials: Credentials,
    },
    /// Drop a user.
    Delete {
        /// From this file.
        file: PathBuf,
        /// Who.
        user: UserName,
    },
    /// Give a user a new password, or add the user.
    Set {
        /// In this file.
        file: PathBuf,
        /// Who.
        credentials: Credentials,
    },
    /// Hash the passwords that are in plain text.
    Upgrade {
        /// In this file.
        file: PathBuf,
        /// How.
        algorithm: Algorithm,
    },
}

/// Where a new file goes.
#[derive(Debug)]
pub(crate) enum Target {
    /// A file that must not exist yet.
    New(PathBuf),
    /// A file, whether it exists or not.
    Overwrite(PathBuf),
    /// Stdout: the line and nothing else.
    Stdout,
}

/// A user and a password to hash.
#[derive(Debug)]
pub(crate) struct Credentials {
    /// Who.
    pub(crate) user: UserName,
    /// Where the password comes from.
    pub(crate) password: PasswordSource,
    /// How to hash it.
    pub(crate) algorithm: Algorithm,
}

/// Where a password comes from.
#[derive(Debug)]
pub(crate) enum PasswordSource {
    /// It is asked for, twice.
    Ask,
    /// It is the first line of a file.
    File(PathBuf),
    /// It was given on the command line.
    Given(Password),
    /// It is one line of stdin.
    Stdin,
}
