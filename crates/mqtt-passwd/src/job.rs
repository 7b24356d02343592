//! The work on one plan: the one place where prompts, hashes and files meet.

use std::path::Path;
use std::thread;

use zeroize::Zeroizing;

use crate::check::{CheckError, Checked};
use crate::error::PasswdError;
use crate::hash::{Algorithm, HashError};
use crate::interruption::Interruption;
use crate::listing;
use crate::output;
use crate::password::Password;
use crate::password_file::{
    self, Before, Edited, Faults, LockedFile, PasswordFile, PasswordFileError, Replaced, Set,
};
use crate::plan::{
    Action, Credentials, Effect, ListForm, PasswordSource, Plan, Repetition, Target,
};
use crate::prompt::{self, PromptError};
use crate::stack;
use crate::user_name::UserName;
use crate::warning::Warning;

/// What became of the files.
pub(crate) struct Outcome {
    /// What was done, for people.
    pub(crate) done: Done,
    is_changed: bool,
}

impl Outcome {
    /// What `--if-changed` says.
    pub(crate) fn word(&self) -> &'static str {
        if self.is_changed { "changed\n" } else { "unchanged\n" }
    }
}

/// What an action came to.
pub(crate) enum Done {
    Checked,
    Deleted(UserName),
    /// There was nothing to do, or stdout has it all.
    Nothing,
    Set(Set, UserName),
    Upgraded {
        hashed: usize,
        kept: usize,
    },
}

/// Does it, and says what is doubtful about it.
pub(crate) fn run(
    plan: Plan,
    interruption: &Interruption,
) -> (Result<Outcome, PasswdError>, Vec<Warning>) {
    let Plan { action, effect, repetition, warnings, .. } = plan;
    let mut job = Job { interruption, effect, repetition, warnings, is_changed: false };
    let done = job.run(action);
    let outcome = done.map(|done| Outcome { done, is_changed: job.is_changed });
    (outcome, job.warnings)
}

/// The work on one plan.
struct Job<'a> {
    interruption: &'a Interruption,
    effect: Effect,
    repetition: Repetition,
    warnings: Vec<Warning>,
    /// Whether the file is another one now, or would be.
    is_changed: bool,
}

impl Job<'_> {
    fn run(&mut self, action: Action) -> Result<Done, PasswdError> {
        match action {
            Action::Check { file, user, password } => self.check(&file, &user, password),
            Action::Create { target, credentials } => self.create(&target, credentials),
            Action::Delete { file, user } => self.delete(&file, user),
            Action::List { file, form } => list(&file, form),
            Action::Set { file, credentials } => self.set(&file, credentials),
            Action::Upgrade { file, algorithm } => self.upgrade(&file, algorithm),
        }
    }

    fn check(
        &mut self,
        path: &Path,
        user: &UserName,
        password: PasswordSource,
    ) -> Result<Done, PasswdError> {
        let file = password_file::read(path).map_err(CheckError::Unreadable)?;
        let mut checked = Checked::find(&file, path, user)?;
        self.warnings.append(&mut checked.warnings);
        let password = match password {
            PasswordSource::Ask => prompt::ask_existing(self.interruption)?,
            source => self.password(source)?,
        };
        checked.check(&password)?;
        Ok(Done::Checked)
    }

    fn create(&mut self, target: &Target, credentials: Credentials) -> Result<Done, PasswdError> {
        match target {
            Target::New(path) => password_file::refuse_existing(path)?,
            Target::Overwrite(path) if path.exists() => self.look_ahead(path)?,
            Target::Overwrite(_) | Target::Stdout => {}
        }
        let Credentials { user, password, algorithm } = credentials;
        let password = self.password(password)?;
        let hash = self.hash(&password, algorithm)?;
        match target {
            Target::Stdout => {
                output::to_stdout(&PasswordFile::of_one(&user, &hash))?;
                return Ok(Done::Nothing);
            }
            Target::Overwrite(path) if path.exists() => {
                self.edit(path, |old| Ok((old.overwritten(&user, &hash), ())))?;
            }
            Target::New(path) | Target::Overwrite(path) => {
                self.create_file(path, &user, &hash)?;
            }
        }
        Ok(Done::Set(Set::Added, user))
    }

    fn create_file(&mut self, path: &Path, user: &UserName, hash: &str) -> Result<(), PasswdError> {
        match self.effect {
            Effect::Change => {
                let line = PasswordFile::of_one(user, hash);
                self.interruption.change(|| password_file::create(path, &line))??;
            }
            Effect::Show => {
                let nothing = PasswordFile::new(Zeroizing::default());
                let (edited, _) = nothing.set(user, hash);
                output::to_stdout(edited.diff().as_bytes())?;
            }
        }
        self.is_changed = true;
        Ok(())
    }

    fn set(&mut self, path: &Path, credentials: Credentials) -> Result<Done, PasswdError> {
        // Before a password is asked for; others may edit the file until it has been.
        self.look_ahead(path)?;
        let Credentials { user, password, algorithm } = credentials;
        let password = self.password(password)?;
        if self.repetition == Repetition::IfChanged {
            let old = self.read(path)?;
            if is_current(&old, &user, &password, algorithm)? {
                self.warn_of_faults(path, &old.unchanged().faults());
                return Ok(Done::Nothing);
            }
        }
        // Not under the lock, since it may take long.
        let hash = self.hash(&password, algorithm)?;
        let set = self.edit(path, |old| Ok(old.set(&user, &hash)))?;
        Ok(Done::Set(set, user))
    }

    fn delete(&mut self, path: &Path, user: UserName) -> Result<Done, PasswdError> {
        let repetition = self.repetition;
        self.edit(path, |old| match (old.delete(&user), repetition) {
            (Some(edited), _) => Ok((edited, ())),
            (None, Repetition::IfChanged) => Ok((old.unchanged(), ())),
            (None, Repetition::Always) => {
                Err(PasswdError::NoSuchUser { user: user.clone(), path: path.to_owned() })
            }
        })?;
        Ok(Done::Deleted(user))
    }

    fn upgrade(&mut self, path: &Path, algorithm: Algorithm) -> Result<Done, PasswdError> {
        let effect = self.effect;
        self.edit(path, |old| {
            let plain = old.plain();
            let done = Done::Upgraded { hashed: plain.passwords().len(), kept: plain.kept() };
            let hashes = match effect {
                Effect::Change => algorithm.hash_all(plain.passwords())?,
                Effect::Show => vec![algorithm.form(); plain.passwords().len()],
            };
            Ok((old.upgrade(&plain, &hashes), done))
        })
    }

    fn password(&self, source: PasswordSource) -> Result<Password, PromptError> {
        match source {
            PasswordSource::Ask => prompt::ask(self.interruption),
            PasswordSource::File(path) => prompt::first_line_of(&path),
            PasswordSource::Given(password) => Ok(password),
            PasswordSource::Stdin => prompt::line_of_stdin(),
        }
    }

    fn hash(&self, password: &Password, algorithm: Algorithm) -> Result<String, HashError> {
        match self.effect {
            Effect::Change => algorithm.hash(password.as_bytes()),
            Effect::Show => Ok(algorithm.form()),
        }
    }

    /// Finds out whether the edit has a chance.
    fn look_ahead(&self, path: &Path) -> Result<(), PasswordFileError> {
        match self.effect {
            Effect::Change => password_file::check(path),
            Effect::Show => password_file::read(path).map(drop),
        }
    }

    /// What is in the file now.
    fn read(&mut self, path: &Path) -> Result<PasswordFile, PasswordFileError> {
        match self.effect {
            // Nobody is to be in the middle of an edit.
            Effect::Change => self.open(path)?.read(),
            Effect::Show => password_file::read(path),
        }
    }

    /// Makes an edit, or shows what it would come to.
    fn edit<T>(
        &mut self,
        path: &Path,
        edit: impl for<'a> FnOnce(&'a PasswordFile) -> Result<(Edited<'a>, T), PasswdError>,
    ) -> Result<T, PasswdError> {
        let mut locked = match self.effect {
            Effect::Change => Some(self.open(path)?),
            Effect::Show => None,
        };
        let old = match &mut locked {
            Some(locked) => locked.read()?,
            None => password_file::read(path)?,
        };
        let (edited, done) = edit(&old)?;
        match locked {
            Some(locked) if !edited.is_unchanged() => self.replace(path, locked, &edited)?,
            _ => {
                output::to_stdout(edited.diff().as_bytes())?;
                self.warn_of_faults(path, &edited.faults());
            }
        }
        self.is_changed = !edited.is_unchanged();
        Ok(done)
    }

    fn open(&mut self, path: &Path) -> Result<LockedFile, PasswordFileError> {
        let locked = LockedFile::open(path)?;
        if locked.found() == Before::Undone {
            self.warnings.push(Warning::Undone(path.to_owned()));
        }
        Ok(locked)
    }

    fn replace(
        &mut self,
        path: &Path,
        locked: LockedFile,
        edited: &Edited,
    ) -> Result<(), PasswdError> {
        let mode = locked.open_to_all();
        // The lines that stay are looked at while the system puts the file on the disk.
        let (replaced, faults) = thread::scope(|scope| {
            let faults = scope.spawn(|| {
                let faults = edited.faults();
                stack::wipe();
                faults
            });
            (self.interruption.change(|| locked.replace(edited)), faults.join())
        });
        match faults {
            Ok(faults) => self.warn_of_faults(path, &faults),
            Err(panic) => std::panic::resume_unwind(panic),
        }
        if let Some(mode) = mode {
            self.warnings.push(Warning::OpenToAll { path: path.to_owned(), mode });
        }
        match replaced?? {
            Replaced::Renamed => {}
            Replaced::InPlace(because, undo) => {
                self.warnings.push(Warning::InPlace { path: path.to_owned(), because, undo });
            }
        }
        Ok(())
    }

    fn warn_of_faults(&mut self, path: &Path, faults: &Faults) {
        if !faults.is_empty() {
            self.warnings
                .push(Warning::Faults { path: path.to_owned(), faults: faults.to_string() });
        }
    }
}

/// Whether the user's line needs no edit: the one that an edit would change has this very password,
/// as it would be written.
fn is_current(
    file: &PasswordFile,
    user: &UserName,
    password: &Password,
    algorithm: Algorithm,
) -> Result<bool, HashError> {
    let records = file.records();
    let first = records.iter().find(|record| record.user == user.as_bytes());
    match first.map(|record| record.hash) {
        Some(Ok(hash)) if hash.is_as_written_by(algorithm) => hash.verifies(password.as_bytes()),
        _ => Ok(false),
    }
}

fn list(path: &Path, form: ListForm) -> Result<Done, PasswdError> {
    let file = password_file::read(path)?;
    let records = file.records();
    match form {
        ListForm::Json => output::to_stdout(&listing::json(&records))?,
        ListForm::Table => output::to_stdout(listing::table(&records).as_bytes())?,
    }
    Ok(Done::Nothing)
}
