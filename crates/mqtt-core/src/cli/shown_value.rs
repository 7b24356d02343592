//! The value of an option as it may be shown: without the secrets in it.

use std::any::TypeId;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use clap::Arg;

use crate::secret::Secret;
use crate::url;

/// Options whose value is a URL that may have a password in it.
const URLS: [&str; 2] = ["proxy", "url"];

/// The option whose value is a name, a colon and what may be a password.
const HEADER: &str = "ws-header";

/// The property that is a secret, in whatever packet.
const SECRET_PROPERTY: &[u8] = b"authentication-data";

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
        property(value)
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
        || (long == "property" && is_secret_property(value))
}

/// By the type its value is read into.
fn is_secret(arg: &Arg) -> bool {
    arg.get_value_parser().type_id() == TypeId::of::<Secret>()
}

/// The words of `-D` with blanks between them.
fn property(value: &OsStr) -> String {
    let mut words: Vec<_> =
        value.as_bytes().split(|&byte| byte == 0).map(String::from_utf8_lossy).collect();
    if is_secret_property(value) {
        words.truncate(2);
        words.push(MASK.into());
    }
    words.join(" ")
}

fn is_secret_property(value: &OsStr) -> bool {
    let property = value.as_bytes().split(|&byte| byte == 0).nth(1);
    property.is_some_and(|property| property.eq_ignore_ascii_case(SECRET_PROPERTY))
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
}
