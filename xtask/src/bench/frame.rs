//! Finds the packets in a stream of bytes and skips what is in them: only the fixed header and
//! the packet identifier are read.

/// The part of a packet a counting peer needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Head {
    /// The first byte: packet type and flags.
    pub(super) first: u8,
    /// The packet identifier, where the type and QoS have one.
    pub(super) id: Option<u16>,
    /// The bytes of the whole packet.
    pub(super) length: usize,
}

impl Head {
    /// The packet type, 1 (CONNECT) to 15.
    pub(super) fn kind(self) -> u8 {
        self.first >> 4
    }

    /// The QoS of a PUBLISH.
    pub(super) fn qos(self) -> u8 {
        (self.first >> 1) & 3
    }
}

/// One step of the scanner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// A packet began; all that is needed of it is here.
    Packet(Head),
    /// Nothing more can be said before more bytes come.
    Wanting,
}

/// Walks over the packets; keeps what is still to be skipped of one that is larger than the
/// buffer.
#[derive(Debug, Default)]
pub(super) struct Scanner {
    skip: usize,
}

impl Scanner {
    /// Takes the next packet's head off the front of `bytes`; the rest of the packet is dropped
    /// as it comes.
    pub(super) fn step(&mut self, bytes: &mut &[u8]) -> Step {
        self.drop_rest(bytes);
        match head(bytes) {
            Some(head) if self.skip == 0 => {
                self.skip = head.length;
                self.drop_rest(bytes);
                Step::Packet(head)
            }
            _ => Step::Wanting,
        }
    }

    fn drop_rest(&mut self, bytes: &mut &[u8]) {
        let dropped = self.skip.min(bytes.len());
        self.skip -= dropped;
        *bytes = bytes.get(dropped..).unwrap_or_default();
    }
}

fn head(bytes: &[u8]) -> Option<Head> {
    let (&first, rest) = bytes.split_first()?;
    let mut remaining = 0_usize;
    let mut shift = 0;
    let mut used = 0;
    for &byte in rest.iter().take(4) {
        remaining |= usize::from(byte & 0x7f) << shift;
        shift += 7;
        used += 1;
        if byte & 0x80 == 0 {
            let body = rest.get(used..)?;
            let id = identifier(first, remaining, body).ok()?;
            return Some(Head { first, id, length: 1 + used + remaining });
        }
    }
    None
}

/// The bytes that hold the identifier have not come yet.
struct Incomplete;

fn identifier(first: u8, remaining: usize, body: &[u8]) -> Result<Option<u16>, Incomplete> {
    let at = match first >> 4 {
        3 if first & 0b110 == 0 => return Ok(None),
        3 => usize::from(word(body, 0).ok_or(Incomplete)?) + 2,
        4..=11 if remaining >= 2 => 0,
        _ => return Ok(None),
    };
    word(body, at).map(Some).ok_or(Incomplete)
}

fn word(bytes: &[u8], at: usize) -> Option<u16> {
    let pair = bytes.get(at..at.checked_add(2)?)?;
    Some(u16::from_be_bytes([*pair.first()?, *pair.last()?]))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A QoS 1 PUBLISH to `a/b` with identifier 7, an empty QoS 0 one to `t`, a PINGREQ, a PUBACK.
    const STREAM: [u8; 25] = [
        0x32, 0x0a, 0, 3, b'a', b'/', b'b', 0, 7, b'x', b'y', b'z', //
        0x30, 0x03, 0, 1, b't', //
        0xc0, 0x00, //
        0x40, 0x02, 0x12, 0x34, //
        0xe0, 0x00,
    ];

    fn heads_in_pieces_of(size: usize) -> Vec<(u8, Option<u16>)> {
        let mut scanner = Scanner::default();
        let mut pending = Vec::new();
        let mut heads = Vec::new();
        for piece in STREAM.chunks(size) {
            pending.extend_from_slice(piece);
            let mut rest = pending.as_slice();
            while let Step::Packet(head) = scanner.step(&mut rest) {
                heads.push((head.kind(), head.id));
            }
            pending = rest.to_vec();
        }
        heads
    }

    #[test]
    fn finds_every_packet_however_the_bytes_are_cut() {
        let expected = vec![(3, Some(7)), (3, None), (12, None), (4, Some(0x1234)), (14, None)];
        for size in 1..=STREAM.len() {
            assert_eq!(heads_in_pieces_of(size), expected, "in pieces of {size}");
        }
    }

    #[test]
    fn a_packet_larger_than_the_buffer_is_skipped_as_it_comes() {
        let mut scanner = Scanner::default();
        let mut first = [0x30, 0x80, 0x80, 0x80, 0x01].as_slice();
        let Step::Packet(head) = scanner.step(&mut first) else { panic!("no head") };
        assert_eq!(head.length, 5 + 2_097_152);
        let body = vec![0; 1_048_576];
        for _ in 0..2 {
            let mut piece = body.as_slice();
            assert_eq!(scanner.step(&mut piece), Step::Wanting);
            assert!(piece.is_empty());
        }
        let mut next = [0xc0, 0x00].as_slice();
        assert!(matches!(scanner.step(&mut next), Step::Packet(head) if head.kind() == 12));
    }
}
