//! What a program weighs before it does anything: its binary, the system calls and instructions of
//! the shortest run, and how long it takes to build it from nothing.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};

use super::measure::Peer;
use super::packet;
use super::peer::Blast;
use super::row::Over;
use super::table::{Findings, seconds, thousands};
use crate::cargo;

/// What `--row` calls it.
pub(super) const NAME: &str = "footprint";

/// What it does, in words.
pub(super) const TITLE: &str = "binaries, system calls and instructions of one message";

/// What a binary may weigh, stripped, in bytes.
const SIZES: [(&str, u64); 3] =
    [("mqtt-pub", 4_000_000), ("mqtt-sub", 4_000_000), ("mqtt-passwd", 1_200_000)];

/// Whether everything is built once from nothing, which takes minutes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ColdBuild {
    Measured,
    LeftOut,
}

/// What was found.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Outcome {
    sizes: Vec<Size>,
    starts: Vec<Start>,
    cold_build: Option<Duration>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Size {
    name: &'static str,
    bytes: u64,
    limit: u64,
}

/// The shortest run of a program. A number is missing where the tool that counts is.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Start {
    name: &'static str,
    system_calls: Option<u64>,
    instructions: Option<u64>,
}

/// Weighs our programs in `folder`, and counts beside Debian's.
pub(super) fn measure(folder: &Path, cold_build: ColdBuild) -> anyhow::Result<Outcome> {
    let sizes = SIZES.iter().map(|&(name, limit)| {
        let bytes = fs::metadata(folder.join(name)).with_context(|| format!("no {name}"))?.len();
        Ok(Size { name, bytes, limit })
    });
    let sizes = sizes.collect::<anyhow::Result<_>>()?;
    let peer = Peer::start(Blast { messages: 1, size: 12, qos: 0 }, Over::Tcp, None)?;
    let mut starts = Vec::new();
    for (name, words) in [
        ("mosquitto_pub", ["-m", "Test Message"]),
        ("mqtt-pub", ["-m", "Test Message"]),
        ("mosquitto_sub", ["-C", "1"]),
        ("mqtt-sub", ["-C", "1"]),
    ] {
        let own = Some(folder.join(name)).filter(|program| program.is_file());
        let Some(program) = own.or_else(|| cargo::installed(name)) else { continue };
        let run = Run { program, words, port: peer.port() };
        starts.push(Start {
            name,
            system_calls: run.system_calls()?,
            instructions: run.instructions()?,
        });
    }
    let cold_build = match cold_build {
        ColdBuild::Measured => Some(build_from_nothing()?),
        ColdBuild::LeftOut => None,
    };
    Ok(Outcome { sizes, starts, cold_build })
}

struct Run {
    program: PathBuf,
    words: [&'static str; 2],
    port: u16,
}

impl Run {
    fn system_calls(&self) -> anyhow::Result<Option<u64>> {
        let Some(strace) = cargo::installed("strace") else { return Ok(None) };
        let folder = tempfile::tempdir()?;
        let log = folder.path().join("log");
        self.run_by(cargo::as_a_user_runs(strace).args(["-f", "-o"]).arg(&log))?;
        // A call that another thread interrupts is a line when it begins and one when it goes on.
        let log = String::from_utf8_lossy(&fs::read(log)?).into_owned();
        let calls = log.lines().filter(|line| {
            line.contains('(') && !line.contains(" resumed>") && !line.contains("+++")
        });
        Ok(Some(u64::try_from(calls.count())?))
    }

    fn instructions(&self) -> anyhow::Result<Option<u64>> {
        let Some(valgrind) = cargo::installed("valgrind") else { return Ok(None) };
        let folder = tempfile::tempdir()?;
        let log = folder.path().join("log");
        let mut command = cargo::as_a_user_runs(valgrind);
        command.args(["--tool=callgrind", "--callgrind-out-file=/dev/null"]);
        self.run_by(command.arg(format!("--log-file={}", log.display())))?;
        let log = fs::read_to_string(log)?;
        let (_, count) = log.split_once("Collected : ").context("callgrind counted nothing")?;
        Ok(Some(count.lines().next().unwrap_or_default().trim().parse()?))
    }

    fn run_by(&self, command: &mut Command) -> anyhow::Result<()> {
        let port = self.port.to_string();
        command.arg(&self.program).args(["-h", "127.0.0.1", "-p", &port, "-t", packet::TOPIC]);
        command.args(self.words).stdin(Stdio::null()).stdout(Stdio::null());
        cargo::run(command)
    }
}

/// Everything that is released, with all that it depends on.
fn build_from_nothing() -> anyhow::Result<Duration> {
    let folder = tempfile::tempdir()?;
    let mut build = cargo::cargo(&["build", "--release", "--locked", "--quiet"]);
    for (package, _) in SIZES {
        build.args(["--package", package]);
    }
    let started = Instant::now();
    let status = build.arg("--target-dir").arg(folder.path()).status()?;
    ensure!(status.success(), "the build failed: {status}");
    Ok(started.elapsed())
}

impl Findings for Outcome {
    fn good(&self) -> bool {
        self.sizes.iter().all(|size| size.bytes <= size.limit)
    }

    fn table(&self) -> String {
        let mut text = format!("{TITLE} [{NAME}]\n");
        for Size { name, bytes, limit } in &self.sizes {
            let verdict = if bytes > limit { "  NOT REACHED" } else { "" };
            let (bytes, limit) = (thousands(*bytes), thousands(*limit));
            let _written = writeln!(text, "  {name:<14}{bytes:>12} bytes, limit {limit}{verdict}");
        }
        for Start { name, system_calls, instructions } in &self.starts {
            let (calls, instructions) = (count(*system_calls), count(*instructions));
            let _written =
                writeln!(text, "  {name:<14}{calls:>12} system calls, {instructions} instructions");
        }
        if let Some(time) = self.cold_build {
            let _written = writeln!(text, "  {:<14}{:>12}", "cold build", seconds(time));
        }
        text
    }

    fn markdown(&self) -> String {
        let mut text = "\n| binary | bytes, stripped | limit |\n|---|---|---|\n".to_owned();
        for Size { name, bytes, limit } in &self.sizes {
            let verdict = if bytes > limit { " **missed**" } else { "" };
            let (bytes, limit) = (thousands(*bytes), thousands(*limit));
            let _written = writeln!(text, "| `{name}` | {bytes} | {limit}{verdict} |");
        }
        text.push_str(
            "\n| one message, start to end | system calls | instructions |\n|---|---|---|\n",
        );
        for Start { name, system_calls, instructions } in &self.starts {
            let (calls, instructions) = (count(*system_calls), count(*instructions));
            let _written = writeln!(text, "| `{name}` | {calls} | {instructions} |");
        }
        if let Some(time) = self.cold_build {
            let _written = writeln!(text, "\nCold build of the three: {}.", seconds(time));
        }
        text
    }

    fn json(&self) -> String {
        let number =
            |count: Option<u64>| count.map_or("null".to_owned(), |count| count.to_string());
        let sizes = self.sizes.iter().map(|Size { name, bytes, limit }| {
            format!(r#""{name}":{{"bytes":{bytes},"limit":{limit}}}"#)
        });
        let starts = self.starts.iter().map(|Start { name, system_calls, instructions }| {
            let (calls, instructions) = (number(*system_calls), number(*instructions));
            format!(r#""{name}":{{"system_calls":{calls},"instructions":{instructions}}}"#)
        });
        let build = self.cold_build.map(|time| format!("{:.1}", time.as_secs_f64()));
        format!(
            r#"{{"row":"{NAME}","sizes":{{{}}},"starts":{{{}}},"cold_build":{},"good":{}}}"#,
            sizes.collect::<Vec<_>>().join(","),
            starts.collect::<Vec<_>>().join(","),
            build.unwrap_or_else(|| "null".to_owned()),
            self.good()
        )
    }
}

fn count(number: Option<u64>) -> String {
    number.map_or("–".to_owned(), thousands)
}
