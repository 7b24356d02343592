//! A server that connects to the broker in our place.

use std::fmt;

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
