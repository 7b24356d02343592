//! From the command line to the exit status.

use std::ffi::OsString;
use std::sync::mpsc;
use std::thread;
use std::time::Instant;

use mqtt_core::cli::{self, Parsed};
use mqtt_core::client::{self, ClientError};
use mqtt_core::console::HangUp;
use mqtt_core::exit::ExitStatus;
use mqtt_core::invocation::Invocation;
use mqtt_core::plan::ConnectPlan;
use mqtt_core::protocol::{ProtocolVersion, TopicName};
use mqtt_core::signal::Interrupt;
use mqtt_core::stats::Stats;

use crate::args;
use crate::error::PubError;
use crate::plan::{Head, Payloads, PublishPlan, Unsent};
use crate::publisher::{Carried, Outcome, Publisher};
use crate::response::Response;
use crate::source::{Source, Stopped};
use crate::tally::{Tally, Unit};
use crate::unsent::{Saved, UnsentFile};

/// Publishes what the words ask for.
pub(crate) fn run(invocation: Invocation, words: Vec<OsString>) -> Result<ExitStatus, PubError> {
    let variable = |name: &str| std::env::var_os(name);
    let given = match cli::parse_all(invocation, args::command(invocation), words, variable)? {
        Parsed::Text(text) => return Ok(cli::show(&text)),
        Parsed::Introduction(text) => return Ok(cli::introduce(&text)),
        Parsed::Given(given) => given,
    };
    let plan = args::plan(&given)?;
    cli::warn(&given, &plan.connect, args::without_effect(&given));
    if let Some(text) = given.shown_config(&plan.connect, &[]) {
        return Ok(cli::show(&text));
    }
    cli::conclude(plan.connect.notices, publish(plan))
}

fn publish(plan: PublishPlan) -> Result<ExitStatus, PubError> {
    let PublishPlan { mut connect, head, topics, payloads, subscribers, response, unsent } = plan;
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
    let note = payloads.note_for_typist().filter(|_| cli::reads_keyboard());
    if let Some(note) = note.filter(|_| unit == Unit::Messages) {
        cli::tell(connect.audience, note);
    }
    let (source, unsent) = open(&mut connect, payloads, unsent, &head, &topics)?;
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
    if let Some(note) = note.filter(|_| unit == Unit::Lines) {
        publisher = publisher.noting(note);
    }
    let started = Instant::now();
    let result = client::run(&connect, HangUp::ignore, &mut publisher);
    let duration = started.elapsed();
    let outcome = publisher.conclude(&result);
    cli::sum_up(summary, Stats { totals: outcome.tally.totals(), duration });
    conclude(result, outcome)
}

/// Opens what is read and written, and reads the payload of a single message. The other end of a pipe
/// may let us wait, though not longer than `-W`.
fn open(
    connect: &mut ConnectPlan,
    payloads: Payloads,
    unsent: Unsent,
    head: &Head,
    topics: &[TopicName],
) -> Result<(Source, Option<UnsentFile>), PubError> {
    let is_at_hand = payloads.are_at_hand() && matches!(unsent, Unsent::Counted);
    let limit = connect.time_limit.filter(|_| !is_at_hand);
    let (head, topics, progress) = (head.clone(), topics.to_owned(), connect.progress);
    let open = move || -> Result<_, PubError> {
        let source = Source::new(payloads, &head, &topics, progress)?;
        let unsent = match unsent {
            Unsent::Counted => None,
            Unsent::Saved(plan) => Some(UnsentFile::open(plan)?),
        };
        Ok((source, unsent))
    };
    let Some(limit) = limit else { return open() };
    let started = Instant::now();
    let (sender, opened) = mpsc::channel();
    let opening = move || {
        // Nobody listens any more when the time is over.
        let _ = sender.send(open());
    };
    thread::Builder::new().name("open".to_owned()).spawn(opening).map_err(ClientError::System)?;
    let opened = opened.recv_timeout(limit).map_err(|_| PubError::TimedOut)?;
    connect.time_limit = Some(limit.saturating_sub(started.elapsed()));
    opened
}

fn ended(interrupt: Interrupt) -> PubError {
    PubError::Client(ClientError::Interrupted(interrupt))
}

/// What a run comes to: only when every message is done with, and none refused, is all well.
fn conclude(result: Result<(), PubError>, outcome: Outcome) -> Result<ExitStatus, PubError> {
    let Outcome { tally, rest, interrupt, stopped, failure, mut unanswered } = outcome;
    // What went wrong first is what is told.
    let result = failure.map_or(result, Err);
    let (missing, refusals, published) = (tally.missing(), tally.refusals(), tally.read());
    let unheard = tally.without_subscriber();
    let saved = Saved::of(tally.into_unsent(), rest);
    if let Some(missing) = missing {
        return Err(match result.err().or(interrupt.map(ended)) {
            Some(cause) => PubError::Incomplete { missing, saved, source: Box::new(cause) },
            None => PubError::Lost { missing, saved },
        });
    }
    match result {
        // Nothing is missing of what was read: a signal asks for no more.
        Ok(()) | Err(PubError::Client(ClientError::Interrupted(_))) => {}
        Err(error) => {
            return Err(match unanswered.take() {
                Some(topic) => PubError::Unanswered { topic, source: Box::new(error) },
                None => error,
            });
        }
    }
    if let Some((refused, reason)) = refusals {
        return Err(PubError::Refused { refused, reason, saved });
    }
    if let Some(unheard) = unheard {
        return Err(PubError::NoSubscriber { unheard, saved });
    }
    if let Some((topic, interrupt)) = unanswered.zip(interrupt) {
        return Err(PubError::Unanswered { topic, source: Box::new(ended(interrupt)) });
    }
    match interrupt {
        Some(interrupt) if stopped == Stopped::Short => {
            Err(PubError::Interrupted { interrupt, published })
        }
        Some(Interrupt::TimeLimit) => Err(ended(Interrupt::TimeLimit)),
        Some(Interrupt::Signal(_)) | None => Ok(ExitStatus::SUCCESS),
    }
}
