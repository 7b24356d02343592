//! What will be published, and how.

use std::num::NonZeroU32;
use std::path::PathBuf;
use std::time::Duration;

use bytes::Bytes;
use mqtt_core::plan::ConnectPlan;
use mqtt_core::session::Message;

/// Everything mqtt-pub needs to know.
#[derive(Debug)]
pub(crate) struct PublishPlan {
    pub(crate) connect: ConnectPlan,
    /// Every message, but for its payload.
    pub(crate) message: Message<()>,
    pub(crate) payloads: Payloads,
}

/// Where the payloads come from.
#[derive(Debug)]
pub(crate) enum Payloads {
    /// One message, sent once or several times.
    One { origin: Origin, repeat: Repeat },
    /// One message per line of stdin.
    StdinLines(Unsent),
}

/// What becomes of lines that do not get through.
#[derive(Debug)]
pub(crate) enum Unsent {
    /// They are counted.
    Counted,
    /// They are saved in a file as well.
    Saved(PathBuf),
}

impl Payloads {
    /// Whether they are read from stdin.
    pub(crate) fn are_on_stdin(&self) -> bool {
        matches!(self, Self::StdinLines(_) | Self::One { origin: Origin::Stdin, .. })
    }

    /// What somebody should know who is about to type them.
    pub(crate) fn note_for_typist(&self) -> Option<&'static str> {
        match self {
            Self::One { origin: Origin::Stdin, .. } => {
                Some("note: reading the message from the keyboard, Ctrl-D ends it")
            }
            Self::StdinLines(_) => Some("note: reading lines from the keyboard, Ctrl-D ends"),
            Self::One { .. } => None,
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
