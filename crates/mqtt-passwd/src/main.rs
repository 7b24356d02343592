//! Makes and edits password files for MQTT brokers.

mod args;
mod generated;
mod hash;
mod interruption;
mod password;
mod password_file;
mod password_line;
mod plan;
mod prompt;
mod run;
mod user_name;
mod warning;

use std::process::ExitCode;

use mqtt_core::invocation::Tool;

fn main() -> ExitCode {
    mqtt_core::cli::run(Tool::Passwd, run::run)
}
