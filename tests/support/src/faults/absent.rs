//! There is no broker when a publisher begins.

use super::rig::Case;
use super::{Row, Trial};
use crate::middleman::{Lanes, Middleman};
use crate::mosquitto::{Mosquitto, free_port};

pub(super) const AT_FIRST: Row = Row {
    name: "absent-at-first",
    fault: "no broker yet, or none for too long, under `mqtt-pub -m --retry N` or `--retry forever`",
    side_by_side: 12,
    short: 6,
    trial: |case| if case.random.bool() { comes(case) } else { never_comes(case) },
};

/// The broker has the message, at any `QoS`, as soon as the tool says so.
fn comes(case: &mut Case<'_>) -> Trial {
    let (version, qos) = (case.one_of(&["311", "5"]), case.one_of(&["0", "1", "2"]));
    let mut broker = Mosquitto::unlimited().start();
    broker.kill();
    let port = broker.port().to_string();
    let place = ["-h", "127.0.0.1", "-p", &port, "-t", "t", "-V", version];
    let message = ["-q", qos, "-r", "-m", "0", "--retry", "forever"];
    let running = case.rig.publisher.spawn([&place[..], &message].concat());
    running.wait_for_stderr("; connecting again");
    broker.resume();
    running.wait().assert_code(0);
    let kept = case.rig.subscriber.run([&place[..], &["-C", "1", "-W", "5"]].concat());
    Trial::default().lost(usize::from(kept.stdout() != "0\n")).sum("messages", 1)
}

/// It connects as often as it was told to, and says that nothing got through.
fn never_comes(case: &mut Case<'_>) -> Trial {
    let retries = case.random.u64(1..=2);
    let nobody = Middleman::before(free_port(), |_| Lanes::default());
    let (port, retry) = (nobody.port().to_string(), retries.to_string());
    let place = ["-h", "127.0.0.1", "-p", &port, "-t", "t"];
    let message = ["-q", "1", "-m", "0", "--retry", &retry];
    let output = case.rig.publisher.run([&place[..], &message].concat());
    assert!(output.code().is_some_and(|code| code > 0), "{output:?}");
    assert!(output.stderr().contains("\nerror: "), "{output:?}");
    assert_eq!(nobody.connections(), retries + 1, "{output:?}");
    Trial::default().sum("given up, and said so", 1)
}
