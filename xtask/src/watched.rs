//! A process whose lines are watched as they come, and shown with the name of the tool before them
//! if that is wanted.

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};

/// How long a tool may take; it needs some milliseconds, unless it waits for what does not come.
const LIMIT: Duration = Duration::from_mins(1);

/// Whether the lines are also printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Echo {
    /// Each one, with the name of the tool before it.
    Labelled,
    /// None.
    Silent,
}

/// A running tool. It is killed when this is dropped.
#[derive(Debug)]
pub(crate) struct Watched {
    name: &'static str,
    process: Child,
    arriving: Receiver<String>,
    lines: Vec<String>,
    deadline: Instant,
}

/// A tool that has ended.
#[derive(Debug)]
pub(crate) struct Ended {
    /// Its name.
    pub(crate) name: &'static str,
    /// Its exit status.
    pub(crate) code: Option<i32>,
    /// The lines on both of its streams.
    pub(crate) lines: Vec<String>,
}

impl Ended {
    /// What it had to say in the end.
    pub(crate) fn complaint(&self) -> &str {
        complaint(&self.lines)
    }
}

fn complaint(lines: &[String]) -> &str {
    let error = lines.iter().find(|line| line.to_ascii_lowercase().starts_with("error"));
    error.or(lines.last()).map_or("without a word", String::as_str)
}

impl Watched {
    /// Starts a tool with nothing to read.
    pub(crate) fn start(
        name: &'static str,
        mut command: Command,
        echo: Echo,
    ) -> anyhow::Result<Self> {
        let mut process = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .with_context(|| format!("cannot run {name}"))?;
        let (sender, arriving) = mpsc::channel();
        let stdout = process.stdout.take().context("no standard output")?;
        let stderr = process.stderr.take().context("no standard error")?;
        watch(name, stdout, echo, sender.clone());
        watch(name, stderr, echo, sender);
        let deadline = Instant::now() + LIMIT;
        Ok(Self { name, process, arriving, lines: Vec::new(), deadline })
    }

    /// Waits until a line has `text` in it.
    pub(crate) fn wait_for(&mut self, text: &str) -> anyhow::Result<()> {
        while !self.lines.iter().any(|line| line.contains(text)) {
            let Some(line) = self.next()? else {
                let complaint = complaint(&self.lines);
                bail!("{} ended without showing {text:?}: {complaint}", self.name);
            };
            self.lines.push(line);
        }
        Ok(())
    }

    /// The lines so far, as far as they were waited for.
    pub(crate) fn lines(&self) -> &[String] {
        &self.lines
    }

    /// Waits until the tool has ended.
    pub(crate) fn end(mut self) -> anyhow::Result<Ended> {
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

impl Drop for Watched {
    fn drop(&mut self) {
        // Neither does anything to a process that has ended.
        let _killed = self.process.kill();
        let _status = self.process.wait();
    }
}

/// Hands a stream's lines on as they come.
fn watch(
    name: &'static str,
    stream: impl Read + Send + 'static,
    echo: Echo,
    sender: Sender<String>,
) {
    thread::spawn(move || {
        for line in BufReader::new(stream).split(b'\n').map_while(Result::ok) {
            let line = String::from_utf8_lossy(&line).into_owned();
            if echo == Echo::Labelled {
                println!("{name:>11} | {line}");
            }
            if sender.send(line).is_err() {
                return;
            }
        }
    });
}

/// A command that only its own words configure: `home` stands in for the user's, so that no option
/// file changes what it does, and no variable of the tools is set.
pub(crate) fn unconfigured(program: &Path, home: &Path) -> Command {
    let mut command = Command::new(program);
    command.env("HOME", home).env("XDG_CONFIG_HOME", home);
    for (variable, _) in std::env::vars_os() {
        if variable.as_encoded_bytes().starts_with(b"MQTT_") {
            command.env_remove(variable);
        }
    }
    command
}
