//! The tests of this room. A [`Talk`] plays the driver; what is sent reads as one line each.

mod connection;
mod inbound;
mod model;
mod outbound;

use std::time::{Duration, Instant};

use bytes::Bytes;

use super::BrokersSession::{self, Kept, New};
use super::event::Published;
use super::{
    Event, LimitError, Message, Receipt, ReceivedMessage, Send, Session, SessionConfig,
    SessionError,
};
use crate::protocol::property::Carrier;
use crate::protocol::{
    Ack, ConnAck, Disconnect, Incoming, Outgoing, PacketId, Properties, Property, PropertyId,
    ProtocolVersion, Publish, Qos, ReasonCode, SubAck, SubscribeFilter, SubscribeOptions, Text,
    TopicFilter, TopicName, UnsubAck, Value,
};

const Q0: Qos = Qos::AtMostOnce;
const Q1: Qos = Qos::AtLeastOnce;
const Q2: Qos = Qos::ExactlyOnce;

/// A conversation with a broker that is scripted by the test.
struct Talk {
    session: Session<&'static str>,
    start: Instant,
}

/// A client of MQTT 5 that keeps its session, with a window of 20 and 10 topic aliases.
fn config() -> SessionConfig {
    SessionConfig {
        version: ProtocolVersion::V5,
        clean_start: false,
        client_id: text("me"),
        keep_alive: 60,
        max_inflight: 20,
        topic_alias_maximum: 10,
    }
}

impl Talk {
    /// Before CONNACK.
    fn connecting(config: SessionConfig) -> Self {
        let start = Instant::now();
        let mut session = Session::new(config, start);
        session.connecting();
        Self { session, start }
    }

    /// After a CONNACK without a word more.
    fn begin() -> Self {
        Self::begin_with(config(), [])
    }

    fn begin_with<const N: usize>(config: SessionConfig, properties: [Property; N]) -> Self {
        let mut talk = Self::connecting(config);
        talk.connack(New, properties);
        talk
    }

    fn connack<const N: usize>(&mut self, session: BrokersSession, properties: [Property; N]) {
        let event = self.hear(connack(session, properties));
        assert!(matches!(event, Some(Event::Connected(_))), "{event:?}");
    }

    /// A new connection, on which the broker has kept its session or not.
    fn again(&mut self, session: BrokersSession) {
        self.session.disconnected();
        self.session.connecting();
        self.connack(session, []);
    }

    fn try_hear(&mut self, packet: Incoming) -> Result<Option<Event<&'static str>>, SessionError> {
        self.session.handle(packet, self.start)
    }

    #[track_caller]
    fn hear(&mut self, packet: Incoming) -> Option<Event<&'static str>> {
        self.try_hear(packet).unwrap()
    }

    /// Hears a message and gives its receipt.
    #[track_caller]
    fn hear_message(&mut self, packet: Incoming) -> Option<Receipt> {
        match self.hear(packet) {
            Some(Event::Message(_, receipt)) => receipt,
            other => panic!("no message but {other:?}"),
        }
    }

    #[track_caller]
    fn refuse(&mut self, packet: Incoming, says: &str) {
        match self.try_hear(packet) {
            Ok(event) => panic!("taken: {event:?}"),
            Err(error) => assert_eq!(error.to_string(), says),
        }
    }

    /// Publishes, if there is room.
    fn publish(&mut self, qos: Qos, payload: &'static str) -> String {
        assert!(self.session.can_publish(qos), "no room for {payload}");
        let (publish, number) = self.session.publish(message(qos, payload), 1).unwrap();
        line(&Send::Publish(publish, number))
    }

    fn sent(&mut self) -> Vec<String> {
        std::iter::from_fn(|| self.session.poll_send()).map(|send| line(&send)).collect()
    }
}

fn message(qos: Qos, payload: &'static str) -> Message<&'static str> {
    let topic = TopicName::new("t").unwrap();
    Message { topic, qos, retain: false, properties: Properties::new(), payload }
}

/// `PUBLISH 2 hello qos1 dup retain`, `PUBREL 2`, `SUBSCRIBE 3`.
fn line(send: &Send<&'static str>) -> String {
    let ack = |name, ack: &Ack| {
        assert_eq!((ack.reason, &ack.properties), (ReasonCode::SUCCESS, &Properties::new()));
        format!("{name} {}", ack.packet_id)
    };
    match send {
        Send::Publish(publish, number) => {
            let dup = if publish.dup { " dup" } else { "" };
            let retain = if publish.retain { " retain" } else { "" };
            assert_eq!(
                publish.packet_id.map(PacketId::number),
                Some(*number).filter(|_| publish.qos != Q0)
            );
            format!("PUBLISH {number} {} qos{}{dup}{retain}", publish.payload, publish.qos.level())
        }
        Send::Packet(packet) => match packet {
            Outgoing::PubAck(packet) => ack("PUBACK", packet),
            Outgoing::PubRec(packet) => ack("PUBREC", packet),
            Outgoing::PubRel(packet) => ack("PUBREL", packet),
            Outgoing::PubComp(packet) => ack("PUBCOMP", packet),
            Outgoing::Subscribe(packet) => format!("SUBSCRIBE {}", packet.packet_id),
            Outgoing::Unsubscribe(packet) => format!("UNSUBSCRIBE {}", packet.packet_id),
            Outgoing::PingReq => "PINGREQ".to_owned(),
            Outgoing::Disconnect(packet) => format!("DISCONNECT {}", packet.reason.0),
        },
    }
}

fn id(number: u16) -> PacketId {
    PacketId::new(number).unwrap()
}

fn text(text: &str) -> Text {
    Text::new(text.to_owned()).unwrap()
}

fn properties<const N: usize>(carrier: Carrier, list: [Property; N]) -> Properties {
    Properties::checked(carrier, list.into()).unwrap()
}

fn connack<const N: usize>(session: BrokersSession, list: [Property; N]) -> Incoming {
    let session_present = session == Kept;
    let properties = properties(Carrier::ConnAck, list);
    Incoming::ConnAck(ConnAck { session_present, code: 0, properties })
}

fn receive_maximum(number: u16) -> Property {
    Property { id: PropertyId::ReceiveMaximum, value: Value::TwoByte(number) }
}

fn byte(id: PropertyId, number: u8) -> Property {
    Property { id, value: Value::Byte(number) }
}

fn ack(packet_id: u16, reason: u8) -> Ack {
    Ack { packet_id: id(packet_id), reason: ReasonCode(reason), properties: Properties::new() }
}

fn puback(packet_id: u16) -> Incoming {
    Incoming::PubAck(ack(packet_id, 0))
}

fn pubrec(packet_id: u16) -> Incoming {
    Incoming::PubRec(ack(packet_id, 0))
}

fn pubrel(packet_id: u16) -> Incoming {
    Incoming::PubRel(ack(packet_id, 0))
}

fn pubcomp(packet_id: u16) -> Incoming {
    Incoming::PubComp(ack(packet_id, 0))
}

fn suback<const N: usize>(packet_id: u16, reasons: [u8; N]) -> Incoming {
    Incoming::SubAck(SubAck {
        packet_id: id(packet_id),
        reasons: reasons.map(ReasonCode).into(),
        properties: Properties::new(),
    })
}

fn unsuback(packet_id: u16) -> Incoming {
    Incoming::UnsubAck(UnsubAck {
        packet_id: id(packet_id),
        reasons: vec![ReasonCode::SUCCESS],
        properties: Properties::new(),
    })
}

/// A message from the broker; its identifier counts at QoS 1 and 2 only.
fn incoming(qos: Qos, packet_id: u16, payload: &'static str) -> Publish {
    Publish {
        dup: false,
        qos,
        retain: false,
        topic: Some(TopicName::new("t").unwrap()),
        packet_id: (qos != Q0).then(|| id(packet_id)),
        properties: Properties::new(),
        payload: Bytes::from_static(payload.as_bytes()),
    }
}

fn publish(qos: Qos, packet_id: u16, payload: &'static str) -> Incoming {
    Incoming::Publish(incoming(qos, packet_id, payload))
}

fn duplicate(qos: Qos, packet_id: u16, payload: &'static str) -> Incoming {
    Incoming::Publish(Publish { dup: true, ..incoming(qos, packet_id, payload) })
}

/// The same message as the user gets it.
fn received(qos: Qos, packet_id: u16, payload: &'static str) -> ReceivedMessage {
    let publish = incoming(qos, packet_id, payload);
    ReceivedMessage::new(publish.topic.clone().unwrap(), publish)
}

/// A message of ours is done with; the first has the identifier 1.
fn published(packet_id: u16, payload: &'static str, reason: u8) -> Event<&'static str> {
    let sequence = u64::from(packet_id - 1);
    Event::Published(Published { ack: ack(packet_id, reason), sequence, payload })
}

fn filter(filter: &str) -> SubscribeFilter {
    SubscribeFilter {
        filter: TopicFilter::new(filter.to_owned()).unwrap(),
        qos: Q0,
        options: SubscribeOptions::default(),
    }
}
