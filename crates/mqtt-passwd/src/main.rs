//! Makes and edits password files for MQTT brokers.

use std::process::ExitCode;

fn main() -> ExitCode {
    mqtt_passwd::main()
}
