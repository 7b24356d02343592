//! The tree of files below `/usr` or `/usr/local`.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use anyhow::Context;

use super::{NAME, Release, TOOLS, Tool, notices, output};
use crate::cargo;

/// Where a shell looks for completions of others, below the prefix: that of zsh depends on who installs.
#[derive(Clone, Copy, Debug)]
pub(super) enum Installer {
    /// A package of the distribution.
    Distribution,
    /// The administrator, below `/usr/local`.
    Administrator,
}

/// A folder that becomes `/usr` or `/usr/local`.
#[derive(Debug)]
pub(super) struct Tree<'a> {
    root: &'a Path,
}

impl<'a> Tree<'a> {
    /// Everything that is the same wherever it is installed.
    pub(super) fn fill(
        root: &'a Path,
        release: &Release,
        installer: Installer,
    ) -> anyhow::Result<Self> {
        let tree = Self { root };
        for tool in TOOLS {
            tree.copy(&release.binaries.join(tool.name), "bin", tool.name, 0o755)?;
            tree.link(tool)?;
            tree.shell_files(tool, installer)?;
        }
        tree.documents(release)?;
        Ok(tree)
    }

    /// The folder of the package's documents.
    pub(super) fn documents_folder() -> String {
        format!("share/doc/{NAME}")
    }

    /// Writes a file in a folder of the tree.
    pub(super) fn write(&self, folder: &str, name: &str, text: &[u8]) -> anyhow::Result<()> {
        let path = self.path(folder, name)?;
        fs::write(&path, text)?;
        permit(&path, 0o644)
    }

    /// The same, compressed.
    pub(super) fn write_compressed(
        &self,
        folder: &str,
        name: &str,
        text: &[u8],
    ) -> anyhow::Result<()> {
        self.write(folder, name, text)?;
        let path = self.path(folder, name)?;
        // Without name and time, so that the same text gives the same bytes.
        output(std::process::Command::new("gzip").args(["-9", "--force", "--no-name"]).arg(&path))?;
        Ok(())
    }

    /// A link with the original's name, which works wherever the tree lies.
    fn link(&self, tool: Tool) -> anyhow::Result<()> {
        let path = self.path(&format!("lib/{NAME}/mosquitto-names"), tool.original)?;
        Ok(symlink(format!("../../../bin/{}", tool.name), path)?)
    }

    fn shell_files(&self, tool: Tool, installer: Installer) -> anyhow::Result<()> {
        let name = tool.name;
        let man = read(&format!("docs/man/{name}.1"))?;
        self.write_compressed("share/man/man1", &format!("{name}.1"), &man)?;
        let zsh = match installer {
            Installer::Distribution => "share/zsh/vendor-completions",
            Installer::Administrator => "share/zsh/site-functions",
        };
        let others = format!("share/{NAME}/completions");
        for (file, folder, installed) in [
            (format!("{name}.bash"), "share/bash-completion/completions", name.to_owned()),
            (format!("_{name}"), zsh, format!("_{name}")),
            (format!("{name}.fish"), "share/fish/vendor_completions.d", format!("{name}.fish")),
            (format!("_{name}.ps1"), &others, format!("_{name}.ps1")),
            (format!("{name}.elv"), &others, format!("{name}.elv")),
        ] {
            self.write(folder, &installed, &read(&format!("completions/{file}"))?)?;
        }
        Ok(())
    }

    /// README and what it points to, and what the licences of the dependencies ask for.
    fn documents(&self, release: &Release) -> anyhow::Result<()> {
        let folder = Self::documents_folder();
        for name in ["README.md", "SECURITY.md"] {
            self.write(&folder, name, &read(name)?)?;
        }
        for entry in fs::read_dir(cargo::workspace()?.join("docs"))? {
            let path = entry?.path();
            if path.extension().is_some_and(|extension| extension == "md") {
                let name = path.file_name().unwrap_or_default().display().to_string();
                self.copy(&path, &format!("{folder}/docs"), &name, 0o644)?;
            }
        }
        let notices = notices::of(&release.target)?;
        self.write_compressed(&folder, "third-party-licenses.txt", notices.as_bytes())
    }

    fn copy(&self, from: &Path, folder: &str, name: &str, mode: u32) -> anyhow::Result<()> {
        let path = self.path(folder, name)?;
        fs::copy(from, &path).with_context(|| format!("cannot copy {}", from.display()))?;
        permit(&path, mode)
    }

    /// A place in the tree, whose folder is there.
    fn path(&self, folder: &str, name: &str) -> anyhow::Result<PathBuf> {
        let mut path = self.root.to_path_buf();
        for part in Path::new(folder) {
            path.push(part);
            if !path.is_dir() {
                fs::create_dir(&path)?;
                permit(&path, 0o755)?;
            }
        }
        Ok(path.join(name))
    }
}

/// A file of the workspace.
pub(super) fn read(name: &str) -> anyhow::Result<Vec<u8>> {
    fs::read(cargo::workspace()?.join(name)).with_context(|| format!("{name} is not there"))
}

/// Whatever the umask says.
pub(super) fn permit(path: &Path, mode: u32) -> anyhow::Result<()> {
    Ok(fs::set_permissions(path, fs::Permissions::from_mode(mode))?)
}
