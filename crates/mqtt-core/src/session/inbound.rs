//! Messages from the broker: each QoS 2 message once, acknowledged only when it was written.

use std::collections::BTreeMap;

use super::BrokersSession;
use crate::protocol::{Ack, Outgoing, PacketId, Publish, Qos};

/// A message that wants an acknowledgement once it is safe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Receipt {
    packet_id: PacketId,
    qos: Qos,
    /// The connection it came on: a PUBACK belongs there and nowhere else.
    connection: u64,
    /// Counts deliveries: a later message may come with the same identifier.
    delivery: u64,
}

/// A QoS 2 message between its PUBLISH and its PUBREL.
#[derive(Debug)]
struct Held {
    /// As its receipt has it.
    delivery: u64,
    /// The one it was last sent on.
    connection: u64,
    /// Its bytes are safe: a duplicate is answered at once.
    written: bool,
    /// The broker waits for a PUBREC on this connection.
    owed: bool,
}

/// What is known of messages whose exchange is not over.
#[derive(Debug, Default)]
pub(super) struct Inbound {
    held: BTreeMap<PacketId, Held>,
    /// Messages of QoS 1 of this connection that are not acknowledged.
    unacknowledged: usize,
    connection: u64,
    deliveries: u64,
}

/// What to do with a received PUBLISH.
pub(super) enum Arrival {
    /// Hand it to the user; acknowledge by the receipt, if there is one.
    New(Option<Receipt>),
    /// It was handed out before; answer so, or wait for the receipt of the first one.
    Duplicate(Option<Outgoing>),
}

impl Inbound {
    /// A new connection began. Without a kept session the broker's identifiers start afresh.
    pub(super) fn connected(&mut self, brokers_session: BrokersSession) {
        self.connection += 1;
        self.unacknowledged = 0;
        match brokers_session {
            BrokersSession::Kept => self.held.values_mut().for_each(|held| held.owed = false),
            BrokersSession::New => self.held.clear(),
        }
    }

    #[inline]
    pub(super) fn publish(&mut self, publish: &Publish) -> Arrival {
        let Some(packet_id) = publish.packet_id else {
            return Arrival::New(None);
        };
        // What is sent again on another connection is marked so (§3.3.1.1). A broker that restarts
        // from an old database may have forgotten the message: then the identifier is a new one's.
        if publish.qos == Qos::ExactlyOnce
            && let Some(held) = self.held.get_mut(&packet_id)
            && (publish.dup || held.connection == self.connection)
        {
            held.connection = self.connection;
            held.owed = !held.written;
            return Arrival::Duplicate(held.written.then(|| pubrec(packet_id)));
        }
        self.deliveries += 1;
        let (connection, delivery) = (self.connection, self.deliveries);
        if publish.qos == Qos::ExactlyOnce {
            let held = Held { delivery, connection, written: false, owed: true };
            self.held.insert(packet_id, held);
        } else {
            self.unacknowledged += 1;
        }
        Arrival::New(Some(Receipt { packet_id, qos: publish.qos, connection, delivery }))
    }

    /// The message's bytes are safe: the acknowledgement to send now, if any. A receipt of an
    /// earlier connection sends nothing at QoS 1, for the broker sends the message again; at
    /// QoS 2 it makes sure that the duplicate is recognised.
    #[inline]
    pub(super) fn acknowledge(&mut self, receipt: Receipt) -> Option<Outgoing> {
        if receipt.qos != Qos::ExactlyOnce {
            if receipt.connection != self.connection {
                return None;
            }
            self.unacknowledged = self.unacknowledged.saturating_sub(1);
            return Some(Outgoing::PubAck(Ack::success(receipt.packet_id)));
        }
        let held = self
            .held
            .get_mut(&receipt.packet_id)
            .filter(|held| held.delivery == receipt.delivery)?;
        held.written = true;
        std::mem::take(&mut held.owed).then(|| pubrec(receipt.packet_id))
    }

    /// The message will not be acknowledged: where the broker sends it again, it is a new one.
    pub(super) fn forgo(&mut self, receipt: Receipt) {
        if receipt.qos != Qos::ExactlyOnce {
            if receipt.connection == self.connection {
                self.unacknowledged = self.unacknowledged.saturating_sub(1);
            }
            return;
        }
        let is_its = |held: &Held| held.delivery == receipt.delivery;
        if self.held.get(&receipt.packet_id).is_some_and(is_its) {
            self.held.remove(&receipt.packet_id);
        }
    }

    /// Whether a message of QoS 1 is not acknowledged, or one of QoS 2 not released by the broker.
    pub(super) fn is_unfinished(&self) -> bool {
        self.unacknowledged > 0 || !self.held.is_empty()
    }

    /// PUBREL: the identifier is free again. An unknown one is answered all the same: the PUBCOMP
    /// for it was lost (§4.3.3).
    pub(super) fn pubrel(&mut self, packet_id: PacketId) -> Outgoing {
        self.held.remove(&packet_id);
        Outgoing::PubComp(Ack::success(packet_id))
    }
}

fn pubrec(packet_id: PacketId) -> Outgoing {
    Outgoing::PubRec(Ack::success(packet_id))
}
