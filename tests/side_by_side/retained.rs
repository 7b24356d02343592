//! Retained messages, and the subscriber's other ways to choose and to show (reference §1.3, §7.2,
//! §7.3, §8.6, §8.7).

use test_support::packet::RETAIN;

use super::broker::{Broker, Reply, broker, message};
use super::case::Version::{V5, V31, V311};
use super::case::{Expected, compare, subscriber};
use super::decode::Kind;

fn retained(topics: &[&str]) -> Broker {
    topics.iter().fold(broker(), |broker, topic| broker.with(message(topic, "old").flagged(RETAIN)))
}

const NEW: Expected = Expected::Sends(&["SUBSCRIBE m1 'a' options=10", "DISCONNECT"]);
const NEVER: Expected = Expected::Sends(&["SUBSCRIBE m1 'a' options=20", "DISCONNECT"]);

#[test]
fn subscription_options() {
    let reason = "2.0.11 has no --retain-handling";
    let handling = |words: &str, original: &str| {
        let case = subscriber(&format!("-t a -E {words}"));
        case.instead(&format!("-t a -E {original}"), reason)
    };
    compare([
        subscriber("-t a -E --retain-as-published"),
        subscriber("-t a -E --retain-as-published -R -q 1"),
        handling("--retain-handling new", "").only([V5]).differs(NEW, reason),
        handling("--retain-handling never", "").only([V5]).differs(NEVER, reason),
        handling("--retain-handling never", "-R"),
        handling("--retain-handling always", ""),
        // The later of the two decides (reference §7.3).
        handling("-R --retain-handling new", "").only([V5]).differs(NEW, reason),
        handling("--retain-handling new -R", "-R"),
        handling("--retain-handling always -R", "-R"),
    ]);
    let wrong = ["new2", "NEW", "''"];
    compare(wrong.map(|word| subscriber(&format!("-t a --retain-handling {word}"))));
}

#[test]
fn only_retained_messages() {
    let then_new = retained(&["a", "b"]).with(message("a", "new"));
    compare([
        subscriber("-t # -v --retained-only").at(then_new.clone()),
        subscriber("-t # -v --retained-only -C 1").at(retained(&["a"])),
        subscriber("-t # -v --retained-only -T a").at(then_new),
        subscriber("-t # --retained-only -R"),
    ]);
}

#[test]
fn retained_messages_are_removed() {
    let row = "docs/differences.md: sub `--remove-retained` with `-C`, `--retained-only`";
    let never_ending = |words: &str| {
        let case = subscriber(&format!("-t # -v --remove-retained {words}"));
        case.instead("-t # -v --remove-retained -W 3", row).differs(Expected::Status(0), row)
    };
    let echoed = retained(&["a/b", "c"])
        .on(Kind::Publish, [Reply::Usual, Reply::Message(message("a/b", ""))])
        .on(Kind::Publish, [Reply::Usual, Reply::Message(message("c", ""))]);
    compare([
        subscriber("-t # -v --remove-retained -W 3").at(echoed.clone()),
        subscriber("-t # -v --remove-retained -W 3 -T a/b -q 1").at(retained(&["a/b", "c"])),
        // In MQTT 5 -W leaves with another reason.
        never_ending("-C 4").at(echoed).only([V31, V311]),
        never_ending("-C 2").at(retained(&["a/b", "c"])).only([V31, V311]),
    ]);
}

#[test]
fn some_messages_by_chance() {
    let wrong = ["0", "0.05", "-1", "abc", "1000.1"];
    compare(wrong.map(|word| subscriber(&format!("-t a --random-filter {word}"))));
    let one = broker().with(message("a", "x"));
    compare([
        subscriber("-t a -v --random-filter 1000 -C 1").at(one.clone()),
        subscriber("-t a -v -R --random-filter 1000 -C 1").at(one),
    ]);
}

#[test]
fn a_screen_of_topics() {
    let messages = broker().with(message("t/a", "one")).with(message("t/b", ""));
    let row = "docs/differences.md: sub `-w`: a value shorter than the last of its topic";
    compare([subscriber("-t t/# -w -v -C 2")
        .instead("-t t/# -v -C 2", "2.0.11 has no -w")
        .at(messages)
        .differs(
            Expected::Prints(&[
                "\\x1b[2J\\x1b[1;1HBroker: 127.0.0.1",
                "\\x1b[2;1H\\x1b[Kt/a one",
                "\\x1b[2;1H",
                "\\x1b[3;1H\\x1b[Kt/b (null)",
                "\\x1b[3;1H",
            ]),
            row,
        )]);
}
