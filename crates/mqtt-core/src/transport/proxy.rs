//! A proxy: a server that connects to the broker in our place.
//!
//! What is asked of the TCP connection, `--bind-address` say, is asked of the one to the proxy.

use std::io;
use std::net::{IpAddr, SocketAddr};

use super::prompt::Prompt;
use super::socks5::{self, Reply, Target};
use super::{ByteStream, TransportError, http_proxy, tcp};
use crate::plan::{Endpoint, Proxy, ProxyProtocol, Route};

/// Why a proxy does not connect us.
#[derive(Debug, thiserror::Error)]
pub enum ProxyError {
    /// The proxy itself, or the broker's name, is out of reach.
    #[error(transparent)]
    Unreachable(Box<TransportError>),
    /// The broker's name cannot be told to such a proxy.
    #[error("a proxy cannot be asked for such a name")]
    Name,
    /// It takes none of the ways to log in that were offered (RFC 1928 §3).
    #[error("the proxy wants another way to log in")]
    NoMethod,
    /// It does not take user name and password (RFC 1929 §2).
    #[error("the proxy refuses the user name and the password")]
    Credentials,
    /// It does not connect us (RFC 1928 §6).
    #[error("the proxy answered: {0}")]
    Refused(Reply),
    /// Its answer is none of SOCKS 5.
    #[error("the proxy does not answer as SOCKS 5 does")]
    NotSocks,
    /// It does not connect us (RFC 9110 §15).
    #[error("the proxy answered {code} {reason}")]
    Status {
        /// The status code.
        code: u16,
        /// Its words, as they came.
        reason: String,
    },
    /// Its answer is none of HTTP.
    #[error("the proxy does not answer as HTTP does")]
    NotHttp,
    /// Its answer does not end.
    #[error("the proxy's answer is too long")]
    LongAnswer,
    /// It closed the connection.
    #[error("the proxy closed the connection")]
    Closed,
    /// The connection to it broke.
    #[error("the connection to the proxy was lost")]
    Stream(#[source] io::Error),
}

impl From<io::Error> for ProxyError {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::UnexpectedEof => Self::Closed,
            _ => Self::Stream(error),
        }
    }
}

impl ProxyError {
    /// What would help.
    pub(super) fn hint(&self) -> Option<&'static str> {
        Some(match self {
            Self::Unreachable(_) => "--proxy says where the proxy listens",
            Self::NoMethod | Self::Credentials | Self::Status { code: 401 | 407, .. } => {
                "user name and password stand in --proxy: ...://USER:PASSWORD@HOST:PORT"
            }
            Self::NotSocks => "is it a proxy for HTTP? --proxy http://... is for those",
            Self::NotHttp => "is it a proxy for SOCKS 5? --proxy socks5h://... is for those",
            _ => return None,
        })
    }
}

/// Connects to `host` through the proxy.
pub(super) async fn connect(
    route: &Route,
    proxy: &Proxy,
    host: &str,
    port: u16,
) -> Result<Box<dyn ByteStream>, TransportError> {
    let way = Way { route, proxy };
    let connected = match proxy.protocol {
        ProxyProtocol::Http => way.by_http(host, port).await,
        ProxyProtocol::Socks5h => match host.parse::<IpAddr>() {
            Ok(literal) => way.by_socks(&Target::Address(SocketAddr::new(literal, port))).await,
            Err(_) => way.by_socks(&Target::Name(host, port)).await,
        },
        ProxyProtocol::Socks5 => way.by_socks_to_any(host, port).await,
    };
    connected.map_err(|source| TransportError::Proxy {
        proxy: proxy.to_string(),
        endpoint: Endpoint::Tcp { host: host.to_owned(), port },
        source,
    })
}

/// The way that begins at a proxy.
struct Way<'a> {
    route: &'a Route,
    proxy: &'a Proxy,
}

type Connected = Result<Box<dyn ByteStream>, ProxyError>;

impl Way<'_> {
    async fn to_proxy(&self) -> Result<Prompt, ProxyError> {
        let Proxy { host, port, .. } = self.proxy;
        tcp::connect(self.route, host, *port).await.map_err(unreachable)
    }

    async fn by_http(&self, host: &str, port: u16) -> Connected {
        let stream = self.to_proxy().await?;
        let credentials = self.proxy.credentials.as_ref();
        Ok(Box::new(http_proxy::connect(stream, credentials, host, port).await?))
    }

    async fn by_socks(&self, target: &Target<'_>) -> Connected {
        let mut stream = self.to_proxy().await?;
        socks5::connect(&mut stream, self.proxy.credentials.as_ref(), target).await?;
        Ok(Box::new(stream))
    }

    /// Looks the name up here, and takes the first address that the proxy can connect to.
    async fn by_socks_to_any(&self, host: &str, port: u16) -> Connected {
        let mut failure = ProxyError::Name;
        let addresses = tcp::look_up(self.route.dns_server, host, port).await;
        for address in addresses.map_err(unreachable)? {
            match self.by_socks(&Target::Address(address)).await {
                Err(ProxyError::Refused(reply)) => failure = ProxyError::Refused(reply),
                connected => return connected,
            }
        }
        Err(failure)
    }
}

fn unreachable(error: TransportError) -> ProxyError {
    ProxyError::Unreachable(Box::new(error))
}
