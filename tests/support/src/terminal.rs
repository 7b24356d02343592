//! A terminal that shows what is written to it.

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::process::Stdio;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

use crate::patience::LIMIT;

/// A terminal, to be one or more of a tool's streams.
#[derive(Debug)]
pub struct Terminal {
    screen: File,
    line: OwnedFd,
}

impl Terminal {
    /// One that says no size.
    #[must_use]
    pub fn open() -> Self {
        let controller = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&controller).unwrap();
        unlockpt(&controller).unwrap();
        let name = ptsname(&controller, Vec::new()).unwrap().into_string().unwrap();
        let line = File::options().read(true).write(true).open(name).unwrap();
        Self { screen: File::from(controller), line: line.into() }
    }

    /// It, as a stream of a tool.
    #[must_use]
    pub fn stdio(&self) -> Stdio {
        Stdio::from(self.line.try_clone().unwrap())
    }

    /// What has been written since it was read last, when nobody writes any more.
    #[track_caller]
    pub fn read_all(&mut self) -> String {
        const END: &str = "<end>";
        File::from(self.line.try_clone().unwrap()).write_all(END.as_bytes()).unwrap();
        let seen = self.read_to(END);
        seen.strip_suffix(END).unwrap().to_owned()
    }

    /// What has been written since it was read last, once `end` is among it.
    #[track_caller]
    pub fn read_to(&mut self, end: &str) -> String {
        let mut seen = Vec::new();
        while !String::from_utf8_lossy(&seen).contains(end) {
            let timeout = Timespec::try_from(LIMIT).unwrap();
            let mut ready = [PollFd::new(&self.screen, PollFlags::IN)];
            assert_ne!(poll(&mut ready, Some(&timeout)).unwrap(), 0, "{}", seen.escape_ascii());
            let mut block = [0; 1024];
            let count = self.screen.read(&mut block).unwrap();
            seen.extend_from_slice(&block[..count]);
        }
        String::from_utf8_lossy(&seen).into_owned()
    }
}

/// The rows that a screen has in the end: of what a terminal obeys, this knows the carriage return, the
/// newline, and what erases the rest of the row.
#[must_use]
pub fn rows(written: &str) -> Vec<String> {
    let mut rows = vec![String::new()];
    for part in written.split_inclusive(['\r', '\n']) {
        let text = part.trim_end_matches(['\r', '\n']);
        let row = rows.last_mut().unwrap();
        match text.split_once("\x1b[K") {
            // Written from the first column on, as everything here is.
            Some((_, text)) => text.clone_into(row),
            None if text.is_empty() => {}
            None => row.replace_range(..text.len().min(row.len()), text),
        }
        if part.ends_with('\n') {
            rows.push(String::new());
        }
    }
    if rows.last().is_some_and(String::is_empty) {
        rows.pop();
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_overwritten_and_erased_as_on_a_terminal() {
        assert_eq!(rows(""), [""; 0]);
        assert_eq!(rows("a\r\nbc\r\n"), ["a", "bc"]);
        assert_eq!(rows("\r\x1b[K12 lines\r\x1b[Knote\r\n13 lines\r\x1b[K"), ["note"]);
        assert_eq!(rows("12 lines\rnote\r\n"), ["noteines"]);
        assert_eq!(rows("12 lines\r\x1b[K13"), ["13"]);
    }
}
