use std::fs;

use crate::tool::{Folder, lets_in};

#[test]
fn one_line_of_stdin_is_the_password() {
    let folder = Folder::with_file("");
    let run = folder.run_with_input(&["--password-stdin", "f", "alice"], b"se:cret\n");
    assert_eq!(run.status, Some(0), "{run:?}");
    assert!(lets_in(folder.file().trim_end(), "alice", "se:cret"));
    let run = folder.run_with_input(&["-c", "--password-stdin", "-", "bob"], b"secret");
    assert_eq!(run.status, Some(0));
    assert!(lets_in(run.stdout.trim_end(), "bob", "secret"));
}

#[test]
fn the_first_line_of_a_file_is_the_password() {
    let folder = Folder::with_file("");
    fs::write(folder.path("secret"), "secret\nand a remark\n").unwrap();
    crate::tool::finish(folder.command("chmod").args(["600", "secret", "f"]));
    let run = folder.run(&["--password-file", "secret", "f", "alice"]);
    assert_eq!((run.status, run.stderr.as_str()), (Some(0), ""));
    assert!(lets_in(folder.file().trim_end(), "alice", "secret"));
    crate::tool::finish(folder.command("chmod").args(["644", "secret"]));
    let run = folder.run(&["--password-file", "secret", "f", "bob"]);
    assert_eq!(run.status, Some(0));
    assert!(run.stderr.starts_with("warning: 'secret' is open to all users (mode 644)"), "{run:?}");
}

#[test]
fn without_a_password_nothing_is_changed() {
    for (words, input, message) in [
        (&["--password-stdin"][..], "", "error: the password is empty"),
        (
            &["--password-file", "none"],
            "",
            "error: cannot read the password from 'none' (--password-file): ",
        ),
        (&["--password-file", "f"], "", "error: the password is empty"),
    ] {
        let folder = Folder::with_file("\n");
        let run = folder.run_with_input(&[words, &["f", "alice"]].concat(), input.as_bytes());
        assert_eq!(run.status, Some(1), "{run:?}");
        assert!(run.stderr.starts_with(message), "{run:?}");
        assert_eq!(folder.file(), "\n");
        assert_eq!(folder.names(), ["f"]);
    }
}
