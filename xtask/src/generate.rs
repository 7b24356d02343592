//! `cargo xtask gen`: the files that are made from the options.

use crate::asks_for_help;
use crate::cargo::{cargo, run as finish};

const HELP: &str = "\
Makes docs/man, completions and docs/coming-from-mosquitto.md anew, from the tools' options and from
the tables in docs. Tests fail where they are not what this makes of them.

Usage: cargo xtask gen
";

/// Has the tests of the tools write what they compare otherwise: they alone know the options.
pub(crate) fn run(mut options: lexopt::Parser) -> anyhow::Result<()> {
    if asks_for_help(&mut options, HELP)? {
        return Ok(());
    }
    let tools = ["--package", "mqtt-pub", "--package", "mqtt-sub", "--package", "mqtt-passwd"];
    let arguments =
        [&["test", "--quiet", "--lib", "--bins"], &tools[..], &["generated_files"]].concat();
    finish(cargo(&arguments).env("REGENERATE", "1"))?;
    // From what was just made.
    let page =
        ["test", "--quiet", "--package", "mqtt-sub", "--test", "documents", "differences_have_it"];
    finish(cargo(&page).env("REGENERATE", "1"))
}
