//! Why a session cannot go on, and why a message or a request cannot be sent.

use std::time::Duration;

use crate::protocol::{ConnAck, Disconnect, PacketId, ProtocolVersion, Qos, ReasonCode};

/// Why the connection cannot go on.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SessionError {
    /// CONNACK with a code other than success.
    #[error("the broker refused the connection: {}{} (code {})",
        crate::protocol::reason::connack_text(*.version, .connack.code),
        .connack.properties.explanation(),
        .connack.code)]
    Refused {
        /// Says how to read the code.
        version: ProtocolVersion,
        /// The answer.
        connack: ConnAck,
    },
    /// The broker sent DISCONNECT (MQTT 5).
    #[error("the broker ended the connection: {}{} (reason code {})",
        .0.reason, .0.properties.explanation(), .0.reason.0)]
    Disconnected(Disconnect),
    /// Nothing came for a keep-alive interval after a PINGREQ.
    #[error("the broker stopped answering: nothing came for {} s after a ping", .interval.as_secs())]
    KeepAlive {
        /// The keep-alive interval.
        interval: Duration,
    },
    /// A packet that must not come now.
    #[error("the broker broke the protocol: {0}")]
    Unexpected(&'static str),
    /// An acknowledgement of the wrong kind.
    #[error("the broker broke the protocol: {0} for packet identifier {1}, which is not due")]
    WrongAcknowledgement(&'static str, PacketId),
    /// A topic alias that was never set, or above our maximum.
    #[error("the broker broke the protocol: topic alias {0} is not valid")]
    TopicAlias(u32),
    /// The broker asks for an authentication exchange.
    #[error("the broker asks for an authentication exchange (AUTH), which is not supported")]
    Auth,
}

/// A message or a request that this broker would not take.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LimitError {
    /// Above the broker's Maximum QoS.
    #[error("the broker does not support QoS {}, try a lower one", .0.level())]
    QosNotSupported(Qos),
    /// Longer than the broker takes, or than any packet can be.
    #[error("the {packet} would be {length} bytes long, at most {limit} are possible here")]
    TooLarge {
        /// The packet's name.
        packet: &'static str,
        /// The packet's length in bytes.
        length: usize,
        /// The limit in bytes.
        limit: usize,
    },
    /// All 65,535 packet identifiers are in use.
    #[error("all packet identifiers are in use")]
    NoPacketId,
}

impl SessionError {
    /// The reason code that tells the broker why we leave (MQTT 5); `None` where it knows or is
    /// gone.
    #[must_use]
    pub fn reason(&self) -> Option<ReasonCode> {
        match self {
            Self::Refused { .. } | Self::Disconnected(_) | Self::KeepAlive { .. } => None,
            Self::TopicAlias(_) => Some(ReasonCode::TOPIC_ALIAS_INVALID),
            Self::Unexpected(_) | Self::WrongAcknowledgement(..) | Self::Auth => {
                Some(ReasonCode::PROTOCOL_ERROR)
            }
        }
    }
}
