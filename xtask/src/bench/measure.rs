//! One run of one client: what it cost, how it ended, what arrived.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::{Duration, Instant};

use anyhow::Context;
use rustix::process::{Pid, Signal, kill_process};
use wait4::{ResUse, Wait4};

use test_support::certificates::{Authority, Validity};

use super::peer::{self, Blast};
use super::row::Over;

/// What one process cost.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Cost {
    /// User and system time.
    pub(super) cpu: Duration,
    /// From before the start until the end was known.
    pub(super) wall: Duration,
    /// Peak resident set, in bytes. It never shows less than this program's own, because a
    /// child begins as its copy: see [`floor`].
    pub(super) peak_memory: u64,
}

/// One run of one client.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Run {
    /// What it cost.
    pub(super) cost: Cost,
    /// How it ended; `None` if it had to be ended.
    pub(super) status: Option<ExitStatus>,
    /// The messages that arrived where they should.
    pub(super) arrived: u64,
}

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Ended {
    /// What it cost.
    pub(super) cost: Cost,
    /// `None` if it had to be ended.
    pub(super) status: Option<ExitStatus>,
    /// The lines on its standard output, where that was a pipe.
    pub(super) lines: Option<u64>,
}

/// Runs a command to its end, or ends it after `limit`.
pub(super) fn run(command: &mut Command, limit: Duration) -> anyhow::Result<Ended> {
    let started = Instant::now();
    let mut child = command
        .spawn()
        .with_context(|| format!("cannot run {}", command.get_program().display()))?;
    let reading = child.stdout.take().map(|pipe| std::thread::spawn(move || count(pipe)));
    let id = Pid::from_child(&child);
    let (sender, ended) = mpsc::sync_channel(1);
    let waiting = std::thread::spawn(move || {
        let used = child.wait4();
        let _listening = sender.send((used, started.elapsed()));
    });
    let (used, wall, killed) = match ended.recv_timeout(limit) {
        Ok((used, wall)) => (used, wall, false),
        Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {
            kill_process(id, Signal::KILL).context("cannot end a client that hangs")?;
            let (used, wall) = ended.recv().context("the waiting thread is gone")?;
            (used, wall, true)
        }
    };
    let _joined = waiting.join();
    let lines = reading.and_then(|reading| reading.join().ok()).transpose()?;
    let ResUse { status, rusage } = used.context("cannot learn what the client used")?;
    let cost = Cost { cpu: rusage.utime + rusage.stime, wall, peak_memory: rusage.maxrss };
    Ok(Ended { cost, status: (!killed).then_some(status), lines })
}

/// What a process that does nothing seems to use: no smaller memory can be measured.
pub(super) fn floor() -> anyhow::Result<u64> {
    let ended = run(&mut Command::new("true"), Duration::from_secs(10))?;
    Ok(ended.cost.peak_memory)
}

/// The lines in a file.
pub(super) fn lines(path: &Path) -> anyhow::Result<u64> {
    let file = File::open(path).with_context(|| format!("cannot read {}", path.display()))?;
    Ok(count(file)?)
}

/// The lines up to the end.
fn count(mut input: impl Read) -> io::Result<u64> {
    let mut buffer = vec![0; 64 * 1024];
    let mut count = 0;
    loop {
        let read = input.read(&mut buffer)?;
        if read == 0 {
            return Ok(count);
        }
        let filled = buffer.get(..read).unwrap_or_default();
        count += u64::try_from(memchr::memchr_iter(b'\n', filled).count()).unwrap_or(u64::MAX);
    }
}

/// The peer's process, which ends when this is dropped.
#[derive(Debug)]
pub(super) struct Peer {
    child: Child,
    requests: Option<ChildStdin>,
    reports: BufReader<ChildStdout>,
    port: u16,
}

impl Peer {
    /// Starts this program once more, as the peer; over TLS with a certificate of `authority`.
    pub(super) fn start(
        blast: Blast,
        over: Over,
        authority: Option<&Authority>,
    ) -> anyhow::Result<Self> {
        let program = std::env::current_exe().context("cannot tell where xtask itself lies")?;
        let mut command = Command::new(program);
        command
            .arg(peer::TASK)
            .args(["--messages", &blast.messages.to_string()])
            .args(["--size", &blast.size.to_string()])
            .args(["--qos", &blast.qos.to_string()]);
        match (over, authority) {
            (Over::Tls, Some(authority)) => {
                let server = authority.server(&["127.0.0.1"], Validity::Now);
                command.args(["--certificate", server.certificate(), "--key", server.key()]);
            }
            (Over::WebSocket, _) => {
                command.arg("--websocket");
            }
            (Over::Tcp | Over::Tls, _) => {}
        }
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("cannot start the peer")?;
        let requests = child.stdin.take();
        let reports = child.stdout.take().context("the peer has no standard output")?;
        let mut peer = Self { child, requests, reports: BufReader::new(reports), port: 0 };
        peer.port = peer.line()?.parse().context("the peer printed no port")?;
        Ok(peer)
    }

    /// The port it listens on.
    pub(super) fn port(&self) -> u16 {
        self.port
    }

    /// Messages and bytes of PUBLISH packets that arrived since the last call. Waits until
    /// every connection is closed.
    pub(super) fn received(&mut self) -> anyhow::Result<(u64, u64)> {
        let requests = self.requests.as_mut().context("the peer has no standard input")?;
        writeln!(requests, "report")?;
        let line = self.line()?;
        let (messages, bytes) = line.split_once(' ').context("the peer made no report")?;
        Ok((messages.parse()?, bytes.parse()?))
    }

    fn line(&mut self) -> anyhow::Result<String> {
        let mut line = String::new();
        self.reports.read_line(&mut line)?;
        Ok(line.trim_end().to_owned())
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        drop(self.requests.take());
        let _status = self.child.wait();
    }
}
