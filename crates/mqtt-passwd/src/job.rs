//! The work on one plan: here, and for passwords that are to be hashed in `logins`, prompts, hashes
//! and files meet.

use std::io::ErrorKind;
use std::path::Path;
use std::thread;

use mqtt_core::progress::Progress;
use zeroize::Zeroizing;

use crate::check::{CheckError, Checked};
use crate::error::PasswdError;
use crate::hash::Algorithm;
use crate::hashing::Hashing;
use crate::interruption::Interruption;
use crate::listing;
use crate::logins::{Logins, password_from};
use crate::output;
use crate::password_file::{
    self, Before, Counts, Edited, Faults, LockedFile, NewEntry, NewFile, PasswordFile,
    PasswordFileError, Replaced, Set,
};
use crate::plan::{
    Action, Credentials, Effect, ListForm, PasswordSource, Plan, Repetition, Target,
};
use crate::prompt;
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

    /// Says it. Who does not want to hear it, as `| true`, need not; who does must not take an error
    /// for a file as it was.
    pub(crate) fn tell(&self) -> Result<(), PasswdError> {
        match output::to_stdout(self.word().as_bytes()) {
            Err(PasswdError::Stdout(source)) if source.kind() != ErrorKind::BrokenPipe => {
                let became = if self.is_changed { "was changed" } else { "is as it was" };
                Err(PasswdError::Unsaid { became, source })
            }
            _ => Ok(()),
        }
    }
}

/// What an action came to.
pub(crate) enum Done {
    Checked,
    Deleted(UserName),
    /// There was nothing to do, or stdout has it all.
    Nothing,
    Set(Set, UserName),
    SetAll(Counts),
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
    let Plan { action, effect, repetition, progress, warnings, .. } = plan;
    let mut job = Job { interruption, effect, repetition, progress, warnings, is_changed: false };
    let done = job.run(action);
    let outcome = done.map(|done| Outcome { done, is_changed: job.is_changed });
    (outcome, job.warnings)
}

/// The work on one plan.
struct Job<'a> {
    interruption: &'a Interruption,
    effect: Effect,
    repetition: Repetition,
    progress: Progress,
    warnings: Vec<Warning>,
    /// Whether the file is another one now, or would be.
    is_changed: bool,
}

impl<'a> Job<'a> {
    fn hashing(&self, algorithm: Algorithm) -> Hashing<'a> {
        Hashing { algorithm, interruption: self.interruption, progress: self.progress }
    }
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
            source => password_from(source, self.interruption)?,
        };
        checked.check(&password)?;
        Ok(Done::Checked)
    }

    fn create(&mut self, target: &Target, credentials: Credentials) -> Result<Done, PasswdError> {
        match target {
            Target::Overwrite(path) if path.exists() => self.look_ahead(path)?,
            Target::New(path) | Target::Overwrite(path) => password_file::refuse_existing(path)?,
            Target::Stdout => {}
        }
        let logins = Logins::of(credentials.users, self.interruption)?;
        let entries = self.entries(logins, credentials.algorithm)?;
        match target {
            Target::Stdout => {
                output::to_stdout(&PasswordFile::of(&entries))?;
                return Ok(Done::Nothing);
            }
            Target::Overwrite(path) if path.exists() => {
                self.edit(path, |old| Ok((old.overwritten(&entries), ())))?;
            }
            Target::New(path) | Target::Overwrite(path) => self.create_file(path, &entries)?,
        }
        Ok(match <[_; 1]>::try_from(entries) {
            Ok([NewEntry { user, .. }]) => Done::Set(Set::Added, user),
            Err(many) => Done::SetAll(Counts { added: many.len(), updated: 0 }),
        })
    }

    fn create_file(&mut self, path: &Path, entries: &[NewEntry]) -> Result<(), PasswdError> {
        match self.effect {
            Effect::Change => {
                let content = PasswordFile::of(entries);
                // Not within the change: a signal may end the wait for the lock.
                let new = NewFile::lock(path)?;
                self.interruption.change(|| new.write(&content))??;
            }
            Effect::Show => {
                let nothing = PasswordFile::new(Zeroizing::default());
                output::to_stdout(nothing.overwritten(entries).diff().as_bytes())?;
            }
        }
        self.is_changed = true;
        Ok(())
    }

    fn set(&mut self, path: &Path, credentials: Credentials) -> Result<Done, PasswdError> {
        // Before a password is asked for; others may edit the file until it has been.
        self.look_ahead(path)?;
        let Credentials { users, algorithm } = credentials;
        let mut logins = Logins::of(users, self.interruption)?;
        if self.repetition == Repetition::IfChanged {
            let old = self.read(path)?;
            logins.retain_outdated(&old, algorithm)?;
            if logins.is_empty() {
                self.warn_of_faults(path, &old.unchanged().faults());
                return Ok(Done::Nothing);
            }
        }
        // Not under the lock, since it may take long.
        let entries = self.entries(logins, algorithm)?;
        match <[_; 1]>::try_from(entries) {
            Ok([NewEntry { user, hash }]) => {
                let set = self.edit(path, |old| Ok(old.set(&user, &hash)))?;
                Ok(Done::Set(set, user))
            }
            Err(many) => self.edit(path, |old| {
                let (edited, counts) = old.set_all(&many);
                Ok((edited, Done::SetAll(counts)))
            }),
        }
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
        let (effect, hashing) = (self.effect, self.hashing(algorithm));
        let (done, unknown) = self.edit(path, |old| {
            let plain = old.plain();
            let done = Done::Upgraded { hashed: plain.passwords().len(), kept: plain.kept() };
            let hashes = match effect {
                Effect::Change => hashing.hash_all(plain.passwords())?,
                Effect::Show => vec![algorithm.form(); plain.passwords().len()],
            };
            Ok((old.upgrade(&plain, &hashes), (done, plain.into_unknown())))
        })?;
        if !unknown.is_empty() {
            self.warnings.push(Warning::UnknownHashes { path: path.to_owned(), lines: unknown });
        }
        Ok(done)
    }

    fn entries(&self, logins: Logins, algorithm: Algorithm) -> Result<Vec<NewEntry>, PasswdError> {
        match self.effect {
            Effect::Change => logins.hashed(&self.hashing(algorithm)),
            Effect::Show => Ok(logins.sketched(algorithm)),
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
            Replaced::InPlace(because, remedy) => {
                self.warnings.push(Warning::InPlace { path: path.to_owned(), because, remedy });
            }
        }
        Ok(())
    }

    fn warn_of_faults(&mut self, path: &Path, faults: &Faults) {
        if !faults.is_empty() {
            self.warnings.push(Warning::Faults {
                path: path.to_owned(),
                effect: self.effect,
                faults: faults.to_string(),
            });
        }
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
