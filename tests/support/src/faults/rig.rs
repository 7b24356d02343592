//! What a trial is made with.

use std::path::PathBuf;
use std::sync::OnceLock;

use crate::mosquitto::Mosquitto;
use crate::tool::{Output, Tool};

/// How long the trials of a row may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// As long as a test may.
    Short,
    /// As long as they need.
    Full,
}

/// The tools, and what trials share.
#[derive(Debug)]
pub struct Rig {
    pub(super) extent: Extent,
    pub(super) publisher: Tool,
    pub(super) subscriber: Tool,
    broker: OnceLock<Mosquitto>,
}

impl Rig {
    /// The tools that lie beside this one, which is one of them.
    #[must_use]
    #[track_caller]
    pub fn beside(program: impl Into<PathBuf>, extent: Extent) -> Self {
        let tool = Tool::at(program);
        Self {
            extent,
            publisher: tool.sibling("mqtt-pub"),
            subscriber: tool.sibling("mqtt-sub"),
            broker: OnceLock::new(),
        }
    }

    /// The tool for password files, which not every row needs.
    #[track_caller]
    pub(super) fn passwd(&self) -> Tool {
        self.publisher.sibling("mqtt-passwd")
    }

    /// The port of a broker that all trials share: nothing ever happens to it, and each of them has
    /// topics and client identifiers of its own.
    pub(super) fn broker(&self) -> u16 {
        self.broker.get_or_init(|| Mosquitto::unlimited().start()).port()
    }

    /// Publishes lines, without anything in between.
    #[track_caller]
    pub(super) fn publish(&self, port: u16, topic: &str, qos: u8, lines: &[String]) {
        let (port, qos) = (port.to_string(), qos.to_string());
        let words = ["-h", "127.0.0.1", "-p", &port, "-t", topic, "-l", "-q", &qos];
        self.publisher.run_with_input(text(lines), words).assert_code(0);
    }

    /// Makes the session of a client that is subscribed to the topic of its own name, and leaves it to
    /// the broker.
    #[track_caller]
    pub(super) fn leave_session(&self, name: &str, version: &str, qos: &str) {
        let port = self.broker().to_string();
        let place = ["-h", "127.0.0.1", "-p", &port, "-V", version, "-t", name, "-q", qos];
        self.subscriber.run([&place, &kept(name, version)[..], &["-E"]].concat()).assert_code(0);
    }
}

/// The options with which a session outlives its connections.
pub(super) fn kept<'a>(client: &'a str, version: &str) -> Vec<&'a str> {
    let mut words = vec!["-c", "-i", client];
    if version == "5" {
        words.extend(["-x", "600"]);
    }
    words
}

/// Lines with their ends.
pub(super) fn text(lines: &[String]) -> String {
    lines.iter().flat_map(|line| [line, "\n"]).collect()
}

/// The numbers from 0 on, as lines.
pub(super) fn numbers(count: usize) -> Vec<String> {
    (0..count).map(|number| number.to_string()).collect()
}

/// How many messages the tool itself says have not got through.
pub(super) fn reported(output: &Output) -> usize {
    reported_of(output).map_or(0, |(missing, _)| missing)
}

/// The same, and of how many that it has read.
pub(super) fn reported_of(output: &Output) -> Option<(usize, usize)> {
    let stderr = output.stderr();
    let error = stderr.lines().find_map(|line| line.strip_prefix("error: "))?;
    if error.starts_with("the message ") {
        return Some((1, 1));
    }
    let (missing, rest) = error.split_once(" of ")?;
    let (read, _) = rest.split_once(' ')?;
    Some((missing.parse().ok()?, read.parse().ok()?))
}

/// One trial: its number, and whatever else is chosen at random.
#[derive(Debug)]
pub struct Case<'a> {
    pub(super) rig: &'a Rig,
    pub(super) number: u64,
    /// A name that no other trial has and all are as long as, for topics and client identifiers.
    pub(super) name: String,
    pub(super) random: fastrand::Rng,
}

impl<'a> Case<'a> {
    pub(super) fn new(rig: &'a Rig, row: &str, seed: u64, number: u64) -> Self {
        let random = fastrand::Rng::with_seed(seed.wrapping_add(number));
        Self { rig, number, name: format!("{row}-{number:06}"), random }
    }

    /// The same with another last letter of its name, which no number has.
    pub(super) fn beside(&self, letter: &str) -> Self {
        let mut name = self.name.clone();
        name.pop();
        Self {
            rig: self.rig,
            number: self.number,
            name: name + letter,
            random: self.random.clone(),
        }
    }

    /// One of these.
    pub(super) fn one_of<T: Copy>(&mut self, choices: &[T]) -> T {
        *self.random.choice(choices).expect("there is something to choose from")
    }
}
