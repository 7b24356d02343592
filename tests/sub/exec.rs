use std::fs::OpenOptions;
use std::io::Write as _;
use std::process::Command;

use tempfile::TempDir;
use test_support::packet::{self, Delivery, v3};
use test_support::patience::until;
use test_support::scripted_peer::{Connection, ScriptedPeer};
use test_support::tool::{Output, Running, Signal};

use super::{serve_subscription, subscribed, subscriber};

/// What a command does that says when it begins and ends, and ends when it is told to.
const PATIENT: &str = r#"echo "begun $MQTT_PACKET_ID"; read x < "$GATES/$MQTT_PACKET_ID"; echo "ended $MQTT_PACKET_ID""#;

/// A named pipe for each command of [`PATIENT`], by the packet identifier of its message.
struct Gates(TempDir);

impl Gates {
    fn new(count: u16) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for id in 1..=count {
            let made = Command::new("mkfifo").arg(folder.path().join(id.to_string())).status();
            assert!(made.unwrap().success());
        }
        Self(folder)
    }

    /// The options for commands that wait.
    fn command(&self) -> String {
        format!("GATES='{}'; {PATIENT}", self.0.path().display())
    }

    /// Lets the command go on that has begun.
    fn open(&self, id: u16) {
        let gate = OpenOptions::new().write(true).open(self.0.path().join(id.to_string()));
        gate.unwrap().write_all(b"\n").unwrap();
    }
}

fn publish(id: u16, topic: &str, payload: &[u8]) -> Vec<u8> {
    v3::publish(topic, payload, Delivery::AtLeastOnce(id))
}

fn left(running: Running, mut client: Connection, status: i32) -> Output {
    client.expect(&packet::DISCONNECT);
    client.close();
    let output = running.wait();
    output.assert_code(status);
    output
}

#[test]
fn the_payload_is_on_stdin_and_the_rest_in_the_environment() {
    let command = r#"sh -c 'echo "$MQTT_TOPIC $MQTT_QOS $MQTT_RETAIN $0: $(cat)"' 'a  b'"#;
    let (running, mut client) = subscribed(&["-t", "#", "--exec", command, "-C", "1"]);
    client.send(&publish(1, "home/$(id) x", b"it's `here`"));
    client.expect(&packet::puback(1));
    let output = left(running, client, 0);
    assert_eq!(output.stdout(), "home/$(id) x 1 0 a  b: it's `here`\n");
    assert_eq!(output.stderr(), "");
}

#[test]
fn a_command_is_given_no_secret_of_ours() {
    let peer = ScriptedPeer::listen();
    let port = peer.port().to_string();
    let show = r#"echo "<$MQTT_PASSWORD$MQTT_KEY_PASSWORD$MQTT_USERNAME>""#;
    let words = ["-h", "127.0.0.1", "-p", &port, "-t", "t", "-C", "1", "--exec-shell", show];
    let mut command = subscriber().command(words);
    for name in ["MQTT_USERNAME", "MQTT_PASSWORD", "MQTT_KEY_PASSWORD"] {
        command.env(name, name);
    }
    let running = Running::start(command);
    let mut client = serve_subscription(&peer);
    client.send(&publish(1, "t", b""));
    client.expect(&packet::puback(1));
    assert_eq!(left(running, client, 0).stdout(), "<MQTT_USERNAME>\n");
}

#[test]
fn no_shell_reads_a_command_unless_it_is_asked_for() {
    for (option, expected) in [("--exec", "$((1+1)); * > x\n"), ("--exec-shell", "2\n")] {
        let words = if option == "--exec" { "echo $((1+1)); * > x" } else { "echo $((1+1))" };
        let (running, mut client) = subscribed(&["-t", "t", option, words, "-C", "1"]);
        client.send(&publish(1, "t", b""));
        client.expect(&packet::puback(1));
        assert_eq!(left(running, client, 0).stdout(), expected);
    }
}

#[test]
fn one_command_runs_at_a_time_and_a_message_is_acknowledged_when_it_has_ended() {
    let gates = Gates::new(2);
    let (running, mut client) =
        subscribed(&["-t", "t", "--exec-shell", &gates.command(), "-C", "2"]);
    client.send(&[publish(1, "t", b""), publish(2, "t", b"")].concat());
    for id in 1..=2 {
        running.wait_for_stdout(&format!("begun {id}"));
        gates.open(id);
        client.expect(&packet::puback(id));
    }
    let output = left(running, client, 0);
    assert_eq!(output.stdout(), "begun 1\nended 1\nbegun 2\nended 2\n");
}

#[test]
fn several_commands_may_run_and_acknowledgements_keep_the_order_of_the_messages() {
    let gates = Gates::new(4);
    let command = gates.command();
    let (running, mut client) = subscribed(&[
        "-t",
        "#",
        "--exec-shell",
        &command,
        "--exec-jobs",
        "2",
        "-T",
        "hidden",
        "-C",
        "3",
    ]);
    client.send(&[publish(1, "t", b""), publish(2, "t", b"")].concat());
    client.send(&[publish(3, "hidden", b""), publish(4, "t", b"")].concat());
    running.wait_for_stdout("begun");
    running.wait_for_stdout("begun");
    gates.open(2);
    running.wait_for_stdout("ended 2");
    // There is room for another one, though nothing is acknowledged.
    running.wait_for_stdout("begun 4");
    gates.open(4);
    running.wait_for_stdout("ended 4");
    gates.open(1);
    for id in 1..=4 {
        client.expect(&packet::puback(id));
    }
    left(running, client, 0);
}

#[test]
fn a_command_that_fails_is_told_and_its_message_acknowledged() {
    let (running, mut client) = subscribed(&["-t", "t", "--exec", "sh -c 'exit 3'", "-C", "1"]);
    client.send(&publish(1, "t", b""));
    client.expect(&packet::puback(1));
    let output = left(running, client, 0);
    assert_eq!(
        output.stderr(),
        "warning: the command for a message on topic 't' ended with status 3\n"
    );
}

#[test]
fn the_first_failure_may_end_the_run() {
    let (running, mut client) =
        subscribed(&["-t", "t", "--exec-shell", "kill -9 $$", "--exec-failure", "stop"]);
    client.send(&publish(1, "t", b""));
    client.expect(&packet::puback(1));
    let output = left(running, client, 137);
    assert_eq!(
        output.stderr(),
        "error: the command for a message on topic 't' was ended by signal 9\n"
    );
}

#[test]
fn what_has_not_succeeded_is_not_acknowledged_if_success_is_wanted() {
    let command = r#"read status; exit "$status""#;
    for delivery in [Delivery::AtLeastOnce, Delivery::ExactlyOnce] {
        let (running, mut client) =
            subscribed(&["-t", "t", "-q", "2", "--exec-shell", command, "--ack-on-success"]);
        let message = |id, status: &[u8]| v3::publish("t", status, delivery(id));
        client.send(&[message(1, b"0\n"), message(2, b"5\n"), message(3, b"0\n")].concat());
        if let Delivery::AtLeastOnce(_) = delivery(1) {
            client.expect(&packet::puback(1));
            client.expect(&packet::DISCONNECT);
        } else {
            client.expect(&packet::pubrec(1));
            client.send(&packet::pubrel(1));
            // Perhaps it is read before the second one has failed.
            let next = client.read_packet();
            if next != packet::DISCONNECT {
                assert_eq!(next, packet::pubcomp(1));
                client.expect(&packet::DISCONNECT);
            }
        }
        client.close();
        let output = running.wait();
        output.assert_code(5);
        assert_eq!(
            output.stderr(),
            "error: the command for a message on topic 't' ended with status 5\n"
        );
    }
}

#[test]
fn a_command_that_finds_no_room_beside_others_waits_for_one_of_them() {
    let (gates, count) = (Gates::new(8), 8_u16);
    let jobs = ["--exec-jobs", "8", "--exec-shell", &gates.command()];
    let words = ["-t", "t", "-q", "1", "-C", "8"];
    let (running, mut client) = subscribed(&[&words[..], &jobs].concat());
    running.limit_files(5);
    // As much as a pipe does not take at once, so that each command has one of them.
    let payload = vec![b'x'; 1_000_000];
    let messages: Vec<_> = (1..=count).flat_map(|id| publish(id, "t", &payload)).collect();
    let mut stream = client.clone_stream();
    let sending = std::thread::spawn(move || stream.write_all(&messages).unwrap());
    for id in 1..=count {
        let begun = format!("begun {id}\n");
        until("the command to begin", || {
            String::from_utf8_lossy(&running.stdout()).contains(&begun).then_some(())
        });
        gates.open(id);
        client.expect(&packet::puback(id));
    }
    sending.join().unwrap();
    let output = left(running, client, 0);
    assert_eq!(output.stderr(), "");
}

#[test]
fn a_command_that_cannot_be_run_ends_the_run_and_nothing_is_acknowledged() {
    let (running, mut client) = subscribed(&["-t", "t", "--exec", "/no/such/program"]);
    client.send(&publish(1, "t", b""));
    let output = left(running, client, 127);
    assert_eq!(
        output.stderr(),
        "error: the command for a message on topic 't' cannot be run: \
         '/no/such/program': No such file or directory (os error 2)\n"
    );
}

#[test]
fn a_command_and_what_it_has_started_end_with_its_time() {
    let gates = Gates::new(1);
    // Both have stdout, which ends with the last of them.
    let command = format!("({}) & wait", gates.command());
    let (running, mut client) = subscribed(&[
        "-t",
        "t",
        "--exec-shell",
        &command,
        "--exec-timeout",
        "100ms",
        "--exec-failure",
        "stop",
    ]);
    client.send(&publish(1, "t", b""));
    client.expect(&packet::puback(1));
    let output = left(running, client, 124);
    assert_eq!(output.stdout(), "begun 1\n");
    assert_eq!(
        output.stderr(),
        "error: the command for a message on topic 't' took longer than 0.1 s (--exec-timeout)\n"
    );
}

#[test]
fn who_does_not_read_the_payload_does_not_want_it() {
    let (running, mut client) = subscribed(&["-t", "t", "--exec", "true", "-C", "1"]);
    client.send(&publish(1, "t", &vec![b'x'; 1_000_000]));
    client.expect(&packet::puback(1));
    let output = left(running, client, 0);
    assert_eq!((&*output.stdout(), &*output.stderr()), ("", ""));
}

#[test]
fn a_large_payload_arrives_whole() {
    let (running, mut client) = subscribed(&["-t", "t", "--exec", "wc -c", "-C", "1"]);
    client.send(&publish(1, "t", &vec![b'x'; 1_000_000]));
    client.expect(&packet::puback(1));
    assert_eq!(left(running, client, 0).stdout(), "1000000\n");
}

#[test]
fn a_signal_waits_for_the_command_that_runs() {
    let gates = Gates::new(1);
    let (running, mut client) = subscribed(&["-t", "t", "--exec-shell", &gates.command()]);
    client.send(&[publish(1, "t", b""), publish(2, "t", b"")].concat());
    running.wait_for_stdout("begun 1");
    running.signal(Signal::TERM);
    gates.open(1);
    client.expect(&packet::puback(1));
    assert_eq!(left(running, client, 0).stdout(), "begun 1\nended 1\n");
}

#[test]
fn a_signal_ends_a_command_that_does_not_end_and_its_message_is_not_acknowledged() {
    let gates = Gates::new(1);
    let (running, mut client) = subscribed(&["-t", "t", "--exec-shell", &gates.command()]);
    client.send(&publish(1, "t", b""));
    running.wait_for_stdout("begun 1");
    running.signal(Signal::INT);
    let output = left(running, client, 0);
    assert_eq!(output.stdout(), "begun 1\n");
    assert_eq!(
        output.stderr(),
        "warning: the command for a message on topic 't' was ended, since the run is over\n"
    );
}

#[test]
fn a_second_signal_ends_everything_at_once() {
    let gates = Gates::new(1);
    let (running, mut client) = subscribed(&["-t", "t", "--exec-shell", &gates.command(), "-d"]);
    client.send(&publish(1, "t", b""));
    running.wait_for_stdout("begun 1");
    running.signal(Signal::INT);
    running.signal(Signal::TERM);
    // The command has stdout as well, which ends with it.
    let status = running.wait().code();
    assert!([Some(130), Some(143)].contains(&status), "{status:?}");
}
