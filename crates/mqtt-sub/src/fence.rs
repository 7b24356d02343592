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
pub(crate) struct Fence {
    stage: Stage,
    /// Whether a retained message has come.
    found: Found,
}

/// What has come before the fence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Found {
    Nothing,
    Something,
}

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
        Self { stage: Stage::Unasked, found: Found::Nothing }
    }

    /// Whether the broker has sent nothing that it had retained.
    pub(crate) fn is_empty(&self) -> bool {
        self.found == Found::Nothing
    }

    /// A new connection: what was asked on the last one is not answered any more.
    pub(crate) fn connected(&mut self) {
        self.stage = Stage::Unasked;
    }

    /// The subscription is answered: asks, as soon as nothing is left to acknowledge.
    pub(crate) fn ask(&mut self, client: &mut Client) {
        if self.stage == Stage::Unasked && !client.owes_acknowledgement() {
            client.ping();
            self.stage = Stage::Asked;
        }
    }

    /// A message has come.
    pub(crate) fn message(&mut self, message: &ReceivedMessage) {
        if message.retain {
            self.found = Found::Something;
        }
        if self.stage == Stage::Asked && message.qos != Qos::AtMostOnce {
            self.stage = Stage::Crossed;
        }
    }

    /// The ping is answered. Whether everything retained has come.
    pub(crate) fn answered(&mut self) -> bool {
        let last = self.stage == Stage::Asked;
        self.stage = Stage::Unasked;
        last
    }
}
