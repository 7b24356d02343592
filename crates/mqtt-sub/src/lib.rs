//! The subscriber, as a library so that fuzzing reaches it: the tool is [`main`].

mod args;
mod changes;
mod commands;
mod error;
mod exec;
mod exec_args;
mod fence;
mod filter;
mod folder_args;
mod generated;
mod idle;
mod listener;
mod output;
mod plan;
mod rate;
mod removal;
mod rules;
mod run;
mod sampling;
mod subscriber;
mod subscription;

use std::error::Error;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::SystemTime;

use mqtt_core::console::Console;
use mqtt_core::invocation::Tool;
use mqtt_core::protocol::TopicName;
use mqtt_core::session::ReceivedMessage;

use output::{
    Controls, Display, Format, JsonPayload, Layout, LineEnd, LocalZone, Style, Template,
    TemplateError,
};

/// Runs mqtt-sub with the words of this process and gives its status.
#[must_use]
pub fn main() -> ExitCode {
    mqtt_core::cli::run(Tool::Sub, run::run)
}

/// A message that came at `received` as a line of `--json`, without its newline.
#[must_use]
pub fn record(message: &ReceivedMessage, received: SystemTime) -> Vec<u8> {
    let mut line = Vec::new();
    let zone = LocalZone::default();
    output::record(message, &zone.stamp(received), JsonPayload::Text, &mut line);
    line
}

/// Where `--output-dir` has the messages of a topic, below its folder.
#[must_use]
pub fn file_of(topic: &TopicName) -> PathBuf {
    output::file_of(topic)
}

/// Writes a message that came at `received` to stdout as `-F format` has it on a terminal. The
/// error says what is wrong with the format.
pub fn show_formatted<R>(
    format: &[u8],
    message: ReceivedMessage,
    received: SystemTime,
    console: &mut Console<R>,
) -> Result<(), impl Error + use<R>> {
    let template = Template::parse(format)?;
    let format = Format {
        layout: Layout::Template(template, Style::Pretty),
        end: LineEnd::Newline,
        controls: Controls::Escaped,
        zone: LocalZone::default(),
    };
    // What this message has nothing for is no fault of the format.
    let _ = Display { format, screen: None }.show(message, || received, console);
    Ok::<(), TemplateError>(())
}
