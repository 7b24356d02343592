//! A broker for the first minute and for quick tests: loopback only, nothing kept on disk.
//!
//! The protocol is the crate `mqtt5`'s; what is here is the command line, the end of the process
//! and the password files that `mqtt-passwd` writes. It is never linked into the tools.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program of its own whose output is one line to start with and one for an error"
)]

mod options;
mod password_file;
mod server;

use std::process::ExitCode;

fn main() -> ExitCode {
    match options::from(lexopt::Parser::from_env()).and_then(server::run) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
