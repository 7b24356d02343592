//! UTF-8 strings as MQTT has them: at most 65,535 bytes, no NUL (MQTT 5 §1.5.4).

use bytes::Bytes;
use bytestring::ByteString;
use std::fmt;

use crate::limit::MAX_FIELD;

/// A string that every packet can carry. Cheap to clone; a received one is a slice of its frame.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Text(ByteString);

/// Why a string cannot be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    /// Longer than the two-byte length field can say.
    #[error("it is {0} bytes long, at most 65535 are possible")]
    TooLong(usize),
    /// Not UTF-8.
    #[error("it is not UTF-8")]
    NotUtf8,
    /// A character that MQTT forbids or advises against.
    #[error("it holds the character U+{0:04X}, which MQTT does not allow")]
    Character(u32),
}

impl Text {
    /// Checks a string that is going to be sent. As the originals do, it refuses what MQTT forbids
    /// (NUL) and what a broker may close the connection for: control characters and Unicode
    /// non-characters.
    pub fn new(text: impl Into<ByteString>) -> Result<Self, TextError> {
        let text = text.into();
        if text.len() > MAX_FIELD {
            return Err(TextError::TooLong(text.len()));
        }
        match text.chars().find(|&c| is_disallowed(c)) {
            Some(c) => Err(TextError::Character(u32::from(c))),
            None => Ok(Self(text)),
        }
    }

    /// Checks bytes that are going to be sent as a string.
    pub fn from_bytes(bytes: impl Into<Bytes>) -> Result<Self, TextError> {
        let bytes = bytes.into();
        if bytes.len() > MAX_FIELD {
            return Err(TextError::TooLong(bytes.len()));
        }
        Self::new(ByteString::try_from(bytes).map_err(|_| TextError::NotUtf8)?)
    }

    /// Takes a received string: well-formed UTF-8 without NUL, or `None` (§1.5.4). Control
    /// characters are let through: a receiver may close the connection for them, but the user
    /// wants the message.
    #[inline]
    pub(super) fn received(bytes: Bytes) -> Option<Self> {
        let text = ByteString::try_from(bytes).ok()?;
        (!text.as_bytes().contains(&0)).then_some(Self(text))
    }

    /// The string.
    #[must_use]
    #[inline]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The same string in memory of its own, where it is to outlive the frame it came in.
    pub(crate) fn detached(&self) -> Self {
        Self(ByteString::from(self.as_str()))
    }

    /// The string itself, to be checked as something stricter.
    pub(crate) fn into_inner(self) -> ByteString {
        self.0
    }

    /// Its length on the wire without the two bytes of the length itself.
    #[must_use]
    #[inline]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether it has no character.
    #[must_use]
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Control characters U+0000..U+001F, U+007F..U+009F and Unicode non-characters.
fn is_disallowed(c: char) -> bool {
    let code = u32::from(c);
    c.is_control() || (0xFDD0..=0xFDEF).contains(&code) || code & 0xFFFE == 0xFFFE
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_what_brokers_refuse() {
        assert_eq!(Text::new("a\0"), Err(TextError::Character(0)));
        assert_eq!(Text::new("\u{1f}"), Err(TextError::Character(0x1f)));
        assert_eq!(Text::new("\u{9f}"), Err(TextError::Character(0x9f)));
        assert_eq!(Text::new("\u{fdd0}"), Err(TextError::Character(0xfdd0)));
        assert_eq!(Text::new("\u{1fffe}"), Err(TextError::Character(0x1_fffe)));
        assert_eq!(Text::from_bytes(&b"\xff"[..]), Err(TextError::NotUtf8));
        assert_eq!(Text::from_bytes(&b"\xed\xa0\x80"[..]), Err(TextError::NotUtf8));
        assert!(Text::new("pässwörd 🦀 ").is_ok());
    }

    #[test]
    fn the_longest_string_is_65535_bytes() {
        assert!(Text::new("x".repeat(65_535)).is_ok());
        assert_eq!(Text::new("x".repeat(65_536)), Err(TextError::TooLong(65_536)));
    }

    #[test]
    fn a_received_string_may_hold_control_characters_but_no_nul() {
        assert!(Text::received(Bytes::from_static(b"a\tb")).is_some());
        assert!(Text::received(Bytes::from_static(b"a\0b")).is_none());
        assert!(Text::received(Bytes::from_static(b"\xc3")).is_none());
    }
}
