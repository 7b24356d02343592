//! Publishes MQTT messages from the command line.

mod args;
mod generated;
mod plan;
mod publisher;
mod run;
mod source;
mod tally;
mod unsent;

use std::process::ExitCode;

use mqtt_core::invocation::Tool;

fn main() -> ExitCode {
    mqtt_core::cli::run(Tool::Pub, run::run)
}
