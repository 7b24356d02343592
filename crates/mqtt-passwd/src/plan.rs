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
    /// Whether the file is written.
    pub(crate) effect: Effect,
    /// What becomes of what is there already.
    pub(crate) repetition: Repetition,
    /// Whose habits to keep.
    pub(crate) behaviour: Behaviour,
    /// Whether somebody is shown how far the work has come.
    pub(crate) progress: Progress,
    /// What is doubtful about it from the start.
    pub(crate) warnings: Vec<Warning>,
}

impl Plan {
    /// Whether passwords are made, which stdout gets.
    pub(crate) fn generates(&self) -> bool {
        match &self.action {
            Action::Create { credentials, .. } | Action::Set { credentials, .. } => matches!(
                credentials.users,
                Users::Names | Users::One { password: PasswordSource::Generated, .. }
            ),
            _ => false,
        }
    }
}

/// Whether an edit is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    /// It is.
    Change,
    /// What it would change is shown, and nothing is touched (`--dry-run`).
    Show,
}

/// Whether an edit is made that changes nothing but the salt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Repetition {
    /// It is.
    Always,
    /// It is not; stdout gets a word for what became of the file (`--if-changed`).
    IfChanged,
}

/// What to do.
#[derive(Debug)]
pub(crate) enum Action {
    /// Say whether a password is the right one.
    Check {
        /// In this file.
        file: PathBuf,
        /// Whose.
        user: UserName,
        /// Which.
        password: PasswordSource,
    },
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
    /// Say who is in a file, and with what hash.
    List {
        /// In this file.
        file: PathBuf,
        /// How to say it.
        form: ListForm,
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

/// What a list looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ListForm {
    /// One JSON object a line.
    Json,
    /// Columns.
    Table,
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

/// Users and passwords to hash.
#[derive(Debug)]
pub(crate) struct Credentials {
    /// Who.
    pub(crate) users: Users,
    /// How to hash the passwords.
    pub(crate) algorithm: Algorithm,
}

/// Where users come from.
#[derive(Debug)]
pub(crate) enum Users {
    /// Stdin lists them with their passwords.
    Logins,
    /// Stdin lists their names; passwords are generated.
    Names,
    /// There is one.
    One {
        /// Who.
        user: UserName,
        /// Where the password comes from.
        password: PasswordSource,
    },
}

/// Where a password comes from.
#[derive(Debug)]
pub(crate) enum PasswordSource {
    /// It is asked for: twice, if it is new.
    Ask,
    /// It is the first line of a file.
    File(PathBuf),
    /// It is made of random bytes.
    Generated,
    /// It was given on the command line.
    Given(Password),
    /// It is one line of stdin.
    Stdin,
}
