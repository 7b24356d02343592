use test_support::packet::{self, Delivery, v3};
use test_support::scripted_peer::ScriptedPeer;
use test_support::tool::{Running, Signal};

use super::{start_at, subscribed};

/// Waits for lines until so many messages are in them; they may be spread over seconds.
fn wait_for_count(running: &Running, count: u64) {
    let mut seen = 0;
    while seen < count {
        let line = running.wait_for_stdout("");
        seen += line.strip_suffix(" msgs/s").unwrap().parse::<u64>().unwrap();
    }
    assert_eq!(seen, count);
}

#[test]
fn the_messages_of_each_second_are_counted_and_not_shown() {
    let (running, mut client) =
        subscribed(&["-t", "t", "--message-rate", "-C", "1", "-v", "-T", "t", "--retained-only"]);
    client.send(&v3::publish("t", b"x", Delivery::AtMostOnce).repeat(1_000));
    wait_for_count(&running, 1_000);
    // Seconds without a message have a line as well.
    assert_eq!(running.wait_for_stdout(""), "0 msgs/s");
    running.signal(Signal::INT);
    client.expect(&packet::DISCONNECT);
    client.close();
    let output = running.wait();
    output.assert_code(0);
    let lines = output.stdout();
    assert!(lines.lines().all(|line| line.ends_with(" msgs/s")), "{lines}");
}

#[test]
fn a_last_line_counts_what_came_before_the_end() {
    for (options, signal, code) in [(&[][..], Some(Signal::TERM), 0), (&["-W", "1"], None, 27)] {
        let (running, mut client) =
            subscribed(&[&["-t", "t", "--message-rate", "-q", "1"], options].concat());
        client.send(&v3::publish("t", b"x", Delivery::AtLeastOnce(1)));
        client.expect(&packet::puback(1));
        if let Some(signal) = signal {
            running.signal(signal);
        }
        client.expect(&packet::DISCONNECT);
        client.close();
        let output = running.wait();
        output.assert_code(code);
        let lines = output.stdout().into_owned();
        let counts = lines.lines().map(|line| line.strip_suffix(" msgs/s").unwrap());
        assert_eq!(counts.map(|count| count.parse::<u64>().unwrap()).sum::<u64>(), 1, "{lines}");
    }
}

#[test]
fn a_refused_subscription_ends_it() {
    let peer = ScriptedPeer::listen();
    let running = start_at(&peer, &["-t", "t", "--message-rate"]);
    let mut client = peer.accept();
    client.read_packet();
    client.send(&v3::connack(0));
    client.read_packet();
    client.send(&v3::suback(1, &[0x80]));
    client.expect(&packet::DISCONNECT);
    client.close();
    running.wait().assert_code(128);
}

#[test]
fn a_refused_connection_ends_it() {
    let peer = ScriptedPeer::listen();
    let running = start_at(&peer, &["-t", "t", "--message-rate"]);
    let mut client = peer.accept();
    client.read_packet();
    client.send(&v3::connack(5));
    running.wait().assert_code(5);
}

#[test]
fn it_leaves_when_the_subscription_is_answered_if_asked_to() {
    let (running, mut client) = subscribed(&["-t", "t", "--message-rate", "-E"]);
    client.expect(&packet::DISCONNECT);
    client.close();
    let output = running.wait();
    output.assert_code(0);
    assert_eq!(output.stdout(), "");
}

/// The pauses between its attempts are the clock: behind two of them more than a second has passed.
#[test]
fn no_lines_are_made_up_while_the_connection_is_lost() {
    let peer = ScriptedPeer::listen();
    let running = start_at(&peer, &["-t", "t", "--message-rate"]);
    let mut client = peer.accept();
    client.read_packet();
    client.send(&v3::connack(0));
    client.read_packet();
    client.send(&v3::suback(1, &[0]));
    running.wait_for_stdout("0 msgs/s");
    client.close();
    running.wait_for_stderr("; connecting again");
    let lines = running.stdout();
    for _ in 0..3 {
        peer.accept().close();
    }
    assert_eq!(running.stdout(), lines);
}
