//! Something is killed with SIGKILL: the broker, or the subscriber itself.

use std::collections::HashSet;
use std::io::Read as _;

use super::ledger::{Received, Sent};
use super::observer::Observer;
use super::rig::{Case, Extent, kept, numbers, text};
use super::{Row, Trial};
use crate::middleman::{Lanes, Middleman};
use crate::mosquitto::Mosquitto;
use crate::patience::until;
use crate::tool::{Running, Signal};

pub(super) const WHILE_PUBLISHING: Row = Row {
    name: "kill-broker-publishing",
    fault: "broker killed (-9) and started again without persistence, under `mqtt-pub -l`",
    side_by_side: 4,
    short: 4,
    trial: |case| publishing(case, Keeping::Nothing),
};

pub(super) const WHILE_PUBLISHING_PERSISTENT: Row = Row {
    name: "kill-persistent-broker-publishing",
    fault: "the same with persistence, its database written after every change",
    side_by_side: 4,
    short: 4,
    trial: |case| publishing(case, Keeping::Database),
};

pub(super) const MILLION_LINES: Row = Row {
    name: "million-lines",
    fault: "1,000,000 lines by `mqtt-pub -l -q 1` while the broker is killed five times",
    side_by_side: 1,
    short: 1,
    trial: million_lines,
};

pub(super) const WHILE_RECEIVING: Row = Row {
    name: "kill-broker-receiving",
    fault: "broker killed (-9) and started again, with or without persistence, under `mqtt-sub`",
    side_by_side: 4,
    short: 4,
    trial: receiving,
};

pub(super) const SUBSCRIBER: Row = Row {
    name: "kill-subscriber",
    fault: "`mqtt-sub` itself killed (-9) while it writes, and run again in its kept session",
    side_by_side: 4,
    short: 6,
    trial: subscriber,
};

const TOPIC: &str = "lines";

/// Fewer messages than a pipe holds, which is 64 KiB.
const FITS_A_PIPE: usize = 200;

/// What of a broker outlives it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Keeping {
    Nothing,
    Database,
}

impl Keeping {
    fn start(self) -> Mosquitto {
        match self {
            Self::Nothing => Mosquitto::unlimited().line("persistence false").start(),
            Self::Database => Mosquitto::unlimited().persistent().start(),
        }
    }
}

fn publishing(case: &mut Case<'_>, keeping: Keeping) -> Trial {
    let version = case.one_of(&["311", "5"]);
    let (qos, kills) = (case.one_of(&["1", "2"]), case.random.usize(1..=2));
    let session = if case.random.bool() { kept("publisher", version) } else { Vec::new() };
    let words = [&["-V", version, "-q", qos][..], &session].concat();
    killed_under(case, keeping, 3_000, kills, &words)
}

fn million_lines(case: &mut Case<'_>) -> Trial {
    // The pause before each new connection is twice as long as the one before.
    let (lines, kills) = match case.rig.extent {
        Extent::Short => (50_000, 3),
        Extent::Full => (1_000_000, 5),
    };
    killed_under(case, Keeping::Nothing, lines, kills, &["-q", "1"])
}

/// Publishes that many lines and kills the broker at moments when some were acknowledged and others
/// were not.
fn killed_under(
    case: &mut Case<'_>,
    keeping: Keeping,
    lines: usize,
    kills: usize,
    words: &[&str],
) -> Trial {
    let mut broker = keeping.start();
    let version = if words.contains(&"5") { "5" } else { "311" };
    let middleman =
        Middleman::watched_by(Sent::new(version, lines), broker.port(), |_| Lanes::default());
    let observer = Observer::of(broker.port(), TOPIC);
    let port = middleman.port().to_string();
    let place = ["-h", "127.0.0.1", "-p", &port, "-t", TOPIC, "-l"];
    let mut running = case.rig.publisher.spawn([&place, words].concat());
    let writing = write_all(&mut running, text(&numbers(lines)));
    let mut moments: Vec<_> = (0..kills).map(|_| case.random.usize(1..lines)).collect();
    moments.sort_unstable();
    for moment in moments {
        assert!(middleman.wait_for(|sent| sent.count >= moment), "no progress: {running:?}");
        broker.kill();
        broker.resume();
    }
    assert!(middleman.wait_for(|sent| sent.missing() == 0), "no progress: {running:?}");
    running.wait().assert_code(0);
    writing.join().expect("the lines were written");
    observer.settle();
    Trial::default()
        .lost(middleman.witness(|sent| sent.missing()))
        .sum("lines", lines)
        .sum("brokers killed", kills)
        .sum("reached a subscriber", observer.counts().len())
}

/// A tool that reads slowly must not keep the trial from going on.
pub(super) fn write_all(running: &mut Running, text: String) -> std::thread::JoinHandle<()> {
    use std::io::Write as _;
    let mut input = running.take_input();
    std::thread::spawn(move || {
        // A tool that has ended does not read to the end: that is for the trial to judge.
        let _broken_pipe = input.write_all(text.as_bytes());
    })
}

fn receiving(case: &mut Case<'_>) -> Trial {
    let version = case.one_of(&["311", "5"]);
    let qos = case.one_of(&["1", "2"]);
    let keeping = case.one_of(&[Keeping::Nothing, Keeping::Database]);
    let session = if case.random.bool() { kept("subscriber", version) } else { Vec::new() };
    let mut broker = keeping.start();
    let middleman =
        Middleman::watched_by(Received::new(version), broker.port(), |_| Lanes::default());
    let port = middleman.port().to_string();
    let place = ["-h", "127.0.0.1", "-p", &port, "-t", TOPIC, "-q", qos, "-V", version];
    let running = case.rig.subscriber.spawn([&place, &session[..]].concat());
    let kills = case.random.usize(1..=2);
    let mut again = 0;
    for round in 0..=kills {
        wait_until_subscribed(case, broker.port(), TOPIC, &running, &format!("subscribed {round}"));
        if round == kills {
            break;
        }
        let lines: Vec<_> = (0..2_000).map(|number| format!("{round} {number}")).collect();
        let before = middleman.witness(|received| received.acknowledged.len());
        let moment = before + case.random.usize(1..1_000);
        std::thread::scope(|scope| {
            let port = broker.port().to_string();
            let words = ["-h", "127.0.0.1", "-p", &port, "-t", TOPIC, "-l", "-q", "2"];
            let mut publisher = case.rig.publisher.spawn(words);
            let writing = write_all(&mut publisher, text(&lines));
            assert!(middleman.wait_for(|received| received.acknowledged.len() >= moment));
            broker.kill();
            broker.resume();
            scope.spawn(move || publisher.wait().assert_code(0).code());
            writing.join().expect("the lines were written");
        });
        again += 1;
    }
    running.signal(Signal::TERM);
    let output = running.wait();
    output.assert_code(0);
    let shown: HashSet<_> = output.stdout.split(|&byte| byte == b'\n').collect();
    middleman.witness(|received| {
        let acknowledged = &received.acknowledged;
        let missing = acknowledged.iter().filter(|payload| !shown.contains(&payload[..])).count();
        Trial::default()
            .lost(missing)
            .sum("messages acknowledged", acknowledged.len())
            .sum("brokers killed", again)
    })
}

/// Publishes a message until the subscriber shows it: it may be without a connection, and the
/// broker without its subscription.
pub(super) fn wait_until_subscribed(
    case: &Case<'_>,
    broker: u16,
    topic: &str,
    running: &Running,
    message: &str,
) {
    until("the subscriber to be subscribed again", || {
        case.rig.publish(broker, topic, 1, &[message.to_owned()]);
        std::thread::sleep(std::time::Duration::from_millis(50));
        let stdout = running.stdout();
        stdout.split(|&byte| byte == b'\n').any(|line| line == message.as_bytes()).then_some(())
    });
}

fn subscriber(case: &mut Case<'_>) -> Trial {
    let version = case.one_of(&["311", "5"]);
    let qos = case.one_of(&["1", "2"]);
    let name = case.name.clone();
    let broker = case.rig.broker();
    case.rig.leave_session(&case.name, version, qos);
    let lines: Vec<_> = (0..2_000).map(|number| format!("{number:0200}")).collect();
    case.rig.publish(broker, &name, 2, &lines);
    let middleman = Middleman::watched_by(Received::new(version), broker, |_| Lanes::default());
    let port = middleman.port().to_string();
    let place = ["-h", "127.0.0.1", "-p", &port, "-t", &name, "-q", qos, "-V", version];
    let words = [&place, &kept(&name, version)[..]].concat();
    // Nobody reads: the pipe is full of what was written, and the rest of it is still in the tool.
    let (mut pipe, writer) = std::io::pipe().unwrap();
    let first = Running::start_with_output(case.rig.subscriber.command(&words), writer);
    let moment = case.random.usize(1..FITS_A_PIPE);
    assert!(middleman.wait_for(|received| received.acknowledged.len() >= moment));
    first.signal(Signal::KILL);
    let _killed = first.wait();
    let mut written = Vec::new();
    pipe.read_to_end(&mut written).unwrap();
    let acknowledged = middleman.witness(|received| received.acknowledged.clone());
    case.rig.publish(broker, &name, 2, &["end".to_owned()]);
    let second = case.rig.subscriber.spawn(&words);
    second.wait_for_stdout("end");
    second.signal(Signal::TERM);
    let second = second.wait();
    second.assert_code(0);
    // Of what the first one has written, its last line may be cut short.
    let whole = |stdout: &[u8]| -> Vec<Vec<u8>> {
        let lines = stdout.split_inclusive(|&byte| byte == b'\n');
        lines.filter_map(|line| Some(line.strip_suffix(b"\n")?.to_vec())).collect()
    };
    let (first, second) = (whole(&written), whole(&second.stdout));
    let early = acknowledged.iter().filter(|payload| !first.contains(payload)).count();
    let shown: HashSet<_> = first.iter().chain(&second).collect();
    let missing = lines.iter().filter(|line| !shown.contains(&line.as_bytes().to_vec())).count();
    Trial::default()
        .lost(missing + early)
        .sum("messages", lines.len())
        .sum("shown by both runs", first.iter().filter(|line| second.contains(line)).count())
}
