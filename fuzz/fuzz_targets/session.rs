//! Whatever packets come, and whenever: the session neither panics nor gives out an identifier
//! that is in use, nor sends more messages than it may.
#![no_main]

use std::collections::HashSet;
use std::time::{Duration, Instant};

use arbitrary::Arbitrary;
use bytes::{Bytes, BytesMut};
use libfuzzer_sys::fuzz_target;
use mqtt_core::protocol::codec::Codec;
use mqtt_core::protocol::{
    Disconnect, Incoming, MAX_REMAINING_LENGTH, Properties, ProtocolVersion, Qos, ReasonCode,
    SubscribeFilter, SubscribeOptions, Text, TopicFilter, TopicName,
};
use mqtt_core::session::{Event, Message, Reading, Receipt, Session, SessionConfig};

const WINDOW: u16 = 5;

#[derive(Arbitrary, Debug)]
struct Script {
    version_5: bool,
    clean_start: bool,
    steps: Vec<Step>,
}

#[derive(Arbitrary, Debug)]
enum Step {
    /// Bytes that the decoder makes packets of, if it can.
    Bytes(Vec<u8>),
    ConnAck {
        session_present: bool,
    },
    /// PUBACK, PUBREC, PUBREL or PUBCOMP.
    Ack {
        kind: u8,
        packet_id: u8,
    },
    Message {
        qos: u8,
        packet_id: u8,
        dup: bool,
    },
    SubAck {
        packet_id: u8,
    },
    Publish {
        qos: u8,
    },
    Subscribe,
    Unsubscribe,
    Acknowledge,
    Connect,
    Disconnect,
    Wait {
        seconds: u16,
    },
    StopReading {
        stopped: bool,
    },
}

struct World {
    session: Session<Bytes>,
    codec: Codec,
    version: ProtocolVersion,
    now: Instant,
    receipts: Vec<Receipt>,
    in_use: HashSet<u16>,
}

impl World {
    fn hear(&mut self, bytes: &[u8]) {
        let mut buffer = BytesMut::from(bytes);
        while let Ok(Some(packet)) = self.codec.decode(&mut buffer) {
            self.hear_packet(packet);
        }
    }

    fn hear_packet(&mut self, packet: Incoming) {
        self.session.received(self.now);
        match self.session.handle(packet, self.now) {
            Ok(Some(Event::Message(message, receipt))) => {
                assert!(!message.topic.as_str().is_empty(), "an alias was not resolved");
                self.receipts.extend(receipt);
            }
            Ok(Some(Event::Published(published))) => {
                let number = published.ack.packet_id.number();
                assert!(self.in_use.remove(&number), "published twice");
            }
            Ok(_) => {}
            Err(error) => {
                assert!(!error.to_string().is_empty());
                self.connect();
            }
        }
        assert_eq!(self.session.unacknowledged(), self.in_use.len());
        assert!(self.in_use.len() <= usize::from(WINDOW));
    }

    fn connect(&mut self) {
        self.session.disconnected();
        self.session.connecting();
    }

    fn publish(&mut self, qos: u8) {
        let qos = Qos::from_level(qos % 3).unwrap();
        if !self.session.can_publish(qos) {
            return;
        }
        let message = Message {
            topic: TopicName::new("t").unwrap(),
            qos,
            retain: true,
            properties: Properties::new(),
            payload: Bytes::new(),
        };
        if let Ok((publish, _)) = self.session.publish(message, 1)
            && let Some(packet_id) = publish.packet_id
        {
            assert!(self.in_use.insert(packet_id.number()), "{packet_id} is in use");
        }
    }

    fn take(&mut self, step: Step) {
        let empty_list: &[u8] = if self.version == ProtocolVersion::V5 { &[0] } else { &[] };
        match step {
            Step::Bytes(bytes) => self.hear(&bytes),
            Step::ConnAck { session_present } => self.hear(
                &[&[0x20, 2 + empty_list.len() as u8, session_present.into(), 0], empty_list]
                    .concat(),
            ),
            Step::Ack { kind, packet_id } => {
                let first = [0x40, 0x50, 0x62, 0x70][usize::from(kind % 4)];
                self.hear(&[first, 2, 0, packet_id]);
            }
            Step::Message { qos, packet_id, dup } => {
                let first = 0x30 | u8::from(dup) << 3 | (qos % 3) << 1;
                let id: &[u8] = if qos % 3 == 0 { &[] } else { &[0, packet_id] };
                let body = [b"\0\x01t", id, empty_list, b"x"].concat();
                self.hear(&[&[first, body.len() as u8], &body[..]].concat());
            }
            Step::SubAck { packet_id } => {
                let body = [&[0, packet_id], empty_list, &[0]].concat();
                self.hear(&[&[0x90, body.len() as u8], &body[..]].concat());
            }
            Step::Publish { qos } => self.publish(qos),
            Step::Subscribe => {
                let filter = TopicFilter::new("t").unwrap();
                let filter = SubscribeFilter {
                    filter,
                    qos: Qos::AtMostOnce,
                    options: SubscribeOptions::default(),
                };
                let _ = self.session.subscribe(vec![filter], Properties::new());
            }
            Step::Unsubscribe => {
                let filter = TopicFilter::new("t").unwrap();
                let _ = self.session.unsubscribe(filter, Properties::new());
            }
            Step::Acknowledge => {
                if let Some(receipt) = self.receipts.pop() {
                    self.session.acknowledge(receipt);
                }
            }
            Step::Connect => self.connect(),
            Step::Disconnect => self.session.disconnect(Disconnect::new(ReasonCode::SUCCESS)),
            Step::Wait { seconds } => {
                self.now += Duration::from_secs(seconds.into());
                let _ = self.session.handle_deadline(self.now);
            }
            Step::StopReading { stopped } => {
                let reading = if stopped { Reading::Off } else { Reading::On };
                self.session.set_reading(reading, self.now);
            }
        }
        while self.session.poll_send().is_some() {}
    }
}

fuzz_target!(|script: Script| {
    let now = Instant::now();
    let version = if script.version_5 { ProtocolVersion::V5 } else { ProtocolVersion::V311 };
    let config = SessionConfig {
        version,
        clean_start: script.clean_start,
        client_id: Text::new("fuzz").unwrap(),
        keep_alive: 60,
        max_inflight: WINDOW,
        topic_alias_maximum: 3,
    };
    let mut session = Session::new(config, now);
    session.connecting();
    let mut world = World {
        session,
        codec: Codec::new(version, MAX_REMAINING_LENGTH),
        version,
        now,
        receipts: Vec::new(),
        in_use: HashSet::new(),
    };
    for step in script.steps {
        world.take(step);
    }
});
