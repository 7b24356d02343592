use std::process::Child;

use test_support::packet::{self, Delivery, v3};
use test_support::scripted_peer::ScriptedPeer;
use test_support::terminal::Terminal;
use test_support::tool::Tool;

use super::subscriber;

/// What a terminal gets of this message on this topic, and of one more that says `end`.
fn shown(tool: &Tool, options: &[&str], topic: &str, payload: &[u8]) -> String {
    let peer = ScriptedPeer::listen();
    let port = peer.port().to_string();
    let mut terminal = Terminal::open();
    let mut command =
        tool.command([&["-h", "127.0.0.1", "-p", &port, "-t", "#", "-C", "2"], options].concat());
    let mut child: Child = command.stdout(terminal.stdio()).spawn().unwrap();
    let mut client = peer.accept();
    client.read_packet();
    client.send(&v3::connack(0));
    client.read_packet();
    client.send(&v3::suback(1, &[0]));
    client.send(&v3::publish(topic, payload, Delivery::AtMostOnce));
    client.send(&v3::publish("t", b"end", Delivery::AtMostOnce));
    client.expect(&packet::DISCONNECT);
    client.close();
    assert!(child.wait().unwrap().success());
    let seen = terminal.read_to("end");
    // The terminal itself puts the cursor back at each newline.
    let (first, _) = seen.split_once("end").unwrap();
    first.replace("\r\n", "\n")
}

const PAYLOAD: &[u8] = b"\x1b]0;title\x07 p\xc3\xa4ss\tword\n\xc2\x9b31m\x9b\xff\x7f";

#[test]
fn a_terminal_does_not_obey_a_publisher() {
    let tool = subscriber();
    let spelled = "\\u{1b}]0;title\\u{7} p\u{e4}ss\tword\n\\u{9b}31m\\x9b\\xff\\u{7f}";
    assert_eq!(shown(&tool, &["-N"], "t", PAYLOAD), spelled);
    let with_topic = shown(&tool, &["-v"], "a\u{1b}[2J", PAYLOAD);
    assert_eq!(with_topic, format!("a\\u{{1b}}[2J {spelled}\nt "));
    // What the user wants of the terminal it does.
    let formatted = shown(&tool, &["-F", r"\e[1m%t\e[0m %p|"], "a\u{1b}[2J", PAYLOAD);
    assert_eq!(
        formatted,
        format!("\u{1b}[1ma\\u{{1b}}[2J\u{1b}[0m {spelled}|\n\u{1b}[1mt\u{1b}[0m ")
    );
    assert_eq!(shown(&tool, &["-N", "-F", "%24p|"], "t", b"\x1b[2J").trim(), "\\u{1b}[2J|");
}

#[test]
fn large_payloads_are_spelled_out_as_well() {
    let payload = [&vec![b'x'; 100_000][..], b"\x1b"].concat();
    // The terminal holds less than that: somebody must read while it is written.
    let peer = ScriptedPeer::listen();
    let port = peer.port().to_string();
    let mut terminal = Terminal::open();
    let mut command = subscriber().command(["-h", "127.0.0.1", "-p", &port, "-t", "t", "-C", "1"]);
    let mut child = command.stdout(terminal.stdio()).spawn().unwrap();
    let mut client = peer.accept();
    client.read_packet();
    client.send(&v3::connack(0));
    client.read_packet();
    client.send(&v3::publish("t", &payload, Delivery::AtMostOnce));
    let seen = terminal.read_to("\n");
    assert!(seen.ends_with("x\\u{1b}\r\n"));
    client.expect(&packet::DISCONNECT);
    client.close();
    assert!(child.wait().unwrap().success());
}

#[test]
fn json_for_a_terminal_is_the_same_json_without_control_characters() {
    let tool = subscriber();
    let controls = "\u{1b}\u{9b}\u{7f}\u{e4}";
    let text = shown(&tool, &["-F", "%j"], "t", controls.as_bytes());
    assert!(text.contains(r#""payload":"\u001b\u009b\u007fä"}"#), "{text}");
    let value = r#"{"a": "\u001b"#.to_owned() + "\u{9b}\u{7f}\u{e4}\", \"b\": 1.0}";
    let copied = shown(&tool, &["-F", "%J|end", "--pretty"], "t", value.as_bytes());
    assert!(copied.contains("\t\"a\":\t\"\\u001b\\u009b\\u007fä\",\n"), "{copied}");
}

#[test]
fn raw_and_the_originals_name_leave_every_byte_as_it_is() {
    let payload = "\u{1b}[1m\u{9b}";
    let raw = shown(&subscriber(), &["-v", "--raw"], "t", payload.as_bytes());
    assert_eq!(raw, format!("t {payload}\nt "));
    let linked = subscriber().called("mosquitto_sub");
    assert_eq!(shown(&linked, &["-v"], "t", payload.as_bytes()), format!("t {payload}\nt "));
}
