//! The `-d` lines (reference §5).

use test_support::packet::{self, DUP, RETAIN, v5};

use super::broker::{Reply, broker, message};
use super::case::Version::{V5, V31, V311};
use super::case::{Expected, compare, publisher, showing, subscriber};
use super::decode::Kind;

#[test]
fn of_a_publisher() {
    let refused = broker().on(Kind::Publish, [Reply::Acknowledge(0x10)]);
    let aliases = broker().connack_with(&[0x22, 0, 1]);
    showing(["§1.2 -d", "§5.1 -d on stdout", "§5.3 pub at QoS 0, 1, 2"]).compare([
        publisher("-t a/b -m hello -i pubA -d")
            .shows("§5.2 CONNECT")
            .shows("§5.2 CONNACK")
            .shows("§5.2 PUBLISH out")
            .shows("§5.2 DISCONNECT out"),
        publisher("-t a/b -m hello -i pubA -d -q 1 -r").shows("§5.2 PUBACK in"),
        publisher("-t a/b -m hello -i pubA --debug -q 2")
            .shows("§5.2 PUBREC in")
            .shows("§5.2 PUBREL out")
            .shows("§5.2 PUBCOMP in"),
        publisher("-t a/b -m x -i pubA -d -q 1 --repeat 2"),
        publisher("-t a/b -l -i pubA -d").input("one\ntwo\n").shows("§5.2 PUBLISH out"),
        publisher("-t a/b -l -i pubA -d -q 1").input("one\n"),
        publisher("-t a/b -m x -i pubA -d -q 1")
            .at(refused)
            .only([V5])
            .shows("§5.2 PUBACK in, reason code"),
        publisher("-t a -m x -i p -d --repeat 2 -D publish topic-alias 1")
            .at(aliases)
            .only([V5])
            .shows("§5.2 PUBLISH out, alias only"),
        publisher("-t a/b -m x -i pubA -d --quiet").shows("§1.2 --quiet"),
        publisher("-t a/b -m x -d").only([V31]).shows("§5.3 pub without id"),
    ]);
}

#[test]
fn long_lines_are_whole() {
    let row = "docs/differences.md: `-d`: long lines";
    let topic = "t".repeat(600);
    let line = format!("Client p sending PUBLISH (d0, q0, r0, m1, '{topic}', ... (1 bytes))");
    let lines = vec![
        "Client p sending CONNECT",
        "Client p received CONNACK (0)",
        &*line.leak(),
        "Client p sending DISCONNECT",
    ];
    showing(["§5.1 long lines are cut"])
        .compare([publisher(&format!("-t {topic} -m x -i p -d"))
            .differs(Expected::Prints(lines.leak()), row)]);
}

#[test]
fn without_an_identifier_there_are_two_ways_to_say_so() {
    let row = "reference §13: 2.0.11 says (null) everywhere";
    showing(["§5.3 pub without id", "§5.2 CONNACK"]).compare([
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
    showing(["§5.2 CONNACK"]).compare([publisher("-t t -m x -d")
        .at(broker().connack_with(&assigned))
        .only([V5])
        .differs(
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
    showing(["§1.2 -d", "§5.1 -d on stdout"]).compare([
        subscriber("-i subA -t a/# -t b/+ -U c/d -U c/e -d -v -q 2 -C 1")
            .at(unsubscribing)
            .shows("§5.3 sub with -U")
            .shows("§5.2 SUBSCRIBE out")
            .shows("§5.2 SUBACK in")
            .shows("§5.2 UNSUBSCRIBE out")
            .shows("§5.2 UNSUBACK in"),
        subscriber("-i subA -t a/# -d -v -C 2")
            .at(retained.clone())
            .shows("§5.2 PUBLISH in")
            .shows("§5.3 sub at QoS 1 and 0"),
        subscriber("-i subA -t a/# -d -C 2 --quiet")
            .at(retained)
            .shows("§1.2 --quiet hides the Subscribed line only"),
        subscriber("-i subA -t a/# -d -R -E").shows("§5.2 SUBSCRIBE out, options"),
        subscriber("-t a/# -d -E").only([V31]),
    ]);
}

#[test]
fn a_message_is_printed_and_then_acknowledged() {
    let row = "docs/differences.md: `-d`: order of a received message and its acknowledgement";
    showing(["§5.3 sub at QoS 1 and 0", "§5.2 PUBACK out"]).compare([subscriber(
        "-i s -t a -d -v -q 1 -C 1",
    )
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
    let answered = [Reply::Usual, Reply::Message(message("a", "x"))];
    let pinged_at_5 = broker().on(Kind::Pingreq, answered);
    let pinged = broker()
        .connack_with(&[0x13, 0, 2])
        .on(Kind::Pingreq, [Reply::Usual, Reply::Message(message("a", "x"))]);
    showing(["§5.2 CONNACK refused", "§5.3 bad credentials"]).compare([
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
    ]);
    let closed = broker().on(Kind::Subscribe, [Reply::Close]).then().with(message("a", "x"));
    compare([
        publisher("-t a -m x -i cid -d -q 1").at(goodbye).only([V5]).shows("§5.2 DISCONNECT in"),
        subscriber("-t a -i cid -d -C 1").at(pinged).only([V5]).shows("§5.2 PINGREQ, PINGRESP"),
        subscriber("-t a -i cid -d -C 1 -k 5")
            .at(pinged_at_5)
            .only([V31, V311])
            .shows("§5.2 PINGREQ, PINGRESP"),
        subscriber("-t a -i cid -d -C 1")
            .at(closed)
            .shows("§5.2 no line for reconnects and losses"),
    ]);
    let forbidden = broker().on(Kind::Publish, [Reply::Acknowledge(135)]);
    let refused = "docs/differences.md: pub: MQTT 5 broker refuses a message";
    showing(["§5.3 publish refused", "§5.1 errors on stderr"]).compare([publisher(
        "-t ro/x -m x -i c -d -q 1",
    )
    .at(forbidden)
    .only([V5])
    .differs(Expected::Status(135), refused)]);
    showing(["§5.1 errors on stderr", "§1.2 --quiet"]).compare([
        publisher("-t a -m x --quiet -q 1").at(broker().on(Kind::Publish, [Reply::Close])),
        subscriber("-t a --quiet -W 2"),
    ]);
}
