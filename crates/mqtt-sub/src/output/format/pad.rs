//! Width, precision and fill. Bytes are counted, as the originals do, not characters.

use std::io::Write;

/// On which side of its field a value stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Align {
    #[default]
    Right,
    /// `-`.
    Left,
}

/// What stands between `%` and the letter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Field {
    pub(super) align: Align,
    /// A blank, or `0` where that flag was given.
    pub(super) fill: u8,
    /// 0 is no width.
    pub(super) width: usize,
    pub(super) precision: Option<usize>,
    /// Between groups of hexadecimal digits.
    pub(super) separator: u8,
}

impl Default for Field {
    fn default() -> Self {
        Self { align: Align::Right, fill: b' ', width: 0, precision: None, separator: b' ' }
    }
}

impl Field {
    /// A text: at most `precision` bytes of it, never filled with `0`.
    pub(super) fn text(self, text: &[u8], out: &mut Vec<u8>) {
        let longest = self.precision.unwrap_or(usize::MAX);
        let start = out.len();
        out.extend_from_slice(text.get(..longest).unwrap_or(text));
        self.finish_text(start, out);
    }

    /// Makes what was appended from `start` on such a text.
    pub(super) fn finish_text(self, start: usize, out: &mut Vec<u8>) {
        let longest = self.precision.unwrap_or(usize::MAX);
        out.truncate(start.saturating_add(longest));
        self.pad_with(b' ', start, start, out);
    }

    /// A whole number.
    pub(super) fn number(self, number: u64, out: &mut Vec<u8>) {
        let start = out.len();
        let _ = write!(out, "{number}");
        self.pad_with(self.fill, start, start, out);
    }

    /// What stands for a value that the message does not have.
    pub(super) fn absent(self, out: &mut Vec<u8>) {
        out.resize(out.len() + self.width, self.fill);
    }

    /// A floating-point number as C's `%f` writes it: zeros stand behind the sign, and fill
    /// numbers only.
    pub(super) fn float(self, number: f64, out: &mut Vec<u8>) {
        let start = out.len();
        if number.is_sign_negative() {
            out.push(b'-');
        }
        let digits = out.len();
        if number.is_nan() {
            out.extend_from_slice(b"nan");
        } else if number.is_infinite() {
            out.extend_from_slice(b"inf");
        } else {
            decimals(number.abs(), self.precision.unwrap_or(6), out);
        }
        if self.fill == b'0' && number.is_finite() {
            self.pad_with(b'0', start, digits, out);
        } else {
            self.pad_with(b' ', start, start, out);
        }
    }

    /// Fills the field up that began at `start`: with `fill` at `position`, or with blanks at its
    /// end.
    pub(super) fn pad_with(self, fill: u8, start: usize, position: usize, out: &mut Vec<u8>) {
        let end = out.len();
        let missing = self.width.saturating_sub(end - start);
        if missing == 0 {
            return;
        }
        match self.align {
            Align::Left => out.resize(end + missing, b' '),
            Align::Right => {
                out.resize(end + missing, fill);
                out.copy_within(position..end, position + missing);
                if let Some(gap) = out.get_mut(position..position + missing) {
                    gap.fill(fill);
                }
            }
        }
    }
}

fn decimals(number: f64, precision: usize, out: &mut Vec<u8>) {
    // A double has no more than 1074 decimals; the formatter takes no more than 65,535.
    let exact = precision.min(1074);
    let _ = write!(out, "{number:.exact$}");
    out.resize(out.len() + (precision - exact), b'0');
}

#[cfg(test)]
mod tests {
    use super::*;

    fn float(number: f64, field: Field) -> String {
        let mut out = Vec::new();
        field.float(number, &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn floats_are_those_of_c() {
        // printf %f, %8.2f, %08.2f, %-8.2f.
        let plain = Field::default();
        let wide = Field { width: 8, precision: Some(2), ..plain };
        let zeros = Field { fill: b'0', ..wide };
        let left = Field { align: Align::Left, ..zeros };
        for (number, expected) in [
            (-2.5, ["-2.500000", "   -2.50", "-0002.50", "-2.50   "]),
            (0.125, ["0.125000", "    0.12", "00000.12", "0.12    "]),
            (-0.0, ["-0.000000", "   -0.00", "-0000.00", "-0.00   "]),
            (1e9, ["1000000000.000000", "1000000000.00", "1000000000.00", "1000000000.00"]),
            (f64::NAN, ["nan", "     nan", "     nan", "nan     "]),
            (f64::NEG_INFINITY, ["-inf", "    -inf", "    -inf", "-inf    "]),
        ] {
            let printed = [plain, wide, zeros, left].map(|field| float(number, field));
            assert_eq!(printed, expected);
        }
        let long = float(0.5, Field { precision: Some(70_000), ..plain });
        assert_eq!(long.len(), 70_002);
        assert!(long.starts_with("0.5000") && long.ends_with("00"));
    }
}
