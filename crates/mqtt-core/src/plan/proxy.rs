//! A server that connects to the broker in our place.

use std::fmt;
use std::net::IpAddr;

use crate::secret::Secret;

/// A proxy, and how to ask it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proxy {
    /// What it speaks.
    pub protocol: ProxyProtocol,
    /// Name or address; an IPv6 address without brackets.
    pub host: String,
    /// 1 to 65,535.
    pub port: u16,
    /// As whom; `None`: as nobody.
    pub credentials: Option<ProxyCredentials>,
    /// Which hosts are reached without it.
    pub exceptions: Exceptions,
}

/// Hosts that are reached without a proxy.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Exceptions(Vec<Exception>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Exception {
    All,
    /// A name with all names below it, or an address; in lower case.
    Host(String),
}

impl Exceptions {
    /// Reads names and addresses with commas between them, as `NO_PROXY` has them: `*` is every
    /// host; a name may begin with a dot, and stands for the names below it, too, in any case.
    #[must_use]
    pub fn from_list(list: &str) -> Self {
        let words = list.split(',').map(str::trim).filter(|word| !word.is_empty());
        let exceptions = words.map(|word| match word {
            "*" => Exception::All,
            _ => Exception::Host(canonical(word.strip_prefix('.').unwrap_or(word))),
        });
        Self(exceptions.collect())
    }

    /// Whether `host` is one of them.
    #[must_use]
    pub fn cover(&self, host: &str) -> bool {
        let host = canonical(host);
        self.0.iter().any(|exception| match exception {
            Exception::All => true,
            Exception::Host(name) => match host.strip_suffix(name.as_str()) {
                Some(rest) => {
                    let is_below = rest.ends_with('.') && host.parse::<IpAddr>().is_err();
                    rest.is_empty() || is_below
                }
                None => false,
            },
        })
    }
}

/// A host as it is compared: in lower case, without the dot of the root and without brackets.
fn canonical(host: &str) -> String {
    let host = host.strip_suffix('.').unwrap_or(host);
    let literal = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    literal.unwrap_or(host).to_ascii_lowercase()
}

/// What a proxy speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProxyProtocol {
    /// SOCKS 5 (RFC 1928); the broker's name is looked up by the proxy.
    Socks5h,
    /// SOCKS 5; the broker's name is looked up here.
    Socks5,
    /// HTTP CONNECT (RFC 9110 §9.3.6).
    Http,
}

/// A user of a proxy (RFC 1929, RFC 7617).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProxyCredentials {
    /// 1 to 255 bytes; without a colon for HTTP.
    pub username: String,
    /// 0 to 255 bytes.
    pub password: Secret,
}

/// Without user and password.
impl fmt::Display for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = match self.protocol {
            ProxyProtocol::Socks5h => "socks5h",
            ProxyProtocol::Socks5 => "socks5",
            ProxyProtocol::Http => "http",
        };
        if self.host.contains(':') {
            write!(f, "{scheme}://[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{scheme}://{}:{}", self.host, self.port)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exceptions_are_hosts_with_what_is_below_them_addresses_or_all() {
        let list = "localhost, .Example.ORG,broker.test.,127.0.0.1,[::1],,";
        let exceptions = Exceptions::from_list(list);
        for host in [
            "localhost",
            "LOCALHOST",
            "a.localhost",
            "example.org",
            "a.b.example.org.",
            "broker.test",
            "127.0.0.1",
            "::1",
        ] {
            assert!(exceptions.cover(host), "{host}");
        }
        for host in ["", "org", "example.or", "notexample.org", "27.0.0.1", "::11"] {
            assert!(!exceptions.cover(host), "{host}");
        }
        assert!(!Exceptions::from_list("0.0.1").cover("127.0.0.1"));
        assert!(Exceptions::from_list("a,*").cover("any"));
        for list in ["", " , ", "."] {
            assert!(!Exceptions::from_list(list).cover("any"), "{list}");
        }
    }
}
