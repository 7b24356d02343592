//! Why the subscription ended badly, and with which status.

use mqtt_core::cli::UsageError;
use mqtt_core::client::ClientError;
use mqtt_core::exit::{ExitStatus, Failure};
use mqtt_core::protocol::ReasonCode;

use crate::exec::CommandError;
use crate::output::FolderError;

/// Whatever ends the subscriber badly.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SubError {
    #[error(transparent)]
    Usage(#[from] UsageError),
    #[error(transparent)]
    Client(#[from] ClientError),
    /// `--output-dir`.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// `--exec`.
    #[error(transparent)]
    Command(#[from] CommandError),
    /// Not one filter was granted.
    #[error("the broker refused every subscription: {filters}")]
    Refused { filters: String, reason: ReasonCode },
    /// There was nothing else to do.
    #[error("the broker refused to unsubscribe: {reason}")]
    NotUnsubscribed { reason: ReasonCode },
    /// `--remove-retained`: the broker said no.
    #[error("the broker refused to remove {count} of {asked} retained messages: {reason}")]
    NotRemoved { count: u64, asked: u64, reason: ReasonCode },
    /// `-W`.
    #[error("timed out")]
    TimedOut,
}

impl Failure for SubError {
    fn status(&self) -> ExitStatus {
        match self {
            Self::Usage(error) => error.status(),
            Self::Client(error) => error.status(),
            Self::Refused { reason, .. }
            | Self::NotUnsubscribed { reason }
            | Self::NotRemoved { reason, .. } => ExitStatus::from_code(reason.0),
            Self::Folder(_) => ExitStatus::FAILURE,
            Self::Command(error) => error.status(),
            Self::TimedOut => ExitStatus::TIMEOUT,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Usage(error) => error.hint(),
            Self::Client(error) => error.hint(),
            Self::Folder(_)
            | Self::Command(_)
            | Self::Refused { .. }
            | Self::NotUnsubscribed { .. }
            | Self::NotRemoved { .. }
            | Self::TimedOut => None,
        }
    }
}
