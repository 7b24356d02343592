use std::fmt::Write as _;

use proptest::prelude::*;

use super::{error, error_of, parsed, planned, route};
use crate::cli::UsageError;
use crate::cli::proxy_args::ProxyArgs;
use crate::plan::{Exceptions, Proxy, ProxyCredentials, ProxyProtocol};
use crate::secret::Secret;

fn proxy(url: &str) -> Proxy {
    route(&format!("--proxy {url}")).proxy.unwrap_or_else(|| panic!("{url}: no proxy"))
}

fn user(username: &str, password: &[u8]) -> ProxyCredentials {
    let password = Secret::new(password.to_vec());
    ProxyCredentials { username: username.to_owned(), password }
}

#[test]
fn what_the_proxy_speaks_and_where_it_is() {
    use ProxyProtocol::{Http, Socks5, Socks5h};
    for (url, protocol, host, port) in [
        ("socks5h://p", Socks5h, "p", 1080),
        ("SOCKS5H://p:1", Socks5h, "p", 1),
        ("socks5://p:65535", Socks5, "p", 65535),
        ("http://p", Http, "p", 80),
        ("http://p:3128/", Http, "p", 3128),
        ("socks5h://p:", Socks5h, "p", 1080),
        ("socks5h://[::1]", Socks5h, "::1", 1080),
        ("socks5h://[::1]:99", Socks5h, "::1", 99),
    ] {
        let (host, exceptions) = (host.to_owned(), Exceptions::default());
        assert_eq!(
            proxy(url),
            Proxy { protocol, host, port, credentials: None, exceptions },
            "{url}"
        );
    }
    let last = route("--proxy socks5h://a --proxy=socks5h://b").proxy.expect("a proxy");
    assert_eq!(last.host, "b");
}

#[test]
fn any_byte_of_user_and_password_can_be_encoded() {
    for (user_info, credentials) in [
        ("u", user("u", b"")),
        ("u:", user("u", b"")),
        ("u:p", user("u", b"p")),
        ("u:p:q", user("u", b"p:q")),
        ("u%40d:%3A%25%2f%ff%00", user("u@d", b":%/\xff\0")),
        ("u:p@ss", user("u", b"p@ss")),
        ("a%3ab:c", user("a:b", b"c")),
    ] {
        assert_eq!(proxy(&format!("socks5h://{user_info}@p")).credentials, Some(credentials));
    }
    let longest = "x".repeat(255);
    let credentials = proxy(&format!("socks5://{longest}:{longest}@p")).credentials;
    assert_eq!(credentials, Some(user(&longest, longest.as_bytes())));
}

#[test]
fn what_is_wrong_is_said_and_the_password_is_not() {
    let long = "x".repeat(256);
    for (url, cause) in [
        ("p", "it begins with socks5h://, socks5:// or http://"),
        ("socks4://p", "it begins with socks5h://, socks5:// or http://"),
        ("https://p", "it begins with socks5h://, socks5:// or http://"),
        ("socks5h://", "the host is missing"),
        ("socks5h://:1080", "the host is missing"),
        ("socks5h://u:hunter2@", "the host is missing"),
        ("socks5h://u:hunter2@h:0", "the port is a whole number from 1 to 65535"),
        ("socks5h://h:65536", "the port is a whole number from 1 to 65535"),
        ("socks5h://h:+1", "the port is a whole number from 1 to 65535"),
        ("socks5h://h:1:2", "the port is a whole number from 1 to 65535"),
        ("socks5h://h/path", "the host has a character that a host cannot have"),
        ("socks5h://[::1", "a ']' is missing"),
        ("socks5h://[h]", "an IPv6 address belongs between '[' and ']'"),
        ("socks5h://[::1]1080", "a ':' and a port belong behind the ']'"),
        ("socks5h://:hunter2@h", "the user name is empty"),
        ("socks5h://@h", "the user name is empty"),
        ("socks5h://%ff@h", "the user name is not UTF-8"),
        ("socks5h://u%00:p@h", "the user name has a NUL byte"),
        ("http://a%3ab:hunter2@h", "over HTTP the user name cannot have a ':'"),
        ("socks5h://u:%4@h", "two hexadecimal digits belong behind '%'"),
        ("socks5h://u:%+4hunter2@h", "two hexadecimal digits belong behind '%'"),
        ("socks5h://u:%ü@h", "two hexadecimal digits belong behind '%'"),
        (&format!("socks5h://{long}@h"), "user name and password have at most 255 bytes each"),
        (&format!("socks5h://u:{long}@h"), "user name and password have at most 255 bytes each"),
    ] {
        let message = format!("invalid value '***' for '--proxy <URL>': {cause}");
        assert_eq!(error_of(&["--proxy".into(), url.into()]), message, "{url}");
    }
    assert_eq!(error("--proxy"), "option '--proxy <URL>' needs a value");
}

#[test]
fn neither_debug_output_nor_display_show_the_password() {
    let proxy = proxy("socks5h://u:hunter2@[::1]:1");
    let shown = format!("{proxy:?} {proxy}");
    assert!(!shown.contains("hunter2"), "{shown}");
    assert!(shown.ends_with(" socks5h://[::1]:1"), "{shown}");
}

/// The proxy of `--proxy env` in such an environment.
fn from_environment(variables: &[(&str, &str)]) -> Result<Option<Proxy>, UsageError> {
    let given = parsed::<ProxyArgs>(&["--proxy", "env"]).unwrap();
    let variable = |name: &str| {
        let found = variables.iter().find(|(other, _)| *other == name);
        found.map(|(_, value)| value.into())
    };
    given.args::<Args>()?.proxy.plan(&given, variable)
}

#[derive(Debug, clap::Parser)]
#[command(disable_help_flag = true)]
struct Args {
    #[command(flatten)]
    proxy: ProxyArgs,
}

#[test]
fn the_environment_is_asked_where_that_is_asked_for() {
    let host =
        |variables: &[(&str, &str)]| from_environment(variables).unwrap().map(|proxy| proxy.host);
    let (lower, upper) = (("all_proxy", "socks5h://lower"), ("ALL_PROXY", "http://upper"));
    assert_eq!(host(&[lower, upper]).as_deref(), Some("lower"));
    assert_eq!(host(&[upper]).as_deref(), Some("upper"));
    assert_eq!(host(&[("all_proxy", ""), upper]).as_deref(), Some("upper"));
    assert_eq!(host(&[("NO_PROXY", "a"), ("ALL_PROXY", "")]), None);
    let exceptions = |variables: &[(&str, &str)]| {
        from_environment(variables).unwrap().map(|proxy| proxy.exceptions)
    };
    let (few, all) = (Exceptions::from_list("a,.b"), Exceptions::from_list("*"));
    assert_eq!(exceptions(&[upper, ("NO_PROXY", "a,.b")]), Some(few));
    assert_eq!(exceptions(&[upper, ("no_proxy", "*"), ("NO_PROXY", "a")]), Some(all));
    assert_eq!(exceptions(&[upper]), Some(Exceptions::default()));
}

#[test]
fn a_proxy_of_the_environment_that_is_none_is_an_error_that_does_not_show_it() {
    for (url, cause) in [
        ("ftp://u:hunter2@p", "it begins with socks5h://, socks5:// or http://"),
        ("socks5h://u:hunter2@", "the host is missing"),
    ] {
        let error = from_environment(&[("ALL_PROXY", url)]).unwrap_err().to_string();
        let expected = format!("environment variable ALL_PROXY: invalid value '***': {cause}");
        assert_eq!(error, expected);
    }
}

fn encoded(bytes: &[u8]) -> String {
    let mut text = String::new();
    for byte in bytes {
        let _written = write!(text, "%{byte:02x}");
    }
    text
}

proptest! {
    #[test]
    fn what_is_encoded_comes_back(
        username in "[^\0\n]{1,60}",
        password in proptest::collection::vec(any::<u8>(), 0..=255),
        host in "[a-z0-9.-]{1,20}",
        port in 1..=u16::MAX,
    ) {
        let (name, word) = (encoded(username.as_bytes()), encoded(&password));
        let proxy = proxy(&format!("socks5://{name}:{word}@{host}:{port}"));
        prop_assert_eq!((proxy.host, proxy.port), (host, port));
        prop_assert_eq!(proxy.credentials, Some(user(&username, &password)));
    }

    #[test]
    fn nothing_makes_it_panic(rest in "\\PC*") {
        let _either = planned("mqtt-pub", &["--proxy".into(), format!("socks5h://{rest}").into()]);
    }
}
