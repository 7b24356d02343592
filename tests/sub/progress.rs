use std::process::{Child, Stdio};

use test_support::packet::{self, Delivery, v3};
use test_support::scripted_peer::{Connection, ScriptedPeer};
use test_support::terminal::{Terminal, rows};

use super::subscriber;

/// mqtt-sub with its stderr on a terminal, once its subscription is answered.
fn subscribed(words: &[&str], stdout: Stdio, terminal: &Terminal) -> (Child, Connection) {
    let peer = ScriptedPeer::listen();
    let port = peer.port().to_string();
    let fixed = ["-h", "127.0.0.1", "-p", &port, "--color=never", "-t", "t"];
    let mut command = subscriber().command([&fixed, words].concat());
    let child = command.stdout(stdout).stderr(terminal.stdio()).spawn().unwrap();
    let mut client = peer.accept();
    client.read_packet();
    client.send(&v3::connack(0));
    client.read_packet();
    client.send(&v3::suback(1, &[0]));
    (child, client)
}

/// So many messages, each with its number.
fn messages(numbers: std::ops::RangeInclusive<u32>) -> Vec<u8> {
    let publish =
        |number: u32| v3::publish("t", number.to_string().as_bytes(), Delivery::AtMostOnce);
    numbers.flat_map(publish).collect()
}

#[test]
fn many_messages_are_counted_and_stdout_stays_as_it_is() {
    let mut terminal = Terminal::open();
    let (child, mut client) = subscribed(&["-C", "1001"], Stdio::piped(), &terminal);
    let mut seen = terminal.read_to("0 of 1,001 messages, 0/s");
    client.send(&messages(1..=600));
    seen.push_str(&terminal.read_to("\r\x1b[K600 of 1,001 messages, "));
    seen.push_str(&terminal.read_to(" left"));
    client.send(&messages(601..=1001));
    client.expect(&packet::DISCONNECT);
    client.close();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    let numbers: Vec<_> = (1..=1001).map(|number: u32| number.to_string()).collect();
    assert_eq!(String::from_utf8(output.stdout).unwrap(), numbers.join("\n") + "\n");
    seen.push_str(&terminal.read_all());
    assert_eq!(rows(&seen), [""; 0], "{seen:?}");
}

#[test]
fn warnings_come_above_the_line() {
    let mut terminal = Terminal::open();
    let (mut child, mut client) = subscribed(&["-C", "1001", "-F", "%J"], Stdio::null(), &terminal);
    let mut seen = terminal.read_to("0 of 1,001 messages, 0/s");
    client.send(&v3::publish("t", b"no", Delivery::AtMostOnce));
    seen.push_str(&terminal.read_to("is not JSON"));
    seen.push_str(&terminal.read_to("1 of 1,001 messages, "));
    // Also while there is no connection.
    client.close();
    seen.push_str(&terminal.read_to("connecting again\r\n1 of 1,001 messages, "));
    child.kill().unwrap();
    child.wait().unwrap();
    let rows = rows(&seen);
    let [warning, lost, line] = &rows[..] else { panic!("{rows:?}") };
    assert!(lost.starts_with("warning: the connection"), "{rows:?}");
    assert!(warning.starts_with("warning: ") && !warning.contains("1,001"), "{rows:?}");
    assert!(line.contains(" of 1,001 messages, "), "{rows:?}");
}

#[test]
fn messages_on_a_terminal_are_not_torn_and_a_few_are_not_counted() {
    // The tool itself lets so much time pass that there would be a line.
    let long = ["-W", "2"];
    let (mut few, mut shown) = (Terminal::open(), Terminal::open());
    let words = |options: [&'static str; 2]| [long, options].concat();
    let (mut first, _few) = subscribed(&words(["-C", "1000"]), Stdio::null(), &few);
    let (mut second, mut client) = subscribed(&words(["-C", "1001"]), shown.stdio(), &shown);
    client.send(&messages(1..=3));
    assert_eq!(first.wait().unwrap().code(), Some(27));
    assert_eq!(second.wait().unwrap().code(), Some(27));
    assert_eq!(few.read_all(), "error: timed out\r\n");
    assert_eq!(shown.read_all(), "1\r\n2\r\n3\r\nerror: timed out\r\n");
}
