//! A plan becomes one byte stream.
//!
//! Each way to reach a broker is one file: TCP lies at the bottom, others wrap the stream below
//! them. Knows neither packets nor MQTT.

mod awaited;
mod deadline;
mod dns;
mod dns_query;
pub mod http_proxy;
mod prompt;
mod proxy;
mod race;
pub mod socks5;
mod tcp;
mod tls;
mod unix;
mod websocket;

use std::error::Error;
use std::io;
use std::net::{IpAddr, Ipv6Addr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};

use crate::plan::{Endpoint, Route};
pub use awaited::{Awaited, Party};
pub use deadline::{Deadline, in_seconds};
pub use proxy::ProxyError;
pub use tls::{SetupError, TlsError, TlsFailure, Unacceptable};
pub use websocket::WebSocketError;

/// Anything bytes go through both ways.
pub trait ByteStream: AsyncRead + AsyncWrite + Unpin {}

impl<S: AsyncRead + AsyncWrite + Unpin> ByteStream for S {}

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub enum TransportError {
    /// The name has no address.
    #[error("cannot look up host '{host}'")]
    Lookup {
        /// Whose.
        party: Party,
        /// The name.
        host: String,
        /// The resolver's answer.
        source: io::Error,
    },
    /// Nobody offers the service that was asked for.
    #[error("there is no service {0} (no SRV record)")]
    NoService(String),
    /// The SRV records could not be asked for.
    #[error("cannot look up the service {service} (--srv)")]
    ServiceLookup {
        /// Its name in DNS.
        service: String,
        /// Why.
        source: io::Error,
    },
    /// No address of the name could be connected to.
    #[error("cannot connect to {endpoint}")]
    Connect {
        /// Where to.
        endpoint: Endpoint,
        /// What the last address tried answered.
        source: io::Error,
    },
    /// Somebody did not answer in time.
    #[error("no answer {awaited} within {}", in_seconds(*.limit))]
    NoAnswer {
        /// Who, and to what.
        awaited: Awaited,
        /// The time for the whole way to this broker.
        limit: Duration,
    },
    /// The name to connect from has no address.
    #[error("cannot look up '{name}' (--bind-address)")]
    BindLookup {
        /// The name.
        name: String,
        /// The resolver's answer.
        source: io::Error,
    },
    /// The address to connect from is not ours.
    #[error("cannot connect from {address} (--bind-address)")]
    Bind {
        /// The address.
        address: IpAddr,
        /// Why.
        source: io::Error,
    },
    /// A file that the connection needs.
    #[error("cannot read '{}' ({option})", .path.display())]
    File {
        /// The option that names it.
        option: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The broker cannot be reached through the proxy.
    #[error("cannot reach {endpoint} through {proxy}")]
    Proxy {
        /// The proxy, without user and password.
        proxy: String,
        /// The broker.
        endpoint: Endpoint,
        /// Why.
        source: ProxyError,
    },
    /// The broker's web server does not let us speak MQTT.
    #[error("cannot open a WebSocket at {endpoint}")]
    WebSocket {
        /// The broker.
        endpoint: Endpoint,
        /// Why.
        source: WebSocketError,
    },
    /// TLS cannot even begin.
    #[error(transparent)]
    Setup(#[from] SetupError),
    /// The broker can be reached, but not by TLS.
    #[error("no TLS with {endpoint}")]
    Tls {
        /// The broker.
        endpoint: Endpoint,
        /// Why.
        source: TlsFailure,
    },
}

impl TransportError {
    /// What would help.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Lookup { party: Party::Broker, .. } => "check the name given with -h",
            Self::Lookup { party: Party::Proxy, .. } => "--proxy says where the proxy listens",
            Self::ServiceLookup { .. } => "--dns-server asks another DNS server",
            Self::NoService(_) => "without --srv, -h and -p say where the broker listens",
            Self::Connect { endpoint: Endpoint::Unix(_), source } => match source.kind() {
                io::ErrorKind::ConnectionRefused => "is a broker running there?",
                io::ErrorKind::NotFound => "--unix is the path of the broker's socket",
                io::ErrorKind::PermissionDenied => {
                    "the mode and the owner of the socket, and of the folders above it, say who may \
                     connect"
                }
                _ => return None,
            },
            error if error.is_refusal() => {
                "is a broker running there? -h and -p say where it listens"
            }
            Self::Connect { source, .. } if is_unreachable(source) => {
                "this machine knows no way there: is -h right?"
            }
            Self::Connect { endpoint: Endpoint::Tcp { host, .. }, source }
                if source.kind() == io::ErrorKind::InvalidInput && is_of_a_link(host) =>
            {
                "such an address needs the name of the interface behind it: fe80::5%eth0"
            }
            Self::NoAnswer { awaited, .. } => awaited.hint(),
            Self::BindLookup { .. } | Self::Bind { .. } => {
                "--bind-address is an address of this machine"
            }
            Self::Proxy { source, .. } => return source.hint(),
            Self::WebSocket { source, .. } => return source.hint().map(str::to_owned),
            Self::Setup(error) => error.hint()?,
            Self::Tls { source, .. } => source.hint()?,
            _ => return None,
        };
        Some(hint.to_owned())
    }

    /// Whether nobody listens there.
    fn is_refusal(&self) -> bool {
        matches!(self, Self::Connect { source, .. }
            if source.kind() == io::ErrorKind::ConnectionRefused)
    }

    /// Whether somebody was reached, who cut the connection before it was seen to stand: where nobody
    /// listens, the connection is refused.
    pub(crate) fn is_reset(&self) -> bool {
        matches!(self, Self::Connect { source, .. }
            if source.kind() == io::ErrorKind::ConnectionReset)
    }

    /// The error and its causes on one line.
    fn with_causes(&self) -> String {
        let chain = std::iter::successors(Some(self as &dyn Error), |&error| error.source());
        chain.map(ToString::to_string).collect::<Vec<_>>().join(": ")
    }

    /// What an error of a stream to `endpoint` says about a wrapper of the stream; any other error
    /// comes back.
    pub fn of_stream(endpoint: &Endpoint, error: io::Error) -> Result<Self, io::Error> {
        tls::of_stream(error).map(|source| Self::Tls { endpoint: endpoint.clone(), source })
    }

    fn file(option: &'static str, path: &Path, source: io::Error) -> Self {
        Self::File { option, path: path.to_owned(), source }
    }
}

/// Whether the address means something on one link only, and does not say which (RFC 4007 §6).
fn is_of_a_link(host: &str) -> bool {
    host.parse().is_ok_and(|address: Ipv6Addr| address.is_unicast_link_local())
}

fn is_unreachable(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable)
}

/// A stream to a broker, and where it listens.
pub type Reached = (Box<dyn ByteStream>, Endpoint);

/// What connections have in common, made once for all of them.
pub struct Prepared {
    tls: Option<tls::Connector>,
}

/// Reads what the way to a broker needs, before anything is connected. May ask the user for the
/// passphrase of a key, and so take any time.
pub async fn prepare(route: &Route) -> Result<Prepared, TransportError> {
    let tls = match &route.tls {
        Some(tls) => Some(tls::Connector::new(tls).await?),
        None => None,
    };
    Ok(Prepared { tls })
}

/// Where the SRV records of `service` say that brokers are, in the order to try them.
pub async fn services(
    route: &Route,
    service: &str,
    deadline: Deadline,
) -> Result<Vec<Endpoint>, TransportError> {
    let awaited = || Awaited::Service(service.to_owned());
    deadline.answer(awaited, dns::services(route.dns_server, service)).await
}

/// Connects to a candidate of the route.
pub async fn connect(
    prepared: &Prepared,
    route: &Route,
    endpoint: Endpoint,
    deadline: Deadline,
) -> Result<Reached, TransportError> {
    // All layers together are large, and would lie in each future around them.
    let stream = Box::pin(reach(prepared, route, &endpoint, deadline)).await?;
    Ok((stream, endpoint))
}

async fn reach(
    prepared: &Prepared,
    route: &Route,
    endpoint: &Endpoint,
    deadline: Deadline,
) -> Result<Box<dyn ByteStream>, TransportError> {
    let proxy = route.proxy.as_ref().filter(|proxy| !proxy.exceptions.cover(&endpoint.name()));
    let mut stream: Box<dyn ByteStream> = match (endpoint, proxy) {
        (Endpoint::Tcp { host, port }, None) => {
            Box::new(tcp::connect(route, Party::Broker, host, *port, deadline).await?)
        }
        (Endpoint::Tcp { host, port }, Some(proxy)) => {
            proxy::connect(route, proxy, host, *port, deadline).await?
        }
        (Endpoint::Unix(path), _) => {
            let awaited = || Awaited::Connection(Party::Broker, endpoint.clone());
            Box::new(deadline.answer(awaited, unix::connect(path)).await?)
        }
        (Endpoint::Service(name), _) => return Err(TransportError::NoService(name.clone())),
    };
    if let Some(tls) = &prepared.tls {
        let awaited = || Awaited::Tls(endpoint.clone());
        stream = deadline.answer(awaited, tls.connect(stream, endpoint)).await?;
    }
    if let Some(plan) = &route.websocket {
        let awaited = || Awaited::WebSocket(endpoint.clone());
        let opening = websocket::connect(route, plan, endpoint, stream);
        stream = Box::new(deadline.answer(awaited, opening).await?);
    }
    Ok(stream)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_reached_is_told_from_what_is_silent() {
        let endpoint = Endpoint::Tcp { host: "broker".to_owned(), port: 1 };
        let hint = |kind: io::ErrorKind| {
            let source = kind.into();
            TransportError::Connect { endpoint: endpoint.clone(), source }.hint()
        };
        let unreachable = Some("this machine knows no way there: is -h right?".to_owned());
        assert_eq!(hint(io::ErrorKind::HostUnreachable), unreachable);
        assert_eq!(hint(io::ErrorKind::NetworkUnreachable), unreachable);
        let refused = Some("is a broker running there? -h and -p say where it listens".to_owned());
        assert_eq!(hint(io::ErrorKind::ConnectionRefused), refused);
        let awaited = Awaited::Connection(Party::Broker, endpoint.clone());
        let silent = TransportError::NoAnswer { awaited, limit: Duration::from_secs(1) };
        assert!(silent.hint().unwrap().contains("a firewall may be in between"));
    }

    #[test]
    fn an_address_of_a_link_without_its_interface_is_told_what_it_needs() {
        let hint = |host: &str| {
            let endpoint = Endpoint::Tcp { host: host.to_owned(), port: 1 };
            let source = io::ErrorKind::InvalidInput.into();
            TransportError::Connect { endpoint, source }.hint()
        };
        assert!(hint("fe80::5").unwrap().contains("fe80::5%eth0"));
        for other in ["fe80::5%lo", "2001:db8::1", "broker"] {
            assert_eq!(hint(other), None);
        }
    }

    #[test]
    fn a_socket_that_is_not_for_us_is_told_with_who_decides() {
        let endpoint = Endpoint::Unix("/run/socket".into());
        let source = io::ErrorKind::PermissionDenied.into();
        let hint = TransportError::Connect { endpoint, source }.hint().unwrap();
        assert!(hint.starts_with("the mode and the owner of the socket, "), "{hint}");
    }
}
