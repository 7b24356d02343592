//! Brokers that refer to another one (MQTT 5 Server Reference).

use test_support::mosquitto::free_port;
use test_support::packet::{self, Delivery, frame, v5};
use test_support::scripted_peer::ScriptedPeer;

use super::start_at;

/// The property that names the broker at `peer`.
fn reference_to(peer: &ScriptedPeer) -> Vec<u8> {
    [&[0x1c][..], &packet::text(&format!("127.0.0.1:{}", peer.port()))].concat()
}

fn disconnect(reason: u8, properties: &[u8]) -> Vec<u8> {
    frame(0xe0, &[&[reason], &packet::variable_length(properties.len()), properties])
}

#[test]
fn a_publisher_goes_where_connack_refers_it_to_and_says_so() {
    for (code, reason) in [(0x9c, "Use another server"), (0x9d, "Server moved")] {
        let (first, second) = (ScriptedPeer::listen(), ScriptedPeer::listen());
        let running = start_at(&first, &["-t", "t", "-m", "x", "-V", "5"]);
        let mut client = first.accept();
        client.read_packet();
        client.send(&v5::connack(code, &reference_to(&second)));
        let mut client = second.accept();
        client.read_packet();
        client.send(&v5::connack(0, &[]));
        client.expect(&v5::publish("t", b"x", Delivery::AtMostOnce, &[]));
        client.expect(&packet::DISCONNECT);
        client.close();
        let output = running.wait();
        output.assert_code(0);
        let place = format!("127.0.0.1:{}", second.port());
        assert_eq!(output.stderr(), format!("note: the broker refers us to {place}: {reason}\n"));
    }
}

#[test]
fn what_the_first_broker_did_not_acknowledge_goes_to_the_second() {
    let (first, second) = (ScriptedPeer::listen(), ScriptedPeer::listen());
    let running = start_at(&first, &["-t", "t", "-m", "x", "-q", "1", "-V", "5"]);
    let mut client = first.accept();
    client.read_packet();
    client.send(&v5::connack(0, &[]));
    client.expect(&v5::publish("t", b"x", Delivery::AtLeastOnce(1), &[]));
    client.send(&disconnect(0x9c, &reference_to(&second)));
    let mut client = second.accept();
    client.read_packet();
    client.send(&v5::connack(0, &[]));
    let message = v5::publish("t", b"x", Delivery::AtLeastOnce(1), &[]);
    client.expect(&packet::flagged(message, packet::DUP));
    client.send(&packet::puback(1));
    client.expect(&packet::DISCONNECT);
    client.close();
    running.wait().assert_code(0);
}

#[test]
fn brokers_that_refer_to_each_other_end_with_the_reason_and_the_place() {
    let peer = ScriptedPeer::listen();
    let running = start_at(&peer, &["-t", "t", "-m", "x", "-V", "5"]);
    for _ in 0..6 {
        let mut client = peer.accept();
        client.read_packet();
        client.send(&v5::connack(0x9c, &reference_to(&peer)));
    }
    let output = running.wait();
    output.assert_code(0x9c);
    let place = format!("127.0.0.1:{}", peer.port());
    let error = format!(
        "error: the broker refused the connection: Use another server (see \"{place}\") (code 156)"
    );
    assert_eq!(output.stderr().lines().last(), Some(&error[..]));
    assert_eq!(output.stderr().lines().count(), 6, "five were followed: {output:?}");
}

#[test]
fn without_a_reference_there_is_nowhere_to_go() {
    let peer = ScriptedPeer::listen();
    let running = start_at(&peer, &["-t", "t", "-l", "-V", "5"]);
    let mut client = peer.accept();
    client.read_packet();
    client.send(&v5::connack(0x9d, &[]));
    running.wait().assert_code(0x9d);
}

#[test]
fn a_reference_that_leads_nowhere_is_named() {
    let peer = ScriptedPeer::listen();
    let running = start_at(&peer, &["-t", "t", "-m", "x", "-V", "5"]);
    let mut client = peer.accept();
    client.read_packet();
    let place = format!("127.0.0.1:{}", free_port());
    let reference = [&[0x1c][..], &packet::text(&place)].concat();
    client.send(&v5::connack(0x9c, &reference));
    let output = running.wait();
    output.assert_code(1);
    assert!(output.stderr().contains(&format!("error: cannot connect to {place}: ")), "{output:?}");
}
