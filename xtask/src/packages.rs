//! What the tests need from the system.

use std::process::Command;

use anyhow::{Context, ensure};
use rustix::process::geteuid;

use crate::cargo::{self, installed};

/// A package of Debian and Ubuntu, and the program in it that the tests run. (g++ is for libFuzzer,
/// against which the fuzz targets are built; groff sets the man pages.)
struct Package {
    name: &'static str,
    program: &'static str,
}

const NEEDED: [Package; 11] = [
    Package { name: "g++", program: "g++" },
    Package { name: "fish", program: "fish" },
    Package { name: "groff", program: "groff" },
    Package { name: "lintian", program: "lintian" },
    Package { name: "microsocks", program: "microsocks" },
    Package { name: "mosquitto", program: "mosquitto" },
    Package { name: "mosquitto-clients", program: "mosquitto_pub" },
    Package { name: "openssl", program: "openssl" },
    Package { name: "strace", program: "strace" },
    Package { name: "tinyproxy", program: "tinyproxy" },
    Package { name: "zsh", program: "zsh" },
];

/// Installs the packages whose program is not there; does nothing if all are.
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
    let absent = NEEDED.iter().filter(|package| installed(package.program).is_none());
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
