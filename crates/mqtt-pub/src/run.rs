//! From the command line to the exit status.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Instant;

use mqtt_core::cli::{self, Parsed, UsageError};
use mqtt_core::client::{self, ClientError};
use mqtt_core::console::HangUp;
use mqtt_core::exit::{ExitStatus, Failure, interrupt_status};
use mqtt_core::invocation::Invocation;
use mqtt_core::protocol::{ProtocolVersion, ReasonCode, TopicName};
use mqtt_core::signal::Interrupt;
use mqtt_core::stats::Stats;

use crate::args;
use crate::plan::{Payloads, PublishPlan, Unsent};
use crate::publisher::{Carried, Outcome, Publisher};
use crate::response::Response;
use crate::source::{Source, SourceError, Stopped};
use crate::tally::{Part, Tally, Unit};
use crate::unsent::{UnsentError, UnsentFile};

/// Why not everything was published.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RunError {
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
    Incomplete { missing: Part, saved: Saved, source: Box<RunError> },
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
    Unanswered { topic: TopicName, source: Box<RunError> },
    /// The broker does not let us see the answer.
    #[error("the broker refused to subscribe to '{topic}': {reason}{explanation}")]
    NotSubscribed { topic: TopicName, reason: ReasonCode, explanation: String },
    /// The end came before the last repetition.
    #[error("{interrupt} after {published} messages")]
    Interrupted { interrupt: Interrupt, published: u64 },
}

impl Failure for RunError {
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
            Self::Interrupted { interrupt, .. } => interrupt_status(*interrupt),
        }
    }

    fn hint(&self) -> Option<String> {
        let saved = match self {
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
            | Self::Interrupted { .. } => None,
        })
    }
}

/// What has become of the lines that did not get through.
#[derive(Debug)]
pub(crate) enum Saved {
    /// They are counted.
    Nowhere,
    /// They are in this file, and this option publishes them.
    In(PathBuf, &'static str),
    /// They should be.
    Failed(UnsentError),
}

impl Saved {
    fn new(file: Option<UnsentFile>) -> Self {
        match file.map_or(Ok(None), UnsentFile::close) {
            Ok(None) => Self::Nowhere,
            Ok(Some((path, option))) => Self::In(path, option),
            Err(error) => Self::Failed(error),
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Nowhere => None,
            Self::In(path, option) => {
                Some(format!("they are in '{}': {option} publishes them", path.display()))
            }
            Self::Failed(error) => {
                let cause = std::error::Error::source(error).map(|cause| format!(": {cause}"));
                Some(format!("they are not saved: {error}{}", cause.unwrap_or_default()))
            }
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
    if let Some(note) = plan.payloads.note_for_typist().filter(|_| cli::reads_keyboard()) {
        cli::tell(plan.connect.audience, note);
    }
    cli::conclude(plan.connect.notices, publish(plan))
}

fn publish(plan: PublishPlan) -> Result<ExitStatus, RunError> {
    let PublishPlan { connect, head, topics, payloads, subscribers, response, unsent } = plan;
    let summary = connect.summary;
    let unit = match &payloads {
        Payloads::One { .. } => Unit::Messages,
        Payloads::Lines { .. } => Unit::Lines,
    };
    let properties = match connect.connect.version {
        ProtocolVersion::V5 => Carried::Settled,
        ProtocolVersion::V31 | ProtocolVersion::V311 => Carried::LeftOut,
    };
    let is_addressed = payloads.are_addressed();
    let source = Source::new(payloads, &head, &topics)?;
    let unsent = open(unsent)?;
    let tally = if is_addressed {
        Tally::of_addressed(unsent, summary)
    } else {
        Tally::new(unit, topics.len(), unsent, summary)
    };
    // The topic is but what a line may leave out.
    let topics = if is_addressed { Vec::new() } else { topics };
    let response = response.map(|plan| Response::new(plan, head.qos));
    let mut publisher = Publisher::new(source, head, topics, properties, subscribers, tally);
    if let Some(response) = response {
        publisher = publisher.awaiting(response);
    }
    let started = Instant::now();
    let result = client::run(&connect, HangUp::ignore, &mut publisher);
    let duration = started.elapsed();
    let outcome = publisher.conclude();
    cli::sum_up(summary, Stats { totals: outcome.tally.totals(), duration });
    conclude(result, outcome)
}

fn open(unsent: Unsent) -> Result<Option<UnsentFile>, UnsentError> {
    match unsent {
        Unsent::Counted => Ok(None),
        Unsent::Saved(plan) => UnsentFile::open(plan).map(Some),
    }
}

fn ended(interrupt: Interrupt) -> RunError {
    RunError::Client(ClientError::Interrupted(interrupt))
}

/// What a run comes to: only when every message is done with, and none refused, is all well.
fn conclude(result: Result<(), RunError>, outcome: Outcome) -> Result<ExitStatus, RunError> {
    let Outcome { tally, interrupt, stopped, failure, mut unanswered } = outcome;
    // What went wrong first is what is told.
    let result = failure.map_or(result, Err);
    let (missing, refusals, published) = (tally.missing(), tally.refusals(), tally.read());
    let unheard = tally.without_subscriber();
    let saved = Saved::new(tally.into_unsent());
    if let Some(missing) = missing {
        return Err(match result.err().or(interrupt.map(ended)) {
            Some(cause) => RunError::Incomplete { missing, saved, source: Box::new(cause) },
            None => RunError::Lost { missing, saved },
        });
    }
    match result {
        // Nothing is missing of what was read: a signal asks for no more.
        Ok(()) | Err(RunError::Client(ClientError::Interrupted(_))) => {}
        Err(error) => {
            return Err(match unanswered.take() {
                Some(topic) => RunError::Unanswered { topic, source: Box::new(error) },
                None => error,
            });
        }
    }
    if let Some((refused, reason)) = refusals {
        return Err(RunError::Refused { refused, reason, saved });
    }
    if let Some(unheard) = unheard {
        return Err(RunError::NoSubscriber { unheard, saved });
    }
    if let Some((topic, interrupt)) = unanswered.zip(interrupt) {
        return Err(RunError::Unanswered { topic, source: Box::new(ended(interrupt)) });
    }
    match interrupt {
        Some(interrupt) if stopped == Stopped::Short => {
            Err(RunError::Interrupted { interrupt, published })
        }
        Some(Interrupt::TimeLimit) => Err(ended(Interrupt::TimeLimit)),
        Some(Interrupt::Signal(_)) | None => Ok(ExitStatus::SUCCESS),
    }
}
