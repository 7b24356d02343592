//! The `-d` lines (reference §5).

use test_support::packet::{self, DUP, RETAIN, v5};

use super::broker::{Reply, broker, message};
use super::case::Version::{V5, V31, V311};
use super::case::{Expected, compare, publisher, subscriber};
use super::decode::Kind;

#[test]
fn of_a_publisher() {
    let refused = broker().on(Kind::Publish, [Reply::Acknowledge(0x10)]);
    compare([
        publisher("-t a/b -m hello -i pubA -d"),
        publisher("-t a/b -m hello -i pubA -d -q 1 -r"),
        publisher("-t a/b -m hello -i pubA --debug -q 2"),
        publisher("-t a/b -m x -i pubA -d -q 1 --repeat 2"),
        publisher("-t a/b -l -i pubA -d").input("one\ntwo\n"),
        publisher("-t a/b -l -i pubA -d -q 1").input("one\n"),
        publisher("-t a/b -m x -i pubA -d -q 1").at(refused).only([V5]),
        publisher("-t a/b -m x -i pubA -d --quiet"),
        publisher("-t a/b -m x -d").only([V31]),
    ]);
}

#[test]
fn without_an_identifier_there_are_two_ways_to_say_so() {
    let row = "reference §13: 2.0.11 says (null) everywhere";
    compare([
        publisher("-t t -m x -d").only([V311, V5]).differs(
            Expected::Prints(&[
                "Client null sending CONNECT",
                "Client (null) received CONNACK (0)",
                "Client null sending PUBLISH (d0, q0, r0, m1, 't', ... (1 bytes))",
                "Client null sending DISCONNECT",
            ]),
            row,
        ),
        subscriber("-t t -E -d").only([V311, V5]).differs(
            Expected::Prints(&[
                "Client null sending CONNECT",
                "Client (null) received CONNACK (0)",
                "Client null sending SUBSCRIBE (Mid: 1, Topic: t, QoS: 0, Options: 0x00)",
                "Client null received SUBACK",
                "Subscribed (mid: 1): 0",
                "Client null sending DISCONNECT",
            ]),
            row,
        ),
    ]);
}

#[test]
fn an_identifier_from_the_broker_is_named_from_connack_on() {
    let assigned = [&[0x12][..], &packet::text("auto-7")].concat();
    compare([publisher("-t t -m x -d").at(broker().connack_with(&assigned)).only([V5]).differs(
        Expected::Prints(&[
            "Client null sending CONNECT",
            "Client auto-7 received CONNACK (0)",
            "Client auto-7 sending PUBLISH (d0, q0, r0, m1, 't', ... (1 bytes))",
            "Client auto-7 sending DISCONNECT",
        ]),
        "reference §13: 2.0.11 says (null)",
    )]);
}

#[test]
fn of_a_subscriber() {
    let unsubscribing = broker()
        .on(Kind::Subscribe, [])
        .on(Kind::Unsubscribe, [Reply::Suback(1, vec![2, 128]), Reply::Usual])
        .on(Kind::Unsubscribe, [Reply::Usual, Reply::Message(message("a/b", "hello"))]);
    let retained = broker()
        .with(message("a/b", "").flagged(RETAIN))
        .with(message("a/b", "x").flagged(RETAIN | DUP));
    compare([
        subscriber("-i subA -t a/# -t b/+ -U c/d -U c/e -d -v -q 2 -C 1").at(unsubscribing),
        subscriber("-i subA -t a/# -d -v -C 2").at(retained.clone()),
        subscriber("-i subA -t a/# -d -C 2 --quiet").at(retained),
        subscriber("-i subA -t a/# -d -R -E"),
        subscriber("-t a/# -d -E").only([V31]),
    ]);
}

#[test]
fn a_message_is_printed_and_then_acknowledged() {
    let row = "docs/differences.md: `-d`: order of a received message and its acknowledgement";
    compare([subscriber("-i s -t a -d -v -q 1 -C 1")
        .at(broker().with(message("a", "x").at_least_once(7)))
        .only([V31, V311, V5])
        .differs(
            Expected::Prints(&[
                "Client s sending CONNECT",
                "Client s received CONNACK (0)",
                "Client s sending SUBSCRIBE (Mid: 1, Topic: a, QoS: 1, Options: 0x00)",
                "Client s received SUBACK",
                "Subscribed (mid: 1): 1",
                "Client s received PUBLISH (d0, q1, r0, m7, 'a', ... (1 bytes))",
                "a x",
                "Client s sending PUBACK (m7, rc0)",
                "Client s sending DISCONNECT",
            ]),
            row,
        )]);
}

#[test]
fn of_refusals_pings_and_goodbyes() {
    let row = "docs/differences.md: sub: connection refused by CONNACK";
    let refused_5 = broker().connack(135);
    let goodbye = broker().on(Kind::Publish, [Reply::Bytes(v5::disconnect(0x8b))]);
    let pinged = broker()
        .connack_with(&[0x13, 0, 2])
        .on(Kind::Pingreq, [Reply::Usual, Reply::Message(message("a", "x"))]);
    compare([
        publisher("-t a -m x -i cid -d").at(broker().connack(5)).only([V31, V311]),
        subscriber("-t a -i cid -d").at(broker().connack(5)).only([V31, V311]).differs(
            Expected::Prints(&["Client cid sending CONNECT", "Client cid received CONNACK (5)"]),
            row,
        ),
        publisher("-t a -m x -i cid -d").at(refused_5.clone()).only([V5]),
        subscriber("-t a -i cid -d").at(refused_5).only([V5]).differs(
            Expected::Prints(&["Client cid sending CONNECT", "Client cid received CONNACK (135)"]),
            row,
        ),
        publisher("-t a -m x -i cid -d -q 1").at(goodbye).only([V5]),
        subscriber("-t a -i cid -d -C 1").at(pinged).only([V5]),
    ]);
}

const CONNECT: &str = "CONNECT 'MQTT' 4 flags=00000010 keep_alive=60 id='s'";

#[test]
fn of_what_a_broker_must_not_send() {
    let row = "reference §5.2, §7.5: 2.0.11 does not look";
    let connack = |flags| {
        let bytes = [Reply::Bytes(vec![0x20, 2, flags, 0]), Reply::Close];
        broker().on(Kind::Connect, bytes).then().connack(5)
    };
    let after_subscribe = |bytes: &[u8]| {
        let replies = [Reply::Usual, Reply::Bytes(bytes.to_vec()), Reply::Close];
        broker().on(Kind::Subscribe, replies).then().connack(5)
    };
    let unknown = broker().on(Kind::Subscribe, [Reply::Usual, Reply::Bytes(packet::pubrec(9))]);
    let unknown = unknown.on(Kind::Pubrel, [Reply::Message(message("a", "x"))]);
    compare([
        subscriber("-t a -i s -d").at(after_subscribe(&[0, 0])).only([V311]),
        subscriber("-t a -i s -d -C 1").at(unknown).only([V311]),
        subscriber("-t a -i s -d")
            .at(after_subscribe(&[0x20, 2, 0, 0]))
            .only([V311])
            .differs(Expected::Status(2), row)
            .differs(Expected::Connects(&[CONNECT]), row)
            .differs(
                Expected::Prints(&[
                    "Client s sending CONNECT",
                    "Client s received CONNACK (0)",
                    "Client s sending SUBSCRIBE (Mid: 1, Topic: a, QoS: 0, Options: 0x00)",
                    "Client s received SUBACK",
                    "Subscribed (mid: 1): 0",
                    "Client s received duplicate CONNACK",
                ]),
                row,
            ),
        publisher("-t a -m x -i s -d")
            .at(connack(2))
            .only([V311])
            .differs(Expected::Status(2), row)
            .differs(
                Expected::Prints(&[
                    "Client s sending CONNECT",
                    "Client s received CONNACK with invalid connect flags (2)",
                ]),
                row,
            ),
    ]);
}
