//! CONNECT of every version (§3.1).
//!
//! Ours because rumqttc's can express neither an empty user name or password nor a password that
//! is not UTF-8, and writes its flags at an absolute index.

use bytes::{BufMut, BytesMut};

use super::codec::EncodeError;
use super::packet::{Connect, Will};
use super::property::Properties;
use super::types::ProtocolVersion;
use super::wire::{
    MAX_REMAINING_LENGTH, put_binary, put_text, put_variable_integer, variable_integer_length,
};
use crate::limit::MAX_FIELD;

const CLEAN_START: u8 = 0x02;
const WILL: u8 = 0x04;
const WILL_RETAIN: u8 = 0x20;
const PASSWORD: u8 = 0x40;
const USERNAME: u8 = 0x80;

/// Writes the packet. `out` gets the password in the clear: the caller wipes it.
pub(super) fn encode(connect: &Connect, out: &mut BytesMut) -> Result<(), EncodeError> {
    if let Some(will) = &connect.will {
        check_length("will payload", will.payload.len())?;
    }
    if let Some(password) = &connect.password {
        check_length("password", password.expose().len())?;
    }
    let remaining = remaining_length(connect);
    if remaining > MAX_REMAINING_LENGTH {
        return Err(EncodeError::TooLong { packet: "CONNECT", length: remaining });
    }
    // In one piece: growing would leave a copy of the password behind in the old buffer.
    out.reserve(1 + variable_integer_length(remaining) + remaining);
    out.put_u8(0x10);
    put_variable_integer(out, remaining);
    put_binary(out, protocol_name(connect.version));
    out.put_u8(connect.version.level());
    out.put_u8(flags(connect));
    out.put_u16(connect.keep_alive);
    put_properties(connect.version, &connect.properties, out);
    put_text(out, &connect.client_id);
    if let Some(will) = &connect.will {
        put_properties(connect.version, &will.properties, out);
        put_text(out, will.topic.text());
        put_binary(out, &will.payload);
    }
    if let Some(username) = &connect.username {
        put_text(out, username);
    }
    if let Some(password) = &connect.password {
        put_binary(out, password.expose());
    }
    Ok(())
}

/// Strings are checked when they are made; these two are mere bytes.
fn check_length(field: &'static str, length: usize) -> Result<(), EncodeError> {
    if length > MAX_FIELD {
        return Err(EncodeError::FieldTooLong { field, length });
    }
    Ok(())
}

fn protocol_name(version: ProtocolVersion) -> &'static [u8] {
    match version {
        ProtocolVersion::V31 => b"MQIsdp",
        ProtocolVersion::V311 | ProtocolVersion::V5 => b"MQTT",
    }
}

fn flags(connect: &Connect) -> u8 {
    let mut flags = 0;
    if connect.clean_start {
        flags |= CLEAN_START;
    }
    if let Some(will) = &connect.will {
        flags |= WILL | will.qos.level() << 3;
        if will.retain {
            flags |= WILL_RETAIN;
        }
    }
    if connect.password.is_some() {
        flags |= PASSWORD;
    }
    if connect.username.is_some() {
        flags |= USERNAME;
    }
    flags
}

fn put_properties(version: ProtocolVersion, properties: &Properties, out: &mut BytesMut) {
    if version == ProtocolVersion::V5 {
        properties.encode(out);
    }
}

fn remaining_length(connect: &Connect) -> usize {
    let properties_length = |properties: &Properties| match connect.version {
        ProtocolVersion::V5 => properties.encoded_length(),
        _ => 0,
    };
    let will_length = |will: &Will| {
        properties_length(&will.properties) + 4 + will.topic.as_str().len() + will.payload.len()
    };
    2 + protocol_name(connect.version).len()
        + 4
        + properties_length(&connect.properties)
        + 2
        + connect.client_id.len()
        + connect.will.as_ref().map_or(0, will_length)
        + connect.username.as_ref().map_or(0, |username| 2 + username.len())
        + connect.password.as_ref().map_or(0, |password| 2 + password.expose().len())
}
