//! Payloads, acknowledgements and ends of the publisher (reference §6, §12.2).

use test_support::packet::v5;

use super::broker::{Broker, Reply, broker};
use super::case::Version::{V5, V31, V311};
use super::case::{Case, Expected, compare, publisher};
use super::decode::Kind;

#[test]
fn payloads_from_everywhere() {
    let all: Vec<u8> = (0..=255).collect();
    compare([
        publisher("-t a -m hello"),
        publisher("-t a -m ''"),
        publisher("-t a -n"),
        publisher("-t a -m -q"),
        publisher("-t a -m --"),
        publisher("-t a -m 'a\\xff b'"),
        publisher("-t a --message hello"),
        publisher("-t a --null-message"),
        publisher("-t a -f {folder}/payload").file("payload", &all),
        publisher("-t a -f {folder}/payload").file("payload", ""),
        publisher("-t a --file {folder}/payload").file("payload", "line\n"),
        publisher("-t a -s").input(&all),
        publisher("-t a --stdin-file").input("line\n"),
        publisher("-t a -f {folder}/large -q 1").file("large", vec![b'x'; 300_000]),
        publisher("-t a -s -q 2").input(vec![b'x'; 300_000]),
    ]);
}

#[test]
fn input_that_cannot_be_sent() {
    compare([
        publisher("-t a -f {folder}/missing"),
        publisher("-t a -f {folder}"),
        publisher("-t a -f -"),
        publisher("-t a -s").input(""),
    ]);
}

#[test]
fn a_topic_a_qos_and_a_flag() {
    compare([
        publisher("-t a/b -m x -q 0 -r"),
        publisher("-t a/b -m x -q 1"),
        publisher("-t a/b -m x -q 2"),
        publisher("--topic a/b -m x --qos 2 --retain"),
        publisher("-t first -t /second/ -m x -q 1 -q 0"),
        publisher("-t 'größe und mehr' -m x"),
        publisher("-t $SYS/x -m x -r -r"),
    ]);
}

#[test]
fn the_same_message_several_times() {
    compare([
        publisher("-t a -m x --repeat 3"),
        publisher("-t a -m x --repeat 3 -q 1"),
        publisher("-t a -m x --repeat 2 -q 2 --repeat-delay 0.01"),
        publisher("-t a -n --repeat 2 -r"),
        publisher("-t a -s --repeat 2").input("x"),
        publisher("-t a -f {folder}/payload --repeat 2").file("payload", "x"),
        publisher("-t a -m x --repeat 1 --repeat-delay 100"),
        publisher("-t a -l --repeat 3").input("one\n"),
    ]);
}

#[test]
fn lines_of_stdin() {
    compare([
        publisher("-t a -l").input("one\ntwo\n\nthree"),
        publisher("-t a -l").input(""),
        publisher("-t a -l").input("with\r\n"),
        publisher("-t a --stdin-line -q 1").input("one\n"),
        publisher("-t a -l -q 2 -r").input("one\n"),
        publisher("-t a -l -q 1 -M 1").input("one\ntwo\nthree\n"),
        publisher("-t a -l -q 2 -M 1").input("one\ntwo\nthree\n"),
        publisher("-t a -l").input("ab\0cd\nef\n").differs(
            Expected::Sends(&[
                "PUBLISH d0 q0 r0 'a' 'ab\\x00cd'",
                "PUBLISH d0 q0 r0 'a' 'ef'",
                "DISCONNECT",
            ]),
            "docs/differences.md: pub `-l`: NUL bytes",
        ),
    ]);
}

fn acknowledging(reason: u8) -> Broker {
    broker().on(Kind::Publish, [Reply::Acknowledge(reason)])
}

#[test]
fn a_broker_that_refuses_a_message() {
    let row = "docs/differences.md: pub: MQTT 5 broker refuses a message";
    let one = |line| publisher(line).only([V5]);
    compare([
        one("-t a -m x -q 1").at(acknowledging(0x10)),
        one("-t a -m x -q 2").at(acknowledging(0x10)),
        one("-t a -m x -q 1 --repeat 2").at(acknowledging(0x10)),
        one("-t a -l -q 1").input("x\n").at(acknowledging(0x10)),
        one("-t a -m x -q 1").at(acknowledging(0x87)).differs(Expected::Status(0x87), row),
        one("-t a -m x -q 2").at(acknowledging(0x97)).differs(Expected::Status(0x97), row),
        one("-t a -l -q 1")
            .input("x\n")
            .at(acknowledging(0x99))
            .differs(Expected::Status(0x99), row),
        one("-t a -m x -q 1 --repeat 2")
            .at(acknowledging(0x80))
            .differs(Expected::Status(0x80), row),
    ]);
}

#[test]
fn an_acknowledgement_with_a_reason_code_that_is_not_its_own() {
    const ONE: &[&str] = &["PUBLISH d0 q1 r0 m1 'a' 'x'", "DISCONNECT rc130"];
    const TWO: &[&str] = &["PUBLISH d0 q2 r0 m1 'a' 'x'", "DISCONNECT rc130"];
    let reason = "reference §6.3: a protocol error in 2.1.2";
    let one = |qos, reason_code, sends| {
        let case = publisher(&format!("-t a -m x -q {qos}")).at(acknowledging(reason_code));
        let case = case.only([V5]).differs(Expected::Status(2), reason);
        case.differs(Expected::Sends(sends), reason)
    };
    compare([one(1, 0x82, ONE), one(1, 0x01, ONE), one(2, 0x92, TWO)]);
}

/// A broker that loses the first connection here and is well again then.
fn losing(kind: Kind) -> Broker {
    broker().on(kind, [Reply::Close]).then()
}

#[test]
fn a_connection_that_is_lost_ends_a_single_message() {
    compare([
        publisher("-t a -m x").at(losing(Kind::Connect)),
        publisher("-t a -m x -q 1").at(losing(Kind::Publish)),
        publisher("-t a -m x -q 2").at(losing(Kind::Publish)),
        publisher("-t a -m x -q 2").at(losing(Kind::Pubrel)),
    ]);
}

#[test]
fn lines_survive_a_lost_connection() {
    let lines = |line: &str, input| publisher(line).input(input);
    let whole = |case: Case| {
        case.differs(
            Expected::Sends(&[
                "PUBLISH d0 q2 r0 m1 'a' 'one'",
                "PUBREL m1",
                "2: PUBLISH d1 q2 r0 m1 'a' 'one'",
                "2: PUBREL m1",
                "2: DISCONNECT",
            ]),
            "docs/differences.md: pub `-l` at QoS 2: connection lost after PUBREC, session not kept",
        )
    };
    compare([
        lines("-t a -l -q 1", "one\n").at(losing(Kind::Publish)),
        lines("-t a -l -q 1 -M 1", "one\ntwo\n").at(losing(Kind::Publish)),
        lines("-t a -l -q 2", "one\n").at(losing(Kind::Publish)),
        whole(lines("-t a -l -q 2", "one\n").at(losing(Kind::Pubrel))),
    ]);
}

#[test]
fn a_broker_that_says_goodbye() {
    let goodbye = |reason| broker().on(Kind::Publish, [Reply::Bytes(v5::disconnect(reason))]);
    let one = |line| publisher(line).only([V5]);
    compare([one("-t a -m x -q 1").at(goodbye(0x8b)), one("-t a -m x -q 2").at(goodbye(0x82))]);
}

#[test]
fn what_the_server_does_not_support() {
    let local = "reference §6.2: 2.1.2 says 7; docs/exit-codes.md: a status that names the cause";
    let server = |properties: &[u8]| broker().connack_with(properties);
    let one = |line| publisher(line).only([V5]);
    compare([
        one("-t a -m x -r").at(server(&[0x25, 0])),
        one("-t a -m x -q 1").at(server(&[0x24, 1])),
        one("-t a -m x -q 2").at(server(&[0x24, 1])).differs(Expected::Status(24), local),
        one("-t a -m x -q 1").at(server(&[0x24, 0])).differs(Expected::Status(24), local),
        one("-t a -m 12345678").at(server(&[0x27, 0, 0, 0, 14])),
        one("-t a -m 123456789")
            .at(server(&[0x27, 0, 0, 0, 13]))
            .differs(Expected::Status(25), local),
        one("-t a -l -q 1").input("one\ntwo\n").at(server(&[0x21, 0, 1])),
    ]);
}

#[test]
fn a_publish_to_a_broker_that_is_slow_with_a_ping_in_between() {
    // The broker acknowledges at the second ping, not at the PUBLISH.
    let slow = |ping: &[u8]| {
        let acknowledge = Reply::Bytes(test_support::packet::puback(1));
        broker()
            .connack_with(ping)
            .on(Kind::Publish, [])
            .on(Kind::Pingreq, [Reply::Usual, acknowledge])
    };
    compare([
        publisher("-t a -m x -q 1 -k 5").at(slow(&[])).only([V31, V311]),
        publisher("-t a -m x -q 1").at(slow(&[0x13, 0, 2])).only([V5]),
    ]);
}
