//! Secrets that the user types, or that are the first line of something.

#[cfg(feature = "client")]
mod asked;
mod hidden;
mod keyboard;
mod lines;

use std::fs::File;
use std::io::{self, IsTerminal};
use std::os::fd::AsFd;

#[cfg(feature = "client")]
pub(crate) use asked::{ask, can_ask, in_file, in_stdin};
pub use hidden::Hidden;
pub use keyboard::{TypedError, ask_once};
#[cfg(feature = "client")]
pub(crate) use lines::first_line;
pub use lines::{LineError, first_lines, without_ending};

/// The terminal itself, wherever stdin comes from; where the process has none of its own, stdin may
/// be one.
pub fn terminal() -> io::Result<File> {
    let own = File::options().read(true).write(true).open("/dev/tty");
    own.or_else(|error| if io::stdin().is_terminal() { stdin() } else { Err(error) })
}

/// Without a buffer that nobody would wipe.
pub fn stdin() -> io::Result<File> {
    io::stdin().as_fd().try_clone_to_owned().map(File::from)
}
