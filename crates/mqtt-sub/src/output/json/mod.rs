//! A message as a JSON object (`%j`, `%J`, `--json`): always valid, and nothing in it rounded, cut
//! or lost.

mod record;
mod writer;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use mqtt_core::protocol::{Properties, PropertyId, Qos, Value};
use mqtt_core::session::ReceivedMessage;
use serde_json::value::RawValue;

use super::time::Stamp;
pub(crate) use record::{JsonPayload, record};

pub(crate) use writer::Style;
use writer::{Nesting, Writer};

/// What may stand in front of a JSON text and is no part of it.
const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

/// The members for bytes that may be a text.
#[derive(Clone, Copy)]
struct Names {
    text: &'static str,
    exact: &'static str,
}

const PAYLOAD: Names = Names { text: "payload", exact: "payload_base64" };

/// Why a payload is not JSON.
#[derive(Debug, thiserror::Error)]
pub(super) enum JsonError {
    #[error("it is not UTF-8 (byte {0})")]
    NotUtf8(usize),
    #[error(transparent)]
    Syntax(#[from] serde_json::Error),
}

/// `%j`: the payload is a string.
pub(super) fn message_with_text(
    message: &ReceivedMessage,
    stamp: &Stamp<'_>,
    style: Style,
    out: &mut Vec<u8>,
) {
    let mut writer = Writer::new(out, style);
    begin(message, stamp, &mut writer);
    if message.payload.is_empty() {
        writer.key("payload");
        writer.word("null");
    } else {
        twice(PAYLOAD, &message.payload, &mut writer);
    }
    writer.close(Nesting::Object);
}

/// `%J`: the payload is the value it holds, copied token by token.
pub(super) fn message_with_value(
    message: &ReceivedMessage,
    stamp: &Stamp<'_>,
    style: Style,
    out: &mut Vec<u8>,
) -> Result<(), JsonError> {
    let value = if message.payload.is_empty() { "null" } else { value(&message.payload)? };
    let mut writer = Writer::new(out, style);
    begin(message, stamp, &mut writer);
    writer.key("payload");
    writer.copy(value.as_bytes());
    writer.close(Nesting::Object);
    Ok(())
}

/// The payload's text, if it is one JSON value (RFC 8259) and nothing else.
fn value(payload: &[u8]) -> Result<&str, JsonError> {
    let payload = payload.strip_prefix(BYTE_ORDER_MARK).unwrap_or(payload);
    let text =
        str::from_utf8(payload).map_err(|error| JsonError::NotUtf8(error.valid_up_to() + 1))?;
    Ok(raw(text)?)
}

/// The JSON value that a text is, without the blanks around it. It is checked, but numbers are not
/// read and keys not looked at.
fn raw(text: &str) -> serde_json::Result<&str> {
    serde_json::from_str::<&RawValue>(text).map(RawValue::get)
}

/// Everything up to the payload.
fn begin(message: &ReceivedMessage, stamp: &Stamp<'_>, writer: &mut Writer<'_>) {
    writer.open(Nesting::Object);
    writer.key("tst");
    writer.ascii(|out| stamp.iso_8601_microseconds(out));
    writer.key("topic");
    writer.string(message.topic.as_str().as_bytes());
    writer.key("qos");
    writer.number(u64::from(message.qos.level()));
    writer.key("retain");
    writer.word(if message.retain { "true" } else { "false" });
    writer.key("payloadlen");
    writer.number(message.payload.len() as u64);
    if let Some(packet_id) = message.packet_id
        && message.qos != Qos::AtMostOnce
    {
        writer.key("mid");
        writer.number(u64::from(packet_id.number()));
    }
    if !message.properties.is_empty() {
        writer.key("properties");
        properties(&message.properties, twice, writer);
    }
}

/// In the order of the wire; what may occur several times stands where the first of it stood. `data`
/// writes correlation data.
fn properties(
    properties: &Properties,
    data: fn(Names, &[u8], &mut Writer<'_>),
    writer: &mut Writer<'_>,
) {
    writer.open(Nesting::Object);
    let mut seen = Seen::default();
    for property in properties {
        match (&property.value, property.id) {
            (Value::Pair(..), _) if !std::mem::replace(&mut seen.pair, true) => {
                user_properties(properties, writer);
            }
            (Value::Variable(_), PropertyId::SubscriptionIdentifier)
                if !std::mem::replace(&mut seen.identifier, true) =>
            {
                subscription_identifiers(properties, writer);
            }
            (Value::Pair(..) | Value::Variable(_), _) => {}
            (Value::Binary(bytes), id) => {
                data(Names { text: id.name(), exact: "correlation-data_base64" }, bytes, writer);
            }
            (Value::Text(text), id) => {
                writer.key(id.name());
                writer.string(text.as_str().as_bytes());
            }
            (Value::Byte(number), id) => number_member(id, u64::from(*number), writer),
            (Value::TwoByte(number), id) => number_member(id, u64::from(*number), writer),
            (Value::FourByte(number), id) => number_member(id, u64::from(*number), writer),
        }
    }
    writer.close(Nesting::Object);
}

/// Which of the properties that may be repeated was written.
#[derive(Default)]
struct Seen {
    pair: bool,
    identifier: bool,
}

fn number_member(id: PropertyId, number: u64, writer: &mut Writer<'_>) {
    writer.key(id.name());
    writer.number(number);
}

/// An array with an object for each: keys may repeat.
fn user_properties(properties: &Properties, writer: &mut Writer<'_>) {
    writer.key("user-properties");
    writer.open(Nesting::Array);
    for property in properties {
        if let Value::Pair(key, value) = property.value {
            writer.element();
            writer.open(Nesting::Object);
            writer.key_of(key.as_str());
            writer.string(value.as_str().as_bytes());
            writer.close(Nesting::Object);
        }
    }
    writer.close(Nesting::Array);
}

/// A number; an array only where several subscriptions match, which the originals do not take.
fn subscription_identifiers(properties: &Properties, writer: &mut Writer<'_>) {
    let numbers = || {
        properties.iter().filter_map(|property| match property.value {
            Value::Variable(number) => Some(u64::from(number)),
            _ => None,
        })
    };
    writer.key(PropertyId::SubscriptionIdentifier.name());
    if numbers().count() == 1 {
        numbers().for_each(|number| writer.number(number));
        return;
    }
    writer.open(Nesting::Array);
    for number in numbers() {
        writer.element();
        writer.number(number);
    }
    writer.close(Nesting::Array);
}

/// Bytes as a string, and exactly in a second member where that string cannot be exact.
fn twice(names: Names, bytes: &[u8], writer: &mut Writer<'_>) {
    writer.key(names.text);
    writer.string(bytes);
    if str::from_utf8(bytes).is_err() {
        base64(names, bytes, writer);
    }
}

/// Bytes in the member for exact ones, and only there.
fn base64(names: Names, bytes: &[u8], writer: &mut Writer<'_>) {
    writer.key(names.exact);
    writer.ascii(|out| out.extend_from_slice(STANDARD.encode(bytes).as_bytes()));
}

#[cfg(test)]
mod tests;
