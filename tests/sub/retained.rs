use test_support::mosquitto::Mosquitto;
use test_support::packet::{self, Delivery, v3};
use test_support::scripted_peer::{Connection, ScriptedPeer};
use test_support::tool::{Running, Tool};

use super::{start_at, subscribed, subscriber};

/// A message that the broker had retained.
fn retained(topic: &str, payload: &[u8], delivery: Delivery) -> Vec<u8> {
    packet::flagged(v3::publish(topic, payload, delivery), packet::RETAIN)
}

/// What is printed until the tool has left with status 0.
#[track_caller]
fn printed(running: Running, mut client: Connection) -> String {
    client.expect(&packet::DISCONNECT);
    client.close();
    let output = running.wait();
    output.assert_code(0);
    output.stdout().into_owned()
}

#[test]
fn retained_only_ends_on_an_empty_tree() {
    let (running, mut client) = subscribed(&["-t", "t", "--retained-only"]);
    client.expect(&packet::PINGREQ);
    client.send(&packet::PINGRESP);
    assert_eq!(printed(running, client), "");
}

#[test]
fn retained_only_shows_what_comes_before_the_answer_to_its_ping() {
    let (running, mut client) = subscribed(&["-t", "#", "-v", "--retained-only", "-T", "b"]);
    client.expect(&packet::PINGREQ);
    for topic in ["a", "b", "c"] {
        client.send(&retained(topic, b"x", Delivery::AtMostOnce));
    }
    client.send(&packet::PINGRESP);
    assert_eq!(printed(running, client), "a x\nc x\n");
}

#[test]
fn the_first_message_that_was_not_retained_ends_retained_only() {
    let (running, mut client) = subscribed(&["-t", "t", "--retained-only"]);
    client.send(&retained("t", b"old", Delivery::AtMostOnce));
    client.expect(&packet::PINGREQ);
    client.send(&v3::publish("t", b"live", Delivery::AtMostOnce));
    assert_eq!(printed(running, client), "old\n");
}

#[test]
fn retained_only_ends_with_the_count_if_that_is_reached_first() {
    let (running, mut client) = subscribed(&["-t", "t", "--retained-only", "-C", "1"]);
    client.expect(&packet::PINGREQ);
    client.send(&retained("t", b"one", Delivery::AtMostOnce).repeat(2));
    assert_eq!(printed(running, client), "one\n");
}

#[test]
fn messages_that_wait_for_acknowledgements_are_waited_for() {
    let (running, mut client) = subscribed(&["-t", "#", "-q", "2", "--retained-only"]);
    client.expect(&packet::PINGREQ);
    // More than the window holds: the answer to the ping overtakes what is left.
    client.send(&retained("a", b"1", Delivery::AtLeastOnce(1)));
    client.send(&retained("b", b"2", Delivery::ExactlyOnce(2)));
    client.send(&packet::PINGRESP);
    client.expect(&packet::puback(1));
    client.expect(&packet::pubrec(2));
    client.send(&retained("c", b"3", Delivery::AtLeastOnce(3)));
    client.expect(&packet::puback(3));
    client.send(&packet::pubrel(2));
    client.expect(&packet::pubcomp(2));
    client.expect(&packet::PINGREQ);
    client.send(&retained("d", b"4", Delivery::AtLeastOnce(4)));
    client.send(&packet::PINGRESP);
    client.expect(&packet::puback(4));
    client.expect(&packet::PINGREQ);
    client.send(&packet::PINGRESP);
    assert_eq!(printed(running, client), "1\n2\n3\n4\n");
}

#[test]
fn retained_only_asks_again_on_a_new_connection() {
    for (connack, suback) in [
        (v3::connack(0), Some(v3::suback(2, &[0]))),
        // The broker kept the subscription: there is no SUBACK to wait for.
        (v3::connack_session_present(), None),
    ] {
        let peer = ScriptedPeer::listen();
        let running = start_at(&peer, &["-t", "t", "--retained-only", "-c", "-i", "me"]);
        let mut client = peer.accept();
        client.read_packet();
        client.send(&v3::connack(0));
        client.expect(&v3::subscribe(1, "t", 0));
        client.send(&v3::suback(1, &[0]));
        client.expect(&packet::PINGREQ);
        client.close();
        let mut client = peer.accept();
        client.read_packet();
        client.send(&connack);
        if let Some(suback) = suback {
            client.expect(&v3::subscribe(2, "t", 0));
            client.send(&suback);
        }
        client.expect(&packet::PINGREQ);
        client.send(&retained("t", b"kept", Delivery::AtMostOnce));
        client.send(&packet::PINGRESP);
        assert_eq!(printed(running, client), "kept\n");
    }
}

/// A broker with so many retained messages, `0` to `n-1` on topics of these names.
fn broker_with(count: usize) -> Mosquitto {
    let broker = Mosquitto::builder().start();
    let port = broker.port().to_string();
    let publisher = Tool::at("/usr/bin/mosquitto_pub");
    for number in 0..count {
        let number = number.to_string();
        publisher.run(["-p", &port, "-t", &number, "-m", &number, "-r", "-q", "2"]).assert_code(0);
    }
    broker
}

#[test]
fn a_real_broker_gives_all_it_has_and_the_tool_leaves() {
    // Twice and a half its window of unacknowledged messages.
    let broker = broker_with(50);
    let port = broker.port().to_string();
    for version in ["mqttv31", "mqttv311", "mqttv5"] {
        for qos in ["0", "1", "2"] {
            let connection = ["-h", "127.0.0.1", "-p", &port, "-V", version, "-q", qos];
            let options = ["-t", "#", "--retained-only"];
            let output = subscriber().run([&connection[..], &options].concat());
            output.assert_code(0);
            assert_eq!(output.stdout().lines().count(), 50, "{version} {qos}");
        }
        let nothing = ["-h", "127.0.0.1", "-p", &port, "-V", version, "-t", "none"];
        let output = subscriber().run([&nothing[..], &["--retained-only"]].concat());
        output.assert_code(0);
        assert_eq!(output.stdout(), "");
    }
}
