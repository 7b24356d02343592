//! One command, from its start to its end, on a thread of its own.

use std::io::{self, Write};
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, ChildStdin, Command, ExitStatus};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender};
use std::thread;
use std::time::{Duration, Instant};

use bytes::Bytes;
use mqtt_core::protocol::TopicName;
use rustix::io::{Errno, retry_on_intr};
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};

use super::error::{Cause, CommandError};

/// How long a command may take to end once it was told to.
const MERCY: Duration = Duration::from_secs(1);

/// What a new pipe has room for on any system.
const BRIEF: usize = 4096;

/// What the thread of a command is told.
#[derive(Debug)]
pub(super) enum Word {
    /// The command has ended.
    Ended,
    /// The run wants to end: the command must have by then.
    EndBy(Instant),
}

/// A command to be run.
#[derive(Debug)]
pub(super) struct Job {
    pub(super) topic: TopicName,
    pub(super) command: Command,
    pub(super) payload: Bytes,
    pub(super) time_limit: Option<Duration>,
    pub(super) words: Sender<Word>,
    pub(super) heard: Receiver<Word>,
}

/// What has become of a command.
#[derive(Debug)]
pub(super) enum Ended {
    With(Result<(), CommandError>),
    /// The system has no room for it now; it can be tried again.
    NoRoom(Box<Job>, io::Error),
}

/// What is done to a command next, and when.
struct End {
    /// `None`: nothing.
    moment: Option<Instant>,
    signal: Signal,
    /// Why, once something was done.
    cause: Option<Cause>,
    /// What it would be.
    reason: Reason,
}

#[derive(Clone, Copy)]
enum Reason {
    TimeLimit(Duration),
    RunIsOver,
}

impl Job {
    pub(super) fn run(mut self: Box<Self>) -> Ended {
        let outcome = match self.command.spawn() {
            Ok(child) => self.attend(child),
            Err(error) if is_shortage(&error) => return Ended::NoRoom(self, error),
            Err(error) => Err(self.cannot_start(error)),
        };
        Ended::With(outcome.map_err(|cause| CommandError::new(&self.topic, cause)))
    }

    /// It could not be started when there was all the room that there is.
    pub(super) fn give_up(&self, error: io::Error) -> CommandError {
        CommandError::new(&self.topic, self.cannot_start(error))
    }

    fn cannot_start(&self, error: io::Error) -> Cause {
        Cause::Start { program: self.command.get_program().to_owned(), error }
    }

    /// From its start to its end.
    fn attend(&self, mut child: Child) -> Result<(), Cause> {
        let mut end = End::after(self.time_limit);
        let group = Pid::from_child(&child);
        let started =
            self.watch(group).and_then(|()| give(child.stdin.take(), self.payload.clone()));
        if let Err(error) = started {
            // No thread: the command cannot go on without its stdin, or be waited for.
            let _ = kill_process_group(group, Signal::KILL);
            let _ = child.wait();
            return Err(self.cannot_start(error));
        }
        while let Some(word) = self.listen(end.moment) {
            match word {
                Word::Ended => break,
                Word::EndBy(moment) => end.not_after(moment),
            }
            end.strike_when_due(group);
        }
        let status = child.wait().map_err(|error| self.cannot_start(error))?;
        judge(status, end)
    }

    /// The next word, or [`Word::EndBy`] now when the moment has come.
    fn listen(&self, moment: Option<Instant>) -> Option<Word> {
        let Some(moment) = moment else { return self.heard.recv().ok() };
        match self.heard.recv_timeout(moment.saturating_duration_since(Instant::now())) {
            Ok(word) => Some(word),
            Err(RecvTimeoutError::Timeout) => Some(Word::EndBy(moment)),
            Err(RecvTimeoutError::Disconnected) => None,
        }
    }

    /// Says when the command has ended. It stays what it is until its status is taken, so that its
    /// number cannot be another one's when a signal is sent.
    fn watch(&self, child: Pid) -> io::Result<()> {
        let words = self.words.clone();
        thread::Builder::new().name("command-end".to_owned()).spawn(move || {
            let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
            let _ = retry_on_intr(|| waitid(WaitId::Pid(child), options));
            let _ = words.send(Word::Ended);
        })?;
        Ok(())
    }
}

impl End {
    fn after(time_limit: Option<Duration>) -> Self {
        let moment = time_limit.and_then(|limit| Instant::now().checked_add(limit));
        let reason = time_limit.map_or(Reason::RunIsOver, Reason::TimeLimit);
        Self { moment, signal: Signal::TERM, cause: None, reason }
    }

    fn not_after(&mut self, moment: Instant) {
        if self.moment.is_none_or(|planned| moment < planned) {
            (self.moment, self.reason) = (Some(moment), Reason::RunIsOver);
        }
    }

    /// SIGTERM, and SIGKILL for who does not heed it. It is for all that the command has started.
    fn strike_when_due(&mut self, group: Pid) {
        let now = Instant::now();
        if self.moment.is_none_or(|moment| now < moment) {
            return;
        }
        let _ = kill_process_group(group, self.signal);
        self.cause.get_or_insert(match self.reason {
            Reason::TimeLimit(limit) => Cause::TimeLimit(limit),
            Reason::RunIsOver => Cause::CutShort,
        });
        self.moment = (self.signal == Signal::TERM).then(|| now + MERCY);
        self.signal = Signal::KILL;
    }
}

/// Whether the end of another command may help.
fn is_shortage(error: &io::Error) -> bool {
    let shortages = [Errno::MFILE, Errno::NFILE, Errno::AGAIN, Errno::NOMEM];
    Errno::from_io_error(error).is_some_and(|error| shortages.contains(&error))
}

/// Gives the payload to the command, by a thread where that may take long. Who does not read it
/// does not want it.
fn give(stdin: Option<ChildStdin>, payload: Bytes) -> io::Result<()> {
    let Some(mut stdin) = stdin else { return Ok(()) };
    if payload.len() <= BRIEF {
        let _ = stdin.write_all(&payload);
        return Ok(());
    }
    thread::Builder::new().name("command-stdin".to_owned()).spawn(move || {
        let _ = stdin.write_all(&payload);
    })?;
    Ok(())
}

/// What the status means. A command that has done its work in time has, whatever it was told.
fn judge(status: ExitStatus, end: End) -> Result<(), Cause> {
    if status.success() {
        return Ok(());
    }
    Err(end.cause.unwrap_or_else(|| cause_of(status)))
}

fn cause_of(status: ExitStatus) -> Cause {
    let number = |number: Option<i32>| number.and_then(|number| u8::try_from(number).ok());
    match (number(status.code()), number(status.signal())) {
        (Some(code), _) => Cause::Status(code),
        (None, signal) => Cause::Signal(signal.unwrap_or_default()),
    }
}
