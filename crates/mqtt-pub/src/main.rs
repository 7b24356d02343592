//! Publishes MQTT messages from the command line.

use std::process::ExitCode;

fn main() -> ExitCode {
    mqtt_pub::main()
}
