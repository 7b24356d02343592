//! The fields of CONNECT and what is done about CONNACK (reference §1.2, §3, §7.5, §11, §12.1).

use test_support::packet::{self, v3};

use super::broker::{Reply, broker, message};
use super::case::Version::{V5, V31, V311};
use super::case::{Case, Expected, compare, publisher, subscriber};
use super::decode::Kind;

#[test]
fn identifiers() {
    compare([
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
    compare(publishers.into_iter().chain(subscribers));
    compare([
        publisher("-t a -m x").without_version(),
        publisher("-t a -m x").without_version().environment("XDG_CONFIG_HOME", "{folder}/missing"),
        publisher("-t a -m x -V 5 -V 31").without_version(),
        subscriber("-t a -E").without_version(),
    ]);
}

#[test]
fn sessions_and_keep_alive() {
    compare([
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
    compare([
        publisher("-t a -m x -u joe -P secret"),
        publisher("-t a -m x --username joe --pw 'with blank'"),
        publisher("-t a -m x -u joe"),
        publisher("-t a -m x -u '' -P ''"),
        publisher("-t a -m x -u ''"),
        publisher("-t a -m x -u joe -P '\\xff\\x01'"),
        publisher("-t a -m x -u first -P first -u second -P second"),
        publisher("-t a -m x -u 'größe' -P x -i me -c"),
        publisher("-t a -m x -P secret"),
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
    compare(codes.flat_map(|code| {
        [refused(publisher, "-t a -m x -q 1", code), refused(subscriber, "-t a", code)]
    }));
    compare([
        publisher("-t a -l").input("x\n").at(broker().connack(5)).only([V31, V311]),
        // Refused when it comes back.
        subscriber("-t a")
            .at(broker().on(Kind::Subscribe, [Reply::Close]).then().connack(5))
            .only([V31, V311]),
    ]);
}

#[test]
fn refusals_in_mqtt_5() {
    let codes = [0x80, 0x81, 0x82, 0x83, 0x84, 0x85, 0x86, 0x87, 0x88, 0x89, 0x8a, 0x8c, 0x90]
        .into_iter()
        .chain([0x95, 0x97, 0x99, 0x9a, 0x9b, 0x9f]);
    compare(codes.flat_map(|code| {
        let broker = broker().connack(code);
        [
            publisher("-t a -m x").at(broker.clone()).only([V5]),
            subscriber("-t a").at(broker).only([V5]),
        ]
    }));
}

#[test]
fn answers_that_are_none() {
    let answers = |bytes: &[u8]| broker().on(Kind::Connect, [Reply::Bytes(bytes.to_vec())]);
    let reason = "reference §7.5: 2.1.2 says 2; 2.0.11 does not look";
    let of_mqtt_3 = answers(&v3::connack(1));
    let session = |case: Case| {
        case.at(answers(&v3::connack_session_present()))
            .only([V311])
            .differs(Expected::Status(2), reason)
            .differs(Expected::Sends(&[]), reason)
    };
    compare([
        publisher("-t a -m x").at(of_mqtt_3.clone()).only([V5]),
        subscriber("-t a").at(of_mqtt_3).only([V5]),
        session(publisher("-t a -m x")),
        session(subscriber("-t a -E")),
    ]);
}

#[test]
fn an_identifier_that_the_broker_gives_is_used_again() {
    let assigned = [&[0x12][..], &packet::text("auto-7")].concat();
    let twice = broker()
        .connack_with(&assigned)
        .on(Kind::Subscribe, [Reply::Close])
        .then()
        .with(message("a", "x"));
    compare([subscriber("-t a -C 1").at(twice).only([V5])]);
}

#[test]
fn nobody_listens() {
    let port = test_support::mosquitto::free_port();
    let at = |line: &str| line.replace("PORT", &port.to_string());
    compare([
        publisher(&at("-t a -m x -h 127.0.0.1 -p PORT")),
        subscriber(&at("-t a -h 127.0.0.1 -p PORT")),
        publisher(&at("-t a -m x -h ::1 -p PORT")),
        publisher("-t a -m x -h no.such.host.invalid"),
        publisher("-t a -m x -h ''"),
        subscriber("-t a -h no.such.host.invalid"),
    ]);
}

#[test]
fn where_the_broker_is() {
    let hosts = [
        "-h localhost -p {port}",
        "--host 127.0.0.1 --port {port}",
        "-h no.such.host.invalid -h 127.0.0.1 -p 1 -p {port}",
    ];
    compare(hosts.into_iter().flat_map(|host| {
        [
            publisher(&format!("{host} -t a -m x")).without_version(),
            subscriber(&format!("-t a -E {host}")).without_version(),
        ]
    }));
}
