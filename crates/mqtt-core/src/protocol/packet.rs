//! The packets a client sends and receives, the same for every version of the protocol.
//!
//! Two enums, not one: a client never receives a SUBSCRIBE and never sends a CONNACK, and the
//! types say so.

use bytes::Bytes;

use super::property::Properties;
use super::reason::ReasonCode;
use super::text::Text;
use super::topic::{TopicFilter, TopicName};
use super::types::{PacketId, ProtocolVersion, Qos};
use super::v5;
use crate::secret::Secret;

/// A packet from the broker.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the packets' own names")]
pub enum Incoming {
    ConnAck(ConnAck),
    Publish(Publish),
    PubAck(Ack),
    PubRec(Ack),
    PubRel(Ack),
    PubComp(Ack),
    SubAck(SubAck),
    UnsubAck(UnsubAck),
    PingResp,
    Disconnect(Disconnect),
    Auth(Auth),
}

impl Incoming {
    /// The packet's name in the specification.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::ConnAck(_) => "CONNACK",
            Self::Publish(_) => "PUBLISH",
            Self::PubAck(_) => "PUBACK",
            Self::PubRec(_) => "PUBREC",
            Self::PubRel(_) => "PUBREL",
            Self::PubComp(_) => "PUBCOMP",
            Self::SubAck(_) => "SUBACK",
            Self::UnsubAck(_) => "UNSUBACK",
            Self::PingResp => "PINGRESP",
            Self::Disconnect(_) => "DISCONNECT",
            Self::Auth(_) => "AUTH",
        }
    }
}

/// A packet to the broker, but for PUBLISH, whose payload may lie elsewhere
/// ([`super::codec::Codec::encode_publish`]), and CONNECT, which holds a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the packets' own names")]
pub enum Outgoing {
    PubAck(Ack),
    PubRec(Ack),
    PubRel(Ack),
    PubComp(Ack),
    Subscribe(Subscribe),
    Unsubscribe(Unsubscribe),
    PingReq,
    Disconnect(Disconnect),
}

impl Outgoing {
    /// The packet's name in the specification.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::PubAck(_) => "PUBACK",
            Self::PubRec(_) => "PUBREC",
            Self::PubRel(_) => "PUBREL",
            Self::PubComp(_) => "PUBCOMP",
            Self::Subscribe(_) => "SUBSCRIBE",
            Self::Unsubscribe(_) => "UNSUBSCRIBE",
            Self::PingReq => "PINGREQ",
            Self::Disconnect(_) => "DISCONNECT",
        }
    }

    /// The length of the whole packet in MQTT 5, whose brokers may limit it, in bytes.
    pub fn packet_length(&self) -> usize {
        v5::packet_length(self)
    }
}

/// CONNECT (§3.1).
#[derive(Clone, Debug)]
pub struct Connect {
    /// Protocol name and level.
    pub version: ProtocolVersion,
    /// Clean session of MQTT 3, clean start of MQTT 5.
    pub clean_start: bool,
    /// Seconds; 0 is off.
    pub keep_alive: u16,
    /// May be empty but for MQTT 3.1: the broker then chooses one.
    pub client_id: Text,
    /// What the broker publishes if the connection is lost.
    pub will: Option<Will>,
    /// User name.
    pub username: Option<Text>,
    /// Password, at most 65,535 bytes.
    pub password: Option<Secret>,
    /// MQTT 5 only.
    pub properties: Properties,
}

/// The will in CONNECT (§3.1.3.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Will {
    /// Where it is published.
    pub topic: TopicName,
    /// At most 65,535 bytes.
    pub payload: Bytes,
    /// At which QoS.
    pub qos: Qos,
    /// Whether it is retained.
    pub retain: bool,
    /// MQTT 5 only.
    pub properties: Properties,
}

/// CONNACK (§3.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConnAck {
    /// Whether the broker kept a session of this client identifier.
    pub session_present: bool,
    /// Return code of MQTT 3, reason code of MQTT 5; 0 is success in both.
    pub code: u8,
    /// MQTT 5 only.
    pub properties: Properties,
}

/// PUBLISH (§3.3). A received one holds its payload as a slice of the frame; one to send holds
/// whatever says where the payload lies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Publish<P = Bytes> {
    /// Whether it may have been sent before.
    pub dup: bool,
    /// Quality of service.
    pub qos: Qos,
    /// Retain flag.
    pub retain: bool,
    /// `None`: only a topic alias says which (MQTT 5 §3.3.2.3.4).
    pub topic: Option<TopicName>,
    /// Present with QoS 1 and 2, and only there.
    pub packet_id: Option<PacketId>,
    /// MQTT 5 only.
    pub properties: Properties,
    /// The payload.
    pub payload: P,
}

/// PUBACK, PUBREC, PUBREL, PUBCOMP (§3.4 to §3.7).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ack {
    /// Of the PUBLISH it answers.
    pub packet_id: PacketId,
    /// Always success in MQTT 3.
    pub reason: ReasonCode,
    /// MQTT 5 only.
    pub properties: Properties,
}

impl Ack {
    /// The acknowledgement that all went well.
    #[must_use]
    pub fn success(packet_id: PacketId) -> Self {
        Self { packet_id, reason: ReasonCode::SUCCESS, properties: Properties::new() }
    }
}

/// SUBSCRIBE (§3.8).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subscribe {
    /// SUBACK repeats it.
    pub packet_id: PacketId,
    /// At least one.
    pub filters: Vec<SubscribeFilter>,
    /// MQTT 5 only.
    pub properties: Properties,
}

/// One filter of a SUBSCRIBE with its options.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubscribeFilter {
    /// The filter.
    pub filter: TopicFilter,
    /// The highest QoS messages are to come with.
    pub qos: Qos,
    /// MQTT 5 only: the defaults in MQTT 3.
    pub options: SubscribeOptions,
}

/// The options of a subscription in MQTT 5 (§3.8.3.1); the default is what MQTT 3 does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SubscribeOptions {
    /// Whether messages keep the retain flag they were published with.
    pub retain_as_published: bool,
    /// Whether the broker sends what it has retained.
    pub retain_handling: RetainHandling,
}

/// When the broker sends retained messages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RetainHandling {
    /// With every subscription.
    #[default]
    Always,
    /// Only if the subscription did not exist before.
    New,
    /// Never.
    Never,
}

impl SubscribeOptions {
    /// The options byte without the QoS.
    pub fn bits(self) -> u8 {
        let retain_as_published = if self.retain_as_published { 0x08 } else { 0 };
        let retain_handling = match self.retain_handling {
            RetainHandling::Always => 0x00,
            RetainHandling::New => 0x10,
            RetainHandling::Never => 0x20,
        };
        retain_as_published | retain_handling
    }
}

/// SUBACK (§3.9).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubAck {
    /// Of the SUBSCRIBE it answers.
    pub packet_id: PacketId,
    /// One per filter: the granted QoS, or 0x80 and above.
    pub reasons: Vec<ReasonCode>,
    /// MQTT 5 only.
    pub properties: Properties,
}

/// UNSUBSCRIBE (§3.10).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unsubscribe {
    /// UNSUBACK repeats it.
    pub packet_id: PacketId,
    /// The filter. The originals send one packet per filter, and so do we.
    pub filter: TopicFilter,
    /// MQTT 5 only.
    pub properties: Properties,
}

/// UNSUBACK (§3.11).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnsubAck {
    /// Of the UNSUBSCRIBE it answers.
    pub packet_id: PacketId,
    /// One per filter in MQTT 5, none in MQTT 3.
    pub reasons: Vec<ReasonCode>,
    /// MQTT 5 only.
    pub properties: Properties,
}

/// DISCONNECT (§3.14).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Disconnect {
    /// Success is the normal end. MQTT 5 only.
    pub reason: ReasonCode,
    /// MQTT 5 only.
    pub properties: Properties,
}

impl Disconnect {
    /// A DISCONNECT without properties.
    #[must_use]
    pub fn new(reason: ReasonCode) -> Self {
        Self { reason, properties: Properties::new() }
    }
}

/// AUTH (§3.15), MQTT 5 only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Auth {
    /// Continue or re-authenticate.
    pub reason: ReasonCode,
    /// Method and data.
    pub properties: Properties,
}
