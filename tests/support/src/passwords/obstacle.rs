//! What an edit fails at: permissions, disks and file systems.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;
use std::process::Command;

use rustix::fs::{CWD, FileType, Mode, mknodat};

use super::folder::{Folder, Run, finish};
/// Whom the tool runs as where we are root, for whom nothing is forbidden.
const NOBODY: &str = "65534";

/// Changes the mode of a file or folder.
pub fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

impl Folder {
    /// Lets everybody into the folder and write the password file, and puts the tool there.
    pub fn open_to_all(&self) {
        fs::copy(self.tool(), self.path("tool")).unwrap();
        set_mode(&self.path("f"), 0o666);
        set_mode(&self.path(""), 0o755);
    }

    /// Makes a FIFO in it.
    pub fn make_pipe(&self, name: &str) {
        let mode = Mode::RUSR | Mode::WUSR;
        mknodat(CWD, self.path(name), FileType::Fifo, mode, 0).unwrap();
    }

    /// Runs the tool of a folder that is open to all as somebody who is not root.
    #[must_use]
    pub fn run_unprivileged(&self, words: &[&str]) -> Run {
        let tool = self.path("tool");
        let mut command = if self.path("f").metadata().unwrap().uid() == 0 {
            let mut command = self.command("setpriv");
            command.args(["--reuid", NOBODY, "--regid", NOBODY, "--clear-groups"]).arg(tool);
            command
        } else {
            self.command(tool)
        };
        finish(command.args(words))
    }

    /// Runs the tool where no file may grow beyond 512 or 1,024 bytes, as on a disk that is full.
    #[must_use]
    pub fn run_on_full_disk(&self, words: &[&str]) -> Run {
        let mut command = self.command("sh");
        command.args(["-c", r#"ulimit -f 1 && exec "$0" "$@""#]).arg(self.tool()).args(words);
        finish(&mut command)
    }

    /// A shell that may mount what it likes, and nobody else sees it; `$0` is the tool.
    #[must_use]
    pub fn mounting(&self, script: &str) -> Command {
        let mut command = self.command("unshare");
        command.args(["--map-root-user", "--mount", "sh", "-ec", script]).arg(self.tool());
        command
    }

    /// Runs the tool on a file system that cannot be written: that of the folder `d`.
    #[must_use]
    pub fn run_on_read_only_disk(&self, words: &[&str]) -> Run {
        let script = r#"mount --bind d d; mount -o remount,ro,bind d; cd d; exec "$0" "$@""#;
        finish(self.mounting(script).args(words))
    }

    /// Runs the tool on a file system without any room: with a copy of the file, which lies in the
    /// folder `after` then, with whatever is beside it. `link` is run there before.
    #[must_use]
    pub fn run_without_room(&self, link: &str, words: &[&str]) -> Run {
        fs::create_dir(self.path("d")).unwrap();
        fs::create_dir(self.path("after")).unwrap();
        // Of four pages the file takes two, and what fills the disk the others.
        let script = format!(
            r#"mount -t tmpfs -o size=16k none d; cp f d/f; cd d; {link}
            dd if=/dev/zero of=filler bs=4k 2>/dev/null || :
            status=0; "$0" "$@" || status=$?; rm filler; cp -a . ../after; exit $status"#
        );
        finish(self.mounting(&script).args(words))
    }
}
