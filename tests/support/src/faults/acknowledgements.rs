//! Acknowledgements that come late, in another order, twice or not at all.

use std::time::Duration;

use super::kill::write_all;
use super::ledger::{PUBACK, PUBCOMP, PUBLISH, PUBREC, PUBREL, Received, Sent, kind};
use super::observer::Observer;
use super::rig::{Case, kept, numbers, text};
use super::{Row, Trial};
use crate::middleman::{Direction, Fault, Lane, Lanes, Middleman};
use crate::packet::{DUP, flagged};
use crate::tool::Signal;

pub(super) const DELAYED_AND_REORDERED: Row = Row {
    name: "acknowledgements-reordered",
    fault: "acknowledgements delayed, and in another order than the messages",
    side_by_side: 4,
    short: 6,
    trial: |case| disturbed(case, reordered),
};

pub(super) const DUPLICATED: Row = Row {
    name: "acknowledgements-duplicated",
    fault: "one acknowledgement in three comes twice",
    side_by_side: 4,
    short: 6,
    trial: |case| disturbed(case, duplicated),
};

pub(super) const MISSING: Row = Row {
    name: "acknowledgements-missing",
    fault: "one acknowledgement in fifty never comes, and at last the connection breaks",
    side_by_side: 8,
    short: 6,
    trial: |case| disturbed(case, missing),
};

pub(super) const REPEATED_MESSAGES: Row = Row {
    name: "messages-repeated",
    fault: "every PUBLISH and PUBREL of QoS 2 comes to `mqtt-sub` once more",
    side_by_side: 4,
    short: 6,
    trial: repeated_messages,
};

const LINES: usize = 1_000;

/// So long nothing comes: what is missing is not coming any more.
const QUIET: Duration = Duration::from_millis(300);

/// What becomes of the packets that come together.
type Disturbance = fn(Vec<Vec<u8>>, &mut fastrand::Rng) -> Vec<Vec<u8>>;

fn is_acknowledgement(packet: &[u8]) -> bool {
    matches!(kind(packet), PUBACK | PUBREC | PUBCOMP)
}

/// The order among PUBRECs is kept, since a broker must (MQTT 5 §4.6). That among PUBACKs it must
/// keep as well, but not all do.
fn reordered(packets: Vec<Vec<u8>>, random: &mut fastrand::Rng) -> Vec<Vec<u8>> {
    // What comes meanwhile comes together.
    std::thread::sleep(Duration::from_micros(random.u64(0..3_000)));
    let (mut loose, mut ordered): (Vec<_>, Vec<_>) =
        packets.into_iter().partition(|packet| matches!(kind(packet), PUBACK | PUBCOMP));
    random.shuffle(&mut loose);
    ordered.reverse();
    let mut together = Vec::new();
    while !loose.is_empty() || !ordered.is_empty() {
        let source = if random.bool() { &mut loose } else { &mut ordered };
        together.extend(source.pop());
    }
    together
}

fn duplicated(packets: Vec<Vec<u8>>, random: &mut fastrand::Rng) -> Vec<Vec<u8>> {
    let times = |packet: &Vec<u8>, random: &mut fastrand::Rng| {
        if is_acknowledgement(packet) && random.u8(0..3) == 0 { 2 } else { 1 }
    };
    packets.into_iter().flat_map(|packet| vec![packet.clone(); times(&packet, random)]).collect()
}

fn missing(mut packets: Vec<Vec<u8>>, random: &mut fastrand::Rng) -> Vec<Vec<u8>> {
    packets.retain(|packet| !is_acknowledgement(packet) || random.u8(0..50) != 0);
    packets
}

/// Lines from `mqtt-pub -l` whose acknowledgements suffer on the first two connections.
fn disturbed(case: &mut Case<'_>, disturbance: Disturbance) -> Trial {
    let (version, qos) = (case.one_of(&["311", "5"]), case.one_of(&["1", "2"]));
    let name = case.name.clone();
    let broker = case.rig.broker();
    let observer = Observer::of(broker, &name);
    let mut seeds = case.random.fork();
    let middleman = Middleman::watched_by(Sent::new(version, LINES), broker, move |number| {
        let mut random = seeds.fork();
        if number > 1 {
            return Lanes::default();
        }
        let edit = move |packets| disturbance(packets, &mut random);
        Lanes::with(Direction::ToClient, Lane::edited(edit))
    });
    let port = middleman.port().to_string();
    let place = ["-h", "127.0.0.1", "-p", &port, "-t", &name, "-V", version, "-l", "-q", qos];
    let words = [&place, &kept(&name, version)[..]].concat();
    let mut running = case.rig.publisher.spawn(words);
    let writing = write_all(&mut running, text(&numbers(LINES)));
    let mut before = 0;
    while running.is_running() {
        std::thread::sleep(QUIET);
        let count = middleman.witness(|sent| sent.count);
        if count == before && count < LINES {
            middleman.break_all(Fault::Cut);
        }
        before = count;
    }
    let output = running.wait();
    writing.join().expect("the lines were written");
    output.assert_code(0);
    observer.settle();
    let counts = observer.counts();
    let twice = counts.values().filter(|count| **count > 1).count();
    assert!(qos == "1" || twice == 0, "{twice} lines came twice at QoS 2: {output:?}");
    let unacknowledged = middleman.witness(|sent| sent.missing());
    Trial::default()
        .lost(unacknowledged.max(LINES - counts.len()))
        .sum("lines", LINES)
        .sum("came twice at QoS 1", twice)
}

/// What a broker says twice to a subscriber is shown once.
fn repeated_messages(case: &mut Case<'_>) -> Trial {
    let version = case.one_of(&["311", "5"]);
    let name = case.name.clone();
    let broker = case.rig.broker();
    case.rig.leave_session(&case.name, version, "2");
    let mut lines = numbers(LINES);
    lines.push("end".to_owned());
    case.rig.publish(broker, &name, 2, &lines);
    let middleman = Middleman::watched_by(Received::new(version), broker, |_| {
        let again = |packet: Vec<u8>| match kind(&packet) {
            PUBLISH => vec![packet.clone(), flagged(packet, DUP)],
            PUBREL => vec![packet.clone(), packet],
            _ => vec![packet],
        };
        let edit = move |packets: Vec<Vec<u8>>| packets.into_iter().flat_map(again).collect();
        Lanes::with(Direction::ToClient, Lane::edited(edit))
    });
    let port = middleman.port().to_string();
    let place = ["-h", "127.0.0.1", "-p", &port, "-t", &name, "-V", version, "-q", "2"];
    let running = case.rig.subscriber.spawn([&place, &kept(&name, version)[..]].concat());
    running.wait_for_stdout("end");
    running.signal(Signal::TERM);
    let output = running.wait();
    output.assert_code(0);
    assert_eq!(output.stdout(), text(&lines), "not each message once and in order");
    Trial::default().sum("messages", lines.len())
}
