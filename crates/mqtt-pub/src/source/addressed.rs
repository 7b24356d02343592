//! Lines that are more than a payload.

use std::time::Duration;

use bytes::Bytes;
use mqtt_core::payload::Payload;
use mqtt_core::protocol::TopicName;
use time::OffsetDateTime;
use tokio::time::{Instant, sleep_until};

use super::encoding::Encoding;
use super::line_format::LineFormat;
use super::lines::{Line, Lines};
use super::record::{Defaults, Record};
use super::repeat::LONGEST;
use super::{Left, LineError, Next, SourceError, Stopped, Wrong};
use crate::plan::{Head, Speed};

/// A message with all it needs, and the line that it was.
#[derive(Debug)]
pub(crate) struct Addressed {
    pub(crate) topic: TopicName,
    pub(crate) head: Head,
    pub(crate) payload: Bytes,
    pub(crate) line: Bytes,
}

/// What a line is.
#[derive(Debug)]
pub(super) enum Form {
    /// A payload in an encoding; the rest is the same for all.
    Encoded(Encoding, TopicName, Head),
    /// Topic and payload, which may be in an encoding; the rest is the same for all.
    TopicAndPayload(LineFormat, Option<Encoding>, Head),
    /// A message as `mqtt-sub --json` writes it, and what it has where its line does not say so.
    Record(Defaults),
}

/// Such lines.
#[derive(Debug)]
pub(crate) struct AddressedLines {
    lines: Lines,
    form: Form,
    /// How many were read.
    count: u64,
    /// Where they keep the times between them.
    pace: Option<Pace>,
    /// What was read, and when it is due.
    waiting: Option<(Instant, Box<Addressed>)>,
    reach: Reach,
}

/// How much of the input is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reach {
    /// What has been read when the source is stopped.
    Read,
    /// All of it.
    Whole,
}

impl AddressedLines {
    pub(super) fn new(lines: Lines, form: Form, speed: Speed, reach: Reach) -> Self {
        let pace = match speed {
            Speed::Most => None,
            Speed::Times(times) => Some(Pace { times, beginning: None }),
        };
        Self { lines, form, count: 0, pace, waiting: None, reach }
    }

    pub(super) fn next(&mut self) -> Result<Next, SourceError> {
        if let Some((due, _)) = &self.waiting
            && Instant::now() < *due
        {
            return Ok(Next::Later);
        }
        if let Some((_, message)) = self.waiting.take() {
            return Ok(Next::Addressed(message));
        }
        let line = match self.lines.next()? {
            Line::Whole(line) => line,
            Line::Later => return Ok(Next::Later),
            Line::End => return Ok(Next::End),
            Line::Cut(part) => return Ok(Next::Cut(part)),
        };
        self.count += 1;
        let (addressed, time) = match self.form.read(&line) {
            Ok((addressed, time)) => (Box::new(addressed), time),
            Err(cause) => {
                let error = SourceError::Line { number: self.count, cause: Box::new(cause) };
                return Ok(Next::Wrong(Box::new(Wrong { line, error })));
            }
        };
        let due = self.pace.as_mut().zip(time).map(|(pace, time)| pace.due(time, Instant::now()));
        match due.filter(|due| Instant::now() < *due) {
            Some(due) => {
                self.waiting = Some((due, addressed));
                Ok(Next::Later)
            }
            None => Ok(Next::Addressed(addressed)),
        }
    }

    pub(super) async fn ready(&mut self) {
        match &self.waiting {
            Some((due, _)) => sleep_until(*due).await,
            None => self.lines.ready().await,
        }
    }

    /// Waits for the end, if no line comes before it.
    pub(super) async fn exhausted(&mut self) {
        if self.waiting.is_some() {
            std::future::pending::<()>().await;
        }
        self.lines.exhausted().await;
    }

    /// Of a recording nothing more comes: nobody wants to wait for it.
    pub(super) fn stop(&mut self) -> Stopped {
        self.lines.stop();
        if self.reach == Reach::Read {
            return Stopped::Whole;
        }
        let waiting = self.waiting.take().is_some();
        if self.lines.discard() || waiting { Stopped::Short } else { Stopped::Whole }
    }

    pub(super) fn end(&mut self) {
        self.lines.stop();
    }

    pub(super) fn end_after(&mut self, limit: Duration) {
        self.lines.stop_after(limit);
    }

    pub(super) fn is_cut(&self) -> bool {
        self.lines.is_cut()
    }

    pub(super) fn next_left(&mut self) -> Option<Left> {
        match self.waiting.take() {
            Some((_, message)) => Some(Left::Whole(Payload::Memory(message.line))),
            None => self.lines.next_left(),
        }
    }
}

impl Form {
    fn read(&self, line: &Bytes) -> Result<(Addressed, Option<OffsetDateTime>), LineError> {
        match self {
            Self::Encoded(encoding, topic, head) => {
                let (topic, head) = (topic.clone(), head.clone());
                let payload = encoding.decode(line)?.into();
                Ok((Addressed { topic, head, payload, line: line.clone() }, None))
            }
            Self::TopicAndPayload(format, encoding, head) => {
                let (topic, payload) = format.read(line)?;
                let payload = match encoding {
                    Some(encoding) => encoding.decode(&payload)?.into(),
                    None => payload,
                };
                Ok((Addressed { topic, head: head.clone(), payload, line: line.clone() }, None))
            }
            Self::Record(defaults) => {
                let Record { topic, head, payload, time } = Record::read(line, defaults)?;
                Ok((Addressed { topic, head, payload, line: line.clone() }, time))
            }
        }
    }
}

/// Keeps the times between recorded messages.
#[derive(Debug)]
struct Pace {
    /// So many times as fast.
    times: f64,
    /// When the first message was read, and when it had come.
    beginning: Option<(Instant, OffsetDateTime)>,
}

impl Pace {
    /// When a message is due that came at `time` and is read `now`. What came before the first one
    /// is due with it.
    fn due(&mut self, time: OffsetDateTime, now: Instant) -> Instant {
        let (start, first) = *self.beginning.get_or_insert((now, time));
        let later = Duration::try_from(time - first).unwrap_or_default();
        let wait = Duration::try_from_secs_f64(later.as_secs_f64() / self.times);
        start + wait.unwrap_or(LONGEST).min(LONGEST)
    }
}

#[cfg(test)]
mod tests {
    use time::format_description::well_known::Rfc3339;

    use super::*;

    fn moment(text: &str) -> OffsetDateTime {
        OffsetDateTime::parse(text, &Rfc3339).unwrap()
    }

    #[test]
    fn recorded_messages_are_due_as_far_apart_as_they_came() {
        let start = Instant::now();
        let times = ["T10:00:00Z", "T10:00:04.5Z", "T10:00:02Z", "T09:00:00Z", "T12:01:00+02:00"];
        for (speed, due) in [
            (1.0, [0, 4500, 2000, 0, 60_000]),
            (2.0, [0, 2250, 1000, 0, 30_000]),
            (0.5, [0, 9000, 4000, 0, 120_000]),
        ] {
            let mut pace = Pace { times: speed, beginning: None };
            for (time, due) in times.iter().zip(due) {
                let time = moment(&format!("2026-11-23{time}"));
                // What is late does not make the rest late.
                let now = start + Duration::from_millis(if due == 0 { 0 } else { 77 });
                assert_eq!(pace.due(time, now) - start, Duration::from_millis(due), "{time}");
            }
        }
    }

    #[test]
    fn a_pause_of_ages_does_not_end_the_clock() {
        let mut pace = Pace { times: 0.001, beginning: None };
        let start = Instant::now();
        pace.due(moment("0001-01-01T00:00:00Z"), start);
        let due = pace.due(moment("9998-01-01T00:00:00Z"), start);
        assert_eq!(due - start, LONGEST);
    }
}
