//! The options that say as whom to connect, and what the broker keeps when the connection ends.

use std::num::NonZeroU16;

use clap::builder::TypedValueParser;
use clap::{ArgAction, Args};

use super::property_args::{PropertyArgs, command_name};
use super::value::{self, ValueError, from_words};
use super::will_args::WillArgs;
use super::{Given, UsageError};
use crate::protocol::property::{Carrier, PropertyError};
use crate::protocol::{Properties, Property, PropertyId, ProtocolVersion, Text, Value, Will};

/// The session expiry interval of a session that the broker keeps for ever (MQTT 5 §3.1.2.11.2).
const NEVER_EXPIRES: u32 = u32::MAX;

/// As whom to connect.
#[derive(Args, Debug)]
pub(super) struct SessionArgs {
    /// Use this client identifier; without it the broker chooses one
    #[arg(short, long, help_heading = "Session", value_parser = value::text())]
    id: Option<Text>,

    /// Use PREFIX and the process id as client identifier
    #[arg(short = 'I', long, help_heading = "Session", value_name = "PREFIX",
        value_parser = value::text())]
    id_prefix: Option<Text>,

    /// Speak this version of MQTT: mqttv31 (31), mqttv311 (311) or mqttv5 (5); the last of this,
    /// --property and --session-expiry, which mean MQTT 5, decides
    #[arg(short = 'V', long, help_heading = "Session", value_name = "VERSION",
        default_value = "mqttv311", value_parser = value::protocol_version())]
    protocol_version: ProtocolVersion,

    /// Keep the session at the broker when this client leaves; needs --id
    #[arg(short = 'c', long, help_heading = "Session", action = ArgAction::SetTrue)]
    disable_clean_session: bool,

    /// Have the broker keep the session so many seconds after this client has left (MQTT 5), 0 to
    /// 4294967294; -1 or 4294967295 is for ever, and needs --id; without this as long as the
    /// connection, and with -c for ever
    #[arg(short = 'x', long, help_heading = "Session", value_name = "SECONDS",
        value_parser = session_expiry())]
    session_expiry: Option<SessionExpiry>,

    #[command(flatten)]
    property: PropertyArgs,

    #[command(flatten)]
    will: WillArgs,
}

/// How long the broker keeps the session without a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum SessionExpiry {
    /// Fewer than `u32::MAX`.
    Seconds(u32),
    Never,
}

impl SessionArgs {
    /// What the options say that cannot be true of all of them.
    pub(super) fn broken_rule(&self, given: &Given) -> Option<&'static str> {
        if self.id.as_ref().is_some_and(Text::is_empty) {
            return Some("invalid value '' for '--id <ID>': it is empty");
        }
        if self.id.is_some() && self.id_prefix.is_some() {
            return Some("'--id' and '--id-prefix' exclude each other");
        }
        if self.id.is_some() {
            return None;
        }
        match (self.version(given), self.session_expiry) {
            // For the reconnects of this run the process id is good enough.
            (ProtocolVersion::V5, Some(SessionExpiry::Seconds(_))) if self.id_prefix.is_some() => {
                None
            }
            (ProtocolVersion::V5, Some(SessionExpiry::Never)) => Some(
                "'--session-expiry' without an end needs '--id': the broker finds the session by it",
            ),
            _ if self.disable_clean_session => {
                Some("'--disable-clean-session' needs '--id': the broker finds the session by it")
            }
            _ => None,
        }
    }

    /// The version: properties and a session expiry are of MQTT 5 and mean it, until a later
    /// `-V` says otherwise.
    pub(super) fn version(&self, given: &Given) -> ProtocolVersion {
        match version_decider(given) {
            Some(_) => ProtocolVersion::V5,
            None => self.protocol_version,
        }
    }

    pub(super) fn is_clean_start(&self) -> bool {
        !self.disable_clean_session
    }

    pub(super) fn client_id(&self, given: &Given) -> Result<Text, UsageError> {
        let id = match (&self.id, &self.id_prefix) {
            (Some(id), _) => Ok(id.clone()),
            (None, Some(prefix)) => Text::new(format!("{prefix}{}", std::process::id())),
            // MQTT 3.1 has no empty identifier; 23 bytes are the most it has.
            (None, None) if self.version(given) == ProtocolVersion::V31 => Text::new(random_id()),
            (None, None) => Ok(Text::default()),
        };
        id.map_err(|error| given.error(format!("invalid client identifier: {error}")))
    }

    pub(super) fn will(&self, given: &Given) -> Result<Option<Will>, UsageError> {
        self.will.plan(given, || self.properties(Carrier::Will, given))
    }

    /// The properties that were given for a packet.
    pub(super) fn properties(
        &self,
        carrier: Carrier,
        given: &Given,
    ) -> Result<Properties, UsageError> {
        let list = self.property.of(carrier);
        if !list.is_empty() && self.version(given) != ProtocolVersion::V5 {
            return Err(given.error(format!(
                "'--property {}' and '--protocol-version' behind it exclude each other: only \
                 MQTT 5 has properties",
                command_name(carrier)
            )));
        }
        Properties::checked(carrier, list).map_err(|cause| refused(carrier, given, &cause))
    }

    /// The properties of CONNECT in the original's order: those that were given, the session
    /// expiry, and `receive_maximum`, unless one was given.
    pub(super) fn connect_properties(
        &self,
        given: &Given,
        receive_maximum: NonZeroU16,
    ) -> Result<Properties, UsageError> {
        let carrier = Carrier::Connect;
        let properties = self.properties(carrier, given)?;
        if self.version(given) != ProtocolVersion::V5 {
            return Ok(properties);
        }
        if let Some(broken) = self.broken_property_rule(&properties) {
            return Err(given.error(broken));
        }
        let mut list = self.property.of(carrier);
        // 0 is what the broker assumes.
        if let Some(interval) = self.session_expiry().map(SessionExpiry::interval)
            && interval > 0
        {
            let id = PropertyId::SessionExpiryInterval;
            list.push(Property { id, value: Value::FourByte(interval) });
        }
        if properties.value(PropertyId::ReceiveMaximum).is_none() {
            let value = Value::TwoByte(receive_maximum.get());
            list.push(Property { id: PropertyId::ReceiveMaximum, value });
        }
        Properties::checked(carrier, list).map_err(|cause| refused(carrier, given, &cause))
    }

    fn broken_property_rule(&self, connect: &Properties) -> Option<&'static str> {
        let has = |id| connect.value(id).is_some();
        if has(PropertyId::SessionExpiryInterval) {
            if self.session_expiry.is_some() {
                return Some(
                    "'--session-expiry' and '--property connect session-expiry-interval' exclude \
                     each other",
                );
            }
            if self.disable_clean_session {
                return Some(
                    "'--disable-clean-session' and '--property connect session-expiry-interval' \
                     exclude each other: '--session-expiry' says how long the session is kept",
                );
            }
        }
        // MQTT 5 §3.1.2.11.10.
        if has(PropertyId::AuthenticationData) && !has(PropertyId::AuthenticationMethod) {
            return Some(
                "'--property connect authentication-data' needs '--property connect \
                 authentication-method'",
            );
        }
        None
    }

    /// The properties of DISCONNECT behind a CONNECT with those properties. It may make the
    /// session end earlier or later, but not begin to be kept (MQTT 5 §3.14.2.2.2).
    pub(super) fn disconnect_properties(
        &self,
        given: &Given,
        connect: &Properties,
    ) -> Result<Properties, UsageError> {
        let properties = self.properties(Carrier::Disconnect, given)?;
        let interval =
            |list: &Properties| list.number(PropertyId::SessionExpiryInterval).unwrap_or_default();
        if interval(&properties) > 0 && interval(connect) == 0 {
            return Err(given.error(
                "'--property disconnect session-expiry-interval' above 0 needs '--session-expiry' \
                 above 0: a session that ends with the connection cannot be kept later",
            ));
        }
        Ok(properties)
    }

    /// How long the session is kept, if CONNECT is to say it: without an interval `-c` means for
    /// ever.
    fn session_expiry(&self) -> Option<SessionExpiry> {
        let kept = self.disable_clean_session.then_some(SessionExpiry::Never);
        self.session_expiry.or(kept)
    }
}

impl SessionExpiry {
    /// The interval on the wire, in seconds.
    fn interval(self) -> u32 {
        match self {
            Self::Seconds(seconds) => seconds,
            Self::Never => NEVER_EXPIRES,
        }
    }
}

/// The option that means MQTT 5 and stands behind every `-V`, if there is one.
pub(super) fn version_decider(given: &Given) -> Option<&'static str> {
    let last = given.last_of(&["protocol_version", "property", "session_expiry"]);
    last.filter(|option| *option != "protocol_version")
}

fn refused(carrier: Carrier, given: &Given, cause: &PropertyError) -> UsageError {
    given.error(format!("invalid '--property {}': {cause}", command_name(carrier)))
}

/// A number as C writes it, hexadecimal and octal ones too; -1 and `∞` are for ever.
fn session_expiry() -> impl TypedValueParser<Value = SessionExpiry> {
    from_words(|word| {
        let expiry = value::number_text(&word).and_then(|word| match word {
            "-1" | "∞" => Some(SessionExpiry::Never),
            _ => c_number(word).map(|interval| match interval {
                NEVER_EXPIRES => SessionExpiry::Never,
                seconds => SessionExpiry::Seconds(seconds),
            }),
        });
        expiry.ok_or_else(|| {
            ValueError::new("a whole number from -1 (for ever) to 4294967295 is wanted")
        })
    })
}

/// A whole number with the prefixes of C: `0x` for hexadecimal, `0` for octal.
fn c_number(word: &str) -> Option<u32> {
    let (digits, radix) = match word.strip_prefix('0') {
        Some(rest) if rest.starts_with(['x', 'X']) => (rest.get(1..)?, 16),
        Some(rest) if !rest.is_empty() => (rest, 8),
        _ => (word, 10),
    };
    // The parser would take a sign.
    let is_number = digits.chars().all(|c| c.is_digit(radix));
    u32::from_str_radix(digits, radix).ok().filter(|_| is_number)
}

/// `mosq-` and 18 random letters and digits, as the original makes it.
fn random_id() -> String {
    const LETTERS: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    let mut random = [0_u8; 18];
    // Without randomness the identifier is still one, only more likely to clash.
    if getrandom::fill(&mut random).is_err() {
        random[..4].copy_from_slice(&std::process::id().to_ne_bytes());
    }
    let letters = random.iter().map(|byte| char::from(LETTERS[usize::from(byte % 62)]));
    "mosq-".chars().chain(letters).collect()
}

#[cfg(test)]
mod tests;
