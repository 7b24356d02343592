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
