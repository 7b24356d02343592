//! The publisher, as a library so that fuzzing reaches it: the tool is [`main`].

mod args;
mod error;
mod generated;
mod plan;
mod publisher;
mod response;
mod run;
mod source;
mod tally;
mod unsent;

use std::error::Error;
use std::ffi::OsStr;
use std::process::ExitCode;

use bytes::Bytes;
use mqtt_core::invocation::Tool;
use mqtt_core::protocol::TopicName;
use mqtt_core::session::Message;

use source::{LineFormat, LineFormatError};

/// Runs mqtt-pub with the words of this process and gives its status.
#[must_use]
pub fn main() -> ExitCode {
    mqtt_core::cli::run(Tool::Pub, run::run)
}

/// Reads a line of `--json-lines`. The error says what is wrong with it.
pub fn read_record(line: &Bytes) -> Result<Message<Bytes>, impl Error + use<>> {
    source::read_record(line).map(|(topic, head, payload)| head.message(topic, payload))
}

/// Takes a line apart as `--line-format format` says. The outer error says what is wrong with the
/// format, the inner one what with the line.
pub fn read_line(
    format: &OsStr,
    line: &Bytes,
) -> Result<Result<(TopicName, Bytes), impl Error + use<>>, impl Error + use<>> {
    Ok::<_, LineFormatError>(LineFormat::parse(format)?.read(line))
}
