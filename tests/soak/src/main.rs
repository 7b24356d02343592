//! `cargo xtask soak`: every row of docs/reliability.md for minutes, and the table as it stands
//! there. A crate of its own, so that only what asks for it builds what the tests share.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command-line tool for people at work on this project: printing is its job"
)]

mod machine;
mod table;

use std::ffi::OsStr;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use lexopt::{Arg, ValueExt};
use test_support::faults::{Extent, Figures, ROWS, Rig, Row, run};

const HELP: &str = "\
Brings faults upon the tools for minutes, and counts what is lost.

Usage: cargo xtask soak [OPTIONS]

Each row is a kind of fault. Its trials are made of the seed and their numbers and of nothing else, so
that one that failed can be tried again. The table is that of docs/reliability.md.

Options:
  --minutes N     for all rows together (default 10); each row is tried at least once
  --row NAME      only this row (repeatable)
  --seed N        what trials are made of (default: another one each time)
  --first N       begin each row with this trial (default 0)
  --tools FOLDER  take the tools from FOLDER instead of building them

Rows:
";

/// What the user asked for.
#[derive(Debug)]
struct Plan {
    time: Duration,
    rows: Vec<Row>,
    seed: u64,
    first: u64,
    tools: PathBuf,
}

fn main() -> anyhow::Result<()> {
    let Some(plan) = plan(lexopt::Parser::from_env())? else {
        print!("{HELP}");
        for row in ROWS {
            println!("  {:<34}{}", row.name, row.fault);
        }
        return Ok(());
    };
    eprintln!("seed {}", plan.seed);
    let rig = Rig::beside(plan.tools.join("mqtt-sub"), Extent::Full);
    let share = plan.time / u32::try_from(plan.rows.len()).unwrap_or(u32::MAX);
    let outcomes: Vec<_> =
        plan.rows.iter().map(|row| (row, soak(row, &rig, &plan, share))).collect();
    print!("{}", table::of(&outcomes));
    print!("{}", machine::description());
    let bad: Vec<_> = outcomes
        .iter()
        .filter(|(_, figures)| figures.survived < figures.tried)
        .map(|(row, _)| row.name)
        .collect();
    ensure!(bad.is_empty(), "seed {}: not everything survived: {}", plan.seed, bad.join(", "));
    Ok(())
}

/// Tries one row for its share of the time.
fn soak(row: &Row, rig: &Rig, plan: &Plan, share: Duration) -> Figures {
    eprintln!("{}: {}", row.name, row.fault);
    let started = Instant::now();
    let goes_on = |number| number == plan.first || started.elapsed() < share;
    let figures = run(row, rig, plan.seed, plan.first, goes_on);
    for (number, reason) in &figures.failures {
        eprintln!(
            "  trial {number} failed (--row {} --seed {} --first {number}):",
            row.name, plan.seed
        );
        eprintln!("  {reason}");
    }
    figures
}

/// `None` if help was asked for.
fn plan(mut options: lexopt::Parser) -> anyhow::Result<Option<Plan>> {
    let mut plan = Plan {
        time: Duration::from_mins(10),
        rows: Vec::new(),
        seed: fastrand::u64(..),
        first: 0,
        tools: PathBuf::new(),
    };
    while let Some(argument) = options.next()? {
        match argument {
            Arg::Long("minutes") => plan.time = minutes(&options.value()?)?,
            Arg::Long("row") => plan.rows.push(row(&options.value()?.string()?)?),
            Arg::Long("seed") => plan.seed = options.value()?.parse()?,
            Arg::Long("first") => plan.first = options.value()?.parse()?,
            // Some of them run in folders of their own.
            Arg::Long("tools") => plan.tools = std::path::absolute(options.value()?)?,
            Arg::Long("help") | Arg::Short('h') => return Ok(None),
            other => return Err(other.unexpected().into()),
        }
    }
    if plan.rows.is_empty() {
        plan.rows = ROWS.to_vec();
    }
    Ok(Some(plan))
}

fn minutes(value: &OsStr) -> anyhow::Result<Duration> {
    let minutes = value.to_str().and_then(|word| word.parse::<f64>().ok());
    let time = minutes.and_then(|minutes| Duration::try_from_secs_f64(minutes * 60.0).ok());
    time.context("--minutes wants a number")
}

fn row(name: &str) -> anyhow::Result<Row> {
    let row = ROWS.into_iter().find(|row| row.name == name);
    row.with_context(|| format!("no row named {name}; --help lists them"))
}
