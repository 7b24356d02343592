//! How messages look: the only room that writes payloads. Knows neither the client nor exit
//! statuses.

mod format;
mod json;
mod plain;
mod time;

use std::time::SystemTime;

use mqtt_core::console::Console;
use mqtt_core::session::ReceivedMessage;

pub(crate) use format::Template;
pub(crate) use json::Style;
pub(crate) use time::LocalZone;

use format::Scene;

/// How a message is written.
#[derive(Debug)]
pub(crate) struct Format {
    pub(crate) layout: Layout,
    pub(crate) end: LineEnd,
    /// Where times are shown.
    pub(crate) zone: LocalZone,
}

/// What is written of a message.
#[derive(Debug)]
pub(crate) enum Layout {
    /// The payload; nothing at all where it is empty.
    Payload,
    /// The topic, a blank and the payload (`-v`).
    TopicAndPayload,
    /// What the user wants (`-F`).
    Template(Template, Style),
}

/// What follows a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LineEnd {
    Newline,
    /// `-N`.
    Nothing,
}

/// A conversion of the format that this message has nothing for; the rest was written.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Problem {
    /// `%J`.
    #[error("the payload on topic '{topic}' is not JSON: {cause}")]
    NotJson { topic: String, cause: String },
    /// `%f`, `%d`.
    #[error(
        "the payload on topic '{topic}' is no number for '%{conversion}': \
         it has {length} bytes instead of {wanted}"
    )]
    NotFloat { topic: String, conversion: char, length: usize, wanted: usize },
}

impl Format {
    /// Writes a message that came at `received` to stdout. Tells what could not be written.
    pub(crate) fn write<R>(
        &self,
        message: ReceivedMessage,
        received: SystemTime,
        console: &mut Console<R>,
    ) -> Vec<Problem> {
        match &self.layout {
            Layout::Payload => plain::payload(message.payload, self.end, console),
            Layout::TopicAndPayload => plain::topic_and_payload(message, self.end, console),
            Layout::Template(template, style) => {
                let scene = Scene::new(&message, self.zone.stamp(received), *style);
                let problems = template.write(&scene, console);
                plain::line_end(self.end, console);
                return problems;
            }
        }
        // Costs no allocation.
        Vec::new()
    }
}
