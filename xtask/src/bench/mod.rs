//! `cargo xtask bench`: our tools beside Debian's mosquitto-clients, in turn, against a peer of
//! our own that is faster than any of them.

pub(crate) mod bare;
mod footprint;
mod frame;
mod latency;
mod load;
mod measure;
mod packet;
pub(crate) mod peer;
mod row;
mod summary;
mod table;
mod wrapper;

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use lexopt::{Arg, ValueExt};

use crate::cargo::{self, Profile};
use crate::number;
use footprint::ColdBuild;
use load::{Maker, Prepared};
use measure::Run;
use row::{Against, ROWS, Row};
use summary::Summary;
use table::{Findings, Format, Outcome};

const HELP: &str = "\
Measures our tools beside Debian's mosquitto-clients.

Usage: cargo xtask bench [OPTIONS]

Every run is a process of its own, ours and the original's in turn, against a peer on
loopback that only counts or only sends; where it says so, against Debian's mosquitto. A third
process in turn is the barest loop that moves the same bytes over plain TCP. Shown are the
medians of CPU time (user and system), wall-clock time and peak resident memory; the fewest
messages that arrived in any run; and the worst end of any run. A run that lost messages is marked.

Options:
  --rounds N      runs of each program and row (default 5; one message: 40 times as many)
  --row NAME      only this row (repeatable)
  --tools FOLDER  take mqtt-pub, mqtt-sub and mqtt-passwd from FOLDER instead of building them
  --limit SECONDS end a run that takes longer, and mark it (default 60)
  --cold-build    also build the tools once from nothing, and take the time
  --markdown      rows of Markdown instead of the table
  --json          one JSON object per row instead of the table
  --check         fail if a row lost messages or did not reach what it must

Rows:
";

/// What the user asked for.
#[derive(Debug)]
struct Plan {
    rounds: u32,
    tasks: Vec<Task>,
    tools: Option<PathBuf>,
    limit: Duration,
    cold_build: ColdBuild,
    format: Format,
    verdict: Verdict,
}

/// Something that has a name as a row.
#[derive(Clone, Copy, Debug)]
enum Task {
    Row(Row),
    Latency,
    Footprint,
}

impl Task {
    fn all() -> Vec<Self> {
        let rows = ROWS.into_iter().map(Self::Row);
        rows.chain([Self::Latency, Self::Footprint]).collect()
    }

    fn name(&self) -> &'static str {
        match self {
            Self::Row(row) => row.name,
            Self::Latency => latency::NAME,
            Self::Footprint => footprint::NAME,
        }
    }

    fn title(&self) -> &'static str {
        match self {
            Self::Row(row) => row.title,
            Self::Latency => latency::TITLE,
            Self::Footprint => footprint::TITLE,
        }
    }
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
        for task in Task::all() {
            println!("  {:<15} {}", task.name(), task.title());
        }
        return Ok(());
    };
    let folder = tools(&plan)?;
    begin(plan.format)?;
    let mut bad = Vec::new();
    for task in &plan.tasks {
        let findings = carry_out(task, &plan, &folder)?;
        println!("{}", findings.shown(plan.format));
        if !findings.good() {
            bad.push(task.name());
        }
    }
    if plan.verdict == Verdict::Fatal {
        ensure!(bad.is_empty(), "not good enough: {}", bad.join(", "));
    }
    Ok(())
}

fn begin(format: Format) -> anyhow::Result<()> {
    match format {
        Format::Table => {
            let floor = table::megabytes(measure::floor()?);
            println!(
                "(no resident memory below {floor:.1} MB can be seen: a child begins as a copy)\n"
            );
        }
        Format::Markdown => println!("{}", table::MARKDOWN_HEAD),
        Format::Json => {}
    }
    Ok(())
}

fn carry_out(task: &Task, plan: &Plan, folder: &Path) -> anyhow::Result<Box<dyn Findings>> {
    Ok(match task {
        Task::Row(row) => Box::new(measured(row, plan, folder)?),
        Task::Latency => Box::new(latency::measure(plan.rounds, folder)?),
        Task::Footprint => Box::new(footprint::measure(folder, plan.cold_build)?),
    })
}

/// `None` if help was asked for.
fn plan(mut options: lexopt::Parser) -> anyhow::Result<Option<Plan>> {
    let mut plan = Plan {
        rounds: 5,
        tasks: Vec::new(),
        tools: None,
        limit: Duration::from_mins(1),
        cold_build: ColdBuild::LeftOut,
        format: Format::Table,
        verdict: Verdict::Shown,
    };
    while let Some(argument) = options.next()? {
        match argument {
            Arg::Long("rounds") => plan.rounds = number(&options.value()?, "--rounds")?,
            Arg::Long("row") => plan.tasks.push(task(&options.value()?.string()?)?),
            Arg::Long("tools") => plan.tools = Some(options.value()?.into()),
            Arg::Long("limit") => {
                plan.limit = Duration::from_secs(number(&options.value()?, "--limit")?);
            }
            Arg::Long("cold-build") => plan.cold_build = ColdBuild::Measured,
            Arg::Long("markdown") => plan.format = Format::Markdown,
            Arg::Long("json") => plan.format = Format::Json,
            Arg::Long("check") => plan.verdict = Verdict::Fatal,
            Arg::Long("help") | Arg::Short('h') => return Ok(None),
            other => return Err(other.unexpected().into()),
        }
    }
    ensure!(plan.rounds > 0, "--rounds 0 measures nothing");
    if plan.tasks.is_empty() {
        plan.tasks = Task::all();
    }
    Ok(Some(plan))
}

fn task(name: &str) -> anyhow::Result<Task> {
    let Some(task) = Task::all().into_iter().find(|task| task.name() == name) else {
        let names: Vec<_> = Task::all().iter().map(Task::name).collect();
        bail!("no row named {name}; there are {}", names.join(", "));
    };
    Ok(task)
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

fn measured(row: &Row, plan: &Plan, folder: &Path) -> anyhow::Result<Outcome> {
    let programs = row.load.programs();
    let own = folder.join(programs.own);
    let scratch = tempfile::tempdir().context("cannot make a temporary folder")?;
    let mut prepared = Prepared::new(row.load, row.messages, &scratch.path().join("row"))?;
    let (reference, mut other) = match row.against {
        Against::Original => (cargo::installed(programs.original), None),
        Against::Own(load) => {
            let other = Prepared::new(load, row.messages, &scratch.path().join("other"))?;
            (Some(own.clone()), Some(other))
        }
    };
    let mut over_tcp = match row.load.over_tcp() {
        Some(load) => Some(Prepared::new(load, row.messages, &scratch.path().join("tcp"))?),
        None => None,
    };
    let runs = row.runs(plan.rounds);
    let (mut references, mut ours, mut bare) = (Vec::<Run>::new(), Vec::new(), Vec::new());
    for _ in 0..runs {
        if let Some(reference) = &reference {
            references.push(match &mut other {
                None => prepared.run(reference, Maker::Original, plan.limit)?,
                Some(other) => other.run(reference, Maker::Own, plan.limit)?,
            });
        }
        ours.push(prepared.run(&own, Maker::Own, plan.limit)?);
        bare.extend(over_tcp.as_mut().unwrap_or(&mut prepared).run_bare(plan.limit)?);
    }
    Ok(Outcome {
        row: *row,
        runs,
        reference: Summary::new(row, &references),
        ours: Summary::new(row, &ours).context("no run was made")?,
        bare: Summary::new(row, &bare),
    })
}
