//! What the broker kept of a session, and what it did not; who else is in it; how much it takes.

use std::collections::BTreeMap;

use super::kill::{wait_until_subscribed, write_all};
use super::ledger::{PUBLISH, PUBREL, SUBSCRIBE, Sent};
use super::ledger::{Publish, Version, acknowledged_id, kind};
use super::rig::{Case, kept, numbers, reported, text};
use super::{Row, Trial};
use crate::middleman::{Direction, Fault, Lane, Lanes, Middleman};
use crate::mosquitto::Mosquitto;
use crate::packet::{self, DUP, Delivery, flagged, v3, v5};
use crate::patience::until;
use crate::scripted_peer::{Connection, ScriptedPeer};
use crate::tool::{Signal, Tool};

pub(super) const PUBLISHER: Row = Row {
    name: "session-publishing",
    fault: "connection lost at any stage of three exchanges; session present afterwards, or not",
    side_by_side: 12,
    short: 24,
    trial: publisher,
};

pub(super) const SUBSCRIBER: Row = Row {
    name: "session-receiving",
    fault: "the same under `mqtt-sub`: subscribes again where the session is gone, and only there",
    side_by_side: 12,
    short: 24,
    trial: subscriber,
};

pub(super) const TAKEN_OVER: Row = Row {
    name: "taken-over",
    fault: "another client of the same identifier takes the session over",
    side_by_side: 6,
    short: 6,
    trial: taken_over,
};

pub(super) const RECEIVE_MAXIMUM: Row = Row {
    name: "receive-maximum-1",
    fault: "a broker that takes one message at a time (MQTT 5), and a cut at any byte",
    side_by_side: 4,
    short: 6,
    trial: receive_maximum,
};

/// What the broker says of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Present {
    Yes,
    No,
}

fn connack(version: &str, present: Present) -> Vec<u8> {
    let flags = u8::from(present == Present::Yes);
    match Version::of(version) {
        Version::Three => vec![0x20, 2, flags, 0],
        Version::Five => vec![0x20, 3, flags, 0, 0],
    }
}

fn publish(version: &str, payload: &[u8], delivery: Delivery) -> Vec<u8> {
    match Version::of(version) {
        Version::Three => v3::publish("t", payload, delivery),
        Version::Five => v5::publish("t", payload, delivery, &[]),
    }
}

/// A broker that counts how often it was given each line, by the rules of MQTT (§4.3).
#[derive(Debug, Default)]
struct Model {
    /// Taken and not released, by identifier.
    held: BTreeMap<u16, Vec<u8>>,
    given: BTreeMap<Vec<u8>, usize>,
}

impl Model {
    /// Takes a packet; the answer, if there is one.
    fn take(&mut self, version: &str, packet: &[u8]) -> Option<Vec<u8>> {
        match kind(packet) {
            PUBLISH => {
                let publish = Publish::read(packet, Version::of(version))?;
                let (id, line) = (publish.id?, publish.payload.to_vec());
                if packet.first()? & 0b0110 == 0b0010 {
                    *self.given.entry(line).or_default() += 1;
                    return Some(packet::puback(id));
                }
                self.held.insert(id, line);
                Some(packet::pubrec(id))
            }
            PUBREL => {
                let id = acknowledged_id(packet)?;
                if let Some(line) = self.held.remove(&id) {
                    *self.given.entry(line).or_default() += 1;
                }
                Some(packet::pubcomp(id))
            }
            _ => None,
        }
    }
}

/// Three lines; the connection ends after any number of packets have been taken and answered.
fn publisher(case: &mut Case<'_>) -> Trial {
    let (version, qos) = (case.one_of(&["311", "5"]), case.one_of(&["1", "2"]));
    let present = case.one_of(&[Present::Yes, Present::No]);
    let peer = ScriptedPeer::listen();
    let port = peer.port().to_string();
    let place = ["-h", "127.0.0.1", "-p", &port, "-t", "t", "-V", version, "-l", "-q", qos];
    let mut running = case.rig.publisher.spawn([&place, &kept("kept", version)[..]].concat());
    running.write_input(text(&numbers(3)));
    running.close_input();
    let mut model = Model::default();
    let mut client = peer.accept();
    client.read_packet();
    client.send(&connack(version, Present::No));
    let (taken, swallowed) = (case.random.usize(0..6), case.random.bool());
    for step in 0..taken {
        let Some(packet) = client.read_packet_or_end() else { break };
        let Some(answer) = model.take(version, &packet) else { break };
        // The last answer may get lost with the connection.
        if step + 1 < taken || !swallowed {
            client.send(&answer);
        }
        if qos == "1" && step == 2 {
            break;
        }
    }
    client.reset();
    if present == Present::No {
        model.held.clear();
    }
    // Done already, if every answer had come: then nobody connects again.
    if let Some(mut client) = until("another connection or the end", || {
        let again = peer.try_accept();
        if again.is_none() && !running.is_running() { Some(None) } else { again.map(Some) }
    }) {
        finish(&mut client, &mut model, version, present);
    }
    running.wait().assert_code(0);
    let missing = 3 - model.given.len();
    let twice = model.given.values().filter(|count| **count > 1).count();
    assert!(qos == "1" || present == Present::No || twice == 0, "{model:?}");
    Trial::default().lost(missing).sum("lines", 3).sum("given twice (QoS 1, or no session)", twice)
}

/// Takes everything to the end.
fn finish(client: &mut Connection, model: &mut Model, version: &str, present: Present) {
    client.read_packet();
    client.send(&connack(version, present));
    while let Some(packet) = client.read_packet_or_end() {
        let is_release = kind(&packet) == PUBREL;
        let id = acknowledged_id(&packet);
        let unknown = is_release && id.is_some_and(|id| !model.held.contains_key(&id));
        assert!(!unknown || present == Present::Yes, "released what this session never had");
        if let Some(answer) = model.take(version, &packet) {
            client.send(&answer);
        } else {
            return;
        }
    }
}

/// How far the first connection gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Stage {
    Asked,
    Answered,
    Published,
    Recorded,
    Released,
}

const STAGES: [Stage; 5] =
    [Stage::Asked, Stage::Answered, Stage::Published, Stage::Recorded, Stage::Released];

fn subscriber(case: &mut Case<'_>) -> Trial {
    let version = case.one_of(&["311", "5"]);
    let (stage, present) = (case.one_of(&STAGES), case.one_of(&[Present::Yes, Present::No]));
    let peer = ScriptedPeer::listen();
    let port = peer.port().to_string();
    let place = ["-h", "127.0.0.1", "-p", &port, "-t", "t", "-V", version, "-q", "2"];
    let running = case.rig.subscriber.spawn([&place, &kept("kept", version)[..]].concat());
    let mut client = peer.accept();
    client.read_packet();
    client.send(&connack(version, Present::No));
    let id = read_subscribe(&mut client);
    if stage >= Stage::Answered {
        client.send(&suback(version, id));
    }
    if stage >= Stage::Published {
        client.send(&publish(version, b"one", Delivery::ExactlyOnce(7)));
        running.wait_for_stdout("one");
    }
    if stage >= Stage::Recorded {
        client.expect(&packet::pubrec(7));
    }
    if stage >= Stage::Released {
        client.send(&packet::pubrel(7));
        client.expect(&packet::pubcomp(7));
    }
    client.reset();
    let mut client = peer.accept();
    client.read_packet();
    client.send(&connack(version, present));
    let is_known = present == Present::Yes && stage >= Stage::Answered;
    if !is_known {
        let id = read_subscribe(&mut client);
        client.send(&suback(version, id));
    }
    let mut expected = if stage >= Stage::Published { "one\n" } else { "" }.to_owned();
    match (present, stage) {
        // The broker has not heard of it: the same once more.
        (Present::Yes, Stage::Published) => {
            client.send(&flagged(publish(version, b"one", Delivery::ExactlyOnce(7)), DUP));
            client.expect(&packet::pubrec(7));
            client.send(&packet::pubrel(7));
            client.expect(&packet::pubcomp(7));
        }
        (Present::Yes, Stage::Recorded | Stage::Released) => {
            client.send(&packet::pubrel(7));
            client.expect(&packet::pubcomp(7));
        }
        // A new message under the old identifier.
        _ => {
            expected.push_str("two\n");
            client.send(&publish(version, b"two", Delivery::ExactlyOnce(7)));
            client.expect(&packet::pubrec(7));
            client.send(&packet::pubrel(7));
            client.expect(&packet::pubcomp(7));
        }
    }
    running.signal(Signal::TERM);
    client.read_packet();
    client.close();
    let output = running.wait();
    output.assert_code(0);
    assert_eq!(output.stdout(), expected, "{present:?} {stage:?}");
    Trial::default().sum("subscribed again", usize::from(!is_known))
}

/// Reads the SUBSCRIBE that must come now, and gives its identifier.
fn read_subscribe(client: &mut Connection) -> u16 {
    let subscribe = client.read_packet();
    assert_eq!(kind(&subscribe), SUBSCRIBE, "{subscribe:02x?}");
    acknowledged_id(&subscribe).expect("it has an identifier")
}

fn suback(version: &str, id: u16) -> Vec<u8> {
    match Version::of(version) {
        Version::Three => v3::suback(id, &[2]),
        Version::Five => v5::suback(id, &[2]),
    }
}

/// Whom the broker tells so (MQTT 5) does not fight for it. Debian's mosquitto tells nobody: it closes
/// the connection like any other, and who connects again takes over in turn.
fn taken_over(case: &mut Case<'_>) -> Trial {
    match case.number % 3 {
        0 => taken_over_and_told(case),
        1 => taken_from_publisher(case),
        _ => taken_from_subscriber(case),
    }
}

fn taken_over_and_told(case: &mut Case<'_>) -> Trial {
    let peer = ScriptedPeer::listen();
    let port = peer.port().to_string();
    let place = ["-h", "127.0.0.1", "-p", &port, "-V", "5", "-t", "t", "-q", "1"];
    let is_publisher = case.random.bool();
    let mut running = if is_publisher {
        case.rig.publisher.spawn([&place, &["-l"][..]].concat())
    } else {
        case.rig.subscriber.spawn(place)
    };
    if is_publisher {
        running.write_input("0\n1\n");
    }
    let mut client = peer.accept();
    client.read_packet();
    client.send(&connack("5", Present::No));
    client.read_packet();
    client.send(&v5::disconnect(0x8e));
    client.close();
    let output = running.wait();
    output.assert_code(4);
    assert!(output.stderr().contains("Session taken over (reason code 142)"), "{output:?}");
    assert!(peer.try_accept().is_none(), "it has come back");
    assert_eq!(reported(&output), if is_publisher { 2 } else { 0 }, "{output:?}");
    Trial::default().sum("told and gone", 1)
}

/// Takes the session over from whoever is in it, and leaves it.
fn take_over(broker: u16, client: &str) {
    let port = broker.to_string();
    let words = ["-h", "127.0.0.1", "-p", &port, "-i", client, "-t", "elsewhere", "-E"];
    Tool::at("/usr/bin/mosquitto_sub").run(words).assert_code(0);
}

fn taken_from_publisher(case: &mut Case<'_>) -> Trial {
    let broker = case.rig.broker();
    let middleman = Middleman::watched_by(Sent::new("311", 2), broker, |_| Lanes::default());
    let port = middleman.port().to_string();
    let place = ["-h", "127.0.0.1", "-p", &port, "-i", &case.name, "-t", &case.name];
    let mut running = case.rig.publisher.spawn([&place, &["-l", "-q", "1"][..]].concat());
    running.write_input("0\n");
    assert!(middleman.wait_for(|sent| sent.count == 1), "{running:?}");
    take_over(broker, &case.name);
    running.wait_for_stderr("; connecting again");
    running.write_input("1\n");
    running.close_input();
    running.wait().assert_code(0);
    Trial::default().lost(middleman.witness(|sent| sent.missing())).sum("not told, and back", 1)
}

fn taken_from_subscriber(case: &mut Case<'_>) -> Trial {
    let broker = case.rig.broker();
    let port = broker.to_string();
    let place = ["-h", "127.0.0.1", "-p", &port, "-i", &case.name, "-t", &case.name];
    let running = case.rig.subscriber.spawn(place);
    wait_until_subscribed(case, broker, &case.name, &running, "before");
    take_over(broker, &case.name);
    wait_until_subscribed(case, broker, &case.name, &running, "after");
    running.signal(Signal::TERM);
    running.wait().assert_code(0);
    Trial::default().sum("not told, and back", 1)
}

fn receive_maximum(case: &mut Case<'_>) -> Trial {
    let qos = case.one_of(&["1", "2"]);
    let direction = case.one_of(&[Direction::ToBroker, Direction::ToClient]);
    let (offset, fault) = (case.random.u64(0..1_000), case.one_of(&[Fault::Cut, Fault::Reset]));
    let lines = 300;
    let broker = Mosquitto::unlimited().line("max_inflight_messages 1").start();
    let middleman =
        Middleman::watched_by(Sent::new("5", lines), broker.port(), move |number| match number {
            0 => Lanes::with(direction, Lane::until(offset, fault)),
            _ => Lanes::default(),
        });
    let port = middleman.port().to_string();
    let place = ["-h", "127.0.0.1", "-p", &port, "-V", "5", "-t", "t", "-l", "-q", qos];
    let session = if case.random.bool() { kept("one", "5") } else { Vec::new() };
    let mut running = case.rig.publisher.spawn([&place, &session[..]].concat());
    let writing = write_all(&mut running, text(&numbers(lines)));
    running.wait().assert_code(0);
    writing.join().expect("the lines were written");
    let (missing, most) = middleman.witness(|sent| (sent.missing(), sent.most_outstanding));
    assert_eq!(most, 1, "messages at a time");
    Trial::default().lost(missing).sum("lines", lines)
}
