//! A plan becomes one byte stream.
//!
//! Each way to reach a broker is one file: TCP lies at the bottom, others wrap the stream below
//! them. Knows neither packets nor MQTT.

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
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::timeout;

use crate::plan::{Endpoint, Route};
pub use proxy::ProxyError;
pub use tls::{SetupError, TlsError, TlsFailure, Unacceptable};
pub use websocket::WebSocketError;

/// Anything bytes go through both ways.
pub trait ByteStream: AsyncRead + AsyncWrite + Unpin {}

impl<S: AsyncRead + AsyncWrite + Unpin> ByteStream for S {}

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub enum TransportError {
    /// The route has no end.
    #[error("there is no broker to connect to")]
    Nowhere,
    /// The name has no address.
    #[error("cannot look up host '{host}'")]
    Lookup {
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
    /// One of several candidates did not answer in its part of the time.
    #[error("no answer from {endpoint} within {:.1} s", .limit.as_secs_f64())]
    NoAnswer {
        /// Which.
        endpoint: Endpoint,
        /// Its part.
        limit: Duration,
    },
    /// None of several candidates could be reached.
    #[error("no broker can be reached: {}", with_causes(.0))]
    NoCandidate(Vec<TransportError>),
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
            Self::Lookup { .. } => "check the name given with -h",
            Self::NoService(_) => "without --srv, -h and -p say where the broker listens",
            Self::Connect { endpoint: Endpoint::Unix(_), source } => match source.kind() {
                io::ErrorKind::ConnectionRefused => "is a broker running there?",
                io::ErrorKind::NotFound => "--unix is the path of the broker's socket",
                _ => return None,
            },
            error if error.is_refusal() => {
                "is a broker running there? -h and -p say where it listens"
            }
            Self::Connect { source, .. } if is_unreachable(source) => {
                "this machine knows no way there: is -h right?"
            }
            Self::NoAnswer { .. } => SILENCE,
            Self::Bind { .. } => "--bind-address is an address of this machine",
            Self::Proxy { source, .. } => return source.hint().map(str::to_owned),
            Self::WebSocket { source, .. } => return source.hint().map(str::to_owned),
            Self::NoCandidate(failures) => return failures.iter().find_map(Self::hint),
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

/// What may help where nothing at all has come.
pub(crate) const SILENCE: &str = "-h and -p may lead elsewhere, or a firewall may be in between; \
     --connect-timeout waits longer";

fn is_unreachable(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable)
}

/// Errors with their causes, in a row.
fn with_causes(errors: &[TransportError]) -> String {
    errors.iter().map(TransportError::with_causes).collect::<Vec<_>>().join("; ")
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

/// Connects to the first candidate that can be reached; fails with what each of them answered.
/// `limit` is for all of them together: each has its part, so that a silent one leaves time for
/// the others.
pub async fn connect(
    prepared: &Prepared,
    route: &Route,
    limit: Duration,
) -> Result<Reached, TransportError> {
    let mut failures = Vec::new();
    let candidates = candidates(route, &mut failures).await;
    let limit = limit / u32::try_from(candidates.len()).unwrap_or(u32::MAX).max(1);
    for endpoint in candidates {
        match timeout(limit, reach(prepared, route, &endpoint)).await {
            Ok(Ok(stream)) => return Ok((stream, endpoint)),
            Ok(Err(error)) => failures.push(error),
            Err(_) => {
                failures.push(TransportError::NoAnswer { endpoint, limit });
            }
        }
    }
    Err(match failures.pop() {
        None => TransportError::Nowhere,
        Some(failure) if failures.is_empty() => failure,
        Some(failure) => {
            failures.push(failure);
            TransportError::NoCandidate(failures)
        }
    })
}

/// The candidates of a route, with the places of a service instead of its name.
async fn candidates(route: &Route, failures: &mut Vec<TransportError>) -> Vec<Endpoint> {
    let mut candidates = Vec::new();
    for endpoint in &route.candidates {
        match endpoint {
            Endpoint::Service(name) => match dns::services(route.dns_server, name).await {
                Ok(places) => candidates.extend(places),
                Err(error) => failures.push(error),
            },
            Endpoint::Tcp { .. } | Endpoint::Unix(_) => candidates.push(endpoint.clone()),
        }
    }
    candidates
}

async fn reach(
    prepared: &Prepared,
    route: &Route,
    endpoint: &Endpoint,
) -> Result<Box<dyn ByteStream>, TransportError> {
    let proxy = route.proxy.as_ref().filter(|proxy| !proxy.exceptions.cover(&endpoint.name()));
    let mut stream: Box<dyn ByteStream> = match (endpoint, proxy) {
        (Endpoint::Tcp { host, port }, None) => Box::new(tcp::connect(route, host, *port).await?),
        (Endpoint::Tcp { host, port }, Some(proxy)) => {
            proxy::connect(route, proxy, host, *port).await?
        }
        (Endpoint::Unix(path), _) => Box::new(unix::connect(path).await?),
        (Endpoint::Service(name), _) => return Err(TransportError::NoService(name.clone())),
    };
    if let Some(tls) = &prepared.tls {
        stream = tls.connect(stream, endpoint).await?;
    }
    if let Some(plan) = &route.websocket {
        stream = Box::new(websocket::connect(route, plan, endpoint, stream).await?);
    }
    Ok(stream)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::net::{TcpListener, TcpSocket, TcpStream};

    fn endpoint(listener: &TcpListener) -> Endpoint {
        let address = listener.local_addr().unwrap();
        Endpoint::Tcp { host: address.ip().to_string(), port: address.port() }
    }

    async fn tried(candidates: Vec<Endpoint>, limit: Duration) -> Result<Endpoint, TransportError> {
        let route = Route {
            candidates,
            dns_server: None,
            bind_address: None,
            proxy: None,
            tls: None,
            websocket: None,
        };
        let prepared = prepare(&route).await?;
        connect(&prepared, &route, limit).await.map(|(_, endpoint)| endpoint)
    }

    fn listening(backlog: u32) -> TcpListener {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        socket.listen(backlog).unwrap()
    }

    /// A listener whose queue is full: who else connects hears nothing.
    async fn silent() -> (TcpListener, TcpStream) {
        let listener = listening(0);
        let only = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        (listener, only)
    }

    #[tokio::test]
    async fn a_silent_candidate_leaves_time_for_the_next() {
        let ((silent, _queued), open) = (silent().await, listening(1));
        let candidates = vec![endpoint(&silent), endpoint(&open)];
        let reached = tried(candidates, Duration::from_secs(1)).await.unwrap();
        assert_eq!(reached, endpoint(&open));
    }

    #[tokio::test]
    async fn silent_candidates_are_each_named() {
        let ((first, _queued), (second, _queued_too)) = (silent().await, silent().await);
        let candidates = vec![endpoint(&first), endpoint(&second)];
        let error = tried(candidates, Duration::from_millis(20)).await.err().unwrap().to_string();
        for place in [endpoint(&first), endpoint(&second)] {
            assert!(error.contains(&format!("no answer from {place} within ")), "{error}");
        }
    }

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
        let limit = Duration::from_secs(1);
        let silent = TransportError::NoAnswer { endpoint: endpoint.clone(), limit };
        assert_eq!(silent.hint().as_deref(), Some(SILENCE));
    }

    #[tokio::test]
    async fn a_route_without_candidates_leads_nowhere() {
        let error = tried(Vec::new(), Duration::from_secs(1)).await.err().unwrap();
        assert!(matches!(error, TransportError::Nowhere), "{error}");
    }
}
