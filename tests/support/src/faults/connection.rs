//! The connection suffers: cut at any byte, stalled for longer than the keep-alive, half open.

use std::sync::OnceLock;
use std::time::Duration;

use super::kill::write_all;
use super::ledger::{Received, Sent};
use super::observer::Observer;
use super::rig::{Case, kept, numbers, reported, text};
use super::{Row, Trial};
use crate::middleman::{Direction, Fault, Lane, Lanes, Middleman, Witness};
use crate::tool::Signal;

pub(super) const CUT_WHILE_PUBLISHING: Row = Row {
    name: "cut-publishing",
    fault: "connection cut at every byte offset in both directions, under `mqtt-pub -l`",
    side_by_side: 40,
    short: 48,
    trial: |case| cut(case, &PUBLISHING, publish),
};

pub(super) const CUT_SINGLE_MESSAGE: Row = Row {
    name: "cut-single",
    fault: "the same under `mqtt-pub -m`, which does not connect again",
    side_by_side: 4,
    short: 60,
    trial: cut_single_message,
};

pub(super) const CUT_RETRIED_MESSAGE: Row = Row {
    name: "cut-retried",
    fault: "the same, once or twice in a row, under `mqtt-pub -m --retry N` or `--retry forever`",
    side_by_side: 24,
    short: 24,
    trial: cut_retried_message,
};

pub(super) const CUT_WHILE_RECEIVING: Row = Row {
    name: "cut-receiving",
    fault: "the same under `mqtt-sub` in a kept session",
    side_by_side: 40,
    short: 48,
    trial: |case| cut(case, &RECEIVING, receive),
};

pub(super) const STALLED: Row = Row {
    name: "stalled",
    fault: "nothing passes for 6 to 14 seconds at a keep-alive of 5, under either tool",
    side_by_side: 12,
    short: 6,
    trial: stalled,
};

pub(super) const HALF_OPEN: Row = Row {
    name: "half-open",
    fault: "nothing passes any more and no end is seen, at a keep-alive of 5, under either tool",
    side_by_side: 12,
    short: 6,
    trial: half_open,
};

/// What is spoken, and for whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Manner {
    version: &'static str,
    qos: &'static str,
}

const MANNERS: [Manner; 4] = [
    Manner { version: "311", qos: "1" },
    Manner { version: "311", qos: "2" },
    Manner { version: "5", qos: "1" },
    Manner { version: "5", qos: "2" },
];

/// So a connection on which nothing comes is given up after ten seconds at most.
const IMPATIENT: [&str; 4] = ["-k", "5", "--connect-timeout", "5"];

/// How many messages a conversation has that is cut at each of its bytes.
const MESSAGES: usize = 3;

/// What happens to the first connection; later ones hold.
type Harm = Option<(Direction, u64, Fault)>;

/// A conversation with this harm done to it.
type Conversation = fn(&mut Case<'_>, Manner, usize, Harm) -> (Trial, [u64; 2]);

/// The bytes of undisturbed conversations, to the broker and from it, by manner.
type Recorded = OnceLock<[[u64; 2]; 4]>;

static PUBLISHING: Recorded = OnceLock::new();
static RECEIVING: Recorded = OnceLock::new();
static SINGLE: Recorded = OnceLock::new();

/// Every offset of every manner in both directions has a number; the numbers after those begin
/// again.
fn cut(case: &mut Case<'_>, recorded: &Recorded, conversation: Conversation) -> Trial {
    let lengths = recorded.get_or_init(|| record(case, conversation));
    let (manner, direction, offset, offsets) = place(lengths, case.number);
    let fault = case.one_of(&[Fault::Cut, Fault::Reset]);
    let harm = Some((direction, offset, fault));
    let (trial, _) = conversation(case, manner, MESSAGES, harm);
    trial.most("offsets in all", offsets)
}

/// Under names as long as those of trials, which are part of what is said.
fn record(case: &Case<'_>, conversation: Conversation) -> [[u64; 2]; 4] {
    std::array::from_fn(|index| {
        let mut undisturbed = case.beside(["a", "b", "c", "d"][index]);
        let (trial, bytes) = conversation(&mut undisturbed, MANNERS[index], MESSAGES, None);
        assert_eq!(trial.lost, 0, "messages are lost although nothing happens");
        bytes
    })
}

/// The place with that number: each is far from those of its neighbours, so that few trials see
/// much.
fn place(lengths: &[[u64; 2]; 4], number: u64) -> (Manner, Direction, u64, u64) {
    let total: u64 = lengths.iter().flatten().map(|length| length + 1).sum();
    // A prime that does not divide it: all places are visited once before any is again.
    let stride = if total.is_multiple_of(101) { 103 } else { 101 };
    let mut place = (number % total) * stride % total;
    for (manner, both) in MANNERS.into_iter().zip(lengths) {
        for (direction, length) in [Direction::ToBroker, Direction::ToClient].into_iter().zip(both)
        {
            if place <= *length {
                return (manner, direction, place, total);
            }
            place -= length + 1;
        }
    }
    unreachable!("the place is below the sum of all lengths")
}

fn through<W: Witness + 'static>(witness: W, port: u16, harm: Harm) -> Middleman<W> {
    Middleman::watched_by(witness, port, move |number| match harm {
        Some((direction, offset, fault)) if number == 0 => {
            Lanes::with(direction, Lane::until(offset, fault))
        }
        _ => Lanes::default(),
    })
}

fn bytes<W: Witness + 'static>(middleman: &Middleman<W>) -> [u64; 2] {
    [Direction::ToBroker, Direction::ToClient].map(|direction| middleman.bytes(direction))
}

/// Lines from `mqtt-pub -l`, in a kept session at `QoS` 2: every line arrives, at `QoS` 2 once.
fn publish(case: &mut Case<'_>, manner: Manner, lines: usize, harm: Harm) -> (Trial, [u64; 2]) {
    let Manner { version, qos } = manner;
    let name = case.name.clone();
    let broker = case.rig.broker();
    let middleman = through(Sent::new(version, lines), broker, harm);
    let observer = Observer::of(broker, &name);
    let port = middleman.port().to_string();
    let place = ["-h", "127.0.0.1", "-p", &port, "-t", &name, "-V", version, "-l", "-q", qos];
    let words = [&place[..], &IMPATIENT, &kept(&name, version)[..]].concat();
    let mut running = case.rig.publisher.spawn(words);
    let writing = write_all(&mut running, text(&numbers(lines)));
    let output = running.wait();
    writing.join().expect("the lines were written");
    output.assert_code(0);
    observer.settle();
    let counts = observer.counts();
    let arrived = numbers(lines).iter().filter(|line| counts.contains_key(line.as_bytes())).count();
    let twice = counts.values().filter(|count| **count > 1).count();
    assert!(qos == "1" || twice == 0, "{twice} lines came twice at QoS 2: {output:?}");
    let missing = middleman.witness(|sent| sent.missing());
    let trial = Trial::default()
        .lost(missing.max(lines - arrived))
        .sum("lines", lines)
        .sum("came twice at QoS 1", twice);
    (trial, bytes(&middleman))
}

/// Messages for `mqtt-sub` in a kept session: every one is shown, at `QoS` 2 once.
fn receive(case: &mut Case<'_>, manner: Manner, lines: usize, harm: Harm) -> (Trial, [u64; 2]) {
    let Manner { version, qos } = manner;
    let name = case.name.clone();
    let broker = case.rig.broker();
    case.rig.leave_session(&case.name, version, qos);
    let mut messages = numbers(lines);
    messages.push("end".to_owned());
    case.rig.publish(broker, &name, 2, &messages);
    let middleman = through(Received::new(version), broker, harm);
    let port = middleman.port().to_string();
    let place = ["-h", "127.0.0.1", "-p", &port, "-t", &name, "-V", version, "-q", qos];
    let words = [&place[..], &IMPATIENT, &kept(&name, version)[..]].concat();
    let running = case.rig.subscriber.spawn(words);
    running.wait_for_stdout("end");
    running.signal(Signal::TERM);
    let output = running.wait();
    output.assert_code(0);
    let stdout = output.stdout();
    let shown: Vec<_> = stdout.lines().collect();
    let missing = messages.iter().filter(|line| !shown.contains(&&***line)).count();
    let twice = shown.len().saturating_sub(messages.len() - missing);
    assert!(qos == "1" || twice == 0, "{twice} messages were shown twice at QoS 2: {output:?}");
    let trial = Trial::default()
        .lost(missing)
        .sum("messages", messages.len())
        .sum("shown twice at QoS 1", twice);
    (trial, bytes(&middleman))
}

/// One message: what is not acknowledged is owned up to.
fn cut_single_message(case: &mut Case<'_>) -> Trial {
    let lengths = SINGLE.get_or_init(|| record(case, single));
    let (manner, direction, offset, offsets) = place(lengths, case.number);
    let fault = case.one_of(&[Fault::Cut, Fault::Reset]);
    let (trial, _) = single(case, manner, 1, Some((direction, offset, fault)));
    trial.most("offsets in all", offsets)
}

fn single(case: &mut Case<'_>, manner: Manner, _: usize, harm: Harm) -> (Trial, [u64; 2]) {
    let Manner { version, qos } = manner;
    let middleman = through(Sent::new(version, 1), case.rig.broker(), harm);
    let port = middleman.port().to_string();
    let place = ["-h", "127.0.0.1", "-p", &port, "-t", "single", "-V", version];
    let words = [&place, &["-i", &case.name, "-q", qos, "-m", "0"][..]];
    let output = case.rig.publisher.run(words.concat());
    let missing = middleman.witness(|sent| sent.missing());
    let owned_up_to = output.code() != Some(0);
    assert!(!owned_up_to || output.stderr().starts_with("error: "), "{output:?}");
    assert!(reported(&output) <= 1, "{output:?}");
    let trial = Trial::default()
        .lost(if owned_up_to { 0 } else { missing })
        .sum("messages", 1)
        .sum("reported as not acknowledged", usize::from(owned_up_to));
    (trial, bytes(&middleman))
}

/// One message that is worth several connections: it gets through unless more of them break than
/// were to be tried again.
fn cut_retried_message(case: &mut Case<'_>) -> Trial {
    let lengths = SINGLE.get_or_init(|| record(case, single));
    let (manner, direction, offset, offsets) = place(lengths, case.number);
    let (cuts, retries) = (case.random.u64(1..=2), case.one_of(&["1", "2", "forever"]));
    let broker = case.rig.broker();
    let middleman = Middleman::watched_by(Sent::new(manner.version, 1), broker, move |number| {
        if number < cuts {
            Lanes::with(direction, Lane::until(offset, Fault::Cut))
        } else {
            Lanes::default()
        }
    });
    let port = middleman.port().to_string();
    let place = ["-h", "127.0.0.1", "-p", &port, "-t", "single", "-V", manner.version];
    let message = ["-i", &case.name, "-q", manner.qos, "-m", "0", "--retry", retries];
    let output = case.rig.publisher.run([&place[..], &message].concat());
    let missing = middleman.witness(|sent| sent.missing());
    let may_give_up = retries.parse().is_ok_and(|retries| cuts > retries);
    assert!(output.code() == Some(0) || may_give_up, "{cuts} cuts: {output:?}");
    Trial::default()
        .lost(if output.code() == Some(0) { missing } else { 0 })
        .sum("messages", 1)
        .sum("given up, and said so", usize::from(output.code() != Some(0)))
        .most("offsets in all", offsets)
}

/// Some moment of a conversation long enough for many moments.
fn somewhere(case: &mut Case<'_>, fault: Fault) -> Trial {
    let manner = case.one_of(&MANNERS);
    let direction = case.one_of(&[Direction::ToBroker, Direction::ToClient]);
    let harm = Some((direction, case.random.u64(0..1_500), fault));
    let conversation: Conversation = case.one_of(&[publish, receive]);
    conversation(case, manner, 400, harm).0
}

fn stalled(case: &mut Case<'_>) -> Trial {
    let time = Duration::from_millis(case.random.u64(6_000..14_000));
    somewhere(case, Fault::Stall(time))
}

fn half_open(case: &mut Case<'_>) -> Trial {
    somewhere(case, Fault::Silence)
}
