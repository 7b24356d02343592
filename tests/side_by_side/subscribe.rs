//! Subscriptions, messages and ends of the subscriber (reference §7, §8.1, §12.2).

use test_support::packet::{self, DUP, RETAIN, v5};

use super::broker::{Broker, Reply, broker, message};
use super::case::Version::{V5, V31, V311};
use super::case::{Case, Expected, showing, subscriber};
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
    showing([
        "§1.2 -q",
        "§1.2 -t",
        "§7.1 one attempt to connect, CONNACK, SUBSCRIBE, UNSUBSCRIBEs",
        "§1.3 -E",
    ])
    .compare([
        subscriber("-t a -E"),
        subscriber("-t a/# -t +/b -t a/# -q 2 -E")
            .shows("§12.2 SUBSCRIBE: one, in order, with duplicates")
            .shows("§1.1 additive options"),
        subscriber("--topic a --qos 1 -E"),
        subscriber("-t a -U b -U c/+ -E")
            .at(unsubscribing(2))
            .shows("§1.3 -U")
            .shows("§7.2 -U")
            .shows("§12.2 UNSUBSCRIBE: one per filter")
            .shows("§12.2 SUBSCRIBE and UNSUBSCRIBE right after CONNACK"),
        subscriber("-t a --unsubscribe b -E").at(unsubscribing(1)),
        subscriber("-t a -R -E").shows("§1.3 -R"),
        subscriber("-t $share/group/a -E").shows("§1.5 $share is not looked at"),
        subscriber("-t 'a b/ö' -q 0 -q 1 -E"),
    ]);
}

fn two_messages() -> Broker {
    broker().with(message("t/a", "one")).with(message("t/b", ""))
}

#[test]
fn what_is_written_for_a_message() {
    let one = |payload: &[u8]| broker().with(message("t/a", payload));
    let format = showing(["§5.1 messages on stdout", "§1.3 -C"]);
    let (whole, empty, binary) = ("§8.1 a payload", "§8.1 an empty payload", "§8.1 binary");
    format.compare([
        subscriber("-t t/# -C 2").at(two_messages()).shows(whole).shows(empty),
        subscriber("-t t/# -C 2 -v").at(two_messages()).shows(whole).shows(empty).shows("§1.3 -v"),
        subscriber("-t t/# -C 2 --verbose").at(two_messages()).shows("§1.3 -v"),
        subscriber("-t t/# -C 2 -N").at(two_messages()).shows(empty).shows("§1.3 -N"),
        subscriber("-t t/# -C 2 -v -N").at(two_messages()).shows(empty).shows("§1.3 -N"),
        subscriber("-t t/# -C 2 -v -F %p").at(two_messages()).shows("§1.3 -F beats -v"),
        subscriber("-t t/# -C 2 -F ''").at(two_messages()).shows("§8.1 -F and empty payloads"),
        subscriber("-t t/# -C 1").at(one(b"a\0\xff\r\n")).shows(binary),
        subscriber("-t t/# -C 1 -v").at(one(b"a\0\xff\r\n")).shows(binary),
        subscriber("-t t/# -C 1 -F 'q%q r%r m%m %t: %x'").at(one(b"\x01\xff")).shows("§1.3 -F"),
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
    showing([
        "§7.1 QoS 1 acknowledgement",
        "§7.1 QoS 2 acknowledgement",
        "§12.2 short acknowledgements",
    ])
    .compare([
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
    showing(["§7.1 order of the rules for a message"]).compare([
        subscriber("-t t/# -R -v -C 1 -q 1")
            .at(retained.clone())
            .shows("§7.2 -R")
            .shows("§7.2 -C and filters"),
        subscriber("-t t/# -R --retain-as-published -v -C 1 -q 1")
            .at(retained.clone())
            .shows("§7.2 -R with --retain-as-published"),
        subscriber("-t t/# -v -C 3 -q 1").at(retained.clone()),
        subscriber("-t # -T t/b -v -C 2 -q 1")
            .at(retained)
            .shows("§1.3 -T")
            .shows("§7.2 -T")
            .shows("§7.2 -C and filters"),
        subscriber("-t # -T a/# -v -C 2").at(topics.clone()).shows("§7.2 -T"),
        subscriber("-t # -T # -v -C 1")
            .at(broker().with(message("a", "x")).with(message("$SYS/a", "x")))
            .shows("§7.2 -T and $"),
        subscriber("-t # -T $SYS/# -v -C 3").at(topics.clone()).shows("§7.2 -T and $"),
        subscriber("-t # -T a --filter-out +/+ -v -C 2").at(topics).shows("§1.1 additive options"),
    ]);
}

#[test]
fn small_counts_are_announced() {
    let many = |count| (0..count).fold(broker(), |broker, _| broker.with(message("t", "x")));
    showing(["§1.3 -C", "§7.2 -C", "§7.2 -C: Receive Maximum"]).compare([
        subscriber("-t t -C 1").at(many(1)),
        subscriber("-t t -C 19").at(many(19)),
        subscriber("-t t -C 20").at(many(20)),
        subscriber("-t t -C 21").at(many(21)),
        subscriber("-t t -C 3 -C 2").at(many(2)),
    ]);
    let reason = "2.0.11 may lose its DISCONNECT";
    let late = many(1).with(message("t", "late").at_least_once(9));
    showing(["§7.2 -C: later messages are not acknowledged"]).compare([subscriber(
        "-t t -q 1 -C 1",
    )
    .at(late)
    .without_original(reason)
    .differs(Expected::Status(0), reason)
    .differs(Expected::Sends(&["SUBSCRIBE m1 't' options=01", "DISCONNECT"]), reason)
    .differs(Expected::Prints(&["x"]), reason)]);
}

#[test]
fn leaving_at_the_answer_to_the_subscription() {
    let row = "docs/differences.md: sub: every subscription refused";
    let granting = |codes: &[u8]| broker().on(Kind::Subscribe, [Reply::Suback(1, codes.to_vec())]);
    let refused = |line, status| {
        let broker = granting(&[if status == 128 { 0x80 } else { 0x87 }]);
        subscriber(line).at(broker).differs(Expected::Status(status), row)
    };
    showing(["§1.3 -E", "§7.2 -E"]).compare([
        subscriber("-t a -E").at(granting(&[0])),
        subscriber("-t a -t b -E -q 2").at(granting(&[1, 0x80])),
        refused("-t a -E", 128).shows("§7.2 -E, every filter refused"),
        refused("-t a", 128).shows("§7.5 all subscriptions refused"),
        refused("-t a", 0x87).only([V5]).shows("§7.5 all subscriptions refused"),
        subscriber("-t a -t b -C 1")
            .at(granting(&[0, 0x80]).with(message("a", "x")))
            .shows("§7.5 some subscriptions refused"),
    ]);
    let meter = "docs/differences.md: sub `--message-rate`: connection or subscription refused";
    let refused = |case: Case, status| {
        case.without_original("2.0.11 has no --message-rate")
            .differs(Expected::Status(status), meter)
            .differs(Expected::Prints(&[]), meter)
    };
    let asked = Expected::Sends(&["SUBSCRIBE m1 'a' options=00", "DISCONNECT"]);
    showing(["§7.5 --message-rate and a refusal"]).compare([refused(
        subscriber("-t a --message-rate").at(granting(&[0x80])),
        128,
    )
    .differs(asked, meter)]);
}

#[test]
fn unsubscribing_only() {
    let row = "docs/differences.md: sub `-E` with only `-U`";
    showing(["§1.3 -U without -t", "§7.1 only -U: no SUBSCRIBE", "§7.2 -E with only -U"]).compare(
        [subscriber("-U b -U c -E")
            .without_original("2.0.11 wants -t, 2.1.2 never ends")
            .differs(Expected::Status(0), row)
            .differs(
                Expected::Sends(&["UNSUBSCRIBE m1 'b'", "UNSUBSCRIBE m2 'c'", "DISCONNECT"]),
                row,
            )
            .differs(Expected::Prints(&[]), row)],
    );
}

#[test]
fn leaving_after_a_time() {
    showing([
        "§1.3 -W",
        "§7.2 -W",
        "§7.5 -W after and before CONNACK",
        "§12.2 DISCONNECT by -W and signals",
    ])
    .compare([
        subscriber("-t a -W 3"),
        subscriber("-t a -W 100 -W 3 -C 2 -v").at(two_messages_of_one()),
    ]);
    let row = "docs/differences.md: sub: `-W` before CONNACK";
    showing(["§7.2 -W before CONNACK", "§7.5 -W after and before CONNACK", "§7.5 no CONNACK"])
        .compare([subscriber("-t a -W 2")
            .at(broker().on(Kind::Connect, []))
            .differs(Expected::Status(27), row)]);
    let again = "docs/differences.md: sub: leaving while a broker has not answered CONNECT again";
    let lost = broker().on(Kind::Subscribe, [Reply::Close]).then().on(Kind::Connect, []);
    showing(["§7.2 -W while waiting to reconnect"]).compare([subscriber("-t a -W 3")
        .at(lost)
        .differs(Expected::Sends(&["SUBSCRIBE m1 'a' options=00"]), again)]);
}

/// One message where two are asked for.
fn two_messages_of_one() -> Broker {
    broker().with(message("a", "one"))
}

#[test]
fn a_connection_that_is_lost_is_made_again() {
    let again = |kind| broker().on(kind, [Reply::Close]).then().with(message("a", "x"));
    showing([
        "§7.1 asked for again after a reconnect",
        "§7.4 TCP loss",
        "§3 reconnect: sub and -l",
        "§12.2 packet ids: one counter, not reset",
        "§12.1 the same again on a reconnect",
        "§7.5 connection lost",
    ])
    .compare([
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
    showing(["§7.4 DISCONNECT from the broker", "§7.5 DISCONNECT received"]).compare([subscriber(
        "-t a -C 1 -i me",
    )
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
    showing(["§12.2 pings"]).compare([
        subscriber("-t a -C 1 -k 5").at(pings(&[])),
        subscriber("-t a -C 1").at(pings(&[0x13, 0, 2])).only([V5]),
    ]);
}

#[test]
fn a_broker_that_does_not_answer_a_ping_is_left() {
    let silent = |ping: &[u8]| {
        let silent = broker().connack_with(ping).on(Kind::Pingreq, []).then();
        silent.with(message("a", "x"))
    };
    showing(["§7.4 keep alive expired", "§12.2 pings"]).compare([
        subscriber("-t a -C 1 -k 5").at(silent(&[])).only([V31, V311]),
        subscriber("-t a -C 1").at(silent(&[0x13, 0, 2])).only([V5]).differs(
            Expected::Connects(&[
                "CONNECT 'MQTT' 5 flags=00000010 keep_alive=60 [receive-maximum=1] id=''",
                "2: CONNECT 'MQTT' 5 flags=00000010 keep_alive=60 [receive-maximum=1] id=''",
            ]),
            "reference §12.1: the same CONNECT again; 2.0.11 asks for the server's keep alive",
        ),
    ]);
}

#[test]
fn a_pubrel_for_nothing_is_answered() {
    showing(["§12.2 PUBREL for an unknown id"]).compare([subscriber("-t a -C 1").at(broker()
        .on(Kind::Subscribe, [Reply::Usual, Reply::Bytes(packet::pubrel(9))])
        .on(Kind::Pubcomp, [Reply::Message(message("a", "x"))]))]);
}
