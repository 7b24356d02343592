//! Where brokers are installed and where they run.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context;

use super::certificates::Certificates;
use super::door::Route;
use super::server::Server;
use crate::cargo;

/// Written last: a folder without it is what an installation that failed has left.
const COMPLETE: &str = "complete";

/// What a broker needs to be installed and started.
#[derive(Debug)]
pub(super) struct Place {
    /// The folder for this run, which is removed at its end.
    pub(super) scratch: PathBuf,
    /// For TLS listeners.
    pub(super) certificates: Certificates,
}

/// A broker that has been started. Its servers end when this is dropped.
#[derive(Debug)]
pub(super) struct Running {
    /// Its name, with the version.
    pub(super) name: String,
    /// Its listeners for MQTT 3.1.1.
    pub(super) threes: Route,
    /// Its listeners for MQTT 5; the same as for 3.1.1 unless it keeps them apart.
    pub(super) fives: Route,
    /// The last one that was started ends first.
    servers: Vec<Server>,
}

impl Running {
    /// A broker with the same listeners for all versions.
    pub(super) fn new(name: String, route: Route, servers: Vec<Server>) -> Self {
        Self { name, threes: route.clone(), fives: route, servers }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        while let Some(last) = self.servers.pop() {
            drop(last);
        }
    }
}

impl Place {
    /// A new folder for the files of a run.
    pub(super) fn folder(&self, name: &str) -> anyhow::Result<PathBuf> {
        let folder = self.scratch.join(name);
        fs::create_dir(&folder).with_context(|| format!("cannot make a folder for {name}"))?;
        Ok(folder)
    }
}

/// The folder below `target` with something installed. What is missing, or was not finished, is
/// installed first.
pub(super) fn installed(
    name: &str,
    install: impl FnOnce(&Path) -> anyhow::Result<()>,
) -> anyhow::Result<PathBuf> {
    let folder = cargo::built()?.join("interop").join(name);
    let complete = folder.join(COMPLETE);
    if !complete.exists() {
        eprintln!("== installing {name}");
        if folder.exists() {
            fs::remove_dir_all(&folder).context("cannot remove a broken installation")?;
        }
        fs::create_dir_all(&folder)?;
        install(&folder).with_context(|| format!("cannot install {name}"))?;
        fs::write(complete, "")?;
    }
    Ok(folder)
}

/// Runs an installer in a folder, at low priority and with its words on stderr.
pub(super) fn run_in(folder: &Path, words: &[&str]) -> anyhow::Result<()> {
    let mut command = Command::new("nice");
    command.args(words).current_dir(folder).stdout(std::io::stderr());
    cargo::run(&mut command)
}
