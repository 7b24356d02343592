//! The state machine between packets and messages, for every version of the protocol.
//!
//! Sans I/O: packets and the time come in as arguments, packets and events go out as values. It
//! owns packet identifiers, the send window, the exchanges of QoS 1 and 2 both ways, duplicates,
//! keep-alive, and what is sent again on a new connection. No sockets, no clock, no printing, no
//! rumqttc.

mod aliases;
mod backoff;
mod clock;
mod config;
mod error;
mod event;
mod inbound;
mod keep_alive;
mod limits;
mod outbound;
mod packet_id;
mod pings;
mod requests;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::time::Instant;

pub use backoff::Backoff;
pub use config::SessionConfig;
pub use error::{LimitError, SessionError};
pub use event::{Event, Message, Published, ReceivedMessage, Send};
pub use inbound::Receipt;

use crate::protocol::{
    Ack, ConnAck, Disconnect, Incoming, Outgoing, PacketId, PropertyId, Publish, Qos, Text,
    TopicName,
};
use aliases::{InboundAliases, OutboundAliases};
use inbound::{Arrival, Inbound};
use keep_alive::KeepAlive;
use limits::ServerLimits;
use outbound::{Acknowledged, Outbound, Resend};
use packet_id::PacketIds;
use pings::Pings;
use requests::Requests;

/// Whether bytes from the broker are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reading {
    /// They are.
    On,
    /// Our own output is stuck, and they are left lying.
    Off,
}

/// The session with a broker; it outlives connections.
#[derive(Debug)]
pub struct Session<P> {
    config: SessionConfig,
    phase: Phase,
    inbox: Inbox,
    packet_ids: PacketIds,
    outbound: Outbound<P>,
    inbound: Inbound,
    keep_alive: KeepAlive,
    pings: Pings,
    limits: Option<ServerLimits>,
    inbound_aliases: InboundAliases,
    outbound_aliases: OutboundAliases,
    requests: Requests,
    to_send: VecDeque<Send<P>>,
    /// How many messages `to_send` holds: those that are sent again.
    resending: usize,
}

/// What the broker has of our session on a new connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum BrokersSession {
    Kept,
    New,
}

/// Whether messages are taken from the broker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Inbox {
    Open,
    /// What still comes is neither handed out nor acknowledged.
    Closed,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// No connection.
    Offline,
    /// CONNECT is not answered yet.
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
            phase: Phase::Offline,
            inbox: Inbox::Open,
            packet_ids: PacketIds::new(),
            outbound: Outbound::new(config.max_inflight),
            inbound: Inbound::default(),
            keep_alive: KeepAlive::new(config.keep_alive, now),
            pings: Pings::default(),
            limits: None,
            inbound_aliases: InboundAliases::new(config.topic_alias_maximum),
            outbound_aliases: OutboundAliases::default(),
            requests: Requests::default(),
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
    pub fn connecting(&mut self) {
        self.phase = Phase::Connecting;
    }

    /// The connection is gone: what belonged to it alone is forgotten.
    pub fn disconnected(&mut self) {
        self.phase = Phase::Offline;
        self.to_send.clear();
        self.resending = 0;
        self.inbound_aliases.clear();
        self.outbound_aliases.clear();
        self.pings = Pings::default();
        for packet_id in self.requests.take_all() {
            self.packet_ids.release(packet_id);
        }
    }

    /// The topic of a PUBLISH that has come and was not handled yet, its alias resolved.
    #[must_use]
    pub fn topic_of<'a>(&'a self, publish: &'a Publish) -> Option<&'a TopicName> {
        let alias = publish.properties.number(PropertyId::TopicAlias);
        publish.topic.as_ref().or_else(|| self.inbound_aliases.get(alias?))
    }

    /// Takes a packet from the broker; at most one thing happens to the user by it.
    pub fn handle(
        &mut self,
        packet: Incoming,
        now: Instant,
    ) -> Result<Option<Event<P>>, SessionError> {
        match (self.phase, packet) {
            (Phase::Connecting, Incoming::ConnAck(connack)) => self.connack(connack, now).map(Some),
            (Phase::Connecting, Incoming::Auth(_)) => Err(SessionError::Auth),
            (Phase::Connecting, Incoming::Disconnect(disconnect)) => {
                Err(SessionError::Disconnected(disconnect))
            }
            (Phase::Offline | Phase::Connecting, _) => {
                Err(SessionError::Unexpected("no CONNACK came first"))
            }
            (_, Incoming::ConnAck(_)) => Err(SessionError::Unexpected("a second CONNACK came")),
            // Acknowledgements that were on their way still count; new messages do not, and a
            // DISCONNECT only where it says that something of ours was wrong.
            (Phase::Disconnecting, Incoming::Publish(_)) => Ok(None),
            (_, Incoming::Publish(_)) if self.inbox == Inbox::Closed => Ok(None),
            (Phase::Disconnecting, Incoming::Disconnect(disconnect))
                if !disconnect.reason.is_lasting() =>
            {
                Ok(None)
            }
            (Phase::Connected | Phase::Disconnecting, packet) => self.connected(packet),
        }
    }

    fn connected(&mut self, packet: Incoming) -> Result<Option<Event<P>>, SessionError> {
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
                Ok(ack.reason.is_error().then_some(Event::Forgotten(ack)))
            }
            Incoming::SubAck(suback) => {
                self.requests.subscribed(&suback)?;
                self.packet_ids.release(suback.packet_id);
                Ok(Some(Event::Subscribed(suback)))
            }
            Incoming::UnsubAck(unsuback) => {
                let filter = self.requests.unsubscribed(&unsuback)?;
                self.packet_ids.release(unsuback.packet_id);
                Ok(Some(Event::Unsubscribed(filter, unsuback)))
            }
            Incoming::PingResp => Ok(self.pings.answered()),
            Incoming::Disconnect(disconnect) => Err(SessionError::Disconnected(disconnect)),
            Incoming::Auth(_) => Err(SessionError::Auth),
            Incoming::ConnAck(_) => Err(SessionError::Unexpected("a second CONNACK came")),
        }
    }

    fn connack(&mut self, connack: ConnAck, now: Instant) -> Result<Event<P>, SessionError> {
        if connack.code != 0 {
            return Err(SessionError::Refused { version: self.config.version, connack });
        }
        if connack.session_present && self.config.clean_start {
            return Err(SessionError::Unexpected("a session is present after a clean start"));
        }
        let limits = ServerLimits::new(&connack);
        if let Some(assigned) = connack.properties.text(PropertyId::AssignedClientIdentifier) {
            if !self.config.client_id.is_empty() {
                let what = "it assigned a client identifier, and we have one";
                return Err(SessionError::Unexpected(what));
            }
            self.config.client_id = assigned.detached();
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
        let retain_available = self.limits.unwrap_or_default().retain_available;
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

    fn publish_received(&mut self, mut publish: Publish) -> Result<Option<Event<P>>, SessionError> {
        let topic = self.inbound_aliases.topic(&mut publish)?;
        match self.inbound.publish(&publish) {
            Arrival::New(receipt) => {
                Ok(Some(Event::Message(ReceivedMessage::new(topic, publish), receipt)))
            }
            Arrival::Duplicate(reply) => {
                if let Some(reply) = reply {
                    self.send(reply);
                }
                Ok(None)
            }
        }
    }

    fn acknowledged(&mut self, acknowledged: Acknowledged<P>) -> Option<Event<P>> {
        acknowledged.reply.into_iter().for_each(|reply| self.send(reply));
        if let Some(Event::Published(Published { ack, .. })) = &acknowledged.done {
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

    /// Makes the PUBLISH of a message, whose payload has that length: send it at once. Ask
    /// [`Self::can_publish`] first.
    ///
    /// The retain flag is dropped where the broker keeps no retained messages, as the originals
    /// do (§3.2.2.3.5).
    pub fn publish(
        &mut self,
        message: Message<P>,
        payload_length: usize,
    ) -> Result<(Publish<P>, u16), LimitError> {
        let limits = self.limits.unwrap_or_default();
        if message.qos > limits.maximum_qos {
            return Err(LimitError::QosNotSupported(message.qos));
        }
        let mut publish = Publish {
            dup: false,
            qos: message.qos,
            retain: message.retain && limits.retain_available,
            topic: Some(message.topic),
            packet_id: None,
            properties: message.properties,
            payload: message.payload,
        };
        let length = publish.packet_length(self.config.version, payload_length);
        let limit = limits.maximum_packet_size;
        if length > limit {
            return Err(LimitError::TooLarge { packet: "PUBLISH", length, limit });
        }
        let number = if message.qos == Qos::AtMostOnce {
            self.packet_ids.advance().number()
        } else {
            let packet_id = self.packet_ids.take().ok_or(LimitError::NoPacketId)?;
            publish.packet_id = Some(packet_id);
            // With its topic: another connection knows no alias.
            self.outbound.insert(packet_id, publish.clone());
            packet_id.number()
        };
        self.outbound_aliases.shorten(&mut publish, limits.topic_alias_maximum);
        Ok((publish, number))
    }

    /// How many messages of ours are not acknowledged yet.
    #[must_use]
    pub fn unacknowledged(&self) -> usize {
        self.outbound.len()
    }

    /// The messages of ours that are not acknowledged yet, in the order in which they were
    /// published: [`Published::sequence`] of each, and its payload.
    pub fn unacknowledged_messages(&self) -> impl Iterator<Item = (u64, &P)> {
        self.outbound.messages()
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

    /// The message of this receipt is not safe and never will be: nothing is sent for it, and it is
    /// handed out again if the broker sends it again.
    pub fn forgo(&mut self, receipt: Receipt) {
        self.inbound.forgo(receipt);
    }

    /// Whether the broker waits for an acknowledgement of ours, or we for its PUBREL: what it sends
    /// after that may be waiting for it.
    #[must_use]
    pub fn owes_acknowledgement(&self) -> bool {
        self.inbound.is_unfinished()
    }

    /// Takes no message from now on, on this connection and later ones: the broker keeps what it
    /// may not lose. What we publish is still finished.
    pub fn stop_receiving(&mut self) {
        self.inbox = Inbox::Closed;
    }

    /// Queues a DISCONNECT; from now on nothing else is sent and no message taken. One that would
    /// be too large for the broker goes without its properties (§3.14.2.2.3).
    pub fn disconnect(&mut self, disconnect: Disconnect) {
        let limit = self.limits.unwrap_or_default().maximum_packet_size;
        let reason = disconnect.reason;
        let mut packet = Outgoing::Disconnect(disconnect);
        if packet.packet_length() > limit {
            packet = Outgoing::Disconnect(Disconnect::new(reason));
        }
        self.send(packet);
        self.phase = Phase::Disconnecting;
    }

    /// The next packet to send.
    pub fn poll_send(&mut self) -> Option<Send<P>> {
        let mut send = self.to_send.pop_front()?;
        if let Send::Publish(publish, _) = &mut send {
            self.resending -= 1;
            let maximum = self.limits.unwrap_or_default().topic_alias_maximum;
            self.outbound_aliases.shorten(publish, maximum);
        }
        Some(send)
    }

    fn send(&mut self, packet: Outgoing) {
        if self.phase != Phase::Disconnecting {
            self.to_send.push_back(Send::Packet(packet));
        }
    }
}
