//! `cargo xtask dist`: what is handed out. A tarball, a package for Debian, and their checksums.

pub(crate) mod check;
mod debian;
mod notices;
mod tarball;
mod tree;

use std::ffi::OsString;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, ensure};
use lexopt::Arg;
use sha2::{Digest, Sha256};

use crate::cargo::{self, Profile};

const HELP: &str = "\
Builds the tools as they are released and packs them, with man pages, completions and documents:
a tarball, for Linux with glibc a .deb as well, and SHA256SUMS. Needs tar and gzip, and for the
.deb dpkg-deb and readelf.

The tarball is a tree to unpack below /usr/local. In both, lib/mqtt-tools/mosquitto-names has links
with the names of mosquitto's tools, for whoever puts that folder first in PATH.

Usage: cargo xtask dist [OPTIONS]

Options:
  --target TRIPLE  build for this target of rustc (default: this machine)
  --out FOLDER     where the files go (default: target/dist)
  --check          only pack what was built for the tests, let lintian look at the package, then
                   install, use and remove it (as root or with sudo)
";

/// The name of the package, and of its folders below `lib` and `share/doc`.
const NAME: &str = "mqtt-tools";

/// The features that are built in, where the system's libraries can be linked: for Linux with glibc.
const FEATURES: &[&str] = &["psk"];

/// What the targets of Linux with glibc end with.
const GLIBC: &str = "-linux-gnu";

/// The tools, and whose names the links have.
const TOOLS: [Tool; 3] = [
    Tool { name: "mqtt-passwd", original: "mosquitto_passwd" },
    Tool { name: "mqtt-pub", original: "mosquitto_pub" },
    Tool { name: "mqtt-sub", original: "mosquitto_sub" },
];

/// A tool and the one it stands in for.
#[derive(Clone, Copy, Debug)]
struct Tool {
    name: &'static str,
    original: &'static str,
}

/// What is to be packed.
#[derive(Clone, Debug)]
struct Release {
    /// The folder the binaries lie in.
    binaries: PathBuf,
    /// What they are built for, as rustc calls it.
    target: String,
    version: String,
    /// Seconds since 1970: the one time in all files, so that the same source gives the same bytes.
    time: u64,
}

/// Builds and packs.
pub(crate) fn run(mut options: lexopt::Parser) -> anyhow::Result<()> {
    let mut target = None;
    let mut out = cargo::workspace()?.join("target/dist");
    while let Some(argument) = options.next()? {
        match argument {
            Arg::Long("target") => target = Some(options.value()?),
            Arg::Long("out") => out = std::path::absolute(options.value()?)?,
            Arg::Long("check") => return check::run(),
            Arg::Long("help") | Arg::Short('h') => {
                print!("{HELP}");
                return Ok(());
            }
            other => return Err(other.unexpected().into()),
        }
    }
    let release = Release::build(target)?;
    fs::create_dir_all(&out)?;
    let mut files = vec![tarball::make(&release, &out)?];
    if release.target.ends_with(GLIBC) {
        files.push(debian::make(&release, &out)?);
    }
    files.push(checksums(&files, &out)?);
    for file in files {
        println!("{}", file.display());
    }
    Ok(())
}

impl Release {
    /// Builds the tools as they are released.
    fn build(target: Option<OsString>) -> anyhow::Result<Self> {
        let mut command = cargo::cargo(&["build", "--release", "--locked"]);
        let mut binaries = cargo::built()?;
        if let Some(target) = &target {
            command.arg("--target").arg(target);
            binaries.push(target);
        }
        let target = match target {
            Some(target) => target.into_string().ok().context("no target is named so")?,
            None => host()?,
        };
        cargo::run(command.args(selection(&target)))?;
        Self::of(binaries.join("release"), target)
    }

    /// What was built for the tests. Without what is for debuggers, which takes long to pack.
    fn of_the_tests(folder: &Path) -> anyhow::Result<Self> {
        for tool in TOOLS {
            let binary = cargo::binary(Profile::Dev, tool.name)?;
            output(Command::new("strip").arg("-o").arg(folder.join(tool.name)).arg(binary))?;
        }
        Self::of(folder.to_path_buf(), host()?)
    }

    fn of(binaries: PathBuf, target: String) -> anyhow::Result<Self> {
        Ok(Self { binaries, target, version: env!("CARGO_PKG_VERSION").to_owned(), time: time()? })
    }
}

/// cargo's words for the tools with their features.
fn selection(target: &str) -> Vec<String> {
    let mut words: Vec<_> = TOOLS.iter().map(|tool| format!("--package={}", tool.name)).collect();
    if target.ends_with(GLIBC) && !FEATURES.is_empty() {
        words.push(format!("--features={}", FEATURES.join(",")));
    }
    words
}

/// The target of this machine.
fn host() -> anyhow::Result<String> {
    let text = output(Command::new("rustc").arg("-vV"))?;
    let host = text.lines().find_map(|line| line.strip_prefix("host: "));
    Ok(host.context("rustc names no host")?.to_owned())
}

/// The time of the last commit, unless `SOURCE_DATE_EPOCH` gives another.
fn time() -> anyhow::Result<u64> {
    let text = match std::env::var("SOURCE_DATE_EPOCH") {
        Ok(text) => text,
        Err(_) => output(Command::new("git").current_dir(cargo::workspace()?).args([
            "log",
            "-1",
            "--format=%ct",
        ]))
        .context("without a repository the time has to be given in SOURCE_DATE_EPOCH")?,
    };
    text.trim().parse().with_context(|| format!("'{}' is no time", text.trim()))
}

/// What a program writes, if it succeeds.
fn output(command: &mut Command) -> anyhow::Result<String> {
    let program = command.get_program().display().to_string();
    let output = command.output().with_context(|| format!("cannot run {program}"))?;
    ensure!(
        output.status.success(),
        "{program}: {}: {}",
        output.status,
        String::from_utf8_lossy(&output.stderr).trim_end()
    );
    Ok(String::from_utf8(output.stdout)?)
}

/// A file as `sha256sum --check` reads it.
fn checksums(files: &[PathBuf], out: &Path) -> anyhow::Result<PathBuf> {
    let mut lines = String::new();
    for file in files {
        let name = file.file_name().unwrap_or_default();
        for byte in Sha256::digest(fs::read(file)?) {
            write!(lines, "{byte:02x}")?;
        }
        writeln!(lines, "  {}", name.display())?;
    }
    let path = out.join("SHA256SUMS");
    fs::write(&path, lines)?;
    Ok(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checksums_are_those_of_sha256sum() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        fs::write(&file, "abc").unwrap();
        checksums(&[file], folder.path()).unwrap();
        output(Command::new("sha256sum").args(["-c", "SHA256SUMS"]).current_dir(folder.path()))
            .unwrap();
    }
}
