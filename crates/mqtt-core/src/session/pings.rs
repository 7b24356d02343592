//! PINGREQs on their way: which PINGRESP answers the one that somebody waits for.

use super::Event;

/// The unanswered PINGREQs of one connection, those of the keep-alive among them. Answers come in
/// order, so counting is enough.
#[derive(Debug, Default)]
pub(super) struct Pings {
    unanswered: usize,
    /// The so manieth answer from now on is the awaited one.
    awaited: Option<usize>,
}

impl Pings {
    pub(super) fn sent(&mut self) {
        self.unanswered += 1;
    }

    /// Somebody waits for the answer to the last one.
    pub(super) fn await_last(&mut self) {
        self.awaited = Some(self.unanswered);
    }

    /// PINGRESP.
    pub(super) fn answered<P>(&mut self) -> Option<Event<P>> {
        self.unanswered = self.unanswered.saturating_sub(1);
        let left = self.awaited?.saturating_sub(1);
        self.awaited = (left > 0).then_some(left);
        (left == 0).then_some(Event::Pong)
    }
}
