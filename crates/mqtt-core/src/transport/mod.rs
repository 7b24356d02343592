//! A plan becomes one byte stream.
//!
//! Each way to reach a broker is one file: TCP lies at the bottom, others wrap the stream below
//! them. Knows neither packets nor MQTT.

mod tcp;
mod tls;
mod unix;

use std::io;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::timeout;

pub use tls::{SetupError, TlsError};

use crate::plan::{Authentication, Endpoint, Route, Tls};

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
    /// TLS cannot even begin.
    #[error(transparent)]
    Setup(#[from] SetupError),
    /// The broker can be reached, but not by TLS.
    #[error("no TLS with {endpoint}")]
    Tls {
        /// The broker.
        endpoint: Endpoint,
        /// Why.
        source: TlsError,
    },
    /// The route asks for what this build does not have.
    #[error("this build has no {}", .0.join(", no "))]
    NotInThisBuild(Vec<&'static str>),
}

impl TransportError {
    /// What would help.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Lookup { .. } => "check the name given with -h",
            Self::Connect { endpoint: Endpoint::Unix(_), source } => match source.kind() {
                io::ErrorKind::ConnectionRefused => "is a broker running there?",
                io::ErrorKind::NotFound => "--unix is the path of the broker's socket",
                _ => return None,
            },
            Self::Connect { source, .. } if source.kind() == io::ErrorKind::ConnectionRefused => {
                "is a broker running there? -h and -p say where it listens"
            }
            Self::Bind { .. } => "--bind-address is an address of this machine",
            Self::NoCandidate(failures) => return failures.iter().find_map(Self::hint),
            Self::Setup(error) => error.hint()?,
            Self::Tls { source, .. } => source.hint()?,
            _ => return None,
        };
        Some(hint.to_owned())
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

/// Errors with their causes, in a row.
fn with_causes(errors: &[TransportError]) -> String {
    let texts = errors.iter().map(|error| {
        let causes =
            std::iter::successors(std::error::Error::source(error), |cause| cause.source());
        causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
    });
    texts.collect::<Vec<_>>().join("; ")
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
    refuse_what_is_not_in_this_build(route)?;
    let tls = match &route.tls {
        Some(tls) => match &tls.authentication {
            Authentication::Certificates(certificates) => {
                Some(tls::Connector::new(tls, certificates).await?)
            }
            Authentication::PreSharedKey { .. } => {
                return Err(TransportError::NotInThisBuild(vec![PSK]));
            }
        },
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
    let candidates = u32::try_from(route.candidates.len()).unwrap_or(u32::MAX);
    let limit = limit / candidates.max(1);
    let mut failures = Vec::new();
    for endpoint in &route.candidates {
        match timeout(limit, reach(prepared, route, endpoint)).await {
            Ok(Ok(stream)) => return Ok((stream, endpoint.clone())),
            Ok(Err(error)) => failures.push(error),
            Err(_) => {
                failures.push(TransportError::NoAnswer { endpoint: endpoint.clone(), limit });
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

async fn reach(
    prepared: &Prepared,
    route: &Route,
    endpoint: &Endpoint,
) -> Result<Box<dyn ByteStream>, TransportError> {
    let stream: Box<dyn ByteStream> = match endpoint {
        Endpoint::Tcp { host, port } => Box::new(tcp::connect(&route.tcp, host, *port).await?),
        Endpoint::Unix(path) => Box::new(unix::connect(path).await?),
        Endpoint::Service(_) => return Err(TransportError::NotInThisBuild(vec![SRV])),
    };
    match &prepared.tls {
        Some(tls) => Ok(Box::new(tls.connect(stream, endpoint).await?)),
        None => Ok(stream),
    }
}

const PSK: &str = "TLS (--psk)";

const SRV: &str = "SRV look-up (--srv)";

/// Nothing may go out in plain, or past a proxy, where the user asked for more.
fn refuse_what_is_not_in_this_build(route: &Route) -> Result<(), TransportError> {
    let is_service = |endpoint: &Endpoint| matches!(endpoint, Endpoint::Service(_));
    let has_psk = |tls: &Tls| matches!(tls.authentication, Authentication::PreSharedKey { .. });
    let missing: Vec<_> = [
        route.tls.as_ref().is_some_and(has_psk).then_some(PSK),
        route.websocket.is_some().then_some("WebSocket (--ws)"),
        route.proxy.is_some().then_some("proxies (--proxy)"),
        route.candidates.iter().any(is_service).then_some(SRV),
    ]
    .into_iter()
    .flatten()
    .collect();
    if missing.is_empty() { Ok(()) } else { Err(TransportError::NotInThisBuild(missing)) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::TcpOptions;
    use tokio::net::{TcpListener, TcpSocket, TcpStream};

    fn endpoint(listener: &TcpListener) -> Endpoint {
        let address = listener.local_addr().unwrap();
        Endpoint::Tcp { host: address.ip().to_string(), port: address.port() }
    }

    async fn tried(candidates: Vec<Endpoint>, limit: Duration) -> Result<Endpoint, TransportError> {
        let tcp = TcpOptions::default();
        let route = Route { candidates, tcp, proxy: None, tls: None, websocket: None };
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

    #[tokio::test]
    async fn a_route_without_candidates_leads_nowhere() {
        let error = tried(Vec::new(), Duration::from_secs(1)).await.err().unwrap();
        assert!(matches!(error, TransportError::Nowhere), "{error}");
    }
}
