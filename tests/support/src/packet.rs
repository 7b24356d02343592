//! The bytes of MQTT packets, for scripts.
//!
//! They are put together from the specification's tables, so that our own encoder and decoder
//! are held against something that is not themselves. What is the same in every version stands
//! here, the rest in [`v3`] (3.1 and 3.1.1) and [`v5`].

/// PINGREQ (MQTT 5 §3.12).
pub const PINGREQ: [u8; 2] = [0xc0, 0x00];

/// PINGRESP (MQTT 5 §3.13).
pub const PINGRESP: [u8; 2] = [0xd0, 0x00];

/// DISCONNECT without a reason: the normal end in every version (MQTT 5 §3.14).
pub const DISCONNECT: [u8; 2] = [0xe0, 0x00];

/// The flag of a PUBLISH that is sent again.
pub const DUP: u8 = 0b1000;

/// The flag of a PUBLISH that is, or was, retained.
pub const RETAIN: u8 = 0b0001;

/// How a PUBLISH is delivered: its `QoS`, and the packet identifier where there is one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// `QoS` 0.
    AtMostOnce,
    /// `QoS` 1.
    AtLeastOnce(u16),
    /// `QoS` 2.
    ExactlyOnce(u16),
}

impl Delivery {
    fn first_byte(self) -> u8 {
        match self {
            Self::AtMostOnce => 0x30,
            Self::AtLeastOnce(_) => 0x32,
            Self::ExactlyOnce(_) => 0x34,
        }
    }

    fn identifier(self) -> Vec<u8> {
        match self {
            Self::AtMostOnce => Vec::new(),
            Self::AtLeastOnce(id) | Self::ExactlyOnce(id) => id.to_be_bytes().into(),
        }
    }
}

/// Bytes as hexadecimal digits, as the specifications write them down.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    let mut text = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        write!(text, "{byte:02x}").unwrap();
    }
    text
}

/// PUBACK without a reason: success in every version.
#[must_use]
pub fn puback(id: u16) -> Vec<u8> {
    frame(0x40, &[&id.to_be_bytes()])
}

/// PUBREC without a reason: success in every version.
#[must_use]
pub fn pubrec(id: u16) -> Vec<u8> {
    frame(0x50, &[&id.to_be_bytes()])
}

/// PUBREL without a reason: success in every version.
#[must_use]
pub fn pubrel(id: u16) -> Vec<u8> {
    frame(0x62, &[&id.to_be_bytes()])
}

/// PUBCOMP without a reason: success in every version.
#[must_use]
pub fn pubcomp(id: u16) -> Vec<u8> {
    frame(0x70, &[&id.to_be_bytes()])
}

/// The same packet with these flags set in its first byte.
#[must_use]
pub fn flagged(mut packet: Vec<u8>, flags: u8) -> Vec<u8> {
    *packet.first_mut().expect("a packet has a first byte") |= flags;
    packet
}

/// A whole packet from its first byte and the parts of its body (MQTT 5 §2.1).
#[must_use]
pub fn frame(first: u8, parts: &[&[u8]]) -> Vec<u8> {
    let body = parts.concat();
    let mut packet = vec![first];
    packet.extend(variable_length(body.len()));
    packet.extend(body);
    packet
}

/// Text with its length before it (MQTT 5 §1.5.4).
#[must_use]
pub fn text(text: &str) -> Vec<u8> {
    let length = u16::try_from(text.len()).expect("texts in MQTT have at most 65,535 bytes");
    [&length.to_be_bytes(), text.as_bytes()].concat()
}

/// A variable byte integer (MQTT 5 §1.5.5).
#[must_use]
pub fn variable_length(mut length: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    loop {
        let low = u8::try_from(length & 0x7f).expect("seven bits fit");
        length >>= 7;
        if length == 0 {
            bytes.push(low);
            return bytes;
        }
        bytes.push(low | 0x80);
    }
}

/// Packets of MQTT 3.1 and 3.1.1.
pub mod v3 {
    use super::{Delivery, frame, text};

    /// CONNECT of 3.1.1 with a clean session and nothing optional (MQTT 3.1.1 §3.1).
    #[must_use]
    pub fn connect(client: &str, keep_alive: u16) -> Vec<u8> {
        let fixed = [&text("MQTT")[..], &[4, 0b10], &keep_alive.to_be_bytes()].concat();
        frame(0x10, &[&fixed, &text(client)])
    }

    /// CONNACK without a session (MQTT 3.1.1 §3.2); 0 accepts, 1 to 5 refuse.
    #[must_use]
    pub fn connack(code: u8) -> Vec<u8> {
        vec![0x20, 0x02, 0x00, code]
    }

    /// CONNACK that accepts and has the client's session.
    #[must_use]
    pub fn connack_session_present() -> Vec<u8> {
        vec![0x20, 0x02, 0x01, 0x00]
    }

    /// SUBSCRIBE to one filter (MQTT 3.1.1 §3.8).
    #[must_use]
    pub fn subscribe(id: u16, filter: &str, qos: u8) -> Vec<u8> {
        frame(0x82, &[&id.to_be_bytes(), &text(filter), &[qos]])
    }

    /// SUBACK; one code for each filter: 0 to 2 grant, 0x80 refuses (MQTT 3.1.1 §3.9).
    #[must_use]
    pub fn suback(id: u16, codes: &[u8]) -> Vec<u8> {
        frame(0x90, &[&id.to_be_bytes(), codes])
    }

    /// UNSUBACK (MQTT 3.1.1 §3.11).
    #[must_use]
    pub fn unsuback(id: u16) -> Vec<u8> {
        frame(0xb0, &[&id.to_be_bytes()])
    }

    /// PUBLISH (MQTT 3.1.1 §3.3).
    #[must_use]
    pub fn publish(topic: &str, payload: &[u8], delivery: Delivery) -> Vec<u8> {
        frame(delivery.first_byte(), &[&text(topic), &delivery.identifier(), payload])
    }
}

/// Packets of MQTT 5. Properties are handed in as their bytes, without the length before them.
pub mod v5 {
    use super::{Delivery, frame, text, variable_length};

    /// CONNACK without a session (MQTT 5 §3.2).
    #[must_use]
    pub fn connack(reason: u8, properties: &[u8]) -> Vec<u8> {
        frame(0x20, &[&[0x00, reason], &variable_length(properties.len()), properties])
    }

    /// SUBACK; one reason code for each filter (MQTT 5 §3.9).
    #[must_use]
    pub fn suback(id: u16, reasons: &[u8]) -> Vec<u8> {
        frame(0x90, &[&id.to_be_bytes(), &[0x00], reasons])
    }

    /// UNSUBACK; one reason code for each filter (MQTT 5 §3.11).
    #[must_use]
    pub fn unsuback(id: u16, reasons: &[u8]) -> Vec<u8> {
        frame(0xb0, &[&id.to_be_bytes(), &[0x00], reasons])
    }

    /// PUBACK with a reason and no properties (MQTT 5 §3.4).
    #[must_use]
    pub fn puback(id: u16, reason: u8) -> Vec<u8> {
        frame(0x40, &[&id.to_be_bytes(), &[reason]])
    }

    /// PUBREC with a reason and no properties (MQTT 5 §3.5).
    #[must_use]
    pub fn pubrec(id: u16, reason: u8) -> Vec<u8> {
        frame(0x50, &[&id.to_be_bytes(), &[reason]])
    }

    /// PUBLISH (MQTT 5 §3.3).
    #[must_use]
    pub fn publish(topic: &str, payload: &[u8], delivery: Delivery, properties: &[u8]) -> Vec<u8> {
        let length = variable_length(properties.len());
        let id = delivery.identifier();
        frame(delivery.first_byte(), &[&text(topic), &id, &length, properties, payload])
    }

    /// DISCONNECT with a reason and no properties, as Debian's mosquitto sends it (MQTT 5 §3.14).
    #[must_use]
    pub fn disconnect(reason: u8) -> Vec<u8> {
        frame(0xe0, &[&[reason]])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_lengths_as_the_specifications_table_has_them() {
        // MQTT 5, table 1-1.
        assert_eq!(variable_length(0), [0x00]);
        assert_eq!(variable_length(127), [0x7f]);
        assert_eq!(variable_length(128), [0x80, 0x01]);
        assert_eq!(variable_length(16_383), [0xff, 0x7f]);
        assert_eq!(variable_length(2_097_152), [0x80, 0x80, 0x80, 0x01]);
        assert_eq!(variable_length(268_435_455), [0xff, 0xff, 0xff, 0x7f]);
    }

    #[test]
    fn puts_the_parts_in_the_order_of_the_specification() {
        let publish = v3::publish("a/b", b"hi", Delivery::AtLeastOnce(10));
        assert_eq!(publish, b"\x32\x09\x00\x03a/b\x00\x0ahi");
        let with_property = v5::publish("t", b"", Delivery::AtMostOnce, &[0x01, 0x01]);
        assert_eq!(with_property, b"\x30\x06\x00\x01t\x02\x01\x01");
        assert_eq!(v3::connect("id", 60), b"\x10\x0e\x00\x04MQTT\x04\x02\x00\x3c\x00\x02id");
        assert_eq!(v5::connack(0, &[]), [0x20, 0x03, 0x00, 0x00, 0x00]);
        assert_eq!(flagged(publish, DUP | RETAIN).first(), Some(&0x3b));
    }
}
