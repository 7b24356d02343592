//! The tarball: a tree to unpack below `/usr/local`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::tree::{Installer, Tree, read};
use super::{NAME, Release};
use crate::cargo;

/// Makes the tarball in `out`.
pub(super) fn make(release: &Release, out: &Path) -> anyhow::Result<PathBuf> {
    let name = format!("{NAME}-{}-{}", release.version, release.target);
    let stage = tempfile::tempdir()?;
    let root = stage.path().join(&name);
    fs::create_dir(&root)?;
    let tree = Tree::fill(&root, release, Installer::Administrator)?;
    for file in ["CHANGELOG.md", "LICENSE-APACHE", "LICENSE-MIT"] {
        tree.write(&Tree::documents_folder(), file, &read(file)?)?;
    }
    let path = out.join(format!("{name}.tar.gz"));
    let mut command = Command::new("tar");
    command.args(["--create", "--use-compress-program", "gzip -9n", "--file"]).arg(&path);
    command.arg("-C").arg(stage.path());
    // The same source gives the same bytes, where tar is GNU's.
    if cfg!(target_os = "linux") {
        command.args(["--sort=name", "--owner=0", "--group=0", "--numeric-owner"]);
        command.arg(format!("--mtime=@{}", release.time));
    }
    cargo::run(command.arg(&name))?;
    Ok(path)
}
