//! What was given: the values of the options, and in which order they came.

use clap::parser::ValueSource;
use clap::{ArgMatches, FromArgMatches};

use super::UsageError;
use crate::invocation::Invocation;

/// The options of one run as they were given.
#[derive(Clone, Debug)]
pub struct Given {
    invocation: Invocation,
    matches: ArgMatches,
}

impl Given {
    pub(super) fn new(invocation: Invocation, matches: ArgMatches) -> Self {
        Self { invocation, matches }
    }

    /// The tool as it was called.
    #[must_use]
    pub fn invocation(&self) -> Invocation {
        self.invocation
    }

    /// The values, defaults included, as the tool's own type.
    pub fn args<A: FromArgMatches>(&self) -> Result<A, UsageError> {
        A::from_arg_matches(&self.matches).map_err(|error| self.error(error.to_string()))
    }

    /// An error about these options.
    #[must_use]
    pub fn error(&self, message: impl Into<String>) -> UsageError {
        UsageError::new(self.invocation, message)
    }

    /// Whether an option was given; its default does not count. Options go by the names of their
    /// fields.
    #[must_use]
    pub fn has(&self, option: &str) -> bool {
        self.last_position(option).is_some()
    }

    /// Which of some options came last, where the last one decides.
    #[must_use]
    pub fn last_of<'a>(&self, options: &[&'a str]) -> Option<&'a str> {
        let given = options.iter().filter(|option| self.has(option)).copied();
        given.max_by_key(|option| self.last_position(option))
    }

    fn last_position(&self, option: &str) -> Option<usize> {
        let is_given = self.matches.value_source(option) == Some(ValueSource::CommandLine);
        let positions = self.matches.indices_of(option).filter(|_| is_given)?;
        positions.max()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::{Parsed, parse};
    use crate::invocation::Tool;
    use clap::{Arg, ArgAction, Command};
    use std::ffi::OsStr;

    fn given(words: &[&str]) -> Given {
        let command = Command::new("t")
            .disable_help_flag(true)
            .arg(Arg::new("host").short('h').long("host").default_value("localhost"))
            .arg(Arg::new("unix").long("unix"))
            .arg(Arg::new("topic").short('t').long("topic").action(ArgAction::Append))
            .arg(Arg::new("debug").short('d').long("debug").action(ArgAction::SetTrue));
        let invocation = Invocation::new(Tool::Pub, OsStr::new("mqtt-pub"));
        match parse(invocation, command, words.iter().map(Into::into).collect()).unwrap() {
            Parsed::Given(given) => given,
            Parsed::Text(text) => panic!("{text}"),
        }
    }

    #[test]
    fn the_last_of_several_options_is_found() {
        let last = |words: &[&str]| given(words).last_of(&["host", "unix", "topic", "debug"]);
        assert_eq!(last(&["-h", "a", "--unix", "b"]), Some("unix"));
        assert_eq!(last(&["--unix=b", "-ha"]), Some("host"));
        assert_eq!(last(&["-h", "a", "--unix", "b", "-h", "c"]), Some("host"));
        assert_eq!(last(&["-t", "a", "-h", "a", "-t", "b"]), Some("topic"));
        assert_eq!(last(&["-h", "a", "-d"]), Some("debug"));
        assert_eq!(last(&[]), None);
    }

    #[test]
    fn a_default_was_not_given() {
        assert!(!given(&[]).has("host"));
        assert!(given(&["-h", "localhost"]).has("host"));
        assert!(!given(&[]).has("debug"));
    }
}
