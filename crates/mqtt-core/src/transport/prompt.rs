//! TCP that does not wait.
//!
//! Nagle's algorithm holds a small packet back until the one before it is acknowledged, and a receiver may
//! take 40 ms to acknowledge. What is sent here is put together by ourselves, so it goes out at once. What
//! comes is acknowledged at once, for brokers hold packets back: CONNACK behind the tickets of TLS 1.3, a
//! retained message behind SUBACK.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

/// So many reads are the opening of a connection, in which each side answers the other and the system
/// takes its time to acknowledge. Later it is quick where nothing is answered, and where something is,
/// the answer acknowledges.
const OPENING: u8 = 16;

/// A TCP connection.
pub(super) struct Prompt {
    stream: TcpStream,
    /// Reads that are acknowledged at once.
    opening: u8,
}

impl Prompt {
    pub(super) fn new(stream: TcpStream) -> io::Result<Self> {
        stream.set_nodelay(true)?;
        Ok(Self { stream, opening: OPENING })
    }

    /// Something has come.
    fn acknowledge(&mut self) {
        if self.opening > 0 {
            self.opening -= 1;
            // The system goes back to its own ways by itself. Without it nothing is lost but time.
            #[cfg(target_os = "linux")]
            let _ = self.stream.set_quickack(true);
        }
    }
}

impl AsyncRead for Prompt {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(cx, buffer);
        if buffer.filled().len() > before {
            self.acknowledge();
        }
        read
    }
}

impl AsyncWrite for Prompt {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        blocks: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, blocks)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
