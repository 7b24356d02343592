//! What the broker's CONNACK of MQTT 5 allows (§3.2.2.3).

use crate::protocol::{ConnAck, MAX_PACKET_LENGTH, PropertyId, Qos};

/// The broker's limits; those of MQTT 3, and of a broker that names none, are no limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ServerLimits {
    pub(super) receive_maximum: u16,
    pub(super) maximum_qos: Qos,
    pub(super) retain_available: bool,
    /// Bytes of a whole packet.
    pub(super) maximum_packet_size: usize,
    /// The largest topic alias it takes; 0 is none.
    pub(super) topic_alias_maximum: u16,
    /// Seconds, in place of ours.
    pub(super) keep_alive: Option<u16>,
}

impl ServerLimits {
    pub(super) fn new(connack: &ConnAck) -> Self {
        let properties = &connack.properties;
        let two_byte = |id| properties.number(id).and_then(|number| u16::try_from(number).ok());
        Self {
            receive_maximum: two_byte(PropertyId::ReceiveMaximum).unwrap_or(u16::MAX),
            maximum_qos: match properties.number(PropertyId::MaximumQos) {
                Some(0) => Qos::AtMostOnce,
                Some(_) => Qos::AtLeastOnce,
                None => Qos::ExactlyOnce,
            },
            retain_available: properties.number(PropertyId::RetainAvailable) != Some(0),
            maximum_packet_size: properties
                .number(PropertyId::MaximumPacketSize)
                .and_then(|size| usize::try_from(size).ok())
                .map_or(MAX_PACKET_LENGTH, |size| size.min(MAX_PACKET_LENGTH)),
            topic_alias_maximum: two_byte(PropertyId::TopicAliasMaximum).unwrap_or_default(),
            keep_alive: two_byte(PropertyId::ServerKeepAlive),
        }
    }
}

impl Default for ServerLimits {
    fn default() -> Self {
        Self {
            receive_maximum: u16::MAX,
            maximum_qos: Qos::ExactlyOnce,
            retain_available: true,
            maximum_packet_size: MAX_PACKET_LENGTH,
            topic_alias_maximum: 0,
            keep_alive: None,
        }
    }
}
