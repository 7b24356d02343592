//! A folder with a password file, and mqtt-passwd at work in it.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha512};
use tempfile::TempDir;

use crate::tool::Tool;

/// What a run came to.
#[derive(Debug)]
#[expect(missing_docs, reason = "the system's own names")]
pub struct Run {
    pub status: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

/// A folder that holds nothing but what the test puts into it.
#[derive(Debug)]
pub struct Folder {
    folder: TempDir,
    tool: Tool,
}

impl Folder {
    /// An empty one, for this mqtt-passwd.
    #[must_use]
    pub fn new(tool: &Tool) -> Self {
        Self { folder: TempDir::new().unwrap(), tool: tool.clone() }
    }

    /// One with the password file `f`.
    #[must_use]
    pub fn with_file(tool: &Tool, content: impl AsRef<[u8]>) -> Self {
        let folder = Self::new(tool);
        fs::write(folder.path("f"), content).unwrap();
        folder
    }

    /// Where the tool is.
    pub(super) fn tool(&self) -> &Path {
        self.tool.program()
    }

    /// The path of a file in it.
    #[must_use]
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The names of all there is, sorted.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(self.folder.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    /// The password file.
    #[must_use]
    pub fn file(&self) -> String {
        String::from_utf8(self.bytes()).unwrap()
    }

    /// The password file, as it is.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        fs::read(self.path("f")).unwrap()
    }

    /// A program that runs in this folder and has nothing to read.
    #[must_use]
    pub fn command(&self, program: impl AsRef<Path>) -> Command {
        self.quietly(Tool::at(program.as_ref()).command([""; 0]))
    }

    /// The tool, before it is run in this folder.
    #[must_use]
    pub fn edit(&self, words: &[&str]) -> Command {
        self.quietly(self.tool.command(words))
    }

    fn quietly(&self, mut command: Command) -> Command {
        command
            .current_dir(self.folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// Runs the tool under its own name.
    #[expect(clippy::must_use_candidate, reason = "some runs only prepare something")]
    pub fn run(&self, words: &[&str]) -> Run {
        finish(&mut self.edit(words))
    }

    /// Runs the tool under the original's name.
    #[expect(clippy::must_use_candidate, reason = "some runs only prepare something")]
    pub fn run_original(&self, words: &[&str]) -> Run {
        let original = self.tool.called("mosquitto_passwd");
        finish(&mut self.quietly(original.command(words)))
    }

    /// Runs the tool with something to read on stdin, which is a pipe.
    #[expect(clippy::must_use_candidate, reason = "some runs only prepare something")]
    pub fn run_with_input(&self, words: &[&str], input: &[u8]) -> Run {
        let mut child = self.edit(words).stdin(Stdio::piped()).spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        // A tool that ends without reading all of it closes the pipe.
        let _ = stdin.write_all(input);
        drop(stdin);
        from_output(child.wait_with_output().unwrap())
    }
}

/// The thread of a running tool that makes its edit, while there is one.
#[must_use]
pub fn editing_thread(tool: &Child) -> Option<u32> {
    let tasks = fs::read_dir(format!("/proc/{}/task", tool.id())).unwrap();
    let mut editing = tasks.flatten().filter(|task| {
        fs::read_to_string(task.path().join("comm")).is_ok_and(|name| name == "edit\n")
    });
    editing.next()?.file_name().to_str()?.parse().ok()
}

/// Runs a command to its end.
#[must_use]
pub fn finish(command: &mut Command) -> Run {
    from_output(command.output().unwrap())
}

fn from_output(output: std::process::Output) -> Run {
    Run {
        status: output.status.code(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

/// Whether `line` lets `user` in with `password`, as a broker computes it.
#[must_use]
pub fn lets_in(line: &str, user: &str, password: &str) -> bool {
    let Some(hash) = line.strip_prefix(user).and_then(|rest| rest.strip_prefix(':')) else {
        return false;
    };
    let fields: Vec<&str> = hash.split('$').collect();
    let decode = |text: &str| STANDARD.decode(text).unwrap();
    match fields[..] {
        ["", "6", salt, digest] => {
            let salted = [password.as_bytes(), &decode(salt)].concat();
            Sha512::digest(salted).as_slice() == decode(digest)
        }
        ["", "7", iterations, salt, digest] => {
            let mut computed = [0; 64];
            let iterations = iterations.parse().unwrap();
            let salt = decode(salt);
            pbkdf2::pbkdf2_hmac::<Sha512>(password.as_bytes(), &salt, iterations, &mut computed);
            computed.as_slice() == decode(digest)
        }
        _ => false,
    }
}
