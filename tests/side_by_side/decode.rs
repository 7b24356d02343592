//! What a client sent, a packet as a line that can be read and compared.
//!
//! Every field is there, properties in the order of the wire. What is optional on the wire and
//! was left out is left out here: `PUBACK m1` is the short form, `PUBACK m1 rc0` a
//! longer one, and `PUBACK m1 rc0 []` has an empty list of properties behind it.

use std::fmt::Write as _;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use test_support::packet::hex;

/// The packets a client may send (MQTT 5 §2.1.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Connect,
    Publish,
    Puback,
    Pubrec,
    Pubrel,
    Pubcomp,
    Subscribe,
    Unsubscribe,
    Pingreq,
    Disconnect,
}

impl Kind {
    /// By the first byte; `None` for what no client sends.
    pub(crate) fn of(first: u8) -> Option<Self> {
        Some(match first >> 4 {
            1 => Self::Connect,
            3 => Self::Publish,
            4 => Self::Puback,
            5 => Self::Pubrec,
            6 => Self::Pubrel,
            7 => Self::Pubcomp,
            8 => Self::Subscribe,
            10 => Self::Unsubscribe,
            12 => Self::Pingreq,
            14 => Self::Disconnect,
            _ => return None,
        })
    }
}

/// The version of the protocol, as CONNECT names it (MQTT 5 §3.1.2.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Level {
    Three,
    Four,
    Five,
}

/// The version that this CONNECT asks for.
pub(crate) fn level_of(connect: &[u8]) -> Option<Level> {
    let mut body = Fields::of(connect)?;
    body.bytes()?;
    match body.byte()? {
        3 => Some(Level::Three),
        4 => Some(Level::Four),
        5 => Some(Level::Five),
        _ => None,
    }
}

/// The packet identifier of a packet that begins with it; 0 if it is malformed.
pub(crate) fn identifier(packet: &[u8]) -> u16 {
    Fields::of(packet).and_then(|mut body| body.u16()).unwrap_or_default()
}

/// The packet identifier of a PUBLISH; `None` at `QoS` 0.
pub(crate) fn publish_identifier(publish: &[u8]) -> Option<u16> {
    let mut body = Fields::of(publish)?;
    body.bytes()?;
    (publish.first()? & 0b110 != 0).then(|| body.u16())?
}

/// What each filter of a SUBSCRIBE asks for.
pub(crate) fn requested_qos(subscribe: &[u8], level: Level) -> Vec<u8> {
    let read = || {
        let mut body = Fields::of(subscribe)?;
        body.u16()?;
        properties(&mut body, level)?;
        let mut requested = Vec::new();
        while !body.0.is_empty() {
            body.bytes()?;
            requested.push(body.byte()? & 0b11);
        }
        Some(requested)
    };
    read().unwrap_or_default()
}

/// One whole packet as a line.
pub(crate) fn line(packet: &[u8], level: Level) -> String {
    read(packet, level).unwrap_or_else(|| format!("no packet of a client: {}", hex(packet)))
}

fn read(packet: &[u8], level: Level) -> Option<String> {
    let first = *packet.first()?;
    let kind = Kind::of(first)?;
    let mut body = Fields::of(packet)?;
    let line = match kind {
        Kind::Connect => connect(packet, &mut body)?,
        Kind::Publish => publish(first, &mut body, level)?,
        Kind::Puback | Kind::Pubrec | Kind::Pubrel | Kind::Pubcomp => {
            format!("{} m{}{}", name(kind), body.u16()?, reason(&mut body)?)
        }
        Kind::Subscribe => filters("SUBSCRIBE", &mut body, level)?,
        Kind::Unsubscribe => filters("UNSUBSCRIBE", &mut body, level)?,
        Kind::Pingreq => "PINGREQ".to_owned(),
        Kind::Disconnect => format!("DISCONNECT{}", reason(&mut body)?),
    };
    let reserved =
        if matches!(kind, Kind::Pubrel | Kind::Subscribe | Kind::Unsubscribe) { 2 } else { 0 };
    let flags_are_right = kind == Kind::Publish || first & 0x0f == reserved;
    (body.0.is_empty() && flags_are_right).then_some(line)
}

fn name(kind: Kind) -> String {
    format!("{kind:?}").to_uppercase()
}

/// CONNECT (MQTT 5 §3.1, MQTT 3.1.1 §3.1).
fn connect(packet: &[u8], body: &mut Fields<'_>) -> Option<String> {
    let level = level_of(packet)?;
    let mut line = format!("CONNECT {}", quoted(body.bytes()?));
    let (number, flags) = (body.byte()?, body.byte()?);
    write!(line, " {number} flags={flags:08b} keep_alive={}", body.u16()?).ok()?;
    line += &properties(body, level)?;
    write!(line, " id={}", quoted(body.bytes()?)).ok()?;
    if flags & 0b100 != 0 {
        let of_will = properties(body, level)?;
        let topic = quoted(body.bytes()?);
        write!(line, " will{of_will} {topic} {}", quoted(body.bytes()?)).ok()?;
    }
    for (flag, field) in [(0x80, "user"), (0x40, "password")] {
        if flags & flag != 0 {
            write!(line, " {field}={}", quoted(body.bytes()?)).ok()?;
        }
    }
    Some(line)
}

/// PUBLISH (MQTT 5 §3.3).
fn publish(first: u8, body: &mut Fields<'_>, level: Level) -> Option<String> {
    let (dup, qos, retain) = (first >> 3 & 1, first >> 1 & 3, first & 1);
    let topic = quoted(body.bytes()?);
    let id = if qos == 0 { String::new() } else { format!(" m{}", body.u16()?) };
    let properties = properties(body, level)?;
    let payload = std::mem::take(&mut body.0);
    Some(format!("PUBLISH d{dup} q{qos} r{retain}{id}{properties} {topic} {}", quoted(payload)))
}

/// SUBSCRIBE and UNSUBSCRIBE (MQTT 5 §3.8, §3.10).
fn filters(name: &str, body: &mut Fields<'_>, level: Level) -> Option<String> {
    let mut line = format!("{name} m{}", body.u16()?);
    line += &properties(body, level)?;
    while !body.0.is_empty() {
        write!(line, " {}", quoted(body.bytes()?)).ok()?;
        if name == "SUBSCRIBE" {
            write!(line, " options={:02x}", body.byte()?).ok()?;
        }
    }
    Some(line)
}

/// The reason code and the properties at the end of a packet, where they are there.
fn reason(body: &mut Fields<'_>) -> Option<String> {
    if body.0.is_empty() {
        return Some(String::new());
    }
    let code = body.byte()?;
    if body.0.is_empty() {
        return Some(format!(" rc{code}"));
    }
    let properties = properties(body, Level::Five)?;
    let properties = if properties.is_empty() { " []" } else { &properties };
    Some(format!(" rc{code}{properties}"))
}

/// ` [name=value, ...]`; nothing if there is none, as in every packet before MQTT 5.
fn properties(body: &mut Fields<'_>, level: Level) -> Option<String> {
    if level != Level::Five {
        return Some(String::new());
    }
    let length = body.variable()?;
    let mut list = Fields(body.take(length)?);
    let mut texts = Vec::new();
    while !list.0.is_empty() {
        texts.push(property(&mut list)?);
    }
    if texts.is_empty() { Some(String::new()) } else { Some(format!(" [{}]", texts.join(", "))) }
}

/// One property (MQTT 5 §2.2.2.2).
fn property(list: &mut Fields<'_>) -> Option<String> {
    let id = list.byte()?;
    let name = match id {
        0x01 => "payload-format-indicator",
        0x02 => "message-expiry-interval",
        0x03 => "content-type",
        0x08 => "response-topic",
        0x09 => "correlation-data",
        0x0b => "subscription-identifier",
        0x11 => "session-expiry-interval",
        0x15 => "authentication-method",
        0x16 => "authentication-data",
        0x17 => "request-problem-information",
        0x18 => "will-delay-interval",
        0x19 => "request-response-information",
        0x1c => "server-reference",
        0x1f => "reason-string",
        0x21 => "receive-maximum",
        0x22 => "topic-alias-maximum",
        0x23 => "topic-alias",
        0x26 => "user-property",
        0x27 => "maximum-packet-size",
        _ => return None,
    };
    let value = match id {
        0x01 | 0x17 | 0x19 => list.byte()?.to_string(),
        0x02 | 0x11 | 0x18 | 0x27 => list.u32()?.to_string(),
        0x0b => list.variable()?.to_string(),
        0x21..=0x23 => list.u16()?.to_string(),
        0x26 => format!("{}:{}", quoted(list.bytes()?), quoted(list.bytes()?)),
        _ => quoted(list.bytes()?),
    };
    Some(format!("{name}={value}"))
}

/// Bytes between quotes; of long ones the beginning, the length, and a number made of all.
fn quoted(bytes: &[u8]) -> String {
    const SHOWN: usize = 200;
    match bytes.get(..SHOWN) {
        Some(beginning) if beginning.len() < bytes.len() => {
            let mut hasher = DefaultHasher::new();
            bytes.hash(&mut hasher);
            let (length, hash) = (bytes.len(), hasher.finish());
            format!("'{}...' ({length} bytes, {hash:016x})", beginning.escape_ascii())
        }
        _ => format!("'{}'", bytes.escape_ascii()),
    }
}

/// What of a packet is still to be read.
struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    /// The body of a whole packet, whose length is written in as few bytes as possible.
    fn of(packet: &'a [u8]) -> Option<Self> {
        let mut fields = Self(packet.get(1..)?);
        let length = fields.variable()?;
        let shortest = test_support::packet::variable_length(length).len();
        (fields.0.len() == length && packet.len() == 1 + shortest + length).then_some(fields)
    }

    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    fn byte(&mut self) -> Option<u8> {
        self.take(1)?.first().copied()
    }

    fn u16(&mut self) -> Option<u16> {
        Some(u16::from_be_bytes(self.take(2)?.try_into().ok()?))
    }

    fn u32(&mut self) -> Option<u32> {
        Some(u32::from_be_bytes(self.take(4)?.try_into().ok()?))
    }

    /// A variable byte integer (MQTT 5 §1.5.5).
    fn variable(&mut self) -> Option<usize> {
        let mut value = 0;
        for shift in [0, 7, 14, 21] {
            let byte = self.byte()?;
            value |= usize::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Some(value);
            }
        }
        None
    }

    /// Text or data with its length before it.
    fn bytes(&mut self) -> Option<&'a [u8]> {
        let length = self.u16()?;
        self.take(length.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The bytes of a packet written down as hexadecimal digits.
    fn bytes(digits: &str) -> Vec<u8> {
        let digits: String = digits.split_whitespace().collect();
        let pairs = (0..digits.len()).step_by(2);
        pairs.map(|at| u8::from_str_radix(&digits[at..at + 2], 16).unwrap()).collect()
    }

    fn line_of(digits: &str, level: Level) -> String {
        line(&bytes(digits), level)
    }

    // The captures of the reference, §12.
    #[test]
    fn every_field_of_connect_is_shown() {
        let first = "1033 00044d51545405f6001e 03210014 0003636964 0c 1800000005 2600016100 0162 \
                     0003772f74 0003627965 00036a6f65 00027077";
        assert_eq!(
            line_of(first, Level::Five),
            "CONNECT 'MQTT' 5 flags=11110110 keep_alive=30 [receive-maximum=20] id='cid' \
             will [will-delay-interval=5, user-property='a':'b'] 'w/t' 'bye' user='joe' password='pw'"
        );
        assert_eq!(level_of(&bytes(first)), Some(Level::Five));
        assert_eq!(
            line_of("100c 00044d5154540402003c0000", Level::Four),
            "CONNECT 'MQTT' 4 flags=00000010 keep_alive=60 id=''"
        );
    }

    #[test]
    fn every_other_packet_has_its_line() {
        for (digits, expected) in [
            ("3006 000161 00 6869", "PUBLISH d0 q0 r0 'a' 'hi'"),
            ("3b08 000161 0001 00 6869", "PUBLISH d1 q1 r1 m1 'a' 'hi'"),
            ("8207 0001 00 000178 20", "SUBSCRIBE m1 'x' options=20"),
            ("a209 0002 03 0b ac02 000163", "UNSUBSCRIBE m2 [subscription-identifier=300] 'c'"),
            ("4002 0001", "PUBACK m1"),
            ("5003 0001 97", "PUBREC m1 rc151"),
            ("6202 0001", "PUBREL m1"),
            ("7004 0001 00 00", "PUBCOMP m1 rc0 []"),
            ("e000", "DISCONNECT"),
            ("e001 04", "DISCONNECT rc4"),
            ("c000", "PINGREQ"),
        ] {
            assert_eq!(line_of(digits, Level::Five), expected);
        }
    }

    #[test]
    fn what_is_no_packet_is_shown_as_its_bytes() {
        // Wrong flags; a length that is longer than it needs to be; a byte too many; a CONNACK.
        for digits in ["60020001", "c08000", "4004000100", "e1 00", "20020000"] {
            let packet = bytes(digits);
            assert_eq!(
                line(&packet, Level::Four),
                format!("no packet of a client: {}", hex(&packet))
            );
        }
    }
}
