//! What asks the program to end from outside: signals and the time limit, as one event.

use std::fmt;
use std::io;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::low_level::pipe;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::time::{Instant, sleep_until};

/// How long the program may go on after it was asked to end.
const GRACE: Duration = Duration::from_secs(5);

/// Somebody wants the program to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interrupt {
    /// SIGINT or SIGTERM, by its number.
    Signal(u8),
    /// The time limit of the plan has passed.
    TimeLimit,
}

impl fmt::Display for Interrupt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Signal(number) => write!(f, "ended by signal {number}"),
            Self::TimeLimit => f.write_str("timed out"),
        }
    }
}

/// Lets so much time pass, or less where a signal asks the program to end: for when nothing listens
/// to signals any more.
pub fn wait_for_signal(limit: Duration) -> io::Result<()> {
    let (told, tell) = io::pipe()?;
    for signal in [SIGINT, SIGTERM] {
        pipe::register(signal, tell.try_clone()?)?;
    }
    let end = std::time::Instant::now() + limit;
    loop {
        let left = end.saturating_duration_since(std::time::Instant::now());
        let left = Timespec::try_from(left).map_err(io::Error::other)?;
        match poll(&mut [PollFd::new(&told, PollFlags::IN)], Some(&left)) {
            Err(Errno::INTR) => {}
            ended => return Ok(ended.map(|_| ())?),
        }
    }
}

/// How urgent it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Urgency {
    /// Finish what was begun, but begin nothing.
    Soon,
    /// Leave: it was asked for twice, or the grace of five seconds has passed.
    Now,
}

/// Listens for interrupts.
#[derive(Debug)]
pub(crate) struct Interrupts {
    interrupt: Signal,
    terminate: Signal,
    time_limit: Option<Instant>,
    first: Option<First>,
}

/// The first interrupt of a run.
#[derive(Clone, Copy, Debug)]
struct First {
    interrupt: Interrupt,
    /// `None` once it was told that the grace has passed.
    grace_ends: Option<Instant>,
}

impl Interrupts {
    /// Starts to listen, and the clock of the time limit.
    pub(crate) fn new(time_limit: Option<Duration>) -> io::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            time_limit: time_limit.and_then(|limit| Instant::now().checked_add(limit)),
            first: None,
        })
    }

    /// Waits for the next one. Cancel-safe.
    pub(crate) async fn next(&mut self) -> (Interrupt, Urgency) {
        let deadline = match self.first {
            Some(first) => first.grace_ends,
            None => self.time_limit,
        };
        let interrupt = tokio::select! {
            _ = self.interrupt.recv() => Interrupt::Signal(2),
            _ = self.terminate.recv() => Interrupt::Signal(15),
            () = until(deadline) => Interrupt::TimeLimit,
        };
        match &mut self.first {
            None => {
                let grace_ends = Some(Instant::now() + GRACE);
                self.first = Some(First { interrupt, grace_ends });
                (interrupt, Urgency::Soon)
            }
            // What counts is what came first: the end of the grace is no time limit.
            Some(first) => {
                first.grace_ends = None;
                (first.interrupt, Urgency::Now)
            }
        }
    }
}

/// Sleeps until `deadline`, for ever without one.
pub(crate) async fn until(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => sleep_until(deadline).await,
        None => std::future::pending().await,
    }
}
