//! `-F`: the format string becomes segments once, and every message is written segment by
//! segment.

mod pad;
mod parse;
mod payload;
#[cfg(test)]
mod tests;

use std::io::Write;

use mqtt_core::console::{Console, Stream};
use mqtt_core::protocol::{PacketId, PropertyId, Value};
use mqtt_core::session::ReceivedMessage;

use super::Problem;
use super::controls::{Controls, Origin};
use super::json::{self, Style};
use super::time::Stamp;
use pad::Field;
pub(crate) use parse::TemplateError;
use payload::Case;

/// A format that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Template(Vec<Segment>);

/// One thing to write.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Segment {
    Text(Box<[u8]>),
    Conversion(Conversion, Field),
    /// `@` and a letter, as a conversion of [`super::time`].
    Time(&'static str),
    /// `@N`.
    Nanoseconds,
}

/// What a letter behind `%` stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Conversion {
    Base64,
    Double,
    Float,
    Hexadecimal(Case),
    Iso8601,
    JsonWithText,
    JsonWithValue,
    PacketIdentifier,
    Payload,
    PayloadLength,
    Property(PropertyConversion),
    Qos,
    Retain,
    Topic,
    UnixTime,
}

/// What only messages of MQTT 5 have, and those not always.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum PropertyConversion {
    ContentType,
    CorrelationData,
    MessageExpiry,
    PayloadFormat,
    ResponseTopic,
    SubscriptionIdentifier,
    TopicAlias,
    UserProperties,
}

/// What there is to write: a message, when it came, and how JSON looks.
#[derive(Debug)]
pub(super) struct Scene<'a> {
    message: &'a ReceivedMessage,
    stamp: Stamp<'a>,
    style: Style,
}

impl<'a> Scene<'a> {
    pub(super) fn new(message: &'a ReceivedMessage, stamp: Stamp<'a>, style: Style) -> Self {
        Self { message, stamp, style }
    }
}

impl Template {
    /// Reads a format: any bytes.
    pub(crate) fn parse(format: &[u8]) -> Result<Self, TemplateError> {
        parse::parse(format).map(Self)
    }

    /// Writes a message to stdout. Tells what could not be written.
    pub(super) fn write<R>(
        &self,
        scene: &Scene<'_>,
        controls: Controls,
        console: &mut Console<R>,
    ) -> Vec<Problem> {
        let mut problems = Vec::new();
        for segment in &self.0 {
            if segment.is_whole_payload() {
                // Not copied where it is large.
                controls.print(scene.message.payload.clone(), console);
                continue;
            }
            console.print(Stream::Stdout, |out| {
                let start = out.len();
                problems.extend(segment.append(scene, out).err());
                controls.settle(segment.origin(), start, out);
            });
        }
        problems
    }
}

impl Segment {
    fn is_whole_payload(&self) -> bool {
        matches!(self, Self::Conversion(Conversion::Payload, field) if field.width == 0)
    }

    fn origin(&self) -> Origin {
        match self {
            Self::Text(_) | Self::Time(_) | Self::Nanoseconds => Origin::Own,
            Self::Conversion(Conversion::JsonWithText | Conversion::JsonWithValue, _) => {
                Origin::Json
            }
            Self::Conversion(..) => Origin::Message,
        }
    }

    /// Appends what the message has for it. With a problem, nothing is appended.
    fn append(&self, scene: &Scene<'_>, out: &mut Vec<u8>) -> Result<(), Problem> {
        match self {
            Self::Text(text) => out.extend_from_slice(text),
            Self::Conversion(conversion, field) => return conversion.append(*field, scene, out),
            Self::Time(conversion) => scene.stamp.write(conversion, out),
            Self::Nanoseconds => scene.stamp.nanoseconds(out),
        }
        Ok(())
    }
}

impl Conversion {
    fn append(self, field: Field, scene: &Scene<'_>, out: &mut Vec<u8>) -> Result<(), Problem> {
        let Scene { message, stamp, style } = scene;
        match self {
            Self::Payload => payload::raw(&message.payload, field, out),
            Self::Hexadecimal(case) => payload::hexadecimal(&message.payload, field, case, out),
            Self::Base64 => payload::base64(&message.payload, field, out),
            Self::Float => return append_float(message, FLOAT, field, out),
            Self::Double => return append_float(message, DOUBLE, field, out),
            Self::JsonWithText => json::message_with_text(message, stamp, *style, out),
            Self::JsonWithValue => {
                return json::message_with_value(message, stamp, *style, out).map_err(|cause| {
                    let topic = message.topic.as_str().to_owned();
                    Problem::NotJson { topic, cause: cause.to_string() }
                });
            }
            Self::Topic => field.text(message.topic.as_str().as_bytes(), out),
            Self::PayloadLength => field.number(message.payload.len() as u64, out),
            Self::PacketIdentifier => {
                let identifier = message.packet_id.map_or(0, PacketId::number);
                field.number(u64::from(identifier), out);
            }
            Self::Qos => out.push(b'0' + message.qos.level()),
            Self::Retain => out.push(if message.retain { b'1' } else { b'0' }),
            Self::UnixTime => stamp.unix(out),
            Self::Iso8601 => {
                let start = out.len();
                stamp.iso_8601(out);
                field.finish_text(start, out);
            }
            Self::Property(property) => property.append(field, message, out),
        }
        Ok(())
    }
}

impl PropertyConversion {
    fn append(self, field: Field, message: &ReceivedMessage, out: &mut Vec<u8>) {
        let number = |id, out: &mut Vec<u8>| match message.properties.number(id) {
            Some(number) => field.number(u64::from(number), out),
            None => field.absent(out),
        };
        match self {
            Self::TopicAlias => number(PropertyId::TopicAlias, out),
            Self::MessageExpiry => number(PropertyId::MessageExpiryInterval, out),
            Self::PayloadFormat => number(PropertyId::PayloadFormatIndicator, out),
            Self::SubscriptionIdentifier => number(PropertyId::SubscriptionIdentifier, out),
            Self::ContentType => match message.properties.text(PropertyId::ContentType) {
                Some(text) => field.text(text.as_str().as_bytes(), out),
                None => field.absent(out),
            },
            Self::ResponseTopic => {
                // Alone among the texts it leaves no gap, in the originals as well.
                if let Some(topic) = message.properties.text(PropertyId::ResponseTopic) {
                    field.text(topic.as_str().as_bytes(), out);
                }
            }
            Self::CorrelationData => {
                let data = message.properties.value(PropertyId::CorrelationData);
                if let Some(Value::Binary(data)) = data {
                    out.extend_from_slice(&data);
                }
            }
            Self::UserProperties => append_user_properties(message, out),
        }
    }
}

/// `k:v k:v`.
fn append_user_properties(message: &ReceivedMessage, out: &mut Vec<u8>) {
    let mut separator = "";
    for property in &message.properties {
        if let Value::Pair(key, value) = property.value {
            let _ = write!(out, "{separator}{key}:{value}");
            separator = " ";
        }
    }
}

/// A type of number that a payload may hold.
#[derive(Clone, Copy)]
struct FloatType {
    conversion: char,
    length: usize,
    read: fn(&[u8]) -> Option<f64>,
}

const FLOAT: FloatType = FloatType { conversion: 'f', length: 4, read: payload::float };
const DOUBLE: FloatType = FloatType { conversion: 'd', length: 8, read: payload::double };

fn append_float(
    message: &ReceivedMessage,
    FloatType { conversion, length: wanted, read }: FloatType,
    field: Field,
    out: &mut Vec<u8>,
) -> Result<(), Problem> {
    let Some(number) = read(&message.payload) else {
        let (topic, length) = (message.topic.as_str().to_owned(), message.payload.len());
        return Err(Problem::NotFloat { topic, conversion, length, wanted });
    };
    field.float(number, out);
    Ok(())
}
