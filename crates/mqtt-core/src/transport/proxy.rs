//! A proxy: a server that connects to the broker in our place.
//!
//! What is asked of the TCP connection, `--bind-address` say, is asked of the one to the proxy.

use std::io;
use std::net::{IpAddr, SocketAddr};

use super::prompt::Prompt;
use super::socks5::{self, Reply, Target};
use super::{Awaited, ByteStream, Deadline, Party, TransportError, http_proxy, tcp};
use crate::plan::{Endpoint, Proxy, ProxyProtocol, Route};

/// Why a proxy does not connect us.
#[derive(Debug, thiserror::Error)]
pub enum ProxyError {
    /// The proxy itself, or the broker's name, is out of reach; or the proxy is silent.
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

impl From<TransportError> for ProxyError {
    fn from(error: TransportError) -> Self {
        Self::Unreachable(Box::new(error))
    }
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
    pub(super) fn hint(&self) -> Option<String> {
        let hint = match self {
            // No other connection is made than the one to the proxy.
            Self::Unreachable(error) if matches!(**error, TransportError::Connect { .. }) => {
                "--proxy says where the proxy listens"
            }
            Self::Unreachable(error) => return error.hint(),
            Self::NoMethod | Self::Credentials | Self::Status { code: 401 | 407, .. } => {
                "user name and password stand in --proxy: ...://USER:PASSWORD@HOST:PORT"
            }
            Self::Refused(Reply(2)) | Self::Status { code: 403, .. } => {
                "its rules may allow other hosts (-h) or ports (-p)"
            }
            Self::Refused(Reply(1)) => "its log may say why: whether it reaches -h and -p, say",
            Self::Refused(Reply(3..=5)) | Self::Status { code: 502..=504, .. } => {
                "-h and -p say where the broker listens, as the proxy sees it"
            }
            Self::NotSocks => "is it a proxy for HTTP? --proxy http://... is for those",
            Self::NotHttp => "is it a proxy for SOCKS 5? --proxy socks5h://... is for those",
            _ => return None,
        };
        Some(hint.to_owned())
    }
}

/// Connects to `host` through the proxy.
pub(super) async fn connect(
    route: &Route,
    proxy: &Proxy,
    host: &str,
    port: u16,
    deadline: Deadline,
) -> Result<Box<dyn ByteStream>, TransportError> {
    let way = Way { route, proxy, deadline };
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
    deadline: Deadline,
}

type Connected = Result<Box<dyn ByteStream>, ProxyError>;

impl Way<'_> {
    async fn to_proxy(&self) -> Result<Prompt, TransportError> {
        let Proxy { host, port, .. } = self.proxy;
        tcp::connect(self.route, Party::Proxy, host, *port, self.deadline).await
    }

    async fn by_http(&self, host: &str, port: u16) -> Connected {
        let stream = self.to_proxy().await?;
        let credentials = self.proxy.credentials.as_ref();
        let asking = http_proxy::connect(stream, credentials, host, port);
        Ok(Box::new(self.deadline.answer(|| Awaited::Proxy, asking).await?))
    }

    async fn by_socks(&self, target: &Target<'_>) -> Connected {
        let mut stream = self.to_proxy().await?;
        let asking = socks5::connect(&mut stream, self.proxy.credentials.as_ref(), target);
        self.deadline.answer(|| Awaited::Proxy, asking).await?;
        Ok(Box::new(stream))
    }

    /// Looks the name up here, and takes the first address that the proxy can connect to.
    async fn by_socks_to_any(&self, host: &str, port: u16) -> Connected {
        let mut failure = ProxyError::Name;
        for address in tcp::look_up(self.route, Party::Broker, host, port, self.deadline).await? {
            match self.by_socks(&Target::Address(address)).await {
                Err(ProxyError::Refused(reply)) => failure = ProxyError::Refused(reply),
                connected => return connected,
            }
        }
        Err(failure)
    }
}
