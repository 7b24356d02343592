//! The session's clock: what the passing of time and the traffic mean, and what pings are sent for.

use std::time::Instant;

use super::keep_alive::Due;
use super::{Phase, Reading, Session, SessionError};
use crate::protocol::Outgoing;

impl<P: Clone> Session<P> {
    /// Queues a PINGREQ whose answer is told by [`super::Event::Pong`]. Packets are answered in
    /// order: what the broker had to say to everything sent before comes before it. At most one
    /// is awaited at a time, the last.
    pub fn ping(&mut self) {
        self.send_ping();
        self.pings.await_last();
    }

    fn send_ping(&mut self) {
        self.send(Outgoing::PingReq);
        self.pings.sent();
    }

    /// Bytes went to the broker; so many still wait to go.
    pub fn sent(&mut self, now: Instant, waiting: usize) {
        self.keep_alive.sent(now, waiting);
    }

    /// Bytes came from the broker.
    pub fn received(&mut self, now: Instant) {
        self.keep_alive.received(now);
    }

    /// Whether bytes from the broker are read at the moment, or left lying because our own output
    /// is stuck.
    pub fn set_reading(&mut self, reading: Reading, now: Instant) {
        self.keep_alive.set_reading(reading, now);
    }

    /// When [`Self::handle_deadline`] must be called, unless something happens before.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        // Until CONNACK the time limit for connecting holds, and PINGREQ may not be sent.
        match self.phase {
            Phase::Offline | Phase::Connecting => None,
            Phase::Connected | Phase::Disconnecting => self.keep_alive.deadline(),
        }
    }

    /// The deadline has come: a ping is due, or the broker is given up.
    pub fn handle_deadline(&mut self, now: Instant) -> Result<(), SessionError> {
        match self.keep_alive.due(now) {
            Due::Nothing => Ok(()),
            Due::Ping => {
                self.send_ping();
                Ok(())
            }
            Due::GivenUp(interval) => Err(SessionError::KeepAlive { interval }),
        }
    }
}
