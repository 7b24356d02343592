//! What goes into a session and what comes out of it.

use bytes::Bytes;

use super::Receipt;
use crate::protocol::{
    Ack, ConnAck, Outgoing, PacketId, Properties, Publish, Qos, SubAck, TopicFilter, TopicName,
    UnsubAck,
};

/// A message to publish. `P` says where the payload lies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message<P> {
    /// Where to.
    pub topic: TopicName,
    /// At which QoS.
    pub qos: Qos,
    /// Whether the broker keeps it for later subscribers.
    pub retain: bool,
    /// MQTT 5 only.
    pub properties: Properties,
    /// The payload.
    pub payload: P,
}

/// A message from the broker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReceivedMessage {
    /// On which topic, its alias resolved.
    pub topic: TopicName,
    /// Whether it may have been sent before.
    pub dup: bool,
    /// At which QoS it came.
    pub qos: Qos,
    /// Whether the broker had retained it, or passes the flag on.
    pub retain: bool,
    /// Present with QoS 1 and 2, and only there.
    pub packet_id: Option<PacketId>,
    /// MQTT 5 only.
    pub properties: Properties,
    /// The payload, a slice of what was read.
    pub payload: Bytes,
}

impl ReceivedMessage {
    pub(super) fn new(topic: TopicName, publish: Publish) -> Self {
        let Publish { dup, qos, retain, topic: _, packet_id, properties, payload } = publish;
        Self { topic, dup, qos, retain, packet_id, properties, payload }
    }
}

/// A message of ours that is done with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Published<P> {
    /// The last acknowledgement; its reason may be a refusal. Where PUBCOMP has nothing against the
    /// message, it is what PUBREC said.
    pub ack: Ack,
    /// How many messages of QoS 1 and 2 were published before it, over all connections.
    pub sequence: u64,
    /// Its payload.
    pub payload: P,
}

/// What happened. `P` says where the payloads of our own messages lie.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event<P> {
    /// The broker let us in.
    Connected(ConnAck),
    /// A message; once its bytes are safe, [`super::Session::acknowledge`] the receipt.
    Message(ReceivedMessage, Option<Receipt>),
    /// A message of ours is done with, well or badly.
    Published(Published<P>),
    /// A PUBREC for no message of ours. It is answered, so that the broker can finish its side.
    UnknownPubRec(PacketId),
    /// The broker no longer knows a message of QoS 2 that we have taken (PUBREL with an error).
    Forgotten(Ack),
    /// The answer to SUBSCRIBE.
    Subscribed(SubAck),
    /// The answer to UNSUBSCRIBE, and the filter it is about.
    Unsubscribed(TopicFilter, UnsubAck),
    /// The answer to the last [`super::Session::ping`].
    Pong,
}

/// A packet to send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Send<P> {
    /// Any but PUBLISH.
    Packet(Outgoing),
    /// A message; its number is the packet identifier, or the count that stands in for it in the
    /// `-d` lines at QoS 0.
    Publish(Publish<P>, u16),
}
