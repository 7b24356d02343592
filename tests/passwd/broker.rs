use test_support::mosquitto::Mosquitto;
use test_support::passwords::{many_users, reload_while_edited};

use crate::tool::{BINARY, Folder, finish};

/// The status of the original's publisher: 0 let in, 5 not authorised.
fn publish(broker: &Mosquitto, folder: &Folder, credentials: &[&str]) -> Option<i32> {
    let port = broker.port().to_string();
    let mut command = folder.command("mosquitto_pub");
    command.args(["-h", "127.0.0.1", "-p", &port, "-t", "t", "-m", "x"]).args(credentials);
    finish(&mut command).status
}

fn lets_in(broker: &Mosquitto, folder: &Folder, user: &str, password: &str) -> bool {
    match publish(broker, folder, &["-u", user, "-P", password]) {
        Some(0) => true,
        Some(5) => false,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_broker_lets_in_whom_the_file_names_and_nobody_else() {
    let folder = Folder::with_file("plain:p:q\n# comment\n");
    let edits: [&[&str]; 6] = [
        &["-U", "f"],
        &["-b", "f", "default", "one"],
        &["-b", "-H", "sha512", "f", "short", "two"],
        &["-b", "-I", "1", "f", "jürgen maier", "pässwörd"],
        &["-b", "f", "gone", "four"],
        &["-D", "f", "gone"],
    ];
    for words in edits {
        let run = finish(folder.command(BINARY).args(words));
        assert_eq!(run.status, Some(0), "{run:?}");
    }
    let broker = folder.broker();
    for (user, password) in
        [("plain", "p:q"), ("default", "one"), ("short", "two"), ("jürgen maier", "pässwörd")]
    {
        assert!(lets_in(&broker, &folder, user, password), "{user}");
        assert!(!lets_in(&broker, &folder, user, "wrong"), "{user}");
    }
    assert!(!lets_in(&broker, &folder, "gone", "four"));
    assert_eq!(publish(&broker, &folder, &[]), Some(5));
}

#[test]
fn a_broker_that_reloads_sees_every_edit() {
    let folder = Folder::with_file("");
    let broker = folder.broker();
    let edit = |words: &[&str]| {
        assert_eq!(folder.run(words).status, Some(0));
        broker.reload();
    };
    assert!(!lets_in(&broker, &folder, "alice", "one"));
    edit(&["-b", "f", "alice", "one"]);
    assert!(lets_in(&broker, &folder, "alice", "one"));
    edit(&["-b", "f", "alice", "two"]);
    assert!(!lets_in(&broker, &folder, "alice", "one"));
    assert!(lets_in(&broker, &folder, "alice", "two"));
    edit(&["-D", "f", "alice"]);
    assert!(!lets_in(&broker, &folder, "alice", "two"));
}

#[test]
fn a_name_that_a_broker_reads_is_found() {
    // Brokers skip ':' before a name and take a run of them behind it for one.
    let folder = Folder::new();
    folder.run(&["-c", "-b", "f", "alice", "one"]);
    let line = format!("::{}", folder.file().replacen(':', "::", 1));
    std::fs::write(folder.path("f"), line).unwrap();
    let broker = folder.broker();
    assert!(lets_in(&broker, &folder, "alice", "one"));
    assert_eq!(folder.run(&["-D", "f", "alice"]).status, Some(0));
    broker.reload();
    assert!(!lets_in(&broker, &folder, "alice", "one"));
}

/// How often the file is edited, and the broker told to read it again.
const TIMES: usize = 200;

#[test]
fn a_broker_that_reloads_while_the_file_is_edited_never_sees_half_of_it() {
    let folder = Folder::with_file(many_users());
    let broker = folder.broker();
    let let_in = || lets_in(&broker, &folder, "stays", "secret");
    let refused = reload_while_edited(&broker, &folder, TIMES, let_in);
    assert_eq!(refused, 0, "of {TIMES} reloads");
    let log = broker.log();
    let complaints: Vec<&str> = log.lines().filter(|line| line.contains("rror")).collect();
    assert_eq!(complaints, [""; 0]);
}
