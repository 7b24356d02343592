//! Before clap sees the words: each option, with its value, becomes one word of its own.
//!
//! The originals take the word after an option that has a value without looking at it (`-m -5`,
//! `-m -d`, `-t --`), and scripts that publish what they were handed depend on it. clap alone
//! would take `--` for the end of the options. So each such pair becomes `--long=value`, in which
//! clap looks for nothing, and bundles (`-dvq1`) are taken apart. Which option a word gives is
//! then known without clap, and so where each value comes from.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};

use clap::{Arg, Command, Id};
use zeroize::Zeroizing;

/// The option whose value is three words, or four for a user property.
const PROPERTY: &str = "property";

/// A word for clap.
pub(super) struct Word {
    /// The option it gives, whole; none where clap has to say what is wrong with it.
    pub(super) option: Option<Id>,
    pub(super) text: OsString,
}

impl Word {
    fn other(text: OsString) -> Self {
        Self { option: None, text }
    }

    fn flag(arg: &Arg, letter: u8) -> Self {
        let text = match arg.get_long() {
            Some(long) => format!("--{long}"),
            None => format!("-{}", char::from(letter)),
        };
        Self { option: Some(arg.get_id().clone()), text: text.into() }
    }

    fn pair(arg: &Arg, long: &str, value: &[u8]) -> Self {
        let text = [b"--", long.as_bytes(), b"=", value].concat();
        Self { option: Some(arg.get_id().clone()), text: OsString::from_vec(text) }
    }

    /// Whether it belongs to no option and is none.
    pub(super) fn is_stray(&self) -> bool {
        self.option.is_none() && !self.text.as_bytes().starts_with(b"-")
    }

    /// What stands behind the `=`.
    pub(super) fn value(&self) -> Option<&OsStr> {
        let text = self.text.as_bytes();
        let equals = text.iter().position(|&byte| byte == b'=')?;
        text.get(equals + 1..).map(OsStr::from_bytes)
    }
}

/// Reads words by the options of `command`. What is no known option, or lacks its value, is left
/// to clap. So are the words from the first one that is no option on, where the command takes all
/// of them as they are.
pub(super) fn read(command: &Command, words: Vec<OsString>) -> Vec<Word> {
    let takes_trailing_words = takes_trailing_words(command);
    let mut read = Vec::with_capacity(words.len());
    let mut words = words.into_iter();
    while let Some(word) = words.next() {
        let is_option = word.as_bytes().starts_with(b"-") && word != "-";
        if word == "--" || (takes_trailing_words && !is_option) {
            read.push(Word::other(word));
            read.extend(words.map(Word::other));
            break;
        }
        if word.as_bytes().starts_with(b"--") {
            read.push(read_long(command, word, &mut words));
        } else if is_option {
            read_short(command, word, &mut words, &mut read);
        } else {
            read.push(Word::other(word));
        }
    }
    read
}

/// Takes off the words from the first one that is no option on, where the command takes all of them
/// as they are. clap would keep copies, and one of them may be a password.
pub(super) fn split_trailing(command: &Command, words: &mut Vec<Word>) -> Vec<OsString> {
    if !takes_trailing_words(command) {
        return Vec::new();
    }
    let is = |word: &Word, text: &str| word.option.is_none() && word.text == text;
    let is_separator = |word: &Word| is(word, "--");
    let is_first = |word: &Word| word.is_stray() || is(word, "-") || is_separator(word);
    let first = words.iter().position(is_first);
    let mut trailing = words.split_off(first.unwrap_or(words.len()));
    if trailing.first().is_some_and(is_separator) {
        trailing.remove(0);
    }
    trailing.into_iter().map(|word| word.text).collect()
}

fn takes_trailing_words(command: &Command) -> bool {
    command.get_positionals().any(Arg::is_trailing_var_arg_set)
}

/// Whether `word` spells the option whose value is several words.
#[cfg(feature = "client")]
pub(super) fn is_property(command: &Command, word: &[u8]) -> bool {
    let arg = match word {
        [b'-', b'-', long @ ..] => with_long(command, long),
        [b'-', letter] => with_short(command, *letter),
        _ => None,
    };
    arg.is_some_and(|arg| arg.get_long() == Some(PROPERTY))
}

/// Whether the property of that name has a key and a value.
pub(super) fn is_user_property(name: &[u8]) -> bool {
    name.eq_ignore_ascii_case(b"user-property")
}

/// `--long`, `--long value` or `--long=value`.
fn read_long(
    command: &Command,
    word: OsString,
    words: &mut impl Iterator<Item = OsString>,
) -> Word {
    let bytes = word.as_bytes().get(2..).unwrap_or_default();
    let mut parts = bytes.splitn(2, |&byte| byte == b'=');
    let (name, value) = (parts.next().unwrap_or_default(), parts.next());
    match (with_long(command, name), value) {
        (Some(arg), Some(value)) if takes_value(arg) => {
            Word::pair(arg, arg.get_long().unwrap_or_default(), value)
        }
        (Some(arg), None) if takes_value(arg) && !may_stand_alone(arg) => {
            with_value(arg, None, words)
        }
        (Some(arg), None) => Word { option: Some(arg.get_id().clone()), text: word },
        _ => Word::other(word),
    }
}

/// `-f`, `-v value`, `-vvalue`, `-v=value`, and flags before one of them.
fn read_short(
    command: &Command,
    word: OsString,
    words: &mut impl Iterator<Item = OsString>,
    read: &mut Vec<Word>,
) {
    let mut letters = word.as_bytes().get(1..).unwrap_or_default();
    let mut flags = Vec::new();
    while let Some((&letter, behind)) = letters.split_first() {
        let Some(arg) = with_short(command, letter) else {
            read.push(Word::other(word));
            return;
        };
        if takes_value(arg) {
            let glued = (!behind.is_empty()).then(|| behind.strip_prefix(b"=").unwrap_or(behind));
            read.append(&mut flags);
            read.push(with_value(arg, glued, words));
            return;
        }
        flags.push(Word::flag(arg, letter));
        letters = behind;
    }
    if flags.is_empty() {
        read.push(Word::other(word));
    }
    read.append(&mut flags);
}

/// The option with its value, from the same word or the ones behind it.
fn with_value(arg: &Arg, glued: Option<&[u8]>, words: &mut impl Iterator<Item = OsString>) -> Word {
    let long = arg.get_long().unwrap_or_default();
    let mut values = glued.map(OsStr::from_bytes).map(OsString::from).into_iter().chain(words);
    let Some(value) = values.next() else {
        return Word::other(format!("--{long}").into());
    };
    // It may be a password.
    let value = Zeroizing::new(value.into_vec());
    if long == PROPERTY {
        Word::pair(arg, long, &property(&value, &mut values))
    } else {
        Word::pair(arg, long, &value)
    }
}

/// The three or four words of a property as far as there are any, with NULs between them: no word
/// has one.
fn property(command: &[u8], words: &mut impl Iterator<Item = OsString>) -> Vec<u8> {
    let mut parts = vec![command.to_vec()];
    if let Some(name) = words.next().map(OsString::into_vec) {
        let values = if is_user_property(&name) { 2 } else { 1 };
        parts.push(name);
        parts.extend(words.take(values).map(OsString::into_vec));
    }
    parts.join(&0)
}

fn takes_value(arg: &Arg) -> bool {
    arg.get_action().takes_values() && arg.get_long().is_some()
}

/// Whether it has a value only where that is glued to it by an `=`.
fn may_stand_alone(arg: &Arg) -> bool {
    arg.is_require_equals_set()
}

fn with_long<'a>(command: &'a Command, name: &[u8]) -> Option<&'a Arg> {
    let name = std::str::from_utf8(name).ok()?;
    command.get_arguments().find(|arg| {
        arg.get_long() == Some(name)
            || arg.get_all_aliases().is_some_and(|aliases| aliases.contains(&name))
    })
}

fn with_short(command: &Command, letter: u8) -> Option<&Arg> {
    command.get_arguments().find(|arg| arg.get_short() == Some(char::from(letter)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::ArgAction;

    fn command() -> Command {
        Command::new("t")
            .arg(Arg::new("message").short('m').long("message"))
            .arg(Arg::new("host").short('h').long("host").alias("server"))
            .arg(Arg::new("property").short('D').long("property").action(ArgAction::Append))
            .arg(Arg::new("debug").short('d').long("debug").action(ArgAction::SetTrue))
            .arg(Arg::new("verbose").short('v').action(ArgAction::SetTrue))
            .arg(Arg::new("json").long("json").num_args(0..=1).require_equals(true))
    }

    fn words(words: &[&str]) -> Vec<Word> {
        read(&command(), words.iter().map(OsString::from).collect())
    }

    fn texts(list: &[&str]) -> Vec<String> {
        let words = words(list);
        words.into_iter().map(|word| word.text.into_string().unwrap()).collect()
    }

    fn options(list: &[&str]) -> Vec<Option<String>> {
        let words = words(list);
        words.into_iter().map(|word| word.option.map(|id| id.to_string())).collect()
    }

    #[test]
    fn the_word_after_a_value_option_is_its_value_whatever_it_looks_like() {
        assert_eq!(texts(&["-m", "-d"]), ["--message=-d"]);
        assert_eq!(texts(&["--message", "--"]), ["--message=--"]);
        assert_eq!(texts(&["-m", "--message", "-d"]), ["--message=--message", "--debug"]);
        assert_eq!(texts(&["-m", ""]), ["--message="]);
        assert_eq!(texts(&["-m", "=x"]), ["--message==x"]);
        assert_eq!(texts(&["-dm", "--", "-d"]), ["--debug", "--message=--", "--debug"]);
    }

    #[test]
    fn an_option_that_may_stand_alone_takes_no_word_behind_it() {
        assert_eq!(texts(&["--json", "-m", "x"]), ["--json", "--message=x"]);
        assert_eq!(texts(&["--json=a", "b", "--json="]), ["--json=a", "b", "--json="]);
        assert_eq!(options(&["--json", "--json=a"]), [Some("json".into()), Some("json".into())]);
    }

    #[test]
    fn an_alias_counts_as_its_option() {
        assert_eq!(texts(&["--server", "-m"]), ["--host=-m"]);
        assert_eq!(texts(&["--server=-m"]), ["--host=-m"]);
    }

    #[test]
    fn bundles_and_glued_values_are_taken_apart() {
        assert_eq!(texts(&["-dvmx"]), ["--debug", "-v", "--message=x"]);
        assert_eq!(texts(&["-m=x", "-m=", "-m=="]), ["--message=x", "--message=", "--message=="]);
        assert_eq!(texts(&["-md"]), ["--message=d"]);
        assert_eq!(texts(&["--message=y=z"]), ["--message=y=z"]);
    }

    #[test]
    fn each_word_knows_its_option_and_its_value() {
        assert_eq!(
            options(&["-dm", "x", "-q", "--debug", "y"]),
            [Some("debug".into()), Some("message".into()), None, Some("debug".into()), None]
        );
        let words = words(&["-d", "-m", "a=b"]);
        assert_eq!(words[0].value(), None);
        assert_eq!(words[1].value(), Some(OsStr::new("a=b")));
    }

    #[test]
    fn everything_else_is_left_for_clap() {
        for list in [
            &["--", "-m", "x"][..],
            &["-x", "--debug"],
            &["-dx"],
            &["-"],
            &["--debug=x"],
            &["--mess=x"],
            &["word"],
            &["image"],
        ] {
            assert_eq!(texts(list), list);
            assert_eq!(options(list)[0], None, "{list:?}");
        }
        assert_eq!(texts(&["-d", "-m"]), ["--debug", "--message"]);
        assert_eq!(options(&["-m"]), [None]);
    }

    #[test]
    fn the_words_of_a_property_are_joined() {
        assert_eq!(
            texts(&["-D", "publish", "topic-alias", "-5", "-d"]),
            ["--property=publish\0topic-alias\0-5", "--debug"]
        );
        assert_eq!(
            texts(&["--property", "will", "User-Property", "-D", "", "-d"]),
            ["--property=will\0User-Property\0-D\0", "--debug"]
        );
        assert_eq!(texts(&["-dDpublish", "a", "b"]), ["--debug", "--property=publish\0a\0b"]);
    }

    #[test]
    fn a_property_with_too_few_words_takes_those_there_are() {
        assert_eq!(texts(&["-D"]), ["--property"]);
        assert_eq!(texts(&["-D", "will"]), ["--property=will"]);
        assert_eq!(
            texts(&["-D", "will", "user-property", "k"]),
            ["--property=will\0user-property\0k"]
        );
        assert_eq!(texts(&["--property=will x", "-d"]), ["--property=will x", "--debug"]);
    }

    #[test]
    fn words_that_a_command_takes_as_they_are_stay_so() {
        let command = command().arg(Arg::new("words").num_args(0..).trailing_var_arg(true));
        let words = ["-m", "x", "file", "-m", "y"].map(OsString::from).to_vec();
        let texts = read(&command, words).into_iter().map(|word| word.text);
        assert!(texts.eq(["--message=x", "file", "-m", "y"]));
    }

    #[test]
    fn a_word_that_is_not_utf8_is_a_value_like_any_other() {
        for list in [&[&b"-m"[..], b"\xffx"][..], &[b"-m\xffx"], &[b"--message=\xffx"]] {
            let words = list.iter().map(|word| OsString::from_vec(word.to_vec())).collect();
            let words = read(&command(), words);
            assert_eq!(words[0].text.as_bytes(), b"--message=\xffx");
        }
    }
}
