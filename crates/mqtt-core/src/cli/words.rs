//! Before clap sees argv: the word after an option that takes a value *is* its value.
//!
//! The originals take it without looking at it (`-m -5`, `-m -d`, `-t --`), and scripts that
//! publish what they were handed depend on it. clap alone would take `--` for the end of the
//! options. So each such pair becomes one word, `--long=value`, in which clap looks for nothing.

use std::ffi::{OsStr, OsString};

use clap::{Arg, Command};

/// The option whose value is several words: COMMAND PROPERTY VALUE, and for a user property its
/// name and its value. NUL, which no word of argv can hold, stands between them.
const PROPERTY: &str = "property";

/// Joins each value-taking option of `command` with the word after it. An option that is the last
/// word is left alone: clap then says that its value is missing. So are the words from the first
/// one that is no option on, where the command takes all of them as they are.
pub(super) fn join_values(command: &Command, words: Vec<OsString>) -> Vec<OsString> {
    let takes_trailing_words = command.get_positionals().any(Arg::is_trailing_var_arg_set);
    let mut joined = Vec::with_capacity(words.len());
    let mut words = words.into_iter();
    while let Some(word) = words.next() {
        let is_option = word.as_encoded_bytes().starts_with(b"-");
        if word == "--" || (takes_trailing_words && !is_option) {
            joined.push(word);
            joined.extend(words);
            break;
        }
        let Some(long) = long_name_of_value_option(command, &word) else {
            joined.push(word);
            continue;
        };
        match words.next() {
            None => joined.push(word),
            Some(value) => {
                let mut pair = OsString::from("--");
                pair.push(long);
                pair.push("=");
                pair.push(value);
                if long == PROPERTY {
                    push_property(&mut pair, &mut words);
                }
                joined.push(pair);
            }
        }
    }
    joined
}

/// Joins the words after the command of a `-D`, as far as there are any.
fn push_property(pair: &mut OsString, words: &mut impl Iterator<Item = OsString>) {
    let Some(property) = words.next() else {
        return;
    };
    let values = if property.eq_ignore_ascii_case("user-property") { 2 } else { 1 };
    for word in std::iter::once(property).chain(words.take(values)) {
        pair.push("\0");
        pair.push(word);
    }
}

/// The long name of the option that `word` spells, if it is one that takes a value.
fn long_name_of_value_option<'a>(command: &'a Command, word: &OsStr) -> Option<&'a str> {
    let word = word.to_str()?;
    let spells = |arg: &&Arg| match word.strip_prefix("--") {
        Some(long) => {
            arg.get_long() == Some(long)
                || arg.get_all_aliases().is_some_and(|aliases| aliases.contains(&long))
        }
        None => word.strip_prefix('-').is_some_and(|short| {
            let mut letters = short.chars();
            arg.get_short() == letters.next() && letters.next().is_none()
        }),
    };
    command
        .get_arguments()
        .filter(|arg| !arg.is_positional() && arg.get_action().takes_values())
        .find(spells)
        .and_then(Arg::get_long)
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::ArgAction;

    fn command() -> Command {
        Command::new("t")
            .arg(Arg::new("message").short('m').long("message"))
            .arg(Arg::new("host").short('h').long("host").alias("server"))
            .arg(Arg::new("property").short('D').long("property"))
            .arg(Arg::new("debug").short('d').long("debug").action(ArgAction::SetTrue))
    }

    fn joined(words: &[&str]) -> Vec<String> {
        join_values(&command(), words.iter().map(OsString::from).collect())
            .into_iter()
            .map(|word| word.into_string().unwrap())
            .collect()
    }

    #[test]
    fn the_word_after_a_value_option_is_its_value_whatever_it_looks_like() {
        assert_eq!(joined(&["-m", "-d"]), ["--message=-d"]);
        assert_eq!(joined(&["--message", "--"]), ["--message=--"]);
        assert_eq!(joined(&["-m", "--message", "-d"]), ["--message=--message", "-d"]);
        assert_eq!(joined(&["-m", ""]), ["--message="]);
        assert_eq!(joined(&["-m", "=x"]), ["--message==x"]);
    }

    #[test]
    fn an_alias_counts_as_its_option() {
        assert_eq!(joined(&["--server", "-m"]), ["--host=-m"]);
    }

    #[test]
    fn the_words_of_a_property_become_one() {
        let words = ["-D", "publish", "content-type", "-d", "-d"];
        assert_eq!(joined(&words), ["--property=publish\0content-type\0-d", "-d"]);
        let words = ["--property", "will", "User-Property", "user-property", "-m", "-d"];
        assert_eq!(joined(&words), ["--property=will\0User-Property\0user-property\0-m", "-d"]);
    }

    #[test]
    fn a_property_with_too_few_words_takes_those_there_are() {
        assert_eq!(joined(&["-D"]), ["-D"]);
        assert_eq!(joined(&["-D", "will"]), ["--property=will"]);
        let words = ["-D", "will", "user-property", "k"];
        assert_eq!(joined(&words), ["--property=will\0user-property\0k"]);
    }

    #[test]
    fn everything_else_is_left_for_clap() {
        assert_eq!(joined(&["-dm", "x", "--message=y", "-mz"]), ["-dm", "x", "--message=y", "-mz"]);
        assert_eq!(joined(&["-d", "-m"]), ["-d", "-m"]);
        assert_eq!(joined(&["--", "-m", "x"]), ["--", "-m", "x"]);
        assert_eq!(joined(&["-x", "-md"]), ["-x", "-md"]);
    }

    #[test]
    fn words_that_a_command_takes_as_they_are_stay_so() {
        let command = command().arg(Arg::new("words").num_args(0..).trailing_var_arg(true));
        let words = ["-m", "x", "file", "-m", "y"].map(OsString::from).to_vec();
        let joined = join_values(&command, words);
        assert_eq!(joined, ["--message=x", "file", "-m", "y"]);
    }

    #[test]
    fn a_word_that_is_not_utf8_is_a_value_like_any_other() {
        use std::os::unix::ffi::OsStringExt;
        let word = OsString::from_vec(vec![0xff, b'x']);
        let joined = join_values(&command(), vec!["-m".into(), word]);
        assert_eq!(joined[0].clone().into_vec(), b"--message=\xffx");
    }
}
