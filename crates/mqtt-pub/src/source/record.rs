//! A line of JSON as `mqtt-sub --json` writes it, read back into the message it was.
//!
//! Members that are not known are let pass, so that what newer versions write can be published. Two
//! that are known are, too, because they belong to the connection that they came on and not to the
//! message: `subscription-identifier` and `topic-alias`.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use mqtt_core::protocol::property::Carrier;
use mqtt_core::protocol::{Properties, Property, PropertyId, Qos, Text, TopicName, Value};
use serde_core::de::{
    Deserialize, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Unexpected, Visitor,
};
use serde_json::value::RawValue;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::plan::Head;

/// What a line does not say.
#[derive(Debug)]
pub(crate) struct Defaults {
    pub(crate) topic: Option<TopicName>,
    pub(crate) head: Head,
}

/// A recorded message.
#[derive(Debug)]
pub(super) struct Record {
    pub(super) topic: TopicName,
    pub(super) head: Head,
    pub(super) payload: Bytes,
    /// When it came.
    pub(super) time: Option<OffsetDateTime>,
}

/// Why a line is no message.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("column {column}: {cause}")]
pub(crate) struct RecordError {
    /// In bytes, from 1: where reading stopped.
    column: usize,
    cause: String,
}

impl Record {
    pub(super) fn read(line: &Bytes, defaults: &Defaults) -> Result<Self, RecordError> {
        let members: Members<'_> =
            serde_json::from_slice(line).map_err(|error| RecordError::of_json(&error))?;
        let missing = |cause: &str| RecordError { column: line.len(), cause: cause.to_owned() };
        let topic = members.topic.or_else(|| defaults.topic.clone());
        let topic = topic.ok_or_else(|| missing("no topic to publish to"))?;
        let payload = members.payload.ok_or_else(|| {
            missing("none of payload, payload_base64, payload_json (an empty one is \"\")")
        })?;
        let Head { qos, retain, .. } = defaults.head;
        let head = Head {
            qos: members.qos.map_or(qos, |given| given.0),
            retain: members.retain.unwrap_or(retain),
            properties: match members.properties {
                Some(given) => given.0,
                None => defaults.head.properties.clone(),
            },
        };
        Ok(Self { topic, head, payload: payload.into_bytes(line), time: members.time })
    }
}

impl RecordError {
    fn of_json(error: &serde_json::Error) -> Self {
        let text = error.to_string();
        // Its own place: a line is all that it has seen.
        let place = format!(" at line {} column {}", error.line(), error.column());
        let cause = text.strip_suffix(&place).unwrap_or(&text).to_owned();
        Self { column: error.column().max(1), cause }
    }
}

/// The members of the object.
#[derive(Default)]
struct Members<'a> {
    time: Option<OffsetDateTime>,
    topic: Option<TopicName>,
    qos: Option<GivenQos>,
    retain: Option<bool>,
    properties: Option<GivenProperties>,
    payload: Option<Payload<'a>>,
}

/// A payload in one of its forms.
enum Payload<'a> {
    Text(Cow<'a, str>),
    Bytes(Vec<u8>),
    Json(&'a str),
}

impl Payload<'_> {
    /// A slice of the line, where it stands there as it is.
    fn into_bytes(self, line: &Bytes) -> Bytes {
        match self {
            Self::Text(Cow::Borrowed(text)) | Self::Json(text) => line.slice_ref(text.as_bytes()),
            Self::Text(Cow::Owned(text)) => text.into(),
            Self::Bytes(bytes) => bytes.into(),
        }
    }
}

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;

        impl<'de> Visitor<'de> for Object {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Members::default();
                while let Some(Str(name)) = map.next_key()? {
                    members.add(&name, &mut map)?;
                }
                Ok(members)
            }
        }

        deserializer.deserialize_map(Object)
    }
}

impl<'de> Members<'de> {
    fn add<A: MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Result<(), A::Error> {
        match name {
            "time" => once(&mut self.time, name, map.next_value::<Parsed<_>>()?.0),
            "topic" => once(&mut self.topic, name, map.next_value::<Parsed<_>>()?.0),
            "qos" => once(&mut self.qos, name, map.next_value()?),
            "retain" => once(&mut self.retain, name, map.next_value()?),
            "properties" => once(&mut self.properties, name, map.next_value()?),
            "payload" => once(&mut self.payload, name, Payload::Text(map.next_value::<Str>()?.0)),
            "payload_base64" => {
                once(&mut self.payload, name, Payload::Bytes(map.next_value::<Parsed<_>>()?.0))
            }
            "payload_json" => {
                once(&mut self.payload, name, Payload::Json(map.next_value::<&RawValue>()?.get()))
            }
            _ => map.next_value::<IgnoredAny>().map(|_| ()),
        }
    }
}

/// Sets what may be said once.
fn once<T, E: Error>(member: &mut Option<T>, name: &str, value: T) -> Result<(), E> {
    match member.replace(value) {
        None => Ok(()),
        Some(_) if name.starts_with("payload") => {
            Err(E::custom(format_args!("{name} is a second payload")))
        }
        Some(_) => Err(E::custom(format_args!("{name} may be given only once"))),
    }
}

/// A string, without a copy where it has no escapes.
struct Str<'a>(Cow<'a, str>);

impl<'de> Deserialize<'de> for Str<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;

        impl<'de> Visitor<'de> for Any {
            type Value = Str<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Str(Cow::Borrowed(text)))
            }

            fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Str(Cow::Owned(text.to_owned())))
            }
        }

        deserializer.deserialize_str(Any)
    }
}

/// What a string is read as.
trait FromText: Sized {
    /// What is wanted, in words.
    const WANTED: &str;

    /// What is wrong with it is said in words, too.
    fn from_text(text: &str) -> Result<Self, String>;
}

impl FromText for OffsetDateTime {
    const WANTED: &str = "a time";

    fn from_text(text: &str) -> Result<Self, String> {
        Self::parse(text, &Rfc3339).map_err(|_| "a time as in RFC 3339 is wanted".to_owned())
    }
}

impl FromText for TopicName {
    const WANTED: &str = "a topic";

    fn from_text(text: &str) -> Result<Self, String> {
        Self::new(text).map_err(|error| format!("this is no topic name: {error}"))
    }
}

impl FromText for Text {
    const WANTED: &str = "a string";

    fn from_text(text: &str) -> Result<Self, String> {
        Self::new(text).map_err(|error| format!("MQTT cannot carry this text: {error}"))
    }
}

impl FromText for Vec<u8> {
    const WANTED: &str = "base64";

    fn from_text(text: &str) -> Result<Self, String> {
        STANDARD.decode(text).map_err(|error| format!("this is not base64: {error}"))
    }
}

/// A string that was read as something else.
struct Parsed<T>(T);

impl<'de, T: FromText> Deserialize<'de> for Parsed<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct AsText<T>(PhantomData<T>);

        impl<T: FromText> Visitor<'_> for AsText<T> {
            type Value = Parsed<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(T::WANTED)
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
                T::from_text(text).map(Parsed).map_err(E::custom)
            }
        }

        deserializer.deserialize_str(AsText(PhantomData))
    }
}

struct GivenQos(Qos);

impl<'de> Deserialize<'de> for GivenQos {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Level;

        impl Visitor<'_> for Level {
            type Value = GivenQos;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("0, 1 or 2")
            }

            fn visit_u64<E: Error>(self, number: u64) -> Result<Self::Value, E> {
                let qos = u8::try_from(number).ok().and_then(Qos::from_level);
                let wrong = || E::invalid_value(Unexpected::Unsigned(number), &self);
                qos.map(GivenQos).ok_or_else(wrong)
            }
        }

        deserializer.deserialize_u64(Level)
    }
}

/// The properties that are the message's own.
struct GivenProperties(Properties);

impl<'de> Deserialize<'de> for GivenProperties {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;

        impl<'de> Visitor<'de> for Object {
            type Value = GivenProperties;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of properties")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut list = Vec::new();
                while let Some(Str(name)) = map.next_key()? {
                    add_property(&name, &mut map, &mut list)?;
                }
                let properties = Properties::checked(Carrier::Publish, list);
                properties.map(GivenProperties).map_err(A::Error::custom)
            }
        }

        deserializer.deserialize_map(Object)
    }
}

fn add_property<'de, A: MapAccess<'de>>(
    name: &str,
    map: &mut A,
    list: &mut Vec<Property>,
) -> Result<(), A::Error> {
    match name {
        "user-properties" => {
            let pairs: Pairs = map.next_value()?;
            let property = |(key, value)| Property {
                id: PropertyId::UserProperty,
                value: Value::Pair(key, value),
            };
            list.extend(pairs.0.into_iter().map(property));
        }
        "correlation-data_base64" => {
            let Parsed(data) = map.next_value::<Parsed<Vec<u8>>>()?;
            list.push(Property {
                id: PropertyId::CorrelationData,
                value: Value::Binary(data.into()),
            });
        }
        _ => {
            let id = PropertyId::sent_in(Carrier::Publish)
                .find(|id| id.name() == name && *id != PropertyId::TopicAlias);
            match id.map(|id| property_value(id, map)).transpose()? {
                Some(property) => list.push(property),
                None => map.next_value::<IgnoredAny>().map(|_| ())?,
            }
        }
    }
    Ok(())
}

/// One whose name the table has, with a value of its type.
fn property_value<'de, A: MapAccess<'de>>(
    id: PropertyId,
    map: &mut A,
) -> Result<Property, A::Error> {
    let value = match id {
        PropertyId::ResponseTopic => {
            // Nobody can answer on a topic with wildcards (MQTT 5 §3.3.2.3.5).
            let Parsed(topic) = map.next_value::<Parsed<TopicName>>()?;
            Text::new(topic.as_str()).map(Value::Text).map_err(A::Error::custom)?
        }
        PropertyId::ContentType => Value::Text(map.next_value::<Parsed<Text>>()?.0),
        PropertyId::CorrelationData => {
            Value::Binary(map.next_value::<Str<'de>>()?.0.into_owned().into())
        }
        _ => {
            let number: u32 = map.next_value()?;
            let wrong = || A::Error::custom(format_args!("{} cannot be {number}", id.name()));
            id.kind().number(number).ok_or_else(wrong)?
        }
    };
    Ok(Property { id, value })
}

/// Objects of one member each, since keys may repeat.
struct Pairs(Vec<(Text, Text)>);

impl<'de> Deserialize<'de> for Pairs {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Array;

        impl<'de> Visitor<'de> for Array {
            type Value = Pairs;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an array of objects")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut array: A) -> Result<Self::Value, A::Error> {
                let mut pairs = Vec::new();
                while let Some(Members(members)) = array.next_element()? {
                    pairs.extend(members);
                }
                Ok(Pairs(pairs))
            }
        }

        /// One is what is written; more of them mean as many properties.
        struct Members(Vec<(Text, Text)>);

        impl<'de> Deserialize<'de> for Members {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserializer.deserialize_map(Object).map(Members)
            }
        }

        struct Object;

        impl<'de> Visitor<'de> for Object {
            type Value = Vec<(Text, Text)>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of strings")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut pairs = Vec::new();
                while let Some((Parsed(key), Parsed(value))) = map.next_entry()? {
                    pairs.push((key, value));
                }
                Ok(pairs)
            }
        }

        deserializer.deserialize_seq(Array)
    }
}

#[cfg(test)]
mod tests;
