use std::fs::{self, File, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt};

use crate::tool::{BINARY, Folder, finish, lets_in};

/// What tells a file that was touched from one that was not.
fn state(folder: &Folder) -> (u64, i64, i64, Vec<u8>) {
    let file = folder.path("f").metadata().unwrap();
    (file.ino(), file.mtime(), file.mtime_nsec(), folder.bytes())
}

/// The word on stdout, which must be true.
fn word(folder: &Folder, words: &[&str]) -> String {
    let before = state(folder);
    let run = folder.run(&[&["--if-changed"], words].concat());
    assert_eq!(run.status, Some(0), "{run:?}");
    assert_eq!(state(folder) == before, run.stdout == "unchanged\n", "{run:?}");
    run.stdout
}

#[test]
fn a_password_that_is_there_already_changes_nothing() {
    let folder = Folder::with_file("# c\n");
    for hash in [&["-I", "5"][..], &["-H", "sha512"], &["-H", "argon2id"]] {
        let words = [hash, &["-b", "f", "alice", "one"]].concat();
        assert_eq!(word(&folder, &words), "changed\n");
        assert_eq!(word(&folder, &words), "unchanged\n");
    }
}

#[test]
fn another_password_algorithm_or_cost_changes_it() {
    let folder = Folder::with_file("");
    for words in [
        &["-I", "5", "-b", "f", "u", "one"][..],
        &["-I", "5", "-b", "f", "u", "two"],
        &["-I", "6", "-b", "f", "u", "two"],
        &["-H", "sha512", "-b", "f", "u", "two"],
        &["-H", "sha512", "-b", "f", "v", "two"],
    ] {
        assert_eq!(word(&folder, words), "changed\n", "{words:?}");
    }
    assert!(lets_in(folder.file().lines().next().unwrap(), "u", "two"));
}

#[test]
fn a_salt_that_not_every_broker_takes_is_replaced() {
    // Of "correct horse", made by `mosquitto_passwd` 2.1.2.
    let folder = Folder::with_file(
        "u:$6$fbl0vXWd5F6wgvGOshHfWkSrMUtq5Mh1RVT6ASnr6CI3AiGtg1rEbtrFeyxT2dDG1zYE1z/pzxqTF2+0WqWjkw==$kd/VIFHZ7gVDljSvo21138mWa51cRuI4UiZ0jso40UxQTjVhifyQuSvD/iUh9awPMTORZ5huMS9Pyaw6pKJoJg==\n",
    );
    let words = ["-H", "sha512", "-b", "f", "u", "correct horse"];
    assert_eq!(word(&folder, &words), "changed\n");
    assert_eq!(word(&folder, &words), "unchanged\n");
}

#[test]
fn a_damaged_line_and_a_plain_one_are_mended() {
    for line in ["u:$7$1$x\n", "u:one\n", "u:\n"] {
        let folder = Folder::with_file(line);
        assert_eq!(word(&folder, &["-b", "f", "u", "one"]), "changed\n");
        assert_eq!(word(&folder, &["-b", "f", "u", "one"]), "unchanged\n");
    }
}

#[test]
fn deleting_and_upgrading_say_it_too() {
    let folder = Folder::with_file("a:1\nb:2\n");
    assert_eq!(word(&folder, &["-U", "f"]), "changed\n");
    assert_eq!(word(&folder, &["-U", "f"]), "unchanged\n");
    assert_eq!(word(&folder, &["-D", "f", "a"]), "changed\n");
    assert_eq!(word(&folder, &["-D", "f", "a"]), "unchanged\n");
}

#[test]
fn the_word_is_all_that_stdout_gets_under_the_originals_name_too() {
    let folder = Folder::with_file("");
    fs::set_permissions(folder.path("f"), Permissions::from_mode(0o600)).unwrap();
    for word in ["changed\n", "unchanged\n"] {
        let run = folder.run_original(&["--if-changed", "-b", "f", "u", "p"]);
        assert_eq!((run.stdout.as_str(), run.stderr.as_str()), (word, ""));
    }
}

#[test]
fn lines_that_brokers_refuse_are_reported_also_where_nothing_changes() {
    let folder = Folder::with_file("a\n");
    for word in ["changed\n", "unchanged\n"] {
        let run = folder.run(&["--if-changed", "-b", "f", "u", "p"]);
        assert_eq!(run.stdout, word);
        assert!(run.stderr.contains("line 1: no ':'"), "{run:?}");
    }
}

#[test]
fn a_word_that_cannot_be_written_is_an_error_that_says_what_became_of_the_file() {
    let folder = Folder::with_file("");
    for became in ["was changed", "is as it was"] {
        let full = File::options().write(true).open("/dev/full").unwrap();
        let mut command = folder.command(BINARY);
        command.args(["--if-changed", "-b", "-I", "5", "f", "u", "p"]).stdout(full);
        let run = finish(&mut command);
        assert_eq!(run.status, Some(1));
        let told = format!("error: cannot write to stdout; the file {became}: No space left");
        assert!(run.stderr.contains(&told), "{run:?}");
        assert!(lets_in(folder.file().trim_end(), "u", "p"));
    }
}

#[test]
fn whoever_does_not_want_the_word_need_not_take_it() {
    let folder = Folder::with_file("");
    for _ in 0..2 {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let mut command = folder.command(BINARY);
        command.args(["--if-changed", "-b", "-I", "5", "f", "u", "p"]).stdout(writer);
        let run = finish(&mut command);
        assert_eq!(run.status, Some(0), "{run:?}");
        assert!(lets_in(folder.file().trim_end(), "u", "p"));
    }
}
