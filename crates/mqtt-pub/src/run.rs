//! From the command line to the exit status.

use std::ffi::OsString;

use mqtt_core::cli::{self, Parsed, UsageError};
use mqtt_core::client::{self, ClientError};
use mqtt_core::console::HangUp;
use mqtt_core::exit::{ExitStatus, Failure};
use mqtt_core::invocation::Invocation;
use mqtt_core::protocol::ReasonCode;
use mqtt_core::signal::Interrupt;

use crate::args;
use crate::publisher::{Publisher, Tally};
use crate::source::{Source, SourceError};

/// Why not everything was published.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RunError {
    #[error(transparent)]
    Usage(#[from] UsageError),
    #[error(transparent)]
    Source(#[from] SourceError),
    #[error(transparent)]
    Client(ClientError),
    /// The connection could not be kept up until everything was acknowledged.
    #[error("{missing} of {published} messages read did not get through")]
    Incomplete { missing: u64, published: u64, source: ClientError },
    /// Connections broke, and what was on its way at QoS 0 went with them.
    #[error("{missing} of {published} messages were lost with the connection (QoS 0)")]
    Unsent { missing: u64, published: u64 },
    /// The broker said no.
    #[error("the broker refused {count} of {published} messages: {reason}")]
    Refused { count: u64, published: u64, reason: ReasonCode },
    /// A signal came before the last repetition.
    #[error("ended by {interrupt} after {published} messages")]
    Interrupted { interrupt: Interrupt, published: u64 },
}

impl Failure for RunError {
    fn status(&self) -> ExitStatus {
        match self {
            Self::Usage(error) => error.status(),
            Self::Source(_) => ExitStatus::FAILURE,
            Self::Unsent { .. } => ExitStatus::LOST,
            Self::Client(error) | Self::Incomplete { source: error, .. } => error.status(),
            Self::Refused { reason, .. } => ExitStatus::from_code(reason.0),
            Self::Interrupted { interrupt, .. } => ClientError::Interrupted(*interrupt).status(),
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Usage(error) => error.hint(),
            Self::Client(error) | Self::Incomplete { source: error, .. } => error.hint(),
            Self::Unsent { .. } => Some("QoS 1 (-q 1) sends again what was lost".to_owned()),
            Self::Source(_) | Self::Refused { .. } | Self::Interrupted { .. } => None,
        }
    }
}

/// Publishes what the words ask for.
pub(crate) fn run(invocation: Invocation, words: Vec<OsString>) -> Result<ExitStatus, RunError> {
    let variable = |name: &str| std::env::var_os(name);
    let given = match cli::parse_all(invocation, args::command(invocation), words, variable)? {
        Parsed::Text(text) => return Ok(cli::show(&text)),
        Parsed::Introduction(text) => return Ok(cli::introduce(&text)),
        Parsed::Given(given) => given,
    };
    let plan = args::plan(&given)?;
    cli::warn(&given, &plan.connect);
    if let Some(text) = given.shown_config(&plan.connect, &[]) {
        return Ok(cli::show(&text));
    }
    let source = Source::open(plan.payloads)?;
    let mut publisher = Publisher::new(source, plan.message);
    let result = client::run(&plan.connect, HangUp::ignore, &mut publisher);
    cli::conclude(plan.connect.notices, conclude(result, publisher.tally()))
}

/// What a run comes to: only when every message is done with, and none refused, is all well.
fn conclude(result: Result<(), RunError>, tally: Tally) -> Result<ExitStatus, RunError> {
    let published = tally.published;
    let missing = published.saturating_sub(tally.completed);
    match result {
        Err(RunError::Client(source)) if missing > 0 => {
            return Err(RunError::Incomplete { missing, published, source });
        }
        result => result?,
    }
    if missing > 0 {
        return Err(RunError::Unsent { missing, published });
    }
    if let Some((count, reason)) = tally.refused {
        return Err(RunError::Refused { count, published, reason });
    }
    if let Some(interrupt) = tally.interrupted {
        return Err(RunError::Interrupted { interrupt, published });
    }
    Ok(ExitStatus::SUCCESS)
}
