//! `cargo xtask soak`: faults for minutes, and what is lost by them.

use std::ffi::OsString;
use std::process::Command;

use crate::cargo::{self, Profile};

/// Builds what it needs and runs it; its own `--help` tells more.
pub(crate) fn run(mut options: lexopt::Parser) -> anyhow::Result<()> {
    let words: Vec<OsString> = options.raw_args()?.collect();
    cargo::build(Profile::Dev, &["soak"])?;
    let mut command = Command::new(cargo::binary(Profile::Dev, "soak")?);
    let builds_nothing = ["--help", "-h", "--tools"];
    if !words.iter().any(|word| builds_nothing.iter().any(|option| word == option)) {
        cargo::build(Profile::Release, &["mqtt-pub", "mqtt-sub", "mqtt-passwd"])?;
        let program = cargo::binary(Profile::Release, "mqtt-sub")?;
        command.arg("--tools").args(program.parent());
    }
    cargo::run(command.args(words))
}
