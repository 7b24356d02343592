//! Every way to leave in every state.

use std::io::{PipeReader, Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use super::kill::write_all;
use super::ledger::{PUBACK, Sent, acknowledged_id, kind};
use super::rig::{Case, numbers, reported, text};
use super::{Row, Trial};
use crate::middleman::{Lanes, Middleman};
use crate::packet::{self, Delivery, v3};
use crate::patience::until;
use crate::scripted_peer::{Connection, ScriptedPeer};
use crate::tool::{Output, Running, Signal};

pub(super) const SUBSCRIBER: Row = Row {
    name: "leaving-receiving",
    fault: "SIGINT, SIGTERM, two signals, `-W`, `-C` or `-E` in seven states of `mqtt-sub`",
    side_by_side: 14,
    short: 42,
    trial: subscriber,
};

pub(super) const PUBLISHER: Row = Row {
    name: "leaving-publishing",
    fault: "SIGINT, SIGTERM, two signals or `-W` in seven states of `mqtt-pub`",
    side_by_side: 14,
    short: 28,
    trial: publisher,
};

/// A way to make a tool leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    Interrupt,
    Terminate,
    Twice,
    TimeLimit,
    /// Three messages have come.
    Count,
    /// The subscription is answered.
    Subscribed,
}

const WAYS: [Way; 4] = [Way::Interrupt, Way::Terminate, Way::Twice, Way::TimeLimit];

impl Way {
    /// The options with which it comes about.
    fn words(self) -> &'static [&'static str] {
        match self {
            Self::TimeLimit => &["-W", "2"],
            Self::Count => &["-C", "3"],
            Self::Subscribed => &["-E"],
            Self::Interrupt | Self::Terminate | Self::Twice => &[],
        }
    }

    /// The status of a tool that had nothing to lose and nothing to finish.
    fn status(self) -> i32 {
        match self {
            Self::Interrupt | Self::Twice => 130,
            Self::Terminate => 143,
            Self::TimeLimit => 27,
            Self::Count | Self::Subscribed => 0,
        }
    }

    /// Asks, where it is for us to ask.
    fn ask(self, running: &Running) {
        match self {
            Self::Interrupt => running.signal(Signal::INT),
            Self::Terminate => running.signal(Signal::TERM),
            Self::Twice => {
                running.signal(Signal::INT);
                running.signal(Signal::INT);
            }
            Self::TimeLimit | Self::Count | Self::Subscribed => {}
        }
    }
}

/// Asks, waits for the end, and sees to the status.
pub(super) fn leave(running: Running, way: Way, statuses: &[i32]) -> (Output, Trial) {
    let asked = Instant::now();
    way.ask(&running);
    let output = running.wait();
    let code = output.code().unwrap_or_default();
    assert!(statuses.contains(&code), "{way:?}: expected {statuses:?}, but {output:?}");
    let time = u64::try_from(asked.elapsed().as_millis()).unwrap_or(u64::MAX);
    (output, Trial::default().most("milliseconds until it left", time))
}

/// The state of a socket whose connection is not answered, as Linux writes it.
const SYN_SENT: &str = "02";

/// A listener that lets nobody in: whoever connects waits for ever.
struct BlackHole {
    listener: TcpListener,
    /// Fill the queue.
    _guests: Vec<TcpStream>,
}

impl BlackHole {
    fn new() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        rustix::net::listen(listener.as_fd(), 0).expect("it listens already");
        let address =
            SocketAddr::from((Ipv4Addr::LOCALHOST, listener.local_addr().unwrap().port()));
        let patience = Duration::from_millis(200);
        let guests =
            std::iter::from_fn(|| TcpStream::connect_timeout(&address, patience).ok()).collect();
        let hole = Self { listener, _guests: guests };
        // The last guest is gone, but a process that is just being started may have its socket.
        until("the last guest to be forgotten", || (!hole.is_sought()).then_some(()));
        hole
    }

    fn port(&self) -> u16 {
        self.listener.local_addr().unwrap().port()
    }

    /// Waits until somebody tries to connect.
    fn wait_for_guest(&self) {
        until("somebody to connect", || self.is_sought().then_some(()));
    }

    fn is_sought(&self) -> bool {
        let port = format!(":{:04X}", self.port());
        let table = std::fs::read_to_string("/proc/net/tcp").expect("Linux tells its sockets");
        let mut sockets = table.lines().map(|line| line.split_whitespace().skip(2));
        sockets.any(|mut words| {
            words.next().is_some_and(|remote| remote.ends_with(&port))
                && words.next() == Some(SYN_SENT)
        })
    }
}

/// Lets a client in.
pub(super) fn greet(peer: &ScriptedPeer) -> Connection {
    let mut client = peer.accept();
    client.read_packet();
    client.send(&v3::connack(0));
    client
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Receiving {
    Connecting,
    Introduced,
    Asked,
    Idle,
    Flooded,
    Alone,
    Blocked,
}

const RECEIVING: [Receiving; 7] = [
    Receiving::Connecting,
    Receiving::Introduced,
    Receiving::Asked,
    Receiving::Idle,
    Receiving::Flooded,
    Receiving::Alone,
    Receiving::Blocked,
];

/// The statuses that are right; where two signals come, the second may find it gone already.
fn status_of_subscriber(state: Receiving, way: Way) -> Vec<i32> {
    match (state, way) {
        (_, Way::TimeLimit | Way::Count | Way::Subscribed) => vec![way.status()],
        (Receiving::Connecting | Receiving::Introduced | Receiving::Blocked, _) => {
            vec![way.status()]
        }
        (_, Way::Twice) => vec![0, 130],
        (_, Way::Interrupt | Way::Terminate) => vec![0],
    }
}

fn subscriber(case: &mut Case<'_>) -> Trial {
    let number = usize::try_from(case.number).expect("64 bits");
    let state = RECEIVING[number % RECEIVING.len()];
    let ways = [&WAYS[..], &[Way::Count, Way::Subscribed]].concat();
    let way = ways[number / RECEIVING.len() % ways.len()];
    if matches!(way, Way::Count | Way::Subscribed) {
        return of_itself(case, state, way);
    }
    let (peer, hole) = (ScriptedPeer::listen(), BlackHole::new());
    let port = if state == Receiving::Connecting { hole.port() } else { peer.port() };
    let port = port.to_string();
    let place = ["-h", "127.0.0.1", "-p", &port, "-t", "t", "-q", "1"];
    let words = [&place, way.words()].concat();
    let (reader, writer) = std::io::pipe().unwrap();
    let command = case.rig.subscriber.command(words);
    let running = if state == Receiving::Blocked {
        Running::start_with_output(command, writer)
    } else {
        Running::start(command)
    };
    if state == Receiving::Connecting {
        hole.wait_for_guest();
    }
    let client = reach(state, peer, &running, &reader);
    let statuses = status_of_subscriber(state, way);
    let (_, trial) = leave(running, way, &statuses);
    drop((client, reader));
    trial
}

/// Brings the tool into that state. The connection must be kept: its end would be another state.
fn reach(
    state: Receiving,
    peer: ScriptedPeer,
    running: &Running,
    stdout: &PipeReader,
) -> Option<Connection> {
    match state {
        Receiving::Connecting => return None,
        Receiving::Introduced => {
            let mut client = peer.accept();
            client.read_packet();
            return Some(client);
        }
        Receiving::Asked
        | Receiving::Idle
        | Receiving::Flooded
        | Receiving::Alone
        | Receiving::Blocked => {}
    }
    let mut client = greet(&peer);
    client.read_packet();
    if state == Receiving::Asked {
        return Some(client);
    }
    client.send(&v3::suback(1, &[1]));
    match state {
        Receiving::Flooded => {
            let block = v3::publish("t", b"flood", Delivery::AtMostOnce).repeat(1_000);
            let mut stream = client.clone_stream();
            std::thread::spawn(move || while stream.write_all(&block).is_ok() {});
            running.wait_for_stdout("flood");
        }
        Receiving::Alone => {
            drop(peer);
            client.close();
            running.wait_for_stderr("; connecting again");
            return None;
        }
        Receiving::Blocked => {
            // More than a pipe holds, and small enough to be read at once.
            client.send(&v3::publish("t", &vec![b'x'; 200_000], Delivery::AtMostOnce));
            let waiting = || rustix::io::ioctl_fionread(stdout).is_ok_and(|bytes| bytes > 0);
            until("the pipe to fill", || waiting().then_some(()));
        }
        Receiving::Connecting | Receiving::Introduced | Receiving::Asked | Receiving::Idle => {}
    }
    Some(client)
}

/// It leaves when it has what it was asked for: three messages whole and no more, or the answer to
/// its subscription; and it acknowledges nothing that it has not shown.
fn of_itself(case: &Case<'_>, state: Receiving, way: Way) -> Trial {
    let peer = ScriptedPeer::listen();
    let port = peer.port().to_string();
    let place = ["-h", "127.0.0.1", "-p", &port, "-t", "t", "-q", "1"];
    let (mut stdout, writer) = std::io::pipe().unwrap();
    let command = case.rig.subscriber.command([&place, way.words()].concat());
    let running = Running::start_with_output(command, writer);
    let mut client = subscribed(&peer, state);
    // More than a pipe holds.
    let length = if state == Receiving::Blocked { 200_000 } else { 5 };
    let message = |id| v3::publish("t", &vec![b'x'; length], Delivery::AtLeastOnce(id));
    let messages: Vec<u8> = match state {
        Receiving::Flooded => v3::publish("t", b"flood", Delivery::AtMostOnce).repeat(1_000_000),
        _ => (1..=5).flat_map(message).collect(),
    };
    let mut stream = client.clone_stream();
    let sending = std::thread::spawn(move || {
        // It reads no more than it needs.
        let _gone = stream.write_all(&messages);
    });
    if (state, way) == (Receiving::Blocked, Way::Count) {
        let waiting = || rustix::io::ioctl_fionread(&stdout).is_ok_and(|bytes| bytes > 0);
        until("the pipe to fill", || waiting().then_some(()));
    }
    let reading = std::thread::spawn(move || {
        let mut shown = String::new();
        stdout.read_to_string(&mut shown).map(|_| shown)
    });
    let (_, trial) = leave(running, way, &[way.status()]);
    let shown = reading.join().unwrap().expect("the messages are text");
    let whole = shown.split_inclusive('\n').filter(|line| line.len() == length + 1).count();
    assert!(whole == shown.lines().count(), "a message is cut short: {} bytes", shown.len());
    assert!(way != Way::Count || whole == 3, "{state:?}: {whole} messages");
    if state == Receiving::Flooded {
        client.reset();
        sending.join().unwrap();
        return trial;
    }
    let packets = std::iter::from_fn(|| client.read_packet_or_end());
    let acknowledged = packets.filter(|packet| kind(packet) == PUBACK).count();
    sending.join().unwrap();
    trial.lost(acknowledged.saturating_sub(whole))
}

/// Answers its subscription; where it has been alone, that of its second connection.
fn subscribed(peer: &ScriptedPeer, state: Receiving) -> Connection {
    let mut client = greet(peer);
    let mut subscribe = client.read_packet();
    if state == Receiving::Alone {
        client.close();
        client = greet(peer);
        subscribe = client.read_packet();
    }
    let id = acknowledged_id(&subscribe).expect("a SUBSCRIBE has one, at the same place");
    client.send(&v3::suback(id, &[1]));
    client
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Publishing {
    Connecting,
    Introduced,
    Unanswered,
    Idle,
    Flowing,
    AloneWithMessages,
    Alone,
}

const PUBLISHING: [Publishing; 7] = [
    Publishing::Connecting,
    Publishing::Introduced,
    Publishing::Unanswered,
    Publishing::Idle,
    Publishing::Flowing,
    Publishing::AloneWithMessages,
    Publishing::Alone,
];

fn publisher(case: &mut Case<'_>) -> Trial {
    let number = usize::try_from(case.number).expect("64 bits");
    let state = PUBLISHING[number % PUBLISHING.len()];
    let way = WAYS[number / PUBLISHING.len() % WAYS.len()];
    if state == Publishing::Flowing {
        return flowing(case, way);
    }
    let (peer, hole) = (ScriptedPeer::listen(), BlackHole::new());
    let port = if state == Publishing::Connecting { hole.port() } else { peer.port() };
    let port = port.to_string();
    let place = ["-h", "127.0.0.1", "-p", &port, "-t", "t", "-q", "1", "-l"];
    let mut running = case.rig.publisher.spawn([&place, way.words()].concat());
    running.write_input("0\n");
    let mut client = None;
    let mut statuses = vec![way.status()];
    match state {
        Publishing::Connecting => hole.wait_for_guest(),
        Publishing::Introduced => {
            client.insert(peer.accept()).read_packet();
        }
        Publishing::Unanswered | Publishing::AloneWithMessages => {
            client.insert(greet(&peer)).read_packet();
        }
        Publishing::Idle | Publishing::Alone => {
            let client = client.insert(greet(&peer));
            client.read_packet();
            client.send(&packet::puback(1));
            statuses = match way {
                Way::Interrupt | Way::Terminate => vec![0],
                Way::Twice => vec![0, 130],
                Way::TimeLimit | Way::Count | Way::Subscribed => vec![way.status()],
            };
        }
        Publishing::Flowing => unreachable!("it needs a broker"),
    }
    if matches!(state, Publishing::Alone | Publishing::AloneWithMessages) {
        drop(peer);
        client.take().expect("there was a connection").close();
        running.wait_for_stderr("; connecting again");
    }
    let (output, trial) = leave(running, way, &statuses);
    let unanswered = matches!(state, Publishing::Unanswered | Publishing::AloneWithMessages);
    assert_eq!(reported(&output), usize::from(unanswered), "{state:?}: {output:?}");
    trial
}

/// Lines upon lines, at a broker that takes them.
fn flowing(case: &mut Case<'_>, way: Way) -> Trial {
    let lines = 2_000_000;
    let middleman =
        Middleman::watched_by(Sent::new("311", lines), case.rig.broker(), |_| Lanes::default());
    let port = middleman.port().to_string();
    let place = ["-h", "127.0.0.1", "-p", &port, "-t", &case.name, "-q", "1", "-l"];
    let mut running = case.rig.publisher.spawn([&place, way.words()].concat());
    let writing = write_all(&mut running, text(&numbers(lines)));
    let moment = case.random.usize(1..2_000);
    // The time limit has a moment of its own, which may come before any of this.
    if way != Way::TimeLimit {
        assert!(middleman.wait_for(|sent| sent.count >= moment), "{running:?}");
    }
    // Half a line that was read gives the status of the signal.
    let (output, trial) = leave(running, way, &[0, way.status()]);
    writing.join().expect("the lines were written");
    let (sent, acknowledged) = middleman.witness(|sent| (sent.next, sent.count));
    assert!(output.code() != Some(0) || sent < lines, "it has read everything: {output:?}");
    let missing = (sent - acknowledged).saturating_sub(reported(&output));
    trial.lost(missing).sum("lines", sent)
}
