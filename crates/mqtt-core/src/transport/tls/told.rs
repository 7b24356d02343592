//! A stream of TLS whose errors say why TLS failed.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::failure::{TlsFailure, of_library};
use super::offer::Offer;
use crate::transport::ByteStream;

/// The stream, and what was offered where it was opened. Long after that the broker may still say what it
/// has against it.
pub(super) struct Told<S> {
    pub(super) stream: S,
    pub(super) offer: Offer,
}

impl<S: ByteStream> Told<S> {
    fn below(&mut self) -> Pin<&mut S> {
        Pin::new(&mut self.stream)
    }

    fn told<T>(&self, outcome: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        outcome.map_err(|error| match of_library(error) {
            Ok(error) => io::Error::other(TlsFailure::new(error, self.offer)),
            Err(error) => error,
        })
    }
}

impl<S: ByteStream> AsyncRead for Told<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let read = self.below().poll_read(cx, buffer);
        self.told(read)
    }
}

impl<S: ByteStream> AsyncWrite for Told<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = self.below().poll_write(cx, bytes);
        self.told(written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        blocks: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = self.below().poll_write_vectored(cx, blocks);
        self.told(written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = self.below().poll_flush(cx);
        self.told(flushed)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let ended = self.below().poll_shutdown(cx);
        self.told(ended)
    }
}
