//! What a broker must not send, and what comes of it (reference §5.2, §7.4, §12.2).

use test_support::packet::{self, Delivery, v3, v5};

use super::broker::{Broker, Reply, broker, message};
use super::case::Version::{V5, V31, V311};
use super::case::{Case, Expected, publisher, showing, subscriber};
use super::decode::Kind;

/// A broker that sends this behind SUBACK, and does not want to see the client again.
fn sending(bytes: &[u8]) -> Broker {
    let replies = [Reply::Usual, Reply::Bytes(bytes.to_vec()), Reply::Close];
    broker().on(Kind::Subscribe, replies).then().connack(5)
}

/// A broker that answers CONNECT so, and does not want to see the client again.
fn answering(bytes: &[u8]) -> Broker {
    broker().on(Kind::Connect, [Reply::Bytes(bytes.to_vec()), Reply::Close]).then().connack(5)
}

/// One subscriber at such a broker.
fn at(bytes: &[u8]) -> Case {
    subscriber("-t a -i s -d").at(sending(bytes))
}

const SUBSCRIBED: [&str; 5] = [
    "Client s sending CONNECT",
    "Client s received CONNACK (0)",
    "Client s sending SUBSCRIBE (Mid: 1, Topic: a, QoS: 0, Options: 0x00)",
    "Client s received SUBACK",
    "Subscribed (mid: 1): 0",
];

/// These lines behind those of a subscription.
fn printed(lines: &[&'static str]) -> Expected {
    Expected::Prints([&SUBSCRIBED, lines].concat().leak())
}

const CONNECT_31: Expected =
    Expected::Connects(&["CONNECT 'MQIsdp' 3 flags=00000010 keep_alive=60 id='s'"]);
const CONNECT_311: Expected =
    Expected::Connects(&["CONNECT 'MQTT' 4 flags=00000010 keep_alive=60 id='s'"]);
const CONNECT_5: Expected = Expected::Connects(&[
    "CONNECT 'MQTT' 5 flags=00000010 keep_alive=60 [receive-maximum=20] id='s'",
]);
const SUBSCRIBE: &str = "SUBSCRIBE m1 'a' options=00";
const SAYS_SO: Expected = Expected::Sends(&[SUBSCRIBE, "DISCONNECT rc130"]);
const REASON: &str = "reference §5.2, §7.4: 2.1.2 looks, and in MQTT 5 says so with DISCONNECT";

#[test]
fn a_packet_that_only_a_client_sends() {
    let says_so = |case: Case, line: &'static str| {
        case.only([V5])
            .differs(SAYS_SO, REASON)
            .differs(printed(&[line, "", "Client s sending DISCONNECT"]), REASON)
    };
    showing(["§7.4 protocol error: packet type 0", "§5.2 packet type 0", "§7.5 protocol error"])
        .compare([
            at(&[0, 0]).only([V31, V311]),
            says_so(at(&[0, 0]), "Error: Unrecognised command 0"),
        ]);
    showing(["§7.5 protocol error", "§12.2 DISCONNECT on errors"]).compare([
        at(&[0x10, 0]).only([V31, V311]),
        at(&[0x82, 0]).only([V31, V311]),
        at(&[0xa2, 0]).only([V31, V311]),
        says_so(at(&[0x82, 0]), "Error: Unrecognised command 128"),
    ]);
}

#[test]
fn a_second_connack() {
    const LINE: &str = "Client s received duplicate CONNACK";
    let refused = |bytes: &[u8]| {
        let case = at(bytes).without_original("2.0.11 does not look");
        case.differs(Expected::Status(2), REASON)
    };
    showing(["§7.4 protocol error: unexpected CONNACK", "§5.2 second CONNACK"]).compare([
        refused(&v3::connack(0))
            .only([V31, V311])
            .differs(Expected::Sends(&[SUBSCRIBE]), REASON)
            .differs(printed(&[LINE]), REASON),
        refused(&v5::connack(0, &[]))
            .only([V5])
            .differs(CONNECT_5, REASON)
            .differs(SAYS_SO, REASON)
            .differs(printed(&[LINE, "Client s sending DISCONNECT"]), REASON),
    ]);
}

#[test]
fn a_ping_and_an_auth() {
    let refused = |bytes: &[u8], status| at(bytes).differs(Expected::Status(status), REASON);
    showing(["§7.4 protocol error: PINGREQ to a client", "§7.5 protocol error"]).compare([
        refused(&packet::PINGREQ, 2)
            .only([V31])
            .differs(Expected::Sends(&[SUBSCRIBE]), REASON)
            .differs(CONNECT_31, REASON)
            .differs(printed(&[]), REASON),
        refused(&packet::PINGREQ, 2)
            .only([V311])
            .differs(Expected::Sends(&[SUBSCRIBE]), REASON)
            .differs(CONNECT_311, REASON)
            .differs(printed(&[]), REASON),
        refused(&packet::PINGREQ, 2)
            .only([V5])
            .differs(CONNECT_5, REASON)
            .differs(SAYS_SO, REASON)
            .differs(printed(&["Client s sending DISCONNECT"]), REASON),
    ]);
    showing(["§7.4 AUTH", "§5.2 AUTH in"]).compare([refused(&[0xf0, 2, 0x18, 0], 11)
        .only([V5])
        .differs(CONNECT_5, REASON)
        .differs(SAYS_SO, REASON)
        .differs(printed(&["Client s received AUTH", "Client s sending DISCONNECT"]), REASON)]);
}

#[test]
fn a_disconnect() {
    showing(["§7.4 protocol error: DISCONNECT to a client"])
        .compare([at(&packet::DISCONNECT).only([V31, V311])]);
    let again = |bytes: Vec<u8>| {
        let first = broker().on(Kind::Subscribe, [Reply::Usual, Reply::Bytes(bytes), Reply::Close]);
        subscriber("-t a -C 1").at(first.then().with(message("a", "x"))).only([V5])
    };
    let reason = "reference §7.4: 2.1.2 connects again, 2.0.11 leaves";
    let came_again = |case: Case| {
        case.differs(
            Expected::Connects(&[
                "CONNECT 'MQTT' 5 flags=00000010 keep_alive=60 [receive-maximum=1] id=''",
                "2: CONNECT 'MQTT' 5 flags=00000010 keep_alive=60 [receive-maximum=1] id=''",
            ]),
            reason,
        )
        .differs(
            Expected::Sends(&[SUBSCRIBE, "2: SUBSCRIBE m2 'a' options=00", "2: DISCONNECT"]),
            reason,
        )
        .differs(Expected::Prints(&["x"]), reason)
    };
    showing(["§7.4 DISCONNECT from the broker"]).compare([
        came_again(again(packet::DISCONNECT.to_vec()))
            .differs(Expected::Status(0), reason)
            .shows("§7.4 E0 00"),
        came_again(again(v5::disconnect(0x8b))),
    ]);
    let row = "docs/differences.md: DISCONNECT of MQTT 5 with a reason that would come again (session taken over, quota exceeded, …)";
    showing(["§7.4 session taken over"]).compare([subscriber("-t a -i s")
        .at(sending(&v5::disconnect(0x8e)))
        .only([V5])
        .differs(Expected::Status(4), row)]);
}

#[test]
fn a_connack_that_cannot_be() {
    let refused = |bytes: &[u8], lines: &[&'static str], version| {
        let lines = [&["Client s sending CONNECT"], lines].concat();
        publisher("-t a -m x -i s -d")
            .at(answering(bytes))
            .only([version])
            .without_original("2.0.11 does not look")
            .differs(Expected::Status(2), REASON)
            .differs(Expected::Sends(&[]), REASON)
            .differs(Expected::Prints(lines.leak()), REASON)
    };
    let flags = &["Client s received CONNACK with invalid connect flags (2)"];
    let session = &[
        "Client s received CONNACK (0)",
        "Client s received CONNACK with session present when clean start was set",
    ];
    showing(["§5.2 CONNACK flags wrong"])
        .compare([refused(&[0x20, 2, 2, 0], flags, V311), refused(&[0x20, 3, 2, 0, 0], flags, V5)]);
    showing(["§5.2 session present on clean start"]).compare([
        refused(&v3::connack_session_present(), session, V311),
        refused(&[0x20, 3, 1, 0, 0], session, V5),
    ]);
}

#[test]
fn a_pubrec_for_nothing() {
    let unknown = broker().on(Kind::Subscribe, [Reply::Usual, Reply::Bytes(packet::pubrec(9))]);
    let unknown = unknown.on(Kind::Pubrel, [Reply::Message(message("a", "x"))]);
    showing(["§5.2 PUBREC for unknown id"]).compare([subscriber("-t a -i s -d -C 1").at(unknown)]);
}

#[test]
fn answers_with_a_reason_code_that_is_not_their_own() {
    let row = "docs/differences.md: a reason code that SUBACK or UNSUBACK cannot have";
    let granting_qos_3 = broker()
        .on(Kind::Subscribe, [Reply::Bytes(vec![0x90, 4, 0, 1, 0, 3]), Reply::Close])
        .then()
        .connack(5);
    showing(["§7.5 protocol error"]).compare([subscriber("-t a -i s")
        .at(granting_qos_3)
        .only([V5])
        .differs(Expected::Status(2), row)
        .differs(SAYS_SO, row)
        .differs(CONNECT_5, row)]);
}

#[test]
fn malformed_packets() {
    let row = "docs/differences.md: malformed packet from the broker";
    let refused = |bytes: &[u8]| {
        subscriber("-t a -i s").at(sending(bytes)).differs(Expected::Status(21), row)
    };
    let says_so = Expected::Sends(&[SUBSCRIBE, "DISCONNECT rc129"]);
    let qos_3 = b"\x36\x05\0\x01a\0\x01";
    showing(["§7.4 protocol error: QoS 3", "§7.4 malformed packet", "§12.2 DISCONNECT on errors"])
        .compare([
            refused(qos_3).only([V31, V311]),
            refused(qos_3).only([V5]).differs(says_so, row),
            refused(b"\x30\x03\0\x09a").only([V5]).differs(says_so, row),
        ]);
}

#[test]
fn several_subscription_identifiers() {
    let row = "docs/differences.md: sub: several subscription identifiers in a message";
    let several = message("a", "x").properties(&[0x0b, 1, 0x0b, 2]);
    showing(["§7.4 two subscription identifiers"]).compare([subscriber("-t a -F '%S %p' -C 1")
        .at(broker().with(several))
        .only([V5])
        .without_original("it comes again for ever")
        .differs(Expected::Status(0), row)
        .differs(Expected::Sends(&[SUBSCRIBE, "DISCONNECT"]), row)
        .differs(Expected::Prints(&["1 x"]), row)]);
}

#[test]
fn a_topic_alias_above_what_was_announced() {
    let row = "docs/differences.md: topic aliases of the broker";
    let aliased = v5::publish("a", b"x", Delivery::AtMostOnce, &[0x23, 0, 11]);
    showing(["§7.4 inbound topic alias above the maximum"]).compare([subscriber(
        "-t a -i s -D connect topic-alias-maximum 10",
    )
    .at(sending(&aliased))
    .without_version()
    .without_original("2.0.11 does not look, 2.1.2 looks at the broker's own maximum")
    .differs(Expected::Status(2), row)
    .differs(Expected::Sends(&[SUBSCRIBE, "DISCONNECT rc148"]), row)
    .differs(Expected::Prints(&[]), row)]);
}

#[test]
fn packets_that_are_too_large() {
    let size = "docs/differences.md: `-D connect maximum-packet-size`";
    let large = v5::publish("a", &[b'x'; 100], Delivery::AtMostOnce, &[]);
    showing(["§12.2 incoming size"]).compare([subscriber(
        "-t a -i s -D connect maximum-packet-size 100",
    )
    .at(sending(&large))
    .without_version()
    .without_original("it keeps to nothing")
    .differs(Expected::Status(21), size)
    .differs(Expected::Sends(&[SUBSCRIBE, "DISCONNECT rc149"]), size)
    .differs(Expected::Prints(&[]), size)]);
    let subscribe = "docs/differences.md: sub: SUBSCRIBE larger than the broker takes";
    showing(["§12.2 server limit: Maximum Packet Size and SUBSCRIBE"]).compare([subscriber(
        "-t a/rather/long/filter -i s",
    )
    .at(broker().connack_with(&[0x27, 0, 0, 0, 14]))
    .only([V5])
    .without_original("it waits for ever")
    .differs(Expected::Status(25), subscribe)
    .differs(Expected::Sends(&["DISCONNECT"]), subscribe)
    .differs(Expected::Prints(&[]), subscribe)]);
}

#[test]
fn a_message_of_qos_2_that_comes_twice() {
    let row = "docs/differences.md: sub: message of QoS 2 that comes twice";
    let printed_once = |version, first: Vec<u8>| {
        let again = packet::flagged(first.clone(), packet::DUP);
        let twice = broker()
            .on(Kind::Subscribe, [Reply::Usual, Reply::Bytes(first)])
            .on(Kind::Pubrec, [Reply::Bytes(again)])
            .on(Kind::Pubcomp, [Reply::Message(message("a", "end"))]);
        subscriber("-t a -q 2 -C 2")
            .at(twice)
            .only([version])
            .without_original("it prints it twice")
            .differs(Expected::Status(0), row)
            .differs(Expected::Prints(&["x", "end"]), row)
            .differs(
                Expected::Sends(&[
                    "SUBSCRIBE m1 'a' options=02",
                    "PUBREC m7",
                    "PUBREC m7",
                    "PUBCOMP m7",
                    "DISCONNECT",
                ]),
                row,
            )
    };
    let of_mqtt_3 = v3::publish("a", b"x", Delivery::ExactlyOnce(7));
    showing(["§12.2 incoming QoS 2 twice"]).compare([
        printed_once(V31, of_mqtt_3.clone()),
        printed_once(V311, of_mqtt_3),
        printed_once(V5, v5::publish("a", b"x", Delivery::ExactlyOnce(7), &[])),
    ]);
}
