//! The peer of the benchmark: a process of its own that counts what it receives, or sends as
//! fast as the socket takes it. It knows just enough of MQTT 3.1.1 to be faster than any client.
//!
//! It prints its port, and then one line of totals for each line it reads. It ends with its
//! standard input, so it never outlives the benchmark.

use std::io::{self, BufRead, Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use anyhow::Context;
use lexopt::{Arg, ValueExt};

use super::frame::{Head, Scanner, Step};
use super::packet::{self, Kept};
use super::wrapper::Wrapper;

/// The hidden task that starts the peer.
pub(crate) const TASK: &str = "bench-peer";

const READ_SIZE: usize = 512 * 1024;
const WRITE_SIZE: usize = 256 * 1024;

/// What a subscriber is sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Blast {
    /// How many messages.
    pub(super) messages: u64,
    /// The bytes of each payload.
    pub(super) size: usize,
    /// Their QoS.
    pub(super) qos: u8,
}

/// What has come in over all connections since the last report.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Totals {
    messages: u64,
    bytes: u64,
    open: usize,
}

#[derive(Debug, Default)]
struct Tally {
    totals: Mutex<Totals>,
    closed: Condvar,
}

impl Tally {
    fn lock(&self) -> MutexGuard<'_, Totals> {
        // Every change is one addition: totals of a thread that panicked are still right.
        self.totals.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn close(&self, messages: u64, bytes: u64) {
        let mut totals = self.lock();
        totals.messages += messages;
        totals.bytes += bytes;
        totals.open -= 1;
        self.closed.notify_all();
    }

    /// Waits until no connection is open, so that everything sent has been counted.
    fn take(&self) -> Totals {
        let mut totals = self
            .closed
            .wait_while(self.lock(), |totals| totals.open > 0)
            .unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut *totals)
    }
}

/// Runs the peer until its standard input ends.
pub(crate) fn run(mut options: lexopt::Parser) -> anyhow::Result<()> {
    let mut blast = Blast::default();
    let (mut certificate, mut key, mut wrapper) = (None, None, Wrapper::None);
    while let Some(argument) = options.next()? {
        match argument {
            Arg::Long("messages") => blast.messages = options.value()?.parse()?,
            Arg::Long("size") => blast.size = options.value()?.parse()?,
            Arg::Long("qos") => blast.qos = options.value()?.parse()?,
            Arg::Long("certificate") => certificate = Some(PathBuf::from(options.value()?)),
            Arg::Long("key") => key = Some(PathBuf::from(options.value()?)),
            Arg::Long("websocket") => wrapper = Wrapper::WebSocket,
            other => return Err(other.unexpected().into()),
        }
    }
    if let Some((certificate, key)) = certificate.zip(key) {
        wrapper = Wrapper::tls(&certificate, &key)?;
    }
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("no port to listen on")?;
    println!("{}", listener.local_addr()?.port());
    let tally = Arc::new(Tally::default());
    let accepting = Arc::clone(&tally);
    std::thread::spawn(move || accept(&listener, blast, &wrapper, &accepting));
    for line in io::stdin().lock().lines() {
        line?;
        let totals = tally.take();
        println!("{} {}", totals.messages, totals.bytes);
    }
    Ok(())
}

fn accept(listener: &TcpListener, blast: Blast, wrapper: &Wrapper, tally: &Arc<Tally>) {
    for stream in listener.incoming().flatten() {
        tally.lock().open += 1;
        let tally = Arc::clone(tally);
        let wrapper = wrapper.clone();
        std::thread::spawn(move || {
            let mut connection = Connection::new(blast);
            // A client that goes away without DISCONNECT is an ordinary end: the count tells.
            let _ended = connection.accept(stream, &wrapper);
            tally.close(connection.messages, connection.bytes);
        });
    }
}

struct Connection {
    blast: Blast,
    messages: u64,
    bytes: u64,
    answers: Vec<u8>,
    subscribed: bool,
}

impl Connection {
    fn new(blast: Blast) -> Self {
        Self { blast, messages: 0, bytes: 0, answers: Vec::new(), subscribed: false }
    }

    fn accept(&mut self, stream: TcpStream, wrapper: &Wrapper) -> io::Result<()> {
        stream.set_nodelay(true)?;
        // Both threads write: a PINGRESP must not land in the middle of a PUBLISH.
        let writer = Arc::new(Mutex::new(stream.try_clone()?));
        match wrapper {
            Wrapper::None => {
                let stream = Shared { reader: stream, writer: Arc::clone(&writer) };
                self.serve(stream, &writer)
            }
            wrapper => self.serve(wrapper.wrap(stream)?, &writer),
        }
    }

    /// `writer` is for what a subscriber is sent.
    fn serve(
        &mut self,
        mut stream: impl Read + Write,
        writer: &Arc<Mutex<TcpStream>>,
    ) -> io::Result<()> {
        let mut scanner = Scanner::default();
        let mut buffer = vec![0; READ_SIZE];
        let mut kept = 0;
        loop {
            let read = stream.read(buffer.get_mut(kept..).unwrap_or_default())?;
            if read == 0 {
                return Ok(());
            }
            let filled = kept + read;
            let mut rest = buffer.get(..filled).unwrap_or_default();
            while let Step::Packet(head) = scanner.step(&mut rest) {
                self.answer(head);
            }
            kept = rest.len();
            buffer.copy_within(filled - kept..filled, 0);
            if !self.answers.is_empty() {
                stream.write_all(&self.answers)?;
                stream.flush()?;
                self.answers.clear();
            }
            self.send_if_subscribed(writer);
        }
    }

    fn answer(&mut self, head: Head) {
        match (head.kind(), head.id) {
            (1, _) => self.answers.extend([0x20, 2, 0, 0]),
            (3, id) => {
                self.messages += 1;
                self.bytes += u64::try_from(head.length).unwrap_or(u64::MAX);
                match (head.qos(), id) {
                    (1, Some(id)) => self.acknowledge(0x40, id),
                    (2, Some(id)) => self.acknowledge(0x50, id),
                    _ => {}
                }
            }
            (5, Some(id)) => self.acknowledge(0x62, id),
            (6, Some(id)) => self.acknowledge(0x70, id),
            (8, Some(id)) => {
                let [high, low] = id.to_be_bytes();
                self.answers.extend([0x90, 3, high, low, self.blast.qos]);
                self.subscribed = true;
            }
            (12, _) => self.answers.extend([0xd0, 0]),
            _ => {}
        }
    }

    fn acknowledge(&mut self, first: u8, id: u16) {
        let [high, low] = id.to_be_bytes();
        self.answers.extend([first, 2, high, low]);
    }

    fn send_if_subscribed(&mut self, writer: &Arc<Mutex<TcpStream>>) {
        if std::mem::take(&mut self.subscribed) {
            let blast = self.blast;
            let writer = Arc::clone(writer);
            std::thread::spawn(move || {
                if send(blast, &writer).is_err() {
                    // The reader learns of it too, and ends the connection.
                    let _gone = lock(&writer).shutdown(Shutdown::Both);
                }
            });
        }
    }
}

/// A plain connection, on which another thread may write, too.
struct Shared {
    reader: TcpStream,
    writer: Arc<Mutex<TcpStream>>,
}

impl Read for Shared {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.reader.read(buffer)
    }
}

impl Write for Shared {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        lock(&self.writer).write(bytes)
    }

    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        // All under one lock.
        lock(&self.writer).write_all(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn lock(writer: &Mutex<TcpStream>) -> MutexGuard<'_, TcpStream> {
    writer.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Sends all of it in large writes, then leaves the connection open: the client has counted too.
fn send(blast: Blast, writer: &Mutex<TcpStream>) -> io::Result<()> {
    let mut left = blast.messages;
    let mut next_id = 1_u16;
    let mut block = Vec::with_capacity(WRITE_SIZE + blast.size + 64);
    while left > 0 {
        block.clear();
        while left > 0 && block.len() < WRITE_SIZE {
            publish(&mut block, blast, next_id);
            next_id = next_id.checked_add(1).unwrap_or(1);
            left -= 1;
        }
        lock(writer).write_all(&block)?;
    }
    Ok(())
}

/// A lone message is one that was waiting for its subscriber.
fn publish(block: &mut Vec<u8>, blast: Blast, id: u16) {
    let kept = if blast.messages == 1 { Kept::Retained } else { Kept::Live };
    packet::publish(block, blast.qos, kept, id, blast.size);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A peer on a thread, and a client connected to it by hand.
    fn connected(blast: Blast) -> (TcpStream, Arc<Tally>) {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let mut client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let tally = Arc::new(Tally::default());
        let accepting = Arc::clone(&tally);
        std::thread::spawn(move || accept(&listener, blast, &Wrapper::None, &accepting));
        client.write_all(b"\x10\x0c\x00\x04MQTT\x04\x02\x00\x3c\x00\x00").unwrap();
        assert_eq!(take(&mut client, 4), [0x20, 2, 0, 0]);
        (client, tally)
    }

    fn take(client: &mut TcpStream, length: usize) -> Vec<u8> {
        let mut bytes = vec![0; length];
        client.read_exact(&mut bytes).unwrap();
        bytes
    }

    #[test]
    fn acknowledges_and_counts_at_every_qos() {
        let (mut client, tally) = connected(Blast::default());
        client.write_all(b"\x30\x04\x00\x01tx\x32\x06\x00\x01t\x00\x05x").unwrap();
        assert_eq!(take(&mut client, 4), [0x40, 2, 0, 5]);
        client.write_all(b"\x34\x06\x00\x01t\x00\x06x").unwrap();
        assert_eq!(take(&mut client, 4), [0x50, 2, 0, 6]);
        client.write_all(b"\x62\x02\x00\x06\xc0\x00").unwrap();
        assert_eq!(take(&mut client, 6), [0x70, 2, 0, 6, 0xd0, 0]);
        drop(client);
        assert_eq!(tally.take(), Totals { messages: 3, bytes: 22, open: 0 });
    }

    #[test]
    fn sends_all_it_was_told_to_and_reads_on() {
        let (mut client, tally) = connected(Blast { messages: 70_000, size: 50, qos: 1 });
        client.write_all(b"\x82\x06\x00\x01\x00\x01#\x01").unwrap();
        assert_eq!(take(&mut client, 5), [0x90, 3, 0, 1, 1]);
        let mut expected = Vec::new();
        publish(&mut expected, Blast { messages: 2, size: 50, qos: 1 }, 1);
        assert_eq!(expected.get(..4), Some(&[0x32, 67, 0, 13][..]));
        let first = take(&mut client, expected.len());
        assert_eq!(first, expected);
        let rest = take(&mut client, expected.len() * 69_999);
        // 65,535 identifiers, then from 1 again: the last is number 70,000 - 65,535.
        let id = rest.get(rest.len() - 52..rest.len() - 50).unwrap();
        assert_eq!(id, 4_465_u16.to_be_bytes());
        client.write_all(&[0xc0, 0]).unwrap();
        assert_eq!(take(&mut client, 2), [0xd0, 0]);
        drop(client);
        assert_eq!(tally.take().messages, 0);
    }
}
