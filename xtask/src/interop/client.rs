//! The clients that are tried: ours, and Debian's to tell whose fault it is.

use std::path::Path;
use std::process::Command;

use anyhow::ensure;

use crate::cargo::{self, Profile};
use crate::watched::{Echo, Watched, unconfigured};

/// How a subscriber writes a message. No other line of it begins like that.
const FORMAT: &str = "QoS %q, retain %r: %p";
const MESSAGE: &str = "QoS ";

/// Seconds after which a subscriber gives up.
const PATIENCE: &str = "20";

/// How much of a line is shown when it is not the right one.
const SHOWN: usize = 60;

/// A version of MQTT.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Version {
    /// 3.1.1.
    V311,
    /// 5.
    V5,
}

impl Version {
    /// As people write it.
    pub(super) fn number(self) -> &'static str {
        match self {
            Self::V311 => "3.1.1",
            Self::V5 => "5",
        }
    }

    /// What `-V` takes.
    fn word(self) -> &'static str {
        match self {
            Self::V311 => "mqttv311",
            Self::V5 => "mqttv5",
        }
    }
}

/// Whose clients.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tools {
    /// `mqtt-pub` and `mqtt-sub`, as they have been built.
    Ours,
    /// `mosquitto_pub` and `mosquitto_sub`.
    Debians,
}

impl Tools {
    fn publisher(self) -> &'static str {
        match self {
            Self::Ours => "mqtt-pub",
            Self::Debians => "mosquitto_pub",
        }
    }

    fn subscriber(self) -> &'static str {
        match self {
            Self::Ours => "mqtt-sub",
            Self::Debians => "mosquitto_sub",
        }
    }

    fn command(self, name: &str, home: &Path) -> anyhow::Result<Command> {
        if self == Self::Ours {
            return Ok(unconfigured(&cargo::binary(Profile::Dev, name)?, home));
        }
        // mosquitto_sub keeps back what it says with -d as long as its output is a pipe.
        let mut command = unconfigured(Path::new("stdbuf"), home);
        command.args(["-oL", name]);
        Ok(command)
    }
}

/// The clients, and the way to the broker.
#[derive(Clone, Copy, Debug)]
pub(super) struct Clients<'a> {
    /// Whose.
    pub(super) tools: Tools,
    /// Of MQTT.
    pub(super) version: Version,
    /// Words that lead to where is published.
    pub(super) publish_at: &'a [String],
    /// Words that lead to where is subscribed.
    pub(super) subscribe_at: &'a [String],
    /// A folder for their home and our files.
    pub(super) home: &'a Path,
}

impl Clients<'_> {
    /// Publishes, and fails unless the publisher says that it worked.
    pub(super) fn publish(&self, topic: &str, words: &[&str]) -> anyhow::Result<()> {
        let name = self.tools.publisher();
        let mut command = self.tools.command(name, self.home)?;
        command.args(self.publish_at).args(["-V", self.version.word(), "-t", topic]).args(words);
        let ended = Watched::start(name, command, Echo::Silent)?.end()?;
        ensure!(ended.code == Some(0), "{name}: {}", ended.complaint());
        Ok(())
    }

    /// Subscribes, and returns when the broker has answered.
    pub(super) fn subscribe(&self, topic: &str, words: &[&str]) -> anyhow::Result<Subscriber> {
        let name = self.tools.subscriber();
        let mut command = self.tools.command(name, self.home)?;
        command.args(self.subscribe_at).args(["-V", self.version.word(), "-t", topic]);
        command.args(["-d", "-F", FORMAT, "-W", PATIENCE]).args(words);
        let mut process = Watched::start(name, command, Echo::Silent)?;
        process.wait_for("received SUBACK")?;
        Ok(Subscriber { process })
    }
}

/// A subscriber with an answered subscription. It is killed when this is dropped.
#[derive(Debug)]
pub(super) struct Subscriber {
    process: Watched,
}

impl Subscriber {
    /// Fails unless it receives these messages and nothing else until it ends.
    pub(super) fn must_end_with(self, messages: &[&str]) -> anyhow::Result<()> {
        let ended = self.process.end()?;
        let arrived = messages_of(&ended.lines);
        if arrived.is_empty() && !messages.is_empty() {
            anyhow::bail!("nothing arrives ({}: {})", ended.name, ended.complaint());
        }
        ensure!(arrived == messages, "{} arrives instead of {}", shown(&arrived), shown(messages));
        ensure!(ended.code == Some(0), "{}: {}", ended.name, ended.complaint());
        Ok(())
    }

    /// All that it has received when `message` comes; then it is killed.
    pub(super) fn until(mut self, message: &str) -> anyhow::Result<Vec<String>> {
        self.process.wait_for(message)?;
        let lines = self.process.lines();
        Ok(messages_of(lines).into_iter().map(str::to_owned).collect())
    }
}

fn messages_of(lines: &[String]) -> Vec<&str> {
    let lines = lines.iter().map(String::as_str);
    lines.filter(|line| line.starts_with(MESSAGE)).collect()
}

fn shown(messages: &[&str]) -> String {
    let messages = messages.iter().map(|message| match message.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("\"{}…\" ({} bytes)", &message[..end], message.len()),
        None => format!("\"{message}\""),
    });
    messages.collect::<Vec<_>>().join(", ")
}
