//! TCP: the bottom of every stack.

use std::io;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};

use tokio::net::{TcpStream, lookup_host};

use super::TransportError;
use crate::plan::Endpoint;

/// Tries the addresses of `host` in the resolver's order.
pub(super) async fn connect(
    endpoint: &Endpoint,
    host: &str,
    port: u16,
) -> Result<TcpStream, TransportError> {
    let addresses = addresses(host, port)
        .await
        .map_err(|source| TransportError::Lookup { host: host.to_owned(), source })?;
    let mut failure = io::Error::new(io::ErrorKind::NotFound, "the name has no address");
    for address in addresses {
        match TcpStream::connect(address).await {
            Ok(stream) => return Ok(stream),
            Err(error) => failure = error,
        }
    }
    Err(TransportError::Connect { endpoint: endpoint.clone(), source: failure })
}

/// Looks a name up. Literals need no resolver, and `localhost` none that could block, so neither
/// costs the thread that tokio starts for the resolver.
async fn addresses(host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
    if let Ok(literal) = host.parse::<IpAddr>() {
        return Ok(vec![SocketAddr::new(literal, port)]);
    }
    if host == "localhost" {
        return Ok((host, port).to_socket_addrs()?.collect());
    }
    Ok(lookup_host((host, port)).await?.collect())
}
