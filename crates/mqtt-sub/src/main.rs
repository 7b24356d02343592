//! Subscribes to MQTT topics and writes the messages to stdout.

use std::process::ExitCode;

fn main() -> ExitCode {
    mqtt_sub::main()
}
