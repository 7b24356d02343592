use std::fs::File;
use std::io::Write as _;
use std::time::Duration;

use test_support::mosquitto::Mosquitto;
use test_support::packet::{self, v5};
use test_support::scripted_peer::ScriptedPeer;
use test_support::tool::Tool;

use super::publisher;

/// A broker that queues everything for a subscriber who has been there once and comes back: so
/// nothing depends on who is faster.
struct Setup {
    broker: Mosquitto,
}

impl Setup {
    fn new() -> Self {
        let limits = "max_queued_messages 0\nqueue_qos0_messages true";
        let setup = Self { broker: Mosquitto::builder().line(limits).start() };
        setup.subscriber(&["-E"]);
        setup
    }

    /// Runs Debian's subscriber in the session that is kept.
    fn subscriber(&self, arguments: &[&str]) -> Vec<u8> {
        let port = self.broker.port().to_string();
        let fixed = ["-h", "127.0.0.1", "-p", &port, "-t", "#", "-q", "2", "-c", "-i", "witness"];
        let output = Tool::at("/usr/bin/mosquitto_sub").run([&fixed, arguments].concat());
        output.assert_code(0);
        output.stdout
    }

    fn publish(&self, arguments: &[&str]) {
        self.publish_input("", arguments);
    }

    fn publish_input(&self, input: impl Into<Vec<u8>>, arguments: &[&str]) {
        let port = self.broker.port().to_string();
        let arguments = [&["-h", "127.0.0.1", "-p", &port], arguments].concat();
        publisher().run_with_input(input, arguments).assert_code(0);
    }

    /// What has arrived, `count` messages, topic and payload.
    fn received(&self, count: usize) -> Vec<u8> {
        self.received_as("%t %p", count)
    }

    fn received_as(&self, format: &str, count: usize) -> Vec<u8> {
        self.subscriber(&["-F", format, "-C", &count.to_string()])
    }
}

#[test]
fn a_message_arrives_at_every_qos_in_every_version() {
    let setup = Setup::new();
    for version in ["mqttv31", "mqttv311", "mqttv5"] {
        for qos in ["0", "1", "2"] {
            setup.publish(&["-t", "a/b", "-m", "hello", "-q", qos, "-V", version]);
        }
    }
    assert_eq!(setup.received(9), b"a/b hello\n".repeat(9));
}

#[test]
fn the_word_after_m_is_the_payload_even_when_it_looks_like_an_option() {
    let setup = Setup::new();
    for word in ["-5", "-d", "--", "--help"] {
        setup.publish(&["-t", "t", "-m", word]);
    }
    assert_eq!(setup.received(4), b"t -5\nt -d\nt --\nt --help\n");
}

#[test]
fn lines_of_stdin_are_messages_with_any_byte_but_a_newline() {
    let setup = Setup::new();
    setup.publish_input(&b"a\0b\n\n\xff\xfe\r\nlast"[..], &["-t", "t", "-l", "-q", "1"]);
    setup.publish(&["-t", "t", "-n"]);
    assert_eq!(setup.received_as("%x;", 5), b"610062;\n;\nfffe0d;\n6c617374;\n;\n");
}

#[test]
fn every_line_arrives_above_the_number_of_packet_identifiers() {
    let lines: Vec<u8> = (0..70_000).flat_map(|n| format!("{n}\n").into_bytes()).collect();
    let setup = Setup::new();
    setup.publish_input(lines.clone(), &["-t", "t", "-l", "-q", "1"]);
    assert!(
        setup.received_as("%p", 70_000) == lines,
        "lines are missing, repeated or out of order"
    );
}

#[test]
fn a_line_may_be_much_longer_than_a_block() {
    let setup = Setup::new();
    let mut input = vec![b'x'; 3_000_000];
    input.extend_from_slice(b"\ny");
    setup.publish_input(input, &["-t", "t", "-l", "-q", "1"]);
    assert_eq!(setup.received_as("%l", 2), b"3000000\n1\n");
}

#[test]
fn files_and_stdin_are_sent_byte_for_byte() {
    let payload: Vec<u8> = (0..=255).cycle().take(300_000).collect();
    let setup = Setup::new();
    let file = setup.broker.folder().join("payload");
    std::fs::write(&file, &payload).unwrap();
    let file = file.to_str().unwrap();
    setup.publish(&["-t", "t", "-f", file, "-q", "1"]);
    setup.publish_input(payload.clone(), &["-t", "t", "-s", "-q", "1"]);
    // A pipe is no regular file: it is read to its end.
    setup.publish_input(payload.clone(), &["-t", "t", "-f", "/dev/stdin", "-q", "1"]);
    assert!(
        setup.received_as("%x", 3) == format!("{}\n", packet::hex(&payload)).repeat(3).into_bytes()
    );
}

#[test]
fn an_empty_file_is_an_empty_message() {
    let setup = Setup::new();
    setup.publish(&["-t", "t", "-f", "/dev/null", "-q", "1"]);
    setup.publish(&["-t", "t", "-m", "", "-q", "1"]);
    assert_eq!(setup.received(2), b"t \nt \n");
}

#[test]
fn a_message_is_repeated() {
    let setup = Setup::new();
    setup.publish(&["-t", "t", "-m", "x", "-q", "1", "--repeat", "3", "--repeat-delay", "0.01"]);
    assert_eq!(setup.received(3), b"t x\n".repeat(3));
}

#[test]
fn what_waits_in_the_session_is_left_for_its_subscriber() {
    let setup = Setup::new();
    setup.publish(&["-t", "a", "-m", "x", "-q", "1"]);
    setup.publish(&["-t", "b", "-m", "x", "-q", "2"]);
    // Many times, so that the broker has long sent what was there before.
    let again = ["-q", "1", "--repeat", "30", "--repeat-delay", "0"];
    setup.publish(&[&["-c", "-i", "witness", "-t", "c", "-m", "x"], &again[..]].concat());
    let mut lines: Vec<_> =
        setup.received(32).split(|&byte| byte == b'\n').map(<[u8]>::to_vec).collect();
    lines.sort_unstable();
    lines.dedup();
    assert_eq!(lines, [&b""[..], b"a x", b"b x", b"c x"]);
}

#[test]
fn no_lines_are_no_messages_and_no_error() {
    let setup = Setup::new();
    setup.publish_input("", &["-t", "t", "-l", "-q", "1"]);
    setup.publish(&["-t", "t", "-m", "only", "-q", "1"]);
    assert_eq!(setup.received(1), b"t only\n");
}

#[test]
fn the_original_name_does_the_same() {
    let setup = Setup::new();
    let port = setup.broker.port().to_string();
    let arguments = ["-h", "127.0.0.1", "-p", &port, "-t", "t", "-m", "m", "-q", "2"];
    publisher().called("mosquitto_pub").run(arguments).assert_code(0);
    assert_eq!(setup.received(1), b"t m\n");
}

#[test]
fn stdin_may_be_in_non_blocking_mode() {
    for option in ["-s", "-l"] {
        let setup = Setup::new();
        let (reader, mut writer) = std::io::pipe().unwrap();
        test_support::tool::make_non_blocking(&reader);
        let port = setup.broker.port().to_string();
        let arguments = ["-h", "127.0.0.1", "-p", &port, "-t", "t", "-q", "1", option];
        let mut command = publisher().command(arguments);
        let mut child = command.stdin(reader).spawn().unwrap();
        drop(command);
        writer.write_all(b"late").unwrap();
        drop(writer);
        assert_eq!(child.wait().unwrap().code(), Some(0));
        assert_eq!(setup.received(1), b"t late\n");
    }
}

#[test]
fn a_slow_line_is_no_silence() {
    const MEBIBYTE: usize = 1 << 20;
    let (peer, tool) = (ScriptedPeer::listen(), publisher());
    let file = tool.home().join("payload");
    File::create(&file).unwrap().set_len(64 << 20).unwrap();
    let (port, file) = (peer.port().to_string(), file.to_str().unwrap());
    let place = ["-h", "127.0.0.1", "-p", &port, "-V", "5"];
    let running = tool.spawn([&place[..], &["-t", "t", "-q", "1", "-f", file]].concat());
    let mut client = peer.accept();
    client.read_packet();
    // A keep-alive of two seconds: the ping is stuck behind the payload for more than four.
    client.send(&v5::connack(0, &[0x13, 0, 2]));
    client.read_bytes(5 + 3 + 2 + 1);
    for _ in 0..64 {
        client.read_bytes(MEBIBYTE);
        std::thread::sleep(Duration::from_millis(80));
    }
    client.expect(&packet::PINGREQ);
    client.send(&packet::puback(1));
    while client.read_packet_or_end().is_some() {}
    drop(client);
    running.wait().assert_code(0);
}
