//! The command line: the only room that knows clap. Options become typed values here and a plan
//! at the end; nothing is connected, read or printed on the way, but for the one `main` the tools
//! share.

mod main;
mod usage;
mod words;

pub use main::run;
pub use usage::{Parsed, UsageError, parse};
