use std::io::Write as _;
use std::process::Stdio;

use test_support::packet::{self, Delivery, v3};
use test_support::patience::until;
use test_support::scripted_peer::ScriptedPeer;
use test_support::tool::{Pid, Running, Signal, full_pipe, kill_process};

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
    let expected =
        "error: 2 of 2 lines read did not get through, the first is line 1: ended by signal 2";
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

#[test]
fn every_line_that_was_read_is_sent_after_a_signal() {
    let peer = ScriptedPeer::listen();
    let mut running = start_at(&peer, &["-t", "t", "-l", "-q", "1", "-M", "1"]);
    // More than the tool reads ahead: the rest stays in the pipe.
    let lines: Vec<String> = (0..60_000).map(|n| format!("{n}\n")).collect();
    let mut input = running.take_input();
    let text = lines.concat();
    let writing = std::thread::spawn(move || {
        let mut written = 0;
        while let Ok(count @ 1..) = input.write(&text.as_bytes()[written..]) {
            written += count;
        }
    });
    let mut client = peer.accept();
    client.read_packet();
    client.send(&v3::connack(0));
    client.read_packet();
    running.signal(Signal::TERM);
    running.wait_for_stderr("waiting for the broker to acknowledge");
    let mut received = 1;
    client.send(&packet::puback(1));
    loop {
        let packet = client.read_packet();
        if packet == packet::DISCONNECT {
            break;
        }
        received += 1;
        client.send(&packet::puback(u16::try_from(received).unwrap()));
    }
    client.close();
    let output = running.wait();
    writing.join().unwrap();
    // Whole lines were taken from the pipe, or the half one is owned up to.
    let half_line = output.code() == Some(143);
    assert!(output.code() == Some(0) || half_line, "{output:?}");
    // At least the block that was being sent, and the one behind it.
    assert!(received > 10_000, "{received}");
}

#[test]
fn half_a_line_that_was_read_makes_the_status_that_of_the_signal() {
    let peer = ScriptedPeer::listen();
    let mut running = start_at(&peer, &["-t", "t", "-l", "-q", "1"]);
    running.write_input("one\nhal");
    let mut client = peer.accept();
    client.read_packet();
    client.send(&v3::connack(0));
    client.expect(&v3::publish("t", b"one", Delivery::AtLeastOnce(1)));
    client.send(&packet::puback(1));
    running.signal(Signal::INT);
    client.expect(&packet::DISCONNECT);
    client.close();
    let output = running.wait();
    output.assert_code(130);
    let expected =
        "error: 1 of 2 lines read did not get through, the first is line 2: ended by signal 2";
    assert!(output.stderr().contains(expected), "{output:?}");
}

#[test]
fn a_signal_after_the_last_message_was_sent_is_no_failure_when_it_is_acknowledged() {
    let peer = ScriptedPeer::listen();
    let running = start_at(&peer, &["-t", "t", "-m", "x", "-q", "1"]);
    let mut client = peer.accept();
    client.read_packet();
    client.send(&v3::connack(0));
    client.read_packet();
    running.signal(Signal::INT);
    running.wait_for_stderr("waiting for the broker to acknowledge");
    client.send(&packet::puback(1));
    client.expect(&packet::DISCONNECT);
    client.close();
    running.wait().assert_code(0);
}

/// A publisher whose only line is acknowledged, and whose broker is gone then.
fn alone_with_nothing_to_send() -> Running {
    let peer = ScriptedPeer::listen();
    let mut running = start_at(&peer, &["-t", "t", "-l", "-q", "1"]);
    running.write_input("one\n");
    let mut client = peer.accept();
    client.read_packet();
    client.send(&v3::connack(0));
    client.read_packet();
    client.send(&packet::puback(1));
    client.close();
    running.wait_for_stderr("; connecting again");
    running
}

#[test]
fn nothing_keeps_it_while_there_is_no_connection_and_nothing_to_send() {
    let mut running = alone_with_nothing_to_send();
    running.close_input();
    running.wait().assert_code(0);

    let running = alone_with_nothing_to_send();
    running.signal(Signal::INT);
    let output = running.wait();
    output.assert_code(0);
    assert!(!output.stderr().contains("error: "), "{output:?}");

    // Half a line will not get through, whoever comes.
    let mut running = alone_with_nothing_to_send();
    running.write_input("hal");
    running.signal(Signal::INT);
    let output = running.wait();
    assert!(matches!(output.code(), Some(0 | 130)), "{output:?}");
    let owned_up_to = output.stderr().contains("error: 1 of 2 lines read did not get through");
    assert_eq!(owned_up_to, output.code() == Some(130), "{output:?}");
}

#[test]
fn a_stderr_that_nobody_reads_does_not_keep_it_from_ending() {
    let peer = ScriptedPeer::listen();
    let port = peer.port().to_string();
    let (_reader, writer) = full_pipe();
    let arguments = ["-h", "127.0.0.1", "-p", &port, "-t", "t", "-l", "-q", "1"];
    let mut command = publisher().command(arguments);
    let mut child = command.stdin(Stdio::piped()).stderr(writer).spawn().unwrap();
    let mut client = peer.accept();
    client.read_packet();
    client.send(&v3::connack(0));
    child.stdin.as_mut().unwrap().write_all(b"one\n").unwrap();
    client.read_packet();
    client.close();
    // That the connection is lost is said before it connects again.
    let _again = peer.accept();
    let process = Pid::from_child(&child);
    let status = until("the tool to end", || {
        let _ = kill_process(process, Signal::TERM);
        child.try_wait().unwrap()
    });
    assert_eq!(status.code(), Some(143));
}
