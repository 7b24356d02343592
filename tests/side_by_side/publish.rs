//! Payloads, acknowledgements and ends of the publisher (reference §6, §12.2).

use test_support::packet::{self, v5};
use test_support::tool::Signal;

use super::broker::{Broker, Reply, broker};
use super::case::Version::{V5, V31, V311};
use super::case::{Case, Expected, compare, publisher, showing};
use super::decode::Kind;

#[test]
fn payloads_from_everywhere() {
    let all: Vec<u8> = (0..=255).collect();
    showing([
        "§1.3 -m",
        "§1.3 -n",
        "§1.3 -f",
        "§1.3 -s",
        "§6.1 -m",
        "§6.1 -n",
        "§6.1 -f",
        "§6.1 -s",
        "§12.2 PUBLISH",
    ])
    .compare([
        publisher("-t a -m hello"),
        publisher("-t a -m ''"),
        publisher("-t a -n"),
        publisher("-t a -m -q").shows("§1.1 values that start with -"),
        publisher("-t a -m --"),
        publisher("-t a -m 'a\\xff b'"),
        publisher("-t a --message hello"),
        publisher("-t a --null-message"),
        publisher("-t a -f {folder}/payload").file("payload", &all),
        publisher("-t a -f {folder}/payload").file("payload", "").shows("§6.1 -f empty"),
        publisher("-t a -f /etc/os-release").shows("§2.4 -f through a symbolic link"),
        publisher("-t a -f /dev/stdin")
            .input("x")
            .instead("-t a -s", "docs/differences.md: pub `-f`: pipe, device, `/dev/stdin`"),
        publisher("-t a --file {folder}/payload").file("payload", "line\n"),
        publisher("-t a -s").input(&all),
        publisher("-t a --stdin-file").input("line\n"),
        publisher("-t a -f {folder}/large -q 1").file("large", vec![b'x'; 300_000]),
        publisher("-t a -s -q 2").input(vec![b'x'; 300_000]),
    ]);
}

#[test]
fn input_that_cannot_be_sent() {
    showing(["§7.5 usage, file or stdin"]).compare([
        publisher("-t a -f {folder}/missing").shows("§6.1 -f missing"),
        publisher("-t a -f {folder}").shows("§6.1 -f no regular file"),
        publisher("-t a -f -").shows("§6.1 -f -"),
        publisher("-t a -s").input("").shows("§6.1 -s empty"),
    ]);
}

#[test]
fn a_topic_a_qos_and_a_flag() {
    showing([
        "§1.2 -q",
        "§1.2 -t",
        "§1.3 -r",
        "§6.2 5 QoS 0 is done when written",
        "§6.2 5 QoS 1 waits for PUBACK",
        "§6.2 5 QoS 2 waits for PUBCOMP",
        "§6.2 7 DISCONNECT, 0",
        "§6.3 DISCONNECT after QoS 1 and 2",
        "§7.5 success",
        "§12.2 PUBLISH",
        "§12.2 DISCONNECT, normal",
        "docs/differences.md: pub: DISCONNECT after QoS 1, 2",
    ])
    .compare([
        publisher("-t a/b -m x -q 0 -r"),
        publisher("-t a/b -m x -q 1").shows("§12.2 packet ids: one counter, not reset"),
        publisher("-t a/b -m x -q 2"),
        publisher("--topic a/b -m x --qos 2 --retain"),
        publisher("-t first -t /second/ -m x -q 1 -q 0"),
        publisher("-t 'größe und mehr' -m x"),
        publisher("-t $SYS/x -m x -r -r"),
    ]);
}

#[test]
fn the_same_message_several_times() {
    showing([
        "§1.3 --repeat",
        "§1.3 --repeat-delay",
        "§6.2 6 --repeat",
        "§6.5 gaps between messages",
    ])
    .compare([
        publisher("-t a -m x --repeat 3"),
        publisher("-t a -m x --repeat 3 -q 1"),
        publisher("-t a -m x --repeat 2 -q 2 --repeat-delay 0.01"),
        publisher("-t a -n --repeat 2 -r"),
        publisher("-t a -s --repeat 2").input("x"),
        publisher("-t a -f {folder}/payload --repeat 2").file("payload", "x"),
        publisher("-t a -m x --repeat 1 --repeat-delay 100")
            .shows("§6.5 --repeat 1 makes the delay irrelevant"),
        publisher("-t a -l --repeat 3").input("one\n").shows("§1.3 --repeat with -l"),
    ]);
}

#[test]
fn a_long_delay_is_one() {
    let row = "docs/differences.md: pub `--repeat-delay` above 2147";
    let ended = broker().on(Kind::Publish, [Reply::Usual, Reply::Signal(Signal::INT)]);
    showing(["§1.3 --repeat-delay", "§6.5 gaps between messages"]).compare([publisher(
        "-t a -m x --repeat 2 --repeat-delay 3000",
    )
    .at(ended)
    .without_original("it has no delay, and is killed at any time")
    .differs(Expected::Status(130), row)
    .differs(Expected::Sends(&["PUBLISH d0 q0 r0 'a' 'x'", "DISCONNECT"]), row)
    .differs(Expected::Prints(&[]), row)]);
}

#[test]
fn lines_of_stdin() {
    showing([
        "§1.3 -l",
        "§6.1 -l",
        "§6.4 line: up to LF, CR kept, empty lines, last one",
        "§6.4 end of input",
    ])
    .compare([
        publisher("-t a -l").input("one\ntwo\n\nthree"),
        publisher("-t a -l").input("").shows("§6.1 -l without lines"),
        publisher("-t a -l").input("with\r\n"),
        publisher("-t a --stdin-line -q 1").input("one\n"),
        publisher("-t a -l -q 2 -r").input("one\n"),
        publisher("-t a -l -q 1 -M 1").input("one\ntwo\nthree\n").shows("§1.2 -M"),
        publisher("-t a -l -q 2 -M 1").input("one\ntwo\nthree\n").shows("§1.2 -M"),
        publisher("-t a -l -q 1 -M 7 -r")
            .input("one\n")
            .shows("§1.2 -M: Receive Maximum of CONNECT stays")
            .shows("§6.4 packet ids count"),
        publisher("-t a -l")
            .input("ab\0cd\nef\n")
            .differs(
                Expected::Sends(&[
                    "PUBLISH d0 q0 r0 'a' 'ab\\x00cd'",
                    "PUBLISH d0 q0 r0 'a' 'ef'",
                    "DISCONNECT",
                ]),
                "docs/differences.md: pub `-l`: NUL bytes",
            )
            .shows("§6.4 NUL bytes"),
    ]);
}

#[test]
fn as_many_lines_as_the_window_takes_are_on_their_way() {
    let lines = "x\n".repeat(25);
    // Nothing is acknowledged before the twentieth has come.
    let (silent, all) = (Vec::new(), (1..=20).map(|id| Reply::Bytes(packet::puback(id))));
    let holding = (1..20).fold(broker(), |broker, _| broker.on(Kind::Publish, silent.clone()));
    let holding = holding.on(Kind::Publish, all.collect::<Vec<_>>());
    showing([
        "§3 outgoing window 20",
        "§6.4 speed: a window of -M",
        "§6.4 packet ids count",
        "docs/differences.md: pub `-l` at QoS 1, 2: end of input",
    ])
    .compare([publisher("-t a -l -q 1").input(lines).at(holding)]);
}

#[test]
fn an_acknowledgement_of_mqtt_3_says_nothing() {
    showing(["§6.3 dropped by an access list of an MQTT 3 broker"])
        .compare([publisher("-t forbidden -m x -q 1").only([V31, V311])]);
}

fn acknowledging(reason: u8) -> Broker {
    broker().on(Kind::Publish, [Reply::Acknowledge(reason)])
}

#[test]
fn a_broker_that_refuses_a_message() {
    let row = "docs/differences.md: pub: MQTT 5 broker refuses a message";
    let one = |line| publisher(line).only([V5]);
    showing(["§6.3 PUBACK or PUBREC of 0x80 and above", "§7.5 publish refused"]).compare([
        one("-t a -m x -q 1").at(acknowledging(0x10)).shows("§6.3 PUBACK 0x10"),
        one("-t a -m x -q 2").at(acknowledging(0x10)),
        one("-t a -m x -q 1 --repeat 2").at(acknowledging(0x10)),
        one("-t a -l -q 1").input("x\n").at(acknowledging(0x10)),
        one("-t a -m x -q 1").at(acknowledging(0x87)).differs(Expected::Status(0x87), row),
        one("-t a -m x -q 2")
            .at(acknowledging(0x97))
            .differs(Expected::Status(0x97), row)
            .shows("§6.2 5 QoS 2, refused by PUBREC"),
        one("-t a -l -q 1")
            .input("x\n")
            .at(acknowledging(0x99))
            .differs(Expected::Status(0x99), row)
            .shows("§6.4 refused publish"),
        one("-t a -m x -q 1 --repeat 2")
            .at(acknowledging(0x80))
            .differs(Expected::Status(0x80), row)
            .shows("§6.2 6 --repeat goes on after a failure"),
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
    showing(["§6.3 PUBACK with a code that is not its own", "§12.2 DISCONNECT on errors"])
        .compare([one(1, 0x82, ONE), one(1, 0x01, ONE), one(2, 0x92, TWO)]);
}

/// A broker that loses the first connection here and is well again then.
fn losing(kind: Kind) -> Broker {
    broker().on(kind, [Reply::Close]).then()
}

#[test]
fn a_connection_that_is_lost_ends_a_single_message() {
    let acknowledged = |line| publisher(line).shows("§6.3 closed before PUBACK, PUBREC, PUBCOMP");
    showing(["§7.5 connection lost", "§3 reconnect: other modes never"]).compare([
        publisher("-t a -m x").at(losing(Kind::Connect)).shows("§6.3 closed before CONNACK"),
        acknowledged("-t a -m x -q 1").at(losing(Kind::Publish)),
        acknowledged("-t a -m x -q 2").at(losing(Kind::Publish)),
        acknowledged("-t a -m x -q 2").at(losing(Kind::Pubrel)),
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
    showing([
        "§6.4 connection lost: QoS 1 and 2 are sent again",
        "§12.2 resend after a reconnect",
        "§3 reconnect: sub and -l",
        "§12.1 the same again on a reconnect",
    ])
    .compare([
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
    showing(["§6.3 DISCONNECT from the broker", "§7.5 DISCONNECT received"]).compare([
        one("-t a -m x -q 1").at(goodbye(0x8b)),
        one("-t a -m x -q 2").at(goodbye(0x82)),
    ]);
}

#[test]
fn what_the_server_does_not_support() {
    let local = "reference §6.2: 2.1.2 says 7; docs/exit-codes.md: a status that names the cause";
    let server = |properties: &[u8]| broker().connack_with(properties);
    let one = |line| publisher(line).only([V5]);
    let (retain, qos) = ("§12.2 server limit: Retain Available", "§12.2 server limit: Maximum QoS");
    let size = "§12.2 server limit: Maximum Packet Size";
    let line =
        "docs/differences.md: pub `-l`: a line that the broker cannot take (its QoS, its size)";
    compare([
        one("-t a -m x -r")
            .at(server(&[0x25, 0]))
            .shows(retain)
            .shows("§1.3 -r: Retain Available 0"),
        one("-t a -m x -q 1").at(server(&[0x24, 1])).shows(qos),
        one("-t a -m x -q 2")
            .at(server(&[0x24, 1]))
            .differs(Expected::Status(24), local)
            .shows(qos)
            .shows("§6.2 Maximum QoS too low"),
        one("-t a -m x -q 1")
            .at(server(&[0x24, 0]))
            .differs(Expected::Status(24), local)
            .shows(qos),
        one("-t a -l -q 1")
            .input("x\n")
            .at(server(&[0x24, 0]))
            .differs(Expected::Sends(&["DISCONNECT"]), line)
            .shows("§6.4 Maximum QoS"),
        one("-t a -m 12345678").at(server(&[0x27, 0, 0, 0, 14])).shows(size),
        one("-t a -m 123456789")
            .at(server(&[0x27, 0, 0, 0, 13]))
            .differs(Expected::Status(25), local)
            .shows(size)
            .shows("§6.2 Maximum Packet Size")
            .shows("§5.2 oversize PUBLISH"),
        one("-t a -l")
            .input("123456789\n")
            .at(server(&[0x27, 0, 0, 0, 13]))
            .differs(Expected::Sends(&["DISCONNECT"]), line)
            .shows("§6.4 too large"),
        one("-t a -l -q 1")
            .input("one\ntwo\n")
            .at(server(&[0x21, 0, 1]))
            .shows("§12.2 server limit: Receive Maximum")
            .shows("§1.2 -M: Receive Maximum replaces it"),
    ]);
}

#[test]
fn topic_aliases_and_a_broker_that_takes_none() {
    let row = "docs/differences.md: pub: a topic alias above the broker's maximum";
    let aliased = |line| publisher(line).only([V5]);
    showing(["§12.2 server limit: Topic Alias Maximum"])
        .compare([aliased("-t a -m x -D publish topic-alias 3")
            .differs(Expected::Sends(&["PUBLISH d0 q0 r0 'a' 'x'", "DISCONNECT"]), row)]);
    let taking = broker().connack_with(&[0x22, 0, 1]).on(Kind::Publish, [Reply::Close]);
    let taking = taking.then().connack_with(&[0x22, 0, 1]);
    showing(["§6.5 topic alias: again after a reconnect"]).compare([aliased(
        "-t a -l -q 1 -M 1 -D publish topic-alias 1",
    )
    .input("1\n2\n")
    .at(taking)]);
}

#[test]
fn a_broker_that_does_not_answer() {
    let silent =
        |ping: &[u8]| broker().connack_with(ping).on(Kind::Publish, []).on(Kind::Pingreq, []);
    showing(["§6.2 5 no PINGRESP: 19"]).compare([
        publisher("-t a -m x -q 1 -k 5").at(silent(&[])).only([V31, V311]),
        publisher("-t a -m x -q 1").at(silent(&[0x13, 0, 2])).only([V5]),
    ]);
    let row = "docs/differences.md: no connection, or no answer to CONNECT";
    showing(["§6.2 2 no CONNACK: keep alive", "§7.5 no CONNACK"]).compare([publisher(
        "-t a -m x -k 5 --connect-timeout 1",
    )
    .instead("-t a -m x -k 5", row)
    .at(broker().on(Kind::Connect, []))
    .differs(Expected::Status(1), row)]);
}

#[test]
fn a_publish_to_a_broker_that_is_slow_with_a_ping_in_between() {
    // The broker acknowledges at the second ping, not at the PUBLISH.
    let slow = |ping: &[u8]| {
        let acknowledge = Reply::Bytes(packet::puback(1));
        broker()
            .connack_with(ping)
            .on(Kind::Publish, [])
            .on(Kind::Pingreq, [Reply::Usual, acknowledge])
    };
    showing(["§6.2 5 PINGREQ while waiting", "§12.2 pings"]).compare([
        publisher("-t a -m x -q 1 -k 5").at(slow(&[])).only([V31, V311]),
        publisher("-t a -m x -q 1")
            .at(slow(&[0x13, 0, 2]))
            .only([V5])
            .shows("§12.2 Server Keep Alive")
            .shows("§1.2 -k: Server Keep Alive replaces it"),
    ]);
}
