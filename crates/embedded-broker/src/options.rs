//! The command line.

use std::ffi::OsStr;
use std::path::PathBuf;

use anyhow::Context;
use lexopt::{Arg, Parser};

/// The text for `--help`.
pub(crate) const HELP: &str = "\
An MQTT broker (3.1.1 and 5) for trying things out. It listens on 127.0.0.1 only and keeps
nothing on disk.

Usage: embedded-broker [OPTIONS]

It prints `listening on 127.0.0.1:PORT` and runs until its standard input ends, or until SIGINT
or SIGTERM: started with a pipe, it never outlives the program that started it.

Options:
  --port N              port to listen on, 0 for a free one (default 1883)
  --password-file FILE  let in only the users of FILE, which mqtt-passwd wrote with its default
                        hash; changes to it take effect at once
";

/// What was asked for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Options {
    /// The text on how to call it.
    Help,
    /// To serve.
    Serve {
        /// The port; 0 means a free one.
        port: u16,
        /// Who is let in; everyone without it.
        password_file: Option<PathBuf>,
    },
}

/// Reads the command line.
pub(crate) fn from(mut parser: Parser) -> anyhow::Result<Options> {
    let mut port = 1883;
    let mut password_file = None;
    while let Some(argument) = parser.next()? {
        match argument {
            Arg::Long("port") => port = port_number(&parser.value()?)?,
            Arg::Long("password-file") => password_file = Some(parser.value()?.into()),
            Arg::Long("help") | Arg::Short('h') => return Ok(Options::Help),
            other => return Err(other.unexpected().into()),
        }
    }
    Ok(Options::Serve { port, password_file })
}

fn port_number(value: &OsStr) -> anyhow::Result<u16> {
    let port = value.to_str().and_then(|word| word.parse().ok());
    port.with_context(|| {
        format!("invalid value '{}' for --port: 0 to 65535 is wanted", value.display())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_port_and_password_file() {
        let parser = Parser::from_args(["--port", "0", "--password-file=users"]);
        let password_file = Some(PathBuf::from("users"));
        assert_eq!(from(parser).unwrap(), Options::Serve { port: 0, password_file });
    }

    #[test]
    fn refuses_what_is_no_port() {
        assert!(from(Parser::from_args(["--port", "65536"])).is_err());
        assert!(from(Parser::from_args(["--prot", "1"])).is_err());
    }
}
