//! Which messages are shown.

use mqtt_core::protocol::TopicFilter;
use mqtt_core::session::ReceivedMessage;

/// Which messages are shown, and counted.
#[derive(Debug)]
pub(crate) struct MessageFilter {
    /// Messages on these topics are left out (`-T`).
    pub(crate) hidden: Vec<TopicFilter>,
    pub(crate) retained: Retained,
}

/// What becomes of messages the broker had retained.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Retained {
    Shown,
    /// `-R`.
    Hidden,
}

impl MessageFilter {
    /// Whether a message is shown.
    pub(crate) fn admits(&self, message: &ReceivedMessage) -> bool {
        if self.retained == Retained::Hidden && message.retain {
            return false;
        }
        !self.hidden.iter().any(|filter| filter.matches(&message.topic))
    }
}
