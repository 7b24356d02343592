//! Where payloads come from: each source gives them one after another and says whether more will
//! come. Knows nothing of packets and acknowledgements.

mod origin;
mod repeat;
mod stdin_lines;

use std::io;
use std::path::PathBuf;

use mqtt_core::payload::Payload;

use crate::plan::Payloads;
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
    /// Nothing any more, and the beginning of something that was cut off by [`Source::stop`].
    Cut,
}

/// What [`Source::stop`] leaves undone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stopped {
    /// What was read still comes, and then the end.
    Draining,
    /// Nothing was left.
    Done,
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
    /// Opens and reads what can be read before a connection stands.
    pub(crate) fn open(payloads: Payloads) -> Result<Self, SourceError> {
        Ok(match payloads {
            Payloads::One { origin, repeat } => {
                Self::Repeated(Repeated::new(origin::load(origin)?, repeat))
            }
            Payloads::StdinLines => Self::StdinLines(StdinLines::new()),
        })
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

    /// The last payload is published and, at QoS 1 and 2, acknowledged.
    pub(crate) fn completed(&mut self) {
        if let Self::Repeated(source) = self {
            source.completed();
        }
    }

    /// Takes no more in than was read already.
    pub(crate) fn stop(&mut self) -> Stopped {
        match self {
            Self::StdinLines(source) => {
                source.stop();
                Stopped::Draining
            }
            Self::Repeated(source) if source.is_exhausted() => Stopped::Done,
            Self::Repeated(_) => Stopped::Short,
        }
    }
}
