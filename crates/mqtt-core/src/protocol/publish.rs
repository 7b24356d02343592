//! PUBLISH of every version, both ways: the packet that speed depends on.
//!
//! Ours also for MQTT 3, where rumqttc's would do: the only difference between the versions is
//! the property list, a received topic stays a slice of the frame, and a payload to send is
//! written from where it lies.

use bytes::{BufMut, Bytes, BytesMut};

use super::codec::{DecodeError, EncodeError};
use super::packet::Publish;
use super::property::{Carrier, Properties};
use super::topic::TopicName;
use super::types::{ProtocolVersion, Qos};
use super::wire::{
    MAX_REMAINING_LENGTH, Reader, put_binary, put_variable_integer, variable_integer_length,
};

const DUP: u8 = 0x08;
const RETAIN: u8 = 0x01;

/// Decodes the body of a frame; `flags` are the low four bits of its first byte (§3.3.1).
#[inline]
pub(super) fn decode(
    version: ProtocolVersion,
    flags: u8,
    body: Bytes,
) -> Result<Publish, DecodeError> {
    let mut reader = Reader::new("PUBLISH", body);
    let qos = Qos::from_level(flags >> 1 & 0x03).ok_or_else(|| reader.malformed("its QoS is 3"))?;
    let text = reader.text()?;
    let topic = if text.is_empty() && version == ProtocolVersion::V5 {
        None
    } else {
        let topic = TopicName::received(text);
        Some(topic.ok_or_else(|| reader.malformed("its topic is empty or has a wildcard"))?)
    };
    let packet_id = match qos {
        Qos::AtMostOnce => None,
        _ => Some(reader.packet_id()?),
    };
    let properties = match version {
        ProtocolVersion::V5 => Properties::decode(Carrier::Publish, &mut reader)?,
        _ => Properties::new(),
    };
    Ok(Publish {
        dup: flags & DUP != 0,
        qos,
        retain: flags & RETAIN != 0,
        topic,
        packet_id,
        properties,
        payload: reader.rest(),
    })
}

/// Writes everything but the payload, whose length is `payload_length`.
#[inline]
pub(super) fn encode_header<P>(
    version: ProtocolVersion,
    publish: &Publish<P>,
    payload_length: usize,
    out: &mut BytesMut,
) -> Result<(), EncodeError> {
    let topic = publish.topic.as_ref().map_or("", TopicName::as_str);
    let remaining = remaining_length(version, publish, payload_length);
    if remaining > MAX_REMAINING_LENGTH {
        return Err(EncodeError::TooLong { packet: "PUBLISH", length: remaining });
    }
    let mut first = 0x30 | publish.qos.level() << 1;
    if publish.dup {
        first |= DUP;
    }
    if publish.retain {
        first |= RETAIN;
    }
    out.put_u8(first);
    put_variable_integer(out, remaining);
    put_binary(out, topic.as_bytes());
    if let Some(packet_id) = publish.packet_id {
        out.put_u16(packet_id.number());
    }
    if version == ProtocolVersion::V5 {
        publish.properties.encode(out);
    }
    Ok(())
}

/// The remaining length of the packet with a payload of that length.
#[inline]
fn remaining_length<P>(
    version: ProtocolVersion,
    publish: &Publish<P>,
    payload_length: usize,
) -> usize {
    let topic = publish.topic.as_ref().map_or(0, |topic| topic.as_str().len());
    let packet_id = if publish.qos == Qos::AtMostOnce { 0 } else { 2 };
    let properties = match version {
        ProtocolVersion::V5 => publish.properties.encoded_length(),
        ProtocolVersion::V31 | ProtocolVersion::V311 => 0,
    };
    (2 + topic + packet_id + properties).saturating_add(payload_length)
}

impl<P> Publish<P> {
    /// The length of the whole packet with a payload of that length, in bytes.
    #[inline]
    pub fn packet_length(&self, version: ProtocolVersion, payload_length: usize) -> usize {
        let remaining = remaining_length(version, self, payload_length);
        (1 + variable_integer_length(remaining)).saturating_add(remaining)
    }
}
