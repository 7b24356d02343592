//! A row made ready to be run: its files are written, its peer or broker is running.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use test_support::certificates::{Authority, Validity};
use test_support::mosquitto::Mosquitto;

use super::bare;
use super::measure::{self, Ended, Peer, Run};
use super::packet;
use super::peer::Blast;
use super::row::{Load, Output, Over};
use crate::cargo;

/// Iterations of a password's hash: what Debian's program has, and cannot be told.
const ITERATIONS: u32 = 101;

/// What a hashed password begins with.
const HASHED: &str = ":$7$101$";

/// How often it is looked whether something has arrived.
const PAUSE: Duration = Duration::from_millis(1);

/// Whose program is run: some things have to be said to ours alone, to make it do the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Maker {
    /// Debian's.
    Original,
    /// Ours.
    Own,
}

/// A load made ready.
#[derive(Debug)]
pub(super) struct Prepared {
    load: Load,
    messages: u64,
    folder: PathBuf,
    far_end: FarEnd,
    authority: Option<Authority>,
}

/// What the clients connect to.
#[derive(Debug)]
enum FarEnd {
    Peer(Peer),
    Broker(Mosquitto),
    /// Nothing: only files are changed.
    None,
}

impl Prepared {
    /// Writes the input under `folder` and starts the peer.
    pub(super) fn new(load: Load, messages: u64, folder: &Path) -> anyhow::Result<Self> {
        fs::create_dir_all(folder).context("cannot make a temporary folder")?;
        let folder = folder.to_path_buf();
        let authority = load.is_over_tls().then(|| Authority::new("benchmark"));
        let far_end = match load {
            Load::MessageOverTls => FarEnd::Broker(broker(authority.as_ref())?),
            Load::AddUser | Load::Upgrade => FarEnd::None,
            Load::Receive { size, qos, .. } => {
                FarEnd::Peer(Peer::start(Blast { messages, size, qos }, Over::Tcp, None)?)
            }
            Load::Lines { over, .. } => {
                FarEnd::Peer(Peer::start(Blast::default(), over, authority.as_ref())?)
            }
            Load::Message | Load::File(_) | Load::Stdin(_) => {
                FarEnd::Peer(Peer::start(Blast::default(), Over::Tcp, None)?)
            }
        };
        let prepared = Self { load, messages, folder, far_end, authority };
        prepared.write_input()?;
        Ok(prepared)
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    fn write_input(&self) -> anyhow::Result<()> {
        let input = self.file("input");
        match self.load {
            Load::Lines { size, .. } => {
                write_lines(&input, self.messages, |n| format!("{n:0>size$}"))
            }
            Load::File(size) | Load::Stdin(size) => {
                write_lines(&input, size / 100, |n| format!("{n:0>99}"))
            }
            Load::AddUser => write_lines(&input, self.messages - 1, |n| {
                format!("user{n}{HASHED}c2FsdHNhbHRzYWx0${n:A<86}==")
            }),
            Load::Upgrade => write_lines(&input, self.messages, |n| format!("user{n}:password{n}")),
            Load::Receive { .. } | Load::Message | Load::MessageOverTls => Ok(()),
        }
    }

    /// Runs one program once.
    pub(super) fn run(
        &mut self,
        program: &Path,
        maker: Maker,
        limit: Duration,
    ) -> anyhow::Result<Run> {
        let mut command = self.command(program, maker)?;
        let before = self.logged();
        let Ended { cost, status, lines } = measure::run(&mut command, limit)?;
        let arrived = match &mut self.far_end {
            FarEnd::None => count_lines(&self.file("passwords"), HASHED)?,
            FarEnd::Broker(_) => self.logged_after(before, limit),
            FarEnd::Peer(peer) => {
                let (received, bytes) = peer.received()?;
                match (self.load, lines) {
                    (Load::Receive { .. }, Some(lines)) => lines,
                    (Load::Receive { .. }, None) => measure::lines(&self.file("output"))?,
                    (Load::File(size) | Load::Stdin(size), _) if bytes < size => 0,
                    _ => received,
                }
            }
        };
        Ok(Run { cost, status, arrived })
    }

    /// Moves the same bytes once by the barest loop, where there is one.
    pub(super) fn run_bare(&mut self, limit: Duration) -> anyhow::Result<Option<Run>> {
        let Some(mut command) = self.bare_command()? else {
            return Ok(None);
        };
        let Ended { cost, status, .. } = measure::run(&mut command, limit)?;
        if let FarEnd::Peer(peer) = &mut self.far_end {
            peer.received()?;
        }
        Ok(Some(Run { cost, status, arrived: self.messages }))
    }

    fn command(&self, program: &Path, maker: Maker) -> anyhow::Result<Command> {
        let mut command = cargo::as_a_user_runs(program);
        command.stdin(Stdio::null()).stdout(Stdio::null());
        match &self.far_end {
            FarEnd::None => {}
            FarEnd::Peer(peer) => self.connect(&mut command, peer.port()),
            FarEnd::Broker(broker) => self.connect(&mut command, broker.port()),
        }
        match self.load {
            Load::Lines { qos, window, over, .. } => {
                command.args(["-l", "-q", &qos.to_string()]).stdin(self.input()?);
                if let Some(window) = window {
                    command.args(["-M", &window.to_string()]);
                }
                if over == Over::WebSocket {
                    command.arg("--ws");
                }
            }
            Load::Receive { qos, shown, output, .. } => {
                command.args(["-q", &qos.to_string(), "-C", &self.messages.to_string()]);
                command.args(shown).stdout(self.output(output)?);
            }
            Load::Message | Load::MessageOverTls => {
                command.args(["-m", "Test Message"]);
            }
            Load::File(_) => {
                command.arg("-f").arg(self.file("input"));
            }
            Load::Stdin(_) => {
                command.arg("-s").stdin(self.input()?);
            }
            Load::AddUser => {
                let passwords = self.fresh_passwords()?;
                command.arg("-b").args(iterations(maker)).arg(passwords).args(["new", "secret"]);
            }
            Load::Upgrade => {
                let passwords = self.fresh_passwords()?;
                command.arg("-U").args(iterations(maker)).arg(passwords);
            }
        }
        Ok(command)
    }

    fn connect(&self, command: &mut Command, port: u16) {
        command.args(["-h", "127.0.0.1", "-p", &port.to_string(), "-t", packet::TOPIC]);
        if let Some(authority) = &self.authority {
            command.args(["--cafile", &authority.file()]);
        }
    }

    fn input(&self) -> anyhow::Result<File> {
        File::open(self.file("input")).context("cannot read the input")
    }

    fn output(&self, output: Output) -> anyhow::Result<Stdio> {
        Ok(match output {
            Output::File => {
                let file = File::create(self.file("output"));
                file.context("cannot write the output")?.into()
            }
            Output::Pipe => Stdio::piped(),
        })
    }

    /// The password file as it is before the change.
    fn fresh_passwords(&self) -> anyhow::Result<PathBuf> {
        let passwords = self.file("passwords");
        fs::copy(self.file("input"), &passwords).context("cannot copy the password file")?;
        Ok(passwords)
    }

    /// The same bytes by [`bare`]; `None` where nothing as bare does the same.
    fn bare_command(&self) -> anyhow::Result<Option<Command>> {
        let mut command = bare::command()?;
        command.stdin(Stdio::null()).stdout(Stdio::null());
        match (self.load, &self.far_end) {
            (Load::AddUser, _) => {
                command.arg("copy").args([self.file("input"), self.file("copy")]);
                return Ok(Some(command));
            }
            (Load::Upgrade, _) => {
                command.args(["hash", &self.messages.to_string(), &ITERATIONS.to_string()]);
                return Ok(Some(command));
            }
            (_, FarEnd::Peer(peer)) => command.env(bare::PORT, peer.port().to_string()),
            (_, FarEnd::Broker(_) | FarEnd::None) => return Ok(None),
        };
        let messages = self.messages.to_string();
        match self.load {
            Load::Lines { size, qos: 0, .. } => {
                command.args(["send", &messages, &size.to_string()])
            }
            Load::Lines { size, qos, window, .. } => {
                let window = window.unwrap_or(bare::WINDOW).to_string();
                command.args(["exchange", &messages, &size.to_string(), &qos.to_string(), &window])
            }
            Load::Receive { size, qos, output, .. } => {
                command.stdout(self.output(output)?);
                command.args(["receive", &messages, &size.to_string(), &qos.to_string()])
            }
            Load::Message => command.args(["send", "1", "12"]),
            Load::File(size) | Load::Stdin(size) => command.args(["send", "1", &size.to_string()]),
            Load::MessageOverTls | Load::AddUser | Load::Upgrade => return Ok(None),
        };
        Ok(Some(command))
    }

    /// How many messages the broker's log has.
    fn logged(&self) -> usize {
        match &self.far_end {
            FarEnd::Broker(broker) => broker.log().matches("Received PUBLISH from").count(),
            FarEnd::Peer(_) | FarEnd::None => 0,
        }
    }

    /// How many messages have come since then. The client may be gone before the broker has read
    /// them.
    fn logged_after(&self, before: usize, limit: Duration) -> u64 {
        let started = Instant::now();
        loop {
            let count = u64::try_from(self.logged() - before).unwrap_or(u64::MAX);
            if count >= self.messages || started.elapsed() > limit {
                return count;
            }
            thread::sleep(PAUSE);
        }
    }
}

impl Load {
    /// The same messages over plain TCP to the peer, where they go another way.
    pub(super) fn over_tcp(self) -> Option<Self> {
        match self {
            Self::Lines { size, qos, window, over: Over::Tls | Over::WebSocket } => {
                Some(Self::Lines { size, qos, window, over: Over::Tcp })
            }
            Self::MessageOverTls => Some(Self::Message),
            _ => None,
        }
    }

    fn is_over_tls(self) -> bool {
        matches!(self, Self::MessageOverTls | Self::Lines { over: Over::Tls, .. })
    }
}

fn broker(authority: Option<&Authority>) -> anyhow::Result<Mosquitto> {
    ensure!(
        cargo::installed("mosquitto").is_some(),
        "this row needs Debian's mosquitto, which `cargo xtask test` installs"
    );
    let builder = Mosquitto::builder();
    Ok(match authority {
        Some(authority) => builder.tls(&authority.server(&["127.0.0.1"], Validity::Now)),
        None => builder,
    }
    .start())
}

/// What makes our hashes cost as much as the original's.
fn iterations(maker: Maker) -> Vec<String> {
    match maker {
        Maker::Original => Vec::new(),
        Maker::Own => vec!["-I".to_owned(), ITERATIONS.to_string()],
    }
}

fn count_lines(path: &Path, with: &str) -> anyhow::Result<u64> {
    let mut count = 0;
    for line in BufReader::new(File::open(path)?).lines() {
        count += u64::from(line?.contains(with));
    }
    Ok(count)
}

fn write_lines(path: &Path, count: u64, line: impl Fn(u64) -> String) -> anyhow::Result<()> {
    let mut file = BufWriter::new(File::create(path).context("cannot write the input")?);
    for number in 0..count {
        writeln!(file, "{}", line(number))?;
    }
    Ok(file.flush()?)
}
