use test_support::packet::{self, Delivery, v3, v5};
use test_support::scripted_peer::ScriptedPeer;

use super::start_at;

/// What the tool says and does when the answer to its CONNECT, and then to its QoS 1 message, is
/// this.
fn after(version: &str, connack: &[u8], answer: &[u8]) -> (i32, String) {
    let peer = ScriptedPeer::listen();
    let running = start_at(&peer, &["-t", "t", "-m", "x", "-q", "1", "-V", version]);
    let mut client = peer.accept();
    client.read_packet();
    client.send(connack);
    if !answer.is_empty() {
        client.read_packet();
        client.send(answer);
    }
    while client.read_packet_or_end().is_some() {}
    let output = running.wait();
    (output.code().expect("no signal"), output.stderr().into_owned())
}

#[test]
fn bytes_that_are_no_packet_are_named() {
    for (version, connack, status, words) in [
        ("311", &b"\x20\x03\x00\x00\x00"[..], 21, "malformed CONNACK"),
        ("311", b"\x20\x80\x80\x80\x80\x01", 21, "its length has five bytes"),
        ("311", b"\x21\x02\x00\x00", 21, "its flags are wrong"),
        ("311", b"\x20\x02\x02\x00", 2, "a reserved flag is set (0x02)"),
        ("311", b"\x00\x00", 2, "packet type 0"),
        ("311", b"\x10\x00", 2, "CONNECT"),
        ("311", b"\x48\x00", 21, "its flags are wrong"),
        ("311", b"HTTP/2 is no answer of HTTP/1", 21, "its flags are wrong"),
        ("311", b"HTTP/1.1 400 Bad Request\r\n\r\n", 21, "it answered as a web server does"),
        ("311", b"\xd0\x00", 2, "no CONNACK came first"),
        ("5", b"\x20\x02\x00\x01", 132, "does not speak MQTT 5"),
        ("5", b"\x20\x03\x00\x00\x05", 21, "a length runs past its end"),
        ("5", b"\x20\x06\x00\x00\x03\x21\x00\x00", 21, "receive-maximum"),
        ("5", b"\x20\x05\x00\x00\x02\x7f\x00", 21, "unknown property 0x7F"),
    ] {
        let (code, stderr) = after(version, connack, &[]);
        assert_eq!(code, status, "{connack:02x?}: {stderr}");
        assert!(stderr.contains(words), "{connack:02x?}: {stderr}");
    }
}

#[test]
fn a_packet_that_is_never_completed_ends_with_the_connection() {
    // The second one claims 256 MB.
    for beginning in [&b"\x20\x02"[..], b"\x20\x02\x00\x00\x3f\xff\xff\xff\x7f"] {
        let peer = ScriptedPeer::listen();
        let running = start_at(&peer, &["-t", "t", "-m", "x", "-q", "1"]);
        let mut client = peer.accept();
        client.read_packet();
        client.send(beginning);
        client.close();
        let output = running.wait();
        output.assert_code(7);
        assert!(output.stderr().contains("the broker closed it"), "{output:?}");
    }
}

#[test]
fn packets_that_must_not_come_are_a_broken_protocol() {
    for (version, packet, status, words) in [
        ("311", v3::connack(0), 2, "a second CONNACK"),
        ("311", packet::pubrec(1), 2, "PUBREC for packet identifier 1"),
        ("311", packet::pubcomp(1), 2, "PUBCOMP for packet identifier 1"),
        ("311", v3::suback(9, &[0]), 2, "SUBACK for packet identifier 9"),
        ("311", v3::publish("a/+", b"", Delivery::AtMostOnce), 21, "has a wildcard"),
        ("311", v3::publish("", b"", Delivery::AtMostOnce), 21, "its topic is empty"),
        ("311", packet::puback(0), 21, "its packet identifier is 0"),
        ("5", v5::publish("t", b"", Delivery::AtMostOnce, &[0x23, 0, 1]), 2, "topic alias 1"),
    ] {
        let connack = if version == "5" { v5::connack(0, &[]) } else { v3::connack(0) };
        let (code, stderr) = after(version, &connack, &packet);
        assert_eq!(code, status, "{words}: {stderr}");
        assert!(stderr.contains(words), "{words}: {stderr}");
        assert!(stderr.starts_with("error: "), "{stderr}");
    }
}

#[test]
fn an_mqtt_5_broker_is_told_what_was_wrong() {
    for (bytes, goodbye) in [
        (&b"\x40\x02\x00\x00"[..], [0xe0, 0x01, 0x81]),
        (b"\x40\x01\x00", [0xe0, 0x01, 0x81]),
        (b"\xc0\x00", [0xe0, 0x01, 0x82]),
        (b"\x30\x07\x00\x01t\x03\x23\x00\x01", [0xe0, 0x01, 0x94]),
    ] {
        let peer = ScriptedPeer::listen();
        let running = start_at(&peer, &["-t", "t", "-m", "x", "-q", "1", "-V", "5"]);
        let mut client = peer.accept();
        client.read_packet();
        client.send(&v5::connack(0, &[]));
        client.read_packet();
        client.send(bytes);
        client.expect(&goodbye);
        client.close();
        assert_ne!(running.wait().code(), Some(0));
    }
}

#[test]
fn a_disconnect_of_the_broker_is_named() {
    for (bytes, words) in [
        (&[0xe0, 0x01, 0x8b][..], "Server shutting down (reason code 139)"),
        (&[0xe0, 0x00], "Success (reason code 0)"),
    ] {
        let (code, stderr) = after("5", &v5::connack(0, &[]), bytes);
        assert_eq!(code, 4, "{stderr}");
        assert!(stderr.contains(words), "{stderr}");
    }
}
