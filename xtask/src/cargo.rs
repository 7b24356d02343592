//! Calling cargo, and finding what it built.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, bail};

/// Under which profile something is built.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Profile {
    /// `target/debug`.
    Dev,
    /// `target/release`.
    Release,
}

/// Builds the named packages; cargo's own output goes to the terminal.
pub(crate) fn build(profile: Profile, packages: &[&str]) -> anyhow::Result<()> {
    let mut arguments = vec!["build"];
    if profile == Profile::Release {
        arguments.push("--release");
    }
    for package in packages {
        arguments.extend(["--package", package]);
    }
    run(&mut cargo(&arguments))
}

/// Where a binary of this workspace lies once it is built.
pub(crate) fn binary(profile: Profile, name: &str) -> anyhow::Result<PathBuf> {
    let folder = match profile {
        Profile::Dev => "debug",
        Profile::Release => "release",
    };
    Ok(built()?.join(folder).join(format!("{name}{}", std::env::consts::EXE_SUFFIX)))
}

/// The folder of the workspace's `Cargo.toml`.
pub(crate) fn workspace() -> anyhow::Result<&'static Path> {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().context("xtask lies in the workspace's folder")
}

/// A cargo command in the workspace's folder.
pub(crate) fn cargo(arguments: &[&str]) -> Command {
    // Under `cargo xtask` this names the cargo that called us, toolchain included.
    let program = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(program);
    command.args(arguments);
    if let Ok(folder) = workspace() {
        command.current_dir(folder);
    }
    command
}

/// A program as a user runs it: cargo names folders for libraries, and the loader would look in each
/// of them.
pub(crate) fn as_a_user_runs(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    command.env_remove("LD_LIBRARY_PATH");
    command
}

/// Runs a command to its end and fails if it failed.
pub(crate) fn run(command: &mut Command) -> anyhow::Result<()> {
    let program = Path::new(command.get_program()).to_path_buf();
    let status = command.status().with_context(|| format!("cannot run {}", program.display()))?;
    if status.success() {
        return Ok(());
    }
    let arguments: Vec<_> = command.get_args().map(|word| word.to_string_lossy()).collect();
    let name = program.file_name().unwrap_or_default();
    bail!("{} {}: {status}", name.display(), arguments.join(" "))
}

/// The folder that holds `debug` and `release`: two above this program, wherever
/// `CARGO_TARGET_DIR`, a configuration file or `--target` put it.
pub(crate) fn built() -> anyhow::Result<PathBuf> {
    let program = std::env::current_exe().context("cannot tell where xtask itself lies")?;
    let folder = program.parent().and_then(Path::parent);
    Ok(folder.context("xtask does not lie in a target folder")?.to_path_buf())
}

/// Where a program lies that the system has installed, if it has.
pub(crate) fn installed(name: &str) -> Option<PathBuf> {
    // Debian keeps daemons where a user's PATH does not look.
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain([PathBuf::from("/usr/sbin")]);
    folders.map(|folder| folder.join(name)).find(|program| program.is_file())
}
