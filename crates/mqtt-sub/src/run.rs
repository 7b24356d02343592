//! From the command line to the exit status.

use std::ffi::OsString;
use std::time::{Instant, SystemTime};

use mqtt_core::cli::{self, Parsed, UsageError};
use mqtt_core::client::{self, ClientError};
use mqtt_core::console::HangUp;
use mqtt_core::exit::{ExitStatus, Failure};
use mqtt_core::invocation::Invocation;
use mqtt_core::protocol::{ReasonCode, TopicFilter};
use mqtt_core::stats::Stats;

use crate::args;
use crate::exec::CommandError;
use crate::listener::Listener;
use crate::output::FolderError;
use crate::plan::{Destination, SubscribePlan, Task};
use crate::rate::RateMeter;
use crate::subscriber::Subscriber;

/// Why the subscription ended badly.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RunError {
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

impl Failure for RunError {
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

/// What is said about a filter that a shell may have changed.
const UNQUOTED: &str =
    "note: outside single quotes a shell takes the $SYS away; -t '$SYS/#' keeps it";

/// Whether the filter is what a shell makes of one of a broker's own topics.
fn lacks_its_beginning(filter: &TopicFilter) -> bool {
    filter.as_str() == "/#" || filter.as_str().starts_with("/broker/")
}

/// Subscribes to what the words ask for.
pub(crate) fn run(invocation: Invocation, words: Vec<OsString>) -> Result<ExitStatus, RunError> {
    let variable = |name: &str| std::env::var_os(name);
    let given = match cli::parse_all(invocation, args::command(invocation), words, variable)? {
        Parsed::Text(text) => return Ok(cli::show(&text)),
        Parsed::Introduction(text) => return Ok(cli::introduce(&text)),
        Parsed::Given(given) => given,
    };
    let plan = args::plan(&given)?;
    cli::warn(&given, &plan.connect);
    if let Some(text) = given.shown_config(&plan.connect, &args::overruled(&given)) {
        return Ok(cli::show(&text));
    }
    if plan.requests.subscribe.iter().any(|request| lacks_its_beginning(&request.filter)) {
        cli::tell(plan.connect.audience, UNQUOTED);
    }
    let SubscribePlan { connect, requests, task, end } = plan;
    let hang_up = hang_up(&task);
    let mut listener = match task {
        Task::Show(show) => {
            let subscriber = Subscriber::new(requests, *show, end, SystemTime::now)?;
            Listener::Subscriber(Box::new(subscriber))
        }
        Task::Measure => Listener::RateMeter(RateMeter::new(requests, end, Instant::now)),
    };
    let started = Instant::now();
    let result = client::run(&connect, hang_up, &mut listener);
    let stats = Stats { totals: listener.totals(), duration: started.elapsed() };
    cli::sum_up(connect.summary, stats);
    let result = result.and_then(|()| listener.outcome());
    cli::conclude(connect.notices, result.map(|()| ExitStatus::SUCCESS))
}

/// A stdout that nobody reads is an end for whoever writes to it.
fn hang_up(task: &Task) -> fn() -> HangUp {
    match task {
        Task::Show(show) if matches!(show.destination, Destination::Folder(_)) => HangUp::ignore,
        Task::Show(_) | Task::Measure => HangUp::watch,
    }
}
