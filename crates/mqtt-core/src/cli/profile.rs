//! Which lines of an options file count: those before its first profile, and those of the one that
//! `--profile` names.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;

use crate::options_file::{Line, LineError};

/// The name of `--profile`.
pub(super) const PROFILE: &str = "profile";

/// The way through a file.
pub(super) struct Profiles {
    wanted: Option<OsString>,
    /// The profile that the last line belongs to; `None` before the first one.
    current: Option<OsString>,
    /// All that were met, in order.
    met: Vec<OsString>,
}

impl Profiles {
    /// At the beginning of a file.
    pub(super) fn of(wanted: Option<OsString>) -> Self {
        Self { wanted, current: None, met: Vec::new() }
    }

    /// Whether a profile begins with this line.
    pub(super) fn begin_with(&mut self, line: &Line<'_>) -> Result<bool, LineError> {
        let Some(name) = line.profile()? else { return Ok(false) };
        let name = OsStr::from_bytes(name);
        if !self.met.iter().any(|met| met == name) {
            self.met.push(name.to_owned());
        }
        self.current = Some(name.to_owned());
        Ok(true)
    }

    /// Whether the line says something for this run.
    pub(super) fn count(&self) -> bool {
        self.current.is_none() || self.current == self.wanted
    }

    /// What is wrong at the end of the file, if its profiles were asked for in vain.
    pub(super) fn missing(&self) -> Option<String> {
        let wanted = self.wanted.as_ref().filter(|wanted| !self.met.contains(wanted))?;
        let names: Vec<_> = self.met.iter().map(|name| name.display().to_string()).collect();
        let known = match names.as_slice() {
            [] => "it has none".to_owned(),
            names => format!("it has {}", names.join(", ")),
        };
        Some(format!("there is no profile '{}': {known}", wanted.display()))
    }
}
