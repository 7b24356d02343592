use std::io::Write;
use std::process::Stdio;

use test_support::mosquitto::Mosquitto;
use test_support::patience::until;
use test_support::tool::{Pid, Signal, kill_process};

use crate::tool::{BINARY, Folder, editing_thread, finish, lets_in};

const LIST: &str = "alice:p:q r \n# c\n\nbob:zwei\r\ncarol:\u{e4}\n";

#[test]
fn all_users_of_a_list_are_added_or_updated() {
    let folder = Folder::with_file("# users\nbob:plain\nother:plain");
    let run = folder.run_with_input(&["-I", "5", "--users-stdin", "f"], LIST.as_bytes());
    assert_eq!((run.status, run.stdout.as_str()), (Some(0), ""));
    assert!(run.stderr.ends_with("Added 2 users, updated 1\n"), "{run:?}");
    let file = folder.file();
    let lines: Vec<&str> = file.lines().collect();
    assert_eq!((lines[0], lines[2], lines.len()), ("# users", "other:plain", 5));
    assert!(lets_in(lines[1], "bob", "zwei") && lines[1].starts_with("bob:$7$5$"));
    assert!(lets_in(lines[3], "alice", "p:q r "));
    assert!(lets_in(lines[4], "carol", "\u{e4}"));
}

#[test]
fn one_wrong_line_changes_nothing_and_is_named() {
    let folder = Folder::with_file("other:plain\n");
    for (list, told) in [
        ("a:1\nno colon\n", "error: stdin, line 2: there is no ':' between user and password"),
        ("a:1\nb:2\na:3\n", "error: stdin, line 3: the same user as in line 1"),
        ("a:\n", "error: stdin, line 1: the password is empty"),
        ("", "error: stdin names no user"),
    ] {
        let run = folder.run_with_input(&["--users-stdin", "f"], list.as_bytes());
        assert!(run.status == Some(1) && run.stderr.starts_with(told), "{run:?}");
        assert_eq!(
            (folder.file().as_str(), folder.names()),
            ("other:plain\n", vec!["f".to_owned()])
        );
    }
}

#[test]
fn a_file_can_be_made_of_a_list_and_the_lines_go_to_stdout_instead() {
    let folder = Folder::new();
    let run = folder.run_with_input(&["-c", "--users-stdin", "f"], LIST.as_bytes());
    assert_eq!(run.status, Some(0), "{run:?}");
    let file = folder.file();
    assert_eq!(file.lines().count(), 3);
    assert!(lets_in(file.lines().next().unwrap(), "alice", "p:q r "));
    let run = folder.run_with_input(&["-c", "--users-stdin", "-"], LIST.as_bytes());
    assert_eq!((run.status, run.stderr.as_str()), (Some(0), ""));
    assert!(lets_in(run.stdout.lines().nth(2).unwrap(), "carol", "\u{e4}"));
    let words = ["-c", "--overwrite", "--users-stdin", "f"];
    assert_eq!(folder.run_with_input(&words, b"dave:1\n").status, Some(0));
    assert!(lets_in(folder.file().trim_end(), "dave", "1"));
}

#[test]
fn only_those_who_need_it_are_changed_if_that_is_said() {
    let folder = Folder::with_file("");
    let words = ["--if-changed", "-I", "5", "--users-stdin", "f"];
    let word = |list: &str| folder.run_with_input(&words, list.as_bytes()).stdout;
    assert_eq!(word(LIST), "changed\n");
    let before = folder.file();
    assert_eq!(word(LIST), "unchanged\n");
    assert_eq!(folder.file(), before);
    assert_eq!(word(&LIST.replace("zwei", "drei")), "changed\n");
    let after = folder.file();
    let same = before.lines().zip(after.lines()).filter(|(before, after)| before == after);
    assert_eq!(same.count(), 2);
}

#[test]
fn what_would_change_is_shown() {
    let folder = Folder::with_file("bob:plain\n");
    let words = ["--dry-run", "-I", "5", "--users-stdin", "f"];
    let run = folder.run_with_input(&words, LIST.as_bytes());
    assert_eq!(
        run.stdout,
        "-1 bob: password not hashed\n+1 bob: sha512-pbkdf2, 5 iterations\n\
         +2 alice: sha512-pbkdf2, 5 iterations\n+3 carol: sha512-pbkdf2, 5 iterations\n"
    );
    assert_eq!(folder.file(), "bob:plain\n");
}

#[test]
fn a_signal_while_it_hashes_leaves_the_old_file() {
    let folder = Folder::with_file("a:1\n");
    let mut command = folder.command(BINARY);
    command.args(["-I", "2147483647", "--users-stdin", "f"]).stdin(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(LIST.as_bytes()).unwrap();
    until("the edit to begin", || editing_thread(&child));
    kill_process(Pid::from_child(&child), Signal::TERM).unwrap();
    assert_eq!(child.wait_with_output().unwrap().status.code(), Some(143));
    assert_eq!((folder.file().as_str(), folder.names()), ("a:1\n", vec!["f".to_owned()]));
}

#[test]
fn a_broker_lets_in_whom_a_list_names_and_whom_a_password_was_made_for() {
    let folder = Folder::new();
    folder.run_with_input(&["-c", "-I", "5", "--users-stdin", "f"], LIST.as_bytes());
    let dave = folder.run(&["--generate-password", "f", "dave"]).stdout;
    let words = ["--generate-password", "--users-stdin", "f"];
    let made = folder.run_with_input(&words, b"erin\nbob\n").stdout;
    let (erin, bob) = made.trim_end().split_once('\n').unwrap();
    let broker = Mosquitto::builder()
        .line("allow_anonymous false")
        .line(&format!("password_file {}", folder.path("f").display()))
        .start();
    let port = broker.port().to_string();
    for (user, password, status) in [
        ("alice", "p:q r ", 0),
        ("carol", "\u{e4}", 0),
        ("dave", dave.trim_end(), 0),
        ("erin", erin.strip_prefix("erin:").unwrap(), 0),
        ("bob", bob.strip_prefix("bob:").unwrap(), 0),
        ("bob", "zwei", 5),
    ] {
        let mut command = folder.command("mosquitto_pub");
        command.args(["-h", "127.0.0.1", "-p", &port, "-t", "t", "-m", "x"]);
        let run = finish(command.args(["-u", user, "-P", password]));
        assert_eq!(run.status, Some(status), "{user}");
    }
}
