//! The fields of CONNECT and what is done about CONNACK (reference §1.2, §3, §7.5, §11, §12.1).

use test_support::packet::v3;

use super::broker::{Broker, Reply, broker, message};
use super::case::Version::{V5, V31, V311};
use super::case::{Case, Expected, publisher, showing, subscriber};
use super::decode::Kind;

#[test]
fn what_is_asked_for_without_an_option() {
    let defaults = showing([
        "§3 TLS",
        "§3 keep alive",
        "§3 session",
        "§3 QoS and retain",
        "§3 Receive Maximum 20",
        "§12.1 flags",
        "§12.1 keep alive",
        "§12.1 properties",
    ]);
    defaults.compare([
        publisher("-t a -m x"),
        subscriber("-t a -E"),
        // -p alone.
        publisher("-t a -m x -p {port}").shows("§3 host").shows("§1.4 10 host is localhost"),
        subscriber("-t a -E -p {port}").shows("§3 host").shows("§1.4 10 host is localhost"),
    ]);
}

#[test]
fn identifiers() {
    showing([
        "§1.2 -i",
        "§1.2 -I",
        "§1.2 -I empty",
        "§1.2 -i longer than 23 in 3.1",
        "§3 client id is empty",
        "§3 client id of 3.1",
        "§12.1 client id",
    ])
    .compare([
        publisher("-t a -m x"),
        publisher("-t a -m x -i me"),
        publisher("-t a -m x -i first -i second"),
        publisher("-t a -m x --id 'größer als 23 Zeichen, wie 3.1 es nicht will'"),
        publisher("-t a -m x -I me-"),
        publisher("-t a -m x --id-prefix ''"),
        subscriber("-t a -E"),
        subscriber("-t a -E -i me"),
        subscriber("-t a -E -I me-"),
    ]);
}

#[test]
fn versions_by_each_of_their_names() {
    let names = ["mqttv31", "31", "mqttv311", "311", "mqttv5", "5"];
    let publishers = names.map(|name| publisher(&format!("-t a -m x -V {name}")).without_version());
    let subscribers = names
        .map(|name| subscriber(&format!("-t a -E --protocol-version {name}")).without_version());
    showing(["§1.2 -V: six words", "§12.1 protocol name and level"])
        .compare(publishers.into_iter().chain(subscribers));
    showing(["§3 protocol", "§2.1 missing or unreadable"]).compare([
        publisher("-t a -m x").without_version(),
        publisher("-t a -m x").without_version().environment("XDG_CONFIG_HOME", "{folder}/missing"),
        publisher("-t a -m x -V 5 -V 31").without_version(),
        subscriber("-t a -E").without_version(),
    ]);
}

#[test]
fn sessions_and_keep_alive() {
    showing(["§1.2 -c", "§1.2 -k", "§12.1 keep alive", "§12.1 flags"]).compare([
        publisher("-t a -m x -c -i me").only([V31, V311]),
        publisher("-t a -m x --disable-clean-session -i me").only([V31, V311]),
        publisher("-t a -m x -k 5"),
        publisher("-t a -m x -k 60 --keepalive 65535"),
        subscriber("-t a -E -c -i me -k 3600").only([V31, V311]),
        subscriber("-t a -E -c -i me").only([V5]),
        publisher("-t a -m x -c -i me").only([V5]),
    ]);
}

#[test]
fn credentials() {
    showing([
        "§1.2 -P",
        "§1.2 -u",
        "§11 password without user",
        "§11 user without password",
        "§11 empty strings",
        "§11 password content",
        "§11 user check",
        "§1.1 same scalar twice",
    ])
    .compare([
        publisher("-t a -m x -u joe -P secret").shows("§12.1 will, user, password"),
        publisher("-t a -m x --username joe --pw 'with blank'"),
        publisher("-t a -m x -u joe"),
        publisher("-t a -m x -u '' -P ''"),
        publisher("-t a -m x -u ''"),
        publisher("-t a -m x -u joe -P '\\xff\\x01'"),
        publisher("-t a -m x -u first -P first -u second -P second"),
        publisher("-t a -m x -u 'größe' -P x -i me -c"),
        publisher("-t a -m x -P secret").shows("§12.1 -P alone"),
        subscriber("-t a -E -u joe -P secret"),
        subscriber("-t a -E -P secret"),
        publisher("-t a -m x -u '\\xff' -P x"),
    ]);
}

#[test]
fn refusals_in_mqtt_3() {
    let refused = |line: fn(&str) -> Case, words: &str, code| {
        line(words).at(broker().connack(code)).only([V31, V311])
    };
    let codes = 1..=6;
    showing([
        "§7.5 CONNACK 1 to 5",
        "§7.5 CONNACK 6",
        "§6.2 3 CONNACK refuses",
        "§12.2 after a refused CONNACK",
        "§7.5 the code of CONNACK counts before the library's",
    ])
    .compare(codes.flat_map(|code| {
        [refused(publisher, "-t a -m x -q 1", code), refused(subscriber, "-t a", code)]
    }));
}

#[test]
fn refusals_of_those_who_come_again() {
    let again = |kind, code| broker().on(kind, [Reply::Close]).then().connack(code);
    let reason = "2.0.11 tries for ever; reference §6.4: the code is the status";
    let lines = |code| {
        publisher("-t a -l -q 1")
            .input("x\n")
            .at(again(Kind::Publish, code))
            .without_original(reason)
            .differs(Expected::Status(code.into()), reason)
            .differs(Expected::Sends(&["PUBLISH d0 q1 r0 m1 'a' 'x'"]), reason)
            .differs(Expected::Prints(&[]), reason)
    };
    showing(["§6.4 refused on reconnect"])
        .compare([lines(5).only([V31, V311]), lines(135).only([V5])]);
    let line = |code| publisher("-t a -l").input("x\n").at(broker().connack(code));
    showing(["§6.4 refused at first"]).compare([line(5).only([V31, V311]), line(135).only([V5])]);
    let subscribed = |code| subscriber("-t a").at(again(Kind::Subscribe, code));
    showing(["§7.4 refused on reconnect"])
        .compare([subscribed(5).only([V31, V311]), subscribed(135).only([V5])]);
}

#[test]
fn refusals_in_mqtt_5() {
    let codes = [0x80, 0x81, 0x82, 0x83, 0x84, 0x85, 0x86, 0x87, 0x88, 0x89, 0x8a, 0x8c, 0x90]
        .into_iter()
        .chain([0x95, 0x97, 0x99, 0x9a, 0x9b, 0x9f]);
    showing([
        "§7.5 CONNACK from 128",
        "§7.5 CONNACK 132",
        "§6.2 3 CONNACK refuses",
        "§12.2 after a refused CONNACK",
        "§7.5 the code of CONNACK counts before the library's",
    ])
    .compare(codes.flat_map(|code| {
        let broker = broker().connack(code);
        [
            publisher("-t a -m x").at(broker.clone()).only([V5]),
            subscriber("-t a").at(broker).only([V5]),
        ]
    }));
}

fn answers(bytes: &[u8]) -> Broker {
    broker().on(Kind::Connect, [Reply::Bytes(bytes.to_vec())])
}

#[test]
fn answers_that_are_none() {
    let of_mqtt_3 = answers(&v3::connack(1));
    let row = "docs/differences.md: MQTT 5 client at a broker that knows only MQTT 3";
    showing(["§7.5 CONNACK of MQTT 3 to MQTT 5", row]).compare([
        publisher("-t a -m x").at(of_mqtt_3.clone()).only([V5]),
        subscriber("-t a").at(of_mqtt_3).only([V5]),
    ]);
}

#[test]
fn answers_that_do_not_fit() {
    let reason = "reference §7.5: 2.1.2 says 2; 2.0.11 does not look";
    let refused = |case: Case, answer: &[u8], version| {
        let case = case.at(answers(answer).then().connack(9)).only([version]);
        case.differs(Expected::Status(2), reason).differs(Expected::Sends(&[]), reason)
    };
    let rows = [
        "§7.5 session present, flags, assigned id unasked",
        "§12.2 session present on clean start",
    ];
    let session_5 = [0x20, 3, 1, 0, 0];
    showing(rows).compare([
        refused(publisher("-t a -m x"), &v3::connack_session_present(), V311),
        refused(subscriber("-t a -E"), &v3::connack_session_present(), V311),
        refused(publisher("-t a -m x"), &session_5, V5),
        refused(subscriber("-t a -E"), &session_5, V5),
        refused(publisher("-t a -m x"), &[0x20, 2, 2, 0], V311),
        refused(subscriber("-t a -E"), &[0x20, 3, 2, 0, 0], V5),
        publisher("-t a -m x -i me").at(broker().connack_with(&ASSIGNED)).only([V5]),
        subscriber("-t a -E -i me").at(broker().connack_with(&ASSIGNED)).only([V5]),
    ]);
}

/// The broker gives the client an identifier.
const ASSIGNED: [u8; 9] = *b"\x12\0\x06auto-7";

#[test]
fn an_identifier_that_the_broker_gives_is_used_again() {
    let twice = broker()
        .connack_with(&ASSIGNED)
        .on(Kind::Subscribe, [Reply::Close])
        .then()
        .with(message("a", "x"));
    showing(["§3 assigned client id, also later"])
        .compare([subscriber("-t a -C 1").at(twice).only([V5])]);
}

#[test]
fn nobody_listens() {
    let port = test_support::mosquitto::free_port();
    let at = |line: &str| line.replace("PORT", &port.to_string());
    showing(["§7.5 no connection", "§6.2 1 no connection: no retry"]).compare([
        publisher(&at("-t a -m x -h 127.0.0.1 -p PORT")),
        subscriber(&at("-t a -h 127.0.0.1 -p PORT")),
        publisher(&at("-t a -m x -h ::1 -p PORT")).shows("§1.2 -h an IPv6 literal"),
        publisher(&at("-t a -l -h 127.0.0.1 -p PORT")).input("x\n"),
        publisher(&at("-t a -m x -d -i me -h 127.0.0.1 -p PORT")).shows("§5.3 nobody listens"),
        subscriber(&at("-t a -d -i me -h 127.0.0.1 -p PORT")).shows("§5.3 nobody listens"),
    ]);
    let empty = "docs/differences.md: `-h ''`, `--unix ''`, a socket path of more than 107 bytes";
    showing(["§7.5 name lookup", "§1.2 -h unresolvable or empty"]).compare([
        publisher("-t a -m x -h no.such.host.invalid"),
        publisher("-t a -m x -h ''").shows(empty),
        subscriber("-t a -h no.such.host.invalid"),
        subscriber("-t a -h ''").shows(empty),
        publisher("-t a -m x -h name/with/slashes")
            .shows("docs/differences.md: `-h` with `/` or `@` (without `-p 0`)"),
    ]);
}

#[test]
fn where_the_broker_is() {
    let hosts = [
        "-h localhost -p {port}",
        "--host 127.0.0.1 --port {port}",
        "-h no.such.host.invalid -h 127.0.0.1 -p 1 -p {port}",
    ];
    showing(["§1.2 -h", "§1.2 -p", "§1.1 same scalar twice"]).compare(hosts.into_iter().flat_map(
        |host| [publisher(&format!("{host} -t a -m x")), subscriber(&format!("-t a -E {host}"))],
    ));
}
