//! The two output streams, and whether they are written in colour.

use std::io::{self, IsTerminal};

/// One of the two output streams.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the streams' own names")]
pub enum Stream {
    Stdout,
    Stderr,
}

impl Stream {
    /// Whether it is a terminal.
    #[must_use]
    pub fn is_terminal(self) -> bool {
        match self {
            Self::Stdout => io::stdout().is_terminal(),
            Self::Stderr => io::stderr().is_terminal(),
        }
    }
}

/// Whether text is coloured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Palette {
    /// With ANSI escape sequences.
    Colour,
    /// Without.
    Plain,
}
