//! The password that is none of the options.

use std::io;
use std::process::{Command, ExitStatus, Stdio};

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
            let name = program.name.clone();
            let program = program.clone();
            // The thread ends with the program, if nothing comes.
            let printed = tokio::task::spawn_blocking(move || printed_by(&program));
            let printed = printed.await.unwrap_or_else(|error| Err(io::Error::other(error).into()));
            printed
                .map(Some)
                .map_err(|source| ClientError::PasswordCommand { program: name, source })
        }
        // Who has none types none.
        Some(PasswordSource::Terminal) => {
            let typed = prompt::ask("Password").await.map_err(ClientError::Password)?;
            Ok(Some(typed).filter(|typed| !typed.expose().is_empty()))
        }
    }
}

/// The first line that a program prints. It reads nothing: stdin may have the messages. What it
/// prints behind the line is read as well, so that its end is its own.
fn printed_by(program: &Program) -> Result<Secret, PasswordCommandError> {
    let mut command = Command::new(&program.name);
    command.args(&program.arguments).stdin(Stdio::null()).stdout(Stdio::piped());
    for name in SECRETS {
        command.env_remove(name);
    }
    let mut child = command.spawn()?;
    let line = child.stdout.take().map(|mut output| {
        let line = prompt::first_line(&mut output);
        io::copy(&mut output, &mut io::sink()).and(line)
    });
    let status = child.wait()?;
    if !status.success() {
        return Err(PasswordCommandError::Failed(status));
    }
    match line.transpose()? {
        Some(password) if !password.expose().is_empty() => Ok(password),
        _ => Err(PasswordCommandError::Empty),
    }
}
