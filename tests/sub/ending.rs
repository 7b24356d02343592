use std::io::{PipeReader, Read as _, Write as _};
use std::process::{Child, Stdio};

use test_support::packet::{self, Delivery, v3, v5};
use test_support::patience::until;
use test_support::scripted_peer::{Connection, ScriptedPeer};
use test_support::tool::{
    Pid, Running, Signal, full_pipe, kill_process, make_non_blocking, peak_memory,
};

use super::{start_at, subscribed, subscriber};

#[test]
fn the_time_limit_gives_27_and_tells_an_mqtt_5_broker_to_publish_the_will() {
    for (version, connack, goodbye) in [
        ("311", v3::connack(0), &packet::DISCONNECT[..]),
        ("5", v5::connack(0, &[]), &[0xe0, 0x01, 0x04]),
    ] {
        let peer = ScriptedPeer::listen();
        let running = start_at(&peer, &["-t", "t", "-W", "1", "-V", version]);
        let mut client = peer.accept();
        client.read_packet();
        client.send(&connack);
        client.read_packet();
        client.expect(goodbye);
        client.close();
        let output = running.wait();
        output.assert_code(27);
        assert_eq!(output.stderr(), "error: timed out\n");
    }
}

#[test]
fn the_time_limit_holds_before_the_broker_has_answered() {
    let peer = ScriptedPeer::listen();
    let running = start_at(&peer, &["-t", "t", "-W", "1"]);
    let _client = peer.accept();
    let output = running.wait();
    output.assert_code(27);
    assert_eq!(output.stderr(), "error: timed out before the broker answered\n");
}

#[test]
fn the_time_limit_may_have_decimals() {
    let peer = ScriptedPeer::listen();
    let output = start_at(&peer, &["-t", "t", "-W", "0.25"]).wait();
    output.assert_code(27);
}

#[test]
fn it_leaves_when_nothing_comes_and_the_broker_has_nothing() {
    let (running, mut client) = subscribed(&["-t", "t", "--idle-exit", "50ms"]);
    client.expect(&packet::PINGREQ);
    client.send(&packet::PINGRESP);
    client.expect(&packet::DISCONNECT);
    client.close();
    let output = running.wait();
    output.assert_code(0);
    assert_eq!((&*output.stdout(), &*output.stderr()), ("", ""));
}

#[test]
fn what_comes_before_the_answer_begins_the_time_anew() {
    let (running, mut client) = subscribed(&["-t", "t", "--idle-exit", "50ms", "-T", "no"]);
    for topic in ["t", "no", "t"] {
        client.expect(&packet::PINGREQ);
        client.send(&v3::publish(topic, topic.as_bytes(), Delivery::AtMostOnce));
        client.send(&packet::PINGRESP);
    }
    client.expect(&packet::PINGREQ);
    client.send(&packet::PINGRESP);
    client.expect(&packet::DISCONNECT);
    client.close();
    let output = running.wait();
    output.assert_code(0);
    assert_eq!(output.stdout(), "t\nt\n");
}

#[test]
fn the_time_without_a_message_begins_when_the_subscription_is_answered() {
    let peer = ScriptedPeer::listen();
    let running = start_at(&peer, &["-t", "t", "--idle-exit", "1ms", "-W", "0.3"]);
    let mut client = peer.accept();
    client.read_packet();
    client.send(&v3::connack(0));
    client.read_packet();
    client.expect(&packet::DISCONNECT);
    client.close();
    running.wait().assert_code(27);
}

#[test]
fn on_a_new_connection_the_time_without_a_message_begins_anew() {
    let peer = ScriptedPeer::listen();
    let running = start_at(&peer, &["-t", "t", "--idle-exit", "50ms", "-c", "-i", "me"]);
    let mut client = peer.accept();
    client.read_packet();
    client.send(&v3::connack(0));
    client.read_packet();
    client.send(&v3::suback(1, &[0]));
    client.expect(&packet::PINGREQ);
    client.close();
    let mut client = peer.accept();
    client.read_packet();
    // It kept the subscription: there is no SUBACK to wait for.
    client.send(&v3::connack_session_present());
    client.expect(&packet::PINGREQ);
    client.send(&packet::PINGRESP);
    client.expect(&packet::DISCONNECT);
    client.close();
    running.wait().assert_code(0);
}

#[test]
fn a_signal_disconnects_and_gives_0() {
    for signal in [Signal::INT, Signal::TERM] {
        let (running, mut client) = subscribed(&["-t", "t"]);
        client.send(&v3::publish("t", b"seen", Delivery::AtMostOnce));
        running.wait_for_stdout("seen");
        running.signal(signal);
        client.expect(&packet::DISCONNECT);
        client.close();
        running.wait().assert_code(0);
    }
}

#[test]
fn a_signal_while_connecting_again_gives_0() {
    let peer = ScriptedPeer::listen();
    let running = start_at(&peer, &["-t", "t"]);
    let mut client = peer.accept();
    client.read_packet();
    client.send(&v3::connack(0));
    client.read_packet();
    drop(peer);
    client.close();
    running.wait_for_stderr("; connecting again");
    running.signal(Signal::TERM);
    running.wait().assert_code(0);
}

#[test]
fn leaves_when_the_subscription_is_answered() {
    let (running, mut client) = subscribed(&["-t", "t", "-E"]);
    client.expect(&packet::DISCONNECT);
    client.close();
    running.wait().assert_code(0);
}

#[test]
fn leaves_when_the_only_unsubscription_is_answered() {
    let peer = ScriptedPeer::listen();
    let running = start_at(&peer, &["-U", "t", "-E"]);
    let mut client = peer.accept();
    client.read_packet();
    client.send(&v3::connack(0));
    client.read_packet();
    client.send(&v3::unsuback(1));
    client.expect(&packet::DISCONNECT);
    client.close();
    running.wait().assert_code(0);
}

#[test]
fn does_not_wait_for_a_broker_that_never_closes() {
    let (running, mut client) = subscribed(&["-t", "t", "-E"]);
    client.expect(&packet::DISCONNECT);
    client.expect_end();
    running.wait().assert_code(0);
}

#[test]
fn a_reader_that_goes_away_ends_it_quietly_even_while_nothing_comes() {
    let peer = ScriptedPeer::listen();
    let port = peer.port().to_string();
    let mut command = subscriber().command(["-h", "127.0.0.1", "-p", &port, "-t", "t"]);
    let (reader, writer) = std::io::pipe().unwrap();
    let child = command.stdout(writer).stderr(Stdio::piped()).spawn().unwrap();
    drop(command);
    let mut client = peer.accept();
    client.read_packet();
    client.send(&v3::connack(0));
    client.read_packet();
    client.send(&v3::suback(1, &[0]));
    drop(reader);
    client.expect(&packet::DISCONNECT);
    client.close();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert!(output.stderr.is_empty(), "{output:?}");
}

#[test]
fn a_full_disk_is_an_error() {
    let peer = ScriptedPeer::listen();
    let port = peer.port().to_string();
    let mut command = subscriber().command(["-h", "127.0.0.1", "-p", &port, "-t", "t"]);
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let child = command.stdout(full).stderr(Stdio::piped()).spawn().unwrap();
    let mut client = peer.accept();
    client.read_packet();
    client.send(&v3::connack(0));
    client.read_packet();
    client.send(&v3::publish("t", b"lost", Delivery::AtLeastOnce(1)));
    // What was not written is not acknowledged.
    client.expect(&packet::DISCONNECT);
    client.close();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(stderr.starts_with("error: cannot write to stdout: No space left"), "{stderr}");
}

/// The tool with its stdout in a pipe that nobody reads yet.
fn with_full_pipe(arguments: &[&str]) -> (Child, PipeReader, Connection) {
    let peer = ScriptedPeer::listen();
    let port = peer.port().to_string();
    let arguments = [&["-h", "127.0.0.1", "-p", &port], arguments].concat();
    let (reader, writer) = std::io::pipe().unwrap();
    // Whoever shares the pipe may have done so; the tool must not depend on it.
    make_non_blocking(&writer);
    let mut command = subscriber().command(arguments);
    let child = command.stdout(writer).stderr(Stdio::piped()).spawn().unwrap();
    let mut client = peer.accept();
    client.read_packet();
    client.send(&v3::connack(0));
    client.read_packet();
    client.send(&v3::suback(1, &[1]));
    (child, reader, client)
}

#[test]
fn a_message_is_acknowledged_only_when_the_pipe_has_taken_it() {
    let (child, mut reader, mut client) =
        with_full_pipe(&["-t", "t", "-q", "1", "-C", "1", "-N", "-k", "5"]);
    // Twenty times what a pipe holds.
    let payload = vec![b'x'; 20 * 65_536];
    client.send(&v3::publish("t", &payload, Delivery::AtLeastOnce(1)));
    // Five seconds pass, and the pipe is still full: the connection is kept, nothing acknowledged.
    client.expect(&packet::PINGREQ);
    let mut printed = Vec::new();
    reader.read_to_end(&mut printed).unwrap();
    assert!(printed == payload);
    client.expect(&packet::puback(1));
    client.expect(&packet::DISCONNECT);
    client.close();
    assert_eq!(child.wait_with_output().unwrap().status.code(), Some(0));
}

#[test]
fn a_flood_into_a_full_pipe_stops_the_reading_not_the_pings() {
    let (mut child, reader, mut client) = with_full_pipe(&["-t", "t", "-k", "5"]);
    let block = v3::publish("t", &[b'x'; 10_000], Delivery::AtMostOnce).repeat(100);
    // What the tool and the sockets between will not take any more stays in this thread.
    let mut stream = client.clone_stream();
    let flood = std::thread::spawn(move || while stream.write_all(&block).is_ok() {});
    client.expect(&packet::PINGREQ);
    client.expect(&packet::PINGREQ);
    let memory = peak_memory(child.id());
    assert!(memory < 16 * 1024, "{memory} KiB");
    drop(reader);
    client.expect(&packet::DISCONNECT);
    client.close();
    flood.join().unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

/// The tool with a stderr that nobody reads, to which it has something to say: it has lost a connection.
fn with_stuck_stderr(arguments: &[&str]) -> (Child, PipeReader) {
    let peer = ScriptedPeer::listen();
    let port = peer.port().to_string();
    let arguments = [&["-h", "127.0.0.1", "-p", &port, "-t", "t"], arguments].concat();
    let (reader, writer) = full_pipe();
    let mut command = subscriber().command(arguments);
    let child = command.stdout(Stdio::null()).stderr(writer).spawn().unwrap();
    let mut client = peer.accept();
    client.read_packet();
    client.send(&v3::connack(0));
    client.read_packet();
    client.close();
    // It is said before it connects again.
    let _again = peer.accept();
    (child, reader)
}

#[test]
fn a_stderr_that_nobody_reads_does_not_keep_it_from_ending() {
    for arguments in [&[][..], &["-d"], &["--stats"]] {
        let (mut child, _reader) = with_stuck_stderr(arguments);
        let process = Pid::from_child(&child);
        let status = until("the tool to end", || {
            let _ = kill_process(process, Signal::TERM);
            child.try_wait().unwrap()
        });
        assert_eq!(status.code(), Some(143), "{arguments:?}");
    }
    let (mut child, _reader) = with_stuck_stderr(&["-W", "3"]);
    let status = until("the tool to end", || child.try_wait().unwrap());
    assert_eq!(status.code(), Some(27));
}

#[test]
fn a_flood_into_a_stderr_that_nobody_reads_does_not_keep_it_from_ending() {
    let peer = ScriptedPeer::listen();
    let port = peer.port().to_string();
    let arguments = ["-h", "127.0.0.1", "-p", &port, "-t", "t", "-d", "-W", "2"];
    let (_reader, writer) = std::io::pipe().unwrap();
    let mut command = subscriber().command(arguments);
    let mut child = command.stdout(Stdio::null()).stderr(writer).spawn().unwrap();
    drop(command);
    let mut client = peer.accept();
    client.read_packet();
    client.send(&v3::connack(0));
    client.read_packet();
    let block = v3::publish("t", b"x", Delivery::AtMostOnce).repeat(1000);
    let mut stream = client.clone_stream();
    let flood = std::thread::spawn(move || while stream.write_all(&block).is_ok() {});
    let status = until("the tool to end", || child.try_wait().unwrap());
    assert_eq!(status.code(), Some(27));
    flood.join().unwrap();
}

#[test]
fn what_was_done_stays_done_when_the_connection_breaks_at_the_end() {
    let (child, mut reader, mut client) = with_full_pipe(&["-t", "t", "-q", "1", "-C", "1"]);
    let payload = vec![b'x'; 20 * 65_536];
    client.send(&v3::publish("t", &payload, Delivery::AtLeastOnce(1)));
    let mut first = [0];
    reader.read_exact(&mut first).unwrap();
    client.reset();
    let mut rest = Vec::new();
    reader.read_to_end(&mut rest).unwrap();
    assert_eq!(rest.len(), payload.len(), "the message and its newline, once");
    assert_eq!(child.wait_with_output().unwrap().status.code(), Some(0));
}

#[test]
fn a_disk_that_is_full_when_the_connection_breaks_is_still_an_error() {
    for _ in 0..10 {
        let peer = ScriptedPeer::listen();
        let port = peer.port().to_string();
        let mut command = subscriber().command(["-h", "127.0.0.1", "-p", &port, "-t", "t"]);
        let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let child = command.stdout(full).stderr(Stdio::piped()).spawn().unwrap();
        let mut client = peer.accept();
        drop(peer);
        client.read_packet();
        client.send(&v3::connack(0));
        client.read_packet();
        client.send(&v3::publish("t", b"lost", Delivery::AtMostOnce));
        client.close();
        let process = Pid::from_child(&child);
        // Whether the write or the loss is seen first, the signal makes it end.
        let _ = kill_process(process, Signal::TERM);
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{output:?}");
    }
}

/// The tool at a broker that never releases the message of QoS 2 it has sent.
fn unreleased(arguments: &[&str]) -> (Running, Connection) {
    let peer = ScriptedPeer::listen();
    let running = start_at(&peer, &[&["-t", "t", "-q", "2"], arguments].concat());
    let mut client = peer.accept();
    client.read_packet();
    client.send(&v3::connack(0));
    client.read_packet();
    client.send(&v3::suback(1, &[2]));
    client.send(&v3::publish("t", b"seen", Delivery::ExactlyOnce(9)));
    client.expect(&packet::pubrec(9));
    (running, client)
}

#[test]
fn a_message_that_is_never_released_does_not_spoil_the_end() {
    let (running, mut client) = unreleased(&["-C", "1"]);
    client.expect(&packet::DISCONNECT);
    client.close();
    running.wait().assert_code(0);
    let (running, mut client) = unreleased(&["-W", "1"]);
    client.expect(&packet::DISCONNECT);
    client.close();
    let output = running.wait();
    output.assert_code(27);
    assert_eq!(output.stderr(), "error: timed out\n");
    let (running, mut client) = unreleased(&[]);
    running.signal(Signal::INT);
    client.expect(&packet::DISCONNECT);
    client.close();
    running.wait().assert_code(0);
}

#[test]
fn a_second_signal_does_not_wait_for_a_release() {
    let (running, mut client) = unreleased(&[]);
    running.signal(Signal::INT);
    running.signal(Signal::TERM);
    client.expect(&packet::DISCONNECT);
    client.close();
    running.wait().assert_code(0);
}

#[test]
fn the_time_limit_is_told_to_the_broker_although_nobody_reads() {
    let peer = ScriptedPeer::listen();
    let port = peer.port().to_string();
    let arguments = ["-h", "127.0.0.1", "-p", &port, "-V", "5", "-t", "t", "-W", "1"];
    let (mut reader, writer) = std::io::pipe().unwrap();
    let mut command = subscriber().command(arguments);
    let child = command.stdout(writer).stderr(Stdio::piped()).spawn().unwrap();
    drop(command);
    let mut client = peer.accept();
    client.read_packet();
    client.send(&v5::connack(0, &[]));
    client.read_packet();
    client.send(&v5::publish("t", &vec![b'x'; 500_000], Delivery::AtMostOnce, &[]));
    // Its first byte is there when all of it has been received; the rest does not fit.
    reader.read_exact(&mut [0]).unwrap();
    client.expect(&[0xe0, 0x01, 0x04]);
    client.close();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(27));
    assert_eq!(String::from_utf8_lossy(&output.stderr), "error: timed out\n");
}
