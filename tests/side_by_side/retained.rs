//! Retained messages, and the subscriber's other ways to choose and to show (reference §1.3, §7.2,
//! §7.3, §8.6, §8.7).

use test_support::packet::RETAIN;

use super::broker::{Broker, Reply, broker, message};
use super::case::Version::{V5, V31, V311};
use super::case::{Case, Expected, showing, subscriber};
use super::decode::Kind;

fn retained(topics: &[&str]) -> Broker {
    topics.iter().fold(broker(), |broker, topic| broker.with(message(topic, "old").flagged(RETAIN)))
}

/// What removes the message on the topic a.
const REMOVAL: &str = "PUBLISH d0 q1 r1 m2 'a' ''";
const NEW: Expected = Expected::Sends(&["SUBSCRIBE m1 'a' options=10", "DISCONNECT"]);
const NEVER: Expected = Expected::Sends(&["SUBSCRIBE m1 'a' options=20", "DISCONNECT"]);

#[test]
fn subscription_options() {
    let reason = "2.0.11 has no --retain-handling";
    let handling = |words: &str, original: &str| {
        let case = subscriber(&format!("-t a -E {words}"));
        case.instead(&format!("-t a -E {original}"), reason)
    };
    showing(["§1.3 --retain-handling"]).compare([
        handling("--retain-handling new", "")
            .only([V5])
            .differs(NEW, reason)
            .shows("§7.3 --retain-handling new, never"),
        handling("--retain-handling never", "")
            .only([V5])
            .differs(NEVER, reason)
            .shows("§7.3 --retain-handling new, never"),
        handling("--retain-handling never", "-R"),
        handling("--retain-handling new", "")
            .only([V31, V311])
            .shows("§7.3 in MQTT 3 none of them"),
        handling("--retain-handling always", ""),
        // The later of the two decides.
        handling("-R --retain-handling new", "")
            .only([V5])
            .differs(NEW, reason)
            .shows("§7.3 -R --retain-handling new"),
        handling("--retain-handling new -R", "-R")
            .shows("§7.3 --retain-handling new -R")
            .shows("docs/differences.md: sub `--retain-handling new -R`"),
        handling("--retain-handling always -R", "-R").shows("§7.3 --retain-handling always -R"),
    ]);
    showing(["§1.3 --retain-as-published"]).compare([
        subscriber("-t a -E").shows("§7.3 none").shows("§7.3 no local"),
        subscriber("-t a -E --retain-as-published").shows("§7.3 --retain-as-published"),
        subscriber("-t a -E -R").shows("§7.3 -R").shows("§7.3 in MQTT 3 none of them"),
        subscriber("-t a -E --retain-as-published -R -q 1").shows("§7.3 in MQTT 3 none of them"),
    ]);
    let wrong = ["new2", "NEW", "''"];
    showing(["§1.3 --retain-handling other word"])
        .compare(wrong.map(|word| subscriber(&format!("-t a --retain-handling {word}"))));
}

#[test]
fn only_retained_messages() {
    let then_new = retained(&["a", "b"]).with(message("a", "new"));
    showing(["§1.3 --retained-only", "§7.2 --retained-only"]).compare([
        subscriber("-t # -v --retained-only").at(then_new.clone()),
        subscriber("-t # -v --retained-only -C 1").at(retained(&["a"])),
        subscriber("-t # -v --retained-only -T a").at(then_new),
        subscriber("-t # --retained-only -R")
            .shows("§1.3 -R with --retained-only")
            .shows("§1.4 -R with --retained-only"),
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
    showing(["§1.3 --remove-retained", "§7.2 --remove-retained"]).compare([
        subscriber("-t # -v --remove-retained -W 3").at(echoed.clone()),
        subscriber("-t # -v --remove-retained -W 3 -T a/b -q 1").at(retained(&["a/b", "c"])),
        // -W leaves with another reason in MQTT 5.
        never_ending("-C 4").at(echoed).only([V31, V311]),
        never_ending("-C 2").at(retained(&["a/b", "c"])).only([V31, V311]),
    ]);
}

/// The subscription that removes what is retained on the topic a, and leaves.
const REMOVED: Expected = Expected::Sends(&["SUBSCRIBE m1 '#' options=00", REMOVAL, "DISCONNECT"]);

#[test]
fn removals_do_not_keep_it_from_ending() {
    let row = "docs/differences.md: sub `--remove-retained` with `-C`, `--retained-only`";
    let then_new = retained(&["a"]).with(message("b", "new"));
    let cases = [
        subscriber("-t # -v --remove-retained -C 1").at(retained(&["a"])),
        subscriber("-t # -v --remove-retained --retained-only").at(then_new),
    ];
    let removed = |case: Case| {
        case.without_original("it never ends")
            .differs(Expected::Status(0), row)
            .differs(REMOVED, row)
            .differs(Expected::Prints(&["a old"]), row)
    };
    showing(["§7.2 --remove-retained with -C or --retained-only"]).compare(cases.map(removed));
}

#[test]
fn removals_that_the_original_forgets_or_repeats() {
    let own = "docs/differences.md: sub `--remove-retained --retain-as-published`";
    let echoed = retained(&["a"])
        .on(Kind::Publish, [Reply::Usual, Reply::Message(message("a", "").flagged(RETAIN))]);
    showing(["§7.2 --remove-retained"]).compare([subscriber(
        "-t # -v --remove-retained --retain-as-published -W 2",
    )
    .at(echoed)
    .only([V5])
    .without_original("it answers its own removals")
    .differs(Expected::Status(27), own)
    .differs(Expected::Sends(&["SUBSCRIBE m1 '#' options=08", REMOVAL, "DISCONNECT rc4"]), own)
    .differs(Expected::Prints(&["a old", "a (null)"]), own)]);
    let with_r = "docs/differences.md: sub `--remove-retained` with `-R`";
    showing(["§7.2 --remove-retained with -R"]).compare([
        subscriber("-t # -v --remove-retained -R -W 2")
            .at(retained(&["a"]))
            .only([V31, V311])
            .differs(REMOVED, with_r),
        subscriber("-t # -v --remove-retained -R -W 2").at(retained(&["a"])).only([V5]).differs(
            Expected::Sends(&["SUBSCRIBE m1 '#' options=00", REMOVAL, "DISCONNECT rc4"]),
            with_r,
        ),
    ]);
}

#[test]
fn some_messages_by_chance() {
    let wrong = ["0", "0.05", "-1", "abc", "1000.1"];
    showing(["§1.3 --random-filter out of range"])
        .compare(wrong.map(|word| subscriber(&format!("-t a --random-filter {word}"))));
    let one = broker().with(message("a", "x"));
    showing(["§1.3 --random-filter", "§7.2 --random-filter"]).compare([
        subscriber("-t a -v --random-filter 1000 -C 1").at(one.clone()),
        subscriber("-t a -v -R --random-filter 1000 -C 1").at(one),
    ]);
}

#[test]
fn a_screen_of_topics() {
    let messages = broker().with(message("t/a", "one")).with(message("t/b", ""));
    let row = "docs/differences.md: sub `-w`: a value shorter than the last of its topic";
    let shorter = broker().with(message("t", "longer")).with(message("t", "x"));
    showing(["§8.6 a shorter value"]).compare([subscriber("-t t -w -C 2")
        .instead("-t t -C 2", "2.0.11 has no -w")
        .at(shorter)
        .differs(
            Expected::Prints(&[
                "\\x1b[2J\\x1b[1;1HBroker: 127.0.0.1",
                "\\x1b[2;1H\\x1b[Klonger",
                "\\x1b[2;1H",
                "\\x1b[2;1H\\x1b[Kx",
                "\\x1b[2;1H",
            ]),
            row,
        )]);
    showing(["§1.3 -w", "§8.6 screen, rows and cursor"]).compare([subscriber("-t t/# -w -v -C 2")
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
