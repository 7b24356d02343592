//! What the tests need from the system.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, ensure};
use rustix::process::geteuid;

use crate::cargo::{self, installed};

/// A package of Debian and Ubuntu, and what shows that it is there. (g++ is for libFuzzer, against
/// which the fuzz targets are built; libssl-dev and pkg-config are for the feature `psk`; groff sets the
/// man pages.)
struct Package {
    name: &'static str,
    proof: Proof,
}

/// What a package brings.
enum Proof {
    /// A program that the tests run.
    Program(&'static str),
    /// A file that a build reads.
    File(&'static str),
}

impl Package {
    const fn with_program(name: &'static str, program: &'static str) -> Self {
        Self { name, proof: Proof::Program(program) }
    }

    fn is_there(&self) -> bool {
        match self.proof {
            Proof::Program(name) => installed(name).is_some(),
            Proof::File(path) => Path::new(path).is_file(),
        }
    }
}

const NEEDED: [Package; 13] = [
    Package::with_program("g++", "g++"),
    Package::with_program("fish", "fish"),
    Package::with_program("groff", "groff"),
    Package { name: "libssl-dev", proof: Proof::File("/usr/include/openssl/ssl.h") },
    Package::with_program("lintian", "lintian"),
    Package::with_program("microsocks", "microsocks"),
    Package::with_program("mosquitto", "mosquitto"),
    Package::with_program("mosquitto-clients", "mosquitto_pub"),
    Package::with_program("openssl", "openssl"),
    Package::with_program("pkg-config", "pkg-config"),
    Package::with_program("strace", "strace"),
    Package::with_program("tinyproxy", "tinyproxy"),
    Package::with_program("zsh", "zsh"),
];

/// Installs the packages that are not there; does nothing if all are.
pub(crate) fn install_missing() -> anyhow::Result<()> {
    let missing = missing();
    if missing.is_empty() {
        return Ok(());
    }
    let names = missing.join(" ");
    ensure!(
        installed("apt-get").is_some(),
        "the tests need {names}, and there is no apt-get here to install them with"
    );
    eprintln!("== installing {names}");
    // The lists of a machine that has been updated before are mostly good enough.
    if apt_get("install", &missing).is_err() {
        apt_get("update", &[])?;
        apt_get("install", &missing)?;
    }
    let still = self::missing();
    ensure!(still.is_empty(), "still missing after the installation: {}", still.join(" "));
    Ok(())
}

fn missing() -> Vec<&'static str> {
    let absent = NEEDED.iter().filter(|package| !package.is_there());
    absent.map(|package| package.name).collect()
}

fn apt_get(action: &str, packages: &[&str]) -> anyhow::Result<()> {
    let mut command = as_root("env").with_context(|| {
        format!("the tests need packages; as root: apt-get install {}", missing().join(" "))
    })?;
    command.args(["DEBIAN_FRONTEND=noninteractive", "apt-get", action, "--yes"]);
    if action == "install" {
        command.arg("--no-install-recommends");
    }
    command.args(packages);
    cargo::run(&mut command).with_context(|| format!("cannot {action} packages"))
}

/// A command that runs as root. What is in the environment only, sudo drops.
pub(crate) fn as_root(program: &str) -> anyhow::Result<Command> {
    if geteuid().is_root() {
        return Ok(Command::new(program));
    }
    ensure!(installed("sudo").is_some(), "{program} needs root or sudo, and here is neither");
    let mut command = Command::new("sudo");
    command.arg(program);
    Ok(command)
}
