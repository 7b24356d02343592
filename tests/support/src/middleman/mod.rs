//! A man in the middle: a TCP proxy between a tool and its broker that injects faults for real.
//!
//! ```no_run
//! use test_support::middleman::{Fault, Lane, Lanes, Middleman};
//!
//! # let broker_port = 1883;
//! // The first connection breaks when 12 bytes have come from the broker; later ones hold.
//! let middleman = Middleman::before(broker_port, |number| match number {
//!     0 => Lanes { to_client: Lane::until(12, Fault::Cut), ..Lanes::default() },
//!     _ => Lanes::default(),
//! });
//! // ... run a tool on middleman.port() ...
//! ```
//!
//! What has passed is told to a [`Witness`], packet by packet: it counts what a tool's own words are
//! held against.

mod wire;

use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError, Weak};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crate::frames::Frames;
use crate::patience::LIMIT;
use wire::{State, Wire};

/// Between two looks for a new client or for the end.
const INTERVAL: Duration = Duration::from_millis(2);

/// Which way bytes go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the ends' own names")]
pub enum Direction {
    ToBroker,
    ToClient,
}

/// What happens to a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Both sides see its end, in order.
    Cut,
    /// Both sides see a reset.
    Reset,
    /// Nothing passes for that time, either way.
    Stall(Duration),
    /// Nothing passes any more, either way, and neither side hears of the other's end: half open.
    Silence,
}

/// What a lane makes of the whole packets that came together.
pub type Edit = Box<dyn FnMut(Vec<Vec<u8>>) -> Vec<Vec<u8>> + Send>;

/// One direction of a connection.
#[derive(Default)]
pub struct Lane {
    fault: Option<(u64, Fault)>,
    edit: Option<Edit>,
}

impl Lane {
    /// Lets that many bytes pass, then the fault happens.
    #[must_use]
    pub fn until(bytes: u64, fault: Fault) -> Self {
        Self { fault: Some((bytes, fault)), edit: None }
    }

    /// Lets through what `edit` makes of the packets that come together.
    #[must_use]
    pub fn edited(edit: impl FnMut(Vec<Vec<u8>>) -> Vec<Vec<u8>> + Send + 'static) -> Self {
        Self { fault: None, edit: Some(Box::new(edit)) }
    }
}

/// Both directions of a connection; by default everything passes.
#[derive(Default)]
#[expect(missing_docs, reason = "the directions' own names")]
pub struct Lanes {
    pub to_broker: Lane,
    pub to_client: Lane,
}

impl Lanes {
    /// Everything passes until a fault in that direction.
    #[must_use]
    pub fn with(direction: Direction, lane: Lane) -> Self {
        match direction {
            Direction::ToBroker => Self { to_broker: lane, ..Self::default() },
            Direction::ToClient => Self { to_client: lane, ..Self::default() },
        }
    }
}

/// Sees every packet that has passed whole, in the order in which they passed.
pub trait Witness: Send {
    /// `connection` counts the client's connections from 0.
    fn passed(&mut self, connection: u64, direction: Direction, packet: &[u8]);
}

/// Sees nothing.
impl Witness for () {
    fn passed(&mut self, _: u64, _: Direction, _: &[u8]) {}
}

/// The proxy; its connections end when it is dropped.
pub struct Middleman<W = ()> {
    port: u16,
    shared: Arc<Shared<W>>,
    listening: Option<JoinHandle<()>>,
}

struct Shared<W> {
    witness: Mutex<W>,
    seen: Condvar,
    broker_port: u16,
    is_closed: AtomicBool,
    connections: AtomicU64,
    faults: AtomicU64,
    passed: [AtomicU64; 2],
    open: Mutex<Vec<Weak<Wire>>>,
}

impl Middleman {
    /// Stands before the broker on that port; `plan` says what happens to each connection, by its
    /// number from 0.
    #[must_use]
    pub fn before(broker_port: u16, plan: impl FnMut(u64) -> Lanes + Send + 'static) -> Self {
        Self::watched_by((), broker_port, plan)
    }
}

impl<W: Witness + 'static> Middleman<W> {
    /// The same, with a witness.
    #[must_use]
    pub fn watched_by(
        witness: W,
        broker_port: u16,
        mut plan: impl FnMut(u64) -> Lanes + Send + 'static,
    ) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        listener.set_nonblocking(true).unwrap();
        let port = listener.local_addr().unwrap().port();
        let shared = Arc::new(Shared {
            witness: Mutex::new(witness),
            seen: Condvar::new(),
            broker_port,
            is_closed: AtomicBool::new(false),
            connections: AtomicU64::new(0),
            faults: AtomicU64::new(0),
            passed: [AtomicU64::new(0), AtomicU64::new(0)],
            open: Mutex::default(),
        });
        let accepting = Arc::clone(&shared);
        let listening = thread::spawn(move || {
            while !accepting.is_closed.load(Ordering::Relaxed) {
                match listener.accept() {
                    Ok((client, _)) => {
                        let number = accepting.connections.fetch_add(1, Ordering::Relaxed);
                        connect(&accepting, number, client, plan(number));
                    }
                    Err(_) => thread::sleep(INTERVAL),
                }
            }
        });
        Self { port, shared, listening: Some(listening) }
    }

    /// The port.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// How many connections clients have made.
    #[must_use]
    pub fn connections(&self) -> u64 {
        self.shared.connections.load(Ordering::Relaxed)
    }

    /// How many faults have happened.
    #[must_use]
    pub fn faults(&self) -> u64 {
        self.shared.faults.load(Ordering::Relaxed)
    }

    /// How many bytes have passed that way, over all connections.
    #[must_use]
    pub fn bytes(&self, direction: Direction) -> u64 {
        self.shared.passed[index(direction)].load(Ordering::Relaxed)
    }

    /// Looks at what the witness has seen.
    pub fn witness<T>(&self, look: impl FnOnce(&mut W) -> T) -> T {
        look(&mut self.shared.witness.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Waits until the witness has seen it; `false` after [`LIMIT`] without anything new to see.
    #[must_use]
    pub fn wait_for(&self, mut look: impl FnMut(&mut W) -> bool) -> bool {
        let mut witness = self.shared.witness.lock().unwrap();
        loop {
            if look(&mut witness) {
                return true;
            }
            let (again, waited) = self.shared.seen.wait_timeout(witness, LIMIT).unwrap();
            if waited.timed_out() {
                return false;
            }
            witness = again;
        }
    }

    /// Breaks every connection that stands.
    pub fn break_all(&self, fault: Fault) {
        let open = std::mem::take(&mut *self.shared.open.lock().unwrap());
        for wire in open.iter().filter_map(Weak::upgrade) {
            wire.suffer(fault);
            self.shared.faults.fetch_add(1, Ordering::Relaxed);
        }
    }
}

impl<W> Drop for Middleman<W> {
    fn drop(&mut self) {
        self.shared.is_closed.store(true, Ordering::Relaxed);
        for wire in self.shared.open.lock().unwrap().iter().filter_map(Weak::upgrade) {
            wire.suffer(Fault::Cut);
        }
        if let Some(listening) = self.listening.take() {
            let _ended = listening.join();
        }
    }
}

fn index(direction: Direction) -> usize {
    match direction {
        Direction::ToBroker => 0,
        Direction::ToClient => 1,
    }
}

fn connect<W: Witness + 'static>(
    shared: &Arc<Shared<W>>,
    number: u64,
    client: TcpStream,
    lanes: Lanes,
) {
    // A broker that is not there closes the connection: dropping the client does.
    let Ok(broker) = TcpStream::connect((Ipv4Addr::LOCALHOST, shared.broker_port)) else {
        return;
    };
    for stream in [&client, &broker] {
        stream.set_nonblocking(false).unwrap();
        stream.set_nodelay(true).unwrap();
    }
    let wire = Arc::new(Wire::new(client, broker));
    shared.open.lock().unwrap().push(Arc::downgrade(&wire));
    for (direction, lane) in
        [(Direction::ToBroker, lanes.to_broker), (Direction::ToClient, lanes.to_client)]
    {
        let (shared, wire) = (Arc::clone(shared), Arc::clone(&wire));
        thread::spawn(move || {
            Carrier { shared, number, wire, direction, lane, passed: 0, frames: Frames::default() }
                .run();
        });
    }
}

/// One direction's thread.
struct Carrier<W> {
    shared: Arc<Shared<W>>,
    number: u64,
    wire: Arc<Wire>,
    direction: Direction,
    lane: Lane,
    passed: u64,
    /// Of what has passed.
    frames: Frames,
}

impl<W: Witness> Carrier<W> {
    fn run(mut self) {
        let wire = Arc::clone(&self.wire);
        let (mut from, to) = wire.ends(self.direction);
        let (mut buffer, mut arrived) = (vec![0; 64 * 1024], Frames::default());
        if !self.pass(to, &[]) {
            return;
        }
        loop {
            let read = from.read(&mut buffer).unwrap_or(0);
            let state = wire.settle();
            if read == 0 {
                // A side that closes is heard on the other, unless nothing is.
                if state == State::Open {
                    let _gone = to.shutdown(Shutdown::Write);
                }
                return;
            }
            let bytes = buffer.get(..read).unwrap_or_default();
            let bytes = match &mut self.lane.edit {
                None => bytes.to_vec(),
                Some(edit) => edit(arrived.push(bytes)).concat(),
            };
            let goes_on = match state {
                State::Silent => true,
                State::Broken => false,
                State::Open | State::Stalled(_) => self.pass(to, &bytes),
            };
            if !goes_on {
                return;
            }
        }
    }

    /// Passes bytes on as far as the fault allows; `false` when the connection is over.
    fn pass(&mut self, to: &TcpStream, bytes: &[u8]) -> bool {
        let Some((limit, fault)) = self.lane.fault else {
            return self.write(to, bytes);
        };
        let left = usize::try_from(limit - self.passed).unwrap_or(usize::MAX);
        if left > bytes.len() {
            return self.write(to, bytes);
        }
        let (first, rest) = bytes.split_at(left);
        if !self.write(to, first) {
            return false;
        }
        self.lane.fault = None;
        self.shared.faults.fetch_add(1, Ordering::Relaxed);
        self.wire.suffer(fault);
        match self.wire.settle() {
            State::Open | State::Stalled(_) => self.write(to, rest),
            State::Silent => true,
            State::Broken => false,
        }
    }

    /// What the client sends is witnessed before the broker has it, so that no answer is seen first.
    /// What the client gets is witnessed before anything else is, and only if it could be written.
    fn write(&mut self, mut to: &TcpStream, bytes: &[u8]) -> bool {
        let shared = Arc::clone(&self.shared);
        let mut witness = shared.witness.lock().unwrap_or_else(PoisonError::into_inner);
        if self.direction == Direction::ToBroker {
            self.tell(&mut witness, bytes);
            drop(witness);
            return to.write_all(bytes).is_ok();
        }
        let is_written = to.write_all(bytes).is_ok();
        if is_written {
            self.tell(&mut witness, bytes);
        }
        is_written
    }

    fn tell(&mut self, witness: &mut W, bytes: &[u8]) {
        let count = u64::try_from(bytes.len()).expect("a read is short");
        self.passed += count;
        self.shared.passed[index(self.direction)].fetch_add(count, Ordering::Relaxed);
        for packet in self.frames.push(bytes) {
            witness.passed(self.number, self.direction, &packet);
            self.shared.seen.notify_all();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::packet;
    use crate::scripted_peer::{Connection, ScriptedPeer};

    fn through(lanes: fn() -> Lanes) -> (Middleman, TcpStream, Connection) {
        let peer = ScriptedPeer::listen();
        let middleman = Middleman::before(peer.port(), move |_| lanes());
        let client = TcpStream::connect((Ipv4Addr::LOCALHOST, middleman.port())).unwrap();
        client.set_read_timeout(Some(LIMIT)).unwrap();
        let connection = peer.accept();
        (middleman, client, connection)
    }

    #[test]
    fn cuts_behind_so_many_bytes() {
        let lanes = || Lanes::with(Direction::ToBroker, Lane::until(3, Fault::Cut));
        let (middleman, mut client, mut broker) = through(lanes);
        client.write_all(b"12345").unwrap();
        assert_eq!(broker.read_bytes(3), b"123");
        broker.expect_end();
        let _ended = client.read(&mut [0]);
        assert_eq!((middleman.faults(), middleman.bytes(Direction::ToBroker)), (1, 3));
    }

    #[test]
    fn a_reset_is_one() {
        let lanes = || Lanes::with(Direction::ToClient, Lane::until(0, Fault::Reset));
        let (_middleman, mut client, _broker) = through(lanes);
        let error = client.read(&mut [0]).unwrap_err();
        assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset);
    }

    #[test]
    fn what_is_half_open_tells_neither_side_of_the_others_end() {
        let lanes = || Lanes::with(Direction::ToClient, Lane::until(2, Fault::Silence));
        let (_middleman, mut client, mut broker) = through(lanes);
        broker.send(&[&packet::PINGRESP[..], b"never seen"].concat());
        client.read_exact(&mut [0; 2]).unwrap();
        client.shutdown(Shutdown::Write).unwrap();
        broker.expect_silence(Duration::from_millis(100));
    }

    #[test]
    fn edits_whole_packets() {
        let lanes = || {
            Lanes::with(
                Direction::ToClient,
                Lane::edited(|packets| [packets.clone(), packets].concat()),
            )
        };
        let (_middleman, mut client, mut broker) = through(lanes);
        broker.send(&packet::puback(1));
        let mut twice = [0; 8];
        client.read_exact(&mut twice).unwrap();
        assert_eq!(twice.to_vec(), packet::puback(1).repeat(2));
    }
}
