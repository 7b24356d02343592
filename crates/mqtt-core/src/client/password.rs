//! The password that is none of the options.

use std::io;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rustix::process::{Pid, WaitId, WaitIdOptions, waitid};

use super::ClientError;
use crate::plan::{ConnectPlan, PasswordSource, Program};
use crate::prompt;
use crate::secret::{SECRETS, Secret};

/// Why a program gave no password.
#[derive(Debug, thiserror::Error)]
pub enum PasswordCommandError {
    /// It cannot be run, or read from.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// It says itself that it failed. Its words went to stderr.
    #[error("{0}")]
    Failed(ExitStatus),
    /// It is content, and printed none.
    #[error("its first line is empty")]
    Empty,
}

/// The password for CONNECT, from where the plan says, or as the plan has it.
pub(super) async fn obtain(plan: &ConnectPlan) -> Result<Option<Secret>, ClientError> {
    match &plan.password {
        None => Ok(plan.connect.password.clone()),
        Some(PasswordSource::File(path)) => prompt::in_file(path)
            .await
            .map(Some)
            .map_err(|source| ClientError::PasswordFile { path: path.clone(), source }),
        Some(PasswordSource::Stdin) => {
            prompt::in_stdin().await.map(Some).map_err(ClientError::Password)
        }
        Some(PasswordSource::Command(program)) => {
            let failed = |source| {
                let program = program.name.clone();
                ClientError::PasswordCommand { program, source }
            };
            printed_by(program).await.map(Some).map_err(failed)
        }
        // Who has none types none.
        Some(PasswordSource::Terminal) => {
            let typed = prompt::ask("Password").await.map_err(ClientError::Password)?;
            Ok(Some(typed).filter(|typed| !typed.expose().is_empty()))
        }
    }
}

/// The first line that a program prints. It reads nothing: stdin may have the messages. When this is
/// dropped, as by a signal, the program has ended.
async fn printed_by(program: &Program) -> Result<Secret, PasswordCommandError> {
    let mut command = Command::new(&program.name);
    command.args(&program.arguments).stdin(Stdio::null()).stdout(Stdio::piped());
    for name in SECRETS {
        command.env_remove(name);
    }
    let child = Arc::new(Mutex::new(command.spawn()?));
    let _ends = Ended(Arc::clone(&child));
    let printed = tokio::task::spawn_blocking(move || first_line_of(&child));
    printed.await.unwrap_or_else(|error| Err(io::Error::other(error).into()))
}

/// What it prints behind the line is read as well, so that its end is its own.
fn first_line_of(child: &Mutex<Child>) -> Result<Secret, PasswordCommandError> {
    let (output, id) = {
        let mut child = lock(child);
        (child.stdout.take(), Pid::from_child(&child))
    };
    let line = output.map(|mut output| {
        let line = prompt::first_line(&mut output);
        io::copy(&mut output, &mut io::sink()).and(line)
    });
    // It is not held while it runs, so that it can be ended.
    waitid(WaitId::Pid(id), WaitIdOptions::EXITED | WaitIdOptions::NOWAIT)
        .map_err(io::Error::from)?;
    let status = lock(child).wait()?;
    if !status.success() {
        return Err(PasswordCommandError::Failed(status));
    }
    match line.transpose()? {
        Some(password) if !password.expose().is_empty() => Ok(password),
        _ => Err(PasswordCommandError::Empty),
    }
}

/// A program that nobody waits for any more, once this is dropped.
struct Ended(Arc<Mutex<Child>>);

impl Drop for Ended {
    fn drop(&mut self) {
        // One that has ended by itself is left alone.
        let _ = lock(&self.0).kill();
    }
}

fn lock(child: &Mutex<Child>) -> MutexGuard<'_, Child> {
    child.lock().unwrap_or_else(PoisonError::into_inner)
}
