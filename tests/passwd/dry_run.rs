use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt};

use crate::tool::{BINARY, Folder, Run, finish};

const CONTENT: &str = "# users\nalice:plain\nbob:$7$101$damaged\nbob:again";

/// Runs it, and fails if anything in the folder is another one then.
fn dry(folder: &Folder, words: &[&str]) -> Run {
    let state = || {
        let file = folder.path("f").metadata().map(|f| (f.ino(), f.mtime_nsec(), f.mode())).ok();
        let times = folder.path(".").metadata().unwrap();
        (folder.names(), file, times.mtime_nsec(), times.mtime())
    };
    let before = state();
    let run = folder.run(&[&["--dry-run"], words].concat());
    assert_eq!(state(), before);
    run
}

fn shown(content: &str, words: &[&str]) -> String {
    let folder = Folder::with_file(content);
    let run = dry(&folder, words);
    assert_eq!(run.status, Some(0), "{run:?}");
    run.stdout
}

#[test]
fn each_edit_is_shown_and_not_made() {
    for (words, diff) in [
        (&["-b", "f", "carol", "S3CRET"][..], "+5 carol: sha512-pbkdf2, 10000 iterations\n"),
        (
            &["-I", "5", "-b", "f", "bob", "S3CRET"],
            "-3 bob: damaged hash\n+3 bob: sha512-pbkdf2, 5 iterations\n",
        ),
        (&["-D", "f", "bob"], "-3 bob: damaged hash\n-4 bob: password not hashed\n"),
        (
            &["-H", "sha512", "-U", "f"],
            "-2 alice: password not hashed\n+2 alice: sha512, once\n\
             -4 bob: password not hashed\n+4 bob: sha512, once\n",
        ),
        (
            &["-c", "--overwrite", "-H", "argon2id", "-b", "f", "u", "S3CRET"],
            "-1 (comment or blank)\n-2 alice: password not hashed\n-3 bob: damaged hash\n\
             -4 bob: password not hashed\n+1 u: argon2id, 47104 KiB, t=1, p=1\n",
        ),
        (&["-c", "-b", "new", "u", "S3CRET"], "+1 u: sha512-pbkdf2, 10000 iterations\n"),
    ] {
        assert_eq!(shown(CONTENT, words), diff, "{words:?}");
    }
}

#[test]
fn what_an_edit_fails_at_is_an_error_here_too() {
    let folder = Folder::with_file(CONTENT);
    for (words, told) in [
        (&["-D", "f", "nobody"][..], "error: user 'nobody' is not in 'f'"),
        (&["-b", "none", "u", "p"], "error: cannot open the password file 'none'"),
        (&["-c", "-b", "f", "u", "p"], "error: 'f' exists already"),
        (&["--password-stdin", "f", "u"], "error: the password is empty"),
        (&["-c", "-b", "-", "u", "p"], "error: '--dry-run' and '-' exclude each other"),
    ] {
        let run = dry(&folder, words);
        assert!(run.status == Some(1) && run.stderr.starts_with(told), "{run:?}");
        assert_eq!(run.stdout, "");
    }
}

#[test]
fn of_an_edit_that_takes_hours_the_outcome_is_known_at_once() {
    let diff = shown("a:1\n", &["-I", "2147483647", "-U", "f"]);
    assert_eq!(diff, "-1 a: password not hashed\n+1 a: sha512-pbkdf2, 2147483647 iterations\n");
}

#[test]
fn nothing_is_opened_for_writing_locked_or_made() {
    let folder = Folder::with_file("a:1\n");
    fs::set_permissions(folder.path("f"), Permissions::from_mode(0o444)).unwrap();
    for words in [&["-b", "f", "u", "p"][..], &["-D", "f", "a"], &["-U", "f"]] {
        let mut command = folder.command("strace");
        let trace = ["-f", "-qq", "-e", "trace=openat,flock,unlink,rename", "-o", "trace"];
        command.args(trace).args([BINARY, "--dry-run"]).args(words);
        assert_eq!(finish(&mut command).status, Some(0));
        let trace = fs::read_to_string(folder.path("trace")).unwrap();
        let traces = ["O_RDWR", "O_WRONLY", "O_CREAT", "flock(", "unlink(", "rename("];
        let touches = |line: &&str| traces.iter().any(|call| line.contains(call));
        assert_eq!(trace.lines().filter(touches).collect::<Vec<_>>(), [""; 0]);
        assert!(trace.contains("/f\", O_RDONLY"), "{trace}");
    }
}

#[test]
fn it_says_whether_the_file_would_change() {
    let folder = Folder::new();
    folder.run(&["-c", "-b", "f", "u", "one"]);
    let same = dry(&folder, &["--if-changed", "-b", "f", "u", "one"]);
    assert_eq!((same.status, same.stdout.as_str()), (Some(0), "unchanged\n"));
    let other = dry(&folder, &["--if-changed", "-b", "f", "u", "two"]);
    let pbkdf2 = "u: sha512-pbkdf2, 10000 iterations\n";
    assert_eq!(other.stdout, format!("-1 {pbkdf2}+1 {pbkdf2}changed\n"));
    let gone = dry(&folder, &["--if-changed", "-D", "f", "nobody"]);
    assert_eq!((gone.status, gone.stdout.as_str()), (Some(0), "unchanged\n"));
}

#[test]
fn lines_that_brokers_refuse_are_reported_as_by_an_edit() {
    let folder = Folder::with_file(CONTENT);
    let run = dry(&folder, &["-b", "f", "carol", "p"]);
    assert!(run.stderr.contains("line 2: password not hashed; line 3: damaged hash"), "{run:?}");
}
