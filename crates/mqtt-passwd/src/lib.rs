//! Makes and edits password files for MQTT brokers.
//!
//! A library for the sake of its fuzz target, which needs the room that takes files apart; the
//! tool is [`main`].

mod args;
mod check;
mod error;
mod generated;
mod hash;
mod hashing;
mod interruption;
mod job;
mod listing;
mod logins;
mod output;
pub mod password;
pub mod password_file;
mod plan;
mod prompt;
mod run;
mod stack;
pub mod user_list;
pub mod user_name;
mod warning;

use std::process::ExitCode;

use mqtt_core::invocation::Tool;

/// Runs the tool with the words of the command line.
#[must_use]
pub fn main() -> ExitCode {
    mqtt_core::cli::run(Tool::Passwd, run::run)
}
