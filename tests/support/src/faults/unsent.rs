//! QoS 0: nobody acknowledges anything, but what never reached the socket is counted.

use std::fs;
use std::net::SocketAddr;
use std::time::Duration;

use super::kill::write_all;
use super::ledger::{PUBLISH, Publish, Version, kind};
use super::rig::{Case, reported, text};
use super::{Row, Trial};
use crate::middleman::{Direction, Fault, Lane, Lanes, Middleman, Witness};
use crate::packet::v3;
use crate::patience::until;
use crate::scripted_peer::ScriptedPeer;

pub(super) const AT_QOS_0: Row = Row {
    name: "unsent-at-qos-0",
    fault: "connection reset while `mqtt-pub -l` cannot hand on its lines of QoS 0 fast enough",
    side_by_side: 2,
    short: 4,
    trial: unsent,
};

pub(super) const CUT: Row = Row {
    name: "cut-at-qos-0",
    fault: "connection cut or reset at any byte under `mqtt-pub -l --save-unsent FILE` at QoS 0",
    side_by_side: 4,
    short: 8,
    trial: cut,
};

const TOPIC: &str = "t";

/// So often in a row the queues must look the same to be full.
const STILL: usize = 20;

/// Lines of one length, so that bytes tell how many they are. A peer that reads no more fills every
/// queue on the way; then it resets the connection. What the tool calls lost must be exactly what
/// was neither in those queues nor sent on the next connection.
fn unsent(case: &mut Case<'_>) -> Trial {
    let width = case.random.usize(20..400);
    let lines: Vec<_> = (0..24_000_000 / width).map(|number| format!("{number:0width$}")).collect();
    let total = lines.len();
    let peer = ScriptedPeer::listen();
    let port = peer.port().to_string();
    let words = ["-h", "127.0.0.1", "-p", &port, "-t", TOPIC, "-l"];
    let mut running = case.rig.publisher.spawn(words);
    let writing = write_all(&mut running, text(&lines));
    let mut client = peer.accept();
    client.read_packet();
    client.send(&v3::connack(0));
    let read = case.random.usize(0..3_000_000);
    client.read_bytes(read);
    let queued = full_queues(client.ends());
    client.reset();
    let mut client = peer.accept();
    client.read_packet();
    client.send(&v3::connack(0));
    let mut second = 0;
    while let Some(packet) = client.read_packet_or_end()
        && kind(&packet) == PUBLISH
    {
        second += 1;
    }
    client.close();
    let output = running.wait();
    writing.join().expect("the lines were written");
    let packet = v3::publish(TOPIC, &vec![0; width], crate::packet::Delivery::AtMostOnce).len();
    let handed_on = (read + queued) / packet;
    let reported = reported(&output);
    output.assert_code(7);
    assert_eq!(
        total,
        handed_on + second + reported,
        "{handed_on} had reached the socket, {second} came by the second connection: {output:?}"
    );
    Trial::default()
        .sum("lines", total)
        .sum("reported as lost", reported)
        .sum("in the queues of the system, and so not reported", handed_on - read / packet)
}

/// The lines that came by each connection, in their order.
#[derive(Debug, Default)]
struct Arrived([Vec<usize>; 2]);

impl Witness for Arrived {
    fn passed(&mut self, connection: u64, direction: Direction, packet: &[u8]) {
        if (direction, kind(packet)) == (Direction::ToBroker, PUBLISH)
            && let Some(publish) = Publish::read(packet, Version::Three)
            && let Some(lines) = usize::try_from(connection).ok().and_then(|n| self.0.get_mut(n))
        {
            lines.extend(publish.number());
        }
    }
}

/// Lines too many for the queues on the way. They come by the first connection, lie in those queues,
/// are called lost, or come by the second one, in this order and without a gap.
fn cut(case: &mut Case<'_>) -> Trial {
    let (lines, width) = (2_000, 10_000);
    let offset = case.random.u64(0..19_000_000);
    let fault = case.one_of(&[Fault::Cut, Fault::Reset]);
    let middleman = Middleman::watched_by(Arrived::default(), case.rig.broker(), move |number| {
        let lane = if number == 0 { Lane::until(offset, fault) } else { Lane::default() };
        Lanes::with(Direction::ToBroker, lane)
    });
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("unsent");
    let name = file.to_str().expect("temporary folders have plain names");
    let port = middleman.port().to_string();
    let place = ["-h", "127.0.0.1", "-p", &port, "-t", &case.name];
    let words = [&place[..], &["-l", "--save-unsent", name]].concat();
    let all: Vec<_> = (0..lines).map(|number| format!("{number:0width$}")).collect();
    let output = case.rig.publisher.run_with_input(text(&all), words);
    let saved = fs::read_to_string(file).unwrap();
    let lost: Vec<usize> = saved.lines().map(|line| line.parse().expect("a number")).collect();
    assert_eq!(reported(&output), lost.len(), "{output:?}");
    output.assert_code(if lost.is_empty() { 0 } else { 7 });
    let [first, second] = middleman.witness(|arrived| std::mem::take(&mut arrived.0));
    let order = [&first[..], &lost, &second].concat();
    assert!(order.is_sorted(), "lines out of order, or called lost although they came");
    let behind: Vec<usize> = [lost.clone(), second].concat();
    let begins = behind.first().copied().unwrap_or(lines);
    assert!(behind.iter().copied().eq(begins..lines), "neither came nor lost: {output:?}");
    Trial::default()
        .sum("lines", lines)
        .sum("reported as lost", lost.len())
        .sum("in the queues of the system, and so not reported", begins - first.len())
}

/// How many bytes the system holds between the tool and us, once the tool cannot write any more.
fn full_queues(ends: [SocketAddr; 2]) -> usize {
    let (mut last, mut still) = (0, 0);
    until("the queues to be full", || {
        std::thread::sleep(Duration::from_millis(10));
        let queued = queued(ends);
        still = if queued == last { still + 1 } else { 0 };
        last = queued;
        (still == STILL && queued > 0).then_some(queued)
    })
}

/// The bytes that wait to be sent or to be read on either side of a connection between these ends.
pub(super) fn queued(ends: [SocketAddr; 2]) -> usize {
    // Another connection may have one of the ports, too.
    let [client, peer] = ends.map(|end| format!(":{:04X}", end.port()));
    let table = fs::read_to_string("/proc/net/tcp").expect("Linux tells its connections");
    table
        .lines()
        .filter_map(|line| {
            let mut words = line.split_whitespace();
            let (local, remote) = (words.nth(1)?, words.next()?);
            let (sending, receiving) = words.nth(1)?.split_once(':')?;
            let bytes = |digits| usize::from_str_radix(digits, 16).ok();
            let is_between =
                |one: &str, other: &str| local.ends_with(one) && remote.ends_with(other);
            let is_its = is_between(&client, &peer) || is_between(&peer, &client);
            is_its.then_some(bytes(sending)? + bytes(receiving)?)
        })
        .sum()
}
