//! `cargo xtask bench`: our tools beside Debian's mosquitto-clients, in turn, against a peer of
//! our own that is faster than any of them.

mod frame;
mod measure;
pub(crate) mod peer;
mod row;
mod summary;
mod table;

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use lexopt::{Arg, ValueExt};

use crate::cargo::{self, Profile};
use crate::number;
use measure::Run;
use row::{Prepared, ROWS, Row};
use summary::Summary;
use table::Outcome;

const HELP: &str = "\
Measures our tools beside Debian's mosquitto-clients.

Usage: cargo xtask bench [OPTIONS]

Every run is a process of its own, ours and the original's in turn, against a peer on
loopback that only counts or only sends. Shown are the medians of CPU time (user and system),
wall-clock time and peak resident memory; the fewest messages that arrived in any run; and the
worst end of any run. A run that lost messages is marked.

Options:
  --rounds N      runs of each program and row (default 5; one -m publish: 40 times as many)
  --row NAME      only this row (repeatable)
  --tools FOLDER  take mqtt-pub and mqtt-sub from FOLDER instead of building them
  --limit SECONDS end a run that takes longer, and mark it (default 60)
  --json          one JSON object per row instead of the table
  --check         fail if a row lost messages or did not reach what it must

Rows:
";

/// What the user asked for.
#[derive(Debug)]
struct Plan {
    rounds: u32,
    rows: Vec<Row>,
    tools: Option<PathBuf>,
    limit: Duration,
    format: Format,
    verdict: Verdict,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    Table,
    Json,
}

/// What a row that lost messages or missed its limits means for the exit status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Shown,
    Fatal,
}

/// Runs the benchmark.
pub(crate) fn run(options: lexopt::Parser) -> anyhow::Result<()> {
    let Some(plan) = plan(options)? else {
        print!("{HELP}");
        for row in ROWS {
            println!("  {:<15} {}", row.name, row.title);
        }
        return Ok(());
    };
    let folder = tools(&plan)?;
    if plan.format == Format::Table {
        let floor = table::megabytes(measure::floor()?);
        println!(
            "(no resident memory below {floor:.1} MB can be seen: a child begins as a copy)\n"
        );
    }
    let mut bad = Vec::new();
    for &row in &plan.rows {
        let outcome = measured(row, &plan, &folder)?;
        match plan.format {
            Format::Table => println!("{}", outcome.table()),
            Format::Json => println!("{}", outcome.json()),
        }
        if !outcome.good() {
            bad.push(row.name);
        }
    }
    if plan.verdict == Verdict::Fatal {
        ensure!(bad.is_empty(), "not good enough: {}", bad.join(", "));
    }
    Ok(())
}

/// `None` if help was asked for.
fn plan(mut options: lexopt::Parser) -> anyhow::Result<Option<Plan>> {
    let mut plan = Plan {
        rounds: 5,
        rows: Vec::new(),
        tools: None,
        limit: Duration::from_mins(1),
        format: Format::Table,
        verdict: Verdict::Shown,
    };
    while let Some(argument) = options.next()? {
        match argument {
            Arg::Long("rounds") => plan.rounds = number(&options.value()?, "--rounds")?,
            Arg::Long("row") => plan.rows.push(row(&options.value()?.string()?)?),
            Arg::Long("tools") => plan.tools = Some(options.value()?.into()),
            Arg::Long("limit") => {
                plan.limit = Duration::from_secs(number(&options.value()?, "--limit")?);
            }
            Arg::Long("json") => plan.format = Format::Json,
            Arg::Long("check") => plan.verdict = Verdict::Fatal,
            Arg::Long("help") | Arg::Short('h') => return Ok(None),
            other => return Err(other.unexpected().into()),
        }
    }
    ensure!(plan.rounds > 0, "--rounds 0 measures nothing");
    if plan.rows.is_empty() {
        plan.rows = ROWS.to_vec();
    }
    Ok(Some(plan))
}

fn row(name: &str) -> anyhow::Result<Row> {
    let Some(row) = ROWS.into_iter().find(|row| row.name == name) else {
        let names: Vec<_> = ROWS.iter().map(|row| row.name).collect();
        bail!("no row named {name}; there are {}", names.join(", "));
    };
    Ok(row)
}

/// The folder of our binaries, which are built unless another was named.
fn tools(plan: &Plan) -> anyhow::Result<PathBuf> {
    if let Some(folder) = &plan.tools {
        return Ok(folder.clone());
    }
    cargo::build(Profile::Release, &["mqtt-pub", "mqtt-sub", "mqtt-passwd"])?;
    let program = cargo::binary(Profile::Release, "mqtt-pub")?;
    Ok(program.parent().context("cargo built into no folder")?.to_path_buf())
}

fn measured(row: Row, plan: &Plan, folder: &std::path::Path) -> anyhow::Result<Outcome> {
    let (original, own) = if row.subscribes() {
        ("mosquitto_sub", "mqtt-sub")
    } else {
        ("mosquitto_pub", "mqtt-pub")
    };
    let own = folder.join(own);
    let original = cargo::installed(original);
    let scratch = tempfile::tempdir().context("cannot make a temporary folder")?;
    let mut prepared = Prepared::new(row, scratch.path())?;
    let runs = row.runs(plan.rounds);
    let (mut originals, mut ours): (Vec<Run>, Vec<Run>) = (Vec::new(), Vec::new());
    for _ in 0..runs {
        if let Some(original) = &original {
            originals.push(prepared.run(original, plan.limit)?);
        }
        ours.push(prepared.run(&own, plan.limit)?);
    }
    Ok(Outcome {
        row,
        runs,
        original: Summary::new(&row, &originals),
        ours: Summary::new(&row, &ours).context("no run was made")?,
    })
}
