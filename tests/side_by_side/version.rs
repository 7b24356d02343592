//! The versions of the protocol, and which of them a command line speaks.

use std::ffi::OsString;

/// The versions of the protocol, as `-V` has them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Version {
    V31,
    V311,
    V5,
}

pub(crate) const EVERY: [Version; 3] = [Version::V31, Version::V311, Version::V5];

impl Version {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::V31 => "mqttv31",
            Self::V311 => "mqttv311",
            Self::V5 => "mqttv5",
        }
    }

    /// The version that these words ask for: the last of `-V`, `-D` and `-x` decides.
    pub(crate) fn of(words: &[OsString]) -> Self {
        let mut asked =
            words.iter().enumerate().rev().filter_map(|(at, word)| match word.to_str()? {
                "-D" | "--property" | "-x" => Some(Self::V5),
                "-V" | "--protocol-version" => match words.get(at + 1)?.to_str()? {
                    "31" | "mqttv31" => Some(Self::V31),
                    "5" | "mqttv5" => Some(Self::V5),
                    _ => Some(Self::V311),
                },
                _ => None,
            });
        asked.next().unwrap_or(Self::V311)
    }
}
