//! How messages look: the only room that writes payloads. Knows neither the client nor exit
//! statuses.

mod controls;
mod folder;
mod format;
mod json;
mod plain;
mod screen;
mod time;

use std::time::SystemTime;

use mqtt_core::console::{Console, Stream};
use mqtt_core::session::ReceivedMessage;

pub(crate) use controls::Controls;
pub(crate) use folder::{Folder, FolderError, FolderPlan, Keep, file_of};
pub(crate) use format::{Template, TemplateError};
pub(crate) use json::{JsonPayload, Style, record};
pub(crate) use screen::Screen;
pub(crate) use time::LocalZone;

use controls::Origin;
use format::Scene;
use screen::Row;

/// Where messages are written, and how.
#[derive(Debug)]
pub(crate) struct Display {
    pub(crate) format: Format,
    /// `None`: one below the other, for ever.
    pub(crate) screen: Option<Screen>,
}

impl Display {
    /// The broker has let us in.
    pub(crate) fn begin<R>(&mut self, console: &mut Console<R>) {
        if let Some(screen) = &mut self.screen {
            screen.begin(console);
        }
    }

    /// Writes a message to stdout, with the time that `clock` says, where one is shown. Tells what
    /// could not be written.
    pub(crate) fn show<R>(
        &mut self,
        message: ReceivedMessage,
        clock: impl FnOnce() -> SystemTime,
        console: &mut Console<R>,
    ) -> Vec<Problem> {
        let Some(screen) = &mut self.screen else {
            return self.format.write(message, clock, console);
        };
        screen.go_to(&message.topic, Row::Erased, console);
        let problems = self.format.write(message, clock, console);
        screen.leave(console);
        problems
    }

    /// Writes nothing of a message; on a screen its topic has a row all the same, as in the
    /// original.
    pub(crate) fn pass<R>(&mut self, message: &ReceivedMessage, console: &mut Console<R>) {
        if let Some(screen) = &mut self.screen {
            screen.go_to(&message.topic, Row::Kept, console);
            screen.leave(console);
        }
    }
}

/// How a message is written.
#[derive(Debug)]
pub(crate) struct Format {
    pub(crate) layout: Layout,
    pub(crate) end: LineEnd,
    pub(crate) controls: Controls,
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
    /// All of it (`--json`).
    Json(JsonPayload),
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
    fn write<R>(
        &self,
        message: ReceivedMessage,
        clock: impl FnOnce() -> SystemTime,
        console: &mut Console<R>,
    ) -> Vec<Problem> {
        match &self.layout {
            Layout::Payload => plain::payload(message.payload, self.controls, self.end, console),
            Layout::TopicAndPayload => {
                plain::topic_and_payload(message, self.controls, self.end, console);
            }
            Layout::Json(payload) => {
                let stamp = self.zone.stamp(clock());
                console.print(Stream::Stdout, |out| {
                    let start = out.len();
                    record(&message, &stamp, *payload, out);
                    self.controls.settle(Origin::Json, start, out);
                });
                plain::line_end(self.end, console);
            }
            Layout::Template(template, style) => {
                let scene = Scene::new(&message, self.zone.stamp(clock()), *style);
                let problems = template.write(&scene, self.controls, console);
                plain::line_end(self.end, console);
                return problems;
            }
        }
        // Costs no allocation.
        Vec::new()
    }
}
