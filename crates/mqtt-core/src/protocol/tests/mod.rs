//! The tests of this room: bytes written down from the specification, what must be refused, and
//! rumqttc's codec as a second opinion where it is right.

mod bytes_3;
mod bytes_5;
mod connect;
mod encode_error;
mod framing;
mod malformed;
mod oracle;

use bytes::{Bytes, BytesMut};

use super::codec::{Codec, DecodeError};
use super::property::Carrier;
use super::{
    Ack, Incoming, MAX_REMAINING_LENGTH, Outgoing, PacketId, Properties, Property, PropertyId,
    ProtocolVersion, Publish, Qos, ReasonCode, SubscribeFilter, SubscribeOptions, Text,
    TopicFilter, TopicName, Value,
};

const V31: ProtocolVersion = ProtocolVersion::V31;
const V311: ProtocolVersion = ProtocolVersion::V311;
const V5: ProtocolVersion = ProtocolVersion::V5;

/// Bytes as the specification prints them; blanks are for the reader.
fn bytes(hex: &str) -> BytesMut {
    let digits: Vec<u32> = hex
        .chars()
        .filter(|c| !c.is_whitespace())
        .map(|c| c.to_digit(16).expect("a hexadecimal digit"))
        .collect();
    assert!(digits.len().is_multiple_of(2), "half a byte in {hex:?}");
    digits.chunks(2).map(|pair| u8::try_from(pair[0] << 4 | pair[1]).unwrap()).collect()
}

fn codec(version: ProtocolVersion) -> Codec {
    Codec::new(version, MAX_REMAINING_LENGTH)
}

/// Decodes what must be exactly one packet.
fn decode(version: ProtocolVersion, hex: &str) -> Result<Incoming, DecodeError> {
    let mut buffer = bytes(hex);
    let packet = codec(version).decode(&mut buffer)?.expect("a whole packet");
    assert!(buffer.is_empty(), "bytes are left over");
    Ok(packet)
}

fn encode(version: ProtocolVersion, packet: &Outgoing) -> BytesMut {
    let mut out = BytesMut::new();
    codec(version).encode(packet, &mut out).unwrap();
    out
}

fn encode_publish(version: ProtocolVersion, publish: &Publish) -> BytesMut {
    let mut out = BytesMut::new();
    codec(version).encode_publish(publish, publish.payload.len(), &mut out).unwrap();
    out.extend_from_slice(&publish.payload);
    out
}

fn id(number: u16) -> PacketId {
    PacketId::new(number).unwrap()
}

fn text(text: &str) -> Text {
    Text::new(text).unwrap()
}

fn topic(name: &str) -> TopicName {
    TopicName::new(name).unwrap()
}

fn filter(filter: &str, qos: Qos) -> SubscribeFilter {
    let options = SubscribeOptions::default();
    SubscribeFilter { filter: TopicFilter::new(filter).unwrap(), qos, options }
}

fn ack(packet_id: u16, reason: u8, properties: Properties) -> Ack {
    Ack { packet_id: id(packet_id), reason: ReasonCode(reason), properties }
}

/// A PUBLISH of QoS 0; tests change what they are about.
fn publish(name: &str, payload: &[u8]) -> Publish {
    Publish {
        dup: false,
        qos: Qos::AtMostOnce,
        retain: false,
        topic: Some(topic(name)),
        packet_id: None,
        properties: Properties::new(),
        payload: Bytes::copy_from_slice(payload),
    }
}

fn byte(id: PropertyId, number: u8) -> Property {
    Property { id, value: Value::Byte(number) }
}

fn two_byte(id: PropertyId, number: u16) -> Property {
    Property { id, value: Value::TwoByte(number) }
}

fn four_byte(id: PropertyId, number: u32) -> Property {
    Property { id, value: Value::FourByte(number) }
}

fn variable(id: PropertyId, number: u32) -> Property {
    Property { id, value: Value::Variable(number) }
}

fn string(id: PropertyId, value: &str) -> Property {
    Property { id, value: Value::Text(text(value)) }
}

fn binary(id: PropertyId, value: &[u8]) -> Property {
    Property { id, value: Value::Binary(Bytes::copy_from_slice(value)) }
}

fn user(key: &str, value: &str) -> Property {
    Property { id: PropertyId::UserProperty, value: Value::Pair(text(key), text(value)) }
}

fn properties<const N: usize>(carrier: Carrier, list: [Property; N]) -> Properties {
    Properties::checked(carrier, list.into()).unwrap()
}
