use test_support::mosquitto::Mosquitto;

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

fn over_file_of(folder: &Folder) -> Mosquitto {
    Mosquitto::builder()
        .line("allow_anonymous false")
        .line(&format!("password_file {}", folder.path("f").display()))
        .start()
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
    let broker = over_file_of(&folder);
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
    let broker = over_file_of(&folder);
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
    let broker = over_file_of(&folder);
    assert!(lets_in(&broker, &folder, "alice", "one"));
    assert_eq!(folder.run(&["-D", "f", "alice"]).status, Some(0));
    broker.reload();
    assert!(!lets_in(&broker, &folder, "alice", "one"));
}

#[test]
fn a_broker_that_reloads_again_and_again_never_meets_a_torn_file() {
    const EDITS: usize = 200;
    let others = "# a line that makes the file longer\n".repeat(2000);
    let folder = Folder::with_file(others);
    finish(folder.command(BINARY).args(["-H", "sha512", "-b", "f", "stays", "p"]));
    let broker = over_file_of(&folder);
    std::thread::scope(|scope| {
        let editing = scope.spawn(|| {
            for number in 0..EDITS {
                let user = format!("u{}", number / 2);
                let words: &[&str] = if number % 2 == 0 {
                    &["-H", "sha512", "-b", "f", &user, "p"]
                } else {
                    &["-D", "f", &user]
                };
                assert_eq!(folder.run(words).status, Some(0));
            }
        });
        for _ in 0..EDITS {
            broker.reload();
            assert!(lets_in(&broker, &folder, "stays", "p"));
        }
        editing.join().unwrap();
    });
    let log = broker.log();
    assert_eq!(log.matches("Reloading config.").count(), EDITS);
    assert!(!log.contains("removing entry") && !log.contains("Error"), "{log}");
}
