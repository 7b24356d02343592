//! Packets out of a stream of bytes, wherever it is cut.

/// Makes packets of a stream of bytes.
#[derive(Debug, Default)]
pub struct Frames(Vec<u8>);

impl Frames {
    /// The packets that these bytes complete.
    pub fn push(&mut self, bytes: &[u8]) -> Vec<Vec<u8>> {
        self.0.extend_from_slice(bytes);
        let (mut packets, mut start) = (Vec::new(), 0);
        while let Some(length) = self.0.get(start..).and_then(packet_length)
            && let Some(packet) = self.0.get(start..start + length)
        {
            packets.push(packet.to_vec());
            start += length;
        }
        self.0.drain(..start);
        packets
    }
}

/// How long the packet is that begins here; `None` while that cannot be told.
fn packet_length(bytes: &[u8]) -> Option<usize> {
    let mut remaining = 0;
    for (index, &byte) in bytes.iter().skip(1).take(4).enumerate() {
        remaining |= usize::from(byte & 0x7f) << (7 * index);
        if byte & 0x80 == 0 {
            return Some(2 + index + remaining);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::packet::{self, Delivery, v3};

    #[test]
    fn makes_packets_of_any_pieces() {
        let long = v3::publish("t", &[7; 300], Delivery::AtMostOnce);
        let stream = [&packet::PINGREQ[..], &long, &packet::puback(9)].concat();
        for size in [1, 2, 3, 100, stream.len()] {
            let mut frames = Frames::default();
            let packets: Vec<_> = stream.chunks(size).flat_map(|part| frames.push(part)).collect();
            assert_eq!(packets, [packet::PINGREQ.to_vec(), long.clone(), packet::puback(9)]);
        }
    }
}
