//! Control characters in what the broker sent, where they would reach a terminal.

use std::io::Write;

use bytes::Bytes;
use mqtt_core::console::{Console, Stream};
use mqtt_core::visible;

/// What becomes of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Controls {
    /// They are written: every byte as it came.
    Raw,
    /// They are spelled out, so that a terminal does not obey a publisher.
    Escaped,
}

/// Where written bytes come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    /// From the user's format or the clock.
    Own,
    /// From the message.
    Message,
    /// From the message, as JSON.
    Json,
}

impl Controls {
    /// Writes bytes of a message; without a copy where they are many and raw.
    pub(super) fn print<R>(self, bytes: Bytes, console: &mut Console<R>) {
        match self {
            Self::Raw => console.print_payload(Stream::Stdout, bytes),
            Self::Escaped => {
                console.print(Stream::Stdout, |out| visible::append(&bytes, out));
            }
        }
    }

    /// Settles what stands in `out` from `start` on.
    pub(super) fn settle(self, origin: Origin, start: usize, out: &mut Vec<u8>) {
        let spell = match (self, origin) {
            (Self::Raw, _) | (_, Origin::Own) => return,
            (Self::Escaped, Origin::Message) => visible::append,
            (Self::Escaped, Origin::Json) => append_json,
        };
        let written = out.split_off(start);
        spell(&written, out);
    }
}

/// JSON itself has no control characters but line breaks and tabs, and its strings may have DEL
/// and C1 in them, which have an escape there like any other character.
fn append_json(json: &[u8], out: &mut Vec<u8>) {
    for chunk in json.utf8_chunks() {
        for c in chunk.valid().chars() {
            let _ = match c {
                '\u{7f}'..='\u{9f}' => write!(out, "\\u{:04x}", u32::from(c)),
                c => write!(out, "{c}"),
            };
        }
    }
}
