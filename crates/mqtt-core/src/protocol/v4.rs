//! MQTT 3.1 and 3.1.1 over rumqttc's packets and codec: the only file that knows them.
//!
//! Everything but CONNECT and PUBLISH. What rumqttc does not check is checked here: flag bits,
//! packet identifier 0, bytes behind the end.

use bytes::BytesMut;
use rumqttc::mqttbytes::{Error, QoS, v4};

use super::codec::{DecodeError, EncodeError};
use super::packet::{Ack, ConnAck, Incoming, Outgoing, SubAck, Subscribe, UnsubAck};
use super::property::Properties;
use super::reason::ReasonCode;
use super::types::{PacketId, Qos};
use super::wire::MAX_REMAINING_LENGTH;

/// Decodes one whole frame.
pub(super) fn decode(mut frame: BytesMut) -> Result<Incoming, DecodeError> {
    let shape = Shape::of(&frame);
    match v4::Packet::read(&mut frame, MAX_REMAINING_LENGTH) {
        Ok(packet) => convert(packet, shape),
        // Brokers have codes of their own, and the user is told which it was.
        Err(Error::InvalidConnectReturnCode(code)) => connack(Session::New, code, shape),
        Err(Error::InvalidPacketType(_)) => Err(DecodeError::Unexpected { packet: shape.name() }),
        Err(error) => Err(shape.malformed(describe(&error))),
    }
}

fn convert(packet: v4::Packet, shape: Shape) -> Result<Incoming, DecodeError> {
    match packet {
        v4::Packet::ConnAck(packet) => {
            let session = if packet.session_present { Session::Kept } else { Session::New };
            connack(session, packet.code as u8, shape)
        }
        v4::Packet::PubAck(packet) => Ok(Incoming::PubAck(shape.ack(packet.pkid)?)),
        v4::Packet::PubRec(packet) => Ok(Incoming::PubRec(shape.ack(packet.pkid)?)),
        v4::Packet::PubRel(packet) => Ok(Incoming::PubRel(shape.ack(packet.pkid)?)),
        v4::Packet::PubComp(packet) => Ok(Incoming::PubComp(shape.ack(packet.pkid)?)),
        v4::Packet::SubAck(packet) => Ok(Incoming::SubAck(SubAck {
            packet_id: shape.packet_id(packet.pkid)?,
            reasons: packet.return_codes.into_iter().map(suback_reason).collect(),
            properties: Properties::new(),
        })),
        v4::Packet::UnsubAck(packet) => Ok(Incoming::UnsubAck(UnsubAck {
            packet_id: shape.ack(packet.pkid)?.packet_id,
            reasons: Vec::new(),
            properties: Properties::new(),
        })),
        v4::Packet::PingResp => shape.of_length(0).map(|_| Incoming::PingResp),
        _ => Err(DecodeError::Unexpected { packet: shape.name() }),
    }
}

fn suback_reason(code: v4::SubscribeReasonCode) -> ReasonCode {
    match code {
        v4::SubscribeReasonCode::Success(qos) => ReasonCode(qos as u8),
        v4::SubscribeReasonCode::Failure => ReasonCode::UNSPECIFIED_ERROR,
    }
}

/// Whether the broker has kept a session.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Session {
    Kept,
    New,
}

fn connack(session: Session, code: u8, shape: Shape) -> Result<Incoming, DecodeError> {
    shape.of_length(2)?;
    if shape.first_body_byte > 1 {
        return Err(DecodeError::ConnAckFlags(shape.first_body_byte));
    }
    let session_present = session == Session::Kept;
    Ok(Incoming::ConnAck(ConnAck { session_present, code, properties: Properties::new() }))
}

/// What rumqttc does not look at.
#[derive(Clone, Copy)]
struct Shape {
    first: u8,
    body_length: usize,
    first_body_byte: u8,
}

impl Shape {
    fn of(frame: &[u8]) -> Self {
        let header = 1 + frame.iter().skip(1).take_while(|&&byte| byte & 0x80 != 0).count() + 1;
        Self {
            first: frame.first().copied().unwrap_or_default(),
            body_length: frame.len().saturating_sub(header),
            first_body_byte: frame.get(header).copied().unwrap_or_default(),
        }
    }

    fn name(self) -> &'static str {
        super::codec::packet_name(self.first)
    }

    fn malformed(self, problem: &'static str) -> DecodeError {
        DecodeError::Malformed { packet: self.name(), problem }
    }

    fn of_length(self, length: usize) -> Result<Self, DecodeError> {
        if self.body_length == length {
            Ok(self)
        } else {
            Err(self.malformed("its length is wrong"))
        }
    }

    fn packet_id(self, number: u16) -> Result<PacketId, DecodeError> {
        PacketId::new(number).ok_or_else(|| self.malformed("its packet identifier is 0"))
    }

    fn ack(self, number: u16) -> Result<Ack, DecodeError> {
        Ok(Ack::success(self.of_length(2)?.packet_id(number)?))
    }
}

fn describe(error: &Error) -> &'static str {
    match error {
        Error::InvalidSubscribeReasonCode(_) => "it has an unknown return code",
        Error::InvalidQoS(_) => "its QoS is 3",
        Error::PayloadRequired | Error::MalformedPacket | Error::InsufficientBytes(_) => {
            "it ends too early"
        }
        Error::PayloadSizeIncorrect => "its length is wrong",
        _ => "it makes no sense",
    }
}

/// Writes a packet.
pub(super) fn encode(packet: &Outgoing, out: &mut BytesMut) -> Result<(), EncodeError> {
    let packet = match packet {
        Outgoing::PubAck(ack) => v4::Packet::PubAck(v4::PubAck::new(ack.packet_id.number())),
        Outgoing::PubRec(ack) => v4::Packet::PubRec(v4::PubRec::new(ack.packet_id.number())),
        Outgoing::PubRel(ack) => v4::Packet::PubRel(v4::PubRel::new(ack.packet_id.number())),
        Outgoing::PubComp(ack) => v4::Packet::PubComp(v4::PubComp::new(ack.packet_id.number())),
        Outgoing::Subscribe(subscribe) => {
            check_length(subscribe)?;
            let filters = subscribe.filters.iter().map(|filter| {
                v4::SubscribeFilter::new(filter.filter.as_str().to_owned(), qos(filter.qos))
            });
            let mut packet = v4::Subscribe::new_many(filters);
            packet.pkid = subscribe.packet_id.number();
            v4::Packet::Subscribe(packet)
        }
        Outgoing::Unsubscribe(unsubscribe) => {
            let mut packet = v4::Unsubscribe::new(unsubscribe.filter.as_str());
            packet.pkid = unsubscribe.packet_id.number();
            v4::Packet::Unsubscribe(packet)
        }
        Outgoing::PingReq => v4::Packet::PingReq,
        Outgoing::Disconnect(_) => v4::Packet::Disconnect,
    };
    let length = packet.size();
    packet
        .write(out, usize::MAX)
        .map(drop)
        .map_err(|_| EncodeError::TooLong { packet: "packet", length })
}

/// The only packet here that can be too long, looked at before its filters are copied.
fn check_length(subscribe: &Subscribe) -> Result<(), EncodeError> {
    let filters = subscribe.filters.iter().map(|filter| 3 + filter.filter.as_str().len());
    let length = 2 + filters.sum::<usize>();
    if length > MAX_REMAINING_LENGTH {
        return Err(EncodeError::TooLong { packet: "SUBSCRIBE", length });
    }
    Ok(())
}

fn qos(qos: Qos) -> QoS {
    match qos {
        Qos::AtMostOnce => QoS::AtMostOnce,
        Qos::AtLeastOnce => QoS::AtLeastOnce,
        Qos::ExactlyOnce => QoS::ExactlyOnce,
    }
}
