//! Bytes that no broker should send: what a broker says, changed at random.

use std::io::Write as _;

use super::ledger::Version;
use super::rig::Case;
use super::unsent::queued;
use super::{Row, Trial};
use crate::packet::{self, Delivery, frame, v3, v5};
use crate::patience::until;
use crate::scripted_peer::ScriptedPeer;
use crate::tool::{Signal, peak_memory, peak_memory_unless_ended};

pub(super) const BYTES: Row = Row {
    name: "hostile-bytes",
    fault: "what a broker says, truncated, over-long, out of order, changed in any bit, made up",
    side_by_side: 3,
    short: 150,
    trial: hostile,
};

pub(super) const CLAIMS: Row = Row {
    name: "hostile-claims",
    fault: "a packet that claims 256 MB, of which up to 4 MB come: memory follows what came",
    side_by_side: 4,
    short: 24,
    trial: claimed,
};

pub(super) const PROPERTIES: Row = Row {
    name: "hostile-properties",
    fault: "a whole packet of up to 4 MB of properties, each of two or five bytes: memory follows what came",
    side_by_side: 4,
    short: 12,
    trial: of_properties,
};

/// Memory that a tool may have of its own, in bytes: what it has anyway, and far less than a packet
/// may claim to be long.
const MEMORY: u64 = 24 << 20;

/// The status of a Rust program that has panicked.
const PANICKED: i32 = 101;

/// Whom the bytes are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    Publisher,
    Subscriber,
}

fn hostile(case: &mut Case<'_>) -> Trial {
    let version = case.one_of(&["311", "5"]);
    let role = case.one_of(&[Role::Publisher, Role::Subscriber]);
    let peer = ScriptedPeer::listen();
    let port = peer.port().to_string();
    let qos = case.one_of(&["1", "2"]);
    let place = ["-h", "127.0.0.1", "-p", &port, "-t", "t", "-V", version, "-q", qos];
    let mut running = match role {
        Role::Publisher => case.rig.publisher.spawn([&place, &["-m", "x"][..]].concat()),
        Role::Subscriber => case.rig.subscriber.spawn([&place, &["-F", "%t %j %P"][..]].concat()),
    };
    running.limit_memory(MEMORY);
    let bytes = changed(packets(version, role), &mut case.random);
    let mut client = peer.accept();
    client.read_packet();
    // A tool that has seen enough does not read the rest.
    let _broken_pipe = client.clone_stream().write_all(&bytes);
    client.close();
    // A subscriber that has found nothing wrong connects again.
    until("the tool to end or to come back", || {
        (peer.try_accept().is_some() || !running.is_running()).then_some(())
    });
    if running.is_running() {
        running.signal(Signal::TERM);
    }
    let output = running.wait();
    let code = output.code();
    assert!(code.is_some_and(|code| code != PANICKED), "{bytes:02x?}: {output:?}");
    let stderr = output.stderr();
    assert!(!stderr.contains("panicked"), "{bytes:02x?}: {output:?}");
    assert!(code == Some(0) || stderr.contains("error: "), "{bytes:02x?}: {output:?}");
    assert!(code != Some(1), "not a fault of ours: {bytes:02x?}: {output:?}");
    Trial::default()
        .sum("bytes", bytes.len())
        .sum("found to be wrong", usize::from(matches!(code, Some(2 | 21))))
}

/// What a tool may take for its work, whatever comes; and how much more for each byte that has come: a
/// buffer that grows may have twice the room it needs.
const ANYWAY: usize = 1 << 20;
const PER_BYTE: usize = 2;

/// The memory of a subscriber before and after it has read the beginning of a huge packet.
fn claimed(case: &mut Case<'_>) -> Trial {
    let (version, qos) = (case.one_of(&["311", "5"]), case.one_of(&["0", "1", "2"]));
    let peer = ScriptedPeer::listen();
    let port = peer.port().to_string();
    let words = ["-h", "127.0.0.1", "-p", &port, "-t", "t", "-V", version, "-q", qos];
    let mut running = case.rig.subscriber.spawn(words);
    let mut client = peer.accept();
    client.read_packet();
    let five = Version::of(version) == Version::Five;
    client.send(&if five { v5::connack(0, &[]) } else { v3::connack(0) });
    client.read_packet();
    client.send(&if five { v5::suback(1, &[2]) } else { v3::suback(1, &[2]) });
    let ends = client.ends();
    until("the tool to be subscribed", || (queued(ends) == 0).then_some(()));
    let before = peak_memory(running.id());
    let first = case.one_of(&[0x30, 0x32, 0x34, 0x90, 0xe0, 0xf0]);
    let length = case.random.usize(0..4_000_000);
    let beginning = [&[first, 0xff, 0xff, 0xff, 0x7f][..], b"\x00\x01t", &vec![0; length]].concat();
    // A tool that has seen enough does not read the rest.
    let _broken_pipe = client.clone_stream().write_all(&beginning);
    until("the tool to read it or to leave", || {
        (!running.is_running() || queued(ends) == 0).then_some(())
    });
    let trial = Trial::default().sum("bytes", length);
    let Some(after) = peak_memory_unless_ended(running.id()) else {
        assert!(running.wait().code().is_some_and(|code| code != PANICKED), "{first:02x}");
        return trial.sum("seen through", 1);
    };
    trial.most("memory in KiB", taken(before, after, length))
}

/// The memory in KiB that so many bytes have cost, which may not be more than they account for.
fn taken(before: u64, after: u64, length: usize) -> u64 {
    let kib = after - before;
    let memory = usize::try_from(kib).expect("64 bits") * 1024;
    assert!(memory <= ANYWAY + PER_BYTE * length, "{memory} bytes for {length} that came");
    kib
}

/// The packets that hold the properties.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Holder {
    ConnAck,
    SubAck,
    Publish,
}

/// The memory of a subscriber before and after a packet that is little but properties.
fn of_properties(case: &mut Case<'_>) -> Trial {
    let holder = case.one_of(&[Holder::ConnAck, Holder::SubAck, Holder::Publish]);
    let property = match holder {
        // Subscription identifier 1, and a user property without a name.
        Holder::Publish => case.one_of(&[&b"\x0b\x01"[..], b"\x26\0\0\0\0"]),
        Holder::ConnAck | Holder::SubAck => b"\x26\0\0\0\0",
    };
    let list = property.repeat(case.random.usize(1..4_000_000 / property.len()));
    let none = Vec::new();
    let of = |other| if holder == other { &list } else { &none };
    let peer = ScriptedPeer::listen();
    let port = peer.port().to_string();
    let words = ["-h", "127.0.0.1", "-p", &port, "-t", "t", "-V", "5", "-q", "1"];
    let running = case.rig.subscriber.spawn(words);
    let mut client = peer.accept();
    client.read_packet();
    let before = peak_memory(running.id());
    client.send(&v5::connack(0, of(Holder::ConnAck)));
    client.read_packet();
    let length = packet::variable_length(of(Holder::SubAck).len());
    client.send(&frame(0x90, &[&[0, 1], &length, of(Holder::SubAck), &[1]]));
    client.send(&v5::publish("t", b"seen", Delivery::AtLeastOnce(1), of(Holder::Publish)));
    client.expect(&packet::puback(1));
    let kib = taken(before, peak_memory(running.id()), list.len());
    Trial::default().sum("bytes", list.len()).most("memory in KiB", kib)
}

/// What a broker may say to a tool that sends one message, or subscribes.
fn packets(version: &str, role: Role) -> Vec<Vec<u8>> {
    let five = Version::of(version) == Version::Five;
    let connack = if five {
        // Receive maximum, topic alias maximum, a reason string, a user property.
        let properties = b"\x21\x00\x14\x22\x00\x0a\x1f\x00\x02ok\x26\x00\x01k\x00\x01v";
        v5::connack(0, properties)
    } else {
        v3::connack(0)
    };
    if role == Role::Publisher {
        return vec![
            connack,
            packet::puback(1),
            packet::pubrec(1),
            packet::PINGRESP.to_vec(),
            packet::pubcomp(1),
        ];
    }
    let suback = if five { v5::suback(1, &[2]) } else { v3::suback(1, &[2]) };
    let publish = |payload: &[u8], delivery| {
        if five {
            let properties = b"\x01\x01\x03\x00\x04text\x23\x00\x01\x0b\x07\x26\x00\x01k\x00\x01v";
            v5::publish("some/topic", payload, delivery, properties)
        } else {
            v3::publish("some/topic", payload, delivery)
        }
    };
    vec![
        connack,
        suback,
        publish(b"zero", Delivery::AtMostOnce),
        publish(b"one", Delivery::AtLeastOnce(1)),
        publish(b"two", Delivery::ExactlyOnce(2)),
        packet::pubrel(2),
        publish(&[0xf0; 300], Delivery::ExactlyOnce(3)),
    ]
}

/// One to three things wrong with them.
fn changed(mut packets: Vec<Vec<u8>>, random: &mut fastrand::Rng) -> Vec<u8> {
    for _ in 0..random.usize(1..=3) {
        let at = random.usize(0..packets.len());
        match random.u8(0..11) {
            // Wrong order, and twice.
            0 => packets.swap(at, random.usize(0..at.max(1))),
            1 => packets.insert(at, packets.get(at).cloned().unwrap_or_default()),
            2 => drop(packets.remove(at)),
            // A packet of an unknown type, or with flags it cannot have.
            3 => packets.insert(at, frame(random.u8(..), &[&noise(random, 40)])),
            // A claim of up to 256 MB.
            4 => packets.insert(at, claim(random)),
            5 => packets.insert(at, noise(random, 200)),
            _ => change(packets.get_mut(at).expect("it is one of them"), random),
        }
        if packets.is_empty() {
            packets.push(noise(random, 10));
        }
    }
    let mut bytes = packets.concat();
    if random.u8(0..4) == 0 {
        bytes.truncate(random.usize(0..=bytes.len()));
    }
    bytes
}

fn noise(random: &mut fastrand::Rng, most: usize) -> Vec<u8> {
    let length = random.usize(0..most);
    std::iter::repeat_with(|| random.u8(..)).take(length).collect()
}

/// The beginning of a packet whose length is as large as can be said, or larger.
fn claim(random: &mut fastrand::Rng) -> Vec<u8> {
    let last = *random.choice(&[0x7f, 0x01, 0xff]).expect("three");
    let first = *random.choice(&[0x20, 0x30, 0x32, 0x40, 0x90]).expect("five");
    [&[first, 0xff, 0xff, 0xff, last][..], &noise(random, 1_000)].concat()
}

/// Changes some bytes of one packet.
fn change(packet: &mut Vec<u8>, random: &mut fastrand::Rng) {
    let at = random.usize(0..packet.len().max(1));
    match random.u8(0..6) {
        0 => packet.truncate(at),
        1 => packet.insert(at.min(packet.len()), random.u8(..)),
        // No UTF-8 has it.
        2 => packet.get_mut(at).into_iter().for_each(|byte| *byte = 0xff),
        3 => packet.get_mut(at).into_iter().for_each(|byte| *byte = 0),
        4 => {
            let rest = packet.split_off(at);
            packet.extend(rest.repeat(2));
        }
        _ => packet.get_mut(at).into_iter().for_each(|byte| *byte ^= 1 << random.u8(0..8)),
    }
}
