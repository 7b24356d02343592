//! Only what is new on its topic (`--changes-only`).

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};

use mqtt_core::session::ReceivedMessage;

/// Of so many topics the last payload is known: some 35 MB.
const TOPICS: usize = 1_000_000;

/// What was shown last on each topic, as hashes: memory does not depend on what comes. Their keys are
/// chosen by chance, so that nobody can make a message that is taken for another one.
#[derive(Debug)]
pub(crate) struct Changes {
    hashes: RandomState,
    last: HashMap<u64, u64>,
    most: usize,
}

impl Changes {
    pub(crate) fn new() -> Self {
        Self::of_at_most(TOPICS)
    }

    fn of_at_most(most: usize) -> Self {
        Self { hashes: RandomState::new(), last: HashMap::new(), most }
    }

    /// Whether the payload is another one than that of the last message on its topic. A topic too
    /// many makes all be forgotten: rather shown twice than not at all.
    pub(crate) fn is_new(&mut self, message: &ReceivedMessage) -> bool {
        let topic = self.hashes.hash_one(message.topic.as_str());
        let payload = self.hashes.hash_one(&message.payload[..]);
        if self.last.len() >= self.most && !self.last.contains_key(&topic) {
            self.last.clear();
        }
        self.last.insert(topic, payload) != Some(payload)
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use mqtt_core::protocol::{Properties, Qos, TopicName};

    use super::*;

    fn is_new(changes: &mut Changes, topic: &str, payload: &'static str) -> bool {
        changes.is_new(&ReceivedMessage {
            topic: TopicName::new(topic).unwrap(),
            dup: false,
            qos: Qos::AtMostOnce,
            retain: false,
            packet_id: None,
            properties: Properties::new(),
            payload: Bytes::from_static(payload.as_bytes()),
        })
    }

    #[test]
    fn only_the_last_payload_of_a_topic_is_compared() {
        let mut changes = Changes::new();
        for (topic, payload, expected) in [
            ("a", "1", true),
            ("a", "1", false),
            ("b", "1", true),
            ("a", "", true),
            ("a", "", false),
            ("a", "1", true),
            ("b", "1", false),
        ] {
            assert_eq!(is_new(&mut changes, topic, payload), expected, "{topic} {payload}");
        }
    }

    #[test]
    fn a_topic_too_many_shows_others_once_more_and_hides_nothing() {
        let mut changes = Changes::of_at_most(2);
        for (topic, expected) in
            [("a", true), ("b", true), ("a", false), ("b", false), ("c", true), ("a", true)]
        {
            assert_eq!(is_new(&mut changes, topic, "x"), expected, "{topic}");
        }
        assert!(changes.last.len() <= 2);
    }
}
