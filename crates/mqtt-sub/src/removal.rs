//! Taking retained messages off the broker (`--remove-retained`): an empty retained message in
//! their place does it (MQTT 5 §3.3.1.3).

use std::collections::{HashMap, VecDeque};

use bytes::Bytes;
use mqtt_core::client::{Client, ClientError};
use mqtt_core::payload::Payload;
use mqtt_core::protocol::{Ack, PacketId, Properties, Qos, ReasonCode, TopicName};
use mqtt_core::session::{Message, ReceivedMessage};

use crate::error::SubError;

/// The removals of a run. What the connection loses is sent again by the session.
#[derive(Debug, Default)]
pub(crate) struct Removal {
    /// Not asked for yet, oldest first.
    waiting: VecDeque<TopicName>,
    /// Asked for, and not answered.
    unanswered: HashMap<PacketId, TopicName>,
    asked: u64,
    /// How many the broker refused, and the first reason for it.
    refused: Option<(u64, ReasonCode)>,
}

impl Removal {
    /// A message has come. One without a payload is itself a removal, perhaps our own: to answer
    /// it would never end.
    pub(crate) fn message(&mut self, message: &ReceivedMessage) {
        if message.retain && !message.payload.is_empty() {
            self.waiting.push_back(message.topic.detached());
        }
    }

    /// Asks for as many removals as the send window has room for, once everything shown is
    /// written: what cannot be written is not removed.
    pub(crate) fn publish(&mut self, client: &mut Client) -> Result<(), ClientError> {
        if !client.console().is_settled() {
            return Ok(());
        }
        while client.can_publish(Qos::AtLeastOnce)
            && let Some(topic) = self.waiting.pop_front()
        {
            let packet_id = client.publish(Message {
                topic: topic.clone(),
                qos: Qos::AtLeastOnce,
                retain: true,
                properties: Properties::new(),
                payload: Payload::Memory(Bytes::new()),
            })?;
            self.asked += 1;
            self.unanswered.extend(packet_id.map(|packet_id| (packet_id, topic)));
        }
        Ok(())
    }

    /// The broker has answered one.
    pub(crate) fn published(&mut self, ack: &Ack, client: &mut Client) {
        let topic = self.unanswered.remove(&ack.packet_id);
        if !ack.reason.is_error() {
            return;
        }
        let (count, first) = self.refused.unwrap_or((0, ack.reason));
        self.refused = Some((count + 1, first));
        let topic = topic.as_ref().map_or("", TopicName::as_str);
        let (reason, explanation) = (ack.reason, ack.properties.explanation());
        client.notice(&format!(
            "warning: the broker refused to remove the retained message on '{topic}': \
             {reason}{explanation}"
        ));
    }

    /// How many the broker has not acknowledged, those it was not asked for among them.
    pub(crate) fn unfinished(&self) -> usize {
        self.waiting.len() + self.unanswered.len()
    }

    /// What the removals come to.
    pub(crate) fn outcome(&self) -> Result<(), SubError> {
        match self.refused {
            Some((count, reason)) => Err(SubError::NotRemoved { count, asked: self.asked, reason }),
            None => Ok(()),
        }
    }
}
