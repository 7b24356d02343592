//! Edits that are killed at any of their system calls.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read};
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, Stdio};

use super::folder::{Folder, editing_thread, lets_in};
use crate::patience::until;
use crate::tool::Tool;

/// The file before each edit.
pub const OLD: &str = "# c\nalice:1\nbob:2\n";

/// An edit that is killed.
#[derive(Clone, Copy, Debug)]
pub struct Edit {
    /// Where it is made.
    pub folder: fn(&Tool) -> Folder,
    /// The words for the tool.
    pub words: &'static [&'static str],
    /// Whether a file is what the edit makes of the old one.
    pub is_new: fn(&str) -> bool,
    /// What may be left.
    pub torn: Torn,
}

/// A system call, and which of those of its name.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "said above")]
pub struct Call {
    pub name: String,
    pub number: usize,
}

/// What a kill may leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Torn {
    /// The old file or the new one.
    Never,
    /// A file that the next edit mends.
    Mended,
}

/// A line is added.
pub const ADD: Edit = Edit {
    folder: |tool| Folder::with_file(tool, OLD),
    words: &["-H", "sha512", "-b", "f", "u", "p"],
    is_new: |file| {
        file.strip_prefix(OLD).is_some_and(|line| lets_in(line.trim_end_matches('\n'), "u", "p"))
    },
    torn: Torn::Never,
};

/// A line is changed.
pub const UPDATE: Edit = Edit {
    words: &["-H", "sha512", "-b", "f", "alice", "p"],
    is_new: |file| match file.lines().collect::<Vec<_>>()[..] {
        ["# c", alice, "bob:2"] => lets_in(alice, "alice", "p"),
        _ => false,
    },
    ..ADD
};

/// A line is taken out.
pub const DELETE: Edit =
    Edit { words: &["-D", "f", "alice"], is_new: |file| file == "# c\nbob:2\n", ..ADD };

/// Plain lines are hashed.
pub const UPGRADE: Edit = Edit {
    words: &["-H", "sha512", "-U", "f"],
    is_new: |file| match file.lines().collect::<Vec<_>>()[..] {
        ["# c", alice, bob] => lets_in(alice, "alice", "1") && lets_in(bob, "bob", "2"),
        _ => false,
    },
    ..ADD
};

/// There is no file yet.
pub const CREATE: Edit = Edit {
    folder: Folder::new,
    words: &["-H", "sha512", "-c", "-b", "f", "u", "p"],
    is_new: |file| lets_in(file.trim_end_matches('\n'), "u", "p"),
    torn: Torn::Never,
};

/// A second name makes it a rewrite in place.
#[must_use]
pub fn with_two_names(tool: &Tool) -> Folder {
    let folder = Folder::with_file(tool, OLD);
    fs::hard_link(folder.path("f"), folder.path("g")).unwrap();
    folder
}

impl Edit {
    /// The same as a rewrite in place.
    #[must_use]
    pub const fn in_place(self, torn: Torn) -> Self {
        Self { folder: with_two_names, torn, ..self }
    }

    fn old(&self, tool: &Tool) -> Option<String> {
        fs::read_to_string((self.folder)(tool).path("f")).ok()
    }

    /// Kills the edit at each system call of the thread that makes it, from the lock on, and says
    /// how often it was killed.
    #[must_use]
    pub fn killed_at_each_call(&self, tool: &Tool) -> usize {
        let mut kills = 0;
        for call in &self.calls(tool) {
            kills += usize::from(self.is_killed_at(tool, call));
        }
        kills
    }

    /// Kills the edit at this call and looks at what it left. `false` if it was over before.
    #[must_use]
    pub fn is_killed_at(&self, tool: &Tool, Call { name, number }: &Call) -> bool {
        let folder = (self.folder)(tool);
        let inject = format!("inject={name}:signal=KILL:when={number}");
        let place = format!("{name} {number}");
        let killed = traced(self.start(&folder), &["-e", &inject]).signal() == Some(9);
        // The call that waits for the lock may be over before it is counted, and threads that
        // wait for each other need not.
        assert!(killed || ["flock", "futex"].contains(&&**name), "{place}: not killed");
        self.check(tool, &folder, &place);
        killed
    }

    /// The system calls of that thread, each with its number among those of its name.
    #[must_use]
    pub fn calls(&self, tool: &Tool) -> Vec<Call> {
        let folder = (self.folder)(tool);
        let log = Folder::new(tool);
        let path = log.path("log");
        assert!(traced(self.start(&folder), &["-o", path.to_str().unwrap()]).success());
        let mut counts = BTreeMap::new();
        let text = fs::read_to_string(path).unwrap();
        let calls = text.lines().filter_map(|line| line.split_once('(').map(|(call, _)| call));
        let calls = calls
            .filter(|call| call.bytes().all(|byte| byte == b'_' || byte.is_ascii_alphanumeric()));
        calls
            .map(|call| {
                let count = counts.entry(call).or_insert(0);
                *count += 1;
                Call { name: call.to_owned(), number: *count }
            })
            .collect()
    }

    /// Starts the edit; it waits for the folder's lock, which we hold.
    fn start(&self, folder: &Folder) -> Waiting {
        let lock = File::open(folder.path("")).unwrap();
        lock.lock().unwrap();
        let child = folder.edit(self.words).spawn().unwrap();
        let thread = until("the edit to wait for the lock", || waiting_thread(&child));
        Waiting { lock, child, thread }
    }

    /// The file is the old one or the new one, if need be after another edit, which clears up.
    pub fn check(&self, tool: &Tool, folder: &Folder, place: &str) {
        let old = self.old(tool);
        let file = fs::read_to_string(folder.path("f")).ok();
        let is_whole = |file: Option<&str>| file == old.as_deref() || file.is_some_and(self.is_new);
        let whole = is_whole(file.as_deref());
        assert!(whole || self.torn == Torn::Mended, "killed at {place}: {file:?}");

        let names = (self.folder)(tool).names();
        let create = if file.is_some() { "-b" } else { "-cb" };
        let next = folder.run(&["-H", "sha512", create, "f", "next", "p"]);
        assert_eq!(next.status, Some(0), "killed at {place}: {next:?}");
        assert_eq!(next.stderr.contains("had been cut short"), !whole, "{place}: {next:?}");
        let edited = folder.file();
        let start = edited.find("next:").unwrap();
        let before = (file.is_some()).then(|| &edited[..start]);
        assert!(is_whole(before), "killed at {place}, then edited: {edited:?}");
        let expected = if names.is_empty() { vec!["f".to_owned()] } else { names };
        assert_eq!(folder.names(), expected, "killed at {place}");
    }
}

/// An edit that waits for a lock.
struct Waiting {
    lock: File,
    child: Child,
    thread: u32,
}

/// The thread that makes the edit, once it waits for a lock.
fn waiting_thread(child: &Child) -> Option<u32> {
    let locks = fs::read_to_string("/proc/locks").unwrap();
    let id = child.id().to_string();
    let mut waiting = locks.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
    waiting.find(|fields| fields.contains(&"->") && fields.contains(&&*id))?;
    editing_thread(child)
}

/// Lets the edit go on under strace, and says how it ended.
fn traced(waiting: Waiting, options: &[&str]) -> std::process::ExitStatus {
    let Waiting { lock, mut child, thread } = waiting;
    let mut strace = Command::new("strace")
        .args(options)
        .args(["-p", &thread.to_string()])
        .stderr(Stdio::piped())
        .spawn()
        .expect("strace is installed");
    let mut said = BufReader::new(strace.stderr.take().unwrap());
    let mut line = String::new();
    said.read_line(&mut line).unwrap();
    assert!(line.contains("attached"), "{line}");
    drop(lock);
    let status = child.wait().unwrap();
    said.read_to_string(&mut line).unwrap();
    strace.wait().unwrap();
    status
}
