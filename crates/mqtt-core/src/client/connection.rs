//! One connection: the stream, what was read from it and is not decoded yet.

use std::future::Future;
use std::io;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use bytes::BytesMut;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;
use zeroize::Zeroize;

use super::write_queue::{WriteError, WriteQueue};
use crate::protocol::Incoming;
use crate::protocol::codec::{Codec, DecodeError};
use crate::transport::ByteStream;

/// At least so much is asked for at a time.
const READ_SIZE: usize = 64 * 1024;

/// How long the broker may take to close its side after our DISCONNECT.
pub(super) const CLOSING: Duration = Duration::from_secs(1);

/// A connection that stands.
pub(super) struct Connection {
    stream: Box<dyn ByteStream>,
    buffer: BytesMut,
}

/// What [`Connection::progress`] has done.
#[derive(Debug)]
pub(super) enum Progress {
    /// Some of the queue is written.
    Written,
    /// Bytes have come.
    Read,
    /// The broker has closed its side.
    Closed,
}

/// Whether to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reading {
    On,
    Off,
}

impl Connection {
    pub(super) fn new(stream: Box<dyn ByteStream>) -> Self {
        Self { stream, buffer: BytesMut::new() }
    }

    /// The next packet of what was read.
    pub(super) fn next_packet(&mut self, codec: &Codec) -> Result<Option<Incoming>, DecodeError> {
        codec.decode(&mut self.buffer)
    }

    /// Writes some of `queue` or reads some bytes, whichever is possible first. Cancel-safe.
    pub(super) async fn progress(
        &mut self,
        queue: &mut WriteQueue,
        reading: Reading,
    ) -> Result<Progress, WriteError> {
        if reading == Reading::On {
            self.reserve();
        }
        std::future::poll_fn(|cx| {
            if !queue.is_empty()
                && let Poll::Ready(result) = queue.poll_write(&mut *self.stream, cx)
            {
                return Poll::Ready(result.map(|()| Progress::Written));
            }
            if reading == Reading::Off {
                return Poll::Pending;
            }
            let read = pin!(self.stream.read_buf(&mut self.buffer)).as_mut().poll(cx);
            read.map(|read| match read {
                Ok(0) => Ok(Progress::Closed),
                Ok(_) => Ok(Progress::Read),
                Err(error) => Err(WriteError::Stream(error)),
            })
        })
        .await
    }

    /// Makes room: at least a read's worth, and as much again as has come of a large packet. So
    /// memory follows the bytes that came, never a length that was claimed.
    fn reserve(&mut self) {
        let room = self.buffer.capacity() - self.buffer.len();
        if room < READ_SIZE / 4 {
            self.buffer.reserve(READ_SIZE.max(self.buffer.len()));
        }
    }

    /// Sends bytes that hold a secret, ahead of any queue, and wipes them.
    pub(super) async fn send_secret(&mut self, mut bytes: BytesMut) -> Result<(), WriteError> {
        let sent = self.stream.write_all(&bytes).await;
        bytes.zeroize();
        sent.map_err(WriteError::Stream)?;
        self.stream.flush().await.map_err(WriteError::Stream)
    }

    /// Closes our side and reads until the broker has closed its own, for a second at most. A
    /// close with unread input would reset the connection, and the broker could lose our last
    /// packets. What fails here, fails after everything was sent.
    pub(super) async fn close(mut self) {
        let _ = timeout(CLOSING, async {
            self.stream.shutdown().await?;
            loop {
                self.buffer.clear();
                self.buffer.reserve(READ_SIZE);
                if self.stream.read_buf(&mut self.buffer).await? == 0 {
                    return Ok::<(), io::Error>(());
                }
            }
        })
        .await;
    }
}
