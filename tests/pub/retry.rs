use test_support::mosquitto::free_port;
use test_support::packet::{self, Delivery, flagged, v3};
use test_support::scripted_peer::{Connection, ScriptedPeer};
use test_support::tool::Running;

use super::{publisher, start_at};

const MESSAGE: &[&str] = &["-t", "t", "-m", "x", "-q", "1"];

/// Starts the tool where nobody listens yet.
fn start_alone(arguments: &[&str]) -> (Running, u16) {
    let port = free_port();
    let place = ["-h", "127.0.0.1", "-p", &port.to_string()];
    (publisher().spawn([&place, arguments].concat()), port)
}

fn accept(peer: &ScriptedPeer) -> Connection {
    let mut client = peer.accept();
    client.read_packet();
    client.send(&v3::connack(0));
    client
}

#[test]
fn the_first_connection_is_tried_again() {
    let (running, port) = start_alone(&[MESSAGE, &["--retry", "forever"]].concat());
    running.wait_for_stderr("connecting again");
    let peer = ScriptedPeer::listen_at(port);
    let mut client = accept(&peer);
    client.read_packet();
    client.send(&packet::puback(1));
    client.expect(&packet::DISCONNECT);
    client.close();
    running.wait().assert_code(0);
}

#[test]
fn so_often_and_no_more() {
    for arguments in [&["--retry", "1"][..], &["--retry", "1", "--no-reconnect"]] {
        let (running, _) = start_alone(&[MESSAGE, arguments].concat());
        let output = running.wait();
        output.assert_code(1);
        let said = output.stderr();
        assert_eq!(said.matches("connecting again").count(), 1, "{said}");
        assert!(said.contains("\nerror: cannot connect to 127.0.0.1:"), "{said}");
    }
    let (running, _) = start_alone(MESSAGE);
    let output = running.wait();
    output.assert_code(1);
    assert!(output.stderr().starts_with("error: cannot connect to "), "{output:?}");
}

#[test]
fn a_single_message_is_sent_again() {
    let peer = ScriptedPeer::listen();
    let running = start_at(&peer, &[MESSAGE, &["--retry", "1"]].concat());
    let publish = v3::publish("t", b"x", Delivery::AtLeastOnce(1));
    let mut client = accept(&peer);
    client.expect(&publish);
    client.close();
    let mut client = accept(&peer);
    client.expect(&flagged(publish, packet::DUP));
    client.send(&packet::puback(1));
    client.expect(&packet::DISCONNECT);
    client.close();
    running.wait().assert_code(0);
}

#[test]
fn attempts_in_which_nothing_gets_through_are_counted() {
    let peer = ScriptedPeer::listen();
    let mut running = start_at(&peer, &["-t", "t", "-l", "-q", "1", "--retry", "1"]);
    running.write_input("one\ntwo\n");
    // Something gets through each time: that may go on for ever.
    for id in 1..=2 {
        let mut client = accept(&peer);
        client.read_packet();
        client.send(&packet::puback(id));
        client.close();
    }
    running.write_input("three\n");
    let mut client = accept(&peer);
    client.read_packet();
    client.close();
    let output = running.wait();
    output.assert_code(7);
    let expected = "error: 1 of 3 lines read did not get through, the first is line 3: ";
    assert!(output.stderr().contains(expected), "{output:?}");
}

// More than the sockets between can take: it has not reached the socket when the connection breaks.
#[test]
fn a_message_of_qos_0_that_was_cut_off_is_published_once_more() {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), vec![b'x'; 20_000_000]).unwrap();
    let peer = ScriptedPeer::listen();
    let name = file.path().to_str().unwrap();
    let running = start_at(&peer, &["-t", "t", "-f", name, "--retry", "3"]);
    let mut client = accept(&peer);
    client.read_bytes(100_000);
    client.reset();
    let mut client = accept(&peer);
    assert!(client.read_packet().ends_with(&[b'x'; 1000]));
    client.expect(&packet::DISCONNECT);
    client.close();
    running.wait().assert_code(0);
}

#[test]
fn without_reconnecting_a_lost_connection_is_the_end() {
    let peer = ScriptedPeer::listen();
    let mut running = start_at(&peer, &["-t", "t", "-l", "--no-reconnect"]);
    running.write_input("x\n");
    let mut client = accept(&peer);
    client.read_packet();
    client.close();
    let output = running.wait();
    output.assert_code(7);
    assert!(output.stderr().starts_with("error: the connection to "), "{output:?}");
}

#[test]
fn a_refusal_would_come_again() {
    let peer = ScriptedPeer::listen();
    let running = start_at(&peer, &[MESSAGE, &["--retry", "forever"]].concat());
    let mut client = peer.accept();
    client.read_packet();
    client.send(&v3::connack(5));
    client.close();
    running.wait().assert_code(5);
}

#[test]
fn a_deadline_ends_everything_and_says_what_is_missing() {
    let peer = ScriptedPeer::listen();
    let mut running = start_at(&peer, &["-t", "t", "-l", "-q", "1", "-W", "3"]);
    running.write_input("one\ntwo\n");
    let mut client = accept(&peer);
    client.read_packet();
    client.read_packet();
    client.send(&packet::puback(1));
    client.expect(&packet::DISCONNECT);
    client.close();
    let output = running.wait();
    output.assert_code(27);
    let expected = "error: 1 of 2 lines read did not get through, the first is line 2: timed out\n";
    assert_eq!(output.stderr(), expected);
}

#[test]
fn a_deadline_holds_while_there_is_no_connection() {
    let (running, _) = start_alone(&[MESSAGE, &["--retry", "forever", "-W", "0.5"]].concat());
    let output = running.wait();
    output.assert_code(27);
    assert!(output.stderr().ends_with("error: timed out before the broker answered\n"));
}

#[test]
fn lines_that_still_could_come_are_cut_off_by_a_deadline() {
    let peer = ScriptedPeer::listen();
    let running = start_at(&peer, &["-t", "t", "-l", "-q", "1", "-W", "3"]);
    let mut client = accept(&peer);
    client.expect(&packet::DISCONNECT);
    client.close();
    let output = running.wait();
    output.assert_code(27);
    assert_eq!(output.stderr(), "error: timed out\n");
}
