//! The words that are no options.

use std::ffi::OsString;
use std::path::PathBuf;

use mqtt_core::invocation::Behaviour;

use super::ArgsError;

/// What happens to words nobody asked for.
#[derive(Clone, Copy)]
pub(super) enum Extra {
    Ignored,
    Refused,
}

impl Extra {
    /// Where the original does not look at them.
    pub(super) fn ignored_by(behaviour: Behaviour) -> Self {
        match behaviour {
            Behaviour::Original => Self::Ignored,
            Behaviour::Own => Self::Refused,
        }
    }
}

/// Exactly so many words: FILE, USER, PASSWORD.
pub(super) fn positionals<const COUNT: usize>(
    mut words: Vec<OsString>,
    extra: Extra,
) -> Result<[OsString; COUNT], ArgsError> {
    if let Extra::Ignored = extra {
        words.truncate(COUNT);
    }
    words.try_into().map_err(|words: Vec<OsString>| {
        let names = ["FILE", "USER", "PASSWORD"];
        match names[..COUNT].get(words.len()) {
            Some(missing) => ArgsError::Missing(missing),
            None if COUNT == 2 => ArgsError::TooManyFor("FILE USER; -b takes a PASSWORD too"),
            None => ArgsError::TooManyFor(if COUNT == 1 { "FILE" } else { "FILE USER PASSWORD" }),
        }
    })
}

/// A file to change, which stdout is not.
pub(super) fn file_path(word: OsString) -> Result<PathBuf, ArgsError> {
    if word == "-" {
        return Err(ArgsError::StdoutWithoutCreate);
    }
    Ok(word.into())
}
