//! Leaving when nothing comes any more (`--idle-exit`).

use std::time::{Duration, Instant};

use mqtt_core::client::{Client, wait_until};

/// The time without a message.
///
/// When it has passed, a ping asks whether there is nothing indeed: a broker answers in order, so
/// that what only waited for us (a reader of stdout was slow, the whole program was stopped) comes
/// before the answer.
#[derive(Debug)]
pub(crate) struct Idle {
    limit: Duration,
    clock: fn() -> Instant,
    stage: Stage,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// The subscription is not answered: there is nothing to wait for.
    Stopped,
    /// Something has come just now.
    Heard,
    /// Nothing has come since, and the time will have passed then.
    Waiting(Instant),
    /// It has, and the ping is on its way.
    Asked,
}

impl Idle {
    pub(crate) fn new(limit: Duration, clock: fn() -> Instant) -> Self {
        Self { limit, clock, stage: Stage::Stopped }
    }

    /// A new connection: it is not subscribed yet.
    pub(crate) fn stop(&mut self) {
        self.stage = Stage::Stopped;
    }

    /// The subscription is answered, or a message has come.
    pub(crate) fn begin(&mut self) {
        self.stage = Stage::Heard;
    }

    /// Looks at the clock. While something is still to be written or acknowledged, the broker may
    /// be the one that waits.
    pub(crate) fn look(&mut self, client: &mut Client) {
        match self.stage {
            Stage::Heard => self.stage = Stage::Waiting((self.clock)() + self.limit),
            Stage::Waiting(due) => {
                let now = (self.clock)();
                if now < due {
                    return;
                }
                if client.owes_acknowledgement() || !client.console().is_settled() {
                    self.stage = Stage::Waiting(now + self.limit);
                    return;
                }
                client.ping();
                self.stage = Stage::Asked;
            }
            Stage::Stopped | Stage::Asked => {}
        }
    }

    /// The ping is answered. Whether nothing has come before that.
    pub(crate) fn answered(&self) -> bool {
        self.stage == Stage::Asked
    }

    /// Waits until it is time to look. Cancel-safe.
    pub(crate) async fn due(&self) {
        match self.stage {
            Stage::Waiting(due) => wait_until(due).await,
            Stage::Stopped | Stage::Heard | Stage::Asked => std::future::pending().await,
        }
    }
}
