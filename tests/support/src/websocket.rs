//! The server's side of a WebSocket (RFC 6455), played over a scripted peer's connection.
//!
//! Frames are read and written by hand here, so that the library the tools use is held against
//! something that is not itself.

use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

use crate::scripted_peer::Connection;

/// A whole binary message in one frame.
pub const BINARY: u8 = 0x82;

/// A whole text message in one frame.
pub const TEXT: u8 = 0x81;

/// The first frame of a binary message of several.
pub const BINARY_BEGINS: u8 = 0x02;

/// A frame between the first and the last.
pub const CONTINUES: u8 = 0x00;

/// The last frame of several.
pub const ENDS: u8 = 0x80;

/// The good-bye.
pub const CLOSE: u8 = 0x88;

/// A question for a sign of life.
pub const PING: u8 = 0x89;

/// Its answer.
pub const PONG: u8 = 0x8a;

/// A client that speaks WebSocket.
#[derive(Debug)]
pub struct WebSocket {
    connection: Connection,
    /// What came in binary frames and is not read yet.
    unread: Vec<u8>,
}

/// A frame of the client's, unmasked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// FIN, reserved bits and opcode.
    pub first: u8,
    /// What it carries.
    pub payload: Vec<u8>,
}

/// Reads the head of a request, its empty last line included.
#[track_caller]
pub fn read_head(connection: &mut Connection) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.extend(connection.read_bytes(1));
    }
    String::from_utf8(head).expect("the head of a request is text")
}

/// The value of a header field of a request or an answer.
#[must_use]
pub fn field<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    let fields = head.lines().filter_map(|line| line.split_once(": "));
    fields.into_iter().find_map(|(other, value)| other.eq_ignore_ascii_case(name).then_some(value))
}

/// The answer that lets a client in.
#[must_use]
pub fn agreement(request: &str) -> String {
    let key = field(request, "Sec-WebSocket-Key").expect("a request for WebSocket has a key");
    format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Accept: {}\r\nSec-WebSocket-Protocol: mqtt\r\n\r\n",
        derive_accept_key(key.as_bytes())
    )
}

impl WebSocket {
    /// Lets the client in.
    #[track_caller]
    #[must_use]
    pub fn open(mut connection: Connection) -> Self {
        let request = read_head(&mut connection);
        connection.send(agreement(&request).as_bytes());
        Self::opened(connection)
    }

    /// A client that was let in.
    #[must_use]
    pub fn opened(connection: Connection) -> Self {
        Self { connection, unread: Vec::new() }
    }

    /// Reads one frame.
    #[track_caller]
    pub fn read_frame(&mut self) -> Frame {
        let head = self.connection.read_bytes(2);
        let [first, second] = head[..] else { panic!("two bytes") };
        assert!(second & 0x80 != 0, "a client's frames are masked");
        let length = match second & 0x7f {
            126 => big_endian(&self.connection.read_bytes(2)),
            127 => big_endian(&self.connection.read_bytes(8)),
            length => usize::from(length),
        };
        let mask = self.connection.read_bytes(4);
        let mut payload = self.connection.read_bytes(length);
        for (byte, mask) in payload.iter_mut().zip(mask.iter().cycle()) {
            *byte ^= mask;
        }
        Frame { first, payload }
    }

    /// Reads one packet out of as many binary frames as it takes.
    #[track_caller]
    pub fn read_packet(&mut self) -> Vec<u8> {
        loop {
            if let Some(length) = packet_length(&self.unread)
                && self.unread.len() >= length
            {
                return self.unread.drain(..length).collect();
            }
            let frame = self.read_frame();
            assert_eq!(frame.first, BINARY, "a binary frame, not {frame:?}");
            self.unread.extend(frame.payload);
        }
    }

    /// Reads one packet and compares it with `packet`.
    #[track_caller]
    pub fn expect(&mut self, packet: &[u8]) {
        let read = self.read_packet();
        assert!(read == packet, "expected {packet:02x?}\n but got {read:02x?}");
    }

    /// Reads one frame and compares it.
    #[track_caller]
    pub fn expect_frame(&mut self, first: u8, payload: &[u8]) {
        assert!(self.unread.is_empty(), "unread: {:02x?}", self.unread);
        assert_eq!(self.read_frame(), Frame { first, payload: payload.to_vec() });
    }

    /// Sends a frame.
    #[track_caller]
    pub fn send_frame(&mut self, first: u8, payload: &[u8]) {
        self.connection.send(&frame_head(first, payload.len()));
        self.connection.send(payload);
    }

    /// Sends one packet, in one frame.
    #[track_caller]
    pub fn send(&mut self, packet: &[u8]) {
        self.send_frame(BINARY, packet);
    }

    /// Takes the good-bye that ends everything and answers it.
    #[track_caller]
    pub fn close(mut self) {
        let goodbye = 1000_u16.to_be_bytes();
        self.expect_frame(CLOSE, &goodbye);
        self.send_frame(CLOSE, &goodbye);
        self.connection.close();
    }

    /// The bytes below.
    pub fn connection(&mut self) -> &mut Connection {
        &mut self.connection
    }
}

/// What stands before a payload of that length in a server's frame (RFC 6455 §5.2).
#[must_use]
pub fn frame_head(first: u8, length: usize) -> Vec<u8> {
    let mut head = vec![first];
    match (u8::try_from(length), u16::try_from(length)) {
        (Ok(length @ 0..=125), _) => head.push(length),
        (_, Ok(length)) => {
            head.push(126);
            head.extend(length.to_be_bytes());
        }
        _ => {
            head.push(127);
            head.extend(u64::try_from(length).expect("a length").to_be_bytes());
        }
    }
    head
}

fn big_endian(bytes: &[u8]) -> usize {
    bytes.iter().fold(0, |number, byte| number << 8 | usize::from(*byte))
}

/// The length of the packet that `bytes` begin with, once they tell (MQTT 5 §2.1.4).
fn packet_length(bytes: &[u8]) -> Option<usize> {
    let mut remaining = 0;
    for (index, byte) in bytes.iter().skip(1).enumerate() {
        remaining |= usize::from(byte & 0x7f) << (7 * index);
        if byte & 0x80 == 0 {
            return Some(index + 2 + remaining);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_have_1_3_or_9_bytes() {
        assert_eq!(frame_head(BINARY, 125), [0x82, 125]);
        assert_eq!(frame_head(BINARY, 126), [0x82, 126, 0, 126]);
        assert_eq!(frame_head(BINARY, 65_535), [0x82, 126, 0xff, 0xff]);
        assert_eq!(frame_head(BINARY, 65_536), [0x82, 127, 0, 0, 0, 0, 0, 1, 0, 0]);
    }

    #[test]
    fn the_answer_is_that_of_the_specifications_example() {
        let answer = agreement("GET / HTTP/1.1\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n");
        assert_eq!(field(&answer, "sec-websocket-accept"), Some("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="));
    }
}
