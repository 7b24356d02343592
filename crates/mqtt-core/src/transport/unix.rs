//! Unix sockets: the bottom of the stack where the broker is on this machine.

use std::path::Path;

use tokio::net::UnixStream;

use super::TransportError;
use crate::plan::Endpoint;

/// Connects to the socket at `path`.
pub(super) async fn connect(path: &Path) -> Result<UnixStream, TransportError> {
    UnixStream::connect(path).await.map_err(|source| TransportError::Connect {
        endpoint: Endpoint::Unix(path.to_owned()),
        source,
    })
}
