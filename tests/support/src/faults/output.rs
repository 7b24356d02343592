//! A stdout that is slow, or stands still: nothing is acknowledged that the pipe has not taken.

use std::io::{PipeReader, Read, Write};
use std::net::TcpStream;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use super::ledger::{PINGREQ, PUBACK, PUBREC, acknowledged_id, kind};
use super::rig::{Case, Extent};
use super::{Row, Trial};
use crate::packet::{self, Delivery, v3};
use crate::scripted_peer::{Connection, ScriptedPeer};
use crate::tool::{Running, Signal, peak_memory};

pub(super) const SLOW_PIPE: Row = Row {
    name: "slow-pipe",
    fault: "stdout of `mqtt-sub` is read slowly, and not at all for longer than the keep-alive",
    side_by_side: 4,
    short: 4,
    trial: |case| slow_pipe(case, End::Counted),
};

pub(super) const SIGNAL: Row = Row {
    name: "signal-slow-pipe",
    fault: "SIGTERM while `mqtt-sub` is flooded and its stdout is read slowly",
    side_by_side: 4,
    short: 6,
    trial: |case| slow_pipe(case, End::Signal),
};

/// How the tool ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// By `-C`, with the last message.
    Counted,
    /// By SIGTERM, somewhere in between.
    Signal,
}

const MESSAGES: usize = 2_000;

/// The most memory it may ever have, in KiB.
const MEMORY: u64 = 16 * 1024;

/// Longer than two intervals of the keep-alive.
const PAUSE: Duration = Duration::from_secs(12);

/// A reader that takes its time, and what it has read.
#[derive(Debug)]
struct SlowReader {
    shared: Arc<Mutex<Reading>>,
    reading: JoinHandle<()>,
}

#[derive(Debug)]
struct Reading {
    pipe: PipeReader,
    read: Vec<u8>,
}

impl SlowReader {
    /// Pauses once, and a little every time.
    fn start(pipe: PipeReader, pause: Duration, mut random: fastrand::Rng) -> Self {
        let shared = Arc::new(Mutex::new(Reading { pipe, read: Vec::new() }));
        let reader = Arc::clone(&shared);
        let reading = thread::spawn(move || {
            thread::sleep(pause);
            loop {
                thread::sleep(Duration::from_micros(random.u64(0..2_000)));
                // With nothing in the pipe a read would wait, and keep others from looking.
                let mut reading = reader.lock().unwrap_or_else(PoisonError::into_inner);
                if !reading.take(random.usize(1..60_000)) {
                    return;
                }
            }
        });
        Self { shared, reading }
    }

    /// How many bytes the tool has written.
    fn written(&self) -> usize {
        let reading = self.shared.lock().unwrap_or_else(PoisonError::into_inner);
        let waiting = rustix::io::ioctl_fionread(&reading.pipe).expect("a pipe has a length");
        reading.read.len() + usize::try_from(waiting).expect("a pipe is short")
    }

    fn finish(self) -> Vec<u8> {
        self.reading.join().expect("it reads to the end");
        let mut reading = self.shared.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut reading.read)
    }
}

impl Reading {
    /// Reads at most that many bytes of what is there; `false` at the end.
    fn take(&mut self, most: usize) -> bool {
        use rustix::event::{PollFd, PollFlags, Timespec, poll};
        let mut pipe = [PollFd::new(&self.pipe, PollFlags::IN)];
        let at_once = Timespec { tv_sec: 0, tv_nsec: 0 };
        if poll(&mut pipe, Some(&at_once)).unwrap_or(0) == 0 {
            return true;
        }
        let mut buffer = vec![0; most];
        let read = self.pipe.read(&mut buffer).unwrap_or(0);
        self.read.extend_from_slice(buffer.get(..read).unwrap_or_default());
        read > 0
    }
}

fn slow_pipe(case: &mut Case<'_>, end: End) -> Trial {
    let qos = case.one_of(&[1, 2]);
    let payloads: Vec<_> =
        (0..MESSAGES).map(|number| payload(number, case.random.usize(1..4_000))).collect();
    let peer = ScriptedPeer::listen();
    let (port, count, level) = (peer.port().to_string(), MESSAGES.to_string(), qos.to_string());
    let place = ["-h", "127.0.0.1", "-p", &port, "-t", "t", "-k", "5", "-q", &level, "-C", &count];
    let (pipe, writer) = std::io::pipe().unwrap();
    let running = Running::start_with_output(case.rig.subscriber.command(place), writer);
    let pauses =
        end == End::Counted && case.rig.extent == Extent::Full && case.number.is_multiple_of(4);
    let pause = if pauses { PAUSE } else { Duration::ZERO };
    let reader = SlowReader::start(pipe, pause, case.random.fork());
    let mut client = peer.accept();
    client.read_packet();
    client.send(&v3::connack(0));
    client.read_packet();
    client.send(&v3::suback(1, &[qos]));
    let mut flood = Flood::start(client.clone_stream(), &payloads, qos);
    let moment = if end == End::Signal { case.random.usize(1..MESSAGES) } else { MESSAGES };
    let seen = flood.watch(&mut client, &payloads, moment, || reader.written());
    let memory = peak_memory(running.id());
    if end == End::Signal {
        running.signal(Signal::TERM);
    }
    let rest = flood.watch(&mut client, &payloads, usize::MAX, || reader.written());
    client.close();
    running.wait().assert_code(0);
    let printed = reader.finish();
    assert!(memory < MEMORY, "it has had {memory} KiB");
    assert!(pause.is_zero() || seen.pings >= 2, "{} pings in {pause:?}", seen.pings);
    let shown = shown(&printed, &payloads);
    assert!(end == End::Signal || shown == MESSAGES, "{shown} of {MESSAGES} were shown");
    let acknowledged = seen.acknowledged.max(rest.acknowledged);
    Trial::default()
        .lost(acknowledged.saturating_sub(shown))
        .sum("messages acknowledged", acknowledged)
        .sum("pings while nobody read", if pauses { seen.pings } else { 0 })
        .most("peak memory in KiB", memory)
}

/// A line that tells its number.
fn payload(number: usize, length: usize) -> Vec<u8> {
    let mut line = format!("{number} ").into_bytes();
    line.resize(line.len() + length, b'x');
    line
}

/// How many messages were printed, in order and whole; nothing may be behind them.
fn shown(mut printed: &[u8], payloads: &[Vec<u8>]) -> usize {
    for (number, payload) in payloads.iter().enumerate() {
        let line = printed.strip_prefix(&payload[..]).and_then(|rest| rest.strip_prefix(b"\n"));
        match line {
            Some(rest) => printed = rest,
            None if printed.is_empty() => return number,
            None => panic!("message {number} was written in part, or another one was"),
        }
    }
    assert!(printed.is_empty(), "more was written than was sent");
    payloads.len()
}

/// Messages as fast as the tool takes them.
struct Flood {
    stream: Arc<Mutex<TcpStream>>,
    acknowledged: usize,
    /// Bytes of the messages that are acknowledged, line ends included.
    bytes: usize,
}

/// What came of them.
#[derive(Clone, Copy, Debug, Default)]
struct Seen {
    acknowledged: usize,
    pings: usize,
}

impl Flood {
    fn start(stream: TcpStream, payloads: &[Vec<u8>], qos: u8) -> Self {
        let stream = Arc::new(Mutex::new(stream));
        let (writer, payloads) = (Arc::clone(&stream), payloads.to_vec());
        thread::spawn(move || {
            for (id, payload) in (1..).zip(&payloads) {
                let delivery = match qos {
                    1 => Delivery::AtLeastOnce(id),
                    _ => Delivery::ExactlyOnce(id),
                };
                let publish = v3::publish("t", payload, delivery);
                if writer.lock().unwrap().write_all(&publish).is_err() {
                    return;
                }
            }
        });
        Self { stream, acknowledged: 0, bytes: 0 }
    }

    fn send(&self, packet: &[u8]) {
        let _gone = self.stream.lock().unwrap().write_all(packet);
    }

    /// Follows the acknowledgements until there are `moment` of them, or to DISCONNECT; each may
    /// come only when the pipe has taken the message.
    fn watch(
        &mut self,
        client: &mut Connection,
        payloads: &[Vec<u8>],
        moment: usize,
        written: impl Fn() -> usize,
    ) -> Seen {
        let mut seen = Seen { acknowledged: self.acknowledged, pings: 0 };
        while seen.acknowledged < moment {
            let packet = client.read_packet();
            if packet == packet::DISCONNECT {
                break;
            }
            match kind(&packet) {
                PUBACK | PUBREC => {
                    let payload = payloads.get(self.acknowledged).expect("there was that message");
                    self.acknowledged += 1;
                    self.bytes += payload.len() + 1;
                    seen.acknowledged = self.acknowledged;
                    assert_eq!(acknowledged_id(&packet).map(usize::from), Some(self.acknowledged));
                    let written = written();
                    assert!(self.bytes <= written, "{} bytes of {written}", self.bytes);
                    if kind(&packet) == PUBREC {
                        let id = acknowledged_id(&packet).expect("it has one");
                        self.send(&packet::pubrel(id));
                    }
                }
                PINGREQ => {
                    seen.pings += 1;
                    self.send(&packet::PINGRESP);
                }
                _ => {}
            }
        }
        seen
    }
}
