//! `-D`: properties of MQTT 5 (reference §9).

use super::broker::{Broker, broker, message};
use super::case::Version::{V5, V31, V311};
use super::case::{Case, Expected, compare, publisher, subscriber};

fn publishers(lines: &[&str]) -> Vec<Case> {
    lines.iter().map(|line| publisher(&format!("-t a -m x {line}")).without_version()).collect()
}

fn subscribers(lines: &[&str]) -> Vec<Case> {
    lines.iter().map(|line| subscriber(&format!("-t a -E {line}")).without_version()).collect()
}

/// Every property of CONNECT with the ends of its range.
const OF_CONNECT: &[&str] = &[
    "-D connect session-expiry-interval 0",
    "-D connect session-expiry-interval 4294967295",
    "-D connect receive-maximum 1",
    "-D connect receive-maximum 65535",
    "-D connect maximum-packet-size 1000",
    "-D connect maximum-packet-size 4294967295",
    "-D connect topic-alias-maximum 0",
    "-D connect topic-alias-maximum 65535",
    "-D connect request-problem-information 0",
    "-D connect request-problem-information 1",
    "-D connect request-response-information 1",
    "-D connect authentication-method plain",
    "-D connect authentication-method plain -D connect authentication-data secret",
    "-D connect user-property key value",
    "-D connect user-property key 1 -D connect user-property key 2 -D connect user-property '' ''",
    "-D connect topic-alias-maximum 10 -D connect user-property k v -x 60",
];

#[test]
fn of_connect() {
    compare(publishers(OF_CONNECT));
    compare(subscribers(OF_CONNECT));
    compare([
        subscriber("-t a -E -C 3 -D connect receive-maximum 7").only([V5]),
        publisher("-t a -m x -i me -c -D connect user-property k v").only([V5]),
    ]);
}

#[test]
fn of_publish() {
    compare(publishers(&[
        "-D publish payload-format-indicator 0",
        "-D publish payload-format-indicator 1 -q 1",
        "-D publish message-expiry-interval 0",
        "-D publish message-expiry-interval 4294967295",
        "-D publish content-type text/plain",
        "-D publish content-type ''",
        "-D publish response-topic r/t -D publish correlation-data 'a b'",
        "-D publish correlation-data ''",
        "-D publish user-property a b -D publish content-type x -D publish user-property a b -q 2",
        "-D PUBLISH Content-Type x -r",
        "--property publish content-type x",
    ]));
    compare([
        publisher("-t a -n -D publish content-type x").without_version(),
        publisher("-t a -l -q 1 -D publish content-type x").input("1\n2\n").without_version(),
        publisher("-t a -s -D publish content-type x").input("1").without_version(),
        publisher("-t a -m x --repeat 2 -D publish user-property a b").without_version(),
    ]);
}

#[test]
fn topic_aliases_of_the_publisher() {
    let aliases = broker().connack_with(&[0x22, 0, 10]);
    compare([
        publisher("-t a -m x -D publish topic-alias 3").at(aliases.clone()).without_version(),
        publisher("-t a -m x --repeat 3 -D publish topic-alias 10")
            .at(aliases.clone())
            .without_version(),
        publisher("-t a -l -D publish topic-alias 1").at(aliases).input("1\n2\n").without_version(),
    ]);
}

#[test]
fn of_subscribe_and_unsubscribe() {
    compare(subscribers(&[
        "-D subscribe subscription-identifier 1",
        "-D subscribe subscription-identifier 268435455",
        "-D subscribe user-property a b -D subscribe user-property a b",
        "-D subscribe subscription-identifier 300 -D subscribe user-property a b -q 1",
    ]));
    compare([subscriber("-U b -t a -D unsubscribe user-property a b -C 1")
        .at(unsubscribing())
        .without_version()]);
}

/// Sends the message when the subscription was given up.
fn unsubscribing() -> Broker {
    use super::broker::Reply;
    use super::decode::Kind;
    broker().on(Kind::Unsubscribe, [Reply::Usual, Reply::Message(message("a", "x"))])
}

#[test]
fn of_disconnect() {
    let lines = [
        "-D disconnect session-expiry-interval 60 -x 30",
        "-D disconnect reason-string enough",
        "-D disconnect user-property a b -D disconnect reason-string x",
        "-D disconnect server-reference other:1883",
    ];
    compare(publishers(&lines));
    compare(subscribers(&lines));
}

#[test]
fn of_the_other_tool_they_only_choose_the_version() {
    compare(publishers(&[
        "-D subscribe subscription-identifier 1",
        "-D unsubscribe user-property a b",
        "-D will content-type x",
    ]));
    compare(subscribers(&["-D publish content-type x", "-D will content-type x"]));
}

#[test]
fn words_that_are_no_property() {
    let wrong = [
        "-D",
        "-D publish",
        "-D publish content-type",
        "-D publish user-property a",
        "-D nothing content-type x",
        "-D publish nothing x",
        "-D publish receive-maximum 1",
        "-D publish subscription-identifier 1",
        "-D puback reason-string x",
        "-D auth authentication-method x",
        "-D connack reason-string x",
        "-D connect content-type x",
        "-D connect receive-maximum 65536",
        "-D connect receive-maximum -1",
        "-D connect session-expiry-interval 4294967296",
        "-D publish payload-format-indicator 256",
        "-D subscribe subscription-identifier 268435456",
        "-D publish content-type \\xff",
        "-D publish response-topic '\\xff'",
        "-D connect user-property '\\xff' x",
        "-D disconnect content-type x",
        "-D will topic-alias 1",
    ];
    compare(publishers(&wrong));
    compare(subscribers(&wrong));
}

#[test]
fn values_that_cannot_be_sent() {
    let reason = "reference §9.3: 2.1.2 leaves with 7; docs/differences.md: `-D`: a value that is no number or out of range, a response topic with wildcards or empty";
    compare(["payload-format-indicator 2", "response-topic a/#"].map(|property| {
        let case = publisher(&format!("-t a -m x -D publish {property}"));
        case.without_version().refused(reason)
    }));
    compare(publishers(&[
        "-D publish topic-alias 0",
        "-D publish content-type x -D publish content-type y",
    ]));
    compare(publishers(&[
        "-D connect receive-maximum 0",
        "-D connect maximum-packet-size 0",
        "-D connect request-problem-information 2",
        "-D connect receive-maximum 1 -D connect receive-maximum 1",
        "-x 1 -D connect session-expiry-interval 1",
        "-D connect user-property a b -V 311",
        "-D connect user-property a b -V 31",
    ]));
}

#[test]
fn the_last_of_the_options_that_choose_a_version_wins() {
    compare([
        publisher("-t a -m x -V 311 -D publish content-type x").without_version(),
        publisher("-t a -m x -D publish content-type x -V 5").without_version(),
        publisher("-t a -m x -D connect user-property a b").only([V31, V311]),
        subscriber("-t a -E -V 31 -D subscribe user-property a b").without_version(),
    ]);
}

#[test]
fn topic_aliases_of_the_broker() {
    const LINES: &[&str] = &[
        "Client me sending CONNECT",
        "Client me received CONNACK (0)",
        "Client me sending SUBSCRIBE (Mid: 1, Topic: a/b, QoS: 0, Options: 0x00)",
        "Client me received SUBACK",
        "Subscribed (mid: 1): 0",
        "Client me received PUBLISH (d0, q0, r0, m0, 'a/b', ... (1 bytes))",
        "a/b x",
        "Client me received PUBLISH (d0, q0, r0, m0, 'a/b', ... (1 bytes))",
        "a/b y",
        "Client me sending DISCONNECT",
    ];
    let reason = "reference §13: 2.0.11 does not resolve them";
    let alias = [0x23, 0, 1];
    let aliased = broker()
        .with(message("a/b", "x").properties(&alias))
        .with(message("", "y").properties(&alias));
    let both = |line: &str, printed| {
        subscriber(&format!("-t a/b -v -C 2 -i me -D connect topic-alias-maximum 10 {line}"))
            .at(aliased.clone())
            .without_version()
            .differs(Expected::Sends(&["SUBSCRIBE m1 'a/b' options=00", "DISCONNECT"]), reason)
            .differs(Expected::Status(0), reason)
            .differs(Expected::Prints(printed), reason)
    };
    compare([both("", &["a/b x", "a/b y"]), both("-d", LINES)]);
}
