//! What is waited for on the way to a broker: who is told to be silent, and what may help.

use std::fmt;
use std::future::Future;

use super::{Deadline, TransportError};
use crate::plan::Endpoint;

/// Whom a connection goes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Party {
    /// The broker, or the web server before it.
    Broker,
    /// The proxy.
    Proxy,
}

/// What somebody has to answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Awaited {
    /// The look-up of a service's SRV records.
    Service(String),
    /// The look-up of a host's addresses.
    Host(Party, String),
    /// The look-up of the name to connect from.
    BindAddress(String),
    /// A connection.
    Connection(Party, Endpoint),
    /// That the proxy connects us.
    Proxy,
    /// The handshake of TLS with the broker.
    Tls(Endpoint),
    /// That the broker's web server opens a WebSocket.
    WebSocket(Endpoint),
}

impl Awaited {
    /// What may help where it has not come.
    pub(super) fn hint(&self) -> &'static str {
        match self {
            Self::Service(_) => {
                "no DNS server answers: --dns-server asks another one; without --srv, -h and -p say \
                 where the broker listens"
            }
            Self::Host(Party::Broker, _) => {
                "no DNS server answers: --dns-server asks another one, and -h may be an address"
            }
            Self::Host(Party::Proxy, _) => {
                "no DNS server answers: --dns-server asks another one, and the host in --proxy may be \
                 an address"
            }
            Self::BindAddress(_) => "no DNS server answers: --bind-address may be an address",
            Self::Connection(Party::Broker, Endpoint::Unix(_)) => {
                "more wait there than the broker lets in: is it busy, or has it been stopped?"
            }
            Self::Connection(Party::Broker, _) => {
                "-h and -p may lead elsewhere, or a firewall may be in between; \
                 --connect-timeout waits longer"
            }
            Self::Connection(Party::Proxy, _) => {
                "--proxy may lead elsewhere, or a firewall may be in between; \
                 --connect-timeout waits longer"
            }
            Self::Proxy => {
                "--proxy may lead to something else than such a proxy, or the proxy reaches no broker \
                 at -h and -p; --connect-timeout waits longer"
            }
            Self::Tls(_) => {
                "that port (-p) may be for something else than TLS: for plain MQTT (--no-tls), say; \
                 --connect-timeout waits longer"
            }
            Self::WebSocket(_) => {
                "that port (-p) may be for something else than WebSocket: for plain MQTT (without \
                 --ws), say; --connect-timeout waits longer"
            }
        }
    }
}

impl fmt::Display for Awaited {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Service(service) => write!(f, "to the look-up of the service {service} (--srv)"),
            Self::Host(Party::Broker, host) => write!(f, "to the look-up of host '{host}'"),
            Self::Host(Party::Proxy, host) => {
                write!(f, "to the look-up of the proxy's host '{host}'")
            }
            Self::BindAddress(name) => write!(f, "to the look-up of '{name}' (--bind-address)"),
            Self::Connection(_, endpoint) => write!(f, "from {endpoint}"),
            Self::Proxy => f.write_str("from the proxy"),
            Self::Tls(endpoint) => write!(f, "to TLS from {endpoint}"),
            Self::WebSocket(endpoint) => {
                write!(f, "to the request for a WebSocket from {endpoint}")
            }
        }
    }
}

impl Deadline {
    /// Waits for `answer`; silence is an error of its own, which names who should have spoken.
    pub(super) async fn answer<T, E: From<TransportError>>(
        self,
        awaited: impl FnOnce() -> Awaited,
        answer: impl Future<Output = Result<T, E>>,
    ) -> Result<T, E> {
        match self.wait_for(answer).await {
            Ok(answer) => answer,
            Err(limit) => Err(TransportError::NoAnswer { awaited: awaited(), limit }.into()),
        }
    }
}
