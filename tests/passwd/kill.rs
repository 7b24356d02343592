use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read};
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, Stdio};

use test_support::patience::until;

use crate::tool::{BINARY, Folder, editing_thread, lets_in};

/// The file before each edit.
const OLD: &str = "# c\nalice:1\nbob:2\n";

/// An edit that is killed.
struct Edit {
    folder: fn() -> Folder,
    words: &'static [&'static str],
    is_new: fn(&str) -> bool,
    torn: Torn,
}

/// What a kill may leave.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Torn {
    /// The old file or the new one.
    Never,
    /// A file that the next edit mends.
    Mended,
}

const ADD: Edit = Edit {
    folder: || Folder::with_file(OLD),
    words: &["-H", "sha512", "-b", "f", "u", "p"],
    is_new: |file| {
        file.strip_prefix(OLD).is_some_and(|line| lets_in(line.trim_end_matches('\n'), "u", "p"))
    },
    torn: Torn::Never,
};

const UPDATE: Edit = Edit {
    words: &["-H", "sha512", "-b", "f", "alice", "p"],
    is_new: |file| match file.lines().collect::<Vec<_>>()[..] {
        ["# c", alice, "bob:2"] => lets_in(alice, "alice", "p"),
        _ => false,
    },
    ..ADD
};

const DELETE: Edit =
    Edit { words: &["-D", "f", "alice"], is_new: |file| file == "# c\nbob:2\n", ..ADD };

const UPGRADE: Edit = Edit {
    words: &["-H", "sha512", "-U", "f"],
    is_new: |file| match file.lines().collect::<Vec<_>>()[..] {
        ["# c", alice, bob] => lets_in(alice, "alice", "1") && lets_in(bob, "bob", "2"),
        _ => false,
    },
    ..ADD
};

const CREATE: Edit = Edit {
    folder: Folder::new,
    words: &["-H", "sha512", "-c", "-b", "f", "u", "p"],
    is_new: |file| lets_in(file.trim_end_matches('\n'), "u", "p"),
    torn: Torn::Never,
};

/// A second name makes it a rewrite in place.
fn with_two_names() -> Folder {
    let folder = Folder::with_file(OLD);
    fs::hard_link(folder.path("f"), folder.path("g")).unwrap();
    folder
}

impl Edit {
    const fn in_place(self, torn: Torn) -> Self {
        Self { folder: with_two_names, torn, ..self }
    }

    fn old(&self) -> Option<String> {
        fs::read_to_string((self.folder)().path("f")).ok()
    }

    /// Kills the edit at each system call of the thread that makes it, from the lock on, and says
    /// how often it was killed.
    fn killed_at_each_call(&self) -> usize {
        let mut kills = 0;
        for (call, number) in &self.calls() {
            let folder = (self.folder)();
            let inject = format!("inject={call}:signal=KILL:when={number}");
            let place = format!("{call} {number}");
            let killed = traced(self.start(&folder), &["-e", &inject]).signal() == Some(9);
            // The call that waits for the lock may be over before it is counted, and threads that
            // wait for each other need not.
            assert!(killed || ["flock", "futex"].contains(&&**call), "{place}: not killed");
            kills += usize::from(killed);
            self.check(&folder, &place);
        }
        kills
    }

    /// The system calls of that thread, each with its number among those of its name.
    fn calls(&self) -> Vec<(String, usize)> {
        let folder = (self.folder)();
        let log = Folder::new();
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
                (call.to_owned(), *count)
            })
            .collect()
    }

    /// Starts the edit; it waits for the folder's lock, which we hold.
    fn start(&self, folder: &Folder) -> Waiting {
        let lock = File::open(folder.path("")).unwrap();
        lock.lock().unwrap();
        let child = folder.command(BINARY).args(self.words).spawn().unwrap();
        let thread = until("the edit to wait for the lock", || waiting_thread(&child));
        Waiting { lock, child, thread }
    }

    /// The file is the old one or the new one, if need be after another edit, which clears up.
    fn check(&self, folder: &Folder, place: &str) {
        let old = self.old();
        let file = fs::read_to_string(folder.path("f")).ok();
        let is_whole = |file: Option<&str>| file == old.as_deref() || file.is_some_and(self.is_new);
        let whole = is_whole(file.as_deref());
        assert!(whole || self.torn == Torn::Mended, "killed at {place}: {file:?}");

        let names = (self.folder)().names();
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

#[test]
fn a_kill_at_any_call_of_an_addition_leaves_the_old_or_the_new_file() {
    assert!(ADD.killed_at_each_call() > 20);
}

#[test]
fn a_kill_at_any_call_of_an_update_leaves_the_old_or_the_new_file() {
    assert!(UPDATE.killed_at_each_call() > 20);
}

#[test]
fn a_kill_at_any_call_of_a_deletion_leaves_the_old_or_the_new_file() {
    assert!(DELETE.killed_at_each_call() > 20);
}

#[test]
fn a_kill_at_any_call_of_an_upgrade_leaves_the_old_or_the_new_file() {
    assert!(UPGRADE.killed_at_each_call() > 20);
}

#[test]
fn a_kill_at_any_call_of_a_creation_leaves_no_file_or_the_new_one() {
    assert!(CREATE.killed_at_each_call() > 15);
}

#[test]
fn a_kill_while_a_file_is_rewritten_in_place_is_mended_by_the_next_edit() {
    for edit in [ADD, UPDATE, DELETE, UPGRADE] {
        assert!(edit.in_place(Torn::Mended).killed_at_each_call() > 30);
    }
}

/// A hash as long as the new one.
const ALICE: &str = "alice:$6$uboSEBxtcMaYNWXP$bZKA30IYCwMIQUIQSQQc6QpBlHYvMRoJ3FQGhxL5o/4Oz4mvPD+KKWYISBITF6K5d4v6lMCO39cDZsIsGivWiw==\nbob:2\n";

#[test]
fn one_write_in_place_is_all_that_a_new_line_or_a_new_hash_takes() {
    assert!(ADD.in_place(Torn::Never).killed_at_each_call() > 30);
    let update = Edit {
        folder: || {
            let folder = with_two_names();
            fs::write(folder.path("f"), ALICE).unwrap();
            folder
        },
        is_new: |file| match file.lines().collect::<Vec<_>>()[..] {
            [alice, "bob:2"] => lets_in(alice, "alice", "p"),
            _ => false,
        },
        ..UPDATE
    };
    assert!(update.killed_at_each_call() > 30);
}

/// Kills the whole tool, with all its threads, wherever one of them makes its `number`th call.
#[test]
fn a_kill_at_any_call_of_any_thread_leaves_the_old_or_the_new_file() {
    let log = Folder::new();
    let path = log.path("log");
    let path = path.to_str().unwrap();
    let run = |folder: &Folder, options: &[&str]| {
        let mut command = folder.command("strace");
        command.arg("-f").args(options).arg(BINARY).args(ADD.words).output().unwrap().status
    };
    assert!(run(&Folder::with_file(OLD), &["-o", path]).success());
    let mut counts = BTreeMap::new();
    for line in fs::read_to_string(path).unwrap().lines() {
        let mut words = line.splitn(2, ' ');
        let (thread, call) = (words.next().unwrap(), words.next().unwrap().trim_start());
        let Some((name, _)) = call.split_once('(') else { continue };
        *counts
            .entry(name.to_owned())
            .or_insert_with(BTreeMap::new)
            .entry(thread.to_owned())
            .or_insert(0) += 1;
    }
    let mut kills = 0;
    for (call, threads) in counts {
        let most: usize = threads.into_values().max().unwrap_or_default();
        for number in 1..=most {
            let folder = Folder::with_file(OLD);
            let inject = format!("inject={call}:signal=KILL:when={number}");
            kills += usize::from(!run(&folder, &["-o", path, "-e", &inject]).success());
            ADD.check(&folder, &format!("{call} {number}"));
        }
    }
    assert!(kills > 100, "{kills} kills");
}
