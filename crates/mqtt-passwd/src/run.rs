//! From the plan to what was done: the one place where prompts, hashes and files meet.

use std::ffi::OsString;
use std::io::{self, ErrorKind, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicUsize;
use std::thread;

use mqtt_core::cli::{self, UsageError};
use mqtt_core::exit::{ExitStatus, Failure};
use mqtt_core::invocation::{Behaviour, Invocation};
use mqtt_core::message;
use mqtt_core::progress::Progress;

use crate::args::{Request, request};
use crate::hash::{Algorithm, HashError};
use crate::interruption::{self, Interrupted, Interruption, StoppedBy};
use crate::password_file::{
    self, Before, Edited, Faults, LockedFile, PasswordFile, PasswordFileError, Replaced, Set,
};
use crate::plan::{Action, Credentials, PasswordSource, Plan, Target};
use crate::prompt::{self, PromptError};
use crate::stack;
use crate::user_name::UserName;
use crate::warning::Warning;
use crate::watched::watched;

/// Does what the words of the command line ask for.
pub(crate) fn run(invocation: Invocation, words: Vec<OsString>) -> Result<ExitStatus, PasswdError> {
    let plan = match request(invocation, words)? {
        Request::Do(plan) => *plan,
        Request::Print(text) => return Ok(cli::show(&text)),
        Request::Introduce(text) => return Ok(cli::introduce(&text)),
    };
    match carry_out(plan) {
        // Whoever reads has left: there is nobody to tell.
        Err(PasswdError::Stdout(error)) if error.kind() == ErrorKind::BrokenPipe => {
            Ok(ExitStatus::FAILURE)
        }
        done => done.map(|()| ExitStatus::SUCCESS),
    }
}

fn carry_out(plan: Plan) -> Result<(), PasswdError> {
    let behaviour = plan.behaviour;
    let (done, warnings) = interruption::run(move |interruption| {
        let Plan { progress, warnings, .. } = plan;
        let mut job = Job { interruption, progress, warnings };
        (job.run(plan.action), job.warnings)
    })?;
    for warning in &warnings {
        write_stderr(&message::line(&format!("warning: {warning}")));
    }
    report(&done?, behaviour);
    Ok(())
}

/// What an action came to.
enum Done {
    Deleted(UserName),
    Set(Set, UserName),
    Upgraded {
        hashed: usize,
        kept: usize,
    },
    /// The user's line went to stdout, and nothing else may.
    WrittenToStdout,
}

/// The work on one plan.
struct Job<'a> {
    interruption: &'a Interruption,
    progress: Progress,
    warnings: Vec<Warning>,
}

impl Job<'_> {
    fn run(&mut self, action: Action) -> Result<Done, PasswdError> {
        match action {
            Action::Create { target, credentials } => self.create(&target, credentials),
            Action::Delete { file, user } => self.delete(&file, user),
            Action::Set { file, credentials } => self.set(&file, credentials),
            Action::Upgrade { file, algorithm } => self.upgrade(&file, algorithm),
        }
    }

    fn create(&mut self, target: &Target, credentials: Credentials) -> Result<Done, PasswdError> {
        match target {
            Target::New(path) => password_file::refuse_existing(path)?,
            Target::Overwrite(path) if path.exists() => password_file::check(path)?,
            Target::Overwrite(_) | Target::Stdout => {}
        }
        let (user, hash) = self.hash(credentials)?;
        let line = PasswordFile::of_one(&user, &hash);
        match target {
            Target::Stdout => {
                write_stdout(&line)?;
                return Ok(Done::WrittenToStdout);
            }
            Target::Overwrite(path) if path.exists() => {
                let mut locked = self.open(path)?;
                let old = locked.read()?;
                self.replace(path, locked, &old.overwritten(&user, &hash))?;
            }
            Target::New(path) | Target::Overwrite(path) => {
                self.interruption.change(|| password_file::create(path, &line))??;
            }
        }
        Ok(Done::Set(Set::Added, user))
    }

    fn set(&mut self, path: &Path, credentials: Credentials) -> Result<Done, PasswdError> {
        // Before a password is asked for; others may edit the file until it has been.
        password_file::check(path)?;
        let (user, hash) = self.hash(credentials)?;
        let mut locked = self.open(path)?;
        let old = locked.read()?;
        let (edited, set) = old.set(&user, &hash);
        self.replace(path, locked, &edited)?;
        Ok(Done::Set(set, user))
    }

    fn delete(&mut self, path: &Path, user: UserName) -> Result<Done, PasswdError> {
        let mut locked = self.open(path)?;
        let old = locked.read()?;
        let Some(edited) = old.delete(&user) else {
            return Err(PasswdError::NoSuchUser { user, path: path.to_owned() });
        };
        self.replace(path, locked, &edited)?;
        Ok(Done::Deleted(user))
    }

    fn upgrade(&mut self, path: &Path, algorithm: Algorithm) -> Result<Done, PasswdError> {
        let mut locked = self.open(path)?;
        let old = locked.read()?;
        let plain = old.plain();
        let done = Done::Upgraded { hashed: plain.passwords().len(), kept: plain.kept() };
        let passwords = plain.passwords();
        let hash_all = |done: &AtomicUsize| algorithm.hash_all(passwords, done);
        let hashes = match self.progress {
            Progress::Shown => watched(passwords.len(), self.interruption, hash_all)?,
            Progress::Hidden => hash_all(&AtomicUsize::new(0)),
        }?;
        let edited = old.upgrade(&plain, &hashes);
        if hashes.is_empty() {
            self.warn_of_faults(path, &edited.faults());
        } else {
            self.replace(path, locked, &edited)?;
        }
        Ok(done)
    }

    fn hash(&mut self, credentials: Credentials) -> Result<(UserName, String), PasswdError> {
        let password = match credentials.password {
            PasswordSource::Ask => prompt::ask(self.interruption)?,
            PasswordSource::File(path) => prompt::first_line_of(&path)?,
            PasswordSource::Given(password) => password,
            PasswordSource::Stdin => prompt::line_of_stdin()?,
        };
        let hash = credentials.algorithm.hash(password.as_bytes())?;
        Ok((credentials.user, hash))
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

/// Says what was done: where the original says it, in its words; else to somebody who watches.
fn report(done: &Done, behaviour: Behaviour) {
    let text = match done {
        Done::Deleted(user) => format!("Deleted user {user}\n"),
        Done::Set(Set::Added, user) => format!("Adding password for user {user}\n"),
        Done::Set(Set::Updated, user) => format!("Updating password for user {user}\n"),
        Done::Upgraded { hashed, kept } => {
            format!("Hashed {hashed} passwords, left {kept} other entries as they were\n")
        }
        Done::WrittenToStdout => return,
    };
    match (behaviour, done) {
        // The file has been changed: a stdout that takes no more does not make that undone.
        (Behaviour::Original, Done::Set(..)) => drop(write_stdout(text.as_bytes())),
        (Behaviour::Own, Done::Upgraded { .. }) => write_stderr(&text),
        (Behaviour::Own, _) if io::stderr().is_terminal() => write_stderr(&text),
        _ => {}
    }
}

fn write_stdout(bytes: &[u8]) -> Result<(), PasswdError> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(bytes).and_then(|()| stdout.flush()).map_err(PasswdError::Stdout)
}

/// A stderr that cannot be written to changes nothing about what was done.
fn write_stderr(text: &str) {
    let _ = io::stderr().write_all(text.as_bytes());
}

/// Why the plan was not carried out.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PasswdError {
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
    /// The line could not be written.
    #[error("cannot write to stdout")]
    Stdout(#[source] io::Error),
    /// A signal ended the work.
    #[error(transparent)]
    Stopped(#[from] StoppedBy),
    /// The words on the command line make no sense.
    #[error(transparent)]
    Usage(#[from] UsageError),
}

impl Failure for PasswdError {
    fn status(&self) -> ExitStatus {
        match self {
            Self::File(error) => error.status(),
            Self::Hash(error) => error.status(),
            Self::Interrupted(error) => error.status(),
            Self::NoSuchUser { .. } | Self::Stdout(_) => ExitStatus::FAILURE,
            Self::Prompt(error) => error.status(),
            Self::Stopped(error) => error.status(),
            Self::Usage(error) => error.status(),
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::File(error) => error.hint(),
            Self::Usage(error) => error.hint(),
            _ => None,
        }
    }
}
