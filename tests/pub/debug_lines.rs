use test_support::packet::{self, v3, v5};
use test_support::scripted_peer::ScriptedPeer;

use super::{publisher, start_at};

#[test]
fn every_packet_of_a_qos_2_message_has_its_line() {
    let peer = ScriptedPeer::listen();
    let running = start_at(&peer, &["-i", "pubA", "-t", "a/b", "-m", "hello", "-q", "2", "-d"]);
    let mut client = peer.accept();
    client.read_packet();
    client.send(&v3::connack(0));
    client.read_packet();
    client.send(&packet::pubrec(1));
    client.expect(&packet::pubrel(1));
    client.send(&packet::pubcomp(1));
    client.expect(&packet::DISCONNECT);
    client.close();
    let output = running.wait();
    output.assert_code(0);
    assert_eq!(
        output.stderr(),
        "Client pubA sending CONNECT\n\
         Client pubA received CONNACK (0)\n\
         Client pubA sending PUBLISH (d0, q2, r0, m1, 'a/b', ... (5 bytes))\n\
         Client pubA received PUBREC (Mid: 1)\n\
         Client pubA sending PUBREL (m1)\n\
         Client pubA received PUBCOMP (Mid: 1, RC:0)\n\
         Client pubA sending DISCONNECT\n"
    );
    assert_eq!(output.stdout(), "");
}

#[test]
fn an_assigned_identifier_is_shown_from_its_own_connack_on() {
    let peer = ScriptedPeer::listen();
    let running = start_at(&peer, &["-t", "t", "-m", "", "-r", "-V", "5", "-d"]);
    let mut client = peer.accept();
    client.read_packet();
    let assigned = [&[0x12][..], &packet::text("auto-7")].concat();
    client.send(&v5::connack(0, &assigned));
    client.read_packet();
    client.expect(&packet::DISCONNECT);
    client.close();
    assert_eq!(
        running.wait().stderr(),
        "Client null sending CONNECT\n\
         Client auto-7 received CONNACK (0)\n\
         Client auto-7 sending PUBLISH (d0, q0, r1, m1, 't', ... (0 bytes))\n\
         Client auto-7 sending DISCONNECT\n"
    );
}

#[test]
fn the_original_prints_them_on_stdout_and_a_missing_identifier_in_two_ways() {
    let peer = ScriptedPeer::listen();
    let port = peer.port().to_string();
    let arguments = ["-h", "127.0.0.1", "-p", &port, "-t", "t", "-m", "x", "-d"];
    let running = publisher().called("mosquitto_pub").spawn(arguments);
    let mut client = peer.accept();
    client.read_packet();
    client.send(&v3::connack(0));
    client.read_packet();
    client.expect(&packet::DISCONNECT);
    client.close();
    let output = running.wait();
    assert_eq!(output.stderr(), "");
    assert_eq!(
        output.stdout(),
        "Client null sending CONNECT\n\
         Client (null) received CONNACK (0)\n\
         Client null sending PUBLISH (d0, q0, r0, m1, 't', ... (1 bytes))\n\
         Client null sending DISCONNECT\n"
    );
}

#[test]
fn a_password_is_in_no_line() {
    let peer = ScriptedPeer::listen();
    let arguments = ["-t", "t", "-m", "x", "-d", "-u", "joe", "-P", "correct horse"];
    let running = start_at(&peer, &arguments);
    let mut client = peer.accept();
    client.read_packet();
    client.send(&v3::connack(5));
    client.expect_end();
    let output = running.wait();
    output.assert_code(5);
    assert!(!output.stderr().contains("correct horse"), "{output:?}");
}

#[test]
fn lines_that_cannot_be_written_do_not_make_a_delivered_message_a_failure() {
    let peer = ScriptedPeer::listen();
    let port = peer.port().to_string();
    let arguments = ["-h", "127.0.0.1", "-p", &port, "-t", "t", "-m", "x", "-q", "1", "-d"];
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let tool = publisher().called("mosquitto_pub");
    let mut child = tool.command(arguments).stdout(full).spawn().unwrap();
    let mut client = peer.accept();
    client.read_packet();
    client.send(&v3::connack(0));
    client.read_packet();
    client.send(&packet::puback(1));
    client.expect(&packet::DISCONNECT);
    client.close();
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

/// The `-d` lines for this CONNACK and, behind it, this packet.
fn lines_for(version: &str, connack: &[u8], packet: &[u8]) -> String {
    let peer = ScriptedPeer::listen();
    let message = ["-i", "me", "-t", "t", "-m", "x", "-q", "1", "-d", "-V", version];
    let running = start_at(&peer, &message);
    let mut client = peer.accept();
    client.read_packet();
    client.send(connack);
    if !packet.is_empty() {
        client.read_packet();
        client.send(packet);
    }
    while client.read_packet_or_end().is_some() {}
    let stderr = running.wait().stderr().into_owned();
    let log =
        stderr.lines().filter(|line| !line.starts_with("error: ") && !line.starts_with("hint: "));
    log.collect::<Vec<_>>().join("\n")
}

#[test]
fn what_a_broker_must_not_send_has_its_lines_too() {
    for (version, connack, packet, line) in [
        (
            "311",
            &[0x20, 2, 2, 0][..],
            &[][..],
            "Client me received CONNACK with invalid connect flags (2)",
        ),
        (
            "311",
            &v3::connack_session_present(),
            &[],
            "Client me received CONNACK (0)\n\
             Client me received CONNACK with session present when clean start was set",
        ),
        ("311", &v3::connack(0), &v3::connack(0), "Client me received duplicate CONNACK"),
        ("311", &v3::connack(0), &[0, 0], "Error: Unrecognised command 0\n"),
        ("311", &v3::connack(0), &[0x82, 0], "Error: Unrecognised command 128\n"),
        (
            "311",
            &v3::connack(0),
            &[packet::pubrec(7), packet::puback(1)].concat(),
            "Client me received PUBREC (Mid: 7)\n\
             Warning: Received PUBREC from me for an unknown packet identifier 7.",
        ),
        ("5", &v5::connack(0, &[]), &[0xf0, 0], "Client me received AUTH"),
    ] {
        let lines = lines_for(version, connack, packet);
        assert!(lines.contains(line), "{line}:\n{lines}");
    }
}
