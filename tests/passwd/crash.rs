use std::fs;
use std::process::Child;

use test_support::passwords::add_at_once;

use crate::tool::{BINARY, Folder};

/// How many edits happen at the same time.
const EDITS: usize = 100;

#[test]
fn edits_at_the_same_time_all_survive() {
    let folder = Folder::with_file("# first\n");
    let lost = add_at_once(&folder, EDITS);
    let file = folder.file();
    assert_eq!(file.lines().next(), Some("# first"));
    assert_eq!(file.lines().count(), EDITS + 1);
    assert_eq!(lost, [""; 0]);
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
            let run = folder.run_on_full_disk(words);
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
    let run = folder.run_on_full_disk(&["-c", "-b", "f", &user, "p"]);
    assert_eq!(run.status, Some(1), "{run:?}");
    assert!(run.stderr.starts_with("error: cannot create 'f': File too large"), "{run:?}");
    assert!(folder.names().is_empty());
}
