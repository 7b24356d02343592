//! The rows of the benchmark: what is done, with how much, and what must be reached.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, ensure};

use super::measure::{self, Peer, Run};
use super::peer::{self, Blast};

/// What a row does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Load {
    /// `-l`: every line of a file on standard input is one message.
    Lines {
        /// Bytes of each line, without its end.
        size: usize,
        /// The QoS.
        qos: u8,
    },
    /// Subscribing; what is printed goes to a regular file.
    Receive {
        /// Bytes of each payload.
        size: usize,
        /// The QoS.
        qos: u8,
    },
    /// One publish with `-m`, at QoS 0: what a script pays each time.
    Message,
    /// One publish with `-f`.
    File {
        /// Bytes of the file.
        size: u64,
    },
}

/// The most a row may cost: the first three as parts of what the original needs.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Limits {
    /// CPU time.
    pub(super) cpu: Option<f64>,
    /// Wall-clock time.
    pub(super) wall: Option<f64>,
    /// Peak resident set, in bytes.
    pub(super) peak_memory: Option<u64>,
}

/// One row.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Row {
    /// What `--row` calls it.
    pub(super) name: &'static str,
    /// What it does, in words.
    pub(super) title: &'static str,
    /// What it does.
    pub(super) load: Load,
    /// How many messages one run carries.
    pub(super) messages: u64,
    /// What must be reached.
    pub(super) limits: Limits,
}

const NO_LIMITS: Limits = Limits { cpu: None, wall: None, peak_memory: None };
const MEMORY: Limits = Limits { peak_memory: Some(8 << 20), ..NO_LIMITS };

/// All rows, in the order they are run.
pub(super) const ROWS: [Row; 8] = [
    Row {
        name: "lines-qos0",
        title: "publish 1,000,000 lines of 45 bytes, QoS 0 (-l)",
        load: Load::Lines { size: 45, qos: 0 },
        messages: 1_000_000,
        limits: Limits { cpu: Some(0.12), wall: Some(0.15), ..MEMORY },
    },
    Row {
        name: "lines-qos1",
        title: "publish 60,000 lines of 45 bytes, QoS 1 (-l)",
        load: Load::Lines { size: 45, qos: 1 },
        messages: 60_000,
        limits: MEMORY,
    },
    Row {
        name: "lines-qos2",
        title: "publish 60,000 lines of 45 bytes, QoS 2 (-l)",
        load: Load::Lines { size: 45, qos: 2 },
        messages: 60_000,
        limits: MEMORY,
    },
    Row {
        name: "million-qos1",
        title: "publish 1,000,000 lines of 45 bytes, QoS 1 (-l)",
        load: Load::Lines { size: 45, qos: 1 },
        messages: 1_000_000,
        limits: MEMORY,
    },
    Row {
        name: "receive-qos0",
        title: "receive 1,000,000 messages of 50 bytes, QoS 0 (-C, to a file)",
        load: Load::Receive { size: 50, qos: 0 },
        messages: 1_000_000,
        limits: Limits { cpu: Some(0.10), wall: Some(0.12), ..MEMORY },
    },
    Row {
        name: "receive-qos1",
        title: "receive 300,000 messages of 50 bytes, QoS 1 (-C, to a file)",
        load: Load::Receive { size: 50, qos: 1 },
        messages: 300_000,
        limits: MEMORY,
    },
    Row {
        name: "message",
        title: "publish one message (-m)",
        load: Load::Message,
        messages: 1,
        limits: Limits { wall: Some(0.9), ..NO_LIMITS },
    },
    Row {
        name: "file",
        title: "publish a file of 200 MB (-f)",
        load: Load::File { size: 200_000_000 },
        messages: 1,
        limits: NO_LIMITS,
    },
];

impl Row {
    /// How many runs of each program make `rounds` rounds: a publish that takes a millisecond
    /// is repeated more often than one that takes a second.
    pub(super) fn runs(&self, rounds: u32) -> u32 {
        match self.load {
            Load::Message => rounds.saturating_mul(40),
            Load::Lines { .. } | Load::Receive { .. } | Load::File { .. } => rounds,
        }
    }

    /// Whether this row measures the subscriber.
    pub(super) fn subscribes(&self) -> bool {
        matches!(self.load, Load::Receive { .. })
    }
}

/// A row made ready: its files are written and its peer is running.
#[derive(Debug)]
pub(super) struct Prepared {
    row: Row,
    peer: Peer,
    input: PathBuf,
    output: PathBuf,
}

impl Prepared {
    /// Writes the row's input under `folder` and starts its peer.
    pub(super) fn new(row: Row, folder: &Path) -> anyhow::Result<Self> {
        let input = folder.join("input");
        let blast = match row.load {
            Load::Receive { size, qos } => Blast { messages: row.messages, size, qos },
            Load::Lines { size, .. } => {
                write_lines(&input, row.messages, size)?;
                Blast::default()
            }
            Load::File { size } => {
                write_lines(&input, size / 100, 99)?;
                Blast::default()
            }
            Load::Message => Blast::default(),
        };
        Ok(Self { row, peer: Peer::start(blast)?, input, output: folder.join("output") })
    }

    /// Runs one program once.
    pub(super) fn run(&mut self, program: &Path, limit: Duration) -> anyhow::Result<Run> {
        let mut command = self.command(program)?;
        let (cost, status) = measure::run(&mut command, limit)?;
        let (received, bytes) = self.peer.received()?;
        let arrived = match self.row.load {
            Load::Receive { .. } => measure::lines(&self.output)?,
            Load::File { size } if bytes < size => 0,
            Load::Lines { .. } | Load::Message | Load::File { .. } => received,
        };
        Ok(Run { cost, status, arrived })
    }

    fn command(&self, program: &Path) -> anyhow::Result<Command> {
        let mut command = Command::new(program);
        command.args(["-h", "127.0.0.1", "-p", &self.peer.port().to_string(), "-t", peer::TOPIC]);
        command.stdin(Stdio::null()).stdout(Stdio::null());
        match self.row.load {
            Load::Lines { qos, .. } => {
                command.args(["-l", "-q", &qos.to_string()]).stdin(File::open(&self.input)?);
            }
            Load::Receive { qos, .. } => {
                let output = File::create(&self.output).context("cannot write the output")?;
                command.args(["-q", &qos.to_string(), "-C", &self.row.messages.to_string()]);
                command.stdout(output);
            }
            Load::Message => {
                command.args(["-m", "Test Message"]);
            }
            Load::File { .. } => {
                command.arg("-f").arg(&self.input);
            }
        }
        Ok(command)
    }
}

fn write_lines(path: &Path, count: u64, size: usize) -> anyhow::Result<()> {
    let mut file = BufWriter::new(File::create(path).context("cannot write the input")?);
    for number in 0..count {
        writeln!(file, "{number:0>size$}")?;
    }
    file.flush()?;
    let written = path.metadata()?.len();
    let expected = count * u64::try_from(size + 1)?;
    ensure!(written == expected, "the input has {written} bytes instead of {expected}");
    Ok(())
}
