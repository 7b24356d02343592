//! The data types of MQTT (§1.5), read from one whole frame and written to a buffer.

use bytes::{Buf, BufMut, Bytes, BytesMut};

use super::codec::DecodeError;
use super::text::Text;
use super::types::PacketId;
use crate::limit::MAX_FIELD;

/// The largest remaining length, and so the longest packet behind its fixed header (§2.1.4).
pub const MAX_REMAINING_LENGTH: usize = 268_435_455;

/// The longest packet, its fixed header included.
pub const MAX_PACKET_LENGTH: usize = 5 + MAX_REMAINING_LENGTH;

/// The largest remaining length of a packet that has at most `packet_length` bytes in all: what
/// Maximum Packet Size says (§3.1.2.11.4).
#[must_use]
pub fn remaining_length_within(packet_length: u32) -> usize {
    let packet_length = usize::try_from(packet_length).unwrap_or(usize::MAX);
    // With a length field of so many bytes; a longer field has room for more, but takes it too.
    let within = |field: usize| packet_length.saturating_sub(1 + field).min((1 << (7 * field)) - 1);
    (1..=4).map(within).max().unwrap_or_default()
}

/// Reads from the body of one whole packet: whatever wants more bytes than are left is malformed,
/// never "not yet there".
#[derive(Clone)]
pub(super) struct Reader {
    bytes: Bytes,
    packet: &'static str,
}

impl Reader {
    /// `packet` is the name that an error carries.
    #[inline]
    pub(super) fn new(packet: &'static str, bytes: Bytes) -> Self {
        Self { bytes, packet }
    }

    /// The packet's name.
    pub(super) fn packet(&self) -> &'static str {
        self.packet
    }

    pub(super) fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    pub(super) fn malformed(&self, problem: &'static str) -> DecodeError {
        DecodeError::Malformed { packet: self.packet, problem }
    }

    pub(super) fn u8(&mut self) -> Result<u8, DecodeError> {
        self.bytes.try_get_u8().map_err(|_| self.malformed("it ends too early"))
    }

    #[inline]
    pub(super) fn u16(&mut self) -> Result<u16, DecodeError> {
        self.bytes.try_get_u16().map_err(|_| self.malformed("it ends too early"))
    }

    pub(super) fn u32(&mut self) -> Result<u32, DecodeError> {
        self.bytes.try_get_u32().map_err(|_| self.malformed("it ends too early"))
    }

    /// A variable byte integer (§1.5.5).
    #[inline]
    pub(super) fn variable_integer(&mut self) -> Result<u32, DecodeError> {
        let (value, length) = match variable_integer(&self.bytes) {
            VariableInteger::Whole { value, length } => (value, length),
            VariableInteger::Incomplete => return Err(self.malformed("it ends too early")),
            VariableInteger::TooLong => return Err(self.malformed("a length has five bytes")),
        };
        self.bytes.advance(length);
        Ok(value)
    }

    #[inline]
    pub(super) fn packet_id(&mut self) -> Result<PacketId, DecodeError> {
        let number = self.u16()?;
        PacketId::new(number).ok_or_else(|| self.malformed("its packet identifier is 0"))
    }

    #[inline]
    pub(super) fn text(&mut self) -> Result<Text, DecodeError> {
        let bytes = self.binary()?;
        Text::received(bytes).ok_or_else(|| self.malformed("a string is not UTF-8 or holds NUL"))
    }

    #[inline]
    pub(super) fn binary(&mut self) -> Result<Bytes, DecodeError> {
        let length = usize::from(self.u16()?);
        self.take(length)
    }

    /// The next `length` bytes.
    #[inline]
    pub(super) fn take(&mut self, length: usize) -> Result<Bytes, DecodeError> {
        if length > self.bytes.len() {
            return Err(self.malformed("a length runs past its end"));
        }
        Ok(self.bytes.split_to(length))
    }

    /// A reader over the next `length` bytes alone.
    pub(super) fn part(&mut self, length: u32) -> Result<Self, DecodeError> {
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        Ok(Self { bytes: self.take(length)?, packet: self.packet })
    }

    #[inline]
    pub(super) fn rest(self) -> Bytes {
        self.bytes
    }

    /// Says that nothing may follow.
    pub(super) fn end(&self) -> Result<(), DecodeError> {
        if self.bytes.is_empty() { Ok(()) } else { Err(self.malformed("bytes follow its end")) }
    }
}

/// What the beginning of a buffer holds of a variable byte integer.
pub(super) enum VariableInteger {
    Whole { value: u32, length: usize },
    Incomplete,
    TooLong,
}

/// Reads a variable byte integer of at most four bytes (§1.5.5).
#[inline]
pub(super) fn variable_integer(bytes: &[u8]) -> VariableInteger {
    let mut value = 0;
    for (index, &byte) in bytes.iter().take(4).enumerate() {
        value |= u32::from(byte & 0x7f) << (7 * index);
        if byte & 0x80 == 0 {
            return VariableInteger::Whole { value, length: index + 1 };
        }
    }
    if bytes.len() < 4 { VariableInteger::Incomplete } else { VariableInteger::TooLong }
}

/// Writes a variable byte integer; the caller has checked that it is at most
/// [`MAX_REMAINING_LENGTH`].
#[inline]
pub(super) fn put_variable_integer(out: &mut BytesMut, mut value: usize) {
    while value >= 0x80 {
        out.put_u8(low_byte(value) | 0x80);
        value >>= 7;
    }
    out.put_u8(low_byte(value));
}

fn low_byte(value: usize) -> u8 {
    u8::try_from(value & 0x7f).unwrap_or_default()
}

/// How many bytes [`put_variable_integer`] writes.
#[inline]
pub(super) fn variable_integer_length(value: usize) -> usize {
    match value {
        0..=0x7f => 1,
        0x80..=0x3fff => 2,
        0x4000..=0x001f_ffff => 3,
        _ => 4,
    }
}

/// Writes a string or binary datum behind its length. Longer ones than [`MAX_FIELD`] cannot
/// occur: [`Text`] and [`super::Value`] are checked when they are made.
#[inline]
pub(super) fn put_binary(out: &mut BytesMut, bytes: &[u8]) {
    debug_assert!(bytes.len() <= MAX_FIELD);
    out.put_u16(u16::try_from(bytes.len()).unwrap_or(u16::MAX));
    out.put_slice(bytes);
}

pub(super) fn put_text(out: &mut BytesMut, text: &Text) {
    put_binary(out, text.as_str().as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    // The borders of MQTT 5 table 1-1.
    #[test]
    fn variable_integers_have_the_lengths_of_the_specification() {
        for (value, bytes) in [
            (0, &[0x00][..]),
            (127, &[0x7f]),
            (128, &[0x80, 0x01]),
            (16_383, &[0xff, 0x7f]),
            (16_384, &[0x80, 0x80, 0x01]),
            (2_097_151, &[0xff, 0xff, 0x7f]),
            (2_097_152, &[0x80, 0x80, 0x80, 0x01]),
            (268_435_455, &[0xff, 0xff, 0xff, 0x7f]),
        ] {
            let mut out = BytesMut::new();
            put_variable_integer(&mut out, value);
            assert_eq!(&out[..], bytes);
            assert_eq!(variable_integer_length(value), bytes.len());
        }
    }

    #[test]
    fn a_packet_size_counts_the_fixed_header() {
        for (packet_length, remaining) in [
            (1, 0),
            (2, 0),
            (129, 127),
            (130, 127),
            (131, 128),
            (16_386, 16_383),
            (16_387, 16_383),
            (16_388, 16_384),
            (268_435_459, 268_435_454),
            (268_435_460, MAX_REMAINING_LENGTH),
            (u32::MAX, MAX_REMAINING_LENGTH),
        ] {
            assert_eq!(remaining_length_within(packet_length), remaining, "{packet_length}");
        }
    }

    #[test]
    fn five_bytes_are_too_many() {
        assert!(matches!(variable_integer(&[0x80; 3]), VariableInteger::Incomplete));
        assert!(matches!(variable_integer(&[0x80; 4]), VariableInteger::TooLong));
        assert!(matches!(variable_integer(&[0x80; 5]), VariableInteger::TooLong));
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(number in 0..=MAX_REMAINING_LENGTH) {
            let mut out = BytesMut::new();
            put_variable_integer(&mut out, number);
            let mut reader = Reader::new("test", out.freeze());
            prop_assert_eq!(usize::try_from(reader.variable_integer().unwrap()).unwrap(), number);
            prop_assert!(reader.is_empty());
        }
    }
}
