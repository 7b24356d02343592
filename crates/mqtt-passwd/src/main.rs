//! The tool; all of it is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    mqtt_passwd::main()
}
