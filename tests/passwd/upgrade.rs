use std::os::unix::fs::{MetadataExt, PermissionsExt};

use test_support::patience::until;
use test_support::terminal::{Terminal, rows};
use test_support::tool::{Pid, Signal, kill_process};

use crate::tool::{BINARY, Folder, editing_thread, lets_in};

#[test]
fn hashes_plain_lines_and_keeps_the_rest() {
    let folder = Folder::new();
    folder.run(&["-c", "-b", "f", "old", "secret"]);
    let hashed = folder.file();
    let content = format!("# users: all\n\nalice:one\n{hashed}bob:p:q\r\n carol : two words \n");
    std::fs::write(folder.path("f"), content).unwrap();

    let run = folder.run(&["-I", "5", "-U", "f"]);
    assert_eq!(run.status, Some(0));
    assert!(run.stderr.ends_with("Hashed 3 passwords, left 1 other entries as they were\n"));
    let file = folder.file();
    let lines: Vec<&str> = file.split('\n').collect();
    assert_eq!(lines[..2], ["# users: all", ""]);
    assert!(lets_in(lines[2], "alice", "one"));
    assert!(lines[2].starts_with("alice:$7$5$"));
    assert_eq!(lines[3], hashed.trim_end());
    assert!(lets_in(lines[4].strip_suffix('\r').unwrap(), "bob", "p:q"));
    assert!(lets_in(lines[5], "carol", "two words"));
    assert_eq!(lines[6..], [""]);
}

#[test]
fn hashes_of_other_kinds_and_of_brokers_2_0_alone_stay_and_that_is_told() {
    let folder = Folder::new();
    folder.run(&["-c", "-b", "-I", "5", "f", "bare", "secret"]);
    let bare = folder.file().replacen(":$", ":", 1);
    let kept = format!("a:$2b$10$x\n{bare}b:$5$x$y\nc:$argon2i$v=19$m=1\nd:$word$\n");
    std::fs::write(folder.path("f"), format!("{kept}e:one\n")).unwrap();
    let told = "warning: 'f' has what looks like hashes of unknown kinds, which -U leaves as they \
                are: lines 1, 3-5; if one is a password, 'mqtt-passwd f USER' hashes it\n";
    let run = folder.run(&["--dry-run", "-U", "f"]);
    assert!(
        run.stdout.starts_with("-6 e: password not hashed\n+6 e: ") && run.stderr.contains(told)
    );
    let run = folder.run(&["-U", "f"]);
    assert_eq!(run.status, Some(0));
    assert!(run.stderr.contains(told), "{run:?}");
    assert!(run.stderr.ends_with("Hashed 1 passwords, left 5 other entries as they were\n"));
    let file = folder.file();
    assert!(lets_in(file.strip_prefix(&kept).unwrap().trim_end(), "e", "one"), "{file}");
}

#[test]
fn upgrading_again_changes_nothing() {
    let folder = Folder::with_file("a:1\nb:2\n");
    assert_eq!(folder.run(&["-U", "f"]).status, Some(0));
    let (file, inode) = (folder.file(), folder.path("f").metadata().unwrap().ino());
    assert!(!file.contains(":1\n"));
    let run = folder.run(&["-U", "f"]);
    assert_eq!(run.status, Some(0));
    assert_eq!(folder.file(), file);
    assert_eq!(folder.path("f").metadata().unwrap().ino(), inode);
}

#[test]
fn under_the_originals_name_success_is_silent() {
    let folder = Folder::with_file("a:1\n");
    std::fs::set_permissions(folder.path("f"), PermissionsExt::from_mode(0o600)).unwrap();
    let run = folder.run_original(&["-b", "-U", "f"]);
    assert_eq!((run.status, run.stdout.as_str(), run.stderr.as_str()), (Some(0), "", ""));
    assert!(lets_in(folder.file().trim_end(), "a", "1"));
}

#[test]
fn a_thousand_users_keep_their_order_and_passwords() {
    let lines: Vec<String> = (0..1000).map(|number| format!("u{number}:p{number}")).collect();
    let folder = Folder::with_file(lines.join("\n"));
    assert_eq!(folder.run(&["-H", "sha512", "-U", "f"]).status, Some(0));
    let file = folder.file();
    assert_eq!(file.lines().count(), 1000);
    for (number, line) in file.lines().enumerate() {
        assert!(lets_in(line, &format!("u{number}"), &format!("p{number}")), "{line}");
    }
}

#[test]
fn an_empty_file_has_nothing_to_hash() {
    let folder = Folder::with_file("");
    assert_eq!(folder.run(&["-U", "f"]).status, Some(0));
    assert_eq!(folder.file(), "");
}

#[test]
fn who_waits_is_shown_how_many_lines_are_done() {
    let folder = Folder::with_file("a:1\nb:2\n");
    let mut terminal = Terminal::open();
    // The first password alone takes an hour.
    let mut command = folder.command(BINARY);
    command.args(["--color=never", "-I", "2147483647", "-U", "f"]).env_remove("TERM");
    let mut child = command.stderr(terminal.stdio()).spawn().unwrap();
    let mut seen = terminal.read_to("\r\x1b[K0 of 2 lines, 0/s");
    kill_process(Pid::from_child(&child), Signal::INT).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(130));
    seen.push_str(&terminal.read_all());
    assert_eq!(rows(&seen), ["error: interrupted by SIGINT; nothing was changed"], "{seen:?}");
}

#[test]
fn a_signal_while_it_hashes_leaves_the_old_file() {
    for (signal, status) in
        [(Signal::INT, 130), (Signal::TERM, 143), (Signal::HUP, 129), (Signal::QUIT, 131)]
    {
        let folder = Folder::with_file("a:1\nb:2\n");
        // The first password alone takes an hour.
        let words = ["-I", "2147483647", "-U", "f"];
        let child = folder.command(BINARY).args(words).spawn().unwrap();
        until("the edit to begin", || editing_thread(&child));
        kill_process(Pid::from_child(&child), signal).unwrap();
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(status));
        assert!(output.stderr.ends_with(b"nothing was changed\n"), "{output:?}");
        assert_eq!((folder.file().as_str(), folder.names()), ("a:1\nb:2\n", vec!["f".to_owned()]));
    }
}

#[test]
fn whoever_reads_while_it_is_put_in_place_sees_all_or_nothing_of_it() {
    let lines: Vec<String> = (0..2000).map(|number| format!("u{number}:p{number}")).collect();
    let plain = lines.join("\n") + "\n";
    let folder = Folder::with_file(&plain);
    let mut child = folder.command(BINARY).args(["-I", "1", "-U", "f"]).spawn().unwrap();
    while child.try_wait().unwrap().is_none() {
        let file = folder.file();
        let hashed = file.lines().filter(|line| line.contains(":$7$1$")).count();
        assert!(file == plain || (hashed, file.lines().count()) == (2000, 2000), "{hashed} hashed");
    }
    assert_ne!(folder.file(), plain);
}
