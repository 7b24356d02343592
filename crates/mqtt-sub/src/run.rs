//! From the command line to the exit status.

use std::ffi::OsString;
use std::time::{Instant, SystemTime};

use mqtt_core::cli::{self, Parsed};
use mqtt_core::client;
use mqtt_core::console::HangUp;
use mqtt_core::exit::ExitStatus;
use mqtt_core::invocation::Invocation;
use mqtt_core::protocol::TopicFilter;
use mqtt_core::stats::Stats;

use crate::args;
use crate::error::SubError;
use crate::listener::Listener;
use crate::plan::{Destination, SubscribePlan, Task};
use crate::rate::RateMeter;
use crate::subscriber::Subscriber;

/// What is said about a filter that a shell may have changed.
const UNQUOTED: &str =
    "note: outside single quotes a shell takes the $SYS away; -t '$SYS/#' keeps it";

/// Whether the filter is what a shell makes of one of a broker's own topics.
fn lacks_its_beginning(filter: &TopicFilter) -> bool {
    filter.as_str() == "/#" || filter.as_str().starts_with("/broker/")
}

/// Subscribes to what the words ask for.
pub(crate) fn run(invocation: Invocation, words: Vec<OsString>) -> Result<ExitStatus, SubError> {
    let variable = |name: &str| std::env::var_os(name);
    let given = match cli::parse_all(invocation, args::command(invocation), words, variable)? {
        Parsed::Text(text) => return Ok(cli::show(&text)),
        Parsed::Introduction(text) => return Ok(cli::introduce(&text)),
        Parsed::Given(given) => given,
    };
    let plan = args::plan(&given)?;
    cli::warn(&given, &plan.connect, &args::without_effect(&given, plan.connect.connect.version));
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
