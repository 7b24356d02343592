//! Wills (reference §11).

use super::broker::{broker, message};
use super::case::Version::V5;
use super::case::{Case, Expected, by_row, compare, publisher, showing, subscriber};

fn both(words: &str) -> [Case; 2] {
    [publisher(&format!("-t a -m x -i me {words}")), subscriber(&format!("-t a -E -i me {words}"))]
}

#[test]
fn the_fields_of_a_will() {
    let wills = [
        "--will-topic w/t",
        "--will-topic w/t --will-payload bye",
        "--will-topic w/t --will-payload ''",
        "--will-topic w/t --will-payload 'a\\xff b' --will-qos 1",
        "--will-topic w/t --will-payload bye --will-qos 2 --will-retain",
        "--will-retain --will-qos 0 --will-payload bye --will-topic w/t -u joe -P pw -k 30",
        "--will-topic first --will-topic second --will-payload a --will-payload b --will-qos 2 --will-qos 1",
    ];
    showing([
        "§1.2 --will-topic",
        "§1.2 --will-payload",
        "§1.2 --will-qos",
        "§1.2 --will-retain",
        "§11 will flag only with a topic",
    ])
    .compare(wills.into_iter().flat_map(both));
}

/// Both tools, each line with the row it shows.
fn both_by_row(table: &[(&str, &[&str])]) -> impl Iterator<Item = Case> {
    let publishers = by_row(publisher, "-t a -m x -i me", table);
    publishers.into_iter().chain(by_row(subscriber, "-t a -E -i me", table))
}

#[test]
fn the_properties_of_a_will() {
    let with_will = |tool, beginning| {
        let will = format!("{beginning} -i me --will-topic w/t --will-payload bye");
        by_row(tool, &will, PROPERTIES).into_iter().map(|case| case.only([V5]))
    };
    let cases = with_will(publisher, "-t a -m x").chain(with_will(subscriber, "-t a -E"));
    showing(["§11 will properties", "§12.1 will, user, password"]).compare(cases);
}

const PROPERTIES: &[(&str, &[&str])] = &[
    ("§9.1 will will-delay-interval", &["-D will will-delay-interval 5"]),
    ("§9.1 will payload-format-indicator", &["-D will payload-format-indicator 1"]),
    ("§9.1 will message-expiry-interval", &["-D will message-expiry-interval 4294967295"]),
    ("§9.1 will content-type", &["-D will content-type text/plain"]),
    ("§9.1 will response-topic", &["-D will response-topic r/t -D will correlation-data x"]),
    ("§9.1 will correlation-data", &["-D will correlation-data 'a b'"]),
    (
        "§9.1 will user-property",
        &["-D will user-property a b -D will content-type x -D will user-property a b"],
    ),
    ("§9.1 names in any case", &["-D WILL Will-Delay-Interval 0"]),
];

#[test]
fn words_that_are_no_will() {
    compare(both_by_row(&[
        ("§1.4 1 will payload without topic", &["--will-payload bye"]),
        ("§1.4 2 will retain without topic", &["--will-retain"]),
        ("§11 will QoS or retain without topic", &["--will-retain", "--will-qos 1"]),
        (
            "§1.2 --will-topic wrong",
            &["--will-topic a/#", "--will-topic +", "--will-topic '\\xff'"],
        ),
        (
            "§1.2 --will-qos out of range",
            &["--will-topic w --will-qos 3", "--will-topic w --will-qos -1"],
        ),
    ]));
    let property = showing(["§9.3 duplicate or bad will property, or MQTT 3"]);
    let duplicate = "--will-topic w -D will content-type x -D will content-type y";
    property.compare(both(duplicate).map(|case| case.only([V5])));
    for version in ["-V 311", "-V 31"] {
        let line = format!("--will-topic w -D will content-type x {version}");
        property.compare(both(&line).map(Case::without_version));
    }
}

#[test]
fn what_is_longer_than_its_length_can_say() {
    let long = "x".repeat(65_536);
    let will = "docs/differences.md: `--will-payload` of more than 65535 bytes";
    let line = format!("-t a -m x --will-topic w --will-payload {long}");
    let refused = |case: Case, row| {
        case.without_original("it sends what is no CONNECT")
            .refused(row)
            .differs(Expected::Prints(&[]), row)
    };
    showing(["§11 will payload above 65535 bytes"]).compare([refused(publisher(&line), will)]);
    showing(["§11 password above 65535 bytes"]).compare([refused(
        publisher(&format!("-t a -m x -u joe -P {long}")),
        "design: an error before anything is connected",
    )]);
}

#[test]
fn whether_a_will_is_published_is_decided_by_disconnect() {
    let one = broker().with(message("a", "x"));
    showing(["§11 will after -C, -E, a normal end", "§11 will after SIGINT, SIGTERM, -W"]).compare(
        [subscriber("-t a -C 1 --will-topic w").at(one), subscriber("-t a -W 3 --will-topic w")],
    );
}
