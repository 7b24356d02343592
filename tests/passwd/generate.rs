use std::fs::File;

use crate::tool::{BINARY, Folder, finish, lets_in};

#[test]
fn a_password_is_made_and_said_once() {
    let folder = Folder::new();
    let first = folder.run(&["-c", "--generate-password", "f", "alice"]);
    let second = folder.run_original(&["--generate-password", "f", "bob"]);
    let file = folder.file();
    for (run, line, user) in [
        (&first, file.lines().next().unwrap(), "alice"),
        (&second, file.lines().nth(1).unwrap(), "bob"),
    ] {
        assert_eq!(run.status, Some(0), "{run:?}");
        let password = run.stdout.strip_suffix('\n').unwrap();
        assert!(password.len() == 26 && lets_in(line, user, password), "{run:?}");
        assert!(!run.stderr.contains(password));
    }
    assert_ne!(first.stdout, second.stdout);
}

#[test]
fn of_many_users_each_gets_one_and_stdout_is_a_list_of_them() {
    let folder = Folder::with_file("bob:plain\n");
    let words = ["--generate-password", "-I", "5", "--users-stdin", "f"];
    let run = folder.run_with_input(&words, b"alice\n# c\nbob\r\n");
    assert_eq!(run.status, Some(0), "{run:?}");
    let users: Vec<_> = run.stdout.lines().filter_map(|line| line.split_once(':')).collect();
    assert_eq!(users.iter().map(|(user, _)| *user).collect::<Vec<_>>(), ["alice", "bob"]);
    let file = folder.file();
    assert!(lets_in(file.lines().next().unwrap(), "bob", users[1].1), "{file}");
    // What was said can be given to another file.
    let again = folder.run_with_input(&["-c", "--users-stdin", "g"], run.stdout.as_bytes());
    assert_eq!(again.status, Some(0), "{again:?}");
}

#[test]
fn a_line_with_a_password_is_refused_where_one_is_made() {
    let folder = Folder::with_file("");
    let words = ["--generate-password", "--users-stdin", "f"];
    let run = folder.run_with_input(&words, b"alice\nbob:secret\n");
    assert_eq!((run.status, run.stdout.as_str()), (Some(1), ""));
    assert!(run.stderr.starts_with("error: stdin, line 2: there is a ':'"), "{run:?}");
    assert_eq!(folder.file(), "");
}

#[test]
fn a_password_that_nobody_could_read_changes_nothing() {
    let folder = Folder::with_file("alice:plain\n");
    let full = File::options().write(true).open("/dev/full").unwrap();
    let mut command = folder.command(BINARY);
    let run = finish(command.args(["--generate-password", "f", "alice"]).stdout(full));
    assert_eq!(run.status, Some(1));
    assert!(run.stderr.starts_with("error: cannot write to stdout: "), "{run:?}");
    assert_eq!(folder.file(), "alice:plain\n");
}

#[test]
fn where_the_edit_fails_before_it_begins_no_password_is_said() {
    let folder = Folder::with_file("");
    for words in
        [&["--generate-password", "none", "u"][..], &["-c", "--generate-password", "f", "u"]]
    {
        let run = folder.run(words);
        assert_eq!((run.status, run.stdout.as_str()), (Some(1), ""), "{run:?}");
    }
}

#[test]
fn a_stdout_that_takes_nothing_gets_no_password_and_the_file_none() {
    let folder = Folder::with_file("alice:plain\n");
    for (to, words) in [
        (">&-", ["--generate-password", "f", "alice"]),
        (">/dev/null", ["--generate-password", "f", "alice"]),
        (">&-", ["--generate-password", "--users-stdin", "f"]),
    ] {
        let script = format!("echo bob | exec \"$0\" \"$@\" {to}");
        let run = finish(folder.command("sh").args(["-c", &script, BINARY]).args(words));
        assert_eq!(run.status, Some(1));
        let told =
            "error: nobody would get the password: stdout takes nothing; nothing was changed";
        assert!(run.stderr.contains(told), "{run:?}");
        assert_eq!(folder.file(), "alice:plain\n");
    }
}
