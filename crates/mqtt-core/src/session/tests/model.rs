//! A broker that does all the specification lets it do: delays and interleaves acknowledgements,
//! loses the connection at any point, keeps its session or forgets it. Whatever it does, QoS 1 is
//! delivered at least once and QoS 2 exactly once, both ways.
//!
//! A failure shrinks to a short list of [`Step`]s.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

/// One thing that happens.
#[derive(Clone, Copy, Debug)]
enum Step {
    /// The user publishes a message, if there is room.
    Publish(Qos),
    /// The user subscribes.
    Subscribe,
    /// What the user was given is safe: the oldest receipt is acknowledged.
    Acknowledge,
    /// Somebody publishes to the user.
    Message(Qos),
    /// So many packets arrive at the broker.
    ToBroker(u8),
    /// So many packets arrive at the client.
    ToClient(u8),
    /// The broker sends the acknowledgement that has been due longest: of one kind, or of the
    /// next one that has any.
    Answer(u8),
    /// The broker refuses the message of its oldest PUBACK or PUBREC that is due (MQTT 5).
    Refuse,
    /// The connection is lost with all that is on it, and a new one stands.
    Lost { session: BrokersSession, receive_maximum: u16 },
}

fn step() -> impl Strategy<Value = Step> {
    let qos = || prop_oneof![Just(Q1), Just(Q2), Just(Q2), Just(Q0)];
    let session = prop_oneof![4 => Just(Kept), 1 => Just(New)];
    prop_oneof![
        4 => qos().prop_map(Step::Publish),
        1 => Just(Step::Subscribe),
        3 => Just(Step::Acknowledge),
        4 => qos().prop_map(Step::Message),
        6 => (1..5u8).prop_map(Step::ToBroker),
        6 => (1..5u8).prop_map(Step::ToClient),
        8 => (0..4u8).prop_map(Step::Answer),
        1 => Just(Step::Refuse),
        2 => (session, 1..6u16).prop_map(|(session, receive_maximum)| {
            Step::Lost { session, receive_maximum }
        }),
    ]
}

fn hands_on() -> impl Strategy<Value = HandsOn> {
    prop_oneof![Just(HandsOn::AtPublish), Just(HandsOn::AtPubrel)]
}

/// A message, by its number.
type Number = u32;

/// What the broker has still to say, oldest first. Each kind keeps its order (§4.6).
#[derive(Default)]
struct Due {
    pubacks: VecDeque<(PacketId, Number)>,
    /// With whether the message is new, not one that it took on an earlier connection.
    pubrecs: VecDeque<(PacketId, Number, bool)>,
    pubcomps: VecDeque<PacketId>,
    subacks: VecDeque<PacketId>,
}

/// A message from the broker that is not done with.
#[derive(Clone, Copy, Debug)]
struct InFlight {
    packet_id: PacketId,
    qos: Qos,
    number: Number,
    /// PUBREC has come: PUBREL is next.
    released: bool,
}

/// When a broker hands a message of QoS 2 on: either is lawful (MQTT 5 §4.3.3, figure 4.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum HandsOn {
    AtPublish,
    AtPubrel,
}

/// The broker's side, with what it must keep and what it must not.
struct Broker {
    hands_on: HandsOn,
    due: Due,
    /// QoS 2 messages that came and are not released.
    held: BTreeMap<PacketId, Number>,
    /// How often each message was delivered to subscribers.
    delivered: HashMap<Number, u32>,
    outbound: VecDeque<InFlight>,
    next_packet_id: u16,
    to_client: VecDeque<Incoming>,
    /// The number of the last PUBLISH on this connection.
    last_published: Option<Number>,
}

impl Broker {
    fn new(hands_on: HandsOn) -> Self {
        Self {
            hands_on,
            due: Due::default(),
            held: BTreeMap::new(),
            delivered: HashMap::new(),
            outbound: VecDeque::new(),
            next_packet_id: 0,
            to_client: VecDeque::new(),
            last_published: None,
        }
    }

    /// A new connection begins; what was due on the old one is due no longer.
    fn connected(&mut self, session: BrokersSession, receive_maximum: Option<u16>) {
        self.due = Due::default();
        self.last_published = None;
        if session == New {
            self.held.clear();
            self.outbound.clear();
            self.next_packet_id = 0;
        }
        self.to_client.clear();
        self.to_client.push_back(match receive_maximum {
            Some(number) => connack(session, [super::receive_maximum(number)]),
            None => connack(session, []),
        });
        for message in self.outbound.clone() {
            self.to_client.push_back(if message.released {
                pubrel(message.packet_id.number())
            } else {
                Incoming::Publish(Publish { dup: true, ..message.publish() })
            });
        }
    }

    fn message(&mut self, qos: Qos, number: Number) {
        if qos == Q0 {
            return self.to_client.push_back(Incoming::Publish(numbered(Q0, None, number)));
        }
        loop {
            self.next_packet_id = self.next_packet_id % 7 + 1;
            let packet_id = id(self.next_packet_id);
            if self.outbound.len() >= 7 {
                return;
            }
            if self.outbound.iter().all(|message| message.packet_id != packet_id) {
                let message = InFlight { packet_id, qos, number, released: false };
                self.to_client.push_back(Incoming::Publish(message.publish()));
                return self.outbound.push_back(message);
            }
        }
    }

    fn hear(&mut self, send: Send<Number>) {
        match send {
            Send::Publish(publish, _) => self.publish(&publish),
            Send::Packet(Outgoing::PubRel(ack)) => {
                if let Some(number) = self.held.remove(&ack.packet_id)
                    && self.hands_on == HandsOn::AtPubrel
                {
                    self.deliver(number);
                }
                self.due.pubcomps.push_back(ack.packet_id);
            }
            Send::Packet(Outgoing::PubAck(ack) | Outgoing::PubComp(ack)) => {
                self.outbound.retain(|message| message.packet_id != ack.packet_id);
            }
            Send::Packet(Outgoing::PubRec(ack)) => {
                let of = |message: &&mut InFlight| message.packet_id == ack.packet_id;
                let message = self.outbound.iter_mut().find(of).expect("PUBREC for nothing");
                message.released = true;
                self.to_client.push_back(pubrel(ack.packet_id.number()));
            }
            Send::Packet(Outgoing::Subscribe(subscribe)) => {
                self.due.subacks.push_back(subscribe.packet_id);
            }
            Send::Packet(other) => panic!("the client sent {other:?}"),
        }
    }

    fn publish(&mut self, publish: &Publish<Number>) {
        let number = publish.payload;
        if publish.qos != Q0 {
            assert!(self.last_published < Some(number), "sent out of order");
            self.last_published = Some(number);
        }
        let now = match publish.packet_id {
            Some(packet_id) if publish.qos == Q2 => {
                let new = self.held.insert(packet_id, number).is_none();
                self.due.pubrecs.push_back((packet_id, number, new));
                new && self.hands_on == HandsOn::AtPublish
            }
            Some(packet_id) => {
                self.due.pubacks.push_back((packet_id, number));
                true
            }
            None => true,
        };
        if now {
            self.deliver(number);
        }
    }

    fn deliver(&mut self, number: Number) {
        *self.delivered.entry(number).or_default() += 1;
    }

    /// Sends an acknowledgement that is due, if any is.
    fn answer(&mut self, kind: u8) -> bool {
        let due = &mut self.due;
        (kind..kind + 4).any(|kind| {
            let answer = match kind % 4 {
                0 => due.pubacks.pop_front().map(|(packet_id, _)| puback(packet_id.number())),
                1 => due.pubrecs.pop_front().map(|(packet_id, ..)| pubrec(packet_id.number())),
                2 => due.pubcomps.pop_front().map(|packet_id| pubcomp(packet_id.number())),
                _ => due.subacks.pop_front().map(|packet_id| suback(packet_id.number(), [0])),
            };
            self.to_client.extend(answer.clone());
            answer.is_some()
        })
    }

    /// Refuses a message, and takes back that it was delivered. What it took on an earlier
    /// connection it cannot refuse on this one.
    fn refuse(&mut self) {
        if let Some((packet_id, number)) = self.due.pubacks.pop_front() {
            self.delivered.entry(number).and_modify(|count| *count -= 1);
            self.to_client.push_back(Incoming::PubAck(ack(packet_id.number(), 0x97)));
        } else if let Some((packet_id, number, true)) = self.due.pubrecs.front().copied() {
            self.due.pubrecs.pop_front();
            self.held.remove(&packet_id);
            if self.hands_on == HandsOn::AtPublish {
                self.delivered.entry(number).and_modify(|count| *count -= 1);
            }
            self.to_client.push_back(Incoming::PubRec(ack(packet_id.number(), 0x97)));
        }
    }
}

impl InFlight {
    fn publish(self) -> Publish {
        numbered(self.qos, Some(self.packet_id), self.number)
    }
}

fn numbered(qos: Qos, packet_id: Option<PacketId>, number: Number) -> Publish {
    let payload = Bytes::copy_from_slice(&number.to_be_bytes());
    Publish { packet_id, payload, ..incoming(qos, 1, "") }
}

fn number_of(payload: &[u8]) -> Number {
    Number::from_be_bytes(payload.try_into().unwrap())
}

/// A message of the user's that is not done with.
#[derive(Clone, Copy, Debug)]
struct Published {
    number: Number,
    /// How many of QoS 1 and 2 there were before it.
    sequence: u64,
    qos: Qos,
    /// The broker forgot its session meanwhile: twice is allowed.
    forgotten: bool,
}

/// Client, broker, and what lies between them.
struct World {
    version: ProtocolVersion,
    session: Session<Number>,
    start: Instant,
    broker: Broker,
    to_broker: VecDeque<Send<Number>>,
    numbers: Number,
    /// How many messages of QoS 1 and 2 were published.
    sequence: u64,
    /// By identifier: none may be given out twice.
    in_use: BTreeMap<u16, Published>,
    /// What is done with.
    done: HashMap<Number, Published>,
    refused: BTreeSet<Number>,
    /// Of ours, sent on this connection and not acknowledged.
    in_window: BTreeSet<u16>,
    window: usize,
    /// What the user was given, how often.
    seen: HashMap<Number, u32>,
    receipts: VecDeque<(Receipt, Number)>,
    safe: BTreeSet<Number>,
    /// Messages to the user that the broker may not lose.
    owed: BTreeMap<Number, Qos>,
    requests: BTreeSet<u16>,
    /// The broker forgot its session, and the CONNACK that says so has not arrived.
    forgot_unheard: bool,
}

const MAX_INFLIGHT: u16 = 4;

impl World {
    fn new(version: ProtocolVersion, hands_on: HandsOn) -> Self {
        let start = Instant::now();
        let config = SessionConfig { version, max_inflight: MAX_INFLIGHT, ..config() };
        let mut world = Self {
            version,
            session: Session::new(config, start),
            start,
            broker: Broker::new(hands_on),
            to_broker: VecDeque::new(),
            numbers: 0,
            sequence: 0,
            in_use: BTreeMap::new(),
            done: HashMap::new(),
            refused: BTreeSet::new(),
            in_window: BTreeSet::new(),
            window: 0,
            seen: HashMap::new(),
            receipts: VecDeque::new(),
            safe: BTreeSet::new(),
            owed: BTreeMap::new(),
            requests: BTreeSet::new(),
            forgot_unheard: false,
        };
        world.connect(New, 3);
        world
    }

    /// Where the CONNACK is lost that says "no session", the next one must not say "session
    /// present": MQTT has no means to tell that new session from the old one.
    fn connect(&mut self, session: BrokersSession, receive_maximum: u16) {
        let session = if self.forgot_unheard { New } else { session };
        self.forgot_unheard = session == New;
        self.session.disconnected();
        self.session.connecting();
        self.to_broker.clear();
        self.requests.clear();
        self.in_window.clear();
        // A broker of MQTT 3 has none.
        let receive_maximum = Some(receive_maximum).filter(|_| self.version == ProtocolVersion::V5);
        self.window = usize::from(receive_maximum.unwrap_or(u16::MAX).min(MAX_INFLIGHT));
        self.broker.connected(session, receive_maximum);
        if session == New {
            self.in_use.values_mut().for_each(|message| message.forgotten = true);
            self.owed.clear();
        }
    }

    fn number(&mut self) -> Number {
        self.numbers += 1;
        self.numbers
    }

    fn take(&mut self, step: Step) {
        match step {
            Step::Publish(qos) => self.publish(qos),
            Step::Subscribe => {
                self.session.subscribe(vec![filter("t")], Properties::new()).unwrap();
            }
            Step::Acknowledge => {
                if let Some((receipt, number)) = self.receipts.pop_front() {
                    self.safe.insert(number);
                    self.session.acknowledge(receipt);
                }
            }
            Step::Message(qos) => {
                let number = self.number();
                self.broker.message(qos, number);
                if self.broker.outbound.iter().any(|message| message.number == number) {
                    self.owed.insert(number, qos);
                }
            }
            Step::ToBroker(count) => self.deliver_to_broker(count),
            Step::ToClient(count) => {
                for _ in 0..count {
                    if let Some(packet) = self.broker.to_client.pop_front() {
                        self.deliver_to_client(packet);
                    }
                }
            }
            Step::Answer(kind) => {
                self.broker.answer(kind);
            }
            Step::Refuse if self.version == ProtocolVersion::V5 => self.broker.refuse(),
            Step::Refuse => {}
            Step::Lost { session, receive_maximum } => self.connect(session, receive_maximum),
        }
    }

    /// As the driver does: a new message goes out before what the session has queued.
    fn publish(&mut self, qos: Qos) {
        if !self.session.can_publish(qos) {
            return;
        }
        let number = self.number();
        let Message { topic, retain, properties, .. } = message(qos, "");
        let message = Message { topic, retain, properties, qos, payload: number };
        let (publish, _) = self.session.publish(message, 1).unwrap();
        if let Some(packet_id) = publish.packet_id {
            let sequence = self.sequence;
            self.sequence += 1;
            let message = Published { number, sequence, qos, forgotten: false };
            let before = self.in_use.insert(packet_id.number(), message);
            assert!(before.is_none(), "identifier {packet_id} is in use for {before:?}");
            assert!(!self.requests.contains(&packet_id.number()), "{packet_id} is a SUBSCRIBE's");
        }
        self.on_the_wire(Send::Publish(publish, 0));
    }

    fn on_the_wire(&mut self, send: Send<Number>) {
        match &send {
            Send::Publish(Publish { packet_id: Some(packet_id), .. }, _) => {
                self.in_window.insert(packet_id.number());
                assert!(self.in_window.len() <= self.window, "more than the receive maximum");
            }
            Send::Packet(Outgoing::Subscribe(subscribe)) => {
                let number = subscribe.packet_id.number();
                assert!(!self.in_use.contains_key(&number), "{number} is a message's");
                assert!(self.requests.insert(number), "{number} is a request's");
            }
            Send::Packet(Outgoing::PubAck(ack) | Outgoing::PubRec(ack)) => {
                let acknowledged =
                    self.broker.outbound.iter().find(|message| message.packet_id == ack.packet_id);
                if let Some(message) = acknowledged {
                    assert!(self.safe.contains(&message.number), "acknowledged before it is safe");
                }
            }
            _ => {}
        }
        self.to_broker.push_back(send);
    }

    fn deliver_to_broker(&mut self, count: u8) {
        while let Some(send) = self.session.poll_send() {
            self.on_the_wire(send);
        }
        for _ in 0..count {
            if let Some(send) = self.to_broker.pop_front() {
                self.broker.hear(send);
            }
        }
    }

    fn deliver_to_client(&mut self, packet: Incoming) {
        match &packet {
            Incoming::PubRec(ack) if !ack.reason.is_error() => {}
            Incoming::PubAck(ack) | Incoming::PubRec(ack) | Incoming::PubComp(ack) => {
                self.in_window.remove(&ack.packet_id.number());
            }
            _ => {}
        }
        match self.session.handle(packet, self.start).expect("the broker did nothing wrong") {
            Some(Event::Message(publish, receipt)) => {
                let number = number_of(&publish.payload);
                *self.seen.entry(number).or_default() += 1;
                self.receipts.extend(receipt.map(|receipt| (receipt, number)));
            }
            Some(Event::Published(published)) => {
                let packet_id = published.ack.packet_id.number();
                let message = self.in_use.remove(&packet_id).expect("published twice");
                let told = (published.sequence, published.payload);
                assert_eq!(told, (message.sequence, message.number));
                if published.ack.reason.is_error() {
                    self.refused.insert(message.number);
                }
                self.done.insert(message.number, message);
            }
            Some(Event::Subscribed(suback)) => {
                assert!(self.requests.remove(&suback.packet_id.number()), "answered twice");
            }
            Some(Event::Connected(_)) => self.forgot_unheard = false,
            Some(Event::Unsubscribed(..) | Event::UnknownPubRec(_) | Event::Pong) | None => {}
            Some(Event::Forgotten(ack)) => panic!("{ack:?}"),
        }
        let unacknowledged = self.session.unacknowledged_messages();
        let unacknowledged: BTreeSet<_> =
            unacknowledged.map(|(of, &number)| (of, number)).collect();
        let in_use = self.in_use.values().map(|message| (message.sequence, message.number));
        assert_eq!(unacknowledged, in_use.collect());
        assert_eq!(self.session.unacknowledged(), self.in_use.len());
    }

    /// The faults are over: everything arrives.
    fn settle(&mut self) {
        for round in 0.. {
            assert!(round < 1000, "it goes on for ever");
            self.deliver_to_broker(u8::MAX);
            let mut busy = !self.to_broker.is_empty();
            while self.broker.answer(0) {
                busy = true;
            }
            while let Some(packet) = self.broker.to_client.pop_front() {
                self.deliver_to_client(packet);
                busy = true;
            }
            while !self.receipts.is_empty() {
                self.take(Step::Acknowledge);
                busy = true;
            }
            if !busy {
                return;
            }
        }
    }

    fn check(&self) {
        assert_eq!(self.session.unacknowledged(), 0, "{:?} is not done with", self.in_use);
        assert!(self.requests.is_empty(), "not answered: {:?}", self.requests);
        assert!(self.broker.outbound.is_empty(), "left: {:?}", self.broker.outbound);
        for (number, message) in &self.done {
            let count = self.broker.delivered.get(number).copied().unwrap_or_default();
            let exactly = message.qos == Q2 && !message.forgotten;
            if !self.refused.contains(number) {
                assert!(count >= 1, "{message:?} is lost");
            }
            assert!(count <= 1 || !exactly, "{message:?} came {count} times");
        }
        for (number, qos) in &self.owed {
            let count = self.seen.get(number).copied().unwrap_or_default();
            assert!(count >= 1, "message {number} of {qos:?} to the user is lost");
        }
        for (number, count) in &self.seen {
            let exactly = self.owed.get(number) == Some(&Q2);
            assert!(*count == 1 || !exactly, "message {number} was shown {count} times");
        }
    }
}

fn play(version: ProtocolVersion, hands_on: HandsOn, steps: &[Step]) {
    let mut world = World::new(version, hands_on);
    for step in steps {
        world.take(*step);
    }
    world.settle();
    world.check();
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 1000, max_shrink_iters: 20_000, failure_persistence: None, ..ProptestConfig::default()
    })]

    #[test]
    fn every_message_gets_through_whatever_a_lawful_broker_does(
        hands_on in hands_on(),
        steps in vec(step(), 0..120),
    ) {
        play(ProtocolVersion::V5, hands_on, &steps);
    }

    #[test]
    fn every_message_gets_through_in_mqtt_3_too(
        hands_on in hands_on(),
        steps in vec(step(), 0..60),
    ) {
        play(ProtocolVersion::V311, hands_on, &steps);
    }
}

/// What the session may hear, lawful or not.
fn any_packet() -> impl Strategy<Value = Incoming> {
    let number = || 1..5u16;
    let reason = || prop_oneof![3 => Just(0u8), 1 => any::<u8>()];
    let qos = || prop_oneof![Just(Q0), Just(Q1), Just(Q2)];
    prop_oneof![
        (any::<bool>(), 1..4u16).prop_map(|(kept, window)| connack(
            if kept { Kept } else { New },
            [receive_maximum(window)]
        )),
        (number(), reason()).prop_map(|(number, reason)| Incoming::PubAck(ack(number, reason))),
        (number(), reason()).prop_map(|(number, reason)| Incoming::PubRec(ack(number, reason))),
        (number(), reason()).prop_map(|(number, reason)| Incoming::PubRel(ack(number, reason))),
        (number(), reason()).prop_map(|(number, reason)| Incoming::PubComp(ack(number, reason))),
        (number(), reason()).prop_map(|(number, reason)| suback(number, [reason])),
        number().prop_map(unsuback),
        (qos(), number(), any::<bool>()).prop_map(|(qos, number, dup)| {
            Incoming::Publish(Publish { dup, ..incoming(qos, number, "x") })
        }),
        Just(Incoming::PingResp),
        reason().prop_map(|reason| Incoming::Disconnect(Disconnect::new(ReasonCode(reason)))),
    ]
}

proptest! {
    #[test]
    fn no_packet_at_any_time_is_a_panic(
        script in vec((any_packet(), any::<bool>(), 0..4u8), 0..80),
    ) {
        let mut talk = Talk::begin();
        let mut receipts = VecDeque::new();
        for (packet, publishes, then) in script {
            if publishes && talk.session.can_publish(Q2) {
                talk.publish(if then % 2 == 0 { Q1 } else { Q2 }, "x");
            }
            match talk.try_hear(packet) {
                Ok(Some(Event::Message(_, receipt))) => receipts.extend(receipt),
                Ok(_) => {}
                Err(error) => {
                    prop_assert!(!error.to_string().is_empty());
                    talk.again(if then % 2 == 0 { Kept } else { New });
                }
            }
            if then == 3 {
                receipts.drain(..).for_each(|receipt| talk.session.acknowledge(receipt));
            }
            talk.sent();
        }
    }
}
