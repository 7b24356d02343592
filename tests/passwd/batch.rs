use std::os::unix::fs::{FileTypeExt, MetadataExt};

use crate::tool::{BINARY, Folder, finish, lets_in};

#[test]
fn creates_a_file_that_only_its_owner_can_read() {
    let folder = Folder::new();
    let run = folder.run(&["-c", "-b", "f", "alice", "secret"]);
    assert_eq!((run.status, run.stdout.as_str(), run.stderr.as_str()), (Some(0), "", ""));
    assert!(lets_in(folder.file().trim_end(), "alice", "secret"));
    assert!(folder.file().starts_with("alice:$7$10000$"));
    assert_eq!(folder.path("f").metadata().unwrap().mode() & 0o7777, 0o600);
    assert_eq!(folder.names(), ["f"]);
}

#[test]
fn the_salt_has_the_only_length_every_broker_takes() {
    let folder = Folder::new();
    folder.run(&["-c", "-b", "f", "alice", "secret"]);
    folder.run(&["-H", "sha512", "-b", "f", "bob", "secret"]);
    for (line, field) in folder.file().lines().zip([3, 2]) {
        // 12 bytes are 16 characters of base64.
        assert_eq!(line.split('$').nth(field).unwrap().len(), 16, "{line}");
    }
}

#[test]
fn adds_and_updates_and_leaves_every_other_line() {
    let folder = Folder::with_file("# c\n\nalice:$6$x$y:more\r\n\nplain text");
    assert_eq!(folder.run(&["-b", "f", "bob", "one"]).status, Some(0));
    let added = folder.file();
    let line = added.strip_prefix("# c\n\nalice:$6$x$y:more\r\n\nplain text\n").unwrap();
    assert!(lets_in(line.trim_end(), "bob", "one"));

    assert_eq!(folder.run(&["-b", "f", "alice", "two"]).status, Some(0));
    let updated = folder.file();
    let alice = updated.lines().nth(2).unwrap();
    assert!(lets_in(alice, "alice", "two"), "{alice}");
    assert_eq!(updated.replace(alice, "alice:$6$x$y:more"), added);
}

#[test]
fn bytes_of_any_kind_survive() {
    let mut content = b"\xff\xfe\0\x01:x\na:b\0c\n\xef\xbb\xbfd:e\r\n".to_vec();
    content.extend(std::iter::repeat_n(b'x', 1_000_000));
    content.extend_from_slice(b":y\n\r\n#\0\n\n");
    let folder = Folder::with_file(&content);
    assert_eq!(folder.run(&["-b", "-I", "1", "f", "u", "p"]).status, Some(0));
    let added = folder.bytes();
    assert!(added.starts_with(&content) && added[content.len()..].starts_with(b"u:$7$1$"));
    assert_eq!(folder.run(&["-D", "f", "u"]).status, Some(0));
    assert!(folder.bytes() == content, "deleting the user changed other bytes");
}

#[test]
fn a_hundred_thousand_users_stay_as_they_are() {
    let endings = ["\n", "\r\n", "\n\n# c\n", " :more\n"];
    let line = |number: usize| format!("user{number}:$6$x${number}{}", endings[number % 4]);
    let content: String = (0..100_000).map(line).collect();
    let folder = Folder::with_file(&content);
    assert_eq!(folder.run(&["-H", "sha512", "-b", "f", "u", "p"]).status, Some(0));
    assert!(folder.file().starts_with(&content), "adding a user changed other bytes");
    assert_eq!(folder.run(&["-H", "sha512", "-b", "f", "user50001", "p"]).status, Some(0));
    let updated = folder.file();
    let (before, behind) = content.split_once(&line(50_001)).unwrap();
    assert!(updated.starts_with(before) && updated.contains(behind));
    assert_eq!(folder.run(&["-D", "f", "user50001"]).status, Some(0));
    assert!(folder.file().starts_with(&[before, behind].concat()));
}

#[test]
fn deletes_every_line_of_a_user_and_no_other() {
    let folder = Folder::with_file("u:1\n# c\nuu:2\nu:3\n");
    let run = folder.run(&["-D", "f", "u"]);
    assert_eq!(run.status, Some(0));
    assert_eq!(folder.file(), "# c\nuu:2\n");
}

#[test]
fn deleting_nobody_is_an_error_that_changes_nothing() {
    let folder = Folder::with_file("a:1\n");
    let before = folder.path("f").metadata().unwrap().ino();
    let run = folder.run(&["-D", "f", "nobody"]);
    assert_eq!(run.status, Some(1));
    assert!(run.stderr.starts_with("error: user 'nobody' is not in 'f'"), "{run:?}");
    assert_eq!(folder.path("f").metadata().unwrap().ino(), before);
    assert_eq!(folder.file(), "a:1\n");
}

#[test]
fn an_existing_file_is_not_created_again_unless_that_is_said() {
    for original in [false, true] {
        let folder = Folder::with_file("old\n");
        let words = ["-c", "-b", "f", "u", "p"];
        let run = if original { folder.run_original(&words) } else { folder.run(&words) };
        assert_eq!(run.status, Some(1));
        assert!(run.stderr.contains("'f' exists already"), "{run:?}");
        assert_eq!(folder.file(), "old\n");
    }
    let folder = Folder::with_file("old\n");
    let run = folder.run(&["-c", "--overwrite", "-b", "f", "u", "p"]);
    assert_eq!(run.status, Some(0), "{run:?}");
    assert!(lets_in(folder.file().trim_end(), "u", "p"));
    let run = folder.run(&["-c", "--overwrite", "-b", "new", "u", "p"]);
    assert_eq!(run.status, Some(0), "{run:?}");
    assert_eq!(folder.names(), ["f", "new"]);
}

#[test]
fn under_the_originals_name_it_says_on_stdout_what_it_does() {
    let folder = Folder::new();
    let said = |words: &[&str]| {
        let run = folder.run_original(words);
        assert_eq!(run.status, Some(0), "{run:?}");
        run.stdout
    };
    assert_eq!(said(&["-c", "-b", "f", "u", "p"]), "Adding password for user u\n");
    assert_eq!(said(&["-b", "f", "v", "p"]), "Adding password for user v\n");
    assert_eq!(said(&["-b", "f", "u", "q"]), "Updating password for user u\n");
    assert_eq!(said(&["-D", "f", "u"]), "");
    assert_eq!(said(&["-U", "f"]), "");
}

#[test]
fn a_dash_writes_the_line_to_stdout_and_no_file() {
    let folder = Folder::new();
    for original in [false, true] {
        let words = ["-c", "-b", "-", "u", "p"];
        let run = if original { folder.run_original(&words) } else { folder.run(&words) };
        assert_eq!(run.status, Some(0));
        assert!(lets_in(run.stdout.strip_suffix('\n').unwrap(), "u", "p"), "{run:?}");
        assert!(folder.names().is_empty());
    }
}

#[test]
fn a_stdout_that_takes_nothing_is_an_error() {
    let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
    assert!(full.metadata().unwrap().file_type().is_char_device());
    let folder = Folder::new();
    let run = finish(folder.command(BINARY).args(["-c", "-b", "-", "u", "p"]).stdout(full));
    assert_eq!(run.status, Some(1));
    assert!(run.stderr.starts_with("error: cannot write to stdout: "), "{run:?}");
}

#[test]
fn a_reader_that_left_is_no_news() {
    let folder = Folder::new();
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let run = finish(folder.command(BINARY).args(["-c", "-b", "-", "u", "p"]).stdout(writer));
    assert_eq!((run.status, run.stderr.as_str()), (Some(1), ""));
}

#[test]
fn wrong_words_are_answered_with_one_line_and_a_hint() {
    let folder = Folder::with_file("a:1\n");
    for words in [&["-b"][..], &["-Q", "f", "u"], &["-H", "md5", "f", "u"], &["-b", "f", "u"]] {
        let run = folder.run(words);
        assert_eq!((run.status, run.stdout.as_str()), (Some(1), ""));
        let lines: Vec<&str> = run.stderr.lines().collect();
        assert!(lines[0].starts_with("error: ") && lines[1].starts_with("hint: "), "{run:?}");
        assert_eq!(lines.len(), 2);
    }
    assert_eq!(folder.file(), "a:1\n");
}

#[test]
fn help_and_version_are_answers() {
    let folder = Folder::new();
    let run = folder.run(&["--help"]);
    assert_eq!((run.status, run.stderr.as_str()), (Some(0), ""));
    assert!(run.stdout.contains("mqtt-passwd -D /etc/mosquitto/passwd bob"));
    let run = folder.run_original(&["--version"]);
    assert_eq!(run.status, Some(0));
    assert!(run.stdout.starts_with("mqtt-passwd 0."), "{run:?}");
}

#[test]
fn lines_that_brokers_refuse_are_reported_with_their_numbers() {
    let folder = Folder::with_file("# c\n\na:plain\nb\n");
    folder.run(&["-b", "f", "u", "p"]);
    folder.run(&["-b", "f", "v", "p"]);
    let file = folder.file() + folder.file().lines().last().unwrap();
    std::fs::write(folder.path("f"), file).unwrap();
    let run = folder.run(&["-b", "f", "u", "p"]);
    assert_eq!(run.status, Some(0));
    let told = "line 3: password not hashed; line 4: no ':'; line 7: same user as line 6";
    assert!(run.stderr.contains(told), "{run:?}");
}

#[test]
fn the_numbers_of_such_lines_are_those_of_the_new_file() {
    let folder = Folder::with_file("u:x\nbad\n");
    let run = folder.run(&["-D", "f", "u"]);
    assert_eq!(run.status, Some(0));
    assert!(run.stderr.contains("'f' has lines that brokers refuse: line 1: no ':'\n"), "{run:?}");
}

#[test]
fn argon2id_comes_with_a_warning() {
    let folder = Folder::new();
    let run = folder.run(&["-c", "-b", "-H", "argon2id", "f", "u", "p"]);
    assert_eq!(run.status, Some(0));
    assert!(run.stderr.starts_with("warning: brokers before 2.1 "), "{run:?}");
    assert!(folder.file().starts_with("u:$argon2id$v=19$m=47104,t=1,p=1$"));
}

#[test]
fn large_files_keep_every_byte_that_was_not_asked_for() {
    let long = format!("long:{}", "x".repeat(1_000_000));
    let odd: &[&[u8]] = &[
        b"# comment: with a colon",
        b"",
        b"no colon",
        b"nul:\0$6$x",
        b"crlf:$9$unknown\r",
        b"\xff\xfe:latin",
        long.as_bytes(),
    ];
    let mut before = odd.join(&b"\n"[..]);
    before.push(b'\n');
    for number in 0..100_000 {
        before.extend_from_slice(format!("user{number}:$7$101$c2FsdA==$aGFzaA==\n").as_bytes());
    }
    // Without a newline at its end.
    before.extend_from_slice(b"last:$9$x");
    let folder = Folder::with_file(&before);
    let run = folder.run(&["-H", "sha512", "-b", "f", "user50000", "p"]);
    assert_eq!(run.status, Some(0));
    let line = b"user50000:$7$101$c2FsdA==$aGFzaA==\n";
    let at = before.windows(line.len()).position(|part| part == line).unwrap();
    let after = folder.bytes();
    let rest = &before[at + line.len()..];
    assert!(after.starts_with(&before[..at]) && after.ends_with(rest));
    let new = &after[at..after.len() - rest.len()];
    let new = str::from_utf8(new).unwrap().strip_suffix('\n').unwrap();
    assert!(lets_in(new, "user50000", "p"), "{new}");
}
