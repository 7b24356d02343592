//! The payload as it is, with or without its topic.

use bytes::Bytes;
use mqtt_core::console::{Console, Stream};
use mqtt_core::session::ReceivedMessage;

use super::LineEnd;
use super::controls::{Controls, Origin};

/// What stands for an empty payload behind its topic.
const EMPTY: &[u8] = b"(null)";

/// The payload and a line end; nothing at all for an empty one.
pub(super) fn payload<R>(
    payload: Bytes,
    controls: Controls,
    end: LineEnd,
    console: &mut Console<R>,
) {
    if payload.is_empty() {
        return;
    }
    controls.print(payload, console);
    line_end(end, console);
}

/// The topic, a blank, the payload and a line end; without a line end, nothing at all for an
/// empty payload, as the original has it.
pub(super) fn topic_and_payload<R>(
    message: ReceivedMessage,
    controls: Controls,
    end: LineEnd,
    console: &mut Console<R>,
) {
    if message.payload.is_empty() && end == LineEnd::Nothing {
        return;
    }
    console.print(Stream::Stdout, |out| {
        let start = out.len();
        out.extend_from_slice(message.topic.as_str().as_bytes());
        controls.settle(Origin::Message, start, out);
        out.push(b' ');
        if message.payload.is_empty() {
            out.extend_from_slice(EMPTY);
        }
    });
    controls.print(message.payload, console);
    line_end(end, console);
}

/// The newline behind a message, where one is wanted.
pub(super) fn line_end<R>(end: LineEnd, console: &mut Console<R>) {
    if end == LineEnd::Newline {
        console.print(Stream::Stdout, |out| out.push(b'\n'));
    }
}
