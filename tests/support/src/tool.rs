//! Runs one of our binaries.
//!
//! Where the binary lies only the test crate knows, at compile time:
//!
//! ```ignore
//! use test_support::tool::Tool;
//!
//! let publisher = Tool::at(env!("CARGO_BIN_EXE_mqtt-pub"));
//! let subscriber = publisher.sibling("mqtt-sub");
//! let output = publisher.called("mosquitto_pub").run(["-t", "a", "-m", "b"]);
//! ```

use std::borrow::Cow;
use std::ffi::OsStr;
use std::fmt;
use std::io::{PipeReader, PipeWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread;
use std::time::Instant;

use rustix::process::{Resource, Rlimit, prlimit};
use tempfile::TempDir;

use crate::patience::{LIMIT, until};

pub use rustix::process::{Pid, Signal, kill_process};

/// What in the environment a tool or its libraries look at.
const CLEANED: [&str; 14] = [
    "CLICOLOR",
    "CLICOLOR_FORCE",
    "COLUMNS",
    "LINES",
    "NO_COLOR",
    "SSLKEYLOGFILE",
    "SSL_CERT_DIR",
    "SSL_CERT_FILE",
    "TERM",
    "XDG_CONFIG_HOME",
    "all_proxy",
    "ALL_PROXY",
    "no_proxy",
    "NO_PROXY",
];

/// A binary, and a home folder that nobody else uses.
#[derive(Clone, Debug)]
pub struct Tool {
    program: PathBuf,
    /// Holds `home` and the links; goes with the last clone.
    folder: Arc<TempDir>,
}

impl Tool {
    /// The binary at `path`: `env!("CARGO_BIN_EXE_mqtt-pub")`.
    #[must_use]
    pub fn at(path: impl Into<PathBuf>) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        std::fs::create_dir(folder.path().join("home")).unwrap();
        Self { program: path.into(), folder: Arc::new(folder) }
    }

    /// The binary of another package of the workspace, which lies beside this one.
    #[must_use]
    #[track_caller]
    pub fn sibling(&self, name: &str) -> Self {
        let program =
            self.program.with_file_name(format!("{name}{}", std::env::consts::EXE_SUFFIX));
        assert!(
            program.is_file(),
            "{} is not built: test the whole workspace, or `cargo build -p {name}` first",
            program.display()
        );
        Self { program, folder: Arc::clone(&self.folder) }
    }

    /// The same binary through a link with another name, such as `mosquitto_pub`.
    #[must_use]
    #[cfg(unix)]
    pub fn called(&self, name: &str) -> Self {
        let link = self.folder.path().join(name);
        if !link.exists() {
            std::os::unix::fs::symlink(&self.program, &link).unwrap();
        }
        Self { program: link, folder: Arc::clone(&self.folder) }
    }

    /// The binary's path.
    #[must_use]
    pub fn program(&self) -> &Path {
        &self.program
    }

    /// The home folder the tool sees: empty but for what the test puts there.
    #[must_use]
    pub fn home(&self) -> PathBuf {
        self.folder.path().join("home")
    }

    /// A command in a clean environment, for what the functions below do not do.
    pub fn command<A: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = A>) -> Command {
        let mut command = Command::new(&self.program);
        command.args(arguments).env("HOME", self.home());
        let own = std::env::vars_os().map(|(name, _)| name);
        for name in own.filter(|name| name.as_encoded_bytes().starts_with(b"MQTT_")) {
            command.env_remove(name);
        }
        for name in CLEANED {
            command.env_remove(name);
        }
        command
    }

    /// Runs the tool to its end, with nothing on standard input.
    #[track_caller]
    pub fn run<A: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = A>) -> Output {
        let mut running = self.spawn(arguments);
        running.close_input();
        running.wait()
    }

    /// Runs the tool to its end, with `input` on standard input.
    #[track_caller]
    pub fn run_with_input<A: AsRef<OsStr>>(
        &self,
        input: impl Into<Vec<u8>>,
        arguments: impl IntoIterator<Item = A>,
    ) -> Output {
        let mut running = self.spawn(arguments);
        let mut stdin = running.stdin.take().expect("it is a pipe");
        let input = input.into();
        // A tool that stops reading must not stop the test.
        let writing = thread::spawn(move || stdin.write_all(&input));
        let output = running.wait();
        let _broken_pipe = writing.join().unwrap();
        output
    }

    /// Starts the tool.
    #[track_caller]
    pub fn spawn<A: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = A>) -> Running {
        Running::start(self.command(arguments))
    }
}

/// How a run ended, and all it wrote.
#[derive(Clone, PartialEq, Eq)]
pub struct Output {
    /// How it ended.
    pub status: ExitStatus,
    /// All of standard output.
    pub stdout: Vec<u8>,
    /// All of standard error.
    pub stderr: Vec<u8>,
}

impl Output {
    /// The exit status; `None` if a signal ended it.
    #[must_use]
    pub fn code(&self) -> Option<i32> {
        self.status.code()
    }

    /// Standard output as text.
    #[must_use]
    pub fn stdout(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.stdout)
    }

    /// Standard error as text.
    #[must_use]
    pub fn stderr(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.stderr)
    }

    /// Fails unless the run ended with this status.
    #[track_caller]
    #[expect(clippy::must_use_candidate, reason = "mostly called for its check")]
    pub fn assert_code(&self, code: i32) -> &Self {
        assert!(self.code() == Some(code), "expected status {code}, but {self:?}");
        self
    }
}

impl fmt::Debug for Output {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "{}\n--- stdout ---\n{}\n--- stderr ---\n{}",
            self.status,
            self.stdout(),
            self.stderr()
        )
    }
}

/// Puts a pipe into non-blocking mode, as a program that shares it may do.
#[track_caller]
pub fn make_non_blocking(pipe: impl std::os::fd::AsFd) {
    rustix::io::ioctl_fionbio(pipe, true).unwrap();
}

/// A pipe that takes nothing more. Who writes to it waits as long as its reader is there.
#[must_use]
pub fn full_pipe() -> (PipeReader, PipeWriter) {
    let (reader, mut writer) = std::io::pipe().expect("there are pipes");
    make_non_blocking(&writer);
    // Whole blocks first, then the rest.
    for piece in [&[b'x'; 4096][..], b"x"] {
        while writer.write(piece).is_ok() {}
    }
    rustix::io::ioctl_fionbio(&writer, false).unwrap();
    (reader, writer)
}

/// The most memory a running process ever had, in KiB.
#[must_use]
#[track_caller]
pub fn peak_memory(process: u32) -> u64 {
    peak_memory_unless_ended(process).expect("Linux says so")
}

/// The same; `None` of a process that has ended.
#[must_use]
pub fn peak_memory_unless_ended(process: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

/// A tool at work; it is ended when this is dropped.
#[derive(Debug)]
pub struct Running {
    child: Child,
    stdin: Option<ChildStdin>,
    stdout: Captured,
    stderr: Captured,
}

impl Running {
    /// Starts a command made by [`Tool::command`]; its standard streams become pipes.
    #[track_caller]
    #[must_use]
    pub fn start(command: Command) -> Self {
        Self::start_with_output(command, Stdio::piped())
    }

    /// The same, with a standard output of the test's own: only a pipe made here is read here.
    #[track_caller]
    #[must_use]
    pub fn start_with_output(command: Command, stdout: impl Into<Stdio>) -> Self {
        Self::start_with(command, Stdio::piped(), stdout)
    }

    /// The same, with a standard input of the test's own.
    #[track_caller]
    #[must_use]
    pub fn start_with_input(command: Command, stdin: impl Into<Stdio>) -> Self {
        Self::start_with(command, stdin, Stdio::piped())
    }

    #[track_caller]
    fn start_with(mut command: Command, stdin: impl Into<Stdio>, stdout: impl Into<Stdio>) -> Self {
        command.stdin(stdin).stdout(stdout).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap_or_else(|error| {
            panic!("cannot run {}: {error}", command.get_program().display())
        });
        let stdin = child.stdin.take();
        let stdout =
            child.stdout.take().map_or_else(|| Captured::of(std::io::empty()), Captured::of);
        let stderr = Captured::of(child.stderr.take().expect("it is a pipe"));
        Self { child, stdin, stdout, stderr }
    }

    /// The process identifier.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Writes to standard input.
    #[track_caller]
    pub fn write_input(&mut self, bytes: impl AsRef<[u8]>) {
        let stdin = self.stdin.as_mut().expect("standard input is open");
        if let Err(error) = stdin.write_all(bytes.as_ref()).and_then(|()| stdin.flush()) {
            panic!("the tool does not read its input ({error}):\n{}", self.so_far());
        }
    }

    /// Hands standard input to a thread that may have to wait for the tool to read it.
    #[track_caller]
    pub fn take_input(&mut self) -> ChildStdin {
        self.stdin.take().expect("standard input is open")
    }

    /// Ends standard input.
    pub fn close_input(&mut self) {
        self.stdin = None;
    }

    /// Waits for a line on standard output with `text` in it, after the one found last.
    #[track_caller]
    #[expect(clippy::must_use_candidate, reason = "mostly called for its check")]
    pub fn wait_for_stdout(&self, text: &str) -> String {
        let line = self.stdout.wait_for_line(text);
        line.unwrap_or_else(|| panic!("no {text:?} on standard output:\n{}", self.so_far()))
    }

    /// Waits for a line on standard error with `text` in it, after the one found last.
    #[track_caller]
    #[expect(clippy::must_use_candidate, reason = "mostly called for its check")]
    pub fn wait_for_stderr(&self, text: &str) -> String {
        let line = self.stderr.wait_for_line(text);
        line.unwrap_or_else(|| panic!("no {text:?} on standard error:\n{}", self.so_far()))
    }

    /// What came on standard output so far.
    #[must_use]
    pub fn stdout(&self) -> Vec<u8> {
        self.stdout.bytes()
    }

    /// What came on standard error so far.
    #[must_use]
    pub fn stderr(&self) -> Vec<u8> {
        self.stderr.bytes()
    }

    /// Lets it have no more memory of its own than that.
    #[track_caller]
    pub fn limit_memory(&self, bytes: u64) {
        let limit = Rlimit { current: Some(bytes), maximum: Some(bytes) };
        // One that has ended needs no limit.
        let _before = prlimit(Some(Pid::from_child(&self.child)), Resource::Data, limit);
    }

    /// Lets it have only so many more files open than it has.
    #[track_caller]
    pub fn limit_files(&self, more: u64) {
        let open = std::fs::read_dir(format!("/proc/{}/fd", self.id())).unwrap().count();
        let limit = u64::try_from(open).unwrap() + more;
        let limit = Rlimit { current: Some(limit), maximum: Some(limit) };
        prlimit(Some(Pid::from_child(&self.child)), Resource::Nofile, limit).unwrap();
    }

    /// Whether it has not ended yet.
    #[track_caller]
    pub fn is_running(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// Sends it a signal.
    #[track_caller]
    pub fn signal(&self, signal: Signal) {
        // The identifier is still its own: only `wait` and `drop` take the end in.
        kill_process(Pid::from_child(&self.child), signal).expect("the tool is running");
    }

    /// Waits for its end, with standard input left as it is.
    #[track_caller]
    #[must_use]
    pub fn wait(mut self) -> Output {
        // The streams end with the process: waiting for them keeps the reading in order.
        let ended = self.stdout.wait_for_end() && self.stderr.wait_for_end();
        assert!(ended, "the tool did not end:\n{}", self.so_far());
        let status = until("the tool to end", || self.child.try_wait().unwrap());
        Output { status, stdout: self.stdout.bytes(), stderr: self.stderr.bytes() }
    }

    fn so_far(&self) -> String {
        let [stdout, stderr] = [self.stdout.bytes(), self.stderr.bytes()];
        format!(
            "--- stdout ---\n{}\n--- stderr ---\n{}",
            String::from_utf8_lossy(&stdout),
            String::from_utf8_lossy(&stderr)
        )
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Neither does anything to a process that has ended.
        let _killed = self.child.kill();
        let _status = self.child.wait();
    }
}

/// A stream that a thread reads, so that the tool never waits for the test.
#[derive(Debug)]
struct Captured {
    shared: Arc<(Mutex<Capture>, Condvar)>,
}

#[derive(Debug, Default)]
struct Capture {
    bytes: Vec<u8>,
    ended: bool,
    /// Where the line begins that comes after the one found last.
    next: usize,
}

impl Captured {
    fn of(mut stream: impl Read + Send + 'static) -> Self {
        let shared = Arc::<(Mutex<Capture>, Condvar)>::default();
        let writer = Arc::clone(&shared);
        thread::spawn(move || {
            let mut buffer = vec![0; 64 * 1024];
            loop {
                let read = stream.read(&mut buffer).unwrap_or(0);
                let (capture, changed) = &*writer;
                let mut capture = capture.lock().unwrap();
                capture.bytes.extend_from_slice(buffer.get(..read).unwrap_or_default());
                capture.ended = read == 0;
                changed.notify_all();
                if capture.ended {
                    return;
                }
            }
        });
        Self { shared }
    }

    fn lock(&self) -> MutexGuard<'_, Capture> {
        self.shared.0.lock().unwrap()
    }

    fn bytes(&self) -> Vec<u8> {
        self.lock().bytes.clone()
    }

    /// `None` if it has not come when the stream ends or patience does.
    fn wait_for_line(&self, text: &str) -> Option<String> {
        self.wait(|capture| capture.find(text))
    }

    fn wait_for_end(&self) -> bool {
        self.wait(|capture| capture.ended.then_some(())).is_some()
    }

    fn wait<T>(&self, mut look: impl FnMut(&mut Capture) -> Option<T>) -> Option<T> {
        let deadline = Instant::now() + LIMIT;
        let mut capture = self.lock();
        loop {
            if let Some(seen) = look(&mut capture) {
                return Some(seen);
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if capture.ended || left.is_zero() {
                return None;
            }
            capture = self.shared.1.wait_timeout(capture, left).unwrap().0;
        }
    }
}

impl Capture {
    /// The next whole line that has `text` in it.
    fn find(&mut self, text: &str) -> Option<String> {
        let rest = self.bytes.get(self.next..)?;
        let mut offset = self.next;
        for line in rest.split_inclusive(|&byte| byte == b'\n') {
            offset += line.len();
            let whole = line.ends_with(b"\n") || self.ended;
            let line = String::from_utf8_lossy(line);
            if whole && line.contains(text) {
                let line = line.trim_end_matches('\n').to_owned();
                self.next = offset;
                return Some(line);
            }
        }
        None
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    /// The shell stands in for a tool: what is tested is how it is run.
    fn shell() -> Tool {
        Tool::at("/bin/sh")
    }

    #[test]
    fn tells_status_and_both_streams_apart() {
        let output = shell().run(["-c", "echo out; echo err >&2; exit 3"]);
        output.assert_code(3);
        assert_eq!((&*output.stdout(), &*output.stderr()), ("out\n", "err\n"));
    }

    #[test]
    fn waits_for_lines_in_their_order() {
        let mut running = shell().spawn(["-c", "while read x; do echo \"got $x\"; done"]);
        running.write_input("one\n");
        assert_eq!(running.wait_for_stdout("got"), "got one");
        running.write_input("two\n");
        assert_eq!(running.wait_for_stdout("got"), "got two");
        running.close_input();
        assert_eq!(running.wait().stdout(), "got one\ngot two\n");
    }

    #[test]
    #[should_panic(expected = "no \"never\" on standard output")]
    fn a_line_that_cannot_come_any_more_fails_the_test() {
        let _line = shell().spawn(["-c", "echo other"]).wait_for_stdout("never");
    }

    #[test]
    fn a_tool_that_reads_nothing_does_not_stop_the_test() {
        shell().run_with_input(vec![b'x'; 1 << 20], ["-c", "exit 0"]).assert_code(0);
    }

    #[test]
    fn sees_its_own_home_and_the_name_it_was_called_by() {
        let tool = shell().called("mosquitto_pub");
        let output = tool.run(["-c", "echo $HOME; echo $0"]);
        let expected = format!("{}\n{}\n", tool.home().display(), tool.program().display());
        assert_eq!(output.stdout(), expected);
    }

    #[test]
    fn a_signal_ends_it() {
        let running = shell().spawn(["-c", "echo ready; exec sleep 1000"]);
        running.wait_for_stdout("ready");
        running.signal(Signal::TERM);
        assert_eq!(running.wait().code(), None);
    }
}
