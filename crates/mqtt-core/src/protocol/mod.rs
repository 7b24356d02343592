//! Bytes to packets and packets to bytes, for MQTT 3.1, 3.1.1 and 5.
//!
//! [`codec`] cuts the stream into frames and hands each, whole, to one decoder. rumqttc's packets
//! and codec do the work for MQTT 3.1 and 3.1.1 (`v4`); CONNECT, PUBLISH and everything that
//! carries MQTT 5 properties is ours, over one table of properties (`connect`, `publish`, `v5`,
//! [`property`]): docs/design.md says why. Nothing outside `v4` knows rumqttc.
//!
//! No sockets, no time, no options in this room.

pub mod codec;
mod connect;
pub mod packet;
pub mod property;
mod publish;
pub mod reason;
#[cfg(test)]
mod tests;
pub mod text;
pub mod topic;
mod types;
mod v4;
mod v5;
mod wire;

pub use packet::{
    Ack, Auth, ConnAck, Connect, Disconnect, Incoming, Outgoing, Publish, RetainHandling, SubAck,
    Subscribe, SubscribeFilter, SubscribeOptions, UnsubAck, Unsubscribe, Will,
};
pub use property::{Properties, Property, PropertyId, Value};
pub use reason::ReasonCode;
pub use text::Text;
pub use topic::{TopicFilter, TopicName};
pub use types::{PacketId, ProtocolVersion, Qos};
pub use wire::{MAX_PACKET_LENGTH, MAX_REMAINING_LENGTH, remaining_length_within};
