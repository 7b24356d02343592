//! The password that is none of the options.

use std::io;

use super::ClientError;
use crate::plan::{ConnectPlan, PasswordSource};
use crate::prompt;
use crate::secret::Secret;

/// The password for CONNECT, from where the plan says, or as the plan has it.
pub(super) async fn obtain(plan: &ConnectPlan) -> Result<Option<Secret>, ClientError> {
    match &plan.password {
        None => Ok(plan.connect.password.clone()),
        Some(PasswordSource::File(path)) => prompt::in_file(path)
            .await
            .map(Some)
            .map_err(|source| ClientError::PasswordFile { path: path.clone(), source }),
        Some(PasswordSource::Stdin) => {
            // The thread ends with the program, if nothing comes.
            let read = tokio::task::spawn_blocking(|| prompt::first_line(io::stdin()));
            let line = read.await.map_err(io::Error::other).and_then(|line| line);
            line.map(Some).map_err(ClientError::Password)
        }
        // Who has none types none.
        Some(PasswordSource::Terminal) => {
            let typed = prompt::ask("Password").await.map_err(ClientError::Password)?;
            Ok(Some(typed).filter(|typed| !typed.expose().is_empty()))
        }
    }
}
