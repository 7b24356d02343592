//! Messages on their way to the broker: the send window, and what must be sent again (§4.3, §4.4).

use std::collections::{BTreeMap, BTreeSet};

use super::{BrokersSession, Event, Published, SessionError};
use crate::protocol::{Ack, Outgoing, PacketId, Publish, Qos, ReasonCode};

/// A message to the broker that is not acknowledged yet.
#[derive(Debug)]
struct InFlight<P> {
    publish: Publish<P>,
    stage: Stage,
}

/// What the broker owes us.
#[expect(clippy::enum_variant_names, reason = "the packets' own names")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    PubAck,
    PubRec,
    /// What PUBREC said is not said again.
    PubComp(ReasonCode),
}

/// The send window. `P` says where a payload lies; it is kept until the last acknowledgement.
#[derive(Debug)]
pub(super) struct Outbound<P> {
    /// By the order in which they were first sent: that is the order of a resend (§4.6).
    in_flight: BTreeMap<u64, InFlight<P>>,
    order_of: BTreeMap<PacketId, u64>,
    /// What was sent on an earlier connection and has no place in the window of this one yet.
    waiting: BTreeSet<u64>,
    next_order: u64,
    /// What was first sent before that was first sent on an earlier connection.
    recovered_before: u64,
    window: usize,
}

/// What an acknowledgement led to.
pub(super) struct Acknowledged<P> {
    /// The answer to send.
    pub(super) reply: Option<Outgoing>,
    /// What the user hears of it: mostly that the message is done with and its identifier free.
    pub(super) done: Option<Event<P>>,
}

impl<P> Acknowledged<P> {
    const NOTHING: Self = Self { reply: None, done: None };

    fn reply(packet: Outgoing) -> Self {
        Self { reply: Some(packet), done: None }
    }
}

impl<P: Clone> Outbound<P> {
    pub(super) fn new(window: u16) -> Self {
        Self {
            in_flight: BTreeMap::new(),
            order_of: BTreeMap::new(),
            waiting: BTreeSet::new(),
            next_order: 0,
            recovered_before: 0,
            window: usize::from(window),
        }
    }

    /// The broker's receive maximum narrows the window (MQTT 5 §3.2.2.3.3).
    pub(super) fn set_window(&mut self, window: u16) {
        self.window = usize::from(window);
    }

    pub(super) fn has_room(&self) -> bool {
        self.in_flight.len() < self.window
    }

    /// How many messages are not acknowledged yet.
    pub(super) fn len(&self) -> usize {
        self.in_flight.len()
    }

    /// The messages that are not acknowledged yet, in the order in which they were first sent: how
    /// many there were before each, and its payload.
    pub(super) fn messages(&self) -> impl Iterator<Item = (u64, &P)> {
        self.in_flight.iter().map(|(&order, message)| (order, &message.publish.payload))
    }

    /// Remembers a message of QoS 1 or 2 that is being sent.
    pub(super) fn insert(&mut self, packet_id: PacketId, publish: Publish<P>) {
        let stage = match publish.qos {
            Qos::ExactlyOnce => Stage::PubRec,
            Qos::AtMostOnce | Qos::AtLeastOnce => Stage::PubAck,
        };
        self.order_of.insert(packet_id, self.next_order);
        self.in_flight.insert(self.next_order, InFlight { publish, stage });
        self.next_order += 1;
    }

    /// PUBACK. One for no message of ours is let pass, as the originals do: the answer to a resent
    /// PUBLISH may come twice.
    pub(super) fn puback(&mut self, ack: Ack) -> Result<Acknowledged<P>, SessionError> {
        match self.stage(ack.packet_id) {
            None => Ok(Acknowledged::NOTHING),
            Some(Stage::PubAck) => Ok(self.finish(ack)),
            Some(_) => Err(SessionError::WrongAcknowledgement("PUBACK", ack.packet_id)),
        }
    }

    /// PUBREC. An unknown one is answered, so that the broker can finish its side; not so a
    /// refusal, which is the end of the exchange (§4.3.3).
    pub(super) fn pubrec(&mut self, ack: Ack) -> Result<Acknowledged<P>, SessionError> {
        let Some(order) = self.order_of.get(&ack.packet_id) else {
            if ack.reason.is_error() {
                return Ok(Acknowledged::NOTHING);
            }
            let done = Some(Event::UnknownPubRec(ack.packet_id));
            let reply = Some(Outgoing::PubRel(Ack::success(ack.packet_id)));
            return Ok(Acknowledged { reply, done });
        };
        let Some(message) = self.in_flight.get_mut(order) else {
            return Ok(Acknowledged::NOTHING);
        };
        match message.stage {
            Stage::PubAck => Err(SessionError::WrongAcknowledgement("PUBREC", ack.packet_id)),
            Stage::PubRec if ack.reason.is_error() => Ok(self.finish(ack)),
            Stage::PubRec | Stage::PubComp(_) => {
                message.stage = Stage::PubComp(ack.reason);
                self.waiting.remove(order);
                Ok(Acknowledged::reply(Outgoing::PubRel(Ack::success(ack.packet_id))))
            }
        }
    }

    /// PUBCOMP.
    pub(super) fn pubcomp(&mut self, mut ack: Ack) -> Result<Acknowledged<P>, SessionError> {
        match self.stage(ack.packet_id) {
            None => Ok(Acknowledged::NOTHING),
            Some(Stage::PubComp(taken)) => {
                // Sent again, "not found" means that an earlier PUBREL had arrived, and the message
                // is through. Otherwise the broker has lost it (MQTT 5 §3.7.2.1).
                let order = self.order_of.get(&ack.packet_id);
                let recovered = order.is_some_and(|order| *order < self.recovered_before);
                if recovered && ack.reason == ReasonCode::PACKET_ID_NOT_FOUND {
                    ack.reason = ReasonCode::SUCCESS;
                }
                if ack.reason == ReasonCode::SUCCESS {
                    ack.reason = taken;
                }
                Ok(self.finish(ack))
            }
            Some(_) => Err(SessionError::WrongAcknowledgement("PUBCOMP", ack.packet_id)),
        }
    }

    /// A new connection: everything must be sent again, in the order of the first time, by
    /// [`Self::resend`]. Where the broker kept no session, a message that it had taken but not
    /// been told to release is sent whole: twice is better than never.
    pub(super) fn connected(&mut self, brokers_session: BrokersSession) {
        self.waiting = self.in_flight.keys().copied().collect();
        self.recovered_before = self.next_order;
        if brokers_session == BrokersSession::New {
            for message in self.in_flight.values_mut() {
                if matches!(message.stage, Stage::PubComp(_)) {
                    message.stage = Stage::PubRec;
                }
            }
        }
    }

    /// What of it can be sent now. A PUBREL is sent whatever the window, which is for messages
    /// (§4.9), but takes its place all the same until it is answered.
    pub(super) fn resend(&mut self) -> Vec<Resend<P>> {
        let mut packets = Vec::new();
        if self.waiting.is_empty() {
            return packets;
        }
        let is_release = |in_flight: &BTreeMap<u64, InFlight<P>>, order: &u64| {
            let message = in_flight.get(order);
            message.is_some_and(|message| matches!(message.stage, Stage::PubComp(_)))
        };
        let releases = self.waiting.iter().filter(|order| is_release(&self.in_flight, order));
        let sent = self.in_flight.len() - self.waiting.len() + releases.count();
        let mut room = self.window.saturating_sub(sent);
        for order in std::mem::take(&mut self.waiting) {
            let Some(message) = self.in_flight.get_mut(&order) else {
                continue;
            };
            match (message.stage, message.publish.packet_id) {
                (Stage::PubComp(_), Some(packet_id)) => packets.push(Resend::PubRel(packet_id)),
                _ if room > 0 => {
                    room -= 1;
                    message.publish.dup = true;
                    packets.push(Resend::Publish(message.publish.clone()));
                }
                _ => {
                    self.waiting.insert(order);
                }
            }
        }
        packets
    }

    fn stage(&self, packet_id: PacketId) -> Option<Stage> {
        let order = self.order_of.get(&packet_id)?;
        self.in_flight.get(order).map(|message| message.stage)
    }

    fn finish(&mut self, ack: Ack) -> Acknowledged<P> {
        let Some(order) = self.order_of.remove(&ack.packet_id) else {
            return Acknowledged::NOTHING;
        };
        self.waiting.remove(&order);
        let published = |message: InFlight<P>| {
            let payload = message.publish.payload;
            Event::Published(Published { ack, sequence: order, payload })
        };
        Acknowledged { reply: None, done: self.in_flight.remove(&order).map(published) }
    }
}

/// One packet of a resend.
#[derive(Debug)]
pub(super) enum Resend<P> {
    Publish(Publish<P>),
    PubRel(PacketId),
}
