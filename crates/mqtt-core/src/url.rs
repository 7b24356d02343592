//! A broker, a topic and credentials in one text: `mqtt://user:password@host:port/topic`, by the
//! grammar of RFC 3986.
//!
//! It knows the text only: which options it stands for is decided in `cli`.

use std::net::Ipv6Addr;

use crate::secret::Secret;

/// What a URL says, percent-decoded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Url {
    /// How the broker is reached.
    pub scheme: Scheme,
    /// Any bytes; may be empty.
    pub username: Option<Vec<u8>>,
    /// Any bytes; may be empty. Only beside a user name.
    pub password: Option<Secret>,
    /// Name or address, not empty; an IPv6 address without brackets.
    pub host: String,
    /// 1 to 65,535; the scheme's own where the text has none.
    pub port: u16,
    /// Everything behind the first slash, `?` and `#` included; any bytes, may be empty.
    pub topic: Vec<u8>,
}

/// How a broker is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// TCP.
    Mqtt,
    /// TLS.
    Mqtts,
    /// WebSocket.
    Ws,
    /// WebSocket over TLS.
    Wss,
}

impl Scheme {
    /// In any mixture of capital and small letters.
    fn named(name: &[u8]) -> Option<Self> {
        let schemes = [Self::Mqtt, Self::Mqtts, Self::Ws, Self::Wss];
        schemes.into_iter().find(|scheme| name.eq_ignore_ascii_case(scheme.name().as_bytes()))
    }

    /// In small letters.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Mqtt => "mqtt",
            Self::Mqtts => "mqtts",
            Self::Ws => "ws",
            Self::Wss => "wss",
        }
    }

    /// The originals' ports for these schemes, for `WebSocket` too.
    #[must_use]
    pub fn default_port(self) -> u16 {
        match self {
            Self::Mqtt | Self::Ws => 1883,
            Self::Mqtts | Self::Wss => 8883,
        }
    }
}

/// What is wrong with a URL. No text quotes a part of it: any part may be a piece of a password
/// that was not encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UrlError {
    /// No known scheme and `://`.
    #[error("a URL begins with mqtt://, mqtts://, ws:// or wss://")]
    Scheme,
    /// No slash behind the host.
    #[error("the topic is missing: it stands behind the host and a '/'")]
    NoTopic,
    /// Nothing between user and port.
    #[error("the host is missing")]
    NoHost,
    /// Characters that no host has.
    #[error("the host is no name and no address")]
    Host,
    /// A colon in a host without brackets, or no address within them.
    #[error("an IPv6 address stands in brackets, as in mqtt://[::1]/topic")]
    Ipv6,
    /// Not a number, or too large.
    #[error("the port is not a whole number from 1 to 65535")]
    Port,
    /// A percent sign without two digits.
    #[error("'%' is not followed by two hexadecimal digits; the sign itself is written %25")]
    Escape,
}

impl Url {
    /// Reads the text of a URL.
    pub fn parse(text: &[u8]) -> Result<Self, UrlError> {
        let (scheme, rest) = split_at_first(text, b"://").ok_or(UrlError::Scheme)?;
        let scheme = Scheme::named(scheme).ok_or(UrlError::Scheme)?;
        let (authority, topic) = split_at_first(rest, b"/").ok_or(UrlError::NoTopic)?;
        // The last '@', so that a password which has one and is not encoded is still a password.
        let (credentials, address) = match authority.iter().rposition(|&byte| byte == b'@') {
            Some(at) => (Some(&authority[..at]), &authority[at + 1..]),
            None => (None, authority),
        };
        let (username, password) = match credentials.map(|text| split_at_first(text, b":")) {
            None => (None, None),
            Some(None) => (credentials.map(decoded).transpose()?, None),
            Some(Some((user, password))) => {
                (Some(decoded(user)?), Some(Secret::new(decoded(password)?)))
            }
        };
        let (host, port) = split_address(address)?;
        Ok(Self {
            scheme,
            username,
            password,
            host,
            port: port.map_or(Ok(scheme.default_port()), port_number)?,
            topic: decoded(topic)?,
        })
    }
}

/// The text with everything that may be a password replaced by `***`.
#[must_use]
pub fn masked(text: &[u8]) -> String {
    let lossy = |bytes| String::from_utf8_lossy(bytes).into_owned();
    match password_span(text) {
        None => lossy(text),
        Some((before, after)) => format!("{}***{}", lossy(before), lossy(after)),
    }
}

/// Whether the text may have a password in it.
#[must_use]
pub fn has_password(text: &[u8]) -> bool {
    password_span(text).is_some()
}

/// What stands before and behind the password. It reaches to the last '@' of all: a slash that
/// should have been encoded must not show the half behind it.
fn password_span(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let scheme = split_at_first(text, b"://").map_or(0, |(scheme, _)| scheme.len() + 3);
    if is_without_password(text) {
        return None;
    }
    let end = text.iter().rposition(|&byte| byte == b'@')?;
    let colon = text.get(scheme..end)?.iter().position(|&byte| byte == b':')?;
    Some((text.get(..=scheme + colon)?, text.get(end..)?))
}

/// Whether it is a URL of ours whose colons and '@' belong to the port and the topic.
fn is_without_password(text: &[u8]) -> bool {
    let Some((scheme, rest)) = split_at_first(text, b"://") else { return false };
    let Some((authority, _)) = split_at_first(rest, b"/") else { return false };
    let address = match authority.iter().rposition(|&byte| byte == b'@') {
        Some(at) if authority[..at].contains(&b':') => return false,
        Some(at) => &authority[at + 1..],
        None => authority,
    };
    let is_port = |port: Option<&[u8]>| port.is_none_or(|digits| port_number(digits).is_ok());
    Scheme::named(scheme).is_some() && split_address(address).is_ok_and(|(_, port)| is_port(port))
}

fn split_at_first<'a>(text: &'a [u8], mark: &[u8]) -> Option<(&'a [u8], &'a [u8])> {
    let at = text.windows(mark.len()).position(|window| window == mark)?;
    Some((text.get(..at)?, text.get(at + mark.len()..)?))
}

/// Host and port; an empty port is none (RFC 3986 §3.2.3).
fn split_address(address: &[u8]) -> Result<(String, Option<&[u8]>), UrlError> {
    if let Some(rest) = address.strip_prefix(b"[") {
        let (literal, port) = split_at_first(rest, b"]").ok_or(UrlError::Ipv6)?;
        let port = match port {
            [] | [b':'] => None,
            [b':', port @ ..] => Some(port),
            _ => return Err(UrlError::Port),
        };
        return Ok((ipv6_address(literal)?, port));
    }
    let (host, port) = match address.iter().rposition(|&byte| byte == b':') {
        Some(colon) => (&address[..colon], &address[colon + 1..]),
        None => (address, &[][..]),
    };
    if host.contains(&b':') {
        return Err(UrlError::Ipv6);
    }
    let host = String::from_utf8(decoded(host)?).map_err(|_| UrlError::Host)?;
    if host.is_empty() {
        return Err(UrlError::NoHost);
    }
    // A '/' that was encoded would make the path of a socket out of a name, a ',' two names.
    let strange = |c: char| c.is_control() || c.is_whitespace() || ",/?#[]@:\\".contains(c);
    if host.contains(strange) {
        return Err(UrlError::Host);
    }
    Ok((host, (!port.is_empty()).then_some(port)))
}

/// The text between the brackets: an address, and perhaps a zone (RFC 6874: `%25eth0`).
fn ipv6_address(literal: &[u8]) -> Result<String, UrlError> {
    let (address, zone) = match split_at_first(literal, b"%25") {
        Some((address, zone)) => (address, Some(decoded(zone)?)),
        None => (literal, None),
    };
    let address = std::str::from_utf8(address).map_err(|_| UrlError::Ipv6)?;
    address.parse::<Ipv6Addr>().map_err(|_| UrlError::Ipv6)?;
    let Some(zone) = zone else { return Ok(address.to_owned()) };
    match String::from_utf8(zone) {
        Ok(zone) if zone.chars().all(char::is_alphanumeric) && !zone.is_empty() => {
            Ok(format!("{address}%{zone}"))
        }
        _ => Err(UrlError::Ipv6),
    }
}

fn port_number(digits: &[u8]) -> Result<u16, UrlError> {
    let digits = std::str::from_utf8(digits).map_err(|_| UrlError::Port)?;
    // `parse` alone would take a sign.
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(UrlError::Port);
    }
    digits.parse().ok().filter(|&port| port != 0).ok_or(UrlError::Port)
}

/// Puts the bytes in place of `%XX` (RFC 3986 §2.1).
pub(crate) fn decoded(text: &[u8]) -> Result<Vec<u8>, UrlError> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    loop {
        match rest {
            [] => return Ok(bytes),
            [b'%', high, low, behind @ ..] => {
                let digits = hex_digit(*high).zip(hex_digit(*low));
                let (high, low) = digits.ok_or(UrlError::Escape)?;
                bytes.push(high * 16 + low);
                rest = behind;
            }
            [b'%', ..] => return Err(UrlError::Escape),
            [byte, behind @ ..] => {
                bytes.push(*byte);
                rest = behind;
            }
        }
    }
}

fn hex_digit(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        b'A'..=b'F' => Some(byte - b'A' + 10),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn url(text: &str) -> Url {
        Url::parse(text.as_bytes()).unwrap()
    }

    fn error(text: &str) -> UrlError {
        Url::parse(text.as_bytes()).unwrap_err()
    }

    #[test]
    fn every_part_is_read() {
        let parsed = url("mqtts://alice:secret@broker.local:1234/home/lamp");
        assert_eq!(parsed.scheme, Scheme::Mqtts);
        assert_eq!(parsed.username.as_deref(), Some(&b"alice"[..]));
        assert_eq!(parsed.password, Some(Secret::new(b"secret".to_vec())));
        assert_eq!((parsed.host.as_str(), parsed.port), ("broker.local", 1234));
        assert_eq!(parsed.topic, b"home/lamp");
    }

    #[test]
    fn a_scheme_has_its_port_and_may_be_in_capitals() {
        for (text, scheme, port) in [
            ("mqtt://h/t", Scheme::Mqtt, 1883),
            ("MQTTS://h/t", Scheme::Mqtts, 8883),
            ("Ws://h/t", Scheme::Ws, 1883),
            ("wsS://h/t", Scheme::Wss, 8883),
            ("mqtt://h:/t", Scheme::Mqtt, 1883),
        ] {
            assert_eq!((url(text).scheme, url(text).port), (scheme, port), "{text}");
        }
        for text in ["http://h/t", "mqtt:/h/t", "h/t", "", "://h/t", "mqttx://h/t"] {
            assert_eq!(error(text), UrlError::Scheme, "{text}");
        }
    }

    #[test]
    fn a_port_is_a_number_from_1_to_65535() {
        assert_eq!(url("mqtt://h:1/t").port, 1);
        assert_eq!(url("mqtt://h:65535/t").port, 65535);
        for port in ["0", "65536", "abc", "-1", "+1", "1883x", " 1"] {
            assert_eq!(error(&format!("mqtt://h:{port}/t")), UrlError::Port, "{port}");
        }
    }

    #[test]
    fn an_ipv6_address_stands_in_brackets() {
        assert_eq!(
            (url("mqtt://[::1]/t").host.as_str(), url("mqtt://[::1]/t").port),
            ("::1", 1883)
        );
        assert_eq!(url("mqtt://u:p@[fe80::1%25eth0]:5/t").host, "fe80::1%eth0");
        assert_eq!(url("mqtt://[::1]:5/t").port, 5);
        for text in
            ["mqtt://::1/t", "mqtt://[::1/t", "mqtt://[x]/t", "mqtt://[]/t", "mqtt://[::1%25]/t"]
        {
            assert_eq!(error(text), UrlError::Ipv6, "{text}");
        }
        assert_eq!(error("mqtt://[::1]5/t"), UrlError::Port);
    }

    #[test]
    fn the_topic_is_all_behind_the_first_slash() {
        for (text, topic) in [
            ("mqtt://h/a", "a"),
            ("mqtt://h//x", "/x"),
            ("mqtt://h/", ""),
            ("mqtt://h/a/#", "a/#"),
            ("mqtt://h/a?b=c#d", "a?b=c#d"),
            ("mqtt://h/a%2F%23%20ü", "a/# ü"),
            ("mqtt://h/a@b", "a@b"),
        ] {
            assert_eq!(url(text).topic, topic.as_bytes(), "{text}");
        }
        assert_eq!(error("mqtt://h"), UrlError::NoTopic);
        assert_eq!(error("mqtt://"), UrlError::NoTopic);
    }

    #[test]
    fn user_and_password_are_decoded() {
        for (text, user, password) in [
            ("mqtt://u%40@h/t", "u@", None),
            ("mqtt://u%3a:p%2Fq:r@h/t", "u:", Some("p/q:r")),
            ("mqtt://u:p@ss@h/t", "u", Some("p@ss")),
            ("mqtt://:p@h/t", "", Some("p")),
            ("mqtt://u:@h/t", "u", Some("")),
            ("mqtt://@h/t", "", None),
        ] {
            let parsed = url(text);
            assert_eq!(parsed.username.as_deref(), Some(user.as_bytes()), "{text}");
            let password = password.map(|text| Secret::new(text.as_bytes().to_vec()));
            assert_eq!(parsed.password, password, "{text}");
            assert_eq!(parsed.host, "h", "{text}");
        }
        assert_eq!((url("mqtt://h/t").username, url("mqtt://h/t").password), (None, None));
    }

    #[test]
    fn a_host_is_one() {
        for text in ["mqtt:///t", "mqtt://:1883/t", "mqtt://u:p@/t"] {
            assert_eq!(error(text), UrlError::NoHost, "{text}");
        }
        for text in [
            "mqtt://a b/t",
            "mqtt://a%2Fb/t",
            "mqtt://a%00/t",
            "mqtt://h?x/t",
            "mqtt://%ff/t",
            "mqtt://h%2Cb/t",
            "mqtt://h%40b/t",
        ] {
            assert_eq!(error(text), UrlError::Host, "{text}");
        }
        assert_eq!(url("mqtt://%62roker/t").host, "broker");
    }

    #[test]
    fn a_percent_sign_needs_two_digits() {
        for text in ["mqtt://h/%", "mqtt://h/%4", "mqtt://h/%zz", "mqtt://h/%+1", "mqtt://u%@h/t"] {
            assert_eq!(error(text), UrlError::Escape, "{text}");
        }
    }

    #[test]
    fn no_part_of_a_password_is_shown() {
        for (text, shown) in [
            ("mqtt://u:hunter2@h/t", "mqtt://u:***@h/t"),
            ("mqtt://u:hun@ter2@h/t", "mqtt://u:***@h/t"),
            ("mqtt://u:hun/ter2@h/t", "mqtt://u:***@h/t"),
            ("u:hunter2@h", "u:***@h"),
            ("mqtt://u@h:1/t", "mqtt://u@h:1/t"),
            ("mqtt://h:1/t", "mqtt://h:1/t"),
            ("mqtt://h:1883/a@b", "mqtt://h:1883/a@b"),
            ("mqtt://h/a:b@c", "mqtt://h/a:b@c"),
            ("mqtt://u@[::1]:1/a:b@c", "mqtt://u@[::1]:1/a:b@c"),
            ("mqtt://u:a@b/c@h/t", "mqtt://u:***@h/t"),
            ("socks5h://u:123/4@h", "socks5h://u:***@h"),
        ] {
            assert_eq!(masked(text.as_bytes()), shown);
            assert_eq!(has_password(text.as_bytes()), shown.contains("***"), "{text}");
        }
    }

    /// Every byte written as an escape where `plain` says no.
    fn encoded(bytes: &[u8], plain: fn(u8) -> bool) -> String {
        let one = |&byte: &u8| match byte {
            byte if plain(byte) => char::from(byte).to_string(),
            byte => format!("%{byte:02X}"),
        };
        bytes.iter().map(one).collect()
    }

    proptest! {
           #[test]
           fn what_is_put_together_is_taken_apart(
               user in proptest::option::of(any::<Vec<u8>>()),
               password in proptest::option::of(any::<Vec<u8>>()),
               host in "[a-z0-9.-]{1,20}",
               port in proptest::option::of(1_u16..),
               topic in any::<Vec<u8>>(),
           ) {
               let mut text = "mqtt://".to_owned();
               if let Some(user) = &user {
                   text += &encoded(user, |byte| byte.is_ascii_alphanumeric());
                   if let Some(password) = &password {
                       text += ":";
                       text += &encoded(password, |byte| byte.is_ascii_graphic() && !b"%/".contains(&byte));
                   }
                   text += "@";
               }
               text += &host;
               if let Some(port) = port {
                   text += ":";
    text += &port.to_string();
               }
               text += "/";
               text += &encoded(&topic, |byte| byte.is_ascii_graphic() && byte != b'%');
               let password = user.is_some().then_some(password).flatten().map(Secret::new);
               let expected = Url {
                   scheme: Scheme::Mqtt, username: user, password, host, port: port.unwrap_or(1883), topic,
               };
               prop_assert_eq!(Url::parse(text.as_bytes()), Ok(expected));
           }

           #[test]
           fn no_bytes_are_too_strange(
               bytes in any::<Vec<u8>>(),
               text in "(mqtt|wss)://[a-z:@/%0-9\\[\\]]{0,40}",
           ) {
               for text in [&bytes[..], text.as_bytes()] {
                   let _ = (Url::parse(text), masked(text));
               }
           }
       }
}
