//! From argv to matches, and from clap's errors to ours: one line that names the option, the
//! value and what would have been accepted.

use std::ffi::OsString;

use clap::builder::{Resettable, StyledStr};
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, ArgMatches, Command};

use super::Given;
use super::color::Color;
use super::generate::GENERATE;
use super::origin::Origin;
#[cfg(feature = "client")]
use super::shown_value;
use super::words::{self, Word};
use crate::exit::{ExitStatus, Failure};
use crate::invocation::{Behaviour, Invocation};
use crate::stream::{Palette, Stream};

/// What the words asked for.
#[derive(Debug)]
pub enum Parsed {
    /// Options to work with.
    Given(Given),
    /// A text for stdout and nothing else: `--help`, `--version`, `--generate`.
    Text(String),
    /// Nothing was asked for, under our own name: what the tool is.
    Introduction(String),
}

/// The words on the command line make no sense. Status 1.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct UsageError {
    message: String,
    hint: String,
}

impl UsageError {
    /// An error about the words as a whole; `message` names the options it is about.
    #[must_use]
    pub fn new(invocation: Invocation, message: impl Into<String>) -> Self {
        Self { message: message.into(), hint: see_help(invocation) }
    }

    /// The same error with a hint, a sentence without a full stop, in front of the usual one.
    #[cfg(feature = "client")]
    pub(super) fn hinting(self, hint: &str) -> Self {
        Self { hint: format!("{hint}. {}", self.hint), ..self }
    }

    /// The same error about words that come from elsewhere than the command line.
    #[cfg(feature = "client")]
    pub(super) fn at(self, origin: &Origin) -> Self {
        Self { message: format!("{}{}", origin.prefix(), self.message), ..self }
    }
}

impl Failure for UsageError {
    fn status(&self) -> ExitStatus {
        ExitStatus::FAILURE
    }

    fn hint(&self) -> Option<String> {
        Some(self.hint.clone())
    }
}

/// Parses `words` (argv without its first word) by `command`, and nothing else.
///
/// On top of what clap does: the word after an option that takes a value is its value even when
/// it begins with a dash, a repeated single-value option takes its last value, and `--help` and
/// `--version` come back as text.
pub fn parse(
    invocation: Invocation,
    command: Command,
    words: Vec<OsString>,
) -> Result<Parsed, UsageError> {
    let mut definition = Definition::new(invocation, command);
    if words.is_empty()
        && invocation.behaviour == Behaviour::Own
        && let Some(text) = definition.introduction()
    {
        return Ok(Parsed::Introduction(text));
    }
    let mut words = definition.read(words);
    definition.settle_color(words.iter());
    let trailing = words::split_trailing(&definition.command, &mut words);
    let options = words.iter().filter_map(|word| word.option.clone());
    let origins = options.map(|option| (option, Origin::CommandLine)).collect();
    Ok(match definition.parse(words.into_iter().map(|word| word.text))? {
        Outcome::Text(text) => Parsed::Text(text),
        Outcome::Matches(matches) => {
            let given = Given::new(definition, matches, origins, Vec::new());
            Parsed::Given(given.followed_by(trailing))
        }
    })
}

/// `--help`: the examples first, since most look for one.
const HELP: &str = "\
{about-with-newline}
{usage-heading} {usage}

{before-help}{all-args}{after-help}";

/// How many of the examples are enough for a beginning.
const FIRST_EXAMPLES: usize = 3;

/// The options of a tool, ready to be parsed, once or several times.
#[derive(Clone)]
pub(super) struct Definition {
    invocation: Invocation,
    command: Command,
    color: Color,
}

/// What clap made of words.
pub(super) enum Outcome {
    Matches(ArgMatches),
    Text(String),
}

impl Definition {
    pub(super) fn new(invocation: Invocation, command: Command) -> Self {
        let command = command
            .name(invocation.name())
            // What `--version` names is what it is, however it was called.
            .display_name(invocation.tool.name())
            .bin_name(invocation.name())
            .no_binary_name(true)
            .args_override_self(true)
            .help_template(HELP)
            .disable_help_subcommand(true)
            // The help names the values in its own words.
            .hide_possible_values(true);
        Self { invocation, command, color: Color::Auto }
    }

    /// From here on texts are in colour, or not, as the words say.
    pub(super) fn settle_color<'a>(&mut self, words: impl DoubleEndedIterator<Item = &'a Word>) {
        self.color = Color::among(words).unwrap_or(self.color);
        self.color.settle(self.invocation.behaviour);
    }

    /// A text as that stream is written.
    fn rendered(&self, text: &StyledStr, stream: Stream) -> String {
        match self.color.palette_of(stream, self.invocation.behaviour) {
            Palette::Colour => text.ansi().to_string(),
            Palette::Plain => text.to_string(),
        }
    }

    pub(super) fn invocation(&self) -> Invocation {
        self.invocation
    }

    #[cfg(feature = "client")]
    pub(super) fn command(&self) -> &Command {
        &self.command
    }

    pub(super) fn error(&self, message: impl Into<String>) -> UsageError {
        UsageError::new(self.invocation, message)
    }

    /// `--help`. What stands around the options is put in the user's words here, and not in every run.
    fn help(&self) -> String {
        let text = |text: Option<&StyledStr>| Resettable::from(text.map(|text| self.called(text)));
        let before = text(self.command.get_before_help());
        let after = text(self.command.get_after_help());
        let mut command = self.command.clone().before_help(before).after_help(after);
        self.rendered(&command.render_help(), Stream::Stdout)
    }

    /// A text of the help with the name that the user knows, and headings like those of the options.
    fn called(&self, text: &StyledStr) -> StyledStr {
        let text = text.to_string().replace(self.invocation.tool.name(), self.invocation.name());
        let header = self.command.get_styles().get_header();
        let lines = text.split_inclusive('\n').map(|line| match line.trim_end() {
            heading if heading.ends_with(':') && !heading.starts_with(' ') => {
                format!("{header}{heading}{header:#}\n")
            }
            _ => line.to_owned(),
        });
        lines.collect::<String>().into()
    }

    /// What the tool is, its first examples, and where there is more; for one that has examples.
    pub(super) fn introduction(&self) -> Option<String> {
        let examples = self.called(self.command.get_before_help()?);
        let examples = self.rendered(&examples, Stream::Stderr);
        let first: Vec<_> = examples.lines().take(1 + FIRST_EXAMPLES).collect();
        let about = self.command.get_about().map(ToString::to_string).unwrap_or_default();
        let name = self.invocation.name();
        Some(format!(
            "{name}: {about}\n\n{}\n\n'{name} --help' lists all options, 'man {name}' tells more.\n",
            first.join("\n")
        ))
    }

    /// The option that `word` gives.
    #[cfg(feature = "client")]
    pub(super) fn arg(&self, word: &Word) -> Option<&Arg> {
        let option = word.option.as_ref()?;
        self.command.get_arguments().find(|arg| arg.get_id() == option)
    }

    /// The option that is called `--long`.
    pub(super) fn arg_called(&self, long: &str) -> Option<&Arg> {
        self.command.get_arguments().find(|arg| arg.get_long() == Some(long))
    }

    /// Whether `word` spells the option whose value is several words.
    #[cfg(feature = "client")]
    pub(super) fn is_property(&self, word: &[u8]) -> bool {
        words::is_property(&self.command, word)
    }

    /// Puts options and values together.
    pub(super) fn read(&self, words: Vec<OsString>) -> Vec<Word> {
        let words = words::read(&self.command, words);
        #[cfg(feature = "client")]
        let words = self.without_stray_secrets(words);
        words
    }

    /// Where no word can stand by itself, those that do are errors, and go on without the secrets
    /// in them.
    #[cfg(feature = "client")]
    fn without_stray_secrets(&self, mut words: Vec<Word>) -> Vec<Word> {
        if self.command.get_positionals().next().is_some() {
            return words;
        }
        let mut is_behind_secret = false;
        for word in &mut words {
            if word.is_stray() && is_behind_secret {
                // The rest of a secret that has a blank and was not quoted.
                word.text = "***".into();
            } else if word.is_stray() {
                word.text = shown_value::stray(&self.command, &word.text).into();
            }
            let pair = self.arg(word).zip(word.value());
            is_behind_secret =
                pair.is_some_and(|(arg, value)| shown_value::holds_secret(arg, value));
        }
        words
    }

    /// Has clap look at words that were put together.
    pub(super) fn parse(
        &mut self,
        words: impl IntoIterator<Item = OsString>,
    ) -> Result<Outcome, UsageError> {
        match self.command.try_get_matches_from_mut(words) {
            Ok(matches) => Ok(match matches.try_get_one::<String>(GENERATE) {
                Ok(Some(text)) => Outcome::Text(text.clone()),
                _ => Outcome::Matches(matches),
            }),
            Err(error) => match error.kind() {
                ErrorKind::DisplayHelp => Ok(Outcome::Text(self.help())),
                ErrorKind::DisplayVersion => {
                    Ok(Outcome::Text(self.rendered(&error.render(), Stream::Stdout)))
                }
                _ => Err(self.usage_error(&error)),
            },
        }
    }

    /// The option whose value is wrong because another one was meant, which has a secret.
    #[cfg(feature = "client")]
    fn meant(&self, error: &clap::Error) -> Option<(String, &str)> {
        let (arg, value) =
            text(error, ContextKind::InvalidArg).zip(text(error, ContextKind::InvalidValue))?;
        let long = arg.strip_prefix("--")?.split(' ').next()?;
        let short = self.arg_called(long)?.get_short()?;
        let meant = shown_value::meant(&self.command, short, &value)?;
        Some((arg, meant))
    }

    fn usage_error(&self, error: &clap::Error) -> UsageError {
        let see_help = see_help(self.invocation);
        #[cfg(feature = "client")]
        if let Some((arg, meant)) = self.meant(error) {
            let message = format!("invalid value '***' for '{arg}'");
            return UsageError { message, hint: format!("did you mean --{meant}? {see_help}") };
        }
        let message = words_for(error);
        let hint = match text(error, ContextKind::SuggestedArg) {
            Some(similar) => format!("did you mean '{similar}'? {see_help}"),
            None if text(error, ContextKind::InvalidArg)
                .is_some_and(|arg| arg.starts_with("--host"))
                && text(error, ContextKind::InvalidValue).is_none_or(|value| value.is_empty()) =>
            {
                format!("-h is the host. {see_help}")
            }
            None => see_help,
        };
        UsageError { message, hint }
    }
}

/// The text as an error shows it: 200 characters, and `…` for what is behind them.
pub(super) fn shortened(text: &str) -> String {
    match text.char_indices().nth(200) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

fn see_help(invocation: Invocation) -> String {
    format!("Use '{} --help' to see usage.", invocation.name())
}

/// Our words for a clap error. Its own first line serves for the kinds that our options cannot
/// cause.
fn words_for(error: &clap::Error) -> String {
    let shown = |kind| shortened(&text(error, kind).unwrap_or_default());
    let (arg, value) = (shown(ContextKind::InvalidArg), shown(ContextKind::InvalidValue));
    match error.kind() {
        ErrorKind::UnknownArgument if arg.starts_with('-') => format!("unknown option '{arg}'"),
        ErrorKind::UnknownArgument => {
            format!("unexpected word '{arg}': every value belongs behind its option")
        }
        ErrorKind::InvalidValue if value.is_empty() => format!("option '{arg}' needs a value"),
        ErrorKind::InvalidValue => format!(
            "invalid value '{value}' for '{arg}': it is one of {}",
            text(error, ContextKind::ValidValue).unwrap_or_default()
        ),
        ErrorKind::ValueValidation => match std::error::Error::source(error) {
            Some(cause) => format!("invalid value '{value}' for '{arg}': {cause}"),
            None => format!("invalid value '{value}' for '{arg}'"),
        },
        ErrorKind::ArgumentConflict => match text(error, ContextKind::PriorArg) {
            Some(other) if other != arg => format!("'{arg}' and '{other}' exclude each other"),
            _ => format!("'{arg}' may be given only once"),
        },
        ErrorKind::TooManyValues => format!("option '{arg}' takes no value"),
        ErrorKind::MissingRequiredArgument => format!("{arg} is missing"),
        ErrorKind::InvalidUtf8 => "a word that must be text is not UTF-8".to_owned(),
        _ => {
            let text = error.render().to_string();
            let first = text.lines().next().unwrap_or_default();
            first.trim_start_matches("error: ").to_owned()
        }
    }
}

fn text(error: &clap::Error, kind: ContextKind) -> Option<String> {
    match error.get(kind)? {
        ContextValue::String(text) => Some(text.clone()),
        ContextValue::Strings(texts) => Some(texts.join(", ")),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::invocation::Tool;
    use clap::{Arg, ArgAction, value_parser};
    use std::ffi::OsStr;

    /// The value of `-q`.
    struct Level(u8);

    impl clap::FromArgMatches for Level {
        fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
            Ok(Self(*matches.get_one("qos").unwrap()))
        }

        fn update_from_arg_matches(&mut self, _: &ArgMatches) -> Result<(), clap::Error> {
            Ok(())
        }
    }

    fn parse_words(words: &[&str]) -> Result<Parsed, UsageError> {
        let command = Command::new("t")
            .disable_help_flag(true)
            .arg(Arg::new("host").short('h').long("host"))
            .arg(
                Arg::new("qos").short('q').long("qos").value_parser(value_parser!(u8).range(0..=2)),
            )
            .arg(Arg::new("debug").long("debug").action(ArgAction::SetTrue))
            .arg(Arg::new("form").long("form").value_parser(["a", "b"]))
            .arg(Arg::new("help").long("help").action(ArgAction::Help));
        let invocation = Invocation::new(Tool::Pub, OsStr::new("mqtt-pub"));
        parse(invocation, command, words.iter().map(OsString::from).collect())
    }

    fn message(words: &[&str]) -> String {
        parse_words(words).unwrap_err().to_string()
    }

    #[test]
    fn an_error_names_the_option_and_the_value() {
        assert_eq!(message(&["--qox"]), "unknown option '--qox'");
        assert_eq!(message(&["-q"]), "option '--qos <qos>' needs a value");
        assert_eq!(message(&["-q", "3"]), "invalid value '3' for '--qos <qos>': 3 is not in 0..=2");
        assert_eq!(
            message(&["--form", "c"]),
            "invalid value 'c' for '--form <form>': it is one of a, b"
        );
        assert_eq!(message(&["x"]), "unexpected word 'x': every value belongs behind its option");
    }

    #[test]
    fn a_flag_takes_no_value_and_a_long_one_is_cut() {
        assert_eq!(message(&["--debug=hunter2"]), "option '--debug' takes no value");
        let cut = "ü".repeat(200);
        assert_eq!(
            message(&["--form", &format!("{cut}ü")]),
            format!("invalid value '{cut}…' for '--form <form>': it is one of a, b")
        );
        assert!(message(&["--form", &cut]).contains(&format!("'{cut}'")));
        assert!(message(&[&format!("{cut}ü")]).contains(&format!("'{cut}…'")));
    }

    #[test]
    fn a_version_names_the_tool_it_is() {
        for name in ["mqtt-pub", "mosquitto_pub"] {
            let command = Command::new("t")
                .version("9 (x)")
                .arg(Arg::new("v").long("version").action(ArgAction::Version));
            let invocation = Invocation::new(Tool::Pub, OsStr::new(name));
            let parsed =
                parse(invocation, command.disable_version_flag(true), vec!["--version".into()]);
            assert!(matches!(parsed, Ok(Parsed::Text(text)) if text == "mqtt-pub 9 (x)\n"));
        }
    }

    #[test]
    fn a_misspelt_option_is_answered_with_the_right_one() {
        let hint = parse_words(&["--qox", "1"]).unwrap_err().hint;
        assert!(hint.starts_with("did you mean '--qos'?"), "{hint}");
    }

    #[test]
    fn h_alone_says_where_the_help_is() {
        let hint = parse_words(&["-h"]).unwrap_err().hint;
        assert_eq!(hint, "-h is the host. Use 'mqtt-pub --help' to see usage.");
    }

    #[test]
    fn the_last_value_wins_and_help_is_a_text() {
        let Parsed::Given(given) = parse_words(&["-q", "0", "-q2"]).unwrap() else {
            panic!("no options");
        };
        assert!(given.has("qos"));
        assert_eq!(given.args::<Level>().unwrap().0, 2);
        assert!(
            matches!(parse_words(&["--help"]), Ok(Parsed::Text(text)) if text.contains("--qos"))
        );
    }
}
