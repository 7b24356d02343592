//! Whether the package is one: lintian looks at it, and it is installed, used and removed.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context, ensure};

use super::{NAME, Release, TOOLS, debian, output};
use crate::broker::Broker;
use crate::{cargo, packages};

/// The links, once the package is installed.
const LINKS: &str = "/usr/lib/mqtt-tools/mosquitto-names";

/// What only a package needs that is uploaded to Debian: a bug report that asked for it.
const UPLOADED: &str = "initial-upload-closes-no-bugs";

/// Packs what was built for the tests, and checks the package.
pub(crate) fn run() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let package = debian::make(&Release::of_the_tests(folder.path())?, folder.path())?;
    let mut lintian = Command::new("lintian");
    lintian.args(["--fail-on", "error,warning", "--suppress-tags", UPLOADED]).arg(&package);
    cargo::run(&mut lintian)?;
    if is_installed()? {
        eprintln!("{NAME} is installed here and stays as it is: nothing is installed for a check");
        return Ok(());
    }
    let installed = Installed::new(&package)?;
    use_it()?;
    installed.remove()
}

fn is_installed() -> anyhow::Result<bool> {
    let mut query = Command::new("dpkg-query");
    query.args(["--show", "--showformat=${db:Status-Status}", NAME]);
    let output = query.output().context("cannot run dpkg-query")?;
    Ok(!matches!(&output.stdout[..], b"" | b"not-installed"))
}

/// The package in the system; it is removed when this is dropped.
#[derive(Debug)]
struct Installed {
    files: Vec<PathBuf>,
}

impl Installed {
    fn new(package: &Path) -> anyhow::Result<Self> {
        cargo::run(packages::as_root("dpkg")?.arg("--install").arg(package))?;
        let mut installed = Self { files: Vec::new() };
        let listed = output(Command::new("dpkg-query").args(["--listfiles", NAME]))?;
        // Folders are shared with other packages.
        installed.files = listed.lines().map(PathBuf::from).filter(|path| !path.is_dir()).collect();
        Ok(installed)
    }

    /// Nothing of it stays.
    fn remove(self) -> anyhow::Result<()> {
        ensure!(self.files.len() > TOOLS.len(), "the package has no files");
        let files = self.files.clone();
        drop(self);
        let left: Vec<_> = files.iter().filter(|path| path.symlink_metadata().is_ok()).collect();
        ensure!(left.is_empty(), "still there after the package was removed: {left:?}");
        Ok(())
    }
}

impl Drop for Installed {
    fn drop(&mut self) {
        let removed = packages::as_root("dpkg")
            .and_then(|mut dpkg| cargo::run(dpkg.arg("--purge").arg(NAME)));
        if let Err(error) = removed {
            eprintln!("{NAME} could not be removed: {error:#}");
        }
    }
}

/// A message goes from one tool to another, through the links with the originals' names.
fn use_it() -> anyhow::Result<()> {
    cargo::run(Command::new("dpkg").args(["--verify", NAME]))?;
    for tool in TOOLS {
        let said = output(Command::new(tool.name).arg("--version"))?;
        ensure!(said.contains(env!("CARGO_PKG_VERSION")), "{} --version: {said}", tool.name);
    }
    let broker = Broker::start(0, None)?;
    let place = ["-p", &broker.port().to_string(), "-t", "hello/world"].map(str::to_owned);
    let mut publisher = linked("mosquitto_pub");
    cargo::run(publisher.args(&place).args(["-r", "-m", "Test Message"]))?;
    let mut subscriber = linked("mosquitto_sub");
    let child = subscriber.args(&place).args(["-C", "1", "-W", "30"]).stdout(Stdio::piped());
    let output = child.spawn().and_then(Child::wait_with_output)?;
    ensure!(output.stdout == b"Test Message\n", "the message came as {:?}", output.stdout);
    Ok(())
}

/// A tool by the original's name, found as a script finds it.
fn linked(original: &str) -> Command {
    let mut command = Command::new("env");
    command.arg(format!("PATH={LINKS}:/usr/bin:/bin")).arg(original);
    command
}
