//! What was given: the values of the options, and in which order they came.

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::mem::ManuallyDrop;
use std::os::unix::ffi::OsStrExt;

use clap::parser::ValueSource;
use clap::{ArgAction, ArgMatches, FromArgMatches, Id};

use super::UsageError;
use super::origin::Origin;
#[cfg(feature = "client")]
use super::show_config::{self, Standing};
use super::usage::Definition;
use crate::invocation::Invocation;
#[cfg(feature = "client")]
use crate::plan::ConnectPlan;

/// The options of one run as they were given.
#[derive(Clone)]
pub struct Given {
    /// Left to the end of the process: to take some seventy options apart again would cost a
    /// twentieth of what publishing a message does.
    definition: ManuallyDrop<Box<Definition>>,
    matches: ArgMatches,
    /// Each time an option was given, in order.
    origins: Vec<(Id, Origin)>,
    warnings: Vec<String>,
    /// The words behind the options, where the command takes them as they are.
    trailing: Vec<OsString>,
}

impl Given {
    pub(super) fn new(
        definition: Definition,
        matches: ArgMatches,
        origins: Vec<(Id, Origin)>,
        warnings: Vec<String>,
    ) -> Self {
        let definition = ManuallyDrop::new(Box::new(definition));
        Self { definition, matches, origins, warnings, trailing: Vec::new() }
    }

    pub(super) fn followed_by(self, trailing: Vec<OsString>) -> Self {
        Self { trailing, ..self }
    }

    /// Hands over the words behind the options, of a command that takes them as they are.
    pub fn take_trailing(&mut self) -> Vec<OsString> {
        std::mem::take(&mut self.trailing)
    }

    /// The tool as it was called.
    #[must_use]
    pub fn invocation(&self) -> Invocation {
        self.definition.invocation()
    }

    /// The values, defaults included, as the tool's own type.
    pub fn args<A: FromArgMatches>(&self) -> Result<A, UsageError> {
        A::from_arg_matches(&self.matches).map_err(|error| self.error(error.to_string()))
    }

    /// An error about these options. It says where those come from that `message` names in quotes,
    /// `'--id'` or `'--property connect'`, unless that is the command line.
    #[must_use]
    pub fn error(&self, message: impl Into<String>) -> UsageError {
        let mut message = message.into();
        let mut places: Vec<String> = Vec::new();
        for (start, mark) in message.match_indices("'--") {
            let behind = message.get(start + mark.len()..).unwrap_or_default();
            let quoted = behind.split('\'').next().unwrap_or_default();
            for place in self.places(quoted) {
                if !places.contains(&place) {
                    places.push(place);
                }
            }
        }
        if !places.is_empty() {
            message = format!("{message} ({})", places.join(", "));
        }
        self.definition.error(message)
    }

    /// Where an option comes from; of one that adds up, each of its values that begins with the
    /// words behind its name.
    fn places(&self, quoted: &str) -> Vec<String> {
        let mut words = quoted.split(' ');
        let long = words.next().unwrap_or_default();
        let Some(arg) = self.definition.arg_called(long) else { return Vec::new() };
        let id = arg.get_id().as_str();
        let origins: Vec<_> = self.origins(id).collect();
        let beginning: Vec<_> = words.filter(|word| !word.starts_with('<')).collect();
        let begins = |value: &OsStr| {
            let words = value.as_bytes().split(|&byte| byte == 0);
            words.zip(&beginning).all(|(word, wanted)| word.eq_ignore_ascii_case(wanted.as_bytes()))
        };
        let of_values = match arg.get_action() {
            ArgAction::Append => {
                let values = self.matches.get_raw(id).into_iter().flatten();
                values.zip(origins).filter(|(value, _)| begins(value)).map(|pair| pair.1).collect()
            }
            _ => origins.last().copied().into_iter().collect::<Vec<_>>(),
        };
        let elsewhere = of_values.into_iter().filter(|origin| **origin != Origin::CommandLine);
        elsewhere.map(|origin| format!("--{long}: {origin}")).collect()
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

    /// Where the values of an option come from, in their order.
    pub fn origins<'a>(&'a self, option: &str) -> impl Iterator<Item = &'a Origin> {
        let of_option = self.origins.iter().filter(move |(id, _)| id == option);
        of_option.map(|(_, origin)| origin)
    }

    /// What the user should know about the sources of the options, a line each.
    #[must_use]
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// Every setting in force and where it comes from, if that was asked for. `connect` is what
    /// the options came to, `overruled` are those that the tool's own rules put out of force.
    #[cfg(feature = "client")]
    #[must_use]
    pub fn shown_config(&self, connect: &ConnectPlan, overruled: &[&str]) -> Option<String> {
        self.config(|option| {
            if overruled.contains(&option) {
                return Standing::OutOfForce;
            }
            show_config::standing(self, connect, option)
        })
    }

    #[cfg(feature = "client")]
    pub(super) fn config(&self, standing: impl Fn(&str) -> Standing) -> Option<String> {
        let origins = |option: &str| self.origins(option).collect();
        let text =
            || show_config::text(self.definition.command(), &self.matches, origins, standing);
        self.has(show_config::SHOW_CONFIG).then(text)
    }

    fn last_position(&self, option: &str) -> Option<usize> {
        let is_given = self.matches.value_source(option) == Some(ValueSource::CommandLine);
        let positions = self.matches.indices_of(option).filter(|_| is_given)?;
        positions.max()
    }
}

/// Without the values: there may be secrets among them.
impl fmt::Debug for Given {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let options: Vec<_> = self.origins.iter().map(|(id, _)| id.as_str()).collect();
        f.debug_struct("Given").field("options", &options).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::{Parsed, parse};
    use crate::invocation::Tool;
    use clap::{Arg, Command};

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
            other => panic!("{other:?}"),
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
