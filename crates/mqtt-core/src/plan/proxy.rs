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
    /// All addresses that begin with so many bits of this one.
    Network(IpAddr, u32),
}

impl Exceptions {
    /// Reads names, addresses and networks with commas or blanks between them, as `NO_PROXY` has
    /// them: `*` is every host; a name may begin with a dot, and stands for the names below it, too,
    /// in any case; `10.0.0.0/8` is a network.
    #[must_use]
    pub fn from_list(list: &str) -> Self {
        let words = list.split([',', ' ', '\t']).filter(|word| !word.is_empty());
        let exceptions = words.map(|word| match word {
            "*" => Exception::All,
            _ => network(word).unwrap_or_else(|| {
                Exception::Host(canonical(word.strip_prefix('.').unwrap_or(word)))
            }),
        });
        Self(exceptions.collect())
    }

    /// Whether `host` is one of them.
    #[must_use]
    pub fn cover(&self, host: &str) -> bool {
        let host = canonical(host);
        let address: Option<IpAddr> = host.parse().ok();
        self.0.iter().any(|exception| match exception {
            Exception::All => true,
            Exception::Network(network, bits) => {
                address.is_some_and(|address| lies_in(address, *network, *bits))
            }
            Exception::Host(name) => match host.strip_suffix(name.as_str()) {
                Some(rest) => {
                    let is_below = rest.ends_with('.') && address.is_none();
                    rest.is_empty() || is_below
                }
                None => false,
            },
        })
    }
}

/// A network, if that is one (RFC 4632 §3.1, RFC 4291 §2.3).
fn network(word: &str) -> Option<Exception> {
    let (address, bits) = word.split_once('/')?;
    let address: IpAddr = canonical(address).parse().ok()?;
    let longest = if address.is_ipv4() { u32::BITS } else { u128::BITS };
    let bits = bits.parse().ok().filter(|bits| *bits <= longest)?;
    Some(Exception::Network(address, bits))
}

fn lies_in(address: IpAddr, network: IpAddr, bits: u32) -> bool {
    // What differs begins behind as many bits as there are zeros.
    match (address, network) {
        (IpAddr::V4(address), IpAddr::V4(network)) => {
            (address.to_bits() ^ network.to_bits()).leading_zeros() >= bits
        }
        (IpAddr::V6(address), IpAddr::V6(network)) => {
            (address.to_bits() ^ network.to_bits()).leading_zeros() >= bits
        }
        _ => false,
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
        let blanks = Exceptions::from_list("a.test b.test\tc.test , d.test");
        for host in ["a.test", "b.test", "c.test", "d.test"] {
            assert!(blanks.cover(host), "{host}");
        }
        assert!(!blanks.cover("a.test b.test"));
        for list in ["", " , ", "."] {
            assert!(!Exceptions::from_list(list).cover("any"), "{list}");
        }
    }

    #[test]
    fn a_network_covers_the_addresses_that_lie_in_it() {
        for (network, inside, outside) in [
            ("127.0.0.0/8", "127.255.0.1", "128.0.0.1"),
            ("10.1.2.3/32", "10.1.2.3", "10.1.2.2"),
            ("192.168.4.0/22", "192.168.7.255", "192.168.8.0"),
            ("0.0.0.0/0", "203.0.113.1", "::1"),
            ("fd00::/8", "fdff::1", "fe00::1"),
            ("[2001:db8::]/32", "2001:db8:1::", "2001:db9::"),
            ("::1/128", "::1", "::2"),
        ] {
            let exceptions = Exceptions::from_list(network);
            assert!(exceptions.cover(inside), "{network} {inside}");
            assert!(!exceptions.cover(outside), "{network} {outside}");
            assert!(!exceptions.cover("localhost"), "{network}");
        }
        for none in ["127.0.0.0/33", "::/129", "127.0.0.0/", "127.0.0.0/x", "a/8", "127/8"] {
            assert!(!Exceptions::from_list(none).cover("127.0.0.0"), "{none}");
        }
    }
}
