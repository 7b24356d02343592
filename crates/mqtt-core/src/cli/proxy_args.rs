//! The option that names a proxy: `socks5h://[user[:password]@]host[:port]`.

use std::ffi::OsString;

use clap::Args;
use clap::builder::TypedValueParser;

use super::value::{self, ValueError};
use super::{Given, UsageError};
use crate::plan::{Exceptions, Proxy, ProxyCredentials, ProxyProtocol};
use crate::secret::Secret;
use crate::url;

/// RFC 1929 has one byte for the length of a user name and of a password.
const LONGEST_CREDENTIAL: usize = 255;

/// The variables that name a proxy and what is reached without it; the first that is not empty
/// counts.
const PROXY_VARIABLES: [&str; 2] = ["all_proxy", "ALL_PROXY"];
const EXCEPTION_VARIABLES: [&str; 2] = ["no_proxy", "NO_PROXY"];

/// Who connects in our place.
#[derive(Args, Debug)]
pub(super) struct ProxyArgs {
    #[arg(long, help_heading = "Connection", value_name = "URL", value_parser = choice(),
        help = "Connect through a proxy: socks5h://[USER[:PASSWORD]@]HOST[:PORT], socks5:// or \
            http://; port 1080, for http:// 80. With env: the one that the environment names")]
    proxy: Option<Choice>,
}

/// Where it is said which proxy.
#[derive(Clone, Debug)]
enum Choice {
    Url(Proxy),
    Environment,
}

impl ProxyArgs {
    /// The proxy; `variable` is the environment.
    pub(super) fn plan(
        self,
        given: &Given,
        variable: impl Fn(&str) -> Option<OsString>,
    ) -> Result<Option<Proxy>, UsageError> {
        match self.proxy {
            None => Ok(None),
            Some(Choice::Url(proxy)) => Ok(Some(proxy)),
            Some(Choice::Environment) => from_environment(given, variable),
        }
    }
}

fn choice() -> impl TypedValueParser<Value = Choice> {
    value::concealed(|word: OsString| match word.to_str() {
        Some("env") => Ok(Choice::Environment),
        Some(text) => parse(text).map(Choice::Url),
        None => Err(ValueError::new(NOT_UTF8)),
    })
}

const NOT_UTF8: &str = "it is not UTF-8";

/// What the environment says; nothing there is no proxy.
fn from_environment(
    given: &Given,
    variable: impl Fn(&str) -> Option<OsString>,
) -> Result<Option<Proxy>, UsageError> {
    let set = |names: [&'static str; 2]| {
        let mut set = names.into_iter().filter_map(|name| Some((name, variable(name)?)));
        set.find(|(_, value)| !value.is_empty())
    };
    let Some((name, url)) = set(PROXY_VARIABLES) else {
        return Ok(None);
    };
    let proxy = url.to_str().ok_or_else(|| ValueError::new(NOT_UTF8)).and_then(parse);
    let mut proxy = proxy.map_err(|cause| {
        given.error(format!("environment variable {name}: invalid value '***': {cause}"))
    })?;
    if let Some((_, list)) = set(EXCEPTION_VARIABLES) {
        proxy.exceptions = Exceptions::from_list(&list.to_string_lossy());
    }
    Ok(Some(proxy))
}

/// Reads a URL (RFC 3986 §3); the errors repeat nothing of it, for any part may be the password.
fn parse(text: &str) -> Result<Proxy, ValueError> {
    let (scheme, rest) = text.split_once("://").unwrap_or_default();
    let (protocol, default_port) = match scheme.to_ascii_lowercase().as_str() {
        "socks5h" => (ProxyProtocol::Socks5h, 1080),
        "socks5" => (ProxyProtocol::Socks5, 1080),
        "http" => (ProxyProtocol::Http, 80),
        _ => return Err(ValueError::new("it begins with socks5h://, socks5:// or http://")),
    };
    // An '@' in a user name or password should be %40; the last one is behind both in any case.
    let (user_info, place) = match rest.rsplit_once('@') {
        Some((user_info, place)) => (Some(user_info), place),
        None => (None, rest),
    };
    let place = place.strip_suffix('/').unwrap_or(place);
    let (host, port) = host_and_port(place)?;
    Ok(Proxy {
        protocol,
        host: host.to_owned(),
        port: port.unwrap_or(default_port),
        credentials: user_info.map(|user_info| credentials(user_info, protocol)).transpose()?,
        exceptions: Exceptions::default(),
    })
}

/// `host`, `host:port`, `[IPv6 address]`, `[IPv6 address]:port`; an empty port is none.
fn host_and_port(place: &str) -> Result<(&str, Option<u16>), ValueError> {
    let (host, port) = match place.strip_prefix('[') {
        Some(literal) => {
            let end = literal.split_once(']');
            let (host, rest) = end.ok_or_else(|| ValueError::new("a ']' is missing"))?;
            if host.parse::<std::net::Ipv6Addr>().is_err() {
                return Err(ValueError::new("an IPv6 address belongs between '[' and ']'"));
            }
            match rest.strip_prefix(':') {
                None if rest.is_empty() => (host, ""),
                Some(port) => (host, port),
                None => return Err(ValueError::new("a ':' and a port belong behind the ']'")),
            }
        }
        None => place.split_once(':').unwrap_or((place, "")),
    };
    if host.is_empty() {
        return Err(ValueError::new("the host is missing"));
    }
    if host.contains(['/', '?', '#', '%', ' ']) {
        return Err(ValueError::new("the host has a character that a host cannot have"));
    }
    if port.is_empty() {
        return Ok((host, None));
    }
    let is_number = port.bytes().all(|byte| byte.is_ascii_digit());
    let number = port.parse().ok().filter(|number| is_number && *number > 0);
    match number {
        Some(number) => Ok((host, Some(number))),
        None => Err(ValueError::new("the port is a whole number from 1 to 65535")),
    }
}

fn credentials(user_info: &str, protocol: ProxyProtocol) -> Result<ProxyCredentials, ValueError> {
    let (username, password) = user_info.split_once(':').unwrap_or((user_info, ""));
    let username = String::from_utf8(decoded(username)?)
        .map_err(|_| ValueError::new("the user name is not UTF-8"))?;
    let password = Secret::new(decoded(password)?);
    if username.is_empty() {
        return Err(ValueError::new("the user name is empty"));
    }
    if username.contains('\0') {
        return Err(ValueError::new("the user name has a NUL byte"));
    }
    if protocol == ProxyProtocol::Http && username.contains(':') {
        return Err(ValueError::new("over HTTP the user name cannot have a ':'"));
    }
    if username.len() > LONGEST_CREDENTIAL || password.expose().len() > LONGEST_CREDENTIAL {
        return Err(ValueError::new("user name and password have at most 255 bytes each"));
    }
    Ok(ProxyCredentials { username, password })
}

/// Puts the bytes in place of `%XX`.
fn decoded(text: &str) -> Result<Vec<u8>, ValueError> {
    let decoded = url::decoded(text.as_bytes());
    decoded.map_err(|_| ValueError::new("two hexadecimal digits belong behind '%'"))
}
