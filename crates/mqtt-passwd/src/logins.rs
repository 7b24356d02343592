//! Users whose passwords are to be hashed: where they come from, who of them needs an edit, and what
//! is told of passwords that were made.

use std::collections::HashMap;

use foldhash::fast::RandomState;
use zeroize::Zeroizing;

use crate::error::PasswdError;
use crate::hash::{Algorithm, HashError, cores};
use crate::hashing::Hashing;
use crate::interruption::Interruption;
use crate::output;
use crate::password::Password;
use crate::password_file::{NewEntry, PasswordFile};
use crate::plan::{PasswordSource, Users};
use crate::prompt;
use crate::user_list::{self, Login};

/// One or many, each with a password.
pub(crate) struct Logins {
    list: Vec<Login>,
    told: Told,
}

/// What stdout gets of them.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Told {
    /// `USER:PASSWORD` lines: the passwords were generated.
    Logins,
    /// Nothing: whoever gave the passwords has them.
    Nothing,
    /// The password, which was generated, of the only one.
    Password,
}

impl Logins {
    /// Asks for them, reads them or makes them.
    pub(crate) fn of(users: Users, interruption: &Interruption) -> Result<Self, PasswdError> {
        let (list, told) = match users {
            Users::Logins => (user_list::logins(&prompt::list_of_stdin()?)?, Told::Nothing),
            Users::Names => {
                let names = user_list::names(&prompt::list_of_stdin()?)?;
                let generated = |user| {
                    Ok(Login {
                        user,
                        password: password_from(PasswordSource::Generated, interruption)?,
                    })
                };
                let list: Result<_, PasswdError> = names.into_iter().map(generated).collect();
                (list?, Told::Logins)
            }
            Users::One { user, password } => {
                let told = match password {
                    PasswordSource::Generated => Told::Password,
                    _ => Told::Nothing,
                };
                let password = password_from(password, interruption)?;
                (vec![Login { user, password }], told)
            }
        };
        Ok(Self { list, told })
    }

    /// Whether there are none.
    pub(crate) fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Drops those who need no edit: the line that one would change has this very password, as it
    /// would be written.
    pub(crate) fn retain_outdated(
        &mut self,
        file: &PasswordFile,
        algorithm: Algorithm,
    ) -> Result<(), HashError> {
        let records = file.records();
        let first_lines = records.iter().zip(0..).filter(|(record, _)| record.first.is_none());
        let known: HashMap<&[u8], usize, RandomState> =
            first_lines.map(|(record, index)| (record.user, index)).collect();
        let current = cores::map(&self.list, |Login { user, password }| {
            match known.get(user.as_bytes()).map(|&index| records[index].hash) {
                Some(Ok(hash)) if hash.is_as_written_by(algorithm) => {
                    hash.verifies(password.as_bytes())
                }
                _ => Ok(false),
            }
        })?;
        let mut current = current.into_iter();
        self.list.retain(|_| current.next() != Some(true));
        Ok(())
    }

    /// Their new lines, hashed on all cores.
    pub(crate) fn hashed(self, hashing: &Hashing<'_>) -> Result<Vec<NewEntry>, PasswdError> {
        let passwords: Vec<_> = self.list.iter().map(|login| login.password.as_bytes()).collect();
        let hashes = hashing.hash_all(&passwords)?;
        // Before anything is changed: a password that nobody could read would lock its user out.
        self.tell()?;
        Ok(entries(self.list, hashes.into_iter()))
    }

    /// The same without the work.
    pub(crate) fn sketched(self, algorithm: Algorithm) -> Vec<NewEntry> {
        entries(self.list, std::iter::repeat(algorithm.form()))
    }

    fn tell(&self) -> Result<(), PasswdError> {
        if self.told == Told::Nothing {
            return Ok(());
        }
        let length =
            |login: &Login| login.user.as_bytes().len() + login.password.as_bytes().len() + 2;
        // Room for all: a buffer that grew would leave unwiped copies behind.
        let mut text = Zeroizing::new(Vec::with_capacity(self.list.iter().map(length).sum()));
        for Login { user, password } in &self.list {
            if self.told == Told::Logins {
                text.extend_from_slice(user.as_bytes());
                text.push(b':');
            }
            text.extend_from_slice(password.as_bytes());
            text.push(b'\n');
        }
        output::secret_to_stdout(&text)
    }
}

fn entries(logins: Vec<Login>, hashes: impl Iterator<Item = String>) -> Vec<NewEntry> {
    let users = logins.into_iter().map(|login| login.user);
    users.zip(hashes).map(|(user, hash)| NewEntry { user, hash }).collect()
}

/// A password that is given somewhere.
pub(crate) fn password_from(
    source: PasswordSource,
    interruption: &Interruption,
) -> Result<Password, PasswdError> {
    Ok(match source {
        PasswordSource::Ask => prompt::ask(interruption)?,
        PasswordSource::File(path) => prompt::first_line_of(&path)?,
        PasswordSource::Generated => Password::generate().map_err(PasswdError::Random)?,
        PasswordSource::Given(password) => password,
        PasswordSource::Stdin => prompt::line_of_stdin()?,
    })
}
