//! User names and passwords that are of no use.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};

use mqtt_core::invocation::Behaviour;
use zeroize::Zeroizing;

use super::ArgsError;
use crate::password::{Password, PasswordError};
use crate::user_name::UserName;
use crate::warning::Warning;

/// What is of no use is refused under our own name; under the original's it is done, with a
/// warning.
pub(super) struct Doubts {
    behaviour: Behaviour,
    /// What was found so far.
    pub(super) warnings: Vec<Warning>,
}

impl Doubts {
    pub(super) fn new(behaviour: Behaviour) -> Self {
        Self { behaviour, warnings: Vec::new() }
    }

    pub(super) fn user_name(&mut self, given: &OsStr) -> Result<UserName, ArgsError> {
        let user = UserName::new(given.as_bytes())?;
        match (user.concern(), self.behaviour) {
            (None, _) => {}
            (Some(concern), Behaviour::Own) => return Err(concern.into()),
            (Some(concern), Behaviour::Original) => {
                self.warnings.push(Warning::UserName(concern));
            }
        }
        Ok(user)
    }

    pub(super) fn password(&mut self, given: OsString) -> Result<Password, ArgsError> {
        let password = Password::new(Zeroizing::new(given.into_vec()))?;
        if password.is_empty() {
            match self.behaviour {
                Behaviour::Own => return Err(PasswordError::Empty.into()),
                Behaviour::Original => {
                    self.warnings.push(Warning::Password(PasswordError::Empty));
                }
            }
        }
        Ok(password)
    }
}
