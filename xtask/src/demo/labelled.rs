//! A process whose every line is shown with the name of the tool before it.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};

/// How long a tool may take; it needs some milliseconds.
const LIMIT: Duration = Duration::from_secs(30);

/// A running tool. It is ended when this is dropped.
#[derive(Debug)]
pub(super) struct Labelled {
    name: &'static str,
    process: Child,
    arriving: Receiver<String>,
    lines: Vec<String>,
    deadline: Instant,
}

/// A tool that has ended.
#[derive(Debug)]
pub(super) struct Ended {
    /// Its name.
    pub(super) name: &'static str,
    /// Its exit status.
    pub(super) code: Option<i32>,
    /// The lines on both of its streams.
    pub(super) lines: Vec<String>,
}

impl Labelled {
    /// Starts a tool with nothing to read.
    pub(super) fn start(name: &'static str, mut command: Command) -> anyhow::Result<Self> {
        let mut process = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .with_context(|| format!("cannot run {name}"))?;
        let (sender, arriving) = mpsc::channel();
        let stdout = process.stdout.take().context("no standard output")?;
        let stderr = process.stderr.take().context("no standard error")?;
        show(name, stdout, sender.clone());
        show(name, stderr, sender);
        let deadline = Instant::now() + LIMIT;
        Ok(Self { name, process, arriving, lines: Vec::new(), deadline })
    }

    /// Waits until a line has `text` in it.
    pub(super) fn wait_for(&mut self, text: &str) -> anyhow::Result<()> {
        while !self.lines.iter().any(|line| line.contains(text)) {
            match self.next()? {
                Some(line) => self.lines.push(line),
                None => bail!("{} ended without showing {text:?}", self.name),
            }
        }
        Ok(())
    }

    /// Waits until the tool has ended.
    pub(super) fn end(mut self) -> anyhow::Result<Ended> {
        while let Some(line) = self.next()? {
            self.lines.push(line);
        }
        // Both streams have ended, so the process is about to.
        let code = self.process.wait()?.code();
        Ok(Ended { name: self.name, code, lines: std::mem::take(&mut self.lines) })
    }

    /// The next line; `None` when there will be no more.
    fn next(&self) -> anyhow::Result<Option<String>> {
        let left = self.deadline.saturating_duration_since(Instant::now());
        match self.arriving.recv_timeout(left) {
            Ok(line) => Ok(Some(line)),
            Err(RecvTimeoutError::Disconnected) => Ok(None),
            Err(RecvTimeoutError::Timeout) => bail!("{} took more than {LIMIT:?}", self.name),
        }
    }
}

impl Drop for Labelled {
    fn drop(&mut self) {
        // Neither does anything to a process that has ended.
        let _killed = self.process.kill();
        let _status = self.process.wait();
    }
}

/// Prints a stream's lines as they come, and hands them on.
fn show(name: &'static str, stream: impl Read + Send + 'static, sender: Sender<String>) {
    thread::spawn(move || {
        for line in BufReader::new(stream).split(b'\n').map_while(Result::ok) {
            let line = String::from_utf8_lossy(&line).into_owned();
            println!("{name:>11} | {line}");
            if sender.send(line).is_err() {
                return;
            }
        }
    });
}
