//! Reason codes of MQTT 5 (§2.4) and return codes of MQTT 3 (§3.2.2.3), and their names.

use std::fmt;

use super::property::Carrier;
use super::types::ProtocolVersion;

/// What a broker may say in which packet (tables 3-4 to 3-9). Not CONNACK, whose every code but 0 is
/// a refusal, nor DISCONNECT and AUTH, which end the connection whatever they say.
const OF_PACKETS: [(Carrier, &[u8]); 6] = [
    (Carrier::PubAck, RECEIVED),
    (Carrier::PubRec, RECEIVED),
    (Carrier::PubRel, RELEASED),
    (Carrier::PubComp, RELEASED),
    (Carrier::SubAck, &[0x00, 0x01, 0x02, 0x80, 0x83, 0x87, 0x8F, 0x91, 0x97, 0x9E, 0xA1, 0xA2]),
    (Carrier::UnsubAck, &[0x00, 0x11, 0x80, 0x83, 0x87, 0x8F, 0x91]),
];
const RECEIVED: &[u8] = &[0x00, 0x10, 0x80, 0x83, 0x87, 0x90, 0x91, 0x97, 0x99];
const RELEASED: &[u8] = &[0x00, 0x92];

/// A reason code of MQTT 5; 0x80 and above say that the request failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ReasonCode(pub u8);

impl ReasonCode {
    /// 0x00, success; also what a packet without a reason code means.
    pub const SUCCESS: Self = Self(0x00);
    /// 0x04, DISCONNECT only: publish the will all the same.
    pub const DISCONNECT_WITH_WILL: Self = Self(0x04);
    /// 0x10: a message was taken, and nobody gets it now.
    pub const NO_MATCHING_SUBSCRIBERS: Self = Self(0x10);
    /// 0x80; also the refusal in a SUBACK of MQTT 3.1.1.
    pub const UNSPECIFIED_ERROR: Self = Self(0x80);
    /// 0x81.
    pub const MALFORMED_PACKET: Self = Self(0x81);
    /// 0x82.
    pub const PROTOCOL_ERROR: Self = Self(0x82);
    /// 0x84.
    pub const UNSUPPORTED_PROTOCOL_VERSION: Self = Self(0x84);
    /// 0x8E: another client connected with our client identifier.
    pub const SESSION_TAKEN_OVER: Self = Self(0x8E);
    /// 0x92.
    pub const PACKET_ID_NOT_FOUND: Self = Self(0x92);
    /// 0x94.
    pub const TOPIC_ALIAS_INVALID: Self = Self(0x94);
    /// 0x95.
    pub const PACKET_TOO_LARGE: Self = Self(0x95);
    /// 0x9C, for now.
    pub const USE_ANOTHER_SERVER: Self = Self(0x9C);
    /// 0x9D, for good.
    pub const SERVER_MOVED: Self = Self(0x9D);

    /// Whether a broker may give it in this packet.
    pub(super) fn belongs_to(self, carrier: Carrier) -> bool {
        let row = OF_PACKETS.iter().find(|(packet, _)| *packet == carrier);
        row.is_none_or(|(_, codes)| codes.contains(&self.0))
    }

    /// Whether the request failed.
    #[must_use]
    pub fn is_error(self) -> bool {
        self.0 >= 0x80
    }

    /// Whether it is a failure that would come again: it lies with the request, not with a state
    /// of the broker that passes.
    pub fn is_lasting(self) -> bool {
        // Unspecified, unavailable, busy, shutting down, keep alive timeout, message rate too high,
        // administrative action, connection rate exceeded, maximum connect time.
        const PASSING: [u8; 9] = [0x80, 0x88, 0x89, 0x8B, 0x8D, 0x96, 0x98, 0x9F, 0xA0];
        self.is_error() && !PASSING.contains(&self.0)
    }

    /// Whether it lies with the one server that says so: another one of its cluster may do what was
    /// asked.
    pub fn is_of_one_server(self) -> bool {
        // Each has quotas of its own, and the others are what one is to be left for.
        const OWN: [ReasonCode; 3] =
            [ReasonCode(0x97), ReasonCode::USE_ANOTHER_SERVER, ReasonCode::SERVER_MOVED];
        self.is_error() && !self.is_lasting() || OWN.contains(&self)
    }
}

impl fmt::Display for ReasonCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(reason_text(self.0))
    }
}

/// The name of a CONNACK code other than success.
#[must_use]
pub fn connack_text(version: ProtocolVersion, code: u8) -> &'static str {
    if version == ProtocolVersion::V5 {
        return reason_text(code);
    }
    match code {
        1 => "unacceptable protocol version",
        2 => "identifier rejected",
        3 => "broker unavailable",
        4 => "bad user name or password",
        5 => "not authorised",
        _ => "unknown reason",
    }
}

fn reason_text(code: u8) -> &'static str {
    match code {
        0x00 => "Success",
        0x01 => "Granted QoS 1",
        0x02 => "Granted QoS 2",
        0x04 => "Disconnect with Will Message",
        0x10 => "No matching subscribers",
        0x11 => "No subscription existed",
        0x18 => "Continue authentication",
        0x19 => "Re-authenticate",
        _ => error_text(code),
    }
}

fn error_text(code: u8) -> &'static str {
    match code {
        0x80 => "Unspecified error",
        0x81 => "Malformed Packet",
        0x82 => "Protocol Error",
        0x83 => "Implementation specific error",
        0x84 => "Unsupported Protocol Version",
        0x85 => "Client Identifier not valid",
        0x86 => "Bad User Name or Password",
        0x87 => "Not authorized",
        0x88 => "Server unavailable",
        0x89 => "Server busy",
        0x8A => "Banned",
        0x8B => "Server shutting down",
        0x8C => "Bad authentication method",
        0x8D => "Keep Alive timeout",
        0x8E => "Session taken over",
        0x8F => "Topic Filter invalid",
        0x90 => "Topic Name invalid",
        0x91 => "Packet Identifier in use",
        0x92 => "Packet Identifier not found",
        0x93 => "Receive Maximum exceeded",
        0x94 => "Topic Alias invalid",
        0x95 => "Packet too large",
        0x96 => "Message rate too high",
        0x97 => "Quota exceeded",
        0x98 => "Administrative action",
        0x99 => "Payload format invalid",
        0x9A => "Retain not supported",
        0x9B => "QoS not supported",
        0x9C => "Use another server",
        0x9D => "Server moved",
        0x9E => "Shared Subscriptions not supported",
        0x9F => "Connection rate exceeded",
        0xA0 => "Maximum connect time",
        0xA1 => "Subscription identifiers not supported",
        0xA2 => "Wildcard Subscriptions not supported",
        _ => "Unknown reason",
    }
}
