//! The library behind `mqtt-pub`, `mqtt-sub` and `mqtt-passwd`.
//!
//! One way leads through it:
//!
//! ```text
//! argv -> cli (typed options) -> plan -> client { transport, protocol, session } -> the tool
//! ```
//!
//! - [`cli`] is the only room that knows clap; it also holds the one `main` the tools share.
//! - [`invocation`] says under which name a tool was called, and so whose habits it keeps.
//! - [`url`] reads `mqtt://…`.
//! - `exit` holds the exit statuses; [`visible`] spells out what a terminal would obey; [`message`]
//!   is the form of what the tools say on stderr, [`stderr`] the way there; [`json`] writes strings of any bytes;
//!   [`progress`] is the line that says how far the work has come; [`prompt`] reads secrets, from a terminal or
//!   from the first line of something; [`limit`] is the longest that a packet can carry.
//!
//! With the feature `client` (the default), the network rooms:
//!
//! - `options_file` finds and reads files of options.
//! - `plan` is what will be done: nothing in it is optional without meaning.
//! - `transport` turns a plan into one byte stream.
//! - `protocol` turns bytes into packets and back.
//! - `session` is the state machine between packets and messages: no sockets, no clock.
//! - `client` drives all of them: the one `select!`.
//! - `console` writes stdout and stderr in blocks; `payload` says where a payload lies;
//!   `descriptor` waits for pipes that are in non-blocking mode.
//! - `debug_log` words the `-d` lines; `stats` those of `--stats`; `signal` hears what asks the program to end.

pub mod cli;
#[cfg(feature = "client")]
pub mod client;
#[cfg(feature = "client")]
pub mod console;
#[cfg(feature = "client")]
mod debug_log;
#[cfg(feature = "client")]
pub mod descriptor;
pub mod exit;
pub mod invocation;
pub mod json;
pub mod limit;
pub mod message;
#[cfg(feature = "client")]
pub mod options_file;
#[cfg(feature = "client")]
pub mod payload;
#[cfg(feature = "client")]
pub mod plan;
pub mod progress;
pub mod prompt;
#[cfg(feature = "client")]
pub mod protocol;
pub mod secret;
#[cfg(feature = "client")]
pub mod session;
#[cfg(feature = "client")]
pub mod signal;
#[cfg(feature = "client")]
pub mod stats;
pub mod stderr;
pub mod stream;
#[cfg(feature = "client")]
pub mod transport;
pub mod url;
pub mod visible;
