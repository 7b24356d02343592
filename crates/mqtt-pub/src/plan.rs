//! What will be published, and how.

use std::fmt;
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::time::Duration;

use bytes::Bytes;
use mqtt_core::plan::ConnectPlan;
pub(crate) use mqtt_core::plan::Controls;
use mqtt_core::protocol::{Properties, Qos, TopicFilter, TopicName};
use mqtt_core::session::Message;

use crate::source::{Encoding, LineFormat};

/// Everything mqtt-pub needs to know.
#[derive(Debug)]
pub(crate) struct PublishPlan {
    pub(crate) connect: ConnectPlan,
    /// What every message has that does not say otherwise itself.
    pub(crate) head: Head,
    /// Where every message goes that does not say otherwise itself.
    pub(crate) topics: Vec<TopicName>,
    pub(crate) payloads: Payloads,
    pub(crate) subscribers: Subscribers,
    pub(crate) response: Option<ResponsePlan>,
    pub(crate) unsent: Unsent,
}

/// Whether a message that nobody has subscribed to has got through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Subscribers {
    /// It has: the broker took it.
    Optional,
    /// It has not (`--require-subscriber`).
    Required,
}

/// The answer that is waited for.
#[derive(Debug)]
pub(crate) struct ResponsePlan {
    pub(crate) topic: TopicName,
    /// The same, to subscribe to.
    pub(crate) filter: TopicFilter,
    /// What it has of the message that it answers; MQTT 3 has none.
    pub(crate) correlation: Option<Bytes>,
    pub(crate) latency: Latency,
    /// What becomes of the control characters in it.
    pub(crate) controls: Controls,
}

/// Whether the time to an answer is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Latency {
    Hidden,
    Printed,
}

/// What a message has beside topic and payload.
#[derive(Clone, Debug)]
pub(crate) struct Head {
    pub(crate) qos: Qos,
    pub(crate) retain: bool,
    pub(crate) properties: Properties,
}

impl Head {
    /// A message that has it.
    #[inline]
    pub(crate) fn message<P>(self, topic: TopicName, payload: P) -> Message<P> {
        let Self { qos, retain, properties } = self;
        Message { topic, qos, retain, properties, payload }
    }
}

/// Where the payloads come from.
#[derive(Debug)]
pub(crate) enum Payloads {
    /// One message, sent once or several times.
    One { origin: Origin, encoding: Option<Encoding>, repeat: Repeat },
    /// One message per line.
    Lines { input: Input, form: LineForm },
}

/// Where lines come from.
#[derive(Clone, Debug)]
pub(crate) enum Input {
    Stdin,
    File(PathBuf),
}

impl fmt::Display for Input {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stdin => f.write_str("stdin"),
            Self::File(path) => write!(f, "'{}'", path.display()),
        }
    }
}

/// What a line is.
#[derive(Debug)]
pub(crate) enum LineForm {
    /// A payload.
    Payload,
    /// A payload in an encoding, for this topic.
    Encoded(Encoding, TopicName),
    /// A payload and its topic (`--line-format`).
    TopicAndPayload(LineFormat, Option<Encoding>),
    /// A message as `mqtt-sub --json` writes it.
    Record(Speed),
}

impl LineForm {
    /// The option that publishes such lines.
    pub(crate) fn option(&self) -> &'static str {
        match self {
            Self::Payload => "-l",
            Self::Encoded(..) => "-l with this --encoding",
            Self::TopicAndPayload(_, None) => "-l with this --line-format",
            Self::TopicAndPayload(_, Some(_)) => "-l with this --line-format and --encoding",
            Self::Record(_) => "--json-lines",
        }
    }
}

/// How fast recorded messages follow one another.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Speed {
    /// As they are read.
    Most,
    /// So many times as fast as they came, above 0.
    Times(f64),
}

/// What becomes of lines that do not get through.
#[derive(Debug)]
pub(crate) enum Unsent {
    /// They are counted.
    Counted,
    /// They are saved in a file as well.
    Saved(SavePlan),
}

/// A file for lines.
#[derive(Debug)]
pub(crate) struct SavePlan {
    pub(crate) path: PathBuf,
    /// What they are read from, which must be another file.
    pub(crate) input: Input,
    /// The option that publishes them again.
    pub(crate) option: &'static str,
}

impl Payloads {
    /// Whether they are read from stdin.
    pub(crate) fn are_on_stdin(&self) -> bool {
        matches!(
            self,
            Self::Lines { input: Input::Stdin, .. } | Self::One { origin: Origin::Stdin, .. }
        )
    }

    /// Whether each is read together with where it goes.
    pub(crate) fn are_addressed(&self) -> bool {
        match self {
            Self::Lines { form, .. } => !matches!(form, LineForm::Payload),
            Self::One { .. } => false,
        }
    }

    /// Whether nothing has to be opened for them that could let us wait.
    pub(crate) fn are_at_hand(&self) -> bool {
        matches!(
            self,
            Self::One { origin: Origin::Argument(_), .. } | Self::Lines { input: Input::Stdin, .. }
        )
    }

    /// What somebody should know who is about to type them.
    pub(crate) fn note_for_typist(&self) -> Option<&'static str> {
        match self {
            Self::One { origin: Origin::Stdin, .. } => {
                Some("note: reading the message from the keyboard, Ctrl-D ends it")
            }
            Self::Lines { input: Input::Stdin, .. } => {
                Some("note: reading lines from the keyboard, Ctrl-D ends")
            }
            Self::One { .. } | Self::Lines { .. } => None,
        }
    }
}

/// Where the payload of one message comes from.
#[derive(Debug)]
pub(crate) enum Origin {
    /// The command line; empty for `-n`.
    Argument(Bytes),
    /// A file.
    File(PathBuf),
    /// All of stdin.
    Stdin,
}

/// How often, and how long from the end of one to the start of the next.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Repeat {
    pub(crate) count: NonZeroU32,
    pub(crate) delay: Duration,
}
