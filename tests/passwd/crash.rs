use std::fs;
use std::process::Child;

use crate::tool::{BINARY, Folder, finish, lets_in};

/// How many edits happen at the same time.
const EDITS: usize = 100;

#[test]
fn edits_at_the_same_time_all_survive() {
    let folder = Folder::with_file("# first\n");
    let edits: Vec<(String, Child)> = (0..EDITS)
        .map(|number| {
            let user = format!("u{number}");
            let words = ["-H", "sha512", "-b", "f", &user, &user];
            let child = folder.command(BINARY).args(words).spawn().unwrap();
            (user, child)
        })
        .collect();
    let mut users = Vec::new();
    for (user, child) in edits {
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{output:?}");
        users.push(user);
    }
    let file = folder.file();
    assert_eq!(file.lines().next(), Some("# first"));
    assert_eq!(file.lines().count(), EDITS + 1);
    for user in users {
        assert!(file.lines().any(|line| lets_in(line, &user, &user)), "{user} is lost");
    }
    assert_eq!(folder.names(), ["f"]);
}

#[test]
fn edits_of_a_file_with_two_names_at_the_same_time_all_survive() {
    let folder = Folder::with_file("");
    fs::create_dir(folder.path("other")).unwrap();
    fs::hard_link(folder.path("f"), folder.path("other/f")).unwrap();
    let edits: Vec<Child> = (0..20)
        .map(|number| {
            let name = ["f", "other/f"][number % 2];
            let words = ["-H", "sha512", "-b", name, &format!("u{number}"), "p"];
            folder.command(BINARY).args(words).spawn().unwrap()
        })
        .collect();
    for edit in edits {
        assert!(edit.wait_with_output().unwrap().status.success());
    }
    assert_eq!(folder.file().lines().count(), 20);
}

#[test]
fn a_file_is_created_once_only() {
    let folder = Folder::new();
    let creations: Vec<Child> = (0..20)
        .map(|number| {
            let words = ["-c", "-b", "f", &format!("u{number}"), "p"];
            folder.command(BINARY).args(words).spawn().unwrap()
        })
        .collect();
    let succeeded = creations
        .into_iter()
        .map(|creation| creation.wait_with_output().unwrap())
        .filter(|output| output.status.success())
        .count();
    assert_eq!(succeeded, 1);
    assert_eq!(folder.file().lines().count(), 1);
    assert_eq!(folder.names(), ["f"]);
}

/// Runs the tool where no file may grow beyond 512 or 1,024 bytes, as on a disk that is full.
fn run_on_full_disk(folder: &Folder, words: &[&str]) -> crate::tool::Run {
    let mut command = folder.command("sh");
    command.args(["-c", r#"ulimit -f 1 && exec "$0" "$@""#, BINARY]).args(words);
    finish(&mut command)
}

#[test]
fn a_full_disk_leaves_the_old_file() {
    let content = format!("{}\nalice:1\n", "#".repeat(3000));
    for names in [&["f"][..], &["f", "g"]] {
        let folder = Folder::with_file(&content);
        // The second name makes it a rewrite in place.
        if names.len() > 1 {
            fs::hard_link(folder.path("f"), folder.path("g")).unwrap();
        }
        for words in [&["-b", "f", "u", "p"][..], &["-b", "f", "alice", "p"], &["-U", "f"]] {
            let run = run_on_full_disk(&folder, words);
            assert_eq!(run.status, Some(1), "{run:?}");
            let message = "error: cannot write 'f', which is as it was: File too large";
            assert!(run.stderr.contains(message), "{run:?}");
            assert_eq!(folder.file(), content);
            assert_eq!(folder.names(), names);
        }
    }
}

#[test]
fn a_full_disk_leaves_no_half_new_file() {
    let folder = Folder::new();
    let user = "u".repeat(2000);
    let run = run_on_full_disk(&folder, &["-c", "-b", "f", &user, "p"]);
    assert_eq!(run.status, Some(1), "{run:?}");
    assert!(run.stderr.starts_with("error: cannot create 'f': File too large"), "{run:?}");
    assert!(folder.names().is_empty());
}

/// The system calls that change a file or a folder, or make a change last. Those that only look
/// are left out: strace counts for each thread, and the first one looks at much while it starts.
/// Not every machine has each of them, hence the question marks.
const CHANGES: [&str; 15] = [
    "?flock",
    "?fchmod",
    "?fchown",
    "?write",
    "?pwrite64",
    "?fsync",
    "?fdatasync",
    "?ftruncate",
    "?rename",
    "?renameat",
    "?renameat2",
    "?link",
    "?linkat",
    "?unlink",
    "?unlinkat",
];

/// Kills the tool as it enters the `number`th `call`, and says whether it had as many.
fn kill_at(folder: &Folder, call: &str, number: usize, words: &[&str]) -> bool {
    let mut command = folder.command("strace");
    let inject = format!("inject={call}:signal=KILL:when={number}");
    command.args(["-f", "-o", "/dev/null", "-e", &inject, BINARY]).args(words);
    let output = command.output().expect("strace is installed");
    !output.status.success()
}

/// Kills an edit at each of its changes. `is_new` says whether a file is the edited one; the old
/// one is the only other that may be left.
fn survives_kills(old: Option<&str>, words: &[&str], is_new: impl Fn(&str) -> bool) {
    let folder = || old.map_or_else(Folder::new, Folder::with_file);
    let (olds, news) = kills(folder, old, words, is_new);
    // Before the rename: lock, mode, write, fsync, the rename itself. After it: fsync.
    assert!(olds >= 4 && news >= 1, "{olds} times the old file, {news} times the new one");
}

/// How often the old file was left, and how often the new one.
fn kills(
    folder: impl Fn() -> Folder,
    old: Option<&str>,
    words: &[&str],
    is_new: impl Fn(&str) -> bool,
) -> (usize, usize) {
    let (mut olds, mut news) = (0, 0);
    for call in CHANGES {
        for number in 1.. {
            let folder = folder();
            let killed = kill_at(&folder, call, number, words);
            let file = fs::read_to_string(folder.path("f")).ok();
            let new = file.as_deref().is_some_and(&is_new);
            let place = format!("killed at {call} {number}: {file:?}");
            assert!(new || file.as_deref() == old, "{place}");
            if !killed {
                assert!(new, "{place}");
                break;
            }
            *(if new { &mut news } else { &mut olds }) += 1;
        }
    }
    (olds, news)
}

#[test]
fn a_kill_at_any_change_leaves_the_old_or_the_new_file() {
    let old = "# c\nalice:1\n";
    survives_kills(Some(old), &["-H", "sha512", "-b", "f", "u", "p"], |file| {
        let added = file.strip_prefix(old).and_then(|rest| rest.strip_suffix('\n'));
        added.is_some_and(|line| lets_in(line, "u", "p"))
    });
    survives_kills(Some(old), &["-D", "f", "alice"], |file| file == "# c\n");
    survives_kills(Some(old), &["-H", "sha512", "-U", "f"], |file| {
        let hashed = file.strip_prefix("# c\n").and_then(|rest| rest.strip_suffix('\n'));
        hashed.is_some_and(|line| lets_in(line, "alice", "1"))
    });
    survives_kills(None, &["-H", "sha512", "-c", "-b", "f", "u", "p"], |file| {
        file.strip_suffix('\n').is_some_and(|line| lets_in(line, "u", "p"))
    });
}

#[test]
fn so_does_one_that_rewrites_the_file_in_place() {
    const HASH: &str = "$6$uboSEBxtcMaYNWXP$bZKA30IYCwMIQUIQSQQc6QpBlHYvMRoJ3FQGhxL5o/4Oz4mvPD+KKWYISBITF6K5d4v6lMCO39cDZsIsGivWiw==";
    let old = format!("alice:{HASH}\nbob:{HASH}\n# end\n");
    let two_names = || {
        let folder = Folder::with_file(&old);
        fs::hard_link(folder.path("f"), folder.path("g")).unwrap();
        folder
    };
    let kept = format!("bob:{HASH}\n# end\n");
    let updated = |file: &str| {
        let line = file.strip_suffix(&kept).and_then(|line| line.strip_suffix('\n'));
        line.is_some_and(|line| lets_in(line, "alice", "p"))
    };
    let added = |file: &str| {
        let line = file.strip_prefix(&old).and_then(|line| line.strip_suffix('\n'));
        line.is_some_and(|line| lets_in(line, "u", "p"))
    };
    let set = |user| ["-H", "sha512", "-b", "f", user, "p"];
    // Lock and write; fsync.
    let (olds, news) = kills(two_names, Some(&old), &set("alice"), updated);
    assert!(olds >= 2 && news >= 1, "{olds} times the old file, {news} times the new one");
    let (olds, news) = kills(two_names, Some(&old), &set("u"), added);
    assert!(olds >= 2 && news >= 1, "{olds} times the old file, {news} times the new one");
    // A file that becomes shorter is written and then cut off: in between, its old end is there.
    let in_between = format!("{kept}{}", &old[kept.len()..]);
    let deleted = |file: &str| file == kept || file == in_between;
    let (olds, news) = kills(two_names, Some(&old), &["-D", "f", "alice"], deleted);
    assert!(olds >= 2 && news >= 2, "{olds} times the old file, {news} times the new one");
}
