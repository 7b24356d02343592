//! `--json`: all that a message carries, on one line, each thing once and exactly, so that it can be
//! published again.

use mqtt_core::protocol::PacketId;
use mqtt_core::session::ReceivedMessage;

use super::writer::{Nesting, Style, Writer};
use super::{PAYLOAD, base64, properties, raw};
use crate::output::time::Stamp;

/// What a payload that is JSON becomes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum JsonPayload {
    /// A string, like any text: byte for byte what came.
    Text,
    /// The value that it is.
    Value,
}

/// Appends the object, without a line break anywhere.
pub(crate) fn record(
    message: &ReceivedMessage,
    stamp: &Stamp<'_>,
    form: JsonPayload,
    out: &mut Vec<u8>,
) {
    let mut writer = Writer::new(out, Style::Compact);
    writer.open(Nesting::Object);
    writer.key("time");
    writer.ascii(|out| stamp.rfc_3339(out));
    writer.key("topic");
    writer.string(message.topic.as_str().as_bytes());
    writer.key("qos");
    writer.number(u64::from(message.qos.level()));
    writer.key("retain");
    writer.word(if message.retain { "true" } else { "false" });
    writer.key("dup");
    writer.word(if message.dup { "true" } else { "false" });
    if let Some(packet_id) = message.packet_id.map(PacketId::number) {
        writer.key("packet_id");
        writer.number(u64::from(packet_id));
    }
    if !message.properties.is_empty() {
        writer.key("properties");
        properties(&message.properties, base64, &mut writer);
    }
    payload(&message.payload, form, &mut writer);
    writer.close(Nesting::Object);
}

/// One of three members, so that nobody has to guess what a string stands for.
fn payload(payload: &[u8], form: JsonPayload, writer: &mut Writer<'_>) {
    let text = str::from_utf8(payload).ok();
    let value = text.filter(|_| form == JsonPayload::Value).and_then(|text| raw(text).ok());
    match (value, text) {
        (Some(value), _) => {
            writer.key("payload_json");
            writer.on_one_line(value.as_bytes());
        }
        (None, Some(text)) => {
            writer.key(PAYLOAD.text);
            writer.string(text.as_bytes());
        }
        (None, None) => base64(PAYLOAD, payload, writer),
    }
}
