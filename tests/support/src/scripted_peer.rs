//! A peer that plays exact bytes and records exact bytes.
//!
//! The script is the test itself, on its own thread:
//!
//! ```no_run
//! use test_support::packet::{self, v3};
//! use test_support::scripted_peer::ScriptedPeer;
//!
//! let peer = ScriptedPeer::listen();
//! // ... start a client on peer.port() ...
//! let mut client = peer.accept();
//! client.expect(&v3::connect("id", 60));
//! client.send(&v3::connack(0));
//! let subscribe = client.read_packet();
//! client.reset();
//! ```

use std::fmt::Write as _;
use std::io::{ErrorKind, Read, Write as _};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

use crate::patience::{LIMIT, until};

/// Listens on a free loopback port.
#[derive(Debug)]
pub struct ScriptedPeer {
    listener: TcpListener,
    port: u16,
}

impl ScriptedPeer {
    /// Begins to listen. Clients can connect at once, also before [`accept`](Self::accept).
    #[must_use]
    pub fn listen() -> Self {
        Self::listen_at(0)
    }

    /// Listens on this port.
    #[must_use]
    #[track_caller]
    pub fn listen_at(port: u16) -> Self {
        Self::on(TcpListener::bind((Ipv4Addr::LOCALHOST, port)).expect("a free port"))
    }

    /// So many peers on the same port, at 127.0.0.1, 127.0.0.2 and so on.
    #[must_use]
    #[track_caller]
    pub fn listen_side_by_side<const N: usize>() -> [Self; N] {
        until("a port that is free on each address", || {
            let first = Self::listen();
            let others = (2..).take(N - 1).map(|last| (Ipv4Addr::new(127, 0, 0, last), first.port));
            let others = others.map(|place| TcpListener::bind(place).ok().map(Self::on));
            let others: Option<Vec<_>> = others.collect();
            let mut peers = others?;
            peers.insert(0, first);
            peers.try_into().ok()
        })
    }

    fn on(listener: TcpListener) -> Self {
        // `accept` has no time limit of its own.
        listener.set_nonblocking(true).unwrap();
        let port = listener.local_addr().unwrap().port();
        Self { listener, port }
    }

    /// The port.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The next client.
    #[track_caller]
    #[must_use]
    pub fn accept(&self) -> Connection {
        until("a client to connect", || self.try_accept())
    }

    /// The next client, if it has connected already.
    #[must_use]
    pub fn try_accept(&self) -> Option<Connection> {
        match self.listener.accept() {
            Ok((stream, _)) => Some(Connection::new(stream)),
            Err(error) if error.kind() == ErrorKind::WouldBlock => None,
            Err(error) => panic!("cannot accept a client: {error}"),
        }
    }
}

/// A port where nobody is let in: its queue is full, so that who connects hears nothing, as behind a
/// firewall.
#[derive(Debug)]
pub struct DeafPort {
    listener: TcpListener,
    _queued: TcpStream,
}

impl DeafPort {
    /// On 127.0.0.1.
    #[must_use]
    pub fn new() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        rustix::net::listen(&listener, 0).unwrap();
        let queued = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        Self { listener, _queued: queued }
    }

    /// The port.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.listener.local_addr().unwrap().port()
    }
}

impl Default for DeafPort {
    fn default() -> Self {
        Self::new()
    }
}

/// One client's connection.
#[derive(Debug)]
pub struct Connection {
    stream: TcpStream,
    received: Vec<u8>,
}

impl Connection {
    fn new(stream: TcpStream) -> Self {
        // Some systems hand the listener's mode on to what it accepts.
        stream.set_nonblocking(false).unwrap();
        stream.set_nodelay(true).unwrap();
        stream.set_read_timeout(Some(LIMIT)).unwrap();
        stream.set_write_timeout(Some(LIMIT)).unwrap();
        Self { stream, received: Vec::new() }
    }

    /// Where the client connected from.
    #[must_use]
    #[track_caller]
    pub fn client_address(&self) -> SocketAddr {
        self.stream.peer_addr().unwrap()
    }

    /// The addresses of both ends, the client's first.
    #[must_use]
    #[track_caller]
    pub fn ends(&self) -> [SocketAddr; 2] {
        [self.client_address(), self.stream.local_addr().unwrap()]
    }

    /// Ends what we send; what the client sends can still be read.
    #[track_caller]
    pub fn close_our_side(&mut self) {
        self.stream.shutdown(Shutdown::Write).unwrap();
    }

    /// The stream once more, for a thread that floods it while this one reads.
    #[must_use]
    pub fn clone_stream(&self) -> TcpStream {
        self.stream.try_clone().unwrap()
    }

    /// Every byte that was read, in order.
    #[must_use]
    pub fn received(&self) -> &[u8] {
        &self.received
    }

    /// Reads one packet and compares it with `packet`.
    #[track_caller]
    pub fn expect(&mut self, packet: &[u8]) {
        let read = self.read_packet();
        assert!(read == packet, "expected {}\n but got {}", dump(packet), dump(&read));
    }

    /// Reads one whole packet.
    #[track_caller]
    pub fn read_packet(&mut self) -> Vec<u8> {
        self.read_packet_or_end().unwrap_or_else(|| {
            panic!("the client closed the connection after {}", dump(&self.received))
        })
    }

    /// Reads one whole packet; `None` if the client closed the connection before it.
    #[track_caller]
    pub fn read_packet_or_end(&mut self) -> Option<Vec<u8>> {
        let mut packet = vec![self.read_byte()?];
        let mut remaining = 0;
        for shift in [0, 7, 14, 21] {
            let byte = self.read_byte().expect("the connection ended within a packet's length");
            packet.push(byte);
            remaining |= usize::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                packet.extend(self.read_bytes(remaining));
                return Some(packet);
            }
        }
        panic!("a packet's length has more than four bytes: {}", dump(&packet));
    }

    /// Reads exactly so many bytes, wherever packets begin and end.
    #[track_caller]
    pub fn read_bytes(&mut self, count: usize) -> Vec<u8> {
        let mut bytes = vec![0; count];
        if let Err(error) = self.stream.read_exact(&mut bytes) {
            panic!("no {count} bytes after {}: {error}", dump(&self.received));
        }
        self.received.extend_from_slice(&bytes);
        bytes
    }

    /// Waits until the client closes the connection, and fails if it sends anything before.
    #[track_caller]
    pub fn expect_end(&mut self) {
        if let Some(packet) = self.read_packet_or_end() {
            panic!("expected the end of the connection\n but got {}", dump(&packet));
        }
    }

    /// Fails if the client sends anything within `time`. Only for what must *not* happen.
    #[track_caller]
    pub fn expect_silence(&mut self, time: Duration) {
        self.stream.set_read_timeout(Some(time)).unwrap();
        let mut byte = [0];
        match self.stream.read(&mut byte) {
            Ok(0) => panic!("expected silence, but the client closed the connection"),
            Ok(_) => panic!("expected silence, but got a byte: {}", dump(&byte)),
            Err(error) => assert!(
                matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut),
                "expected silence, but got: {error}"
            ),
        }
        self.stream.set_read_timeout(Some(LIMIT)).unwrap();
    }

    /// Sends these bytes.
    #[track_caller]
    pub fn send(&mut self, bytes: &[u8]) {
        if let Err(error) = self.stream.write_all(bytes) {
            panic!("cannot send {}: {error}", dump(bytes));
        }
    }

    /// Ends the connection in order: the client reads the end after everything that was sent.
    #[track_caller]
    pub fn close(mut self) {
        self.stream.shutdown(Shutdown::Write).expect("the client is still there");
        // A socket that is closed with bytes unread resets the connection instead.
        let _ended = self.stream.read_to_end(&mut self.received);
    }

    /// Ends the connection with a reset: the client's next read or write fails.
    #[track_caller]
    pub fn reset(self) {
        rustix::net::sockopt::set_socket_linger(&self.stream, Some(Duration::ZERO)).unwrap();
    }

    /// `None` at the end of the connection.
    #[track_caller]
    fn read_byte(&mut self) -> Option<u8> {
        let mut byte = [0];
        match self.stream.read(&mut byte) {
            Ok(0) => None,
            Ok(_) => {
                self.received.extend(byte);
                byte.first().copied()
            }
            // A read with a time limit is not restarted after a signal.
            Err(error) if error.kind() == ErrorKind::Interrupted => self.read_byte(),
            Err(error) => panic!("no packet came after {}: {error}", dump(&self.received)),
        }
    }
}

/// Bytes as a test's failure shows them: in hexadecimal and as text, the middle of long ones
/// left out.
fn dump(bytes: &[u8]) -> String {
    const SHOWN: usize = 200;
    let shown = bytes.get(..SHOWN).unwrap_or(bytes);
    let mut text = format!("{} bytes [", bytes.len());
    for byte in shown {
        let _written = write!(text, " {byte:02x}");
    }
    let more = if shown.len() < bytes.len() { " ..." } else { "" };
    let _written = write!(text, "{more} ] \"{}\"", shown.escape_ascii());
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::packet::{self, Delivery, v3};

    fn connected() -> (Connection, TcpStream) {
        let peer = ScriptedPeer::listen();
        let client = TcpStream::connect((Ipv4Addr::LOCALHOST, peer.port())).unwrap();
        (peer.accept(), client)
    }

    #[test]
    fn reads_whole_packets_and_records_every_byte() {
        let (mut connection, mut client) = connected();
        let long = v3::publish("t", &[7; 300], Delivery::AtMostOnce);
        client.write_all(&[&packet::PINGREQ[..], &long, &packet::puback(9)].concat()).unwrap();
        connection.expect(&packet::PINGREQ);
        assert_eq!(connection.read_packet(), long);
        connection.expect(&packet::puback(9));
        drop(client);
        connection.expect_end();
        let all = [&packet::PINGREQ[..], &long, &packet::puback(9)].concat();
        assert_eq!(connection.received(), all);
    }

    #[test]
    #[should_panic(expected = "expected 2 bytes [ d0 00 ]")]
    fn another_packet_than_the_script_has_fails_the_test() {
        let (mut connection, mut client) = connected();
        client.write_all(&packet::PINGREQ).unwrap();
        connection.expect(&packet::PINGRESP);
    }

    #[test]
    fn a_close_delivers_what_was_sent_before_it() {
        let (mut connection, mut client) = connected();
        client.write_all(b"never read by the script").unwrap();
        connection.send(&packet::PINGRESP);
        let reading = std::thread::spawn(move || {
            let mut read = Vec::new();
            client.read_to_end(&mut read).map(|_| read)
        });
        connection.close();
        assert_eq!(reading.join().unwrap().unwrap(), packet::PINGRESP);
    }

    #[test]
    fn a_reset_is_an_error_to_the_client() {
        let (connection, mut client) = connected();
        connection.reset();
        let error = client.read(&mut [0]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConnectionReset);
    }
}
