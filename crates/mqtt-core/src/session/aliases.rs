//! The topic aliases of one connection, one set for each direction (MQTT 5 §3.3.2.3.4).

use std::collections::BTreeMap;

use super::SessionError;
use crate::protocol::{PropertyId, Publish, TopicName};

/// What the broker has set.
#[derive(Debug)]
pub(super) struct InboundAliases {
    topics: BTreeMap<u32, TopicName>,
    maximum: u32,
}

impl InboundAliases {
    /// `maximum` is what CONNECT announced; 0 allows none.
    pub(super) fn new(maximum: u16) -> Self {
        Self { topics: BTreeMap::new(), maximum: u32::from(maximum) }
    }

    /// They end with the connection.
    pub(super) fn clear(&mut self) {
        self.topics.clear();
    }

    /// The topic that an alias stands for.
    pub(super) fn get(&self, alias: u32) -> Option<&TopicName> {
        self.topics.get(&alias)
    }

    /// The topic of a PUBLISH; sets an alias, or looks it up.
    #[inline]
    pub(super) fn topic(&mut self, publish: &mut Publish) -> Result<TopicName, SessionError> {
        let topic = publish.topic.take();
        let Some(alias) = publish.properties.number(PropertyId::TopicAlias) else {
            let missing = SessionError::Unexpected("a PUBLISH has neither topic nor alias");
            return topic.ok_or(missing);
        };
        if alias > self.maximum {
            return Err(SessionError::TopicAlias(alias));
        }
        match topic {
            Some(topic) => {
                if self.topics.get(&alias) != Some(&topic) {
                    self.topics.insert(alias, topic.detached());
                }
                Ok(topic)
            }
            None => self.topics.get(&alias).cloned().ok_or(SessionError::TopicAlias(alias)),
        }
    }
}

/// What we have set.
#[derive(Debug, Default)]
pub(super) struct OutboundAliases {
    topics: BTreeMap<u32, TopicName>,
}

impl OutboundAliases {
    /// They end with the connection.
    pub(super) fn clear(&mut self) {
        self.topics.clear();
    }

    /// Readies a PUBLISH for the wire: the topic goes out the first time an alias stands for it,
    /// then the alias alone. An alias above the broker's `maximum` is left out; the topic is there.
    #[inline]
    pub(super) fn shorten<P>(&mut self, publish: &mut Publish<P>, maximum: u16) {
        let Some(alias) = publish.properties.number(PropertyId::TopicAlias) else {
            return;
        };
        if alias > u32::from(maximum) {
            publish.properties.remove(PropertyId::TopicAlias);
        } else if self.topics.get(&alias) == publish.topic.as_ref() {
            publish.topic = None;
        } else if let Some(topic) = &publish.topic {
            self.topics.insert(alias, topic.clone());
        }
    }
}
