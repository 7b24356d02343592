//! Which packet identifiers are free (§2.2.1).

use crate::protocol::PacketId;

/// The identifiers in use, and the one given out last.
///
/// One counter for PUBLISH, SUBSCRIBE and UNSUBSCRIBE that starts at 1 and goes on across
/// reconnects, as the originals count; an identifier that is still in use is passed over.
#[derive(Debug)]
pub(super) struct PacketIds {
    last: u16,
    in_use: Box<[u64; 1024]>,
    count: usize,
}

impl PacketIds {
    pub(super) fn new() -> Self {
        Self { last: 0, in_use: Box::new([0; 1024]), count: 0 }
    }

    /// Takes the next free identifier; `None` when all 65,535 are in use.
    #[inline]
    pub(super) fn take(&mut self) -> Option<PacketId> {
        if self.count == usize::from(u16::MAX) {
            return None;
        }
        loop {
            let packet_id = self.advance();
            if !self.is_in_use(packet_id) {
                let (word, bit) = position(packet_id);
                self.in_use[word] |= bit;
                self.count += 1;
                return Some(packet_id);
            }
        }
    }

    /// Counts a message of QoS 0: it has no identifier, but the originals' `-d` lines number it.
    #[inline]
    pub(super) fn advance(&mut self) -> PacketId {
        loop {
            self.last = self.last.wrapping_add(1);
            if let Some(packet_id) = PacketId::new(self.last) {
                return packet_id;
            }
        }
    }

    /// Gives an identifier back; one that is not in use stays so.
    #[inline]
    pub(super) fn release(&mut self, packet_id: PacketId) {
        if self.is_in_use(packet_id) {
            let (word, bit) = position(packet_id);
            self.in_use[word] &= !bit;
            self.count -= 1;
        }
    }

    #[inline]
    fn is_in_use(&self, packet_id: PacketId) -> bool {
        let (word, bit) = position(packet_id);
        self.in_use[word] & bit != 0
    }
}

#[inline]
fn position(packet_id: PacketId) -> (usize, u64) {
    let number = packet_id.number();
    (usize::from(number / 64), 1 << (number % 64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn starts_at_one_and_wraps_past_zero() {
        let mut ids = PacketIds::new();
        assert_eq!(ids.take().unwrap().number(), 1);
        ids.last = u16::MAX - 1;
        assert_eq!(ids.take().unwrap().number(), u16::MAX);
        assert_eq!(ids.take().unwrap().number(), 2, "1 is still in use");
    }

    #[test]
    fn gives_each_identifier_once_until_it_is_released() {
        let mut ids = PacketIds::new();
        let all: std::collections::HashSet<_> = std::iter::from_fn(|| ids.take()).collect();
        assert_eq!(all.len(), 65_535);
        let released = PacketId::new(777).unwrap();
        ids.release(released);
        ids.release(released);
        assert_eq!(ids.take(), Some(released));
        assert_eq!(ids.take(), None);
    }
}
