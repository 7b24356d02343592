//! Why a command has failed.

use std::ffi::OsString;
use std::io;
use std::time::Duration;

use mqtt_core::exit::ExitStatus;
use mqtt_core::protocol::TopicName;

/// A command that has failed, and for which message.
#[derive(Debug, thiserror::Error)]
#[error("the command for a message on topic '{topic}' {cause}")]
pub(crate) struct CommandError {
    topic: String,
    pub(crate) cause: Cause,
}

/// What went wrong.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Cause {
    #[error("cannot be run: '{}': {error}", program.display())]
    Start { program: OsString, error: io::Error },
    #[error("ended with status {0}")]
    Status(u8),
    #[error("was ended by signal {0}")]
    Signal(u8),
    #[error("took longer than {} s (--exec-timeout)", .0.as_secs_f64())]
    TimeLimit(Duration),
    #[error("was ended, since the run is over")]
    CutShort,
}

impl CommandError {
    pub(super) fn new(topic: &TopicName, cause: Cause) -> Self {
        Self { topic: topic.as_str().to_owned(), cause }
    }

    /// Whether it would be the same for every other message.
    pub(crate) fn is_final(&self) -> bool {
        matches!(&self.cause, Cause::Start { error, .. } if matches!(
            error.kind(),
            io::ErrorKind::NotFound | io::ErrorKind::PermissionDenied
        ))
    }

    /// The status of a run that it ends: the command's own, or what a shell and timeout(1) have.
    pub(crate) fn status(&self) -> ExitStatus {
        match &self.cause {
            Cause::Start { error, .. } => match error.kind() {
                io::ErrorKind::NotFound => ExitStatus::COMMAND_NOT_FOUND,
                io::ErrorKind::PermissionDenied => ExitStatus::COMMAND_NOT_EXECUTABLE,
                _ => ExitStatus::FAILURE,
            },
            Cause::Status(status) => ExitStatus::from_code(*status),
            Cause::Signal(number) => ExitStatus::from_signal(*number),
            Cause::TimeLimit(_) => ExitStatus::COMMAND_TIMEOUT,
            Cause::CutShort => ExitStatus::FAILURE,
        }
    }
}
