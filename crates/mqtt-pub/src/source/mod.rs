//! Where payloads come from: each source gives them one after another and says whether more will
//! come. Knows nothing of packets and acknowledgements.

mod origin;
mod repeat;
mod stdin_lines;

use std::io;
use std::path::PathBuf;

use bytes::Bytes;
use mqtt_core::payload::Payload;

use crate::plan::{Origin, Repeat};
use repeat::Repeated;
use stdin_lines::StdinLines;

/// The longest payload a packet could hold, in bytes; with its topic a message is a little
/// shorter still.
const MAX_PAYLOAD: usize = mqtt_core::protocol::MAX_REMAINING_LENGTH;

/// What a source has.
#[derive(Debug)]
pub(crate) enum Next {
    /// The next payload.
    Payload(Payload),
    /// Nothing now: wait for [`Source::ready`].
    Later,
    /// Nothing any more.
    End,
    /// Nothing any more, but the beginning of something that was cut off by [`Source::stop`].
    Cut(Bytes),
}

/// What [`Source::stop`] leaves undone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stopped {
    /// Nothing: what was read still comes, and then the end.
    Whole,
    /// Payloads that were asked for will not come.
    Short,
}

/// Why there is no payload.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SourceError {
    /// The file cannot be opened or read.
    #[error("cannot read '{}' (--file)", .path.display())]
    File { path: PathBuf, source: io::Error },
    /// A directory has no content to publish.
    #[error("'{}' (--file) is a directory", .0.display())]
    Directory(PathBuf),
    /// stdin cannot be read.
    #[error("cannot read stdin")]
    Stdin(#[source] io::Error),
    /// `-s` without a byte on stdin.
    #[error("stdin is empty: there is nothing to publish (an empty message is --null-message)")]
    EmptyStdin,
    /// More than a packet can hold.
    #[error("{0} is longer than 268435455 bytes, more than a message can hold")]
    TooLong(String),
}

/// A source of payloads.
#[derive(Debug)]
pub(crate) enum Source {
    Repeated(Repeated),
    StdinLines(StdinLines),
}

impl Source {
    /// One message, whose payload is read now, as far as it can be before a connection stands.
    pub(crate) fn repeated(origin: Origin, repeat: Repeat) -> Result<Self, SourceError> {
        Ok(Self::Repeated(Repeated::new(origin::load(origin)?, repeat)))
    }

    /// The lines of stdin.
    pub(crate) fn stdin_lines() -> Self {
        Self::StdinLines(StdinLines::new())
    }

    /// The next payload, if there is one now.
    pub(crate) fn next(&mut self) -> Result<Next, SourceError> {
        match self {
            Self::Repeated(source) => Ok(source.next()),
            Self::StdinLines(source) => source.next(),
        }
    }

    /// Waits until [`Self::next`] has something else to say than [`Next::Later`]. Cancel-safe.
    pub(crate) async fn ready(&mut self) {
        match self {
            Self::Repeated(source) => source.ready().await,
            Self::StdinLines(source) => source.ready().await,
        }
    }

    /// Waits until [`Self::next`] will give no payload any more. Cancel-safe.
    pub(crate) async fn exhausted(&mut self) {
        match self {
            Self::Repeated(source) => source.exhausted().await,
            Self::StdinLines(source) => source.exhausted().await,
        }
    }

    /// The last payload is published and, at QoS 1 and 2, acknowledged.
    pub(crate) fn completed(&mut self) {
        if let Self::Repeated(source) = self {
            source.completed();
        }
    }

    /// The last payloads did not get to the broker. Gives how many of them will come once more.
    pub(crate) fn take_back(&mut self, count: u64) -> u64 {
        match self {
            Self::Repeated(source) => source.take_back(count),
            Self::StdinLines(_) => 0,
        }
    }

    /// Takes no more in than was read already.
    pub(crate) fn stop(&mut self) -> Stopped {
        match self {
            Self::StdinLines(source) => {
                source.stop();
                Stopped::Whole
            }
            Self::Repeated(source) => source.stop(),
        }
    }

    /// The next of the payloads that were read and not asked for, once the source is stopped. May
    /// wait for a thread that is reading; not for what it reads.
    pub(crate) fn next_left(&mut self) -> Next {
        match self {
            Self::Repeated(source) => source.next_left(),
            Self::StdinLines(source) => source.next_left(),
        }
    }
}
