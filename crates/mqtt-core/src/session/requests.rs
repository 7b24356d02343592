//! SUBSCRIBEs and UNSUBSCRIBEs that the broker has not answered yet.

use super::SessionError;
use crate::protocol::{PacketId, SubAck, UnsubAck};

/// What is to be answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Request {
    /// By a SUBACK with so many codes.
    Subscribe { filters: usize },
    /// By an UNSUBACK.
    Unsubscribe,
}

/// The unanswered requests of one connection.
#[derive(Debug, Default)]
pub(super) struct Requests(Vec<(PacketId, Request)>);

impl Requests {
    pub(super) fn insert(&mut self, packet_id: PacketId, request: Request) {
        self.0.push((packet_id, request));
    }

    /// The connection is gone, and no answer will come.
    pub(super) fn take_all(&mut self) -> impl Iterator<Item = PacketId> + use<> {
        std::mem::take(&mut self.0).into_iter().map(|(packet_id, _)| packet_id)
    }

    /// SUBACK: it must answer every filter of a SUBSCRIBE.
    pub(super) fn subscribed(&mut self, suback: &SubAck) -> Result<(), SessionError> {
        match self.find(suback.packet_id) {
            Some(Request::Subscribe { filters }) if filters == suback.reasons.len() => {
                self.remove(suback.packet_id);
                Ok(())
            }
            Some(Request::Subscribe { .. }) => {
                Err(SessionError::Unexpected("a SUBACK has not one code for each filter"))
            }
            _ => Err(SessionError::WrongAcknowledgement("SUBACK", suback.packet_id)),
        }
    }

    /// UNSUBACK.
    pub(super) fn unsubscribed(&mut self, unsuback: &UnsubAck) -> Result<(), SessionError> {
        if self.find(unsuback.packet_id) != Some(Request::Unsubscribe) {
            return Err(SessionError::WrongAcknowledgement("UNSUBACK", unsuback.packet_id));
        }
        self.remove(unsuback.packet_id);
        Ok(())
    }

    fn find(&self, packet_id: PacketId) -> Option<Request> {
        self.0.iter().find(|(id, _)| *id == packet_id).map(|(_, request)| *request)
    }

    fn remove(&mut self, packet_id: PacketId) {
        self.0.retain(|(id, _)| *id != packet_id);
    }
}
