//! Subscribes to MQTT topics and writes the messages to stdout.

mod args;
mod fence;
mod filter;
mod generated;
mod output;
mod plan;
mod rate;
mod removal;
mod run;
mod sampling;
mod subscriber;
mod subscription;

use std::process::ExitCode;

use mqtt_core::invocation::Tool;

fn main() -> ExitCode {
    mqtt_core::cli::run(Tool::Sub, run::run)
}
