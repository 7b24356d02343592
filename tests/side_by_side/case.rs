//! One run of the original and of ours with the same words, input and broker, and what differs.
//!
//! A case is an invocation and what stands around it:
//!
//! ```ignore
//! showing(["§6.1 -m"]).compare([
//!     publisher("-t a -m hello -q 2").at(broker()),
//!     subscriber("-t a -v -C 1").at(broker().with(message("a", "hello"))).only(V5).shows("§8.1 a payload"),
//!     publisher("-t a -l").input("x\\0").differs(Expected::Sends(…), "docs/differences.md: pub `-l`: NUL bytes"),
//! ]);
//! ```
//!
//! A group of cases and each of them name the rows of `rows.md` that they show.
//!
//! Where Debian's 2.0.11 is not what 2.1.2 does, or where we differ on purpose, the case says what
//! is right and why; if the original turns out to do just that, the case fails, too. A row of
//! docs/differences.md is named by its first cell, and must be there. Where the original cannot be
//! run, the case says all that is right.

use std::ffi::OsString;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use tempfile::TempDir;
use test_support::scripted_peer::ScriptedPeer;
use test_support::tool::{Pid, Running, Tool};

use super::broker::{Broker, broker};
use super::ledger::{self, DIFFERENCE};
use super::seen::{Aspect, Seen, changes, without_random_part, without_time};
use super::socket::Socket;
use super::words::words;

pub(crate) use super::expected::Expected;
pub(crate) use super::version::{EVERY, Version};

/// The original's tool and ours.
#[derive(Clone, Copy, Debug)]
struct Pair {
    original: &'static str,
    own: &'static str,
}

/// A publisher with these words; `-h`, `-p` and `-V` are put before them, unless the words
/// themselves say where `{port}` goes.
pub(crate) fn publisher(line: &str) -> Case {
    Case::new(Pair { original: "mosquitto_pub", own: "mqtt-pub" }, line)
}

/// A subscriber with these words.
pub(crate) fn subscriber(line: &str) -> Case {
    Case::new(Pair { original: "mosquitto_sub", own: "mqtt-sub" }, line)
}

/// A case for each of these lines, which go on from this beginning, with the row it shows.
#[track_caller]
pub(crate) fn by_row(
    tool: fn(&str) -> Case,
    beginning: &str,
    table: &[(&str, &[&str])],
) -> Vec<Case> {
    let mut cases = Vec::new();
    for (row, lines) in table {
        cases.extend(lines.iter().map(|line| tool(&format!("{beginning} {line}")).shows(row)));
    }
    cases
}

/// What the original is given.
#[derive(Clone, Debug)]
enum Original {
    TheSame,
    OtherWords(String),
    /// It is not run.
    Nothing,
}

/// One comparison.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    pair: Pair,
    line: String,
    original: Original,
    versions: Vec<Option<Version>>,
    broker: Broker,
    input: Vec<u8>,
    files: Vec<(String, Vec<u8>)>,
    environment: Vec<(String, Option<String>)>,
    differences: Vec<(Expected, &'static str)>,
    rows: Vec<String>,
}

impl Case {
    fn new(pair: Pair, line: &str) -> Self {
        Self {
            pair,
            line: line.to_owned(),
            original: Original::TheSame,
            versions: EVERY.map(Some).to_vec(),
            broker: broker(),
            input: Vec::new(),
            files: Vec::new(),
            environment: Vec::new(),
            differences: Vec::new(),
            rows: Vec::new(),
        }
    }

    /// At this broker, and not at one that does what is usual.
    pub(crate) fn at(self, broker: Broker) -> Self {
        Self { broker, ..self }
    }

    /// In these versions only.
    pub(crate) fn only<const N: usize>(self, versions: [Version; N]) -> Self {
        Self { versions: versions.map(Some).to_vec(), ..self }
    }

    /// Without `-V`.
    pub(crate) fn without_version(self) -> Self {
        Self { versions: vec![None], ..self }
    }

    /// With this on stdin.
    pub(crate) fn input(self, input: impl AsRef<[u8]>) -> Self {
        Self { input: input.as_ref().to_owned(), ..self }
    }

    /// With a file in `{folder}`, which is also the home folder; `{port}` in it is filled in.
    pub(crate) fn file(mut self, name: &str, content: impl AsRef<[u8]>) -> Self {
        self.files.push((name.to_owned(), content.as_ref().to_owned()));
        self
    }

    /// With a variable in the environment.
    pub(crate) fn environment(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), Some(value.to_owned())));
        self
    }

    /// Without a variable in the environment.
    pub(crate) fn without(mut self, name: &str) -> Self {
        self.environment.push((name.to_owned(), None));
        self
    }

    /// Shows this row of `rows.md`.
    #[track_caller]
    pub(crate) fn shows(mut self, row: &str) -> Self {
        ledger::check_name(row);
        self.rows.push(row.to_owned());
        self
    }

    /// The original on this machine says the same in these words, for this reason.
    #[track_caller]
    pub(crate) fn instead(self, line: &str, reason: &str) -> Self {
        Self { original: Original::OtherWords(line.to_owned()), ..self }.because(reason)
    }

    /// The original on this machine is not run, for this reason: status, packets and stdout of
    /// ours are what the case says (CONNECT, where it says so).
    #[track_caller]
    pub(crate) fn without_original(self, reason: &str) -> Self {
        Self { original: Original::Nothing, ..self }.because(reason)
    }

    /// Ours does this and not what the original on this machine does, for this reason.
    #[track_caller]
    pub(crate) fn differs(mut self, expected: Expected, reason: &'static str) -> Self {
        self.differences.push((expected, reason));
        self.because(reason)
    }

    /// A reason shows the row of docs/differences.md that it names.
    #[track_caller]
    fn because(self, reason: &str) -> Self {
        match reason.find(DIFFERENCE).and_then(|at| reason.get(at..)) {
            Some(row) => self.shows(row),
            None => self,
        }
    }

    /// Ours takes this for wrong usage, for this reason: no connection, nothing on stdout.
    #[track_caller]
    pub(crate) fn refused(self, reason: &'static str) -> Self {
        self.differs(Expected::Status(1), reason)
            .differs(Expected::Connects(&[]), reason)
            .differs(Expected::Sends(&[]), reason)
    }

    /// The case in each of its versions.
    fn runs(&self) -> impl Iterator<Item = (&Self, Option<Version>)> {
        self.versions.iter().map(move |&version| (self, version))
    }

    /// The rows it shows.
    pub(crate) fn rows(&self) -> &[String] {
        &self.rows
    }

    /// The versions it is run in.
    pub(crate) fn spoken(&self) -> impl Iterator<Item = Version> {
        let spoken = |&version: &Option<Version>| {
            Version::of(&self.words(&self.line, version, str::to_owned))
        };
        self.versions.iter().map(spoken)
    }

    /// Runs both and compares them; the text says what is wrong.
    fn compare(&self, version: Option<Version>) -> Result<(), String> {
        let own = Tool::at(env!("CARGO_BIN_EXE_mqtt-sub")).sibling(self.pair.own);
        let (tool, linked) = (Tool::at(original(self.pair)), own.called(self.pair.original));
        let line = match &self.original {
            Original::TheSame => Some(&self.line),
            Original::OtherWords(line) => Some(line),
            Original::Nothing => None,
        };
        // Some wait for seconds: at the same time, then.
        let (theirs, (mut ours, our_words)) = thread::scope(|scope| {
            let theirs = line.map(|line| scope.spawn(|| self.run(&tool, line, version)));
            let ours = self.run(&linked, &self.line, version);
            (theirs.map(|run| run.join().expect("the original did not end")), ours)
        });
        let (mut theirs, their_words) =
            theirs.map_or((None, String::new()), |(seen, words)| (Some(seen), words));
        let mut wrong = String::new();
        for aspect in [Aspect::Status, Aspect::Connects, Aspect::Sends, Aspect::Prints] {
            let theirs = theirs.as_mut().map(|seen| seen.take(aspect));
            wrong += &self.judge(aspect, theirs.as_deref(), &ours.take(aspect));
        }
        if wrong.is_empty() {
            return Ok(());
        }
        let version = version.map_or("", Version::word);
        let (name, line) = (self.pair.original, &self.line);
        let said = format!("stderr of the original: {their_words}\nstderr of ours: {our_words}");
        let line: String = line.chars().take(200).collect();
        Err(format!("{name} {line} ({version})\n{wrong}{said}\n"))
    }

    /// What is wrong about one aspect; empty if nothing is.
    fn judge(&self, aspect: Aspect, theirs: Option<&[String]>, ours: &[String]) -> String {
        let difference = self.differences.iter().find(|(of, _)| of.aspect() == aspect);
        let Some((expected, reason)) = difference else {
            return match theirs {
                Some(theirs) => changes(aspect, "the original", theirs, ours),
                None if aspect == Aspect::Connects => String::new(),
                None => format!("{aspect:?}: the case does not say what is right\n"),
            };
        };
        let expected = expected.lines(ours);
        if theirs == Some(&expected) {
            return format!("{aspect:?}: the original does the same; not needed: {reason}\n");
        }
        changes(aspect, reason, &expected, ours)
    }

    /// The files of the case.
    fn folder(&self, port: &str) -> TempDir {
        let folder = tempfile::tempdir().expect("a temporary folder");
        for (name, content) in &self.files {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().expect("it is in the folder")).unwrap();
            let content: &[u8] = match str::from_utf8(content) {
                Ok(text) => &text.replace("{port}", port).into_bytes(),
                Err(_) => content,
            };
            std::fs::write(path, content).unwrap();
        }
        folder
    }

    /// Runs one tool at the broker; what was seen, and what it wrote to stderr.
    fn run(&self, tool: &Tool, line: &str, version: Option<Version>) -> (Seen, String) {
        let peer = ScriptedPeer::listen();
        let port = peer.port().to_string();
        let folder = self.folder(&port);
        let home = folder.path().to_str().expect("temporary folders have plain names");
        let socket = Socket::new(peer.port());
        let fill = |text: &str| {
            let text = text.replace("{folder}", home).replace("{port}", &port);
            text.replace("{socket}", socket.path())
        };
        let mut command = tool.command(self.words(line, version, fill));
        command.env("HOME", home);
        for (name, value) in &self.environment {
            match value {
                Some(value) => command.env(name, fill(value)),
                None => command.env_remove(name),
            };
        }
        let mut running = Running::start(command);
        let id = running.id();
        let client = Pid::from_raw(id.cast_signed()).expect("a process has a number");
        let (input, ended) = (self.input.clone(), AtomicBool::new(false));
        let (connections, output) = thread::scope(|scope| {
            let serving = scope.spawn(|| self.broker.serve(&peer, client, &ended));
            scope.spawn(|| socket.relay(&ended));
            let _end = Ending(&ended);
            let mut stdin = running.take_input();
            // It may end without having read it all.
            scope.spawn(move || drop(std::io::Write::write_all(&mut stdin, &input)));
            let output = running.wait();
            ended.store(true, Ordering::Release);
            (serving.join().expect("the broker does not fail"), output)
        });
        let seen = Seen::new(connections, &output, self.mask(id));
        (seen, output.stderr().into_owned())
    }

    fn words(
        &self,
        line: &str,
        version: Option<Version>,
        fill: impl Fn(&str) -> String,
    ) -> Vec<OsString> {
        let mut words = words(&fill(line));
        if let Some(version) = version {
            words.splice(..0, ["-V", version.word()].map(OsString::from));
        }
        let says_where = line.contains("{port}") || line.contains("{socket}");
        if !says_where && !self.files.iter().any(|(_, text)| has_port(text)) {
            let connection = ["-h", "127.0.0.1", "-p", &fill("{port}")];
            words.splice(..0, connection.map(OsString::from));
        }
        words
    }

    /// What is different in each run: random parts, times, and the process identifier where it is
    /// part of `-I`'s.
    fn mask(&self, id: u32) -> impl Fn(&str) -> String {
        let id = (self.line.contains("-I ") || self.line.contains("--id-prefix ")).then_some(id);
        move |line| {
            let line = without_time(&without_random_part(line));
            id.map_or(line.clone(), |id| line.replace(&id.to_string(), "<process>"))
        }
    }
}

/// Tells the broker that its client has ended, however it did.
struct Ending<'a>(&'a AtomicBool);

impl Drop for Ending<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Release);
    }
}

fn has_port(text: &[u8]) -> bool {
    text.windows(6).any(|part| part == b"{port}")
}

fn original(pair: Pair) -> String {
    format!("/usr/bin/{}", pair.original)
}

/// Cases that all show these rows of `rows.md`.
pub(crate) fn showing<const N: usize>(rows: [&'static str; N]) -> Group {
    Group(rows.to_vec())
}

/// The rows that each case of a group shows.
pub(crate) struct Group(Vec<&'static str>);

impl Group {
    /// Compares all cases of the group and shows all that is wrong.
    #[track_caller]
    pub(crate) fn compare(&self, cases: impl IntoIterator<Item = Case>) {
        let with_rows = |case: Case| self.0.iter().fold(case, |case, row| case.shows(row));
        compare(cases.into_iter().map(with_rows));
    }
}

/// Compares all these cases, each of which names what it shows, and shows all that is wrong.
#[track_caller]
pub(crate) fn compare(cases: impl IntoIterator<Item = Case>) {
    let cases: Vec<Case> = cases.into_iter().collect();
    if ledger::records(&cases) {
        return;
    }
    let runs: Vec<_> = cases.iter().flat_map(Case::runs).collect();
    check(&runs, |(case, version)| case.compare(*version));
}

/// Does this work for every job, several at a time, and shows all that is wrong.
#[track_caller]
pub(crate) fn check<T: Sync>(jobs: &[T], work: impl Fn(&T) -> Result<(), String> + Sync) {
    const AT_A_TIME: usize = 8;
    let next = AtomicUsize::new(0);
    let worker = || {
        let mut wrong = Vec::new();
        while let Some(job) = jobs.get(next.fetch_add(1, Ordering::Relaxed)) {
            wrong.extend(work(job).err());
        }
        wrong
    };
    let wrong: Vec<String> = thread::scope(|scope| {
        let workers: Vec<_> = (0..AT_A_TIME).map(|_| scope.spawn(worker)).collect();
        workers.into_iter().flat_map(|worker| worker.join().expect("a run did not end")).collect()
    });
    assert!(wrong.is_empty(), "{} of {} differ:\n\n{}", wrong.len(), jobs.len(), wrong.join("\n"));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[should_panic(expected = "- PUBLISH d0 q0 r0 'a' 'x'\n  + PUBLISH")]
    fn another_packet_than_the_written_one_is_shown() {
        let expected = Expected::Sends(&["PUBLISH d0 q0 r0 'a' 'x'", "DISCONNECT"]);
        compare([publisher("-t a -m y").without_version().differs(expected, "a test")]);
    }

    #[test]
    #[should_panic(expected = "Status: the original does the same; not needed: a test")]
    fn a_difference_that_is_none_is_an_error() {
        compare([publisher("-t a -m y").without_version().differs(Expected::Status(0), "a test")]);
    }

    #[test]
    #[should_panic(expected = "there is no row \"docs/differences.md: pub: no such thing\"")]
    fn a_row_that_is_not_there_is_an_error() {
        let _case = publisher("-m y")
            .differs(Expected::Status(9), "docs/differences.md: pub: no such thing");
    }

    #[test]
    #[should_panic(expected = "- somewhere: --no-such-option")]
    fn a_word_that_is_not_printed_is_shown() {
        let words = Expected::PrintsAmongOthers("--topic --no-such-option");
        let case = publisher("--help").without_version().differs(words, "a test");
        compare([case.differs(Expected::Status(0), "a test")]);
    }

    #[test]
    #[should_panic(expected = "Status (- a test, + ours):\n  - 9\n  + 0")]
    fn another_status_than_the_written_one_is_an_error() {
        compare([publisher("-t a -m y").without_version().differs(Expected::Status(9), "a test")]);
    }
}
