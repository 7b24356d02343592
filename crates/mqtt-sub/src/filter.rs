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
    /// `--retained-only`: they are all there is to show.
    Only,
}

/// What becomes of them at the broker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stored {
    Kept,
    /// `--remove-retained`: those that `-T` does not leave out go.
    Removed,
}

/// What becomes of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Shown,
    /// `-T` leaves it out.
    FilteredOut,
    /// `-R` leaves it out.
    Retained,
    /// It was not retained: those that were have all come (`--retained-only`).
    NotRetained,
}

impl MessageFilter {
    /// What becomes of a message.
    pub(crate) fn judge(&self, message: &ReceivedMessage) -> Verdict {
        if self.retained == Retained::Only && !message.retain {
            return Verdict::NotRetained;
        }
        if self.hidden.iter().any(|filter| filter.matches(&message.topic)) {
            return Verdict::FilteredOut;
        }
        if self.retained == Retained::Hidden && message.retain {
            return Verdict::Retained;
        }
        Verdict::Shown
    }
}
