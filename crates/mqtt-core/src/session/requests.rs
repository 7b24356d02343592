//! SUBSCRIBEs and UNSUBSCRIBEs: how they are asked for, and which the broker has not answered yet.

use std::collections::BTreeMap;

use super::{LimitError, Session, SessionError};
use crate::protocol::{
    Outgoing, PacketId, Properties, SubAck, Subscribe, SubscribeFilter, TopicFilter, UnsubAck,
    Unsubscribe,
};

/// What is to be answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Request {
    /// By a SUBACK with so many codes.
    Subscribe { filters: usize },
    /// By an UNSUBACK.
    Unsubscribe { filter: TopicFilter },
}

/// The unanswered requests of one connection.
#[derive(Debug, Default)]
pub(super) struct Requests(BTreeMap<PacketId, Request>);

impl Requests {
    pub(super) fn insert(&mut self, packet_id: PacketId, request: Request) {
        self.0.insert(packet_id, request);
    }

    /// The connection is gone, and no answer will come.
    pub(super) fn take_all(&mut self) -> impl Iterator<Item = PacketId> + use<> {
        std::mem::take(&mut self.0).into_keys()
    }

    /// SUBACK: it must answer every filter of a SUBSCRIBE.
    pub(super) fn subscribed(&mut self, suback: &SubAck) -> Result<(), SessionError> {
        match self.0.get(&suback.packet_id) {
            Some(Request::Subscribe { filters }) if *filters == suback.reasons.len() => {
                self.0.remove(&suback.packet_id);
                Ok(())
            }
            Some(Request::Subscribe { .. }) => {
                Err(SessionError::Unexpected("a SUBACK has not one code for each filter"))
            }
            _ => Err(SessionError::WrongAcknowledgement("SUBACK", suback.packet_id)),
        }
    }

    /// UNSUBACK: gives the filter it is about.
    pub(super) fn unsubscribed(
        &mut self,
        unsuback: &UnsubAck,
    ) -> Result<TopicFilter, SessionError> {
        match self.0.remove(&unsuback.packet_id) {
            Some(Request::Unsubscribe { filter }) => Ok(filter),
            _ => Err(SessionError::WrongAcknowledgement("UNSUBACK", unsuback.packet_id)),
        }
    }
}

impl<P: Clone> Session<P> {
    /// Queues a SUBSCRIBE.
    pub fn subscribe(
        &mut self,
        filters: Vec<SubscribeFilter>,
        properties: Properties,
    ) -> Result<(), LimitError> {
        let packet_id = self.packet_ids.take().ok_or(LimitError::NoPacketId)?;
        let request = Request::Subscribe { filters: filters.len() };
        let packet = Outgoing::Subscribe(Subscribe { packet_id, filters, properties });
        self.request(packet_id, request, packet)
    }

    /// Queues an UNSUBSCRIBE.
    pub fn unsubscribe(
        &mut self,
        filter: TopicFilter,
        properties: Properties,
    ) -> Result<(), LimitError> {
        let packet_id = self.packet_ids.take().ok_or(LimitError::NoPacketId)?;
        let request = Request::Unsubscribe { filter: filter.clone() };
        let packet = Outgoing::Unsubscribe(Unsubscribe { packet_id, filter, properties });
        self.request(packet_id, request, packet)
    }

    fn request(
        &mut self,
        packet_id: PacketId,
        request: Request,
        packet: Outgoing,
    ) -> Result<(), LimitError> {
        let limit = self.limits.unwrap_or_default().maximum_packet_size;
        let length = packet.packet_length();
        if length > limit {
            self.packet_ids.release(packet_id);
            return Err(LimitError::TooLarge { packet: packet.name(), length, limit });
        }
        self.requests.insert(packet_id, request);
        self.send(packet);
        Ok(())
    }
}
