//! `-D`: the properties that a packet of MQTT 5 gets.

use std::ffi::{OsStr, OsString};
use std::fmt::Write as _;
use std::os::unix::ffi::OsStrExt;

use bytes::Bytes;
use clap::builder::TypedValueParser;
use clap::{ArgAction, Args};

use super::value::{ValueError, listed, shown_as, whole_number};
use crate::limit::MAX_FIELD;
use crate::protocol::property::{Carrier, Kind};
use crate::protocol::text::TextError;
use crate::protocol::topic::TopicError;
use crate::protocol::{Property, PropertyId, Text, TopicName, Value};

/// The commands of `-D` and the packets they stand for, the will among them.
const COMMANDS: [(&str, Carrier); 6] = [
    ("connect", Carrier::Connect),
    ("will", Carrier::Will),
    ("publish", Carrier::Publish),
    ("subscribe", Carrier::Subscribe),
    ("unsubscribe", Carrier::Unsubscribe),
    ("disconnect", Carrier::Disconnect),
];

/// The properties of all packets.
#[derive(Args, Debug)]
pub(super) struct PropertyArgs {
    #[arg(short = 'D', long, help_heading = "MQTT 5", value_name = "COMMAND PROPERTY VALUE",
        value_parser = property(), action = ArgAction::Append, help = help())]
    property: Vec<GivenProperty>,
}

impl PropertyArgs {
    /// The properties of one packet in the order they were given.
    pub(super) fn of(&self, carrier: Carrier) -> Vec<Property> {
        let given = self.property.iter().filter(|given| given.carrier == carrier);
        given.map(|given| given.property.clone()).collect()
    }
}

/// The name that `-D` has for a packet; empty where it has none.
pub(super) fn command_name(carrier: Carrier) -> &'static str {
    let command = COMMANDS.iter().find(|(_, packet)| *packet == carrier);
    command.map(|(name, _)| *name).unwrap_or_default()
}

/// A property and the packet that gets it, as one `-D` says it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GivenProperty {
    /// The packet.
    pub carrier: Carrier,
    /// The property; the packet may hold it.
    pub property: Property,
}

/// Why the words of a `-D` are no property.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GivenPropertyError {
    /// Too few words, or too many.
    #[error(
        "COMMAND, PROPERTY and VALUE are wanted as words of their own; user-property has a name \
         and a value"
    )]
    Words,
    /// No packet that we send, or one whose properties are not the user's.
    #[error("COMMAND is one of {}", command_list())]
    Command,
    /// No property that we may send in this packet.
    #[error("the properties of {} are {}", command_name(*.0), property_list(*.0))]
    Property(Carrier),
    /// Not a number, or out of range.
    #[error("{name} is a whole number from {least} to {most}")]
    Number {
        /// Of the property.
        name: &'static str,
        /// The smallest number it can be.
        least: u32,
        /// The largest.
        most: u32,
    },
    /// A string that no packet can carry.
    #[error("{0} cannot be this text: {1}")]
    Text(&'static str, TextError),
    /// A response topic that nobody can publish to.
    #[error("{0} cannot be this topic: {1}")]
    Topic(&'static str, TopicError),
    /// Longer than its length field can say.
    #[error("{0} is {1} bytes long, at most 65535 are possible")]
    TooLong(&'static str, usize),
}

impl GivenProperty {
    /// Reads the words of one `-D`, joined by NUL bytes. Command and property may be written in
    /// capital letters; the value is taken as it is.
    pub fn parse(joined: &OsStr) -> Result<Self, GivenPropertyError> {
        let words: Vec<_> = joined.as_bytes().split(|&byte| byte == 0).collect();
        let [command, name, values @ ..] = &words[..] else {
            return Err(GivenPropertyError::Words);
        };
        let carrier = COMMANDS
            .iter()
            .find(|(spelling, _)| spelling.as_bytes().eq_ignore_ascii_case(command))
            .map(|(_, carrier)| *carrier)
            .ok_or(GivenPropertyError::Command)?;
        let id = PropertyId::sent_in(carrier)
            .find(|id| id.name().as_bytes().eq_ignore_ascii_case(name))
            .ok_or(GivenPropertyError::Property(carrier))?;
        let property = Property { id, value: parse_value(id, values)? };
        Ok(Self { carrier, property })
    }
}

fn parse_value(id: PropertyId, words: &[&[u8]]) -> Result<Value, GivenPropertyError> {
    match (id.kind(), words) {
        (Kind::Pair, [key, value]) => Ok(Value::Pair(text(id, key)?, text(id, value)?)),
        (Kind::Text, [word]) if id == PropertyId::ResponseTopic => topic(id, word),
        (Kind::Text, [word]) => text(id, word).map(Value::Text),
        (Kind::Binary, [word]) => binary(id, word),
        (kind, [word]) if kind != Kind::Pair => number(id, word),
        _ => Err(GivenPropertyError::Words),
    }
}

fn text(id: PropertyId, word: &[u8]) -> Result<Text, GivenPropertyError> {
    let text = Text::from_bytes(Bytes::copy_from_slice(word));
    text.map_err(|error| GivenPropertyError::Text(id.name(), error))
}

/// A topic that somebody is to answer on has no wildcards (MQTT 5 §3.3.2.3.5).
fn topic(id: PropertyId, word: &[u8]) -> Result<Value, GivenPropertyError> {
    let text = text(id, word)?;
    match TopicName::new(text.clone().into_inner()) {
        Ok(_) => Ok(Value::Text(text)),
        Err(error) => Err(GivenPropertyError::Topic(id.name(), error)),
    }
}

fn binary(id: PropertyId, word: &[u8]) -> Result<Value, GivenPropertyError> {
    if word.len() > MAX_FIELD {
        return Err(GivenPropertyError::TooLong(id.name(), word.len()));
    }
    Ok(Value::Binary(Bytes::copy_from_slice(word)))
}

fn number(id: PropertyId, word: &[u8]) -> Result<Value, GivenPropertyError> {
    let kind = id.kind();
    let (least, most) = kind.range().ok_or(GivenPropertyError::Words)?.into_inner();
    let number = whole_number(OsStr::from_bytes(word), least, most).ok();
    let value = number.and_then(|number| kind.number(number));
    value.ok_or(GivenPropertyError::Number { name: id.name(), least, most })
}

fn property() -> impl TypedValueParser<Value = GivenProperty> {
    let parse = |joined: OsString| {
        GivenProperty::parse(&joined).map_err(|error| ValueError::new(error.to_string()))
    };
    let parser = shown_as(parse, |joined| as_typed(joined).into());
    // The first of the words is all that a completion can offer.
    listed(&COMMANDS.map(|(name, _)| name), parser)
}

/// The words with blanks between them, `***` in place of what may be a secret.
pub(super) fn as_typed(joined: &OsStr) -> String {
    let blanks = |text: String| text.replace('\0', " ");
    without_secret(joined).unwrap_or_else(|| blanks(joined.to_string_lossy().into_owned()))
}

/// Whether there may be a secret in the words.
pub(super) fn holds_secret(joined: &OsStr) -> bool {
    without_secret(joined).is_some()
}

/// The words, where some of them are to be hidden: authentication data, and what stands behind a
/// misspelt name, which may have been meant for it.
fn without_secret(joined: &OsStr) -> Option<String> {
    let text = joined.to_string_lossy();
    // Nothing but an error can come of blanks.
    let separator = if text.contains('\0') { '\0' } else { ' ' };
    let mut words = text.split(separator);
    let (command, typed) = (words.next()?, words.next()?);
    let name = typed.split('=').next()?;
    let has_name = |id: PropertyId| id.name().eq_ignore_ascii_case(name);
    let is_secret = has_name(PropertyId::AuthenticationData);
    let is_known = COMMANDS.iter().any(|(_, carrier)| PropertyId::sent_in(*carrier).any(has_name));
    let has_value = name != typed || words.next().is_some();
    if is_known && !is_secret {
        return None;
    }
    // Where neither of the two is known, the second may be a value, too.
    let is_command = COMMANDS.iter().any(|(known, _)| known.eq_ignore_ascii_case(command));
    if is_command || is_secret {
        return has_value.then(|| format!("{command} {name} ***"));
    }
    Some(format!("{command} ***"))
}

fn command_list() -> String {
    COMMANDS.map(|(name, _)| name).join(", ")
}

fn property_list(carrier: Carrier) -> String {
    PropertyId::sent_in(carrier).map(PropertyId::name).collect::<Vec<_>>().join(", ")
}

fn help() -> String {
    let mut help = "Give a packet a property; may be given several times. The name of a \
         user-property is a word of its own in front of its value"
        .to_owned();
    for (name, carrier) in COMMANDS {
        let _ = write!(help, "\n{name}: {}", property_list(carrier));
    }
    help
}

#[cfg(test)]
mod tests;
