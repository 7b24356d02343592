//! The payload's own conversions: as it is, in hexadecimal, in base64, as a number.

use std::io::Write;

use base64::display::Base64Display;
use base64::engine::general_purpose::STANDARD;

use super::pad::{Align, Field};

/// The digits of hexadecimal numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Case {
    Lower,
    Upper,
}

impl Case {
    fn digits(self) -> &'static [u8; 16] {
        match self {
            Self::Lower => b"0123456789abcdef",
            Self::Upper => b"0123456789ABCDEF",
        }
    }
}

/// What of a payload a field shows: a width cuts, as in the originals.
fn cut(payload: &[u8], field: Field) -> &[u8] {
    match field.width {
        0 => payload,
        width => payload.get(..width).unwrap_or(payload),
    }
}

/// `%p`.
pub(super) fn raw(payload: &[u8], field: Field, out: &mut Vec<u8>) {
    let start = out.len();
    out.extend_from_slice(cut(payload, field));
    field.pad_with(field.fill, start, start, out);
}

/// `%x` and `%X`: a precision makes groups of so many digits, which what fills the field on the
/// left belongs to as well.
pub(super) fn hexadecimal(payload: &[u8], field: Field, case: Case, out: &mut Vec<u8>) {
    let payload = cut(payload, field);
    let missing = field.width.saturating_sub(2 * payload.len());
    let mut groups = Groups::new(field);
    if field.align == Align::Right {
        for _ in 0..missing {
            groups.push(field.fill, out);
        }
    }
    for byte in payload {
        for nibble in [byte >> 4, byte & 0xf] {
            let digit = case.digits().get(usize::from(nibble)).copied();
            groups.push(digit.unwrap_or_default(), out);
        }
    }
    if field.align == Align::Left {
        out.resize(out.len() + missing, b' ');
    }
}

/// `%b`: all of it, whatever the width, since a part of the payload has other characters.
pub(super) fn base64(payload: &[u8], field: Field, out: &mut Vec<u8>) {
    let start = out.len();
    let _ = write!(out, "{}", Base64Display::new(payload, &STANDARD));
    field.finish_text(start, out);
}

/// Characters with a separator between every so many of them.
struct Groups {
    size: usize,
    separator: u8,
    /// How many more belong to the group.
    room: usize,
}

impl Groups {
    fn new(field: Field) -> Self {
        // No precision, or one of 0: a single group.
        let size = field.precision.filter(|size| *size > 0).unwrap_or(usize::MAX);
        Self { size, separator: field.separator, room: size }
    }

    fn push(&mut self, character: u8, out: &mut Vec<u8>) {
        if self.room == 0 {
            out.push(self.separator);
            self.room = self.size;
        }
        self.room -= 1;
        out.push(character);
    }
}

/// The payload as the machine's own four-byte number.
pub(super) fn float(payload: &[u8]) -> Option<f64> {
    payload.try_into().ok().map(|bytes| f64::from(f32::from_ne_bytes(bytes)))
}

/// The payload as the machine's own eight-byte number.
pub(super) fn double(payload: &[u8]) -> Option<f64> {
    payload.try_into().ok().map(f64::from_ne_bytes)
}
