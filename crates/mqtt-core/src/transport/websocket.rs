//! WebSocket: MQTT in binary frames (RFC 6455, MQTT 5 §6).
//!
//! Frames are tungstenite's. What is made of them here is a stream of bytes: where a frame begins
//! and ends means nothing to MQTT, so each block that is written becomes one, and a message that
//! has come is read in as many pieces as its reader wants.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use futures_util::{Sink, Stream};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_tungstenite::tungstenite::error::{CapacityError, ProtocolError, SubProtocolError};
use tokio_tungstenite::tungstenite::handshake::client::{Request, generate_key};
use tokio_tungstenite::tungstenite::http::header::{self, HeaderValue};
use tokio_tungstenite::tungstenite::http::{self, StatusCode};
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, client_async_with_config};

use super::{ByteStream, TransportError};
use crate::plan::{Endpoint, Route, WebSocket};

/// Ports that a Host field does not name (RFC 9110 §4.2).
const HTTP: u16 = 80;
const HTTPS: u16 = 443;

/// At most so much of what is written goes into one frame, and is copied for it.
const WRITE_SIZE: usize = 64 * 1024;

/// What one frame of ours takes at most: its header, with the mask, has up to 14 bytes (RFC 6455 §5.2).
const LONGEST_FRAME: usize = 14 + WRITE_SIZE;

/// So much is asked for at a time.
const READ_SIZE: usize = 64 * 1024;

/// The largest message that is taken: the largest packet with its header. A frame's claim of more
/// must not reserve memory.
const LONGEST_MESSAGE: usize = 5 + 268_435_455;

/// Why there is no WebSocket.
#[derive(Debug, thiserror::Error)]
pub enum WebSocketError {
    /// The request cannot be written: a path or a header field that HTTP does not have.
    #[error("the request is not one of HTTP: {0}")]
    Request(Error),
    /// The server answered as a web server, and refused.
    #[error("the web server answered {0}")]
    Refused(StatusCode),
    /// The server speaks WebSocket, but not MQTT in it.
    #[error("the web server did not agree to speak MQTT (subprotocol 'mqtt')")]
    Subprotocol,
    /// The answer agrees, and yet is none to our request.
    #[error("the web server's answer is wrong: {0}")]
    WrongAnswer(ProtocolError),
    /// What answers is no web server.
    #[error("the answer is not one of HTTP")]
    NotHttp,
    /// What answers is a web server of old.
    #[error("the web server speaks HTTP/1.0, which has no WebSocket")]
    OldHttp,
    /// The answer is too long.
    #[error("the answer is too long")]
    LongAnswer,
    /// The connection ended without an answer.
    #[error("the connection was closed instead of an answer")]
    Closed,
    /// The connection broke.
    #[error(transparent)]
    Stream(io::Error),
}

impl WebSocketError {
    /// What would help.
    pub(super) fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Refused(StatusCode::NOT_FOUND) => Some("--ws-path says where MQTT is served"),
            Self::Refused(StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN) => {
                Some("--ws-header 'Authorization: ...' may say who asks")
            }
            Self::OldHttp => Some("-h and -p may lead to another web server than the broker's"),
            Self::NotHttp | Self::Closed => Some(
                "is it a port for WebSocket (--ws)? Many brokers have another one for plain MQTT",
            ),
            _ => None,
        }
    }

    fn from_handshake(error: Error) -> Self {
        match error {
            Error::Http(answer) => Self::Refused(answer.status()),
            Error::Protocol(error) => match error {
                ProtocolError::SecWebSocketSubProtocolError(
                    SubProtocolError::NoSubProtocol | SubProtocolError::InvalidSubProtocol,
                ) => Self::Subprotocol,
                ProtocolError::HandshakeIncomplete => Self::Closed,
                ProtocolError::HttparseError(_) => Self::NotHttp,
                ProtocolError::WrongHttpVersion => Self::OldHttp,
                error => Self::WrongAnswer(error),
            },
            Error::Io(error) => match error.kind() {
                io::ErrorKind::ConnectionReset
                | io::ErrorKind::BrokenPipe
                | io::ErrorKind::UnexpectedEof => Self::Closed,
                _ => Self::Stream(error),
            },
            Error::Capacity(CapacityError::TooManyHeaders) | Error::AttackAttempt => {
                Self::LongAnswer
            }
            error @ Error::Url(_) => Self::Request(error),
            _ => Self::NotHttp,
        }
    }
}

/// Asks the web server behind `stream` for MQTT.
pub(super) async fn connect(
    route: &Route,
    plan: &WebSocket,
    endpoint: &Endpoint,
    stream: Box<dyn ByteStream>,
) -> Result<Frames, TransportError> {
    let failed = |source| TransportError::WebSocket { endpoint: endpoint.clone(), source };
    let default_port = if route.tls.is_some() { HTTPS } else { HTTP };
    let request = request(plan, &authority(endpoint, default_port));
    let request = request.map_err(|error| failed(WebSocketError::Request(error.into())))?;
    let opened = client_async_with_config(request, stream, Some(config())).await;
    let (socket, _answer) = opened.map_err(|error| match error {
        Error::Io(error) => TransportError::of_stream(endpoint, error)
            .unwrap_or_else(|error| failed(WebSocketError::from_handshake(Error::Io(error)))),
        error => failed(WebSocketError::from_handshake(error)),
    })?;
    Ok(Frames::new(socket))
}

fn config() -> WebSocketConfig {
    WebSocketConfig::default()
        .read_buffer_size(READ_SIZE)
        // A block is on its way when it was taken.
        .write_buffer_size(0)
        // Who pings and reads nothing gets one pong for all that do not fit (RFC 6455 §5.5.3).
        .max_write_buffer_size(LONGEST_FRAME)
        .max_frame_size(Some(LONGEST_MESSAGE))
        .max_message_size(Some(LONGEST_MESSAGE))
}

/// The server as a Host field names it (RFC 9110 §7.2), without the zone of an address, which is this
/// machine's own business (RFC 6874 §1).
fn authority(endpoint: &Endpoint, default_port: u16) -> String {
    // A socket has no name of its own.
    let Endpoint::Tcp { host, port } = endpoint else {
        return "localhost".to_owned();
    };
    let host = host.split('%').next().unwrap_or(host).to_owned();
    match (*port == default_port, host.contains(':')) {
        (true, true) => format!("[{host}]"),
        (true, false) => host,
        (false, _) => Endpoint::Tcp { host, port: *port }.to_string(),
    }
}

fn request(plan: &WebSocket, authority: &str) -> Result<Request, http::Error> {
    let mut request = http::Request::builder()
        .uri(format!("ws://{authority}{}", plan.path))
        .header(header::HOST, authority)
        .header(header::UPGRADE, "websocket")
        .header(header::CONNECTION, "Upgrade")
        .header(header::SEC_WEBSOCKET_KEY, generate_key())
        .header(header::SEC_WEBSOCKET_PROTOCOL, "mqtt")
        .header(header::SEC_WEBSOCKET_VERSION, "13");
    for field in &plan.headers {
        let mut value = HeaderValue::from_bytes(field.value.expose())?;
        value.set_sensitive(true);
        request = request.header(field.name.as_str(), value);
    }
    request.body(())
}

/// A WebSocket as a stream of bytes.
pub(super) struct Frames {
    socket: WebSocketStream<Box<dyn ByteStream>>,
    /// The rest of the message that is being read.
    unread: Bytes,
    farewell: Farewell,
}

/// How far our end of the WebSocket is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Farewell {
    Unsaid,
    Said,
}

impl AsyncRead for Frames {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        while self.unread.is_empty() {
            match ready!(Pin::new(&mut self.socket).poll_next(cx)) {
                None => return Poll::Ready(Ok(())),
                Some(Ok(Message::Binary(bytes))) => self.unread = bytes,
                Some(Ok(Message::Text(_))) => {
                    let error = "the broker sent text over WebSocket, where MQTT is binary";
                    return Poll::Ready(Err(io::Error::new(io::ErrorKind::InvalidData, error)));
                }
                Some(Ok(Message::Close(frame))) => return Poll::Ready(self.closed(frame, cx)),
                // A ping is answered by the next poll.
                Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => {}
                // An end without a good-bye is an end.
                Some(Err(Error::Protocol(ProtocolError::ResetWithoutClosingHandshake))) => {
                    return Poll::Ready(Ok(()));
                }
                Some(Err(error)) => return Poll::Ready(Err(io_error(error))),
            }
        }
        let length = self.unread.len().min(buffer.remaining());
        buffer.put_slice(&self.unread.split_to(length));
        Poll::Ready(Ok(()))
    }
}

impl Frames {
    fn new(socket: WebSocketStream<Box<dyn ByteStream>>) -> Self {
        Self { socket, unread: Bytes::new(), farewell: Farewell::Unsaid }
    }

    /// The server has said good-bye: the end, if it has nothing to say against us.
    fn closed(&mut self, frame: Option<CloseFrame>, cx: &mut Context<'_>) -> io::Result<()> {
        // Its answer; whether it can still be sent does not matter.
        let _ = Pin::new(&mut self.socket).poll_flush(cx);
        match frame {
            Some(frame) if frame.code != CloseCode::Normal && self.farewell == Farewell::Unsaid => {
                Err(io::Error::new(io::ErrorKind::ConnectionAborted, words(&frame)))
            }
            _ => Ok(()),
        }
    }
}

impl AsyncWrite for Frames {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let block = bytes.get(..WRITE_SIZE).unwrap_or(bytes);
        // Not only ready: there is room for one frame, and pongs may be waiting in it.
        ready!(Pin::new(&mut self.socket).poll_flush(cx)).map_err(io_error)?;
        let message = Message::Binary(Bytes::copy_from_slice(block));
        Pin::new(&mut self.socket).start_send(message).map_err(io_error)?;
        Poll::Ready(Ok(block.len()))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_flush(cx).map_err(io_error)
    }

    /// Says good-bye. The server answers, and then closes the connection: it is not closed here, as
    /// RFC 6455 §7.1.1 wants it. A server that is gone by then needs no good-bye.
    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.farewell == Farewell::Unsaid {
            let ready = ready!(Pin::new(&mut self.socket).poll_ready(cx));
            let frame = CloseFrame { code: CloseCode::Normal, reason: "".into() };
            let farewell = Message::Close(Some(frame));
            let _ = ready.and_then(|()| Pin::new(&mut self.socket).start_send(farewell));
            self.farewell = Farewell::Said;
        }
        let _ = ready!(Pin::new(&mut self.socket).poll_flush(cx));
        Poll::Ready(Ok(()))
    }
}

/// Why a server closed a WebSocket (RFC 6455 §7.4.1).
fn words(frame: &CloseFrame) -> String {
    let meaning = match frame.code {
        CloseCode::Away => " (going away)",
        CloseCode::Protocol => " (protocol error)",
        CloseCode::Unsupported => " (data it does not take)",
        CloseCode::Invalid => " (inconsistent data)",
        CloseCode::Policy => " (policy violation)",
        CloseCode::Size => " (message too large)",
        CloseCode::Error => " (error in the server)",
        CloseCode::Restart => " (restarting)",
        CloseCode::Again => " (try again later)",
        _ => "",
    };
    let separator = if frame.reason.is_empty() { "" } else { ": " };
    let code = u16::from(frame.code);
    format!("the broker closed the WebSocket: {code}{meaning}{separator}{}", frame.reason)
}

fn io_error(error: Error) -> io::Error {
    match error {
        Error::Io(error) => error,
        Error::ConnectionClosed
        | Error::AlreadyClosed
        | Error::Protocol(ProtocolError::SendAfterClosing) => io::ErrorKind::BrokenPipe.into(),
        Error::Capacity(CapacityError::MessageTooLong { size, .. }) => io::Error::new(
            io::ErrorKind::InvalidData,
            format!(
                "the broker sent a WebSocket message of {size} bytes, at most {LONGEST_MESSAGE} are taken"
            ),
        ),
        error => io::Error::new(
            io::ErrorKind::InvalidData,
            format!("the broker broke the WebSocket protocol: {error}"),
        ),
    }
}

#[cfg(test)]
mod tests;
