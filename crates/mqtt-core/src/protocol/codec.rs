//! Frames first: the stream is cut into whole packets, and only a whole one is decoded.
//!
//! So "needs more bytes" inside a frame is always an error and never a reason to wait, a claimed
//! length reserves no memory, and no decoder ever sees a partial packet.

use bytes::{Buf, BytesMut};

use super::packet::{Connect, Incoming, Outgoing, Publish};
use super::property::PropertyError;
use super::types::ProtocolVersion;
use super::wire::{
    MAX_REMAINING_LENGTH, VariableInteger, variable_integer, variable_integer_length,
};
use super::{connect, publish, v4, v5};

/// Bytes from the broker that are no packet a client can receive.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// The packet's bytes contradict each other or the specification.
    #[error("malformed {packet}: {problem}")]
    Malformed {
        /// The packet's name.
        packet: &'static str,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// CONNACK with a reserved flag (§3.2.2.1).
    #[error("malformed CONNACK: a reserved flag is set (0x{0:02X})")]
    ConnAckFlags(u8),
    /// A property identifier that MQTT 5 does not know.
    #[error("malformed {packet}: unknown property 0x{identifier:02X}")]
    UnknownProperty {
        /// The packet's name.
        packet: &'static str,
        /// The identifier.
        identifier: u8,
    },
    /// A property that its packet must not carry, or not so.
    #[error("malformed {packet}: {error}")]
    Property {
        /// The packet's name.
        packet: &'static str,
        /// What is wrong.
        error: PropertyError,
    },
    /// A reason code that the packet does not have (MQTT 5 §2.4).
    #[error("{packet} cannot have the reason code 0x{code:02X}")]
    ReasonCode {
        /// The packet's name.
        packet: &'static str,
        /// The code.
        code: u8,
    },
    /// A packet that only a client sends, or of a type that does not exist.
    #[error("the broker sent {packet}, which a client never receives")]
    Unexpected {
        /// The packet's name.
        packet: &'static str,
    },
    /// The packet is longer than the limit.
    #[error("the broker sent a packet of {length} bytes, more than the limit of {limit}")]
    TooLong {
        /// The length of the whole packet as claimed, in bytes.
        length: usize,
        /// The longest packet that would be taken, in bytes.
        limit: usize,
    },
    /// The other side speaks TLS: this is how it says that it did not understand us.
    #[error("it answered with TLS")]
    Tls,
    /// The other side is a web server, and says what it thinks of us.
    #[error("it answered as a web server does")]
    Http,
    /// A broker without MQTT 5 answered our CONNECT of MQTT 5.
    #[error("the broker does not speak MQTT 5")]
    Mqtt3Broker,
}

/// A packet that cannot be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EncodeError {
    /// Longer than the remaining length can say.
    #[error("the {packet} would be {length} bytes long, at most 268435455 are possible")]
    TooLong {
        /// The packet's name.
        packet: &'static str,
        /// Its remaining length, in bytes.
        length: usize,
    },
    /// Longer than the two-byte length in front of it can say.
    #[error("the {field} is {length} bytes long, at most 65535 are possible")]
    FieldTooLong {
        /// The field's name.
        field: &'static str,
        /// Its length, in bytes.
        length: usize,
    },
}

/// Cuts, decodes and encodes for one version of the protocol.
#[derive(Clone, Copy, Debug)]
pub struct Codec {
    version: ProtocolVersion,
    max_incoming: usize,
}

impl Codec {
    /// `max_incoming` is the largest remaining length that is accepted, in bytes.
    #[must_use]
    pub fn new(version: ProtocolVersion, max_incoming: usize) -> Self {
        Self { version, max_incoming: max_incoming.min(MAX_REMAINING_LENGTH) }
    }

    /// Takes the next packet from `buffer`, or leaves it alone where none is whole yet.
    #[inline]
    pub fn decode(&self, buffer: &mut BytesMut) -> Result<Option<Incoming>, DecodeError> {
        let Some(Frame { header, length }) = self.frame(buffer)? else {
            return Ok(None);
        };
        if buffer.len() < length {
            return Ok(None);
        }
        let mut frame = buffer.split_to(length);
        let first = frame[0];
        if first >> 4 == 3 {
            frame.advance(header);
            return publish::decode(self.version, first & 0x0f, frame.freeze())
                .map(|publish| Some(Incoming::Publish(publish)));
        }
        match self.version {
            ProtocolVersion::V5 => {
                frame.advance(header);
                v5::decode(first, frame.freeze()).map(Some)
            }
            ProtocolVersion::V31 | ProtocolVersion::V311 => v4::decode(frame).map(Some),
        }
    }

    /// The lengths in the fixed header (§2.1), or `None` where it is not whole yet.
    #[inline]
    fn frame(&self, buffer: &[u8]) -> Result<Option<Frame>, DecodeError> {
        let Some((&first, rest)) = buffer.split_first() else {
            return Ok(None);
        };
        // At once, not when the packet is whole: a peer that speaks something else may never send
        // as much as its first bytes seem to promise.
        check_first_byte(self.version, first)
            .map_err(|error| if buffer.starts_with(HTTP) { DecodeError::Http } else { error })?;
        match variable_integer(rest) {
            VariableInteger::Incomplete => Ok(None),
            VariableInteger::TooLong => Err(DecodeError::Malformed {
                packet: packet_name(first),
                problem: "its length has five bytes",
            }),
            VariableInteger::Whole { value, length } => {
                let header = 1 + length;
                let remaining = usize::try_from(value).unwrap_or(usize::MAX);
                if remaining > self.max_incoming {
                    let field = variable_integer_length(self.max_incoming);
                    let limit = 1 + field + self.max_incoming;
                    return Err(DecodeError::TooLong { length: header + remaining, limit });
                }
                Ok(Some(Frame { header, length: header + remaining }))
            }
        }
    }

    /// Appends a packet to `out`; on an error `out` is as before.
    #[inline]
    pub fn encode(&self, packet: &Outgoing, out: &mut BytesMut) -> Result<(), EncodeError> {
        match self.version {
            ProtocolVersion::V5 => v5::encode(packet, out),
            ProtocolVersion::V31 | ProtocolVersion::V311 => v4::encode(packet, out),
        }
    }

    /// Appends everything of a PUBLISH but its payload to `out`; on an error `out` is as before.
    #[inline]
    pub fn encode_publish<P>(
        &self,
        publish: &Publish<P>,
        payload_length: usize,
        out: &mut BytesMut,
    ) -> Result<(), EncodeError> {
        publish::encode_header(self.version, publish, payload_length, out)
    }

    /// Appends a CONNECT to `out`, password and all: wipe `out` when it is sent.
    pub fn encode_connect(connect: &Connect, out: &mut BytesMut) -> Result<(), EncodeError> {
        connect::encode(connect, out)
    }
}

/// The lengths of a frame, in bytes.
struct Frame {
    header: usize,
    length: usize,
}

/// How an alert of TLS begins (RFC 8446 §5.1). As MQTT it would be a CONNECT with wrong flags.
const TLS_ALERT: u8 = 0x15;

/// How an answer of HTTP/1 begins (RFC 9112 §4). As MQTT it would be a PUBACK with wrong flags.
const HTTP: &[u8] = b"HTTP/1.";

/// Checks type and flags, which are fixed for every packet but PUBLISH (§2.1.2, §2.1.3).
#[inline]
fn check_first_byte(version: ProtocolVersion, first: u8) -> Result<(), DecodeError> {
    if first == TLS_ALERT {
        return Err(DecodeError::Tls);
    }
    let packet = packet_name(first);
    match first >> 4 {
        3 => return Ok(()),
        0 | 1 | 8 | 10 | 12 => return Err(DecodeError::Unexpected { packet }),
        // Only MQTT 5 lets a broker send these.
        14 | 15 if version != ProtocolVersion::V5 => {
            return Err(DecodeError::Unexpected { packet });
        }
        _ => {}
    }
    let flags = if first >> 4 == 6 { 0x02 } else { 0x00 };
    if first & 0x0f == flags {
        return Ok(());
    }
    Err(DecodeError::Malformed { packet, problem: "its flags are wrong" })
}

/// What stands for a name where there is none.
pub const PACKET_TYPE_0: &str = "packet type 0";

/// The name of the packet whose first byte is `first`.
#[inline]
pub(super) fn packet_name(first: u8) -> &'static str {
    const NAMES: [&str; 16] = [
        PACKET_TYPE_0,
        "CONNECT",
        "CONNACK",
        "PUBLISH",
        "PUBACK",
        "PUBREC",
        "PUBREL",
        "PUBCOMP",
        "SUBSCRIBE",
        "SUBACK",
        "UNSUBSCRIBE",
        "UNSUBACK",
        "PINGREQ",
        "PINGRESP",
        "DISCONNECT",
        "AUTH",
    ];
    NAMES[usize::from(first >> 4)]
}
