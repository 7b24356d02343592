//! The project's own tasks: `cargo xtask` lists them.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command-line tool for people at work on this project: printing is its job"
)]

mod bench;
mod broker;
mod cargo;
mod demo;
mod dist;
mod generate;
mod interop;
mod packages;
mod soak;
mod test;
mod watched;

use std::ffi::{OsStr, OsString};
use std::process::ExitCode;

use anyhow::Context;
use lexopt::Arg;

const HELP: &str = "\
The project's own tasks.

Usage: cargo xtask TASK [OPTIONS]

Tasks:
  demo     build the tools and show them at work: needs nothing but the Rust toolchain
  broker   run an embedded broker on 127.0.0.1 for trying the tools out
  test     install what the tests need, then check formatting, lints and docs and run all tests
  gen      make the man pages and the completions anew, from the options and the documents
  dist     build a release: a tarball, a package for Debian and their checksums
  bench    measure the tools beside Debian's mosquitto-clients and print a table of medians
  soak     bring faults upon the tools for minutes and print a table of what is lost
  interop  try the tools against several brokers and print docs/interop.md
  help     print this text

`cargo xtask TASK --help` tells more about a task.
";

fn main() -> ExitCode {
    match run(std::env::args_os().skip(1)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(mut arguments: impl Iterator<Item = OsString>) -> anyhow::Result<()> {
    let task = arguments.next().unwrap_or_else(|| OsString::from("help"));
    let options = lexopt::Parser::from_args(arguments);
    match task.to_str() {
        Some("demo") => demo::run(options),
        Some("broker") => broker::run(options),
        Some("test") => test::run(options),
        Some("dist") => dist::run(options),
        Some("gen") => generate::run(options),
        Some("soak") => soak::run(options),
        Some("bench") => bench::run(options),
        Some("interop") => interop::run(options),
        Some(bench::peer::TASK) => bench::peer::run(options),
        Some(bench::bare::TASK) => bench::bare::run(options),
        Some("help" | "--help" | "-h") => {
            print!("{HELP}");
            Ok(())
        }
        _ => anyhow::bail!("no task named {}\n\n{HELP}", task.display()),
    }
}

/// The whole number that an option was given.
pub(crate) fn number<N: std::str::FromStr>(value: &OsStr, option: &str) -> anyhow::Result<N> {
    let number = value.to_str().and_then(|word| word.parse().ok());
    number.with_context(|| {
        format!("invalid value '{}' for {option}: a whole number is wanted", value.display())
    })
}

/// Reads the options of a task that has none but `--help`, and prints its help if that is wanted.
pub(crate) fn asks_for_help(options: &mut lexopt::Parser, help: &str) -> anyhow::Result<bool> {
    match options.next()? {
        None => Ok(false),
        Some(Arg::Long("help") | Arg::Short('h')) => {
            print!("{help}");
            Ok(true)
        }
        Some(other) => Err(other.unexpected().into()),
    }
}
