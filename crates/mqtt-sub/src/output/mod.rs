//! How messages look: the only room that writes payloads. Knows neither the client nor exit
//! statuses.

mod plain;

use mqtt_core::console::Console;
use mqtt_core::session::ReceivedMessage;

/// How a message is written.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Format {
    pub(crate) layout: Layout,
    pub(crate) end: LineEnd,
}

/// What is written of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Layout {
    /// The payload; nothing at all where it is empty.
    Payload,
    /// The topic, a blank and the payload (`-v`).
    TopicAndPayload,
}

/// What follows a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LineEnd {
    Newline,
    /// `-N`.
    Nothing,
}

impl Format {
    /// Writes a message to stdout.
    pub(crate) fn write<R>(self, message: ReceivedMessage, console: &mut Console<R>) {
        match self.layout {
            Layout::Payload => plain::payload(message.payload, self.end, console),
            Layout::TopicAndPayload => plain::topic_and_payload(message, self.end, console),
        }
    }
}
