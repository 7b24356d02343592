use test_support::mosquitto::Mosquitto;
use test_support::packet::{self, Delivery, v3, v5};
use test_support::scripted_peer::{Connection, ScriptedPeer};
use test_support::tool::{Running, Signal, Tool, peak_memory};

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

/// The message that removes what is retained on a topic.
fn removal(id: u16, topic: &str) -> Vec<u8> {
    retained(topic, b"", Delivery::AtLeastOnce(id))
}

#[test]
fn removed_messages_are_shown_and_others_are_left_alone() {
    let (running, mut client) = subscribed(&["-t", "#", "-v", "-T", "no", "--remove-retained"]);
    client.send(&v3::publish("live", b"1", Delivery::AtMostOnce));
    client.send(&retained("no", b"2", Delivery::AtMostOnce));
    client.send(&retained("a", b"3", Delivery::AtMostOnce));
    client.expect(&removal(2, "a"));
    client.send(&packet::puback(2));
    // The broker tells us of the removal as well, perhaps with the flag it came with.
    client.send(&v3::publish("a", b"", Delivery::AtMostOnce));
    client.send(&retained("a", b"", Delivery::AtMostOnce));
    client.send(&retained("b", b"4", Delivery::AtMostOnce));
    client.expect(&removal(3, "b"));
    client.send(&packet::puback(3));
    running.signal(Signal::INT);
    assert_eq!(printed(running, client), "live 1\na 3\na (null)\na (null)\nb 4\n");
}

#[test]
fn the_count_waits_until_the_removals_are_acknowledged() {
    let (running, mut client) =
        subscribed(&["-t", "#", "-q", "1", "-M", "1", "--remove-retained", "-C", "2"]);
    client.send(&retained("a", b"1", Delivery::AtLeastOnce(1)));
    client.send(&retained("b", b"2", Delivery::AtLeastOnce(2)));
    // One too many: it is neither shown nor acknowledged, and stays with the broker.
    client.send(&v3::publish("c", b"3", Delivery::AtLeastOnce(3)));
    let mut sent = [client.read_packet(), client.read_packet(), client.read_packet()];
    sent.sort();
    assert_eq!(sent, [removal(2, "a"), packet::puback(1), packet::puback(2)]);
    client.send(&packet::puback(2));
    client.expect(&removal(3, "b"));
    client.send(&packet::puback(3));
    assert_eq!(printed(running, client), "1\n2\n");
}

#[test]
fn the_first_message_that_was_not_retained_waits_for_the_removals_too() {
    let (running, mut client) =
        subscribed(&["-t", "#", "-M", "1", "--remove-retained", "--retained-only"]);
    client.expect(&packet::PINGREQ);
    client.send(&retained("a", b"1", Delivery::AtMostOnce));
    client.send(&retained("b", b"2", Delivery::AtMostOnce));
    client.send(&v3::publish("c", b"live", Delivery::AtMostOnce));
    for (id, topic) in [(2, "a"), (3, "b")] {
        client.expect(&removal(id, topic));
        client.send(&packet::puback(id));
    }
    assert_eq!(printed(running, client), "1\n2\n");
}

#[test]
fn what_retained_only_removes_does_not_end_it() {
    let (running, mut client) = subscribed(&["-t", "#", "--retained-only", "--remove-retained"]);
    client.expect(&packet::PINGREQ);
    client.send(&retained("a", b"1", Delivery::AtMostOnce));
    client.expect(&removal(2, "a"));
    client.send(&v3::publish("a", b"", Delivery::AtMostOnce));
    client.send(&retained("b", b"2", Delivery::AtMostOnce));
    client.expect(&removal(3, "b"));
    client.send(&packet::PINGRESP);
    client.send(&packet::puback(2));
    client.send(&packet::puback(3));
    assert_eq!(printed(running, client), "1\n2\n");
}

#[test]
fn removals_that_a_connection_loses_are_sent_again() {
    let peer = ScriptedPeer::listen();
    let running = start_at(&peer, &["-t", "a", "--remove-retained", "-C", "1"]);
    let mut client = peer.accept();
    client.read_packet();
    client.send(&v3::connack(0));
    client.read_packet();
    client.send(&v3::suback(1, &[0]));
    client.send(&retained("a", b"1", Delivery::AtMostOnce));
    client.expect(&removal(2, "a"));
    client.close();
    let mut client = peer.accept();
    client.read_packet();
    client.send(&v3::connack(0));
    // All is shown: nothing is subscribed to any more.
    client.expect(&packet::flagged(removal(2, "a"), packet::DUP));
    client.send(&packet::puback(2));
    assert_eq!(printed(running, client), "1\n");
}

#[test]
fn a_refused_removal_is_told_and_gives_its_reason_as_status() {
    let peer = ScriptedPeer::listen();
    let running = start_at(&peer, &["-t", "#", "--remove-retained", "-C", "2", "-V", "5"]);
    let mut client = peer.accept();
    client.read_packet();
    client.send(&v5::connack(0, &[]));
    client.read_packet();
    client.send(&v5::suback(1, &[0]));
    for topic in ["a", "b"] {
        let message = v5::publish(topic, b"x", Delivery::AtMostOnce, &[]);
        client.send(&packet::flagged(message, packet::RETAIN));
    }
    for (id, reason) in [(2, 0x00), (3, 0x87)] {
        client.read_packet();
        client.send(&v5::puback(id, reason));
    }
    client.expect(&packet::DISCONNECT);
    client.close();
    let output = running.wait();
    output.assert_code(0x87);
    assert_eq!(
        output.stderr(),
        "warning: the broker refused to remove the retained message on 'b': Not authorized\n\
         error: the broker refused to remove 1 of 2 retained messages: Not authorized\n"
    );
}

#[test]
fn a_signal_does_not_wait_for_removals_but_counts_them() {
    let (running, mut client) = subscribed(&["-t", "#", "--remove-retained", "-M", "1"]);
    let messages = ["a", "b"].map(|topic| retained(topic, b"x", Delivery::AtMostOnce));
    client.send(&messages.concat());
    client.expect(&removal(2, "a"));
    running.signal(Signal::INT);
    client.expect(&packet::DISCONNECT);
    client.close();
    let output = running.wait();
    output.assert_code(0);
    assert_eq!(
        output.stderr(),
        "warning: the broker has not acknowledged the removal of 2 retained messages\n"
    );
}

#[test]
fn what_cannot_be_written_is_not_removed() {
    let peer = ScriptedPeer::listen();
    let port = peer.port().to_string();
    let mut command =
        subscriber().command(["-h", "127.0.0.1", "-p", &port, "-t", "t", "--remove-retained"]);
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let child = command.stdout(full).stderr(std::process::Stdio::piped()).spawn().unwrap();
    let mut client = peer.accept();
    client.read_packet();
    client.send(&v3::connack(0));
    client.read_packet();
    client.send(&retained("t", b"precious", Delivery::AtMostOnce));
    client.expect(&packet::DISCONNECT);
    client.close();
    assert_eq!(child.wait_with_output().unwrap().status.code(), Some(1));
}

#[test]
fn what_waits_to_be_removed_takes_no_more_memory_than_has_come() {
    let alias = b"\x23\0\x01";
    let retained = |topic: &str, delivery| {
        packet::flagged(v5::publish(topic, b"x", delivery, alias), packet::RETAIN)
    };
    let words = "-t # -V 5 -q 1 -M 1 --remove-retained -D connect topic-alias-maximum 1";
    let peer = ScriptedPeer::listen();
    let running = start_at(&peer, &words.split(' ').collect::<Vec<_>>());
    let mut client = peer.accept();
    client.read_packet();
    client.send(&v5::connack(0, &[]));
    client.read_packet();
    client.send(&v5::suback(1, &[1]));
    // Its topic comes once, and then a number in its place; nothing is ever removed.
    client.send(&retained(&"t".repeat(60_000), Delivery::AtMostOnce));
    client.send(&retained("", Delivery::AtMostOnce).repeat(5_000));
    client.send(&retained("", Delivery::AtLeastOnce(9)));
    // The one removal that is asked for, and the acknowledgement.
    let sent = [client.read_packet(), client.read_packet()];
    assert!(sent.contains(&packet::puback(9)));
    let memory = peak_memory(running.id());
    assert!(memory < 24 * 1024, "{memory} KiB");
    running.signal(Signal::INT);
    client.read_packet();
    client.close();
    let output = running.wait();
    // One that is asked for, and perhaps one for what has come since.
    let told = [1, 2].map(|count| format!("the removal of {count} retained messages"));
    assert!(told.iter().any(|told| output.stderr().contains(told)), "{output:?}");
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

#[test]
fn a_real_broker_has_nothing_left_afterwards() {
    for (version, qos, hidden) in
        [("mqttv311", "0", ""), ("mqttv311", "2", "-R"), ("mqttv5", "1", ""), ("mqttv5", "0", "-R")]
    {
        let broker = broker_with(50);
        let port = broker.port().to_string();
        let all = ["-h", "127.0.0.1", "-p", &port, "-V", version, "-q", qos, "-t", "#"];
        let show: &[&str] =
            if hidden.is_empty() { &["--retained-only"] } else { &["-R", "-C", "50"] };
        let output = subscriber().run([&all[..], &["--remove-retained"], show].concat());
        output.assert_code(0);
        // With -R, what is counted is the broker's word of each removal: an empty message.
        let shown = if hidden.is_empty() { 50 } else { 0 };
        assert_eq!(output.stdout().lines().count(), shown, "{version} {qos} {hidden}");
        let output = subscriber().run([&all[..], &["--retained-only"]].concat());
        output.assert_code(0);
        assert_eq!(output.stdout(), "", "{version} {qos} {hidden}");
    }
}
