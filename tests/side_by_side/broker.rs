//! A broker made of rules: what it answers to which packet.
//!
//! Without any it lets everyone in, grants and acknowledges everything and answers pings. It
//! speaks the version that the client asked for, so that one script serves every version.

use std::collections::VecDeque;
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use test_support::packet::{self, Delivery, v3, v5};
use test_support::scripted_peer::ScriptedPeer;
use test_support::tool::{Pid, Signal, kill_process};

use super::decode::{self, Kind, Level};

/// A broker that does what every good broker does.
pub(crate) fn broker() -> Broker {
    Broker { connections: vec![Script::default()] }
}

/// What is done when a packet comes.
#[derive(Clone, Debug)]
pub(crate) enum Reply {
    /// What is usual.
    Usual,
    /// These bytes are sent.
    Bytes(Vec<u8>),
    /// CONNACK with this code (and, in MQTT 5, these properties).
    Connack(u8, Vec<u8>),
    /// PUBACK or PUBREC to this PUBLISH with a reason code, which only MQTT 5 has.
    Acknowledge(u8),
    /// SUBACK for the SUBSCRIBE with this packet identifier, with these codes.
    Suback(u16, Vec<u8>),
    /// A message is put into the queue. The next one leaves when this one is acknowledged.
    Message(Message),
    /// The client's process gets this signal, once it has been sent what comes before.
    Signal(Signal),
    /// The connection is ended in order.
    Close,
}

/// A message to the client.
#[derive(Clone, Debug)]
pub(crate) struct Message {
    topic: String,
    payload: Vec<u8>,
    delivery: Delivery,
    flags: u8,
    properties: Vec<u8>,
}

/// A message of `QoS` 0.
pub(crate) fn message(topic: &str, payload: impl AsRef<[u8]>) -> Message {
    Message {
        topic: topic.to_owned(),
        payload: payload.as_ref().to_owned(),
        delivery: Delivery::AtMostOnce,
        flags: 0,
        properties: Vec::new(),
    }
}

impl Message {
    /// `QoS` 1.
    pub(crate) fn at_least_once(self, id: u16) -> Self {
        Self { delivery: Delivery::AtLeastOnce(id), ..self }
    }

    /// `QoS` 2.
    pub(crate) fn exactly_once(self, id: u16) -> Self {
        Self { delivery: Delivery::ExactlyOnce(id), ..self }
    }

    /// With these flags: [`packet::RETAIN`], [`packet::DUP`].
    pub(crate) fn flagged(self, flags: u8) -> Self {
        Self { flags, ..self }
    }

    /// With these properties; only MQTT 5 has them.
    pub(crate) fn properties(self, properties: &[u8]) -> Self {
        Self { properties: properties.to_owned(), ..self }
    }

    fn bytes(&self, level: Level) -> Vec<u8> {
        let bytes = match level {
            Level::Five => v5::publish(&self.topic, &self.payload, self.delivery, &self.properties),
            Level::Three | Level::Four => v3::publish(&self.topic, &self.payload, self.delivery),
        };
        packet::flagged(bytes, self.flags)
    }
}

/// What is done in one connection.
#[derive(Clone, Debug, Default)]
struct Script {
    /// What is done about the first packet of this kind, the second, and so on.
    rules: Vec<(Kind, Vec<Reply>)>,
    /// Sent when the first SUBSCRIBE is answered.
    messages: Vec<Message>,
}

impl Script {
    fn take(&mut self, kind: Kind) -> Option<Vec<Reply>> {
        let at = self.rules.iter().position(|(of, _)| *of == kind)?;
        Some(self.rules.remove(at).1)
    }
}

/// The connections that a client will make, one after the other; the last script is also for
/// all that follow.
#[derive(Clone, Debug)]
pub(crate) struct Broker {
    connections: Vec<Script>,
}

impl Broker {
    /// Does this about the next packet of this kind, in place of what is usual. Several rules for
    /// one kind are for its first packet, its second and so on.
    pub(crate) fn on(mut self, kind: Kind, replies: impl Into<Vec<Reply>>) -> Self {
        self.script().rules.push((kind, replies.into()));
        self
    }

    /// Sends a message when the subscription is answered.
    pub(crate) fn with(mut self, message: Message) -> Self {
        self.script().messages.push(message);
        self
    }

    /// Answers CONNECT with this code.
    pub(crate) fn connack(self, code: u8) -> Self {
        self.on(Kind::Connect, [Reply::Connack(code, Vec::new())])
    }

    /// Lets the client in with these properties of MQTT 5.
    pub(crate) fn connack_with(self, properties: &[u8]) -> Self {
        self.on(Kind::Connect, [Reply::Connack(0, properties.to_owned())])
    }

    /// What follows is for the client's next connection.
    pub(crate) fn then(mut self) -> Self {
        self.connections.push(Script::default());
        self
    }

    fn script(&mut self) -> &mut Script {
        self.connections.last_mut().expect("there is always one")
    }

    /// Serves this client until its process has ended; what it sent in each connection.
    pub(crate) fn serve(
        &self,
        peer: &ScriptedPeer,
        client: Pid,
        ended: &AtomicBool,
    ) -> Vec<Vec<String>> {
        let mut connections = Vec::new();
        loop {
            // Whoever connected before the end is in the queue by now.
            let last = ended.load(Ordering::Acquire);
            if let Some(connection) = peer.try_accept() {
                let script = self.connections.get(connections.len()).or(self.connections.last());
                let script = script.expect("there is always one").clone();
                let conversation = Conversation::new(script, connection.clone_stream(), client);
                connections.push(conversation.run());
            } else if last {
                return connections;
            } else {
                std::thread::sleep(Duration::from_millis(2));
            }
        }
    }
}

/// One connection at work.
struct Conversation {
    script: Script,
    stream: TcpStream,
    client: Pid,
    level: Level,
    /// Messages that wait for the acknowledgement of those before them.
    queue: VecDeque<Message>,
    /// Whether the message sent last is still to be acknowledged.
    waiting: bool,
    /// What an answer has come to so far.
    unsent: Vec<u8>,
    lines: Vec<String>,
}

impl Conversation {
    fn new(script: Script, stream: TcpStream, client: Pid) -> Self {
        let level = Level::Four;
        let (queue, waiting, mut lines) = (VecDeque::new(), false, Vec::new());
        // Seen with -A; everything else comes from the usual address.
        if let Ok(SocketAddr::V4(address)) = stream.peer_addr()
            && *address.ip() != Ipv4Addr::LOCALHOST
        {
            lines.push(format!("from {}", address.ip()));
        }
        Self { script, stream, client, level, queue, waiting, unsent: Vec::new(), lines }
    }

    /// Reads and answers until the client has nothing more to say.
    fn run(mut self) -> Vec<String> {
        while let Some(packet) = self.read() {
            let first = packet.first().copied().unwrap_or_default();
            let kind = Kind::of(first);
            if kind == Some(Kind::Connect) {
                self.level = decode::level_of(&packet).unwrap_or(Level::Four);
            }
            self.lines.push(decode::line(&packet, self.level));
            if let Some(kind) = kind {
                self.answer(kind, &packet);
            }
        }
        self.close();
        self.lines
    }

    /// One whole packet; `None` at the end, in order or not.
    fn read(&mut self) -> Option<Vec<u8>> {
        let mut packet = vec![self.read_byte()?];
        let mut remaining = 0;
        for shift in [0, 7, 14, 21] {
            let byte = self.read_byte()?;
            packet.push(byte);
            remaining |= usize::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                break;
            }
        }
        let mut body = vec![0; remaining];
        self.stream.read_exact(&mut body).ok()?;
        packet.append(&mut body);
        Some(packet)
    }

    fn read_byte(&mut self) -> Option<u8> {
        let mut byte = [0];
        self.stream.read_exact(&mut byte).ok()?;
        byte.first().copied()
    }

    fn answer(&mut self, kind: Kind, packet: &[u8]) {
        if matches!(kind, Kind::Puback | Kind::Pubcomp) {
            self.waiting = false;
        }
        for reply in self.script.take(kind).unwrap_or_else(|| vec![Reply::Usual]) {
            self.carry_out(reply, kind, packet);
        }
        if kind == Kind::Subscribe {
            self.queue.extend(std::mem::take(&mut self.script.messages));
        }
        self.send_messages();
        self.flush();
    }

    fn carry_out(&mut self, reply: Reply, kind: Kind, packet: &[u8]) {
        match reply {
            Reply::Usual => {
                if let Some(usual) = usual(kind, packet, self.level) {
                    self.carry_out(usual, kind, packet);
                }
            }
            Reply::Bytes(bytes) => self.send(&bytes),
            Reply::Connack(code, properties) => self.send(&connack(code, &properties, self.level)),
            Reply::Suback(id, codes) => self.send(&suback(id, &codes, self.level)),
            Reply::Acknowledge(reason) => {
                let acknowledgement = acknowledgement(packet, self.level, reason);
                self.send(&acknowledgement.unwrap_or_default());
            }
            Reply::Message(message) => {
                self.queue.push_back(message);
                self.send_messages();
            }
            Reply::Signal(signal) => {
                self.flush();
                // It may have left already.
                let _sent = kill_process(self.client, signal);
            }
            Reply::Close => self.close(),
        }
    }

    fn send_messages(&mut self) {
        while !self.waiting
            && let Some(message) = self.queue.pop_front()
        {
            self.waiting = message.delivery != Delivery::AtMostOnce;
            self.send(&message.bytes(self.level));
        }
    }

    fn send(&mut self, bytes: &[u8]) {
        self.unsent.extend_from_slice(bytes);
    }

    /// An answer goes out in one piece: what a client does must not depend on how much of it came
    /// first. The client may have left already: what it sent until then is what counts.
    fn flush(&mut self) {
        drop(self.stream.write_all(&std::mem::take(&mut self.unsent)));
    }

    fn close(&mut self) {
        self.flush();
        drop(self.stream.shutdown(Shutdown::Write));
    }
}

/// What any broker does.
fn usual(kind: Kind, packet: &[u8], level: Level) -> Option<Reply> {
    let id = decode::identifier(packet);
    Some(match kind {
        Kind::Connect => Reply::Connack(0, Vec::new()),
        Kind::Publish => Reply::Acknowledge(0),
        Kind::Subscribe => Reply::Suback(id, decode::requested_qos(packet, level)),
        Kind::Pubrec => Reply::Bytes(packet::pubrel(id)),
        Kind::Pubrel => Reply::Bytes(packet::pubcomp(id)),
        Kind::Unsubscribe => Reply::Bytes(match level {
            Level::Five => v5::unsuback(id, &[0]),
            Level::Three | Level::Four => v3::unsuback(id),
        }),
        Kind::Pingreq => Reply::Bytes(packet::PINGRESP.to_vec()),
        Kind::Disconnect => Reply::Close,
        Kind::Puback | Kind::Pubcomp => return None,
    })
}

fn connack(code: u8, properties: &[u8], level: Level) -> Vec<u8> {
    match level {
        Level::Five => v5::connack(code, properties),
        Level::Three | Level::Four => v3::connack(code),
    }
}

fn suback(id: u16, codes: &[u8], level: Level) -> Vec<u8> {
    match level {
        Level::Five => v5::suback(id, codes),
        Level::Three | Level::Four => v3::suback(id, codes),
    }
}

/// The first acknowledgement of a PUBLISH; none at `QoS` 0.
fn acknowledgement(publish: &[u8], level: Level, reason: u8) -> Option<Vec<u8>> {
    let id = decode::publish_identifier(publish)?;
    let at_least_once = publish.first().is_some_and(|first| first & 0b110 == 0b010);
    Some(match (at_least_once, level == Level::Five && reason != 0) {
        (true, false) => packet::puback(id),
        (true, true) => v5::puback(id, reason),
        (false, false) => packet::pubrec(id),
        (false, true) => v5::pubrec(id, reason),
    })
}
