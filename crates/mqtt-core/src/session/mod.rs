//! The state machine between packets and messages, for every version of the protocol.
//!
//! Sans I/O: packets and the time come in as arguments, packets and events go out as values. It
//! owns packet identifiers, the send window, the exchanges of QoS 1 and 2 both ways, duplicates,
//! keep-alive, and what is sent again on a new connection. No sockets, no clock, no printing, no
//! rumqttc.

mod backoff;
mod inbound;
mod keep_alive;
mod limits;
mod outbound;
mod packet_id;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::collections::VecDeque;
use std::time::{Duration, Instant};

pub use backoff::Backoff;
pub use inbound::Receipt;

use crate::protocol::{
    Ack, ConnAck, Disconnect, Incoming, Outgoing, PacketId, Properties, PropertyId,
    ProtocolVersion, Publish, Qos, ReasonCode, SubAck, Subscribe, SubscribeFilter, Text,
    TopicFilter, TopicName, UnsubAck, Unsubscribe,
};
use inbound::{Inbound, Received};
use keep_alive::{Due, KeepAlive};
use limits::ServerLimits;
use outbound::{Acknowledged, Outbound, Resend};
use packet_id::PacketIds;

/// What a session needs to know from the start.
#[derive(Clone, Debug)]
pub struct SessionConfig {
    /// Version of the protocol.
    pub version: ProtocolVersion,
    /// Whether CONNECT asked for a clean start.
    pub clean_start: bool,
    /// May be empty: the broker then assigns one (MQTT 5 says which).
    pub client_id: Text,
    /// Keep-alive interval in seconds; 0 is off.
    pub keep_alive: u16,
    /// At most so many messages of QoS 1 and 2 are unacknowledged at any time.
    pub max_inflight: u16,
    /// The largest topic alias the broker may use (what CONNECT announced).
    pub topic_alias_maximum: u16,
}

/// A message to publish. `P` says where the payload lies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message<P> {
    /// Where to.
    pub topic: TopicName,
    /// At which QoS.
    pub qos: Qos,
    /// Whether the broker keeps it for later subscribers.
    pub retain: bool,
    /// MQTT 5 only.
    pub properties: Properties,
    /// The payload.
    pub payload: P,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// The broker let us in.
    Connected(ConnAck),
    /// A message; once its bytes are safe, [`Session::acknowledge`] the receipt.
    Message(Publish, Option<Receipt>),
    /// A message of ours is done with; its reason may be a refusal.
    Published(Ack),
    /// The answer to SUBSCRIBE.
    Subscribed(SubAck),
    /// The answer to UNSUBSCRIBE.
    Unsubscribed(UnsubAck),
}

/// Why the connection cannot go on.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SessionError {
    /// CONNACK with a code other than success.
    #[error("the broker refused the connection: {}{} (code {})",
        crate::protocol::reason::connack_text(*.version, .connack.code),
        explained(&.connack.properties),
        .connack.code)]
    Refused {
        /// Says how to read the code.
        version: ProtocolVersion,
        /// The answer.
        connack: ConnAck,
    },
    /// The broker sent DISCONNECT (MQTT 5).
    #[error("the broker ended the connection: {}{} (reason code {})",
        .0.reason, explained(&.0.properties), .0.reason.0)]
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

/// A message that this broker would not take.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PublishError {
    /// Above the broker's Maximum QoS.
    #[error("the broker does not support QoS {}, try a lower one", .0.level())]
    QosNotSupported(Qos),
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

fn explained(properties: &Properties) -> String {
    let reason = properties.text(PropertyId::ReasonString);
    reason.map(|reason| format!(" (\"{}\")", reason.as_str().escape_debug())).unwrap_or_default()
}

/// A packet to send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Send<P> {
    /// Any but PUBLISH.
    Packet(Outgoing),
    /// A message; its number is the packet identifier, or the count that stands in for it in the
    /// `-d` lines at QoS 0.
    Publish(Publish<P>, u16),
}

/// The session with a broker; it outlives connections.
#[derive(Debug)]
pub struct Session<P> {
    config: SessionConfig,
    phase: Phase,
    packet_ids: PacketIds,
    outbound: Outbound<P>,
    inbound: Inbound,
    keep_alive: KeepAlive,
    limits: Option<ServerLimits>,
    aliases: HashMap<u32, TopicName>,
    /// SUBSCRIBEs and UNSUBSCRIBEs that are not answered yet.
    requests: Vec<(PacketId, Request)>,
    to_send: VecDeque<Send<P>>,
    /// How many messages `to_send` holds: those that are sent again.
    resending: usize,
}

/// What is to be answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Request {
    Subscribe { filters: usize },
    Unsubscribe,
}

/// What the broker has of our session on a new connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum BrokersSession {
    Kept,
    New,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// No connection, or CONNECT not answered yet.
    Connecting,
    Connected,
    /// DISCONNECT was sent: what still comes is let pass.
    Disconnecting,
}

impl<P: Clone> Session<P> {
    /// A session before its first connection. `now` is any instant before it.
    #[must_use]
    pub fn new(config: SessionConfig, now: Instant) -> Self {
        Self {
            phase: Phase::Connecting,
            packet_ids: PacketIds::new(),
            outbound: Outbound::new(config.max_inflight),
            inbound: Inbound::default(),
            keep_alive: KeepAlive::new(config.keep_alive, now),
            limits: None,
            aliases: HashMap::new(),
            requests: Vec::new(),
            to_send: VecDeque::new(),
            resending: 0,
            config,
        }
    }

    /// The client identifier: ours, or the one the broker assigned.
    #[must_use]
    pub fn client_id(&self) -> &Text {
        &self.config.client_id
    }

    /// A connection stands and CONNECT is being sent.
    pub fn connecting(&mut self, now: Instant) {
        self.phase = Phase::Connecting;
        self.to_send.clear();
        self.resending = 0;
        self.aliases.clear();
        while let Some((packet_id, _)) = self.requests.pop() {
            self.packet_ids.release(packet_id);
        }
        self.keep_alive = KeepAlive::new(self.config.keep_alive, now);
    }

    /// Takes a packet from the broker; at most one thing happens to the user by it.
    pub fn handle(
        &mut self,
        packet: Incoming,
        now: Instant,
    ) -> Result<Option<Event>, SessionError> {
        match (self.phase, packet) {
            (Phase::Connecting, Incoming::ConnAck(connack)) => self.connack(connack, now).map(Some),
            (Phase::Connecting, Incoming::Auth(_)) => Err(SessionError::Auth),
            (Phase::Connecting, Incoming::Disconnect(disconnect)) => {
                Err(SessionError::Disconnected(disconnect))
            }
            (Phase::Connecting, _) => Err(SessionError::Unexpected("no CONNACK came first")),
            (_, Incoming::ConnAck(_)) => Err(SessionError::Unexpected("a second CONNACK came")),
            // Acknowledgements that were on their way still count; new messages do not.
            (Phase::Disconnecting, Incoming::Publish(_) | Incoming::Disconnect(_)) => Ok(None),
            (Phase::Connected | Phase::Disconnecting, packet) => self.connected(packet),
        }
    }

    fn connected(&mut self, packet: Incoming) -> Result<Option<Event>, SessionError> {
        match packet {
            Incoming::Publish(publish) => self.publish_received(publish),
            Incoming::PubAck(ack) => {
                let acknowledged = self.outbound.puback(ack)?;
                Ok(self.acknowledged(acknowledged))
            }
            Incoming::PubRec(ack) => {
                let acknowledged = self.outbound.pubrec(ack)?;
                Ok(self.acknowledged(acknowledged))
            }
            Incoming::PubComp(ack) => {
                let acknowledged = self.outbound.pubcomp(ack)?;
                Ok(self.acknowledged(acknowledged))
            }
            Incoming::PubRel(ack) => {
                let reply = self.inbound.pubrel(ack.packet_id);
                self.send(reply);
                Ok(None)
            }
            Incoming::SubAck(suback) => {
                self.subscribed(&suback)?;
                Ok(Some(Event::Subscribed(suback)))
            }
            Incoming::UnsubAck(unsuback) => {
                self.unsubscribed(&unsuback)?;
                Ok(Some(Event::Unsubscribed(unsuback)))
            }
            Incoming::PingResp => Ok(None),
            Incoming::Disconnect(disconnect) => Err(SessionError::Disconnected(disconnect)),
            Incoming::Auth(_) => Err(SessionError::Auth),
            Incoming::ConnAck(_) => Err(SessionError::Unexpected("a second CONNACK came")),
        }
    }

    fn connack(&mut self, connack: ConnAck, now: Instant) -> Result<Event, SessionError> {
        if connack.code != 0 {
            return Err(SessionError::Refused { version: self.config.version, connack });
        }
        if connack.session_present && self.config.clean_start {
            return Err(SessionError::Unexpected("a session is present after a clean start"));
        }
        let limits = ServerLimits::new(&connack);
        if let Some(assigned) = connack.properties.text(PropertyId::AssignedClientIdentifier) {
            self.config.client_id = assigned.clone();
        }
        let seconds = limits.keep_alive.unwrap_or(self.config.keep_alive);
        self.keep_alive = KeepAlive::new(seconds, now);
        self.outbound.set_window(limits.receive_maximum.min(self.config.max_inflight));
        self.limits = Some(limits);
        self.phase = Phase::Connected;
        let brokers_session =
            if connack.session_present { BrokersSession::Kept } else { BrokersSession::New };
        self.inbound.connected(brokers_session);
        self.outbound.connected(brokers_session);
        self.resend();
        Ok(Event::Connected(connack))
    }

    /// Sends again what the window has room for.
    fn resend(&mut self) {
        if self.phase != Phase::Connected {
            return;
        }
        let retain_available = self.limits.as_ref().is_none_or(|limits| limits.retain_available);
        for packet in self.outbound.resend() {
            match packet {
                Resend::PubRel(packet_id) => self.send(Outgoing::PubRel(Ack::success(packet_id))),
                Resend::Publish(mut publish) => {
                    publish.retain &= retain_available;
                    let number = publish.packet_id.map_or(0, PacketId::number);
                    self.to_send.push_back(Send::Publish(publish, number));
                    self.resending += 1;
                }
            }
        }
    }

    fn publish_received(&mut self, mut publish: Publish) -> Result<Option<Event>, SessionError> {
        self.resolve_alias(&mut publish)?;
        match self.inbound.publish(&publish) {
            Received::New(receipt) => Ok(Some(Event::Message(publish, receipt))),
            Received::Duplicate(reply) => {
                if let Some(reply) = reply {
                    self.send(reply);
                }
                Ok(None)
            }
        }
    }

    /// Sets or looks up a topic alias of the broker (MQTT 5 §3.3.2.3.4).
    fn resolve_alias(&mut self, publish: &mut Publish) -> Result<(), SessionError> {
        let Some(alias) = publish.properties.number(PropertyId::TopicAlias) else {
            return match publish.topic {
                Some(_) => Ok(()),
                None => Err(SessionError::Unexpected("a PUBLISH has neither topic nor alias")),
            };
        };
        if alias > u32::from(self.config.topic_alias_maximum) {
            return Err(SessionError::TopicAlias(alias));
        }
        if let Some(topic) = &publish.topic {
            self.aliases.insert(alias, topic.clone());
        } else {
            let topic = self.aliases.get(&alias).ok_or(SessionError::TopicAlias(alias))?;
            publish.topic = Some(topic.clone());
        }
        Ok(())
    }

    fn take_request_id(&mut self, request: Request) -> Option<PacketId> {
        let packet_id = self.packet_ids.take()?;
        self.requests.push((packet_id, request));
        Some(packet_id)
    }

    fn subscribed(&mut self, suback: &SubAck) -> Result<(), SessionError> {
        match self.request(suback.packet_id) {
            Some(Request::Subscribe { filters }) if filters == suback.reasons.len() => {}
            Some(Request::Subscribe { .. }) => {
                return Err(SessionError::Unexpected("a SUBACK has not one code for each filter"));
            }
            _ => return Err(SessionError::WrongAcknowledgement("SUBACK", suback.packet_id)),
        }
        self.answered(suback.packet_id);
        Ok(())
    }

    fn unsubscribed(&mut self, unsuback: &UnsubAck) -> Result<(), SessionError> {
        if self.request(unsuback.packet_id) != Some(Request::Unsubscribe) {
            return Err(SessionError::WrongAcknowledgement("UNSUBACK", unsuback.packet_id));
        }
        self.answered(unsuback.packet_id);
        Ok(())
    }

    fn request(&self, packet_id: PacketId) -> Option<Request> {
        self.requests.iter().find(|(id, _)| *id == packet_id).map(|(_, request)| *request)
    }

    fn answered(&mut self, packet_id: PacketId) {
        self.requests.retain(|(id, _)| *id != packet_id);
        self.packet_ids.release(packet_id);
    }

    fn acknowledged(&mut self, acknowledged: Acknowledged) -> Option<Event> {
        acknowledged.reply.into_iter().for_each(|reply| self.send(reply));
        if let Some(Event::Published(ack)) = &acknowledged.done {
            self.packet_ids.release(ack.packet_id);
            self.resend();
        }
        acknowledged.done
    }

    /// Whether a message of that QoS may be sent now: not ahead of those that are sent again.
    #[must_use]
    pub fn can_publish(&self, qos: Qos) -> bool {
        self.phase == Phase::Connected
            && self.resending == 0
            && (qos == Qos::AtMostOnce || self.outbound.has_room())
    }

    /// Makes the PUBLISH of a message: send it at once. Ask [`Self::can_publish`] first.
    ///
    /// The retain flag is dropped where the broker keeps no retained messages, as the originals
    /// do (§3.2.2.3.5).
    pub fn publish(&mut self, message: Message<P>) -> Result<(Publish<P>, u16), PublishError> {
        let limits = self.limits.as_ref();
        if limits.is_some_and(|limits| message.qos > limits.maximum_qos) {
            return Err(PublishError::QosNotSupported(message.qos));
        }
        let (packet_id, number) = if message.qos == Qos::AtMostOnce {
            (None, self.packet_ids.advance().number())
        } else {
            let packet_id = self.packet_ids.take().ok_or(PublishError::NoPacketId)?;
            (Some(packet_id), packet_id.number())
        };
        let publish = Publish {
            dup: false,
            qos: message.qos,
            retain: message.retain && limits.is_none_or(|limits| limits.retain_available),
            topic: Some(message.topic),
            packet_id,
            properties: message.properties,
            payload: message.payload,
        };
        if let Some(packet_id) = packet_id {
            self.outbound.insert(packet_id, publish.clone());
        }
        Ok((publish, number))
    }

    /// The largest whole packet the broker takes, in bytes (MQTT 5 §3.2.2.3.6).
    #[must_use]
    pub fn maximum_packet_size(&self) -> Option<u32> {
        self.limits.as_ref().and_then(|limits| limits.maximum_packet_size)
    }

    /// How many messages of ours are not acknowledged yet.
    #[must_use]
    pub fn unacknowledged(&self) -> usize {
        self.outbound.len()
    }

    /// Queues a SUBSCRIBE.
    pub fn subscribe(&mut self, filters: Vec<SubscribeFilter>, properties: Properties) {
        let request = Request::Subscribe { filters: filters.len() };
        if let Some(packet_id) = self.take_request_id(request) {
            self.send(Outgoing::Subscribe(Subscribe { packet_id, filters, properties }));
        }
    }

    /// Queues an UNSUBSCRIBE.
    pub fn unsubscribe(&mut self, filter: TopicFilter, properties: Properties) {
        if let Some(packet_id) = self.take_request_id(Request::Unsubscribe) {
            self.send(Outgoing::Unsubscribe(Unsubscribe { packet_id, filter, properties }));
        }
    }

    /// The message of this receipt is safe.
    pub fn acknowledge(&mut self, receipt: Receipt) {
        let reply = self.inbound.acknowledge(receipt);
        if let Some(reply) = reply
            && self.phase == Phase::Connected
        {
            self.send(reply);
        }
    }

    /// Queues a DISCONNECT; from now on nothing else is sent and no message taken.
    pub fn disconnect(&mut self, disconnect: Disconnect) {
        self.send(Outgoing::Disconnect(disconnect));
        self.phase = Phase::Disconnecting;
    }

    /// The next packet to send.
    pub fn poll_send(&mut self) -> Option<Send<P>> {
        let send = self.to_send.pop_front()?;
        if matches!(send, Send::Publish(..)) {
            self.resending -= 1;
        }
        Some(send)
    }

    fn send(&mut self, packet: Outgoing) {
        if self.phase != Phase::Disconnecting {
            self.to_send.push_back(Send::Packet(packet));
        }
    }

    /// Bytes went to the broker.
    pub fn sent(&mut self, now: Instant) {
        self.keep_alive.sent(now);
    }

    /// Bytes came from the broker.
    pub fn received(&mut self, now: Instant) {
        self.keep_alive.received(now);
    }

    /// Whether bytes from the broker are read at the moment, or left lying because our own output
    /// is stuck.
    #[expect(clippy::fn_params_excessive_bools, reason = "its name says what it is")]
    pub fn set_reading(&mut self, reading: bool, now: Instant) {
        self.keep_alive.set_reading(reading, now);
    }

    /// When [`Self::handle_deadline`] must be called, unless something happens before.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        // Until CONNACK the time limit for connecting holds, and PINGREQ may not be sent.
        if self.phase == Phase::Connecting { None } else { self.keep_alive.deadline() }
    }

    /// The deadline has come: a ping is due, or the broker is given up.
    pub fn handle_deadline(&mut self, now: Instant) -> Result<(), SessionError> {
        match self.keep_alive.due(now) {
            Due::Nothing => Ok(()),
            Due::Ping => {
                self.send(Outgoing::PingReq);
                Ok(())
            }
            Due::GivenUp(interval) => Err(SessionError::KeepAlive { interval }),
        }
    }
}
