//! The topic aliases that the broker has set on this connection (MQTT 5 §3.3.2.3.4).

use std::collections::HashMap;

use super::SessionError;
use crate::protocol::{PropertyId, Publish, TopicName};

/// Aliases and the topics they stand for.
#[derive(Debug)]
pub(super) struct TopicAliases {
    topics: HashMap<u32, TopicName>,
    maximum: u32,
}

impl TopicAliases {
    /// `maximum` is what CONNECT announced; 0 allows none.
    pub(super) fn new(maximum: u16) -> Self {
        Self { topics: HashMap::new(), maximum: u32::from(maximum) }
    }

    /// They end with the connection.
    pub(super) fn clear(&mut self) {
        self.topics.clear();
    }

    /// The topic of a PUBLISH; sets an alias, or looks it up.
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
                self.topics.insert(alias, topic.clone());
                Ok(topic)
            }
            None => self.topics.get(&alias).cloned().ok_or(SessionError::TopicAlias(alias)),
        }
    }
}
