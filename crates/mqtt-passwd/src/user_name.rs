//! A user name: what the password file can hold, and what a client could send.

use std::fmt;

use mqtt_core::limit::MAX_FIELD;
use mqtt_core::visible;

/// A name that the file can hold. What brokers read back from the file is this name, without
/// blanks at its edges.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserName {
    bytes: Vec<u8>,
    concern: Option<Concern>,
}

impl UserName {
    /// Takes a name as it was given.
    pub fn new(given: &[u8]) -> Result<Self, UserNameError> {
        if given.len() > MAX_FIELD {
            return Err(UserNameError::TooLong);
        }
        if given.iter().any(u8::is_ascii_control) {
            return Err(UserNameError::ControlCharacter);
        }
        if given.contains(&b':') {
            return Err(UserNameError::Colon);
        }
        let bytes = given.trim_ascii();
        if bytes.is_empty() {
            return Err(UserNameError::Empty);
        }
        Ok(Self { bytes: bytes.to_vec(), concern: Concern::about(given) })
    }

    /// The name as the file holds it.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Why no client could log in under this name, if that is so.
    pub fn concern(&self) -> Option<Concern> {
        self.concern
    }
}

impl fmt::Display for UserName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        String::from_utf8_lossy(&self.bytes).fmt(formatter)
    }
}

/// A name from a file as it may stand on a terminal.
pub(crate) fn visible(name: &[u8]) -> String {
    let mut text = Vec::with_capacity(name.len());
    visible::append(name, &mut text);
    visible::part_of_line(&String::from_utf8_lossy(&text)).into_owned()
}

/// Why the file cannot hold a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UserNameError {
    /// It would end the name in the file.
    #[error("the user name must not contain ':'")]
    Colon,
    /// A byte below 0x20, or 0x7f.
    #[error("the user name must not contain control characters")]
    ControlCharacter,
    /// Brokers 2.1 refuse a whole file over one line with an empty name.
    #[error("the user name is empty")]
    Empty,
    /// Longer than MQTT can carry.
    #[error("the user name is longer than {MAX_FIELD} bytes")]
    TooLong,
}

/// Why a name that the file can hold is of no use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Concern {
    /// A line that begins with '#' is a comment.
    #[error("the user name begins with '#': brokers take its line for a comment")]
    Comment,
    /// Brokers cut blanks off.
    #[error("the user name has blanks at its edges, which brokers cut off")]
    EdgeBlanks,
    /// MQTT user names are UTF-8 without control characters (MQTT 3.1.1 §1.5.3).
    #[error("the user name is not MQTT text: a broker drops the client that sends it")]
    NotText,
}

impl Concern {
    fn about(name: &[u8]) -> Option<Self> {
        let is_text = str::from_utf8(name).is_ok_and(|text| !text.chars().any(char::is_control));
        if !is_text {
            Some(Self::NotText)
        } else if name.starts_with(b"#") || name.trim_ascii().starts_with(b"#") {
            Some(Self::Comment)
        } else if name.trim_ascii() != name {
            Some(Self::EdgeBlanks)
        } else {
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(name: &[u8]) -> UserNameError {
        UserName::new(name).unwrap_err()
    }

    fn concern(name: &[u8]) -> Option<Concern> {
        UserName::new(name).unwrap().concern()
    }

    #[test]
    fn names_that_would_break_the_file_are_refused() {
        assert_eq!(error(b""), UserNameError::Empty);
        assert_eq!(error(b"  "), UserNameError::Empty);
        assert_eq!(error(b"a:b"), UserNameError::Colon);
        assert_eq!(error(b"a\tb"), UserNameError::ControlCharacter);
        assert_eq!(error(b"a\x7f"), UserNameError::ControlCharacter);
        assert_eq!(error(&vec![b'x'; MAX_FIELD + 1]), UserNameError::TooLong);
    }

    #[test]
    fn ordinary_names_raise_no_concern() {
        assert_eq!(concern(b"alice"), None);
        assert_eq!(concern(b"a b#c-d"), None);
        assert_eq!(concern("jürgen".as_bytes()), None);
        assert_eq!(concern(&vec![b'x'; MAX_FIELD]), None);
    }

    #[test]
    fn names_no_client_can_log_in_under_raise_one() {
        assert_eq!(concern(b"#alice"), Some(Concern::Comment));
        assert_eq!(concern(b" #alice"), Some(Concern::Comment));
        assert_eq!(concern(b" alice"), Some(Concern::EdgeBlanks));
        assert_eq!(concern(b"alice "), Some(Concern::EdgeBlanks));
        assert_eq!(concern(b"\xff"), Some(Concern::NotText));
        assert_eq!(concern("a\u{85}b".as_bytes()), Some(Concern::NotText));
    }

    #[test]
    fn the_name_is_what_brokers_read_back() {
        assert_eq!(UserName::new(b" alice ").unwrap().as_bytes(), b"alice");
    }
}
