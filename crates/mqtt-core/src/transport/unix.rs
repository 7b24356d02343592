//! Unix sockets: the bottom of the stack where the broker is on this machine.

use std::io;
use std::path::Path;
use std::time::Duration;

use tokio::net::UnixStream;
use tokio::time::sleep;

use super::TransportError;
use crate::plan::Endpoint;

/// Nothing tells when there is room in the queue of a socket.
const PAUSE: Duration = Duration::from_millis(10);

/// Connects to the socket at `path`; where more wait than there is room for, as soon as there is.
pub(super) async fn connect(path: &Path) -> Result<UnixStream, TransportError> {
    loop {
        match UnixStream::connect(path).await {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => sleep(PAUSE).await,
            connected => {
                return connected.map_err(|source| TransportError::Connect {
                    endpoint: Endpoint::Unix(path.to_owned()),
                    source,
                });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::pin::pin;
    use tokio::net::UnixSocket;
    use tokio::time::timeout;

    #[tokio::test]
    async fn a_full_queue_is_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("socket");
        let socket = UnixSocket::new_stream().unwrap();
        socket.bind(&path).unwrap();
        let listener = socket.listen(0).unwrap();
        let _queued = connect(&path).await.unwrap();
        let mut waiting = pin!(connect(&path));
        assert!(timeout(Duration::ZERO, waiting.as_mut()).await.is_err(), "it waits");
        let _first = listener.accept().await.unwrap();
        waiting.await.unwrap();
    }
}
