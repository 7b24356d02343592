//! The options that say what the password is, or where it comes from. The last of them counts.

use std::ffi::OsString;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::PathBuf;

use clap::Args;
use clap::builder::{PathBufValueParser, TypedValueParser};

use super::Given;
use super::value::{self, ValueError};
use crate::invocation::Behaviour;
use crate::plan::{PasswordSource, Program};
use crate::prompt;
use crate::secret::Secret;

/// The options, by the names of their fields.
const OPTIONS: [&str; 3] = ["password", "password_file", "password_command"];

/// What the password is.
#[derive(Args, Debug)]
pub(super) struct PasswordArgs {
    /// Log in with this password; the system's other users can see it on the command line
    #[arg(short = 'P', long = "pw", visible_alias = "password", help_heading = "Connection",
        value_name = "PASSWORD", value_parser = value::secret())]
    password: Option<Secret>,

    /// Take the password from the first line of FILE, or of stdin (-); the last of this,
    /// --password-command and --pw counts. Where only --username is given, it is asked for on a
    /// terminal
    #[arg(long, help_heading = "Connection", value_name = "FILE",
        value_parser = PathBufValueParser::new())]
    password_file: Option<PathBuf>,

    /// Take the password from the first line that COMMAND prints; it is taken apart at blanks, with
    /// quotes as in a shell, and run without one
    #[arg(long, help_heading = "Connection", value_name = "COMMAND", value_parser = program())]
    password_command: Option<Program>,
}

impl PasswordArgs {
    /// The password, if that is what counts.
    pub(super) fn password(&self, given: &Given) -> Option<Secret> {
        let decides = deciding(given) == Some("password");
        self.password.clone().filter(|_| decides)
    }

    /// Where the password comes from, if it is none of the options.
    pub(super) fn source(&self, given: &Given) -> Option<PasswordSource> {
        match deciding(given) {
            Some("password_file") => self.password_file.clone().map(|path| match path.to_str() {
                Some("-") => PasswordSource::Stdin,
                _ => PasswordSource::File(path),
            }),
            Some("password_command") => self.password_command.clone().map(PasswordSource::Command),
            Some(_) => None,
            None => {
                let may_ask = given.invocation().behaviour == Behaviour::Own
                    && given.has("username")
                    && prompt::can_ask();
                may_ask.then_some(PasswordSource::Terminal)
            }
        }
    }
}

/// The option that counts, if one was given.
pub(super) fn deciding(given: &Given) -> Option<&'static str> {
    given.last_of(&OPTIONS)
}

/// How the option that counts is spelled, without its dashes.
pub(super) fn deciding_name(given: &Given) -> Option<&'static str> {
    deciding(given).map(|option| match option {
        "password_file" => "password-file",
        "password_command" => "password-command",
        _ => "pw",
    })
}

/// A program and its arguments, in one value.
fn program() -> impl TypedValueParser<Value = Program> {
    value::concealed(|text: OsString| {
        let open = || ValueError::new("a quote is not closed");
        let words = shlex::bytes::split(text.as_bytes()).ok_or_else(open)?;
        let mut words = words.into_iter().map(OsString::from_vec);
        let name = words.next().ok_or_else(|| ValueError::new("it is empty"))?;
        Ok(Program { name, arguments: words.collect() })
    })
}
