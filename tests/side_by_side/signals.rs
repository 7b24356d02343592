//! Signals (reference §6.3, §7.4).
//!
//! The original subscriber calls its library from the handler of SIGINT and SIGTERM, and hangs when
//! it is hit in the middle of that library: where that can be, it is not run.

use test_support::tool::Signal;

use super::broker::{Broker, Reply, broker};
use super::case::Version::{V5, V31, V311};
use super::case::{Case, Expected, publisher, showing, subscriber};
use super::decode::Kind;

/// The client gets a signal when its first packet of this kind has come and was answered.
fn signalling(kind: Kind, signal: Signal) -> Broker {
    broker().on(kind, [Reply::Usual, Reply::Signal(signal)])
}

#[test]
fn a_subscriber_that_is_let_in_says_good_bye() {
    let reason = "the original may hang; reference §7.4: status 0, in MQTT 5 reason 4";
    let ended = |words: &str, signal| {
        subscriber(&format!("-t a {words}"))
            .at(signalling(Kind::Subscribe, signal))
            .without_original(reason)
            .differs(Expected::Status(0), reason)
            .differs(Expected::Prints(&[]), reason)
    };
    let of_mqtt_3 = |case: Case| {
        case.only([V31, V311])
            .differs(Expected::Sends(&["SUBSCRIBE m1 'a' options=00", "DISCONNECT"]), reason)
    };
    let of_mqtt_5 = |case: Case| {
        let with_reason = &["SUBSCRIBE m1 'a' options=00", "DISCONNECT rc4"];
        case.only([V5]).differs(Expected::Sends(with_reason), reason)
    };
    showing([
        "§7.4 SIGINT, SIGTERM after CONNACK",
        "§7.5 SIGINT, SIGTERM",
        "§11 will after SIGINT, SIGTERM, -W",
        "§12.2 DISCONNECT by -W and signals",
    ])
    .compare([
        of_mqtt_3(ended("", Signal::INT)),
        of_mqtt_3(ended("--will-topic w", Signal::TERM)),
        of_mqtt_5(ended("", Signal::TERM)),
        of_mqtt_5(ended("--will-topic w", Signal::INT)),
    ]);
}

#[test]
fn before_the_broker_has_let_it_in_it_just_ends() {
    let row = "docs/differences.md: sub: SIGINT, SIGTERM before CONNACK";
    let early = |signal| broker().on(Kind::Connect, [Reply::Signal(signal)]);
    showing(["§7.4 SIGINT, SIGTERM before CONNACK", "§7.5 SIGINT, SIGTERM"]).compare([
        subscriber("-t a").at(early(Signal::INT)).differs(Expected::Status(130), row),
        subscriber("-t a").at(early(Signal::TERM)).differs(Expected::Status(143), row),
    ]);
}

#[test]
fn signals_that_are_nobodys_business() {
    let signals = [Signal::HUP, Signal::QUIT, Signal::USR1, Signal::USR2];
    showing(["§7.4 SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2"])
        .compare(signals.map(|signal| subscriber("-t a").at(signalling(Kind::Subscribe, signal))));
    showing(["§6.3 signals"]).compare(signals.map(|signal| {
        publisher("-t a -m x -q 1").at(broker().on(Kind::Publish, [Reply::Signal(signal)]))
    }));
    let row = "docs/differences.md: sub: SIGALRM from outside";
    showing(["§7.4 SIGALRM"]).compare([subscriber("-t a")
        .at(signalling(Kind::Subscribe, Signal::ALARM))
        .without_original("it may hang")
        .differs(Expected::Killed, row)
        .differs(Expected::Sends(&["SUBSCRIBE m1 'a' options=00"]), row)
        .differs(Expected::Prints(&[]), row)]);
}

#[test]
fn a_publisher_waits_for_what_is_on_its_way() {
    let row = "docs/differences.md: pub: SIGINT, SIGTERM";
    let sent = Expected::Sends(&["PUBLISH d0 q1 r0 m1 'a' 'x'", "DISCONNECT"]);
    let late = |signal| broker().on(Kind::Publish, [Reply::Signal(signal), Reply::Usual]);
    let early = |signal| broker().on(Kind::Connect, [Reply::Signal(signal)]);
    showing(["§6.3 signals", "§7.5 SIGINT, SIGTERM"]).compare([
        publisher("-t a -m x -q 1")
            .at(late(Signal::INT))
            .differs(Expected::Status(0), row)
            .differs(sent, row),
        publisher("-t a -m x").at(early(Signal::INT)).differs(Expected::Status(130), row),
        publisher("-t a -m x").at(early(Signal::TERM)).differs(Expected::Status(143), row),
    ]);
}
