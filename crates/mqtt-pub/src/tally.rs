//! What has become of the messages.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;

use bytes::Bytes;
use mqtt_core::client::Client;
use mqtt_core::payload::Payload;
use mqtt_core::plan::Summary;
use mqtt_core::protocol::{Qos, ReasonCode};
use mqtt_core::stats::Totals;

use crate::unsent::UnsentFile;

/// When so many bytes of QoS 0 are remembered, those that have reached the socket are forgotten.
const RECENT: usize = 256 * 1024;

/// Keeps count of messages, and of those that did not get through the numbers, from 1.
#[derive(Debug)]
pub(crate) struct Tally {
    unit: Unit,
    /// How many topics each of them goes to.
    topics: u64,
    /// Handed to the session, once for each topic.
    published: u64,
    missing: Count,
    refused: Count,
    refusal: Option<ReasonCode>,
    unheard: Count,
    saving: Option<Saving>,
    /// The last ones of QoS 0, where the session's numbers do not tell all about them: it keeps
    /// none of them.
    recent: Option<Recent>,
    /// The same for those of QoS 1 and 2 that are not acknowledged, by the session's numbers.
    unacknowledged: Option<Sequences>,
    /// What got through, as far as one knows, where that is to be told (`--stats`).
    totals: Option<Totals>,
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
    total: u64,
    first: u64,
    last: u64,
}

impl Count {
    /// One that went to several topics is counted once: they are published, and answered, in
    /// order.
    fn add(&mut self, number: u64) {
        if self.total > 0 && self.last == number {
            return;
        }
        self.first = if self.total == 0 { number } else { self.first.min(number) };
        self.last = number;
        self.total += 1;
    }
}

/// The lines that did not get through are kept.
#[derive(Debug)]
struct Saving {
    file: UnsentFile,
    /// The number of the last one.
    last: u64,
}

/// What was published.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) number: u64,
    /// Of its payload, in bytes.
    length: usize,
    /// The line, where lines are kept.
    line: Option<Bytes>,
}

#[derive(Debug, Default)]
struct Recent {
    entries: VecDeque<Entry>,
    /// Bytes remembered since some were forgotten.
    remembered: usize,
}

#[derive(Debug, Default)]
struct Sequences {
    entries: BTreeMap<u64, Entry>,
    next: u64,
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
        write!(f, "{} of {} {unit}", self.of.total, self.read)
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

    /// As in "2 of 3 lines have".
    pub(crate) fn have(&self) -> String {
        let verb = if self.is_single_message() { "has" } else { "have" };
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
    /// Of messages that each go to so many topics.
    pub(crate) fn new(
        unit: Unit,
        topics: usize,
        unsent: Option<UnsentFile>,
        summary: Summary,
    ) -> Self {
        let saving = unsent.map(|file| Saving { file, last: 0 });
        let totals = (summary == Summary::Printed).then(Totals::default);
        let recent = (saving.is_some() || totals.is_some()).then(Recent::default);
        Self {
            unit,
            topics: topics.max(1) as u64,
            published: 0,
            missing: Count::default(),
            refused: Count::default(),
            refusal: None,
            unheard: Count::default(),
            saving,
            recent,
            unacknowledged: None,
            totals,
        }
    }

    /// Of lines that say themselves where they go, and at which QoS.
    pub(crate) fn of_addressed(unsent: Option<UnsentFile>, summary: Summary) -> Self {
        Self {
            recent: Some(Recent::default()),
            unacknowledged: Some(Sequences::default()),
            ..Self::new(Unit::Lines, 1, unsent, summary)
        }
    }

    /// Whether lines are kept.
    pub(crate) fn saves(&self) -> bool {
        self.saving.is_some()
    }

    /// The line, where lines are kept.
    pub(crate) fn copy(&self, payload: &Payload) -> Option<Bytes> {
        match (&self.saving, payload) {
            (Some(_), Payload::Memory(line)) => Some(line.clone()),
            _ => None,
        }
    }

    /// A message was handed to the session, for one of its topics.
    #[inline]
    pub(crate) fn published(
        &mut self,
        length: usize,
        line: Option<Bytes>,
        qos: Qos,
        client: &Client,
    ) {
        self.published += 1;
        if let Some(totals) = &mut self.totals {
            totals.add(length);
        }
        if qos == Qos::AtMostOnce {
            if let Some(recent) = &mut self.recent {
                let number = (self.published - 1) / self.topics + 1;
                recent.remember(Entry { number, length, line }, client);
            }
        } else if let Some(sequences) = &mut self.unacknowledged {
            let entry = Entry { number: self.published, length, line };
            sequences.entries.insert(sequences.next, entry);
            sequences.next += 1;
        }
    }

    /// The last messages of QoS 0 are taken back: they will be published once more.
    pub(crate) fn taken_back(&mut self, count: u64) {
        self.published -= count;
        for entry in self.last_of_recent(count) {
            self.forget(&entry);
        }
    }

    /// The broker has answered a message, or never will: which one it was. `sequence` counts those
    /// of QoS 1 and 2 before it.
    pub(crate) fn take(&mut self, sequence: u64, payload: &Payload) -> Entry {
        let known = self.unacknowledged.as_mut();
        known.and_then(|known| known.entries.remove(&sequence)).unwrap_or_else(|| {
            let number = sequence / self.topics + 1;
            Entry { number, length: payload.len(), line: self.copy(payload) }
        })
    }

    /// The broker has refused a message.
    pub(crate) fn refused(&mut self, entry: Entry, reason: ReasonCode) {
        self.refused.add(entry.number);
        self.refusal.get_or_insert(reason);
        self.forget(&entry);
        self.save(entry);
    }

    /// The broker has taken a message for nobody.
    pub(crate) fn unheard(&mut self, entry: Entry) {
        self.unheard.add(entry.number);
        self.forget(&entry);
        self.save(entry);
    }

    /// The last messages of QoS 0 went with the connection.
    pub(crate) fn lost(&mut self, count: u64) {
        if self.recent.is_none() {
            let lost = self.published - count..self.published;
            lost.for_each(|before| self.missing.add(before / self.topics + 1));
        }
        for entry in self.last_of_recent(count) {
            self.forget(&entry);
            self.miss(entry);
        }
        self.recent.iter_mut().for_each(|recent| recent.entries.clear());
    }

    /// A message will not be acknowledged any more.
    pub(crate) fn unacknowledged(&mut self, sequence: u64, payload: &Payload) {
        let entry = self.take(sequence, payload);
        self.forget(&entry);
        self.miss(entry);
    }

    /// A message was read and not published.
    pub(crate) fn unpublished(&mut self, line: Option<Bytes>) {
        self.published += 1;
        let number = (self.published - 1) / self.topics + 1;
        self.miss(Entry { number, length: 0, line });
    }

    /// The same for a line whose end was not read.
    pub(crate) fn cut(&mut self, part: &[u8]) {
        self.published += self.topics;
        self.missing.add(self.read());
        if let Some(saving) = &mut self.saving {
            saving.file.save_part(part);
        }
    }

    /// The last ones of QoS 0, as many as are remembered, which are remembered no longer.
    fn last_of_recent(&mut self, count: u64) -> VecDeque<Entry> {
        let Some(Recent { entries, .. }) = &mut self.recent else { return VecDeque::new() };
        let kept = entries.len();
        entries.split_off(usize::try_from(count).map_or(0, |count| kept.saturating_sub(count)))
    }

    /// It did not get through after all.
    fn forget(&mut self, entry: &Entry) {
        if let Some(totals) = &mut self.totals {
            totals.take(entry.length);
        }
    }

    fn miss(&mut self, entry: Entry) {
        self.missing.add(entry.number);
        self.save(entry);
    }

    /// A line is saved once, however many of its topics it did not get to.
    fn save(&mut self, Entry { number, line, .. }: Entry) {
        if let (Some(saving), Some(line)) = (&mut self.saving, line)
            && saving.last != number
        {
            saving.file.save(&line);
            saving.last = number;
        }
    }

    /// As in "line 7".
    pub(crate) fn name(&self, number: u64) -> String {
        let unit = match self.unit {
            Unit::Lines => "line",
            Unit::Messages => "message",
        };
        format!("{unit} {number}")
    }

    /// How many were read.
    pub(crate) fn read(&self) -> u64 {
        self.published.div_ceil(self.topics)
    }

    /// What got through, where that is counted.
    pub(crate) fn totals(&self) -> Totals {
        self.totals.unwrap_or_default()
    }

    /// What did not get through, but for what was refused.
    pub(crate) fn missing(&self) -> Option<Part> {
        self.part(self.missing)
    }

    /// What was refused, and the first reason for it.
    pub(crate) fn refusals(&self) -> Option<(Part, ReasonCode)> {
        self.part(self.refused).zip(self.refusal)
    }

    /// What has no subscriber.
    pub(crate) fn without_subscriber(&self) -> Option<Part> {
        self.part(self.unheard)
    }

    fn part(&self, of: Count) -> Option<Part> {
        (of.total > 0).then_some(Part { unit: self.unit, of, read: self.read() })
    }

    /// Gives the file that the lines were saved in.
    pub(crate) fn into_unsent(self) -> Option<UnsentFile> {
        self.saving.map(|saving| saving.file)
    }
}

impl Recent {
    fn remember(&mut self, entry: Entry, client: &Client) {
        self.remembered += entry.line.as_ref().map_or(0, Bytes::len) + size_of::<Entry>();
        self.entries.push_back(entry);
        if self.remembered > RECENT {
            self.remembered = 0;
            let waiting = usize::try_from(client.unsent()).unwrap_or(usize::MAX);
            let sent = self.entries.len().saturating_sub(waiting);
            self.entries.drain(..sent).for_each(drop);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(unit: Unit, count: u64, read: u64) -> Part {
        Part { unit, of: Count { total: count, first: 2, last: 2 }, read }
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
