//! The option that names a proxy: `socks5h://[user[:password]@]host[:port]`.

use std::ffi::OsString;

use clap::Args;
use clap::builder::TypedValueParser;

use super::value::{self, ValueError};
use crate::plan::{Proxy, ProxyCredentials, ProxyProtocol};
use crate::secret::Secret;

/// RFC 1929 has one byte for the length of a user name and of a password.
const LONGEST_CREDENTIAL: usize = 255;

/// Who connects in our place.
#[derive(Args, Debug)]
pub(super) struct ProxyArgs {
    /// Connect through a proxy: socks5h://[USER[:PASSWORD]@]HOST[:PORT], socks5:// or http://;
    /// port 1080, for http:// 80
    #[arg(long, help_heading = "Connection", value_name = "URL", value_parser = proxy())]
    pub(super) proxy: Option<Proxy>,
}

fn proxy() -> impl TypedValueParser<Value = Proxy> {
    value::concealed(|word: OsString| {
        let text = word.to_str().ok_or_else(|| ValueError::new("it is not UTF-8"))?;
        parse(text)
    })
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
    if protocol == ProxyProtocol::Http && username.contains(':') {
        return Err(ValueError::new("over HTTP the user name cannot have a ':'"));
    }
    if username.len() > LONGEST_CREDENTIAL || password.expose().len() > LONGEST_CREDENTIAL {
        return Err(ValueError::new("user name and password have at most 255 bytes each"));
    }
    Ok(ProxyCredentials { username, password })
}

/// Puts the bytes in place of `%XX` (RFC 3986 §2.1).
fn decoded(text: &str) -> Result<Vec<u8>, ValueError> {
    // The first piece stands before any '%'.
    let mut pieces = text.split('%');
    let mut bytes = pieces.next().unwrap_or_default().as_bytes().to_vec();
    for piece in pieces {
        let byte = piece.get(..2).and_then(value::byte_of_hex);
        let byte =
            byte.ok_or_else(|| ValueError::new("two hexadecimal digits belong behind '%'"))?;
        bytes.push(byte);
        bytes.extend_from_slice(piece.get(2..).unwrap_or_default().as_bytes());
    }
    Ok(bytes)
}
