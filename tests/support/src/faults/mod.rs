//! What the tools promise under the faults that happen: each row injects one kind of fault for
//! real, and counts at an observer of its own what the tools' words are held against.
//!
//! `tests/faults` runs each row a few times, `cargo xtask soak` for minutes. A trial is one fault
//! with everything around it; it is made of a seed and its number and of nothing else, so that it
//! can be run again. It fails by a panic, or by telling that something was lost.

mod absent;
mod acknowledgements;
mod connection;
mod hostile;
mod kill;
mod leaving;
mod ledger;
mod observer;
mod output;
mod passwords;
mod rig;
mod saved;
mod session;
mod silence;
mod unsent;

use std::any::Any;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

pub use rig::{Case, Extent, Rig};

/// One kind of fault.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// What `--row` calls it.
    pub name: &'static str,
    /// What happens, in words.
    pub fault: &'static str,
    /// How many trials run at the same time: most of them mostly wait.
    pub side_by_side: usize,
    /// How many trials the short form has.
    pub short: u64,
    trial: fn(&mut Case<'_>) -> Trial,
}

/// All rows, in the order in which they are run.
pub const ROWS: [Row; 36] = [
    kill::WHILE_PUBLISHING,
    kill::WHILE_PUBLISHING_PERSISTENT,
    kill::MILLION_LINES,
    kill::WHILE_RECEIVING,
    kill::SUBSCRIBER,
    connection::CUT_WHILE_PUBLISHING,
    connection::CUT_SINGLE_MESSAGE,
    connection::CUT_RETRIED_MESSAGE,
    connection::CUT_WHILE_RECEIVING,
    connection::STALLED,
    connection::HALF_OPEN,
    acknowledgements::DELAYED_AND_REORDERED,
    acknowledgements::DUPLICATED,
    acknowledgements::MISSING,
    acknowledgements::REPEATED_MESSAGES,
    session::PUBLISHER,
    session::SUBSCRIBER,
    session::TAKEN_OVER,
    session::RECEIVE_MAXIMUM,
    silence::NEVER_ANSWERS,
    leaving::SUBSCRIBER,
    leaving::PUBLISHER,
    output::SLOW_PIPE,
    output::SIGNAL,
    unsent::AT_QOS_0,
    unsent::CUT,
    absent::AT_FIRST,
    saved::UNSENT,
    hostile::BYTES,
    hostile::CLAIMS,
    hostile::PROPERTIES,
    passwords::KILLED,
    passwords::KILLED_IN_PLACE,
    passwords::AT_ONCE,
    passwords::RELOADED,
    passwords::OBSTACLES,
];

/// What one trial has shown.
#[derive(Debug, Default)]
pub struct Trial {
    lost: u64,
    counts: BTreeMap<&'static str, Count>,
}

/// A number beside the three of every row.
#[derive(Clone, Copy, Debug)]
enum Count {
    Sum(u64),
    Most(u64),
}

impl Trial {
    /// So many messages are gone of which the tool did not say so.
    fn lost(mut self, count: usize) -> Self {
        self.lost += number(count);
        self
    }

    /// So many of these, to be added up.
    fn sum(mut self, what: &'static str, count: usize) -> Self {
        self.counts.insert(what, Count::Sum(number(count)));
        self
    }

    /// So much of this; the most of all trials counts.
    fn most(mut self, what: &'static str, count: u64) -> Self {
        self.counts.insert(what, Count::Most(count));
        self
    }
}

fn number(count: usize) -> u64 {
    u64::try_from(count).expect("64 bits are enough")
}

/// What all trials of a row have shown.
#[derive(Debug, Default)]
pub struct Figures {
    /// Trials.
    pub tried: u64,
    /// Trials in which everything was as promised.
    pub survived: u64,
    /// Messages that were lost without a word.
    pub lost: u64,
    /// The trials that failed: number and reason.
    pub failures: Vec<(u64, String)>,
    counts: BTreeMap<&'static str, Count>,
}

impl Figures {
    fn add(&mut self, number: u64, outcome: Result<Trial, String>) {
        self.tried += 1;
        let trial = match outcome {
            Ok(trial) => trial,
            Err(reason) => return self.failures.push((number, reason)),
        };
        self.lost += trial.lost;
        if trial.lost == 0 {
            self.survived += 1;
        } else {
            self.failures.push((number, format!("{} messages were lost", trial.lost)));
        }
        for (what, count) in trial.counts {
            self.counts
                .entry(what)
                .and_modify(|before| *before = before.and(count))
                .or_insert(count);
        }
    }

    /// The other numbers, in words.
    #[must_use]
    pub fn note(&self) -> String {
        let mut note = String::new();
        for (what, count) in &self.counts {
            let separator = if note.is_empty() { "" } else { "; " };
            let _written = match count {
                Count::Sum(sum) => write!(note, "{separator}{what}: {sum}"),
                Count::Most(most) => write!(note, "{separator}{what}: at most {most}"),
            };
        }
        note
    }
}

impl Count {
    fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Sum(one), Self::Sum(other)) => Self::Sum(one + other),
            (Self::Most(one), Self::Most(other)) => Self::Most(one.max(other)),
            (one, _) => one,
        }
    }
}

/// After so many there is nothing more to learn.
const ENOUGH_FAILURES: usize = 5;

/// Runs trials of a row, the numbers from `first` on, as long as `goes_on` says so of the next.
#[must_use]
pub fn run(
    row: &Row,
    rig: &Rig,
    seed: u64,
    first: u64,
    goes_on: impl Fn(u64) -> bool + Sync,
) -> Figures {
    let (next, figures) = (AtomicU64::new(first), Mutex::<Figures>::default());
    std::thread::scope(|scope| {
        for _ in 0..row.side_by_side {
            scope.spawn(|| {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    let is_hopeless = figures.lock().unwrap().failures.len() >= ENOUGH_FAILURES;
                    if is_hopeless || !goes_on(number) {
                        return;
                    }
                    let mut case = Case::new(rig, row.name, seed, number);
                    let trial = catch_unwind(AssertUnwindSafe(|| (row.trial)(&mut case)));
                    let outcome = trial.map_err(|panic| reason(&*panic));
                    figures.lock().unwrap().add(number, outcome);
                }
            });
        }
    });
    figures.into_inner().unwrap()
}

fn reason(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().cloned();
    text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()))
        .unwrap_or_else(|| "it panicked without a word".to_owned())
}
