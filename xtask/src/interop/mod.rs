//! `cargo xtask interop`: our tools against brokers that others have written, and our own.

mod aedes;
mod amqtt;
mod certificates;
mod checks;
mod client;
mod door;
mod embedded;
mod mosquitto;
mod place;
mod rabbitmq;
mod rumqttd;
mod server;
mod table;
mod verdict;

use std::path::Path;
use std::process::Command;

use anyhow::{Context, bail, ensure};
use lexopt::{Arg, ValueExt};

use crate::broker;
use crate::cargo::{self, Profile};
use certificates::Certificates;
use client::Version;
use place::{Place, Running};
use table::Row;
use verdict::{Verdict, judge_all};

const HELP: &str = "\
Tries our tools against several brokers on loopback and prints docs/interop.md.

Usage: cargo xtask interop [--broker NAME]... > docs/interop.md

What is missing is installed first, into target/interop: with apt-get download (Debian's packages
are unpacked, not installed), npm, pip in a virtual environment, and cargo. Debian's mosquitto,
mosquitto-clients and openssl must be there; `cargo xtask test` installs them. What fails with
our tools is tried again with Debian's mosquitto-clients, to tell whose fault it is. Progress
goes to stderr. The status is 0 unless it is ours.

Options:
  --broker NAME  only this broker (repeatable)

Brokers:
";

/// A broker, and how it is started.
#[derive(Clone, Copy)]
struct Contestant {
    name: &'static str,
    start: fn(&Place) -> anyhow::Result<Running>,
}

const CONTESTANTS: [Contestant; 7] = [
    Contestant { name: "mosquitto", start: mosquitto::start },
    Contestant { name: "embedded", start: embedded::start },
    Contestant { name: "rabbitmq", start: rabbitmq::start_node },
    Contestant { name: "rabbitmq-cluster", start: rabbitmq::start_cluster },
    Contestant { name: "aedes", start: aedes::start },
    Contestant { name: "amqtt", start: amqtt::start },
    Contestant { name: "rumqttd", start: rumqttd::start },
];

/// Tries every broker.
pub(crate) fn run(options: lexopt::Parser) -> anyhow::Result<()> {
    let Some(contestants) = plan(options)? else {
        print!("{HELP}");
        for contestant in CONTESTANTS {
            println!("  {}", contestant.name);
        }
        return Ok(());
    };
    let clients = clients()?;
    cargo::build(Profile::Dev, &broker::PACKAGES)?;
    let scratch = tempfile::tempdir().context("cannot make a temporary folder")?;
    let certificates = Certificates::make(scratch.path())?;
    let place = Place { scratch: scratch.path().to_owned(), certificates };
    let rows: Vec<Row> =
        contestants.iter().flat_map(|contestant| rows(contestant, &place)).collect();
    print!("{}", table::page(&rows, &clients));
    let verdicts = rows.iter().flat_map(|row| &row.verdicts);
    let ours = verdicts.filter(|verdict| matches!(verdict, Verdict::Ours(_))).count();
    ensure!(ours == 0, "{ours} of the failures are ours");
    Ok(())
}

/// `None` if help was asked for.
fn plan(mut options: lexopt::Parser) -> anyhow::Result<Option<Vec<Contestant>>> {
    let mut contestants = Vec::new();
    while let Some(argument) = options.next()? {
        match argument {
            Arg::Long("broker") => contestants.push(contestant(&options.value()?.string()?)?),
            Arg::Long("help") | Arg::Short('h') => return Ok(None),
            other => return Err(other.unexpected().into()),
        }
    }
    if contestants.is_empty() {
        contestants = CONTESTANTS.to_vec();
    }
    Ok(Some(contestants))
}

fn contestant(name: &str) -> anyhow::Result<Contestant> {
    let Some(contestant) = CONTESTANTS.into_iter().find(|contestant| contestant.name == name)
    else {
        let names: Vec<_> = CONTESTANTS.iter().map(|contestant| contestant.name).collect();
        bail!("no broker named {name}; there are {}", names.join(", "));
    };
    Ok(contestant)
}

/// Debian's clients with their version, which have to be there.
fn clients() -> anyhow::Result<String> {
    let line = mosquitto::first_line(Command::new("mosquitto_pub").arg("--version"));
    let line = line.context("mosquitto-clients are needed; `cargo xtask test` installs them")?;
    Ok(line.replace("mosquitto_pub version", "mosquitto-clients"))
}

fn rows(contestant: &Contestant, place: &Place) -> Vec<Row> {
    eprintln!("== {}", contestant.name);
    let running = match (contestant.start)(place) {
        Ok(running) => running,
        Err(error) => {
            let reason = format!("could not be started here: {error:#}");
            return vec![Row::untried(contestant.name, &reason)];
        }
    };
    let row = |version| tried(&running, version, &place.scratch);
    [Version::V311, Version::V5].map(row).into()
}

fn tried(running: &Running, version: Version, home: &Path) -> Row {
    let route = match version {
        Version::V311 => &running.threes,
        Version::V5 => &running.fives,
    };
    let verdicts = judge_all(route, version, home);
    Row { broker: running.name.clone(), version: version.number(), verdicts }
}
