//! What the figures come from.

use std::fs;
use std::process::Command;
use std::thread::available_parallelism;

/// A paragraph below the table.
pub(crate) fn description() -> String {
    let cores = available_parallelism().map_or(0, Into::into);
    let processor = value("/proc/cpuinfo", "model name").unwrap_or_else(|| "unknown".to_owned());
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    format!(
        "\n{cores} cores ({processor}), Linux {}, {}, everything on loopback.\n",
        kernel.trim(),
        mosquitto()
    )
}

/// The first value with that name in a file of `name : value`.
fn value(file: &str, name: &str) -> Option<String> {
    let text = fs::read_to_string(file).ok()?;
    let (_, value) = text.lines().find(|line| line.starts_with(name))?.split_once(':')?;
    Some(value.trim().to_owned())
}

/// Its first words on standard output are its name and version.
fn mosquitto() -> String {
    let help = Command::new("/usr/sbin/mosquitto").arg("-h").output();
    let help = help.map(|output| String::from_utf8_lossy(&output.stdout).into_owned());
    help.unwrap_or_default().lines().next().unwrap_or("mosquitto").to_owned()
}
