//! Where the retained messages end (`--retained-only`): MQTT does not say it, but a broker answers
//! in order, so that what it had retained comes before the answer to a ping behind the SUBSCRIBE.

use mqtt_core::client::Client;
use mqtt_core::protocol::Qos;
use mqtt_core::session::ReceivedMessage;

/// The ping behind the retained messages.
///
/// At QoS 1 and 2 a broker sends no more at a time than may be unacknowledged, and answers the
/// ping before the rest. So a ping counts only if everything was acknowledged before it and
/// nothing of the kind came before its answer; else there is another one.
#[derive(Debug)]
pub(crate) struct Fence(Stage);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// There is no ping on its way.
    Unasked,
    Asked,
    /// Messages came behind the ping: others may wait for their acknowledgements.
    Crossed,
}

impl Fence {
    pub(crate) fn new() -> Self {
        Self(Stage::Unasked)
    }

    /// A new connection: what was asked on the last one is not answered any more.
    pub(crate) fn connected(&mut self) {
        self.0 = Stage::Unasked;
    }

    /// The subscription is answered: asks, as soon as nothing is left to acknowledge.
    pub(crate) fn ask(&mut self, client: &mut Client) {
        if self.0 == Stage::Unasked && !client.owes_acknowledgement() {
            client.ping();
            self.0 = Stage::Asked;
        }
    }

    /// A message has come.
    pub(crate) fn message(&mut self, message: &ReceivedMessage) {
        if self.0 == Stage::Asked && message.qos != Qos::AtMostOnce {
            self.0 = Stage::Crossed;
        }
    }

    /// The ping is answered. Whether everything retained has come.
    pub(crate) fn answered(&mut self) -> bool {
        let last = self.0 == Stage::Asked;
        self.0 = Stage::Unasked;
        last
    }
}
