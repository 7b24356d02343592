use test_support::packet::{self, Delivery, hex, v5};
use test_support::scripted_peer::{Connection, ScriptedPeer};
use test_support::tool::{Running, Signal, peak_memory};

use super::{start_at, subscriber};

/// The words of an option list that is written down as one text.
fn words(text: &str) -> Vec<&str> {
    text.split(' ').filter(|word| !word.is_empty()).collect()
}

/// A client of MQTT 5 that has been let in, and its CONNECT.
fn connected(arguments: &str) -> (Running, Connection, String) {
    let peer = ScriptedPeer::listen();
    let running = start_at(&peer, &words(arguments));
    let mut client = peer.accept();
    let connect = hex(&client.read_packet());
    client.send(&v5::connack(0, &[]));
    (running, client, connect)
}

// Bytes of the original, captured (reference of its behaviour, §12.2), with another filter.
#[test]
fn subscribe_with_properties_is_the_originals_byte_for_byte() {
    let arguments = "-t b -t a -D subscribe subscription-identifier 300 \
                     -D subscribe user-property a b";
    let (_running, mut client, _) = connected(arguments);
    let bytes = "821500010a0bac02260001610001620001620000016100";
    assert_eq!(hex(&client.read_packet()), bytes);
}

#[test]
fn every_unsubscribe_has_its_properties() {
    let (_running, mut client, _) = connected("-U a -U b -D unsubscribe user-property k v");
    assert_eq!(hex(&client.read_packet()), "a20d0001072600016b000176000161");
    assert_eq!(hex(&client.read_packet()), "a20d0002072600016b000176000162");
}

#[test]
fn a_new_subscription_after_a_reconnect_has_them_too() {
    let peer = ScriptedPeer::listen();
    let _running = start_at(&peer, &words("-t a -D subscribe subscription-identifier 1"));
    for id in ["0001", "0002"] {
        let mut client = peer.accept();
        client.read_packet();
        client.send(&v5::connack(0, &[]));
        assert_eq!(hex(&client.read_packet()), format!("8209{id}020b0100016100"));
        client.close();
    }
}

#[test]
fn a_receive_maximum_that_was_given_beats_the_number_of_messages() {
    let (_running, _client, connect) = connected("-t a -C 3 -D connect receive-maximum 9");
    assert_eq!(connect, "101000044d5154540502003c032100090000");
}

const FAREWELL: &str = "-t a -D disconnect user-property k v";

#[test]
fn the_disconnect_of_an_end_in_success_has_its_properties() {
    let (running, mut client, _) = connected(&format!("{FAREWELL} -E"));
    client.read_packet();
    client.send(&v5::suback(1, &[0]));
    assert_eq!(hex(&client.read_packet()), "e00900072600016b000176");
    client.close();
    running.wait().assert_code(0);
}

#[test]
fn so_has_the_disconnect_of_a_signal() {
    let (running, mut client, _) = connected(FAREWELL);
    client.read_packet();
    running.signal(Signal::TERM);
    assert_eq!(hex(&client.read_packet()), "e00904072600016b000176");
    client.close();
    running.wait().assert_code(0);
}

#[test]
fn so_has_the_disconnect_of_the_time_limit() {
    let (running, mut client, _) = connected(&format!("{FAREWELL} -W 1"));
    client.read_packet();
    assert_eq!(hex(&client.read_packet()), "e00904072600016b000176");
    client.close();
    running.wait().assert_code(27);
}

#[test]
fn a_packet_that_is_larger_than_we_announced_is_not_taken() {
    let message = |length| v5::publish("a", &vec![b'x'; length], Delivery::AtMostOnce, &[]);
    let (running, mut client, connect) = connected("-t a -D connect maximum-packet-size 20");
    assert!(connect.contains("2700000014"), "{connect}");
    client.read_packet();
    let (largest, larger) = (message(14), message(15));
    assert_eq!(largest.len(), 20);
    client.send(&[v5::suback(1, &[0]), largest, larger].concat());
    running.wait_for_stdout("xxxxxxxxxxxxxx");
    let output = running.wait();
    output.assert_code(21);
}

#[test]
fn a_packet_that_is_larger_than_the_user_allows_is_not_taken() {
    let message = |length| v5::publish("a", &vec![b'x'; length], Delivery::AtMostOnce, &[]);
    let (running, mut client, _) = connected("-V 5 -t a --max-packet-size 18");
    client.read_packet();
    client.send(&[v5::suback(1, &[0]), message(14), message(15)].concat());
    running.wait_for_stdout("xxxxxxxxxxxxxx");
    running.wait().assert_code(21);
}

#[test]
fn the_brokers_topic_aliases_are_taken_up_to_what_we_announced() {
    let (running, mut client, _) = connected("-t a/b -v -C 2 -D connect topic-alias-maximum 2");
    client.read_packet();
    let with_topic = v5::publish("a/b", b"1", Delivery::AtMostOnce, &[0x23, 0, 2]);
    let without = v5::publish("", b"2", Delivery::AtMostOnce, &[0x23, 0, 2]);
    client.send(&[v5::suback(1, &[0]), with_topic, without].concat());
    let output = running.wait();
    output.assert_code(0);
    assert_eq!(output.stdout(), "a/b 1\na/b 2\n");
}

#[test]
fn a_topic_alias_keeps_nothing_but_its_topic_in_memory() {
    let (running, mut client, _) = connected("-t # -q 1 -N -D connect topic-alias-maximum 100");
    client.read_packet();
    client.send(&v5::suback(1, &[1]));
    let payload = vec![0; 1_000_000];
    for number in 1..=100 {
        let delivery = Delivery::AtLeastOnce(number);
        let alias = [&[0x23][..], &number.to_be_bytes()].concat();
        client.send(&v5::publish("t", &payload, delivery, &alias));
        client.expect(&packet::puback(number));
    }
    let memory = peak_memory(running.id());
    assert!(memory < 24 * 1024, "{memory} KiB");
}

// The original sends no SUBSCRIBE then, and waits for ever.
#[test]
fn properties_that_cannot_be_sent_are_refused_before_connecting() {
    for (arguments, message) in [
        (
            "-t a -D subscribe subscription-identifier 0",
            "subscription-identifier is a whole number from 1 to 268435455",
        ),
        (
            "-t a -D subscribe subscription-identifier 1 -D subscribe subscription-identifier 1",
            "invalid '--property subscribe': subscription-identifier may be given only once",
        ),
        (
            "-t a -D subscribe user-property k v -V 311",
            "'--property subscribe' and '--protocol-version' behind it exclude each other",
        ),
        (
            "-U a -D unsubscribe user-property k v -V 31",
            "'--property unsubscribe' and '--protocol-version' behind it exclude each other",
        ),
        (
            "-t a -D disconnect session-expiry-interval 5",
            "'--property disconnect session-expiry-interval' above 0 needs '--session-expiry'",
        ),
    ] {
        let output = subscriber().run(words(arguments));
        output.assert_code(1);
        assert!(output.stderr().contains(message), "{arguments}: {output:?}");
    }
}
