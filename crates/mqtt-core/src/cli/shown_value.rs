//! The value of an option as it may be shown: without the secrets in it.

use std::any::TypeId;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use clap::{Arg, Command};

use super::property_args;
use crate::secret::Secret;
use crate::url;

/// Options whose value is a URL that may have a password in it.
const URLS: [&str; 2] = ["proxy", "url"];

/// The option whose value is a name, a colon and what may be a password.
const HEADER: &str = "ws-header";

const MASK: &str = "***";

/// The value as text, `***` in place of its secrets.
pub(super) fn shown(arg: &Arg, value: &OsStr) -> String {
    let long = arg.get_long().unwrap_or_default();
    if is_secret(arg) {
        MASK.to_owned()
    } else if URLS.contains(&long) {
        url::masked(value.as_bytes())
    } else if long == HEADER {
        let name = value.to_string_lossy();
        format!("{}: {MASK}", name.split(':').next().unwrap_or_default())
    } else if long == "property" {
        property_args::as_typed(value)
    } else {
        value.to_string_lossy().into_owned()
    }
}

/// Whether there is a secret in the value.
pub(super) fn holds_secret(arg: &Arg, value: &OsStr) -> bool {
    let long = arg.get_long().unwrap_or_default();
    is_secret(arg)
        || long == HEADER
        || (URLS.contains(&long) && url::has_password(value.as_bytes()))
        || (long == "property" && property_args::holds_secret(value))
}

/// By the type its value is read into.
fn is_secret(arg: &Arg) -> bool {
    arg.get_value_parser().type_id() == TypeId::of::<Secret>()
}

/// A word that belongs to no option: it may be a URL, or a secret whose option lacks its dashes.
pub(super) fn stray(command: &Command, word: &OsStr) -> String {
    let text = url::masked(word.as_bytes());
    match text.split_once('=') {
        Some((name, _)) if secret_names(command).any(|secret| secret == name) => {
            format!("{name}={MASK}")
        }
        _ => text,
    }
}

/// What `value` is of `-short` if the option was meant whose name begins with that letter, and
/// which has a secret: `w=secret` of `-p` is `--pw` with one dash. Gives that name.
pub(super) fn meant<'a>(command: &'a Command, short: char, value: &str) -> Option<&'a str> {
    let typed = format!("{short}{value}");
    secret_names(command).find(|name| typed.starts_with(name))
}

/// How the options with secrets are spelled, without their dashes.
fn secret_names(command: &Command) -> impl Iterator<Item = &str> {
    let may_have_secret =
        |arg: &&Arg| is_secret(arg) || arg.get_long().is_some_and(|long| URLS.contains(&long));
    command
        .get_arguments()
        .filter(may_have_secret)
        .flat_map(|arg| arg.get_long().into_iter().chain(arg.get_all_aliases().unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::builder::{OsStringValueParser, TypedValueParser};
    use std::ffi::OsString;
    use std::os::unix::ffi::OsStringExt;

    fn arg(long: &'static str) -> Arg {
        Arg::new(long).long(long).value_parser(OsStringValueParser::new())
    }

    #[test]
    fn a_secret_is_known_by_its_type() {
        let secret = OsStringValueParser::new().map(|word: OsString| Secret::new(word.into_vec()));
        let key = arg("key").value_parser(secret);
        assert_eq!(shown(&key, OsStr::new("hunter2")), "***");
        assert!(holds_secret(&key, OsStr::new("")));
        assert_eq!(shown(&arg("file"), OsStr::new("hunter2")), "hunter2");
        assert!(!holds_secret(&arg("file"), OsStr::new("hunter2")));
    }

    #[test]
    fn a_url_shows_all_but_its_password() {
        for long in ["url", "proxy"] {
            let with = OsStr::new("socks5h://u:hunter2@h");
            assert_eq!(shown(&arg(long), with), "socks5h://u:***@h");
            assert!(holds_secret(&arg(long), with));
            assert!(!holds_secret(&arg(long), OsStr::new("socks5h://u@h")));
        }
    }

    #[test]
    fn a_header_shows_its_name() {
        let header = OsStr::new("Authorization: Bearer hunter2");
        assert_eq!(shown(&arg("ws-header"), header), "Authorization: ***");
        assert!(holds_secret(&arg("ws-header"), header));
    }

    #[test]
    fn a_property_shows_its_words_but_for_authentication_data() {
        let property = arg("property");
        let plain = OsStr::new("publish\0user-property\0k\0v w");
        assert_eq!(shown(&property, plain), "publish user-property k v w");
        assert!(!holds_secret(&property, plain));
        let secret = OsStr::new("connect\0Authentication-Data\0hunter2");
        assert_eq!(shown(&property, secret), "connect Authentication-Data ***");
        assert!(holds_secret(&property, secret));
    }

    /// With a secret and a number.
    fn command() -> Command {
        let secret = OsStringValueParser::new().map(|word: OsString| Secret::new(word.into_vec()));
        let password = arg("pw").short('P').visible_alias("password").value_parser(secret);
        Command::new("t").arg(arg("port").short('p')).arg(password).arg(arg("proxy"))
    }

    #[test]
    fn a_stray_word_shows_no_password() {
        for (word, shown) in [
            ("word", "word"),
            ("mqtt://joe:hunter2@h/t", "mqtt://joe:***@h/t"),
            ("password=hunter2", "password=***"),
            ("pw=hunter2", "pw=***"),
            ("port=1", "port=1"),
        ] {
            assert_eq!(stray(&command(), OsStr::new(word)), shown);
        }
    }

    #[test]
    fn an_option_with_a_secret_is_known_by_one_dash() {
        for (value, name) in [
            ("w=hunter2", Some("pw")),
            ("whunter2", Some("pw")),
            ("assword=hunter2", Some("password")),
            ("roxy=http://u:p@h", Some("proxy")),
            ("1883x", None),
        ] {
            assert_eq!(meant(&command(), 'p', value), name, "{value}");
        }
    }
}
