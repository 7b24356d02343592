//! What MQTT 5 changed: every packet with a reason code or properties, but CONNECT and PUBLISH.
//!
//! Not through rumqttc: its property types lose the order of the wire and accept what may occur
//! only once twice, its reason enums do not give their number, and DISCONNECT, CONNACK and AUTH
//! are wrong (docs/design.md). The tests hold these bytes against rumqttc's where it is right.

use bytes::{BufMut, Bytes, BytesMut};

use super::codec::{DecodeError, EncodeError, packet_name};
use super::packet::{
    Ack, Auth, ConnAck, Disconnect, Incoming, Outgoing, SubAck, Subscribe, UnsubAck, Unsubscribe,
};
use super::property::{Carrier, Properties};
use super::reason::ReasonCode;
use super::wire::{
    MAX_REMAINING_LENGTH, Reader, put_binary, put_variable_integer, variable_integer_length,
};

/// Decodes the body of a frame whose first byte is `first`.
pub(super) fn decode(first: u8, body: Bytes) -> Result<Incoming, DecodeError> {
    let mut reader = Reader::new(packet_name(first), body);
    let packet = match first >> 4 {
        2 => Incoming::ConnAck(connack(&mut reader)?),
        4 => Incoming::PubAck(ack(Carrier::PubAck, &mut reader)?),
        5 => Incoming::PubRec(ack(Carrier::PubRec, &mut reader)?),
        6 => Incoming::PubRel(ack(Carrier::PubRel, &mut reader)?),
        7 => Incoming::PubComp(ack(Carrier::PubComp, &mut reader)?),
        9 => Incoming::SubAck(suback(&mut reader)?),
        11 => Incoming::UnsubAck(unsuback(&mut reader)?),
        13 => Incoming::PingResp,
        14 => {
            let (reason, properties) = reason_and_properties(Carrier::Disconnect, &mut reader)?;
            Incoming::Disconnect(Disconnect { reason, properties })
        }
        15 => {
            let (reason, properties) = reason_and_properties(Carrier::Auth, &mut reader)?;
            Incoming::Auth(Auth { reason, properties })
        }
        _ => {
            return Err(DecodeError::Unexpected { packet: packet_name(first) });
        }
    };
    reader.end()?;
    Ok(packet)
}

fn connack(reader: &mut Reader) -> Result<ConnAck, DecodeError> {
    let flags = reader.u8()?;
    if flags > 1 {
        return Err(DecodeError::ConnAckFlags(flags));
    }
    let code = reader.u8()?;
    // A broker that knows only MQTT 3 answers with its own two bytes (refusal 1).
    if reader.is_empty() && code == 1 {
        return Err(DecodeError::Mqtt3Broker);
    }
    let properties = Properties::decode(Carrier::ConnAck, reader)?;
    Ok(ConnAck { session_present: flags == 1, code, properties })
}

fn ack(carrier: Carrier, reader: &mut Reader) -> Result<Ack, DecodeError> {
    let packet_id = reader.packet_id()?;
    let (reason, properties) = reason_and_properties(carrier, reader)?;
    Ok(Ack { packet_id, reason, properties })
}

/// Reason code and properties at the end of a packet: both may be left out (§3.4.2.1, §3.14.2.1).
fn reason_and_properties(
    carrier: Carrier,
    reader: &mut Reader,
) -> Result<(ReasonCode, Properties), DecodeError> {
    if reader.is_empty() {
        return Ok((ReasonCode::SUCCESS, Properties::new()));
    }
    let reason = reason(carrier, reader)?;
    if reader.is_empty() {
        return Ok((reason, Properties::new()));
    }
    Ok((reason, Properties::decode(carrier, reader)?))
}

fn suback(reader: &mut Reader) -> Result<SubAck, DecodeError> {
    let packet_id = reader.packet_id()?;
    let properties = Properties::decode(Carrier::SubAck, reader)?;
    Ok(SubAck { packet_id, reasons: reasons(Carrier::SubAck, reader)?, properties })
}

fn unsuback(reader: &mut Reader) -> Result<UnsubAck, DecodeError> {
    let packet_id = reader.packet_id()?;
    let properties = Properties::decode(Carrier::UnsubAck, reader)?;
    Ok(UnsubAck { packet_id, reasons: reasons(Carrier::UnsubAck, reader)?, properties })
}

fn reasons(carrier: Carrier, reader: &mut Reader) -> Result<Vec<ReasonCode>, DecodeError> {
    if reader.is_empty() {
        return Err(reader.malformed("it has no reason code"));
    }
    let mut reasons = Vec::new();
    while !reader.is_empty() {
        reasons.push(reason(carrier, reader)?);
    }
    Ok(reasons)
}

/// A reason code that `carrier` may have: what it said otherwise nobody could know.
fn reason(carrier: Carrier, reader: &mut Reader) -> Result<ReasonCode, DecodeError> {
    let reason = ReasonCode(reader.u8()?);
    if reason.belongs_to(carrier) {
        Ok(reason)
    } else {
        Err(DecodeError::ReasonCode { packet: reader.packet(), code: reason.0 })
    }
}

/// The remaining length of a packet, in bytes.
fn remaining_length(packet: &Outgoing) -> usize {
    match packet {
        Outgoing::PubAck(ack)
        | Outgoing::PubRec(ack)
        | Outgoing::PubRel(ack)
        | Outgoing::PubComp(ack) => 2 + tail_length(ack.reason, &ack.properties),
        Outgoing::Subscribe(subscribe) => {
            let filters = &subscribe.filters;
            let filters: usize =
                filters.iter().map(|filter| 3 + filter.filter.as_str().len()).sum();
            2 + subscribe.properties.encoded_length() + filters
        }
        Outgoing::Unsubscribe(unsubscribe) => {
            let filter = unsubscribe.filter.as_str().as_bytes();
            2 + unsubscribe.properties.encoded_length() + 2 + filter.len()
        }
        Outgoing::PingReq => 0,
        Outgoing::Disconnect(disconnect) => tail_length(disconnect.reason, &disconnect.properties),
    }
}

/// The length of a whole packet, in bytes.
pub(super) fn packet_length(packet: &Outgoing) -> usize {
    let remaining = remaining_length(packet);
    1 + variable_integer_length(remaining) + remaining
}

/// Writes a packet.
pub(super) fn encode(packet: &Outgoing, out: &mut BytesMut) -> Result<(), EncodeError> {
    let remaining = remaining_length(packet);
    let mut header = |first| put_header(first, remaining, out);
    match packet {
        Outgoing::PubAck(_) => header(0x40)?,
        Outgoing::PubRec(_) => header(0x50)?,
        Outgoing::PubRel(_) => header(0x62)?,
        Outgoing::PubComp(_) => header(0x70)?,
        Outgoing::Subscribe(_) => header(0x82)?,
        Outgoing::Unsubscribe(_) => header(0xA2)?,
        Outgoing::PingReq => header(0xC0)?,
        Outgoing::Disconnect(_) => header(0xE0)?,
    }
    match packet {
        Outgoing::PubAck(ack)
        | Outgoing::PubRec(ack)
        | Outgoing::PubRel(ack)
        | Outgoing::PubComp(ack) => encode_ack(ack, out),
        Outgoing::Subscribe(subscribe) => encode_subscribe(subscribe, out),
        Outgoing::Unsubscribe(unsubscribe) => encode_unsubscribe(unsubscribe, out),
        Outgoing::PingReq => {}
        Outgoing::Disconnect(disconnect) => {
            let tail = tail_length(disconnect.reason, &disconnect.properties);
            put_tail(tail, disconnect.reason, &disconnect.properties, out);
        }
    }
    Ok(())
}

/// Writes the fixed header, or nothing where the packet would be too long.
fn put_header(first: u8, remaining: usize, out: &mut BytesMut) -> Result<(), EncodeError> {
    if remaining > MAX_REMAINING_LENGTH {
        return Err(EncodeError::TooLong { packet: packet_name(first), length: remaining });
    }
    out.put_u8(first);
    put_variable_integer(out, remaining);
    Ok(())
}

fn encode_ack(ack: &Ack, out: &mut BytesMut) {
    let tail = tail_length(ack.reason, &ack.properties);
    out.put_u16(ack.packet_id.number());
    put_tail(tail, ack.reason, &ack.properties, out);
}

/// The bytes of reason code and properties; both are left out where nothing is lost by it.
fn tail_length(reason: ReasonCode, properties: &Properties) -> usize {
    match (reason, properties.is_empty()) {
        (ReasonCode::SUCCESS, true) => 0,
        (_, true) => 1,
        (_, false) => 1 + properties.encoded_length(),
    }
}

fn put_tail(length: usize, reason: ReasonCode, properties: &Properties, out: &mut BytesMut) {
    if length > 0 {
        out.put_u8(reason.0);
    }
    if length > 1 {
        properties.encode(out);
    }
}

fn encode_subscribe(subscribe: &Subscribe, out: &mut BytesMut) {
    out.put_u16(subscribe.packet_id.number());
    subscribe.properties.encode(out);
    for filter in &subscribe.filters {
        put_binary(out, filter.filter.as_str().as_bytes());
        out.put_u8(filter.options.bits() | filter.qos.level());
    }
}

fn encode_unsubscribe(unsubscribe: &Unsubscribe, out: &mut BytesMut) {
    out.put_u16(unsubscribe.packet_id.number());
    unsubscribe.properties.encode(out);
    put_binary(out, unsubscribe.filter.as_str().as_bytes());
}
