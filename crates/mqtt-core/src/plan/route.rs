//! The way to a broker.

use std::fmt;

/// Where a broker is, and what the bytes go through on their way to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// Where it listens: the first that can be reached is taken. At least one.
    pub candidates: Vec<Endpoint>,
}

impl Route {
    /// Straight to one place.
    #[must_use]
    pub fn to(endpoint: Endpoint) -> Self {
        Self { candidates: vec![endpoint] }
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
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp { host, port } if host.contains(':') => write!(f, "[{host}]:{port}"),
            Self::Tcp { host, port } => write!(f, "{host}:{port}"),
        }
    }
}
