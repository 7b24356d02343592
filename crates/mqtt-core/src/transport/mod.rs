//! A plan becomes one byte stream.
//!
//! Each way to reach a broker is one file: TCP lies at the bottom, others wrap the stream below
//! them. Knows neither packets nor MQTT.

mod tcp;

use std::io;

use tokio::io::{AsyncRead, AsyncWrite};

use crate::plan::{Endpoint, Route};

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
}

impl TransportError {
    /// What would help.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Lookup { .. } => Some("check the name given with -h".to_owned()),
            Self::Connect { source, .. } if source.kind() == io::ErrorKind::ConnectionRefused => {
                Some("is a broker running there? -h and -p say where it listens".to_owned())
            }
            Self::Connect { .. } | Self::Nowhere => None,
        }
    }
}

/// A stream to a broker, and where it listens.
pub type Reached = (Box<dyn ByteStream>, Endpoint);

/// Connects to the first candidate that can be reached; fails with what the last one answered.
/// Takes as long as the operating system does: the caller sets the time limit.
pub async fn connect(route: &Route) -> Result<Reached, TransportError> {
    let mut failure = TransportError::Nowhere;
    for endpoint in &route.candidates {
        match reach(endpoint).await {
            Ok(stream) => return Ok((stream, endpoint.clone())),
            Err(error) => failure = error,
        }
    }
    Err(failure)
}

async fn reach(endpoint: &Endpoint) -> Result<Box<dyn ByteStream>, TransportError> {
    match endpoint {
        Endpoint::Tcp { host, port } => {
            let stream = tcp::connect(endpoint, host, *port).await?;
            Ok(Box::new(stream))
        }
    }
}
