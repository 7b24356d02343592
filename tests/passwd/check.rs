use std::os::unix::fs::{MetadataExt, PermissionsExt};

use test_support::mosquitto::Mosquitto;

use crate::tool::{Folder, finish};

/// Of "correct horse", made by `mosquitto_passwd` 2.1.2: 64 bytes of salt.
const LONG_SALT: &str = "$7$1000$8ZyywUUTK8QrMDw6qjp0NXZZscoN3NMAUHWnwCfT8/m0zjkOz4MeoPfA8ngkMmdc6vBcI3jMdKgMAi9LpovGGA==$aG2lMJshlBdNqQgNN8DxW8YfWn8WtOPFZ2xQCsoNV3NB+M8qGFwadr1fIyMyYuW0C4fiv++j6e6Yy8G3g2tLSw==";

/// The status, and what stderr says.
fn check(folder: &Folder, user: &str, password: &str) -> (Option<i32>, String) {
    let run = folder.run_with_input(&["--check", "f", user], format!("{password}\n").as_bytes());
    assert_eq!(run.stdout, "");
    (run.status, run.stderr)
}

#[test]
fn the_right_password_is_told_from_any_other() {
    for hash in ["sha512-pbkdf2", "sha512"] {
        let folder = Folder::with_file("# c\nother:plain\n");
        folder.run(&["-H", hash, "-b", "f", "alice", "p:q r"]);
        assert_eq!(check(&folder, "alice", "p:q r"), (Some(0), String::new()));
        let wrong = "error: the password of user 'alice' is another one\n";
        assert_eq!(check(&folder, "alice", "p:q"), (Some(1), wrong.to_owned()));
        assert_eq!(check(&folder, "alice", "p:q r "), (Some(1), wrong.to_owned()));
    }
}

#[test]
fn the_password_comes_from_where_one_is_given() {
    let folder = Folder::new();
    folder.run(&["-c", "-b", "f", "alice", "secret"]);
    std::fs::write(folder.path("right"), "secret\n").unwrap();
    std::fs::write(folder.path("wrong"), "Secret\n").unwrap();
    let status = |words: &[&str]| folder.run_with_input(words, b"secret\nmore\n").status;
    assert_eq!(status(&["--check", "--password-stdin", "f", "alice"]), Some(0));
    assert_eq!(status(&["--check", "--password-file=-", "f", "alice"]), Some(0));
    assert_eq!(status(&["--check", "--password-file=right", "f", "alice"]), Some(0));
    assert_eq!(status(&["--check", "--password-file=wrong", "f", "alice"]), Some(1));
    assert_eq!(status(&["--check", "-b", "f", "alice", "secret"]), Some(0));
    assert_eq!(status(&["--check", "-b", "f", "alice", "wrong"]), Some(1));
}

#[test]
fn what_keeps_it_from_being_checked_has_a_status_of_its_own() {
    let folder = Folder::with_file("a:$7$101$short\nb:plain\nc:$2b$10$x\nd:\n");
    for (user, status, told) in [
        ("nobody", 3, "error: user 'nobody' is not in 'f'\n"),
        ("a", 4, "error: the hash of user 'a' in line 1 is damaged\n"),
        ("b", 4, "error: no broker lets user 'b' in: line 2: password not hashed\n"),
        ("c", 5, "error: the hash of user 'c' in line 3 is of a kind that no broker knows\n"),
        ("d", 4, "error: no broker lets user 'd' in: line 4: no hash\n"),
    ] {
        let (found, said) = check(&folder, user, "x");
        assert!(found == Some(status) && said.starts_with(told), "{user}: {found:?} {said}");
    }
    std::fs::remove_file(folder.path("f")).unwrap();
    let (status, said) = check(&folder, "a", "x");
    assert!(status == Some(6) && said.starts_with("error: cannot open the password file 'f'"));
}

#[test]
fn brokers_that_do_not_take_the_hash_are_told() {
    let folder = Folder::with_file(format!("alice:{LONG_SALT}\n"));
    let told = "warning: brokers 2.0 drop a line with 64 bytes of salt, as this one has\n";
    assert_eq!(check(&folder, "alice", "correct horse"), (Some(0), told.to_owned()));
    folder.run(&["-H", "argon2id", "-b", "f", "bob", "secret"]);
    let (status, said) = check(&folder, "bob", "secret");
    assert!(status == Some(0) && said.starts_with("warning: brokers before 2.1 drop"), "{said}");
}

#[test]
fn of_two_lines_of_a_user_the_last_counts_and_that_is_told() {
    let folder = Folder::new();
    folder.run(&["-c", "-b", "f", "u", "one"]);
    let first = folder.file();
    folder.run(&["-b", "f", "u", "two"]);
    std::fs::write(folder.path("f"), first + &folder.file()).unwrap();
    let (status, said) = check(&folder, "u", "two");
    assert!(status == Some(0) && said.contains("in lines 1-2: brokers 2.0 go by line 2"), "{said}");
    assert_eq!(check(&folder, "u", "one").0, Some(1));
}

#[test]
fn nothing_is_written_and_no_right_to_write_is_needed() {
    let folder = Folder::new();
    folder.run(&["-c", "-b", "f", "u", "one"]);
    std::fs::set_permissions(folder.path("f"), PermissionsExt::from_mode(0o444)).unwrap();
    let before = folder.path("f").metadata().unwrap();
    // Somebody edits: that keeps nobody from looking.
    let edited = std::fs::File::open(folder.path("f")).unwrap();
    edited.lock().unwrap();
    let parent = std::fs::File::open(folder.path(".")).unwrap();
    parent.lock().unwrap();
    let mut command = folder.command("strace");
    let words = ["-f", "-qq", "-e", "trace=openat,flock", "-o", "trace", crate::tool::BINARY];
    command.args(words).args(["--check", "-b", "f", "u", "one"]);
    assert_eq!(finish(&mut command).status, Some(0));
    let trace = std::fs::read_to_string(folder.path("trace")).unwrap();
    let writes = |line: &&str| {
        ["O_RDWR", "O_WRONLY", "O_CREAT", "flock("].iter().any(|flag| line.contains(flag))
    };
    assert_eq!(trace.lines().filter(writes).collect::<Vec<_>>(), [""; 0]);
    assert!(trace.contains("/f\", O_RDONLY"), "{trace}");
    let after = folder.path("f").metadata().unwrap();
    assert_eq!((after.ino(), after.mtime_nsec()), (before.ino(), before.mtime_nsec()));
}

/// Hashes of "correct horse" and of "other", over 12 bytes of salt and 101 iterations.
const RIGHT: &str = "$7$101$8yVbEekvFr5MQXDr$LxP+9uqAtoAU3VNZmiBuMMHTtC6c051lMsS+tFReVD3F4DAGlfjrBB0sFwUyh7NbP1qvYkx8E7EVDPZ2EigkSA==";

/// Whether the broker lets a user in with "correct horse".
fn is_let_in(broker: &Mosquitto, folder: &Folder, user: &str) -> bool {
    let port = broker.port().to_string();
    let mut command = folder.command("mosquitto_pub");
    command.args(["-h", "127.0.0.1", "-p", &port, "-t", "t", "-m", "x", "-u", user]);
    match finish(command.args(["-P", "correct horse"])).status {
        Some(0) => true,
        Some(5) => false,
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_is_said_of_odd_lines_is_what_a_broker_does() {
    let folder = Folder::new();
    folder.run(&["-c", "-b", "-I", "101", "f", "x", "other"]);
    let other = folder.file().trim_end().replacen("x:", "", 1);
    let odd = [
        ("plain behind", format!("{RIGHT}|plain"), 0),
        ("unknown behind", format!("{RIGHT}|$2b$10$x"), 0),
        ("none behind", format!("{RIGHT}|"), 0),
        ("damaged behind", format!("{RIGHT}|$7$101$x$y"), 0),
        ("long salt behind", format!("{RIGHT}|{LONG_SALT}"), 0),
        ("other behind", format!("{RIGHT}|{other}"), 1),
        ("right behind", format!("{other}|{RIGHT}"), 0),
        ("right behind plain", format!("plain|{RIGHT}"), 0),
        ("bare behind", format!("{other}|{}", &RIGHT[1..]), 0),
        ("text behind padding", format!("{RIGHT}!!"), 0),
        ("digits behind padding", format!("{RIGHT}AAAA"), 4),
        ("few characters behind padding", format!("{RIGHT}=A!"), 0),
        ("leading zero", RIGHT.replace("$101$", "$0101$"), 0),
        ("text behind number", RIGHT.replace("$101$", "$101x$"), 0),
        ("number that wraps", RIGHT.replace("$101$", "$4294967397$"), 0),
        ("empty field", RIGHT.replace("$101$", "$$101$"), 0),
        ("field behind", format!("{RIGHT}$x"), 0),
        ("bits behind the last byte", RIGHT.replace("SA==", "SB=="), 0),
        ("no padding", RIGHT.replace("==", ""), 4),
        ("another kind", RIGHT.replace("$7$", "$07$"), 5),
    ];
    let lines = odd.iter().flat_map(|(user, values, _)| {
        values.split('|').map(move |value| format!("{user}:{value}\n"))
    });
    std::fs::write(folder.path("f"), lines.collect::<String>()).unwrap();
    let broker = folder.broker();
    for (user, _, status) in &odd {
        assert_eq!(check(&folder, user, "correct horse").0, Some(*status), "{user}");
        assert_eq!(is_let_in(&broker, &folder, user), *status == 0, "{user}");
    }
}

#[test]
fn of_what_stands_behind_a_nul_byte_no_broker_2_0_knows_and_that_is_told() {
    for nul in ["a:b\0c\n", "#\0\n"] {
        let folder = Folder::with_file(format!("before:{RIGHT}\n{nul}before:x\nbehind:{RIGHT}\n"));
        let broker = folder.broker();
        let (status, said) = check(&folder, "behind", "correct horse");
        let told = "warning: brokers 2.0 read nothing from line 2 on, which has a NUL byte\n";
        assert_eq!((status, said.as_str()), (Some(0), told));
        assert!(!is_let_in(&broker, &folder, "behind"), "{nul:?}");
        assert_eq!(check(&folder, "before", "correct horse").0, Some(0));
        assert!(is_let_in(&broker, &folder, "before"));
    }
}

#[test]
fn where_brokers_take_no_line_of_a_user_who_has_several_that_is_told() {
    let folder = Folder::with_file(format!("u:{LONG_SALT}\nu:{LONG_SALT}\nu:plain\n"));
    let (status, said) = check(&folder, "u", "correct horse");
    let told = "user 'u' is in lines 1-3: brokers 2.0 go by none of them, and 2.1 refuses the file";
    assert!(status == Some(0) && said.contains(told), "{said}");
}
