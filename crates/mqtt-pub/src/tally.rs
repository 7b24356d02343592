//! What has become of the messages.

use std::collections::VecDeque;
use std::fmt;

use bytes::Bytes;
use mqtt_core::client::Client;
use mqtt_core::payload::Payload;
use mqtt_core::protocol::{Qos, ReasonCode};

use crate::unsent::UnsentFile;

/// When so many bytes of QoS 0 are remembered, those that have reached the socket are forgotten.
const RECENT: usize = 256 * 1024;

/// Keeps count of messages, and of those that did not get through the numbers, from 1.
#[derive(Debug)]
pub(crate) struct Tally {
    unit: Unit,
    qos: Qos,
    /// Handed to the session.
    published: u64,
    missing: Count,
    refused: Count,
    refusal: Option<ReasonCode>,
    saving: Option<Saving>,
}

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unit {
    Lines,
    Messages,
}

/// How many there are, and which is the first of them.
#[derive(Clone, Copy, Debug, Default)]
struct Count {
    count: u64,
    first: u64,
}

impl Count {
    fn add(&mut self, number: u64) {
        self.first = if self.count == 0 { number } else { self.first.min(number) };
        self.count += 1;
    }
}

/// The lines that did not get through are kept.
#[derive(Debug)]
struct Saving {
    file: UnsentFile,
    /// The last lines of QoS 0: the session keeps none of them.
    recent: VecDeque<Bytes>,
    /// Bytes remembered since some were forgotten.
    remembered: usize,
}

/// Messages that did not get through, among all that were read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Part {
    unit: Unit,
    of: Count,
    read: u64,
}

/// As in "2 of 3 lines"; who has published a single message is told of "the message".
impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unit = match self.unit {
            Unit::Lines => "lines",
            Unit::Messages if self.is_single_message() => return f.write_str("the message"),
            Unit::Messages => "messages",
        };
        write!(f, "{} of {} {unit}", self.of.count, self.read)
    }
}

impl Part {
    fn is_single_message(&self) -> bool {
        self.unit == Unit::Messages && self.read == 1
    }

    /// As in "2 of 3 lines read"; messages are not read one by one.
    pub(crate) fn of_those_read(&self) -> String {
        match self.unit {
            Unit::Lines => format!("{self} read"),
            Unit::Messages => self.to_string(),
        }
    }

    /// As in "2 of 3 lines were".
    pub(crate) fn were(&self) -> String {
        let verb = if self.is_single_message() { "was" } else { "were" };
        format!("{self} {verb}")
    }

    /// As in ", the first is line 2"; nothing where there is only one to speak of.
    pub(crate) fn beginning(&self) -> String {
        match self.unit {
            Unit::Lines => format!(", the first is line {}", self.of.first),
            Unit::Messages => String::new(),
        }
    }
}

impl Tally {
    pub(crate) fn new(unit: Unit, qos: Qos, unsent: Option<UnsentFile>) -> Self {
        let saving = |file| Saving { file, recent: VecDeque::new(), remembered: 0 };
        let saving = unsent.map(saving);
        let (missing, refused) = (Count::default(), Count::default());
        Self { unit, qos, published: 0, missing, refused, refusal: None, saving }
    }

    /// The line, where lines are kept.
    pub(crate) fn copy(&self, payload: &Payload) -> Option<Bytes> {
        match (&self.saving, payload) {
            (Some(_), Payload::Memory(line)) => Some(line.clone()),
            _ => None,
        }
    }

    /// A message was handed to the session.
    pub(crate) fn published(&mut self, copy: Option<Bytes>, client: &Client) {
        self.published += 1;
        if let (Some(saving), Some(line)) = (&mut self.saving, copy)
            && self.qos == Qos::AtMostOnce
        {
            saving.remember(line, client);
        }
    }

    /// The last messages of QoS 0 are taken back: they will be published once more.
    pub(crate) fn taken_back(&mut self, count: u64) {
        self.published -= count;
    }

    /// The broker has refused a message; `sequence` counts those before it.
    pub(crate) fn refused(&mut self, sequence: u64, payload: &Payload, reason: ReasonCode) {
        self.refused.add(sequence + 1);
        self.refusal.get_or_insert(reason);
        self.save(self.copy(payload));
    }

    /// The last messages of QoS 0 went with the connection.
    pub(crate) fn lost(&mut self, count: u64) {
        (self.published - count..self.published).for_each(|before| self.missing.add(before + 1));
        if let Some(Saving { file, recent, .. }) = &mut self.saving {
            let kept = recent.len();
            let lost = usize::try_from(count).map_or(kept, |count| count.min(kept));
            recent.drain(..kept - lost).for_each(drop);
            recent.drain(..).for_each(|line| file.save(&line));
        }
    }

    /// A message will not be acknowledged any more.
    pub(crate) fn unacknowledged(&mut self, sequence: u64, payload: &Payload) {
        self.missing.add(sequence + 1);
        self.save(self.copy(payload));
    }

    /// A message was read and not published.
    pub(crate) fn unpublished(&mut self, copy: Option<Bytes>) {
        self.published += 1;
        self.missing.add(self.published);
        self.save(copy);
    }

    /// The same for a line whose end was not read.
    pub(crate) fn cut(&mut self, part: &[u8]) {
        self.published += 1;
        self.missing.add(self.published);
        if let Some(saving) = &mut self.saving {
            saving.file.save_part(part);
        }
    }

    fn save(&mut self, copy: Option<Bytes>) {
        if let (Some(saving), Some(line)) = (&mut self.saving, copy) {
            saving.file.save(&line);
        }
    }

    /// As in "line 7".
    pub(crate) fn name(&self, sequence: u64) -> String {
        let unit = match self.unit {
            Unit::Lines => "line",
            Unit::Messages => "message",
        };
        format!("{unit} {}", sequence + 1)
    }

    /// How many were read.
    pub(crate) fn read(&self) -> u64 {
        self.published
    }

    /// What did not get through, but for what was refused.
    pub(crate) fn missing(&self) -> Option<Part> {
        self.part(self.missing)
    }

    /// What was refused, and the first reason for it.
    pub(crate) fn refusals(&self) -> Option<(Part, ReasonCode)> {
        self.part(self.refused).zip(self.refusal)
    }

    fn part(&self, of: Count) -> Option<Part> {
        (of.count > 0).then_some(Part { unit: self.unit, of, read: self.published })
    }

    /// Gives the file that the lines were saved in.
    pub(crate) fn into_unsent(self) -> Option<UnsentFile> {
        self.saving.map(|saving| saving.file)
    }
}

impl Saving {
    fn remember(&mut self, line: Bytes, client: &Client) {
        self.remembered += line.len() + size_of::<Bytes>();
        self.recent.push_back(line);
        if self.remembered > RECENT {
            self.remembered = 0;
            let waiting = usize::try_from(client.unsent()).unwrap_or(usize::MAX);
            let sent = self.recent.len().saturating_sub(waiting);
            self.recent.drain(..sent).for_each(drop);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(unit: Unit, count: u64, read: u64) -> Part {
        Part { unit, of: Count { count, first: 2 }, read }
    }

    #[test]
    fn a_single_message_is_not_counted() {
        let message = part(Unit::Messages, 1, 1);
        assert_eq!(message.of_those_read(), "the message");
        assert_eq!(message.were(), "the message was");
        assert_eq!(part(Unit::Messages, 1, 2).of_those_read(), "1 of 2 messages");
        assert_eq!(part(Unit::Messages, 1, 2).were(), "1 of 2 messages were");
    }

    #[test]
    fn lines_are_counted_and_have_numbers() {
        let line = part(Unit::Lines, 1, 1);
        assert_eq!(
            line.of_those_read() + &line.beginning(),
            "1 of 1 lines read, the first is line 2"
        );
        assert_eq!(line.were(), "1 of 1 lines were");
    }
}
