//! What has become of the messages.

use std::collections::{BTreeMap, VecDeque};
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
    /// How many topics each of them goes to.
    topics: u64,
    /// Handed to the session, once for each topic.
    published: u64,
    missing: Count,
    refused: Count,
    refusal: Option<ReasonCode>,
    saving: Option<Saving>,
    /// The last ones of QoS 0, where the session's numbers do not tell all about them: it keeps
    /// none of them.
    recent: Option<Recent>,
    /// The same for those of QoS 1 and 2 that are not acknowledged, by the session's numbers.
    unacknowledged: Option<Sequences>,
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

/// As in "2 of 3 lines".
impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unit = match self.unit {
            Unit::Lines => "lines",
            Unit::Messages => "messages",
        };
        write!(f, "{} of {} {unit}", self.of.total, self.read)
    }
}

impl Part {
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
    pub(crate) fn new(unit: Unit, topics: usize, unsent: Option<UnsentFile>) -> Self {
        let saving = unsent.map(|file| Saving { file, last: 0 });
        let recent = saving.is_some().then(Recent::default);
        Self {
            unit,
            topics: topics.max(1) as u64,
            published: 0,
            missing: Count::default(),
            refused: Count::default(),
            refusal: None,
            saving,
            recent,
            unacknowledged: None,
        }
    }

    /// Of lines that say themselves where they go, and at which QoS.
    pub(crate) fn of_addressed(unsent: Option<UnsentFile>) -> Self {
        Self {
            recent: Some(Recent::default()),
            unacknowledged: Some(Sequences::default()),
            ..Self::new(Unit::Lines, 1, unsent)
        }
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
    pub(crate) fn published(&mut self, line: Option<Bytes>, qos: Qos, client: &Client) {
        self.published += 1;
        if qos == Qos::AtMostOnce {
            if let Some(recent) = &mut self.recent {
                let number = (self.published - 1) / self.topics + 1;
                recent.remember(Entry { number, line }, client);
            }
        } else if let Some(sequences) = &mut self.unacknowledged {
            let entry = Entry { number: self.published, line };
            sequences.entries.insert(sequences.next, entry);
            sequences.next += 1;
        }
    }

    /// The last messages of QoS 0 are taken back: they will be published once more.
    pub(crate) fn taken_back(&mut self, count: u64) {
        self.published -= count;
    }

    /// The broker has answered a message, or never will: which one it was. `sequence` counts those
    /// of QoS 1 and 2 before it.
    pub(crate) fn take(&mut self, sequence: u64, payload: &Payload) -> Entry {
        let known = self.unacknowledged.as_mut();
        known.and_then(|known| known.entries.remove(&sequence)).unwrap_or_else(|| {
            let number = sequence / self.topics + 1;
            Entry { number, line: self.copy(payload) }
        })
    }

    /// The broker has refused a message.
    pub(crate) fn refused(&mut self, entry: Entry, reason: ReasonCode) {
        self.refused.add(entry.number);
        self.refusal.get_or_insert(reason);
        self.save(entry);
    }

    /// The last messages of QoS 0 went with the connection.
    pub(crate) fn lost(&mut self, count: u64) {
        let Some(Recent { entries, .. }) = &mut self.recent else {
            let lost = self.published - count..self.published;
            lost.for_each(|before| self.missing.add(before / self.topics + 1));
            return;
        };
        let kept = entries.len();
        let lost = usize::try_from(count).map_or(kept, |count| count.min(kept));
        let mut entries = std::mem::take(entries);
        entries.drain(..kept - lost).for_each(drop);
        for entry in entries {
            self.miss(entry);
        }
    }

    /// A message will not be acknowledged any more.
    pub(crate) fn unacknowledged(&mut self, sequence: u64, payload: &Payload) {
        let entry = self.take(sequence, payload);
        self.miss(entry);
    }

    /// A message was read and not published.
    pub(crate) fn unpublished(&mut self, line: Option<Bytes>) {
        self.published += 1;
        let number = (self.published - 1) / self.topics + 1;
        self.miss(Entry { number, line });
    }

    /// The same for a line whose end was not read.
    pub(crate) fn cut(&mut self, part: &[u8]) {
        self.published += self.topics;
        self.missing.add(self.read());
        if let Some(saving) = &mut self.saving {
            saving.file.save_part(part);
        }
    }

    fn miss(&mut self, entry: Entry) {
        self.missing.add(entry.number);
        self.save(entry);
    }

    /// A line is saved once, however many of its topics it did not get to.
    fn save(&mut self, Entry { number, line }: Entry) {
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

    /// What did not get through, but for what was refused.
    pub(crate) fn missing(&self) -> Option<Part> {
        self.part(self.missing)
    }

    /// What was refused, and the first reason for it.
    pub(crate) fn refusals(&self) -> Option<(Part, ReasonCode)> {
        self.part(self.refused).zip(self.refusal)
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
