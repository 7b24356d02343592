//! `-D`: properties of MQTT 5 (reference §9).

use super::broker::{Broker, Reply, broker, message};
use super::case::Version::{V5, V31, V311};
use super::case::{Case, Expected, by_row, compare, publisher, showing, subscriber};
use super::decode::Kind;

fn publishers(lines: &[&str]) -> Vec<Case> {
    lines.iter().map(|line| showing_properties(publisher, "-t a -m x", line)).collect()
}

fn subscribers(lines: &[&str]) -> Vec<Case> {
    lines.iter().map(|line| showing_properties(subscriber, "-t a -E", line)).collect()
}

/// The row of each `-D command property` is shown.
fn showing_properties(tool: fn(&str) -> Case, beginning: &str, line: &str) -> Case {
    let case = tool(&format!("{beginning} {line}")).without_version();
    let words: Vec<_> = line.split(' ').collect();
    words
        .windows(3)
        .filter(|words| matches!(words[0], "-D" | "--property"))
        .fold(case, |case, words| {
            case.shows(&format!("§9.1 {} {}", words[1], words[2]).to_lowercase())
        })
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
    let connect = showing(["§1.2 -D", "§12.1 properties and -x", "§12.1 properties"]);
    connect.compare(publishers(OF_CONNECT));
    connect.compare(subscribers(OF_CONNECT));
    showing(["§9.1 order of the command line; -x, then Receive Maximum"]).compare([
        subscriber("-t a -E -C 3 -D connect receive-maximum 7").only([V5]),
        publisher("-t a -m x -i me -c -D connect user-property k v").only([V5]),
    ]);
}

#[test]
fn of_publish() {
    showing([
        "§12.2 PUBLISH: order of properties",
        "§9.1 names in any case",
        "§9.1 user properties repeat, in order",
    ])
    .compare(publishers(&[
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
    showing(["§9.1 publish content-type"]).compare([
        publisher("-t a -n -D publish content-type x").without_version(),
        publisher("-t a -l -q 1 -D publish content-type x").input("1\n2\n").without_version(),
        publisher("-t a -s -D publish content-type x").input("1").without_version(),
        publisher("-t a -m x --repeat 2 -D publish user-property a b").without_version(),
    ]);
}

#[test]
fn topic_aliases_of_the_publisher() {
    let aliases = broker().connack_with(&[0x22, 0, 10]);
    showing(["§6.5 topic alias: the topic only once", "§9.1 publish topic-alias"]).compare([
        publisher("-t a -m x -D publish topic-alias 3").at(aliases.clone()).without_version(),
        publisher("-t a -m x --repeat 3 -D publish topic-alias 10")
            .at(aliases.clone())
            .without_version(),
        publisher("-t a -l -D publish topic-alias 1").at(aliases).input("1\n2\n").without_version(),
    ]);
}

#[test]
fn of_subscribe_and_unsubscribe() {
    showing(["§12.2 SUBSCRIBE with properties", "§7.3 subscription identifier"]).compare(
        subscribers(&[
            "-D subscribe subscription-identifier 1",
            "-D subscribe subscription-identifier 268435455",
            "-D subscribe user-property a b -D subscribe user-property a b",
            "-D subscribe subscription-identifier 300 -D subscribe user-property a b -q 1",
        ]),
    );
    showing(["§9.1 unsubscribe user-property"]).compare([subscriber(
        "-U b -t a -D unsubscribe user-property a b -C 1",
    )
    .at(unsubscribing())
    .without_version()]);
}

/// Sends the message when the subscription was given up.
fn unsubscribing() -> Broker {
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
    showing(["§12.2 DISCONNECT with properties"]).compare(publishers(&lines));
    showing(["§12.2 DISCONNECT with properties"]).compare(subscribers(&lines));
}

#[test]
fn of_the_other_tool_they_only_choose_the_version() {
    showing(["§9.1 of another packet: they only select MQTT 5"]).compare(publishers(&[
        "-D subscribe subscription-identifier 1",
        "-D unsubscribe user-property a b",
        "-D will content-type x",
    ]));
    showing(["§9.1 of another packet: they only select MQTT 5"])
        .compare(subscribers(&["-D publish content-type x", "-D will content-type x"]));
}

/// Wrong at first sight.
const NO_PROPERTY: &[(&str, &[&str])] = &[
    (
        "§9.2 too few words",
        &["-D", "-D publish", "-D publish content-type", "-D publish user-property a"],
    ),
    ("§9.2 unknown command", &["-D nothing content-type x", "-D pub content-type x"]),
    ("§9.2 unknown property", &["-D publish nothing x", "-D connect content x"]),
    (
        "§9.2 not allowed in that packet",
        &[
            "-D publish receive-maximum 1",
            "-D connect content-type x",
            "-D subscribe content-type x",
            "-D unsubscribe subscription-identifier 1",
            "-D disconnect content-type x",
            "-D will topic-alias 1",
        ],
    ),
    ("§9.1 publish subscription-identifier", &["-D publish subscription-identifier 1"]),
    (
        "§9.2 not supported for that packet",
        &[
            "-D publish subscription-identifier 1",
            "-D puback reason-string x",
            "-D pubrec reason-string x",
            "-D pubrel reason-string x",
            "-D pubcomp reason-string x",
            "-D suback reason-string x",
            "-D unsuback reason-string x",
            "-D auth authentication-method x",
        ],
    ),
    ("§9.2 connack", &["-D connack reason-string x"]),
    (
        "§9.2 number out of range",
        &[
            "-D connect receive-maximum 65536",
            "-D connect receive-maximum -1",
            "-D connect session-expiry-interval 4294967296",
            "-D publish payload-format-indicator 256",
        ],
    ),
    ("§9.2 varint too large", &["-D subscribe subscription-identifier 268435456"]),
    (
        "§9.2 invalid UTF-8",
        &[
            r"-D publish content-type \xff",
            r"-D publish response-topic '\xff'",
            r"-D connect user-property '\xff' x",
        ],
    ),
];

const NUMBERS: &str = "docs/differences.md: `-D`: a value that is no number or out of range, a response topic with wildcards or empty";
const TOO_LONG: &str = "docs/differences.md: `-D`: text of more than 65535 bytes; the value of a user property that is not UTF-8 or has control characters";

#[test]
fn words_that_are_no_property() {
    for (tool, beginning) in [(publisher as fn(&str) -> Case, "-t a -m x"), (subscriber, "-t a -E")]
    {
        compare(by_row(tool, beginning, NO_PROPERTY).into_iter().map(Case::without_version));
        let long = "x".repeat(65_536);
        let with = |words: &str| tool(&format!("{beginning} {words}")).without_version();
        compare([
            with(&format!("-D connect authentication-data {long}")).shows("§9.2 binary too long"),
            with("-D connect session-expiry-interval x").refused(NUMBERS).shows("§9.2 no number"),
            with(&format!("-D connect authentication-method {long}"))
                .refused(TOO_LONG)
                .shows("§9.2 text longer than 65535"),
            with(r"-D connect user-property a '\xff'").refused(TOO_LONG),
        ]);
    }
}

#[test]
fn values_that_cannot_be_sent() {
    let one = |words: &str| publisher(&format!("-t a -m x {words}")).without_version();
    showing(["§6.2 bad publish property", "§9.3 duplicate or bad publish property, or MQTT 3"])
        .compare([
            one("-D publish topic-alias 0"),
            one("-D publish payload-format-indicator 2").refused(NUMBERS),
            one("-D publish response-topic a/#").refused(NUMBERS),
            one("-D publish response-topic ''").refused(NUMBERS),
        ]);
    showing([
        "§6.2 duplicate publish property",
        "§9.3 duplicate or bad publish property, or MQTT 3",
    ])
    .compare([one("-D publish content-type x -D publish content-type y")]);
    let of_connect: &[(&str, &[&str])] = &[
        (
            "§9.3 bad connect property",
            &[
                "-D connect receive-maximum 0",
                "-D connect maximum-packet-size 0",
                "-D connect request-problem-information 2",
                "-D connect request-response-information 2",
            ],
        ),
        (
            "§9.3 duplicate connect property",
            &[
                "-D connect receive-maximum 1 -D connect receive-maximum 1",
                "-x 1 -D connect session-expiry-interval 1",
                "-c -i me -D connect session-expiry-interval 1",
            ],
        ),
        (
            "§9.3 connect property, then -V 311",
            &["-D connect user-property a b -V 311", "-D connect user-property a b -V 31"],
        ),
    ];
    compare(by_row(publisher, "-t a -m x", of_connect).into_iter().map(Case::without_version));
    compare(by_row(subscriber, "-t a -E", of_connect).into_iter().map(Case::without_version));
}

#[test]
fn what_mqtt_has_and_the_tools_refuse() {
    let one = |words: &str| publisher(&format!("-t a -m x {words}")).without_version();
    let sub = |words: &str| subscriber(&format!("-t a -E {words}")).without_version();
    let zero =
        "docs/differences.md: `-D subscribe subscription-identifier 0`, `-D will reason-string`";
    compare([
        sub("-D subscribe subscription-identifier 0").refused(zero),
        one("--will-topic w -D will reason-string x")
            .refused(zero)
            .shows("§9.1 will reason-string"),
        one("-D connect authentication-data x").refused(
            "docs/differences.md: `-D connect authentication-data` without `authentication-method`",
        ),
        one("-D connect session-expiry-interval 0 -D disconnect session-expiry-interval 1").refused(
            "docs/differences.md: `-D disconnect session-expiry-interval` above 0 after a CONNECT with 0",
        ),
        one("-D connect session-expiry-interval 7 -x 0")
            .refused("docs/differences.md: `-D connect session-expiry-interval` with `-x 0`"),
        one("-x +5").refused("docs/differences.md: `-x +5`"),
    ]);
}

#[test]
fn properties_that_are_not_those_of_the_packet_of_that_version() {
    let row = "docs/differences.md: `-D`: a property twice, or MQTT 3 asked for behind it";
    let refused = |case: Case| case.without_version().refused(row);
    let of_subscribe = showing(["§9.3 duplicate subscribe property, or MQTT 3"]);
    // 2.0.11 looks at them before it connects, as we do.
    of_subscribe.compare([subscriber(
        "-t a -D subscribe subscription-identifier 1 -D subscribe subscription-identifier 2",
    )
    .without_version()]);
    of_subscribe.compare(["-V 311", "-V 31"].map(|version| {
        refused(subscriber(&format!("-t a -W 2 -D subscribe user-property a b {version}")))
    }));
    let of_disconnect = showing(["§9.3 bad disconnect property, or MQTT 3"]);
    of_disconnect.compare([publisher(
        "-t a -m x -D disconnect reason-string a -D disconnect reason-string b",
    )
    .without_version()]);
    of_disconnect.compare(["-V 311", "-V 31"].map(|version| {
        let case = publisher(&format!("-t a -m x -D disconnect user-property a b {version}"));
        refused(case.without_original("2.0.11 sends no DISCONNECT and waits for ever"))
            .differs(Expected::Prints(&[]), row)
    }));
    showing([
        "§9.3 duplicate or bad publish property, or MQTT 3",
        "§6.2 publish property under -V 311",
    ])
    .compare(["-V 311", "-V 31"].map(|version| {
        refused(publisher(&format!("-t a -m x -D publish content-type x {version}")))
    }));
}

#[test]
fn the_last_of_the_options_that_choose_a_version_wins() {
    showing(["§1.2 -V, -D, -x: the last wins"]).compare([
        publisher("-t a -m x -V 311 -D publish content-type x").without_version(),
        publisher("-t a -m x -D publish content-type x -V 5").without_version(),
        publisher("-t a -m x -D connect user-property a b").only([V31, V311]),
        subscriber("-t a -E -V 31 -D subscribe user-property a b").without_version(),
        publisher("-t a -m x -D connect user-property a b -V 311")
            .without_version()
            .shows("§1.2 -D, then -V 311"),
    ]);
}

#[test]
fn a_broker_that_wants_to_authenticate_the_client() {
    let asking = broker().on(Kind::Connect, [Reply::Bytes(vec![0xf0, 2, 0x18, 0]), Reply::Close]);
    let refusing = broker().connack(0x8c);
    let with_method = "-t a -m x -i me -d -D connect authentication-method plain";
    let none = "reference §7.5: 11 in 2.1.2, which has no AUTH either";
    showing(["§9.3 authentication-method", "§7.5 CONNACK from 128"]).compare([publisher(
        with_method,
    )
    .at(refusing)
    .only([V5])]);
    showing(["§9.3 authentication-method, AUTH comes"]).compare([publisher(with_method)
        .at(asking.clone())
        .only([V5])
        .differs(Expected::Status(11), none)]);
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
    showing(["§7.4 inbound topic alias", "§5.2 PUBLISH in, alias"])
        .compare([both("", &["a/b x", "a/b y"]), both("-d", LINES)]);
}
