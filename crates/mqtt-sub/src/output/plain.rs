//! The payload as it is, with or without its topic.

use bytes::Bytes;
use mqtt_core::console::{Console, Stream};
use mqtt_core::session::ReceivedMessage;

use super::LineEnd;

/// What stands for an empty payload behind its topic.
const EMPTY: &[u8] = b"(null)";

/// The payload and a line end; nothing at all for an empty one.
pub(super) fn payload<R>(payload: Bytes, end: LineEnd, console: &mut Console<R>) {
    if payload.is_empty() {
        return;
    }
    console.print_payload(Stream::Stdout, payload);
    line_end(end, console);
}

/// The topic, a blank, the payload and a line end; without a line end, nothing at all for an
/// empty payload, as the original has it.
pub(super) fn topic_and_payload<R>(
    message: ReceivedMessage,
    end: LineEnd,
    console: &mut Console<R>,
) {
    if message.payload.is_empty() && end == LineEnd::Nothing {
        return;
    }
    console.print(Stream::Stdout, |out| {
        out.extend_from_slice(message.topic.as_str().as_bytes());
        out.push(b' ');
        if message.payload.is_empty() {
            out.extend_from_slice(EMPTY);
        }
    });
    console.print_payload(Stream::Stdout, message.payload);
    line_end(end, console);
}

/// The newline behind a message, where one is wanted.
pub(super) fn line_end<R>(end: LineEnd, console: &mut Console<R>) {
    if end == LineEnd::Newline {
        console.print(Stream::Stdout, |out| out.push(b'\n'));
    }
}
