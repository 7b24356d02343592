//! A command for each message (`--exec`): its payload on stdin, the rest of it in the environment.
//!
//! Each command has a thread that starts it, waits for it and ends it when its time is over; what it
//! came to is told to the loop over a channel. Knows nothing of the client.

mod environment;
mod error;
mod job;

use std::collections::VecDeque;
use std::ffi::OsString;
use std::num::NonZeroUsize;
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use mqtt_core::session::{Receipt, ReceivedMessage};
use tokio::sync::mpsc as wakeful;

use environment::Environment;
pub(crate) use error::{Cause, CommandError};
use job::{Ended, Job, Word};

/// How long commands may go on after the run was asked to end: with the time they have after that
/// (`job::MERCY`) less than what the driver has patience for, five seconds.
const BOUND: Duration = Duration::from_secs(3);

/// What is run, and what becomes of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CommandPlan {
    /// The program, and its arguments.
    pub(crate) program: OsString,
    pub(crate) arguments: Vec<OsString>,
    /// At most so many at once.
    pub(crate) jobs: NonZeroUsize,
    /// `None`: it may take as long as it likes.
    pub(crate) time_limit: Option<Duration>,
    pub(crate) on_failure: OnFailure,
}

/// What a command that fails means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OnFailure {
    /// A warning.
    GoOn,
    /// The end of the run.
    Stop,
    /// The same, and the message is not acknowledged (`--ack-on-success`).
    StopUnacknowledged,
}

/// What a command came to.
type Outcome = Result<(), CommandError>;

/// The commands at work, and the messages that wait for their acknowledgement.
#[derive(Debug)]
pub(crate) struct Jobs {
    plan: CommandPlan,
    environment: Environment,
    /// Oldest first: MQTT wants acknowledgements in the order of the messages.
    entries: VecDeque<Entry>,
    started: u64,
    /// Those that are put off among them.
    running: usize,
    /// Those that have found no room beside others, and begin when one of these has ended.
    put_off: VecDeque<Start>,
    report: wakeful::UnboundedSender<Report>,
    reports: wakeful::UnboundedReceiver<Report>,
    /// One that has come while nobody could look at it.
    arrived: Option<Report>,
    threads: Vec<JoinHandle<()>>,
}

/// A command that is to begin.
#[derive(Debug)]
struct Start {
    number: u64,
    job: Box<Job>,
}

#[derive(Debug)]
struct Report {
    number: u64,
    ended: Ended,
    company: Company,
}

/// Whether commands were at work when this one was to begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Company {
    Alone,
    Others,
}

/// A message that was taken.
#[derive(Debug)]
struct Entry {
    number: u64,
    receipt: Option<Receipt>,
    /// The way to its command; `None` where there is none any more, or never was one.
    job: Option<mpsc::Sender<Word>>,
}

impl Jobs {
    pub(crate) fn new(plan: CommandPlan) -> Self {
        let (report, reports) = wakeful::unbounded_channel();
        Self {
            plan,
            environment: Environment::new(std::env::vars_os().map(|(name, _)| name)),
            entries: VecDeque::new(),
            started: 0,
            running: 0,
            put_off: VecDeque::new(),
            report,
            reports,
            arrived: None,
            threads: Vec::new(),
        }
    }

    /// Whether no command may be started beside those that run.
    pub(crate) fn is_full(&self) -> bool {
        self.running >= self.plan.jobs.get() || !self.put_off.is_empty()
    }

    pub(crate) fn running(&self) -> usize {
        self.running
    }

    /// Runs the command for a message. Ask [`Self::is_full`] first.
    pub(crate) fn start(&mut self, message: ReceivedMessage, receipt: Option<Receipt>) {
        self.started += 1;
        let number = self.started;
        let (words, heard) = mpsc::channel();
        let job = Box::new(Job {
            topic: message.topic.detached(),
            command: self.command(&message),
            payload: message.payload,
            time_limit: self.plan.time_limit,
            words: words.clone(),
            heard,
        });
        self.running += 1;
        self.entries.push_back(Entry { number, receipt, job: Some(words) });
        self.begin(Start { number, job });
    }

    /// Gives a command a thread. That there is none is reported as the thread itself would.
    fn begin(&mut self, Start { number, job }: Start) {
        let company = if self.at_work() == 1 { Company::Alone } else { Company::Others };
        let report = self.report.clone();
        let (hand, handed) = mpsc::sync_channel::<Box<Job>>(1);
        let thread = thread::Builder::new().name("command".to_owned()).spawn({
            let report = report.clone();
            move || {
                let Ok(job) = handed.recv() else { return };
                // Nobody listens any more where the run is over.
                let _ = report.send(Report { number, ended: job.run(), company });
            }
        });
        self.threads.retain(|thread| !thread.is_finished());
        match thread {
            Ok(thread) => {
                self.threads.push(thread);
                // It is there to take it.
                let _ = hand.send(job);
            }
            Err(error) => {
                let _ = report.send(Report { number, ended: Ended::NoRoom(job, error), company });
            }
        }
    }

    /// How many commands run or begin.
    fn at_work(&self) -> usize {
        self.running - self.put_off.len()
    }

    fn command(&self, message: &ReceivedMessage) -> Command {
        let mut command = Command::new(&self.plan.program);
        // What a terminal tells its foreground, Ctrl-C, is for us to pass on.
        command.args(&self.plan.arguments).stdin(Stdio::piped()).process_group(0);
        self.environment.give(message, &mut command);
        command
    }

    /// A message that no command is run for is acknowledged in its turn. Gives the receipt back
    /// where that is now.
    pub(crate) fn pass(&mut self, receipt: Receipt) -> Option<Receipt> {
        if self.entries.is_empty() {
            return Some(receipt);
        }
        self.started += 1;
        self.entries.push_back(Entry { number: self.started, receipt: Some(receipt), job: None });
        None
    }

    /// What the next command that has ended came to.
    pub(crate) fn ended(&mut self) -> Option<Outcome> {
        loop {
            let report = self.arrived.take().or_else(|| self.reports.try_recv().ok())?;
            let Report { number, ended, company } = report;
            let outcome = match (ended, company) {
                (Ended::With(outcome), _) => outcome,
                (Ended::NoRoom(job, error), Company::Alone) => Err(job.give_up(error)),
                (Ended::NoRoom(job, _), Company::Others) => {
                    self.put_off.push_back(Start { number, job });
                    // They may all have ended meanwhile.
                    if self.at_work() == 0 {
                        self.begin_next();
                    }
                    continue;
                }
            };
            self.running -= 1;
            if let Some(entry) = self.entries.iter_mut().find(|entry| entry.number == number) {
                entry.job = None;
            }
            self.begin_next();
            return Some(outcome);
        }
    }

    /// The oldest of those that were put off.
    fn begin_next(&mut self) {
        if let Some(start) = self.put_off.pop_front() {
            self.begin(start);
        }
    }

    /// The next message that is done with, and all before it: it can be acknowledged.
    pub(crate) fn next_done(&mut self) -> Option<Receipt> {
        while self.entries.front().is_some_and(|entry| entry.job.is_none()) {
            let receipt = self.entries.pop_front().and_then(|entry| entry.receipt);
            if receipt.is_some() {
                return receipt;
            }
        }
        // What nobody acknowledges need not wait for others.
        self.entries.retain(|entry| entry.receipt.is_some() || entry.job.is_some());
        None
    }

    /// The messages that will not be acknowledged any more.
    pub(crate) fn take_receipts(&mut self) -> impl Iterator<Item = Receipt> {
        self.entries.iter_mut().filter_map(|entry| entry.receipt.take())
    }

    /// Waits until [`Self::ended`] has something to say. Cancel-safe.
    pub(crate) async fn input(&mut self) {
        if self.arrived.is_none() {
            self.arrived = self.reports.recv().await;
        }
    }

    /// Lets the commands go on for a while only.
    pub(crate) fn end_soon(&mut self) {
        self.end_by(Instant::now() + BOUND);
    }

    fn end_by(&mut self, moment: Instant) {
        for job in self.entries.iter().filter_map(|entry| entry.job.as_ref()) {
            // It may have ended just now.
            let _ = job.send(Word::EndBy(moment));
        }
    }

    /// The run is over: waits for the commands, for as long as they still have.
    pub(crate) fn finish(&mut self) {
        self.end_soon();
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }

    /// The same, at once.
    pub(crate) fn end_now(&mut self) {
        self.end_by(Instant::now());
        self.finish();
    }
}
