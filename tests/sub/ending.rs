use test_support::packet::{self, Delivery, v3, v5};
use test_support::scripted_peer::ScriptedPeer;
use test_support::tool::Signal;

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
    let child = command.stdout(writer).stderr(std::process::Stdio::piped()).spawn().unwrap();
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
    let child = command.stdout(full).stderr(std::process::Stdio::piped()).spawn().unwrap();
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
