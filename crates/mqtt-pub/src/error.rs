//! Why not everything was published, and with which status that ends.

use mqtt_core::cli::UsageError;
use mqtt_core::client::ClientError;
use mqtt_core::exit::{ExitStatus, Failure, interrupt_status};
use mqtt_core::protocol::{ReasonCode, TopicName};
use mqtt_core::signal::Interrupt;

use crate::source::SourceError;
use crate::tally::Part;
use crate::unsent::{Saved, UnsentError};

/// Whatever ends the publisher badly.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PubError {
    #[error(transparent)]
    Usage(#[from] UsageError),
    #[error(transparent)]
    Source(#[from] SourceError),
    #[error(transparent)]
    Save(#[from] UnsentError),
    #[error(transparent)]
    Client(ClientError),
    /// The end came before everything was acknowledged.
    #[error("{} did not get through{}", .missing.of_those_read(), .missing.beginning())]
    Incomplete { missing: Part, saved: Saved, source: Box<PubError> },
    /// Connections broke, and what was on its way at QoS 0 went with them.
    #[error("{} lost with the connection (QoS 0){}", .missing.were(), .missing.beginning())]
    Lost { missing: Part, saved: Saved },
    /// The broker said no.
    #[error("the broker refused {refused}{}: {reason}", .refused.beginning())]
    Refused { refused: Part, reason: ReasonCode, saved: Saved },
    /// The broker took it, for nobody.
    #[error("{} no subscriber{}", .unheard.have(), .unheard.beginning())]
    NoSubscriber { unheard: Part, saved: Saved },
    /// The message is published, and nobody answered.
    #[error("no answer on '{topic}'")]
    Unanswered { topic: TopicName, source: Box<PubError> },
    /// The broker does not let us see the answer.
    #[error("the broker refused to subscribe to '{topic}': {reason}{explanation}")]
    NotSubscribed { topic: TopicName, reason: ReasonCode, explanation: String },
    /// `-W`, before anything was connected.
    #[error("timed out before what is to be published could be read")]
    TimedOut,
    /// The end came before the last repetition.
    #[error("{interrupt} after {published} message{}", if *.published == 1 { "" } else { "s" })]
    Interrupted { interrupt: Interrupt, published: u64 },
}

impl Failure for PubError {
    fn status(&self) -> ExitStatus {
        match self {
            Self::Usage(error) => error.status(),
            Self::Source(_) | Self::Save(_) => ExitStatus::FAILURE,
            Self::Lost { .. } => ExitStatus::LOST,
            Self::Client(error) => error.status(),
            Self::Incomplete { source: error, .. } | Self::Unanswered { source: error, .. } => {
                error.status()
            }
            Self::Refused { reason, .. } | Self::NotSubscribed { reason, .. } => {
                ExitStatus::from_code(reason.0)
            }
            Self::NoSubscriber { .. } => {
                ExitStatus::from_code(ReasonCode::NO_MATCHING_SUBSCRIBERS.0)
            }
            Self::TimedOut => ExitStatus::TIMEOUT,
            Self::Interrupted { interrupt, .. } => interrupt_status(*interrupt),
        }
    }

    fn hint(&self) -> Option<String> {
        let saved = match self {
            Self::Incomplete { saved, source, .. } if source.is_about_a_line() => {
                saved.hint().map(|hint| format!("{hint}, once that line is put right"))
            }
            Self::Incomplete { saved, .. }
            | Self::Lost { saved, .. }
            | Self::Refused { saved, .. }
            | Self::NoSubscriber { saved, .. } => saved.hint(),
            _ => None,
        };
        saved.or_else(|| match self {
            Self::Usage(error) => error.hint(),
            Self::Client(error) => error.hint(),
            Self::Incomplete { source: error, .. } | Self::Unanswered { source: error, .. } => {
                error.hint()
            }
            Self::Lost { .. } => Some("QoS 1 (-q 1) sends again what was lost".to_owned()),
            Self::Source(_)
            | Self::Save(_)
            | Self::Refused { .. }
            | Self::NoSubscriber { .. }
            | Self::NotSubscribed { .. }
            | Self::TimedOut
            | Self::Interrupted { .. } => None,
        })
    }
}

impl PubError {
    /// Whether a line is wrong, and so will be again.
    fn is_about_a_line(&self) -> bool {
        matches!(self, Self::Source(SourceError::Line { .. }))
    }
}
