//! What a command learns of a message, as variables.
//!
//! Their names are fixed: a publisher chooses values only, so that no `PATH` or `LD_PRELOAD` comes
//! from it.

use std::ffi::OsString;
use std::process::Command;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use mqtt_core::protocol::property::Carrier;
use mqtt_core::protocol::{PacketId, Property, PropertyId, Value};
use mqtt_core::secret::SECRETS;
use mqtt_core::session::ReceivedMessage;

/// What every message has, and what some have.
const TOPIC: &str = "MQTT_TOPIC";
const QOS: &str = "MQTT_QOS";
const RETAIN: &str = "MQTT_RETAIN";
const DUP: &str = "MQTT_DUP";
const PACKET_ID: &str = "MQTT_PACKET_ID";

/// How many user properties there are; a number behind it, and `_NAME` or `_VALUE`, is one of them.
const USER_PROPERTIES: &str = "MQTT_USER_PROPERTIES";
const USER_PROPERTY: &str = "MQTT_USER_PROPERTY_";

/// Our own environment.
#[derive(Debug)]
pub(super) struct Environment {
    /// Variables of another message, such as where a command of ours has started us: they are not
    /// of this one.
    stale: Vec<OsString>,
}

impl Environment {
    /// `names` are those of all variables that there are.
    pub(super) fn new(names: impl Iterator<Item = OsString>) -> Self {
        Self { stale: names.filter(|name| name.to_str().is_some_and(is_of_a_message)).collect() }
    }

    /// Gives the message's variables to a command, and no secret of ours.
    pub(super) fn give(&self, message: &ReceivedMessage, command: &mut Command) {
        for name in &self.stale {
            command.env_remove(name);
        }
        for name in SECRETS {
            command.env_remove(name);
        }
        command.envs(variables(message));
    }
}

fn is_of_a_message(name: &str) -> bool {
    [TOPIC, QOS, RETAIN, DUP, PACKET_ID, USER_PROPERTIES].contains(&name)
        || name.starts_with(USER_PROPERTY)
        || PropertyId::held_by(Carrier::Publish).any(|id| name_of(id) == name)
}

/// `MQTT_CONTENT_TYPE` and so on.
fn name_of(id: PropertyId) -> String {
    format!("MQTT_{}", id.name().to_ascii_uppercase().replace('-', "_"))
}

fn variables(message: &ReceivedMessage) -> Vec<(String, String)> {
    let flag = |is_set| if is_set { "1" } else { "0" };
    let mut all = vec![
        (TOPIC.to_owned(), message.topic.as_str().to_owned()),
        (QOS.to_owned(), message.qos.level().to_string()),
        (RETAIN.to_owned(), flag(message.retain).to_owned()),
        (DUP.to_owned(), flag(message.dup).to_owned()),
    ];
    let packet_id = message.packet_id.map(PacketId::number);
    all.extend(packet_id.map(|number| (PACKET_ID.to_owned(), number.to_string())));
    let mut user_properties = 0;
    for Property { id, value } in &message.properties {
        if let Value::Pair(name, value) = value {
            user_properties += 1;
            let prefix = format!("{USER_PROPERTY}{user_properties}");
            all.push((prefix.clone() + "_NAME", name.as_str().to_owned()));
            all.push((prefix + "_VALUE", value.as_str().to_owned()));
        } else {
            add(&mut all, name_of(id), text_of(&value));
        }
    }
    all.push((USER_PROPERTIES.to_owned(), user_properties.to_string()));
    all
}

/// Of several with one name, the values stand one behind the other.
fn add(all: &mut Vec<(String, String)>, name: String, text: String) {
    match all.iter_mut().find(|(other, _)| *other == name) {
        Some((_, before)) => *before = format!("{before} {text}"),
        None => all.push((name, text)),
    }
}

/// A value as text; bytes in base64, since a variable cannot have a NUL.
fn text_of(value: &Value) -> String {
    match value {
        Value::Byte(number) => number.to_string(),
        Value::TwoByte(number) => number.to_string(),
        Value::FourByte(number) | Value::Variable(number) => number.to_string(),
        Value::Text(text) => text.as_str().to_owned(),
        Value::Binary(bytes) => STANDARD.encode(bytes),
        Value::Pair(name, value) => format!("{name}:{value}"),
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use mqtt_core::protocol::{Properties, Qos, Text, TopicName};

    use super::*;

    fn text(text: &str) -> Text {
        Text::new(text.to_owned()).unwrap()
    }

    fn message(properties: Vec<Property>) -> ReceivedMessage {
        ReceivedMessage {
            topic: TopicName::new("a/b").unwrap(),
            dup: true,
            qos: Qos::AtLeastOnce,
            retain: false,
            packet_id: PacketId::new(7),
            properties: Properties::checked(Carrier::Publish, properties).unwrap(),
            payload: Bytes::new(),
        }
    }

    #[test]
    fn all_that_a_message_has_is_a_variable() {
        let pair = |name, value| Value::Pair(text(name), text(value));
        let properties = [
            (PropertyId::PayloadFormatIndicator, Value::Byte(1)),
            (PropertyId::MessageExpiryInterval, Value::FourByte(60)),
            (PropertyId::ContentType, Value::Text(text("text/plain"))),
            (PropertyId::ResponseTopic, Value::Text(text("r/t"))),
            (PropertyId::CorrelationData, Value::Binary(Bytes::from_static(b"\0\xff"))),
            (PropertyId::UserProperty, pair("PATH", "/evil")),
            (PropertyId::SubscriptionIdentifier, Value::Variable(3)),
            (PropertyId::UserProperty, pair("LD_PRELOAD", "=ä")),
            (PropertyId::SubscriptionIdentifier, Value::Variable(300)),
        ];
        let properties = properties.map(|(id, value)| Property { id, value }).to_vec();
        let lines = variables(&message(properties)).into_iter();
        assert_eq!(
            lines.map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>(),
            [
                "MQTT_TOPIC=a/b",
                "MQTT_QOS=1",
                "MQTT_RETAIN=0",
                "MQTT_DUP=1",
                "MQTT_PACKET_ID=7",
                "MQTT_PAYLOAD_FORMAT_INDICATOR=1",
                "MQTT_MESSAGE_EXPIRY_INTERVAL=60",
                "MQTT_CONTENT_TYPE=text/plain",
                "MQTT_RESPONSE_TOPIC=r/t",
                "MQTT_CORRELATION_DATA=AP8=",
                "MQTT_USER_PROPERTY_1_NAME=PATH",
                "MQTT_USER_PROPERTY_1_VALUE=/evil",
                "MQTT_SUBSCRIPTION_IDENTIFIER=3 300",
                "MQTT_USER_PROPERTY_2_NAME=LD_PRELOAD",
                "MQTT_USER_PROPERTY_2_VALUE==ä",
                "MQTT_USER_PROPERTIES=2",
            ]
        );
    }

    #[test]
    fn variables_of_another_message_are_taken_away_and_no_others() {
        let names = [
            "MQTT_CONTENT_TYPE",
            "MQTT_USER_PROPERTY_9_NAME",
            "MQTT_TOPIC",
            "MQTT_HOST",
            "MQTT_PASSWORD",
            "PATH",
        ];
        let environment = Environment::new(names.iter().map(OsString::from));
        assert_eq!(
            environment.stale,
            ["MQTT_CONTENT_TYPE", "MQTT_USER_PROPERTY_9_NAME", "MQTT_TOPIC"]
        );
    }
}
