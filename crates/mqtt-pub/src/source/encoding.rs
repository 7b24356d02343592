//! `--encoding`: payloads that are given as text.

use std::fmt;

use base64::engine::general_purpose::STANDARD;
use base64::{DecodeError, Engine as _};

/// How bytes are spelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Encoding {
    /// Two digits a byte, in either case.
    Hex,
    /// With `+`, `/` and the padding (RFC 4648 §4).
    Base64,
}

/// Why a text spells no bytes, and where: from 1, columns in bytes.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, column {column}: {fault}")]
pub(crate) struct EncodingError {
    pub(super) line: usize,
    pub(super) column: usize,
    pub(super) fault: Fault,
}

/// What is wrong there.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    HexDigit(u8),
    Base64Digit(u8),
    /// A text ends within a byte.
    Unfinished(Encoding),
    /// Bits of the last digit would be lost.
    Rest(u8),
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::HexDigit(byte) => write!(f, "'{}' is no hexadecimal digit", byte.escape_ascii()),
            Self::Base64Digit(byte) => {
                write!(f, "'{}' does not belong there in base64", byte.escape_ascii())
            }
            Self::Unfinished(Encoding::Hex) => f.write_str("the second digit of a byte is missing"),
            Self::Unfinished(Encoding::Base64) => {
                f.write_str("digits or '=' are missing: base64 comes in groups of four")
            }
            Self::Rest(byte) => {
                write!(f, "base64 cannot end with '{}' here", byte.escape_ascii())
            }
        }
    }
}

impl Encoding {
    /// The bytes that a text spells; whitespace in it means nothing.
    pub(super) fn decode(self, text: &[u8]) -> Result<Vec<u8>, EncodingError> {
        match self {
            Self::Hex => hex(text),
            Self::Base64 => base64(text),
        }
    }
}

fn hex(text: &[u8]) -> Result<Vec<u8>, EncodingError> {
    let mut bytes = Vec::with_capacity(text.len() / 2);
    let mut high = None;
    for (offset, digit) in digits(text) {
        let value = char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok());
        let value =
            value.ok_or_else(|| EncodingError::new(text, Some(offset), Fault::HexDigit(digit)))?;
        match high.take() {
            Some(high) => bytes.push(high << 4 | value),
            None => high = Some(value),
        }
    }
    match high {
        None => Ok(bytes),
        Some(_) => Err(EncodingError::new(text, None, Fault::Unfinished(Encoding::Hex))),
    }
}

fn base64(text: &[u8]) -> Result<Vec<u8>, EncodingError> {
    let alone: Vec<u8> = digits(text).map(|(_, digit)| digit).collect();
    STANDARD.decode(&alone).map_err(|error| {
        let (index, fault) = match error {
            DecodeError::InvalidByte(index, byte) => (Some(index), Fault::Base64Digit(byte)),
            DecodeError::InvalidLastSymbol(index, byte) => (Some(index), Fault::Rest(byte)),
            DecodeError::InvalidLength(_) | DecodeError::InvalidPadding => {
                (None, Fault::Unfinished(Encoding::Base64))
            }
        };
        let digit = index.and_then(|index| digits(text).nth(index));
        EncodingError::new(text, digit.map(|(offset, _)| offset), fault)
    })
}

/// What is not whitespace, and where it stands.
fn digits(text: &[u8]) -> impl Iterator<Item = (usize, u8)> {
    text.iter().copied().enumerate().filter(|(_, byte)| !byte.is_ascii_whitespace())
}

impl EncodingError {
    /// At that place of the text, or behind its last digit.
    fn new(text: &[u8], offset: Option<usize>, fault: Fault) -> Self {
        let offset = offset.unwrap_or_else(|| text.trim_ascii_end().len());
        let before = text.get(..offset).unwrap_or_default();
        let start = memchr::memrchr(b'\n', before).map_or(0, |newline| newline + 1);
        let line = memchr::memchr_iter(b'\n', before).count() + 1;
        Self { line, column: offset - start + 1, fault }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn fails(encoding: Encoding, text: &str) -> String {
        encoding.decode(text.as_bytes()).unwrap_err().to_string()
    }

    #[test]
    fn digits_of_either_case_are_bytes_and_whitespace_is_nothing() {
        assert_eq!(Encoding::Hex.decode(b" 00fF\n 1 2\t\r\n"), Ok(vec![0, 0xff, 0x12]));
        assert_eq!(Encoding::Base64.decode(b"AP\n+/ \r\nEg==\n"), Ok(vec![0, 0xff, 0xbf, 0x12]));
        for encoding in [Encoding::Hex, Encoding::Base64] {
            assert_eq!(encoding.decode(b""), Ok(vec![]));
            assert_eq!(encoding.decode(b" \n"), Ok(vec![]));
        }
    }

    #[test]
    fn what_spells_no_bytes_is_told_with_its_place() {
        for (text, error) in [
            ("0g", "line 1, column 2: 'g' is no hexadecimal digit"),
            ("00\n 0x00", "line 2, column 3: 'x' is no hexadecimal digit"),
            ("\u{e4}", r"line 1, column 1: '\xc3' is no hexadecimal digit"),
            ("000\n", "line 1, column 4: the second digit of a byte is missing"),
        ] {
            assert_eq!(fails(Encoding::Hex, text), error);
        }
        let missing = "digits or '=' are missing: base64 comes in groups of four";
        for (text, error) in [
            ("QUJD\nQ-JD", "line 2, column 2: '-' does not belong there in base64"),
            ("QQ==QQ==", "line 1, column 3: '=' does not belong there in base64"),
            ("QUI", &format!("line 1, column 4: {missing}")),
            ("QUJDR\n", &format!("line 1, column 6: {missing}")),
            ("QUK=", "line 1, column 3: base64 cannot end with 'K' here"),
        ] {
            assert_eq!(fails(Encoding::Base64, text), error);
        }
    }

    proptest! {
        #[test]
        fn all_bytes_can_be_spelled(bytes: Vec<u8>) {
            let hex: Vec<String> = bytes.iter().map(|byte| format!("{byte:02X}")).collect();
            prop_assert_eq!(Encoding::Hex.decode(hex.join(" ").as_bytes()), Ok(bytes.clone()));
            let base64 = STANDARD.encode(&bytes);
            prop_assert_eq!(Encoding::Base64.decode(base64.as_bytes()), Ok(bytes));
        }
    }
}
