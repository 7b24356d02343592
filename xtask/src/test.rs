//! `cargo xtask test`: everything that must hold before a change goes in.

use std::process::Stdio;

use crate::asks_for_help;
use crate::cargo::{cargo, run as finish};
use crate::{dist, packages};

const HELP: &str = "\
Installs what the tests need where it is missing (Debian and Ubuntu, as root or with sudo), then
checks formatting, lints and documentation, installs, uses and removes the Debian package, and runs
all tests. Ends with the test runner's summary.

Usage: cargo xtask test
";

/// Installs, checks and tests; stops at the first thing that fails.
pub(crate) fn run(mut options: lexopt::Parser) -> anyhow::Result<()> {
    if asks_for_help(&mut options, HELP)? {
        return Ok(());
    }
    packages::install_missing()?;
    step("formatting", &["fmt", "--all", "--check"])?;
    step("clippy", &clippy(&[]))?;
    step("clippy, with all features", &clippy(&[ALL]))?;
    documentation()?;
    step("fuzz targets", &["check", "--manifest-path", "fuzz/Cargo.toml", "--locked"])?;
    without_openssl()?;
    // A tool's tests run its siblings too, and only its own binary is built for them.
    step("binaries", &["build", "--workspace", ALL, "--locked"])?;
    announce("package");
    dist::check::run()?;
    step("examples in the documentation", &["test", "--workspace", ALL, "--doc", "--locked"])?;
    if has_nextest() {
        step("tests", &["nextest", "run", "--workspace", ALL, "--locked", "--no-fail-fast"])
    } else {
        step("tests", &["test", "--workspace", ALL, "--tests", "--locked", "--no-fail-fast"])
    }
}

/// What users of the packages get: the one feature is `psk`, which plain builds do without.
const ALL: &str = "--all-features";

fn clippy<'a>(features: &[&'a str]) -> Vec<&'a str> {
    let lints = ["--locked", "--", "-D", "warnings"];
    [&["clippy", "--workspace", "--all-targets"], features, &lints].concat()
}

/// The tests that only a plain build can pass: what it says to `--psk`, and that it ends as the table
/// of exit statuses says.
fn without_openssl() -> anyhow::Result<()> {
    step("plain binaries", &["build", "--workspace", "--locked"])?;
    let tools = ["--package", "mqtt-pub", "--package", "mqtt-sub"];
    let tests = ["--test", "pub", "--test", "exit_codes", "--locked", "--", "psk", "every_cause"];
    step("tests of the plain binaries", &[&["test"][..], &tools, &tests].concat())
}

fn step(name: &str, arguments: &[&str]) -> anyhow::Result<()> {
    announce(name);
    finish(&mut cargo(arguments))
}

fn documentation() -> anyhow::Result<()> {
    announce("documentation");
    let arguments =
        ["doc", "--workspace", ALL, "--no-deps", "--document-private-items", "--locked"];
    finish(cargo(&arguments).env("RUSTDOCFLAGS", "-D warnings"))
}

/// On stderr, where cargo's own progress goes: the two keep their order.
fn announce(name: &str) {
    eprintln!("\n== {name}");
}

fn has_nextest() -> bool {
    let mut probe = cargo(&["nextest", "--version"]);
    probe.stdout(Stdio::null()).stderr(Stdio::null());
    probe.status().is_ok_and(|status| status.success())
}
