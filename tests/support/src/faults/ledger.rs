//! What has passed between a tool and its broker, kept by the man in the middle.

use std::collections::{HashMap, HashSet};

use crate::middleman::{Direction, Witness};

/// Keeps account of a publisher whose payloads are the numbers of its lines.
#[derive(Debug)]
pub(super) struct Sent {
    version: Version,
    acknowledged: Vec<bool>,
    /// Of them, how many there are.
    pub(super) count: usize,
    /// The first line that was not sent.
    pub(super) next: usize,
    lines: HashMap<u16, usize>,
    /// Without an acknowledgement on the newest connection.
    outstanding: HashSet<u16>,
    connection: u64,
    /// The most there were of them.
    pub(super) most_outstanding: usize,
}

/// What decides where a payload begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Version {
    Three,
    Five,
}

impl Version {
    /// Of the word behind `-V`.
    pub(super) fn of(word: &str) -> Self {
        if word == "5" { Self::Five } else { Self::Three }
    }
}

impl Sent {
    pub(super) fn new(version: &str, lines: usize) -> Self {
        Self {
            version: Version::of(version),
            acknowledged: vec![false; lines],
            count: 0,
            next: 0,
            lines: HashMap::new(),
            outstanding: HashSet::new(),
            connection: 0,
            most_outstanding: 0,
        }
    }

    /// Lines whose last acknowledgement has not passed.
    pub(super) fn missing(&self) -> usize {
        self.acknowledged.len() - self.count
    }

    /// Whether a line's last acknowledgement has passed.
    pub(super) fn has_acknowledged(&self, line: usize) -> bool {
        self.acknowledged.get(line).copied().unwrap_or_default()
    }

    fn published(&mut self, publish: &Publish<'_>) {
        if let (Some(id), Some(line)) = (publish.id, publish.number()) {
            self.lines.insert(id, line);
            self.next = self.next.max(line + 1);
            self.outstanding.insert(id);
            self.most_outstanding = self.most_outstanding.max(self.outstanding.len());
        }
    }

    fn acknowledged(&mut self, id: u16) {
        self.outstanding.remove(&id);
        let line = self.lines.get(&id).and_then(|&line| self.acknowledged.get_mut(line));
        if let Some(line) = line
            && !std::mem::replace(line, true)
        {
            self.count += 1;
        }
    }
}

impl Witness for Sent {
    fn passed(&mut self, connection: u64, direction: Direction, packet: &[u8]) {
        if connection != self.connection {
            self.connection = connection;
            self.outstanding.clear();
        }
        match (direction, kind(packet)) {
            (Direction::ToBroker, PUBLISH) => {
                if let Some(publish) = Publish::read(packet, self.version) {
                    self.published(&publish);
                }
            }
            (Direction::ToClient, PUBACK | PUBCOMP) if is_success(packet) => {
                if let Some(id) = acknowledged_id(packet) {
                    self.acknowledged(id);
                }
            }
            _ => {}
        }
    }
}

/// Keeps account of a subscriber: what it has acknowledged of what it was sent.
#[derive(Debug)]
pub(super) struct Received {
    version: Version,
    payloads: HashMap<u16, Vec<u8>>,
    pub(super) acknowledged: HashSet<Vec<u8>>,
    /// How many SUBSCRIBEs there were.
    pub(super) subscribed: usize,
}

impl Received {
    pub(super) fn new(version: &str) -> Self {
        Self {
            version: Version::of(version),
            payloads: HashMap::new(),
            acknowledged: HashSet::new(),
            subscribed: 0,
        }
    }
}

impl Witness for Received {
    fn passed(&mut self, _: u64, direction: Direction, packet: &[u8]) {
        match (direction, kind(packet)) {
            (Direction::ToClient, PUBLISH) => {
                if let Some(publish) = Publish::read(packet, self.version)
                    && let Some(id) = publish.id
                {
                    self.payloads.insert(id, publish.payload.to_vec());
                }
            }
            (Direction::ToBroker, PUBACK | PUBREC) => {
                let payload = acknowledged_id(packet).and_then(|id| self.payloads.get(&id));
                self.acknowledged.extend(payload.cloned());
            }
            (Direction::ToBroker, SUBSCRIBE) => self.subscribed += 1,
            _ => {}
        }
    }
}

/// The types of packets, in the upper half of the first byte.
pub(super) const PUBLISH: u8 = 3;
pub(super) const PUBACK: u8 = 4;
pub(super) const PUBREC: u8 = 5;
pub(super) const PUBREL: u8 = 6;
pub(super) const PUBCOMP: u8 = 7;
pub(super) const SUBSCRIBE: u8 = 8;
pub(super) const PINGREQ: u8 = 12;

/// The type of a packet.
pub(super) fn kind(packet: &[u8]) -> u8 {
    packet.first().map_or(0, |first| first >> 4)
}

/// A PUBLISH, read for what counts here.
#[derive(Debug)]
pub(super) struct Publish<'a> {
    pub(super) id: Option<u16>,
    pub(super) payload: &'a [u8],
}

impl<'a> Publish<'a> {
    /// `None` if it is none, or cut short.
    pub(super) fn read(packet: &'a [u8], version: Version) -> Option<Self> {
        let (&first, rest) = packet.split_first()?;
        let (_, rest) = variable(rest)?;
        let (topic_length, rest) = number(rest)?;
        let mut rest = rest.get(usize::from(topic_length)..)?;
        let mut id = None;
        if first & 0b0110 != 0 {
            let (value, behind) = number(rest)?;
            (id, rest) = (Some(value), behind);
        }
        if version == Version::Five {
            let (length, behind) = variable(rest)?;
            rest = behind.get(length..)?;
        }
        Some(Self { id, payload: rest })
    }

    /// The number that it carries.
    pub(super) fn number(&self) -> Option<usize> {
        std::str::from_utf8(self.payload).ok()?.parse().ok()
    }
}

/// The packet identifier that any acknowledgement begins with.
pub(super) fn acknowledged_id(packet: &[u8]) -> Option<u16> {
    Some(number(packet.get(2..)?)?.0)
}

/// Whether an acknowledgement has no reason code, or one below 0x80.
fn is_success(packet: &[u8]) -> bool {
    packet.get(4).is_none_or(|&reason| reason < 0x80)
}

fn number(bytes: &[u8]) -> Option<(u16, &[u8])> {
    let (two, rest) = bytes.split_first_chunk()?;
    Some((u16::from_be_bytes(*two), rest))
}

fn variable(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let mut value = 0;
    for (index, &byte) in bytes.iter().take(4).enumerate() {
        value |= usize::from(byte & 0x7f) << (7 * index);
        if byte & 0x80 == 0 {
            return Some((value, bytes.get(index + 1..)?));
        }
    }
    None
}
