//! The package for Debian and what is made from it: programs and files, no service.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, bail};

use super::tree::{Installer, Tree, permit};
use super::{NAME, Release, TOOLS, output};

const MAINTAINER: &str = "The mqtt-tools maintainers <maintainers@mqtt-tools.invalid>";

/// The package's own revision; the files in it are the tarball's.
const REVISION: &str = "1";

const COPYRIGHT: &str = include_str!("copyright");

const DESCRIPTION: &str = "\
MQTT clients for the command line, and password files for brokers
 mqtt-pub publishes messages, mqtt-sub subscribes and writes them to its
 standard output, mqtt-passwd makes and edits the password files of mosquitto.
 They take the options of mosquitto_pub, mosquitto_sub and mosquitto_passwd and
 speak MQTT 3.1, 3.1.1 and 5 over TCP, TLS, WebSocket, proxies and unix sockets.
 .
 Links with the names of mosquitto's tools are in
 /usr/lib/mqtt-tools/mosquitto-names, for use as the first folder in PATH.
";

/// Makes the package in `out`.
pub(super) fn make(release: &Release, out: &Path) -> anyhow::Result<PathBuf> {
    let architecture = architecture(&release.target)?;
    let stage = tempfile::tempdir()?;
    // dpkg refuses a folder that is the owner's alone.
    permit(stage.path(), 0o755)?;
    let usr = stage.path().join("usr");
    fs::create_dir(&usr)?;
    permit(&usr, 0o755)?;
    let tree = Tree::fill(&usr, release, Installer::Distribution)?;
    let documents = Tree::documents_folder();
    tree.write(&documents, "copyright", COPYRIGHT.as_bytes())?;
    tree.write_compressed(&documents, "changelog.Debian", changelog(release)?.as_bytes())?;
    tree.write_compressed(&documents, "changelog", &super::tree::read("CHANGELOG.md")?)?;
    let control = stage.path().join("DEBIAN");
    fs::create_dir(&control)?;
    permit(&control, 0o755)?;
    fs::write(control.join("md5sums"), checksums(stage.path())?)?;
    fs::write(control.join("control"), control_file(release, architecture, &usr)?)?;
    let path = out.join(format!("{NAME}_{}-{REVISION}_{architecture}.deb", release.version));
    let mut command = Command::new("dpkg-deb");
    command.args(["--root-owner-group", "--build"]).arg(stage.path()).arg(&path);
    output(command.env("SOURCE_DATE_EPOCH", release.time.to_string()))?;
    Ok(path)
}

/// Debian's name for what rustc builds for.
fn architecture(target: &str) -> anyhow::Result<&'static str> {
    Ok(match target {
        "aarch64-unknown-linux-gnu" => "arm64",
        "x86_64-unknown-linux-gnu" => "amd64",
        other => bail!("no name of Debian's is known for {other}"),
    })
}

fn control_file(release: &Release, architecture: &str, usr: &Path) -> anyhow::Result<String> {
    let Release { version, .. } = release;
    let depends = depends(usr)?;
    let size = output(Command::new("du").args(["--summarize", "--apparent-size", "-k"]).arg(usr))?;
    let size = size.split_whitespace().next().context("du gives no size")?;
    let home = env!("CARGO_PKG_REPOSITORY");
    Ok(format!(
        "Package: {NAME}\nVersion: {version}-{REVISION}\nArchitecture: {architecture}\n\
         Maintainer: {MAINTAINER}\nInstalled-Size: {size}\nDepends: {depends}\nSection: net\n\
         Priority: optional\nHomepage: {home}\nDescription: {DESCRIPTION}"
    ))
}

/// The packages that hold the libraries our binaries need.
fn depends(usr: &Path) -> anyhow::Result<String> {
    let mut command = Command::new("readelf");
    command.args(["--wide", "--dynamic", "--version-info"]);
    command.args(TOOLS.map(|tool| usr.join("bin").join(tool.name)));
    packages_of(&output(&mut command)?)
}

/// The same, from what readelf says of them.
fn packages_of(said: &str) -> anyhow::Result<String> {
    let mut packages = Vec::new();
    for line in said.lines().filter(|line| line.contains("(NEEDED)")) {
        let library = line.split(['[', ']']).nth(1).context("readelf names no library")?;
        packages.push(match library {
            "libgcc_s.so.1" => "libgcc-s1".to_owned(),
            "libc.so.6" | "libm.so.6" => format!("libc6 (>= {})", newest_glibc(said)?),
            "libssl.so.3" | "libcrypto.so.3" => "libssl3".to_owned(),
            loader if loader.starts_with("ld-linux") => continue,
            other => bail!("no package is known that holds {other}"),
        });
    }
    packages.sort();
    packages.dedup();
    Ok(packages.join(", "))
}

/// The newest version of glibc that any of the symbols needs.
fn newest_glibc(said: &str) -> anyhow::Result<String> {
    let words = said.split_whitespace().filter_map(|word| word.strip_prefix("GLIBC_2."));
    let versions = words.filter_map(|word| word.split('.').next()?.parse::<u32>().ok());
    let newest = versions.max().context("readelf names no version of glibc")?;
    Ok(format!("2.{newest}"))
}

fn changelog(release: &Release) -> anyhow::Result<String> {
    let time = format!("--date=@{}", release.time);
    let date = output(Command::new("date").args(["--utc", "--rfc-email"]).arg(time))?;
    Ok(format!(
        "{NAME} ({}-{REVISION}) unstable; urgency=medium\n\n  * What is new stands in changelog.gz, \
         beside this file.\n\n -- {MAINTAINER}  {date}",
        release.version
    ))
}

/// What `dpkg --verify` compares the files with.
fn checksums(stage: &Path) -> anyhow::Result<String> {
    let script = "find usr -type f -print0 | LC_ALL=C sort -z | xargs -0 md5sum";
    output(Command::new("sh").args(["-c", script]).current_dir(stage))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAID: &str = "\
 0x0000000000000001 (NEEDED)             Shared library: [libgcc_s.so.1]
 0x0000000000000001 (NEEDED)             Shared library: [libc.so.6]
 0x0000000000000001 (NEEDED)             Shared library: [ld-linux-x86-64.so.2]
  0x0010:   Name: GLIBC_2.9  Flags: none  Version: 12
  0x0020:   Name: GLIBC_2.34  Flags: none  Version: 2
  0x0030:   Name: GLIBC_2.3.4  Flags: none  Version: 3
";

    #[test]
    fn a_package_depends_on_those_that_hold_its_libraries() {
        assert_eq!(packages_of(SAID).unwrap(), "libc6 (>= 2.34), libgcc-s1");
    }

    #[test]
    fn a_library_nobody_knows_is_no_package() {
        let said = SAID.replace("libgcc_s.so.1", "libfoo.so.7");
        let error = packages_of(&said).unwrap_err().to_string();
        assert_eq!(error, "no package is known that holds libfoo.so.7");
    }
}
