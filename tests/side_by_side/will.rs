//! Wills (reference §11).

use super::broker::{broker, message};
use super::case::Version::V5;
use super::case::{Case, compare, publisher, subscriber};

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
        "--will-qos 1",
    ];
    compare(wills.into_iter().flat_map(both));
}

#[test]
fn the_properties_of_a_will() {
    let will = "--will-topic w/t --will-payload bye";
    let properties = [
        "-D will will-delay-interval 5",
        "-D will will-delay-interval 5 -D will user-property a b",
        "-D will payload-format-indicator 1",
        "-D will message-expiry-interval 4294967295",
        "-D will content-type text/plain",
        "-D will response-topic r/t -D will correlation-data x",
        "-D will user-property a b -D will content-type x -D will user-property a b",
        "-D WILL Will-Delay-Interval 0",
    ];
    let cases = properties.into_iter().flat_map(|words| both(&format!("{will} {words}")));
    compare(cases.map(|case| case.only([V5])));
}

#[test]
fn words_that_are_no_will() {
    let wrong = [
        "--will-payload bye",
        "--will-retain",
        "--will-topic a/#",
        "--will-topic +",
        "--will-topic '\\xff'",
        "--will-topic w --will-qos 3",
        "--will-topic w --will-qos -1",
    ];
    compare(wrong.into_iter().flat_map(both));
    let duplicate = "--will-topic w -D will content-type x -D will content-type y";
    compare(both(duplicate).map(|case| case.only([V5])));
    let property = "--will-topic w -D will content-type x -V 311";
    compare(both(property).map(Case::without_version));
}

#[test]
fn whether_a_will_is_published_is_decided_by_disconnect() {
    let one = broker().with(message("a", "x"));
    compare([
        subscriber("-t a -C 1 --will-topic w").at(one),
        subscriber("-t a -W 3 --will-topic w"),
    ]);
}
