//! What does not get through is saved, and gets through the next time.

use std::io::{Read as _, Write as _};
use std::{fs, io, thread};

use super::ledger::Sent;
use super::observer::Observer;
use super::rig::{Case, numbers, reported_of, text};
use super::{Row, Trial};
use crate::middleman::{Lanes, Middleman};
use crate::mosquitto::Mosquitto;
use crate::tool::{Running, Signal};

pub(super) const UNSENT: Row = Row {
    name: "save-unsent",
    fault: "broker killed (-9) and gone under `mqtt-pub -l --save-unsent FILE`, which gives up; \
            then FILE is fed to another `-l`",
    side_by_side: 4,
    short: 8,
    trial: saved,
};

const TOPIC: &str = "lines";

/// More than a pipe and the tool together hold.
const LINES: usize = 80_000;

/// Why it gives up.
#[derive(Clone, Copy, Debug)]
enum GivingUp {
    NoReconnect,
    NoMoreRetries,
    TimeLimit,
    Signal,
}

impl GivingUp {
    fn words(self) -> &'static [&'static str] {
        match self {
            Self::NoReconnect => &["--no-reconnect"],
            Self::NoMoreRetries => &["--retry", "1"],
            Self::TimeLimit => &["-W", "3"],
            Self::Signal => &[],
        }
    }

    fn status(self) -> i32 {
        match self {
            Self::NoReconnect | Self::NoMoreRetries => 7,
            Self::TimeLimit => 27,
            Self::Signal => 130,
        }
    }
}

/// What it took from its input and what was left there; what it saved, and what it said.
struct Remains {
    saved: String,
    unread: String,
    said: Option<(usize, usize)>,
}

/// Each line read is acknowledged or saved, the words count them, and file and unread input are what
/// another run needs to bring the rest.
fn saved(case: &mut Case<'_>) -> Trial {
    let mut broker = Mosquitto::unlimited().start();
    let middleman =
        Middleman::watched_by(Sent::new("311", LINES), broker.port(), |_| Lanes::default());
    let Remains { saved, unread, said } = give_up(case, &mut broker, &middleman);
    let lines = numbers(LINES);
    let read = text(&lines).strip_suffix(&unread).expect("a pipe has its bytes").lines().count();
    let count = saved.lines().count();
    assert_eq!(said, Some((count, read)), "not what it has saved and read");
    let has = |line| middleman.witness(|sent| sent.has_acknowledged(line));
    // The last one may be half a line.
    let whole =
        saved.split_inclusive('\n').filter_map(|line| line.strip_suffix('\n')?.parse().ok());
    let needless = whole.filter(|&line| has(line)).count();
    broker.resume();
    let observer = Observer::of(broker.port(), TOPIC);
    let port = broker.port().to_string();
    let place = ["-h", "127.0.0.1", "-p", &port, "-t", TOPIC];
    let again = [&place[..], &["-l", "-q", "1"]].concat();
    case.rig.publisher.run_with_input(saved + &unread, again).assert_code(0);
    observer.settle();
    let arrived = observer.counts();
    let missing = |&line: &usize| !arrived.contains_key(line.to_string().as_bytes()) && !has(line);
    Trial::default()
        .lost((0..LINES).filter(missing).count())
        .sum("lines read", read)
        .sum("saved", count)
        .sum("saved although acknowledged", needless)
}

/// Kills the broker while lines flow, and waits until the tool has given up.
fn give_up(case: &mut Case<'_>, broker: &mut Mosquitto, middleman: &Middleman<Sent>) -> Remains {
    let giving_up = case.one_of(&[
        GivingUp::NoReconnect,
        GivingUp::NoMoreRetries,
        GivingUp::TimeLimit,
        GivingUp::Signal,
    ]);
    let qos = case.one_of(&["1", "2"]);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("unsent");
    let port = middleman.port().to_string();
    let name = file.to_str().expect("temporary folders have plain names");
    let place = ["-h", "127.0.0.1", "-p", &port, "-t", TOPIC, "-q", qos];
    let lines = ["-l", "--save-unsent", name];
    let command = case.rig.publisher.command([&place, &lines[..], giving_up.words()].concat());
    // What the tool leaves in its pipe is ours to read.
    let (input, mut writer) = io::pipe().unwrap();
    let mut rest = input.try_clone().unwrap();
    let writing = thread::spawn(move || writer.write_all(text(&numbers(LINES)).as_bytes()));
    let running = Running::start_with_input(command, input);
    let moment = case.random.usize(1..2_000);
    assert!(middleman.wait_for(|sent| sent.count >= moment), "{running:?}");
    broker.kill();
    if let GivingUp::Signal = giving_up {
        running.signal(Signal::INT);
    }
    let output = running.wait();
    output.assert_code(giving_up.status());
    let mut unread = String::new();
    rest.read_to_string(&mut unread).unwrap();
    writing.join().unwrap().expect("somebody reads to the end");
    Remains { saved: fs::read_to_string(file).unwrap(), unread, said: reported_of(&output) }
}
