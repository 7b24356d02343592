//! What the peer has around a connection: TLS or WebSocket frames.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::sync::Arc;

use anyhow::Context;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use tokio_tungstenite::tungstenite::handshake::server::{Request, Response};
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::{Bytes, Error, Message, WebSocket, accept_hdr};

/// What is around a connection.
#[derive(Clone, Debug)]
pub(super) enum Wrapper {
    None,
    Tls(Arc<ServerConfig>),
    WebSocket,
}

/// A wrapped stream.
pub(super) trait Stream: Read + Write {}

impl<S: Read + Write> Stream for S {}

impl Wrapper {
    /// TLS with a certificate and its key, which are files.
    pub(super) fn tls(certificate: &Path, key: &Path) -> anyhow::Result<Self> {
        let chain = vec![CertificateDer::from_pem_file(certificate).context("no certificate")?];
        let key = PrivateKeyDer::from_pem_file(key).context("no key")?;
        let config = ServerConfig::builder().with_no_client_auth().with_single_cert(chain, key)?;
        Ok(Self::Tls(Arc::new(config)))
    }

    /// Puts it around a connection.
    pub(super) fn wrap(&self, stream: TcpStream) -> io::Result<Box<dyn Stream>> {
        Ok(match self {
            Self::None => Box::new(stream),
            Self::Tls(config) => {
                let connection = ServerConnection::new(Arc::clone(config));
                let connection = connection.map_err(io::Error::other)?;
                Box::new(StreamOwned::new(connection, stream))
            }
            Self::WebSocket => Box::new(Frames::accept(stream)?),
        })
    }
}

/// The bytes in WebSocket frames.
struct Frames {
    socket: WebSocket<TcpStream>,
    /// What of the last frame was not read yet.
    rest: Bytes,
}

impl Frames {
    #[expect(clippy::result_large_err, reason = "the callback's type is tungstenite's")]
    fn accept(stream: TcpStream) -> io::Result<Self> {
        let with_protocol = |_: &Request, mut response: Response| {
            let mqtt = HeaderValue::from_static("mqtt");
            response.headers_mut().insert("Sec-WebSocket-Protocol", mqtt);
            Ok(response)
        };
        let socket = accept_hdr(stream, with_protocol);
        let socket = socket.map_err(|error| io::Error::other(error.to_string()))?;
        Ok(Self { socket, rest: Bytes::new() })
    }
}

impl Read for Frames {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.rest.is_empty() {
            match self.socket.read() {
                Ok(Message::Binary(bytes)) => self.rest = bytes,
                Ok(_) => {}
                Err(Error::ConnectionClosed) => return Ok(0),
                Err(error) => return Err(io::Error::other(error)),
            }
        }
        let some = self.rest.len().min(buffer.len());
        let part = self.rest.split_to(some);
        buffer.iter_mut().zip(part).for_each(|(to, from)| *to = from);
        Ok(some)
    }
}

impl Write for Frames {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.socket.send(Message::binary(bytes.to_vec())).map_err(io::Error::other)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.socket.flush().map_err(io::Error::other)
    }
}
