use test_support::packet::{self, Delivery, v3};
use test_support::scripted_peer::ScriptedPeer;
use test_support::tool::Signal;

use super::{publisher, start_at};

#[test]
fn after_a_signal_what_was_read_is_acknowledged_and_the_status_is_0() {
    for signal in [Signal::INT, Signal::TERM] {
        let peer = ScriptedPeer::listen();
        let mut running = start_at(&peer, &["-t", "t", "-l", "-q", "1"]);
        running.write_input("one\n");
        let mut client = peer.accept();
        client.read_packet();
        client.send(&v3::connack(0));
        client.expect(&v3::publish("t", b"one", Delivery::AtLeastOnce(1)));
        running.signal(signal);
        running.wait_for_stderr("waiting for the broker to acknowledge");
        client.send(&packet::puback(1));
        client.expect(&packet::DISCONNECT);
        client.close();
        running.wait().assert_code(0);
    }
}

#[test]
fn a_second_signal_leaves_at_once_and_says_what_is_missing() {
    let peer = ScriptedPeer::listen();
    let mut running = start_at(&peer, &["-t", "t", "-l", "-q", "1"]);
    running.write_input("one\ntwo\n");
    let mut client = peer.accept();
    client.read_packet();
    client.send(&v3::connack(0));
    client.read_packet();
    client.read_packet();
    running.signal(Signal::INT);
    running.wait_for_stderr("waiting for the broker to acknowledge");
    running.signal(Signal::INT);
    let output = running.wait();
    output.assert_code(130);
    let expected = "error: 2 of 2 messages read did not get through: ended by signal 2";
    assert!(output.stderr().contains(expected), "{output:?}");
}

#[test]
fn a_signal_before_the_broker_has_answered_ends_it() {
    let peer = ScriptedPeer::listen();
    let running = start_at(&peer, &["-t", "t", "-m", "x"]);
    let mut client = peer.accept();
    client.read_packet();
    running.signal(Signal::TERM);
    running.wait().assert_code(143);
    client.expect_end();
}

#[test]
fn a_closed_stdout_does_not_keep_help_from_ending_quietly() {
    let mut command = publisher().command(["--help"]);
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let output = command.stdout(writer).output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert!(output.stderr.is_empty(), "{output:?}");
}
