//! Subscriptions, messages and ends of the subscriber (reference §7, §8.1, §12.2).
//!
//! Signals are in `tests/sub/ending.rs`: the original calls its library from the handler, and
//! hangs when it is hit in the middle of that library.

use test_support::packet::{self, DUP, RETAIN, v5};

use super::broker::{Broker, Reply, broker, message};
use super::case::Version::{V5, V31, V311};
use super::case::{Expected, compare, subscriber};
use super::decode::Kind;

/// Answers the subscription when so many filters have been unsubscribed from, so that nothing is
/// on its way when the client leaves.
fn unsubscribing(count: usize) -> Broker {
    let suback = [Reply::Usual, Reply::Suback(1, vec![0])];
    let before = (1..count).fold(broker().on(Kind::Subscribe, []), |broker, _| {
        broker.on(Kind::Unsubscribe, [Reply::Usual])
    });
    before.on(Kind::Unsubscribe, suback)
}

#[test]
fn filters_and_their_options() {
    compare([
        subscriber("-t a -E"),
        subscriber("-t a/# -t +/b -t a/# -q 2 -E"),
        subscriber("--topic a --qos 1 -E"),
        subscriber("-t a -U b -U c/+ -E").at(unsubscribing(2)),
        subscriber("-t a --unsubscribe b -E").at(unsubscribing(1)),
        subscriber("-t a -R -E"),
        subscriber("-t $share/group/a -E"),
        subscriber("-t 'a b/ö' -q 0 -q 1 -E"),
    ]);
}

fn two_messages() -> Broker {
    broker().with(message("t/a", "one")).with(message("t/b", ""))
}

#[test]
fn what_is_written_for_a_message() {
    let one = |payload: &[u8]| broker().with(message("t/a", payload));
    compare([
        subscriber("-t t/# -C 2").at(two_messages()),
        subscriber("-t t/# -C 2 -v").at(two_messages()),
        subscriber("-t t/# -C 2 --verbose").at(two_messages()),
        subscriber("-t t/# -C 2 -N").at(two_messages()),
        subscriber("-t t/# -C 2 -v -N").at(two_messages()),
        subscriber("-t t/# -C 2 -v -F %p").at(two_messages()),
        subscriber("-t t/# -C 1 -F '%E %t'")
            .at(broker().with(message("t", "x").properties(&[0x02, 0, 0, 0, 7])))
            .only([V5]),
        subscriber("-t t/# -C 1").at(one(b"a\0\xff\r\n")),
        subscriber("-t t/# -C 1 -v").at(one(b"a\0\xff\r\n")),
        subscriber("-t t/# -C 1 -F 'q%q r%r m%m %t: %x'").at(one(b"\x01\xff")),
        subscriber("-t t/# -C 1").at(one(&vec![b'x'; 100_000])),
    ]);
}

#[test]
fn every_qos_is_acknowledged() {
    let once = broker()
        .with(message("t", "0"))
        .with(message("t", "1").at_least_once(1))
        .with(message("t", "2").exactly_once(2))
        .with(message("t", "3").at_least_once(65535).flagged(DUP));
    compare([
        subscriber("-t t -q 2 -C 4").at(once.clone()),
        subscriber("-t t -q 2 -C 4 -v").at(once),
        subscriber("-t t -q 1 -C 1").at(broker().with(message("t", "").at_least_once(7))),
    ]);
}

#[test]
fn messages_that_are_left_out() {
    let retained = broker()
        .with(message("t/a", "old").flagged(RETAIN))
        .with(message("t/b", "old").at_least_once(1).flagged(RETAIN))
        .with(message("t/a", "new"));
    let topics = ["a", "a/b", "$SYS/a", "b"];
    let topics = topics.iter().fold(broker(), |broker, topic| broker.with(message(topic, "x")));
    compare([
        subscriber("-t t/# -R -v -C 1 -q 1").at(retained.clone()),
        subscriber("-t t/# -v -C 3 -q 1").at(retained.clone()),
        subscriber("-t # -T t/b -v -C 2 -q 1").at(retained),
        subscriber("-t # -T a/# -v -C 2").at(topics.clone()),
        subscriber("-t # -T # -v -C 1")
            .at(broker().with(message("a", "x")).with(message("$SYS/a", "x"))),
        subscriber("-t # -T $SYS/# -v -C 3").at(topics.clone()),
        subscriber("-t # -T a --filter-out +/+ -v -C 2").at(topics),
    ]);
}

#[test]
fn small_counts_are_announced() {
    let many = |count| (0..count).fold(broker(), |broker, _| broker.with(message("t", "x")));
    compare([
        subscriber("-t t -C 1").at(many(1)),
        subscriber("-t t -C 19").at(many(19)),
        subscriber("-t t -C 20").at(many(20)),
        subscriber("-t t -C 21").at(many(21)),
        subscriber("-t t -C 3 -C 2").at(many(2)),
    ]);
}

#[test]
fn leaving_at_the_answer_to_the_subscription() {
    let row = "docs/differences.md: sub: every subscription refused";
    let granting = |codes: &[u8]| broker().on(Kind::Subscribe, [Reply::Suback(1, codes.to_vec())]);
    let refused = |line, status| {
        let broker = granting(&[if status == 128 { 0x80 } else { 0x87 }]);
        subscriber(line).at(broker).differs(Expected::Status(status), row)
    };
    compare([
        subscriber("-t a -E").at(granting(&[0])),
        subscriber("-t a -t b -E -q 2").at(granting(&[1, 0x80])),
        refused("-t a -E", 128),
        refused("-t a", 128),
        refused("-t a", 0x87).only([V5]),
    ]);
}

#[test]
fn leaving_after_a_time() {
    compare([
        subscriber("-t a -W 3"),
        subscriber("-t a -W 100 -W 3 -C 2 -v").at(two_messages_of_one()),
    ]);
}

/// One message where two are asked for.
fn two_messages_of_one() -> Broker {
    broker().with(message("a", "one"))
}

#[test]
fn a_connection_that_is_lost_is_made_again() {
    let again = |kind| broker().on(kind, [Reply::Close]).then().with(message("a", "x"));
    compare([
        subscriber("-t a -C 1").at(again(Kind::Connect)),
        subscriber("-t a -C 1").at(again(Kind::Subscribe)),
        subscriber("-t a -C 1 -c -i me").at(again(Kind::Subscribe)),
        subscriber("-t a -C 2 -q 1").at(broker()
            .on(Kind::Puback, [Reply::Close])
            .with(message("a", "1").at_least_once(1))
            .then()
            .with(message("a", "2").at_least_once(1))),
    ]);
}

#[test]
fn a_goodbye_of_the_broker_is_no_end() {
    let reason = "reference §7.4: 2.1.2 connects again, 2.0.11 leaves";
    let restarting = broker()
        .on(Kind::Subscribe, [Reply::Bytes(v5::disconnect(0x8b))])
        .then()
        .with(message("a", "x"));
    compare([subscriber("-t a -C 1 -i me")
        .only([V5])
        .at(restarting)
        .differs(
            Expected::Connects(&[
                "CONNECT 'MQTT' 5 flags=00000010 keep_alive=60 [receive-maximum=1] id='me'",
                "2: CONNECT 'MQTT' 5 flags=00000010 keep_alive=60 [receive-maximum=1] id='me'",
            ]),
            reason,
        )
        .differs(
            Expected::Sends(&[
                "SUBSCRIBE m1 'a' options=00",
                "2: SUBSCRIBE m2 'a' options=00",
                "2: DISCONNECT",
            ]),
            reason,
        )
        .differs(Expected::Prints(&["x"]), reason)]);
}

fn pings(keep_alive: &[u8]) -> Broker {
    let message = Reply::Message(message("a", "x"));
    broker().connack_with(keep_alive).on(Kind::Pingreq, [Reply::Usual, message])
}

#[test]
fn a_silent_connection_is_tested() {
    compare([
        subscriber("-t a -C 1 -k 5").at(pings(&[])),
        subscriber("-t a -C 1").at(pings(&[0x13, 0, 2])).only([V5]),
    ]);
}

/// A broker that sends this after SUBSCRIBE, and does not want to see the client again.
fn sends(bytes: &[u8]) -> Broker {
    let replies = [Reply::Bytes(bytes.to_vec()), Reply::Close];
    broker().on(Kind::Subscribe, replies).then().connack(5)
}

#[test]
fn a_pubrel_for_nothing_is_answered() {
    compare([subscriber("-t a -C 1").at(broker()
        .on(Kind::Subscribe, [Reply::Usual, Reply::Bytes(packet::pubrel(9))])
        .on(Kind::Pubcomp, [Reply::Message(message("a", "x"))]))]);
}

const ONE_CONNECT: Expected = Expected::Connects(&[
    "CONNECT 'MQTT' 5 flags=00000010 keep_alive=60 [receive-maximum=20] id=''",
]);
const PROTOCOL_ERROR: Expected =
    Expected::Sends(&["SUBSCRIBE m1 'a' options=00", "DISCONNECT rc130"]);

#[test]
fn packets_that_no_broker_sends() {
    let reason = "reference §7.4: 2.1.2 says so with DISCONNECT";
    let one = |bytes| subscriber("-t a").at(sends(bytes));
    compare([
        one(&[0x82, 0]).only([V31, V311]),
        one(&[0x82, 0]).only([V5]).differs(PROTOCOL_ERROR, reason),
        one(&[0, 0]).only([V31, V311]),
        one(&[0, 0]).only([V5]).differs(PROTOCOL_ERROR, reason),
        one(&[0xe0, 0]).only([V31, V311]),
    ]);
}

#[test]
fn packets_that_only_2_0_11_takes() {
    let reason = "reference §7.4: a protocol error in 2.1.2";
    let refused = |bytes, status| {
        let case = subscriber("-t a").at(sends(bytes)).only([V5]);
        case.differs(Expected::Status(status), reason)
            .differs(ONE_CONNECT, reason)
            .differs(PROTOCOL_ERROR, reason)
    };
    compare([refused(&[0xc0, 0], 2), refused(&[0xf0, 2, 0x18, 0], 11)]);
}

#[test]
fn answers_with_a_reason_code_that_is_not_their_own() {
    let row = "docs/differences.md: a reason code that SUBACK or UNSUBACK cannot have";
    let granting_qos_3 = sends(&[0x90, 4, 0, 1, 0, 0x03]);
    compare([subscriber("-t a")
        .at(granting_qos_3)
        .only([V5])
        .differs(Expected::Status(2), row)
        .differs(PROTOCOL_ERROR, row)
        .differs(ONE_CONNECT, row)]);
}

#[test]
fn malformed_packets() {
    let row = "docs/differences.md: malformed packet from the broker";
    let malformed = sends(b"\x36\x05\0\x01a\0\x01");
    let case = subscriber("-t a").at(malformed).differs(Expected::Status(21), row);
    let said = Expected::Sends(&["SUBSCRIBE m1 'a' options=00", "DISCONNECT rc129"]);
    compare([case.clone().only([V31, V311]), case.only([V5]).differs(said, row)]);
}
