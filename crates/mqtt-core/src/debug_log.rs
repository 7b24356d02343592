//! The `-d` lines, in the words of mosquitto 2.1.2.

use std::fmt::{self, Write as _};
use std::io::Write as _;

use colored::Colorize;

use crate::console::{Console, Stream};
use crate::plan::{Controls, DebugPlan, Endpoint, Notices, Palette};
use crate::protocol::codec::{DecodeError, PACKET_TYPE_0};
use crate::protocol::{
    Ack, ConnAck, Connect, Incoming, Outgoing, PacketId, PropertyId, Publish, ReasonCode, SubAck,
    TopicName,
};
use crate::visible::part_of_line;

/// Words packets and prints them.
#[derive(Debug)]
pub(crate) struct DebugLog {
    plan: DebugPlan,
    client_id: String,
    clean_start: bool,
    notices: Notices,
    /// Whether CONNECT is answered: a second answer is none.
    introduction: Introduction,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Introduction {
    Unanswered,
    Answered,
}

enum Direction {
    Sending,
    Received,
    ReceivedConnAck,
}

impl DebugLog {
    /// With `--quiet` the original leaves out the `Subscribed` line, and no other.
    #[must_use]
    pub(crate) fn new(plan: DebugPlan, connect: &Connect, notices: Notices) -> Self {
        // The plan has decided; left alone, the crate would look at stdout and the environment.
        colored::control::set_override(plan.palette == Palette::Colour);
        Self {
            plan,
            client_id: connect.client_id.to_string(),
            clean_start: connect.clean_start,
            notices,
            introduction: Introduction::Unanswered,
        }
    }

    /// CONNECT goes out.
    pub(crate) fn sending_connect<R>(&mut self, console: &mut Console<R>) {
        self.introduction = Introduction::Unanswered;
        self.line(console, &Direction::Sending, format_args!("CONNECT"));
    }

    /// A candidate has failed, and the next one is tried.
    pub(crate) fn turning_to<R>(&self, next: &Endpoint, why: &str, console: &mut Console<R>) {
        let text = format!("{why}; trying {next}");
        match self.plan.controls {
            Controls::Raw => self.raw_line(console, format_args!("{text}")),
            Controls::Visible => self.raw_line(console, format_args!("{}", part_of_line(&text))),
        }
    }

    /// A PUBLISH goes out; `number` stands in for the packet identifier at QoS 0.
    pub(crate) fn sending_publish<P, R>(
        &self,
        publish: &Publish<P>,
        number: u16,
        length: usize,
        console: &mut Console<R>,
    ) {
        let topic = publish.topic.as_ref();
        let fields = PublishFields { publish, topic, number, length };
        self.line(console, &Direction::Sending, format_args!("{fields}"));
    }

    /// Any other packet goes out.
    pub(crate) fn sending<R>(&self, packet: &Outgoing, console: &mut Console<R>) {
        let mut line = |text: fmt::Arguments<'_>| self.line(console, &Direction::Sending, text);
        match packet {
            Outgoing::PubAck(ack) => line(format_args!("PUBACK ({})", Short(ack))),
            Outgoing::PubRec(ack) => line(format_args!("PUBREC ({})", Short(ack))),
            Outgoing::PubRel(ack) => line(format_args!("PUBREL (m{})", ack.packet_id)),
            Outgoing::PubComp(ack) => line(format_args!("PUBCOMP (m{})", ack.packet_id)),
            Outgoing::Subscribe(subscribe) => {
                for filter in &subscribe.filters {
                    line(format_args!(
                        "SUBSCRIBE (Mid: {}, Topic: {}, QoS: {}, Options: 0x{:02x})",
                        subscribe.packet_id,
                        filter.filter,
                        filter.qos.level(),
                        filter.options.bits()
                    ));
                }
            }
            Outgoing::Unsubscribe(unsubscribe) => line(format_args!(
                "UNSUBSCRIBE (Mid: {}, Topic: {})",
                unsubscribe.packet_id, unsubscribe.filter
            )),
            Outgoing::PingReq => line(format_args!("PINGREQ")),
            Outgoing::Disconnect(_) => line(format_args!("DISCONNECT")),
        }
    }

    /// A packet has come. A CONNACK may give us another client identifier, which its own line
    /// already carries.
    /// `topic` is that of a PUBLISH, its alias resolved.
    pub(crate) fn received<R>(
        &mut self,
        packet: &Incoming,
        topic: Option<&TopicName>,
        console: &mut Console<R>,
    ) {
        if let Incoming::ConnAck(connack) = packet
            && let Some(id) = connack.properties.text(PropertyId::AssignedClientIdentifier)
        {
            self.client_id = id.to_string();
        }
        let mut line = |text: fmt::Arguments<'_>| self.line(console, &Direction::Received, text);
        match packet {
            Incoming::ConnAck(connack) => self.connack(connack, console),
            Incoming::Publish(publish) => {
                let number = publish.packet_id.map_or(0, PacketId::number);
                let length = publish.payload.len();
                let fields = PublishFields { publish, topic, number, length };
                line(format_args!("{fields}"));
            }
            Incoming::PubAck(ack) => line(format_args!("PUBACK ({})", Long(ack))),
            Incoming::PubComp(ack) => line(format_args!("PUBCOMP ({})", Long(ack))),
            Incoming::PubRec(ack) => line(format_args!("PUBREC (Mid: {})", ack.packet_id)),
            Incoming::PubRel(ack) => line(format_args!("PUBREL (Mid: {})", ack.packet_id)),
            Incoming::SubAck(suback) => {
                line(format_args!("SUBACK"));
                self.subscribed(suback, console);
            }
            Incoming::UnsubAck(_) => line(format_args!("UNSUBACK")),
            Incoming::PingResp => line(format_args!("PINGRESP")),
            Incoming::Disconnect(disconnect) => {
                let ReasonCode(code) = disconnect.reason;
                self.raw_line(console, format_args!("Received DISCONNECT ({code})"));
            }
            Incoming::Auth(_) => line(format_args!("AUTH")),
        }
    }

    fn connack<R>(&mut self, connack: &ConnAck, console: &mut Console<R>) {
        let direction = Direction::ReceivedConnAck;
        if self.introduction == Introduction::Answered {
            return self.line(console, &direction, format_args!("duplicate CONNACK"));
        }
        self.line(console, &direction, format_args!("CONNACK ({})", connack.code));
        if connack.session_present && self.clean_start && connack.code == 0 {
            let what = format_args!("CONNACK with session present when clean start was set");
            self.line(console, &direction, what);
        }
        self.introduction = Introduction::Answered;
    }

    /// Bytes have come that the original has words for although they are no packet.
    pub(crate) fn undecodable<R>(&self, error: &DecodeError, console: &mut Console<R>) {
        match error {
            DecodeError::ConnAckFlags(flags) => {
                let text = format_args!("CONNACK with invalid connect flags ({flags})");
                self.line(console, &Direction::ReceivedConnAck, text);
            }
            DecodeError::Unexpected { packet } => {
                if let Some(command) = unrecognised(packet) {
                    // Its line end stands twice.
                    let text = format_args!("Error: Unrecognised command {command}\n");
                    self.raw_line(console, text);
                }
            }
            _ => {}
        }
    }

    /// A PUBREC has come for no message of ours.
    pub(crate) fn unknown_pubrec<R>(&self, packet_id: PacketId, console: &mut Console<R>) {
        let id = if self.client_id.is_empty() { "null" } else { &self.client_id };
        let text = "for an unknown packet identifier";
        self.raw_line(
            console,
            format_args!("Warning: Received PUBREC from {id} {text} {packet_id}."),
        );
    }

    fn subscribed<R>(&self, suback: &SubAck, console: &mut Console<R>) {
        if self.notices == Notices::Hidden {
            return;
        }
        let mut codes = String::new();
        for (index, ReasonCode(code)) in suback.reasons.iter().enumerate() {
            let separator = if index == 0 { "" } else { ", " };
            let _ = write!(codes, "{separator}{code}");
        }
        let packet_id = suback.packet_id;
        self.raw_line(console, format_args!("Subscribed (mid: {packet_id}): {codes}"));
    }

    fn line<R>(&self, console: &mut Console<R>, direction: &Direction, text: fmt::Arguments<'_>) {
        let (verb, missing) = match direction {
            Direction::Sending => ("sending", "null"),
            Direction::Received => ("received", "null"),
            // The original prints a missing identifier otherwise in these lines.
            Direction::ReceivedConnAck => ("received", "(null)"),
        };
        let client_id = if self.client_id.is_empty() { missing } else { &self.client_id };
        let text = text.to_string();
        let (client_id, text) = match self.plan.controls {
            Controls::Raw => (client_id.into(), text.as_str().into()),
            Controls::Visible => (part_of_line(client_id), part_of_line(&text)),
        };
        if self.plan.palette == Palette::Plain {
            return self.raw_line(console, format_args!("Client {client_id} {verb} {text}"));
        }
        let verb = match direction {
            Direction::Sending => verb.cyan(),
            Direction::Received | Direction::ReceivedConnAck => verb.green(),
        };
        let client = format!("Client {client_id}");
        self.raw_line(console, format_args!("{} {verb} {text}", client.dimmed()));
    }

    fn raw_line<R>(&self, console: &mut Console<R>, text: fmt::Arguments<'_>) {
        let stream: Stream = self.plan.stream;
        console.print(stream, |out| {
            let _ = writeln!(out, "{text}");
        });
    }
}

struct PublishFields<'a, P> {
    publish: &'a Publish<P>,
    topic: Option<&'a TopicName>,
    number: u16,
    length: usize,
}

impl<P> fmt::Display for PublishFields<'_, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let publish = self.publish;
        write!(
            f,
            "PUBLISH (d{}, q{}, r{}, m{}, '{}', ... ({} bytes))",
            u8::from(publish.dup),
            publish.qos.level(),
            u8::from(publish.retain),
            self.number,
            self.topic.map_or("(null)", TopicName::as_str),
            self.length
        )
    }
}

struct Short<'a>(&'a Ack);

impl fmt::Display for Short<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "m{}, rc{}", self.0.packet_id, self.0.reason.0)
    }
}

struct Long<'a>(&'a Ack);

impl fmt::Display for Long<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Mid: {}, RC:{}", self.0.packet_id, self.0.reason.0)
    }
}

/// The number by which the original names what its client has no word for. It knows PINGREQ and
/// the packets that only MQTT 5 has.
fn unrecognised(packet: &str) -> Option<u8> {
    match packet {
        PACKET_TYPE_0 => Some(0),
        "CONNECT" => Some(0x10),
        "SUBSCRIBE" => Some(0x80),
        "UNSUBSCRIBE" => Some(0xa0),
        _ => None,
    }
}
