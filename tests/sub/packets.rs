use test_support::packet::{hex, v3, v5};
use test_support::scripted_peer::ScriptedPeer;

use super::start_at;

/// CONNECT and the `count` packets that follow CONNACK.
fn packets(arguments: &[&str], connack: &[u8], count: usize) -> Vec<String> {
    let peer = ScriptedPeer::listen();
    let _running = start_at(&peer, arguments);
    let mut client = peer.accept();
    let connect = hex(&client.read_packet());
    client.send(connack);
    let rest = (0..count).map(|_| hex(&client.read_packet()));
    std::iter::once(connect).chain(rest.collect::<Vec<_>>()).collect()
}

// Bytes of the original, captured (reference of its behaviour, §12).
#[test]
fn subscribe_and_unsubscribe_are_the_originals_byte_for_byte() {
    let sent = packets(&["-t", "x", "-U", "c"], &v3::connack(0), 2);
    assert_eq!(sent[1..], ["82060001000178".to_owned() + "00", "a205000200".to_owned() + "0163"]);
    let sent = packets(&["-t", "x", "-U", "c", "-V", "5"], &v5::connack(0, &[]), 2);
    assert_eq!(
        sent[1..],
        ["8207000100000178".to_owned() + "00", "a206000200".to_owned() + "000163"]
    );
}

#[test]
fn all_filters_go_in_one_packet_in_order_with_duplicates() {
    let sent = packets(&["-t", "b", "-t", "a", "-t", "b", "-q", "1"], &v3::connack(0), 1);
    assert_eq!(sent[1], "820e0001000162010001610100016201");
}

#[test]
fn without_retained_messages_mqtt_5_says_so_to_the_broker() {
    let sent = packets(&["-t", "x", "-R", "-V", "5"], &v5::connack(0, &[]), 1);
    assert_eq!(sent[1], "820700010000017820");
}

#[test]
fn what_the_broker_does_with_retained_messages_stands_in_the_subscription() {
    let options = ["-t", "x", "--retain-as-published", "--retain-handling", "new"];
    let sent = packets(&[&options[..], &["-V", "5"]].concat(), &v5::connack(0, &[]), 1);
    assert_eq!(sent[1], "820700010000017818");
    let sent = packets(&options, &v3::connack(0), 1);
    assert_eq!(sent[1], "8206000100017800");
}

#[test]
fn a_subscription_that_the_original_never_sends_is_sent() {
    let options = ["-t", "x", "--retain-handling", "new", "-R", "-V", "5"];
    let sent = packets(&options, &v5::connack(0, &[]), 1);
    assert_eq!(sent[1], "820700010000017820");
}

#[test]
fn who_wants_few_messages_announces_a_small_receive_maximum() {
    let connect = |arguments: &[&str]| packets(arguments, &v5::connack(0, &[]), 0)[0].clone();
    assert_eq!(connect(&["-t", "x", "-V", "5"]), "101000044d5154540502003c032100140000");
    assert_eq!(connect(&["-t", "x", "-V", "5", "-C", "3"]), "101000044d5154540502003c032100030000");
    assert_eq!(
        connect(&["-t", "x", "-V", "5", "-C", "30"]),
        "101000044d5154540502003c032100140000"
    );
}

#[test]
fn a_broker_that_kept_the_session_is_not_asked_again_and_one_that_did_not_is() {
    let peer = ScriptedPeer::listen();
    let running = start_at(&peer, &["-t", "x", "-i", "me", "-c"]);
    let subscribe = v3::subscribe(1, "x", 0);
    let mut client = peer.accept();
    client.read_packet();
    client.send(&v3::connack_session_present());
    client.expect(&subscribe);
    client.send(&v3::suback(1, &[0]));
    client.close();
    let mut client = peer.accept();
    client.read_packet();
    client.send(&v3::connack_session_present());
    client.send(&v3::publish("x", b"still subscribed", test_support::packet::Delivery::AtMostOnce));
    running.wait_for_stdout("still subscribed");
    client.close();
    let mut client = peer.accept();
    client.read_packet();
    client.send(&v3::connack(0));
    client.expect(&v3::subscribe(2, "x", 0));
}

#[test]
fn a_subscription_that_was_never_answered_is_asked_for_again() {
    let peer = ScriptedPeer::listen();
    let _running = start_at(&peer, &["-t", "x", "-i", "me", "-c"]);
    let mut client = peer.accept();
    client.read_packet();
    client.send(&v3::connack(0));
    client.expect(&v3::subscribe(1, "x", 0));
    client.close();
    let mut client = peer.accept();
    client.read_packet();
    client.send(&v3::connack_session_present());
    client.expect(&v3::subscribe(2, "x", 0));
}
