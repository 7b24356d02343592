//! The way to a broker.

use std::borrow::Cow;
use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;

use super::{Proxy, Tls, WebSocket};

/// Where a broker is, and what the bytes go through on their way to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// Where it listens: the first that can be reached is taken. At least one.
    pub candidates: Vec<Endpoint>,
    /// Who is asked for SRV records and addresses; `None`: whom the system asks.
    pub dns_server: Option<SocketAddr>,
    /// Name or address of this machine that TCP connects from, be it to the broker or to a proxy;
    /// `None`: the system chooses.
    pub bind_address: Option<String>,
    /// Who connects in our place.
    pub proxy: Option<Proxy>,
    /// TLS over that.
    pub tls: Option<Tls>,
    /// WebSocket over that.
    pub websocket: Option<WebSocket>,
}

/// What MQTT is spoken in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wrapping {
    /// Nothing: by itself.
    Plain,
    /// TLS.
    Tls,
    /// WebSocket, with or without TLS.
    WebSocket,
}

impl Route {
    /// What MQTT is spoken in.
    #[must_use]
    pub fn wrapping(&self) -> Wrapping {
        match (&self.websocket, &self.tls) {
            (Some(_), _) => Wrapping::WebSocket,
            (None, Some(_)) => Wrapping::Tls,
            (None, None) => Wrapping::Plain,
        }
    }
}

impl fmt::Display for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, endpoint) in self.candidates.iter().enumerate() {
            let separator = if index == 0 { "" } else { ", " };
            write!(f, "{separator}{endpoint}")?;
        }
        Ok(())
    }
}

/// Where a broker listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Endpoint {
    /// Over TCP.
    Tcp {
        /// Name or address; an IPv6 address without brackets.
        host: String,
        /// 1 to 65,535.
        port: u16,
    },
    /// On a socket of this machine; the path has 1 to 107 bytes.
    Unix(PathBuf),
    /// Where the SRV records of this name say, such as `_mqtt._tcp.example.org` (RFC 2782).
    Service(String),
}

impl Endpoint {
    /// What it is called, without a port.
    #[must_use]
    pub fn name(&self) -> Cow<'_, str> {
        match self {
            Self::Tcp { host, .. } | Self::Service(host) => host.into(),
            Self::Unix(path) => path.to_string_lossy(),
        }
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp { host, port } if host.contains(':') => write!(f, "[{host}]:{port}"),
            Self::Tcp { host, port } => write!(f, "{host}:{port}"),
            Self::Unix(path) => path.display().fmt(f),
            Self::Service(name) => f.write_str(name),
        }
    }
}
