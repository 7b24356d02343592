//! What the broker's CONNACK of MQTT 5 allows (§3.2.2.3).

use crate::protocol::{ConnAck, PropertyId, Qos};

/// The broker's limits; those of MQTT 3, and of a broker that names none, are no limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ServerLimits {
    pub(super) receive_maximum: u16,
    pub(super) maximum_qos: Qos,
    pub(super) retain_available: bool,
    /// Bytes of a whole packet.
    pub(super) maximum_packet_size: Option<u32>,
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
            maximum_packet_size: properties.number(PropertyId::MaximumPacketSize),
            keep_alive: two_byte(PropertyId::ServerKeepAlive),
        }
    }
}
