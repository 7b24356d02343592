//! Where messages come from: each source gives them one after another and says whether more will
//! come. Knows nothing of packets and acknowledgements.

mod addressed;
mod copies;
mod encoding;
mod line_format;
mod lines;
mod origin;
mod record;
mod repeat;
mod watched;

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use bytes::Bytes;
use mqtt_core::payload::Payload;
use mqtt_core::plan::Progress;
use mqtt_core::protocol::{Properties, Qos, TopicName};

use crate::plan::{Head, Input, LineForm, Payloads, Speed};
pub(crate) use addressed::Addressed;
use addressed::{AddressedLines, Form, Reach};
use copies::Copies;
pub(crate) use encoding::{Encoding, EncodingError};
pub(crate) use line_format::{LineFormat, LineFormatError, LineFormatMismatch};
use lines::{Line, Lines};
pub(crate) use record::RecordError;
use record::{Defaults, Record};
use repeat::{Repeated, Turn};

/// The longest payload a packet could hold, in bytes; with its topic a message is a little
/// shorter still.
const MAX_PAYLOAD: usize = mqtt_core::protocol::MAX_REMAINING_LENGTH;

/// What a source has.
#[derive(Debug)]
pub(crate) enum Next {
    /// The next payload, for one of the topics: how many of them had it before.
    Payload(Payload, usize),
    /// The next message that says itself where it goes.
    Addressed(Box<Addressed>),
    /// A line that is no message; what follows it is not asked for.
    Wrong(Box<Wrong>),
    /// Nothing now: wait for [`Source::ready`].
    Later,
    /// Nothing any more.
    End,
    /// Nothing any more, but the beginning of something that was cut off by [`Source::stop`].
    Cut(Bytes),
}

/// How far one can see.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Extent {
    /// Messages that will soon be done with.
    Brief,
    /// Bytes of a large payload, as often as it is published.
    Bytes { given: u64, total: u64 },
    /// Lines, and nobody knows how many.
    Lines,
}

/// A line that is no message.
#[derive(Debug)]
pub(crate) struct Wrong {
    pub(crate) line: Bytes,
    pub(crate) error: SourceError,
}

/// What was read and not asked for.
#[derive(Debug)]
pub(crate) enum Left {
    /// A payload or, where lines say themselves where they go, a line.
    Whole(Payload),
    /// The beginning of a line.
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
    /// What was recorded cannot be opened or read.
    #[error("cannot read '{}' (--replay)", .path.display())]
    Recording { path: PathBuf, source: io::Error },
    /// A line is no message.
    #[error("line {number}{cause}")]
    Line { number: u64, cause: Box<LineError> },
    /// A text spells no bytes.
    #[error("{origin}, {cause} (--encoding)")]
    Encoding { origin: String, cause: EncodingError },
    /// `-s` without a byte on stdin.
    #[error("stdin is empty: there is nothing to publish (an empty message is --null-message)")]
    EmptyStdin,
    /// More than a packet can hold.
    #[error("{0} is longer than 268435455 bytes, more than a message can hold")]
    TooLong(String),
}

/// Why a line is no message, in words that go behind its number.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum LineError {
    #[error(": {0} (--line-format)")]
    Format(#[from] LineFormatMismatch),
    #[error(", column {} of the payload: {} (--encoding)", .0.column, .0.fault)]
    Encoding(#[from] EncodingError),
    #[error(", {0}")]
    Record(#[from] RecordError),
}

/// Reads a line of `--json-lines` where no option says anything.
pub(crate) fn read_record(line: &Bytes) -> Result<(TopicName, Head, Bytes), RecordError> {
    let head = Head { qos: Qos::AtMostOnce, retain: false, properties: Properties::new() };
    let record = Record::read(line, &Defaults { topic: None, head })?;
    Ok((record.topic, record.head, record.payload))
}

/// A source of messages.
#[derive(Debug)]
pub(crate) struct Source {
    kind: Kind,
    copies: Copies,
}

#[derive(Debug)]
enum Kind {
    /// One message, several times.
    Repeated(Repeated),
    /// A payload per line.
    Lines(Lines),
    /// A message per line, read together with where it goes.
    Addressed(Box<AddressedLines>),
}

impl Source {
    /// The source of what is planned. The payload of a single message is read now, as far as it
    /// can be before a connection stands.
    pub(crate) fn new(
        payloads: Payloads,
        head: &Head,
        topics: &[TopicName],
        progress: Progress,
    ) -> Result<Self, SourceError> {
        let kind = match payloads {
            Payloads::One { origin, encoding, repeat } => {
                Kind::Repeated(Repeated::new(origin::load(origin, encoding, progress)?, repeat))
            }
            Payloads::Lines { input, form: LineForm::Payload, .. } => {
                Kind::Lines(Lines::of(input)?)
            }
            Payloads::Lines { input, form: LineForm::Encoded(encoding, topic), .. } => {
                Self::addressed(input, Form::Encoded(encoding, topic, head.clone()), Speed::Most)?
            }
            Payloads::Lines {
                input, form: LineForm::TopicAndPayload(format, encoding), ..
            } => {
                let form = Form::TopicAndPayload(format, encoding, head.clone());
                Self::addressed(input, form, Speed::Most)?
            }
            Payloads::Lines { input, form: LineForm::Record(speed), .. } => {
                let (topic, head) = (topics.first().cloned(), head.clone());
                Self::addressed(input, Form::Record(Defaults { topic, head }), speed)?
            }
        };
        Ok(Self { kind, copies: Copies::new(topics.len()) })
    }

    fn addressed(input: Input, form: Form, speed: Speed) -> Result<Kind, SourceError> {
        let reach = match input {
            Input::Stdin => Reach::Read,
            Input::File(_) => Reach::Whole,
        };
        let lines = AddressedLines::new(Lines::of(input)?, form, speed, reach);
        Ok(Kind::Addressed(Box::new(lines)))
    }

    /// The next message, if there is one now.
    #[inline]
    pub(crate) fn next(&mut self) -> Result<Next, SourceError> {
        if let Some((payload, before)) = self.copies.next() {
            return Ok(Next::Payload(payload, before));
        }
        let payload = match &mut self.kind {
            Kind::Lines(lines) => match lines.next()? {
                Line::Whole(line) => Payload::Memory(line),
                Line::Later => return Ok(Next::Later),
                Line::End => return Ok(Next::End),
                Line::Cut(part) => return Ok(Next::Cut(part)),
            },
            Kind::Repeated(source) => match source.next() {
                Turn::Now(payload) => payload,
                Turn::Later => return Ok(Next::Later),
                Turn::Over => return Ok(Next::End),
            },
            Kind::Addressed(source) => return source.next(),
        };
        self.copies.begin(&payload);
        Ok(Next::Payload(payload, 0))
    }

    /// Waits until [`Self::next`] has something else to say than [`Next::Later`]. Cancel-safe.
    pub(crate) async fn ready(&mut self) {
        match &mut self.kind {
            Kind::Repeated(source) => source.ready().await,
            Kind::Lines(source) => source.ready().await,
            Kind::Addressed(source) => source.ready().await,
        }
    }

    /// Waits until [`Self::next`] will give no message any more. Cancel-safe.
    pub(crate) async fn exhausted(&mut self) {
        if self.copies.are_due() {
            std::future::pending::<()>().await;
        }
        match &mut self.kind {
            Kind::Repeated(source) => source.exhausted().await,
            Kind::Lines(source) => source.exhausted().await,
            Kind::Addressed(source) => source.exhausted().await,
        }
    }

    /// How much of it was given out.
    pub(crate) fn extent(&self) -> Extent {
        match &self.kind {
            Kind::Repeated(source) => source.extent(),
            Kind::Lines(_) | Kind::Addressed(_) => Extent::Lines,
        }
    }

    /// A message is published and, at QoS 1 and 2, acknowledged.
    #[inline]
    pub(crate) fn completed(&mut self) {
        if let Kind::Repeated(source) = &mut self.kind
            && self.copies.complete()
        {
            source.completed();
        }
    }

    /// The last messages did not get to the broker. Gives how many of them will come once more.
    pub(crate) fn take_back(&mut self, count: u64) -> u64 {
        match &mut self.kind {
            Kind::Repeated(source) => {
                source.take_back(self.copies.take_back(count));
                count
            }
            Kind::Lines(_) | Kind::Addressed(_) => 0,
        }
    }

    /// Takes no more in than was read already; nothing more of a recording.
    pub(crate) fn stop(&mut self) -> Stopped {
        match &mut self.kind {
            Kind::Lines(source) => {
                source.stop();
                Stopped::Whole
            }
            Kind::Repeated(source) => source.stop(),
            Kind::Addressed(source) => source.stop(),
        }
    }

    /// Reads no more: [`Self::next_left`] has the rest.
    pub(crate) fn end(&mut self) {
        match &mut self.kind {
            Kind::Lines(source) => source.stop(),
            Kind::Addressed(source) => source.end(),
            Kind::Repeated(_) => {}
        }
    }

    /// Reads on, to the end if that comes within so long: [`Self::next_left`] has it all.
    pub(crate) fn end_after(&mut self, limit: Duration) {
        match &mut self.kind {
            Kind::Lines(source) => source.stop_after(limit),
            Kind::Addressed(source) => source.end_after(limit),
            Kind::Repeated(_) => {}
        }
    }

    /// Whether there was, or may have been, more than was read before it ended.
    pub(crate) fn is_cut(&self) -> bool {
        match &self.kind {
            Kind::Lines(source) => source.is_cut(),
            Kind::Addressed(source) => source.is_cut(),
            Kind::Repeated(_) => false,
        }
    }

    /// The next of what was read and not asked for, once the source has ended. May wait for a
    /// thread that is reading, but no longer than it was told to.
    pub(crate) fn next_left(&mut self) -> Option<Left> {
        if let Some((payload, _)) = self.copies.next() {
            return Some(Left::Whole(payload));
        }
        let left = match &mut self.kind {
            Kind::Repeated(source) => Left::Whole(source.next_left()?),
            Kind::Lines(source) => source.next_left()?,
            Kind::Addressed(source) => return source.next_left(),
        };
        if let Left::Whole(payload) = &left {
            self.copies.begin(payload);
        }
        Some(left)
    }
}
