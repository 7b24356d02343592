//! One connection: the stream, what was read from it and is not decoded yet.

use std::future::Future;
use std::io;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};

use bytes::BytesMut;
use tokio::io::{AsyncReadExt, AsyncWrite, AsyncWriteExt};
use zeroize::Zeroize;

use super::write_queue::{WriteError, WriteQueue};
use crate::plan::Endpoint;
use crate::protocol::codec::{Codec, DecodeError, EncodeError};
use crate::protocol::{Connect, Incoming};
use crate::session::Reading;
use crate::transport::{ByteStream, Reached};

/// At least so much is asked for at a time.
const READ_SIZE: usize = 64 * 1024;

/// A connection that stands.
pub(super) struct Connection {
    stream: Box<dyn ByteStream>,
    endpoint: Endpoint,
    buffer: BytesMut,
    output: Output,
}

/// How far our side of the stream is.
#[derive(Debug)]
enum Output {
    /// Everything is handed on.
    Flushed,
    /// Something was written, and a wrapper of the stream may keep it back.
    Written,
    /// Nothing can be written any more. The broker may have said why: that is read first.
    Failed(io::Error),
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

/// Bytes that hold a password: wiped however it ends.
struct Wiped(BytesMut);

impl Drop for Wiped {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl Connection {
    pub(super) fn new((stream, endpoint): Reached) -> Self {
        Self { stream, endpoint, buffer: BytesMut::new(), output: Output::Flushed }
    }

    /// Where the broker listens.
    pub(super) fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// Sends CONNECT, ahead of any queue. Where that fails, what the broker has to say is still read.
    pub(super) async fn send_connect(&mut self, connect: &Connect) -> Result<(), EncodeError> {
        let mut bytes = Wiped(BytesMut::new());
        Codec::encode_connect(connect, &mut bytes.0)?;
        let written = self.stream.write_all(&bytes.0).await;
        let sent = match written {
            Ok(()) => self.stream.flush().await,
            failed => failed,
        };
        if let Err(error) = sent {
            self.output = Output::Failed(error);
        }
        Ok(())
    }

    /// The next packet of what was read.
    #[inline]
    pub(super) fn next_packet(&mut self, codec: &Codec) -> Result<Option<Incoming>, DecodeError> {
        codec.decode(&mut self.buffer)
    }

    /// Whether all of `queue` has gone to the socket.
    pub(super) fn is_drained(&self, queue: &WriteQueue) -> bool {
        queue.is_empty() && matches!(self.output, Output::Flushed)
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
            if let Poll::Ready(result) = self.poll_output(queue, cx) {
                match result {
                    Ok(()) => return Poll::Ready(Ok(Progress::Written)),
                    Err(WriteError::Stream(error)) if reading == Reading::On => {
                        self.output = Output::Failed(error);
                    }
                    Err(error) => return Poll::Ready(Err(error)),
                }
            }
            match reading {
                Reading::On => self.poll_input(cx),
                Reading::Off => Poll::Pending,
            }
        })
        .await
    }

    /// Writes some of the queue and flushes it, before more is written: what a wrapper keeps back
    /// would be lost uncounted with the connection. Pending where there is nothing to do.
    fn poll_output(
        &mut self,
        queue: &mut WriteQueue,
        cx: &mut Context<'_>,
    ) -> Poll<Result<(), WriteError>> {
        match &self.output {
            Output::Failed(_) => Poll::Pending,
            Output::Flushed if queue.is_empty() => Poll::Pending,
            Output::Flushed => {
                ready!(queue.poll_write(&mut *self.stream, cx))?;
                self.output = Output::Written;
                match self.poll_flush(queue, cx) {
                    Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
                    Poll::Ready(Ok(())) | Poll::Pending => Poll::Ready(Ok(())),
                }
            }
            Output::Written => self.poll_flush(queue, cx),
        }
    }

    fn poll_flush(
        &mut self,
        queue: &mut WriteQueue,
        cx: &mut Context<'_>,
    ) -> Poll<Result<(), WriteError>> {
        let flushed = ready!(AsyncWrite::poll_flush(Pin::new(&mut *self.stream), cx));
        flushed.map_err(WriteError::Stream)?;
        self.output = Output::Flushed;
        queue.flushed();
        Poll::Ready(Ok(()))
    }

    fn poll_input(&mut self, cx: &mut Context<'_>) -> Poll<Result<Progress, WriteError>> {
        let read = ready!(pin!(self.stream.read_buf(&mut self.buffer)).as_mut().poll(cx));
        let failure = match read {
            Ok(0) => None,
            Ok(_) => return Poll::Ready(Ok(Progress::Read)),
            // TLS misses the other side's good-bye, which many brokers leave out. MQTT has its own.
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => None,
            Err(error) => Some(error),
        };
        // What failed first says more than what failed because of it, unless the broker said why.
        match std::mem::replace(&mut self.output, Output::Flushed) {
            Output::Failed(error) => {
                let said = failure.filter(|error| error.kind() == io::ErrorKind::InvalidData);
                Poll::Ready(Err(WriteError::Stream(said.unwrap_or(error))))
            }
            Output::Flushed | Output::Written => match failure {
                Some(error) => Poll::Ready(Err(WriteError::Stream(error))),
                None => Poll::Ready(Ok(Progress::Closed)),
            },
        }
    }

    /// Makes room: at least a read's worth, and as much again as has come of a large packet. So
    /// memory follows the bytes that came, never a length that was claimed.
    fn reserve(&mut self) {
        let room = self.buffer.capacity() - self.buffer.len();
        if room < READ_SIZE / 4 {
            self.buffer.reserve(READ_SIZE.max(self.buffer.len()));
        }
    }

    /// Closes our side: the broker reads everything up to here, and then our end.
    pub(super) async fn shut_down(&mut self) -> io::Result<()> {
        self.stream.shutdown().await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::payload::Payload;
    use tokio::io::{AsyncRead, ReadBuf};

    /// A stream that takes everything, and keeps it back or not.
    struct Keeper {
        flush: fn() -> Poll<io::Result<()>>,
    }

    impl AsyncRead for Keeper {
        fn poll_read(
            self: Pin<&mut Self>,
            _: &mut Context<'_>,
            _: &mut ReadBuf<'_>,
        ) -> Poll<io::Result<()>> {
            Poll::Pending
        }
    }

    impl AsyncWrite for Keeper {
        fn poll_write(
            self: Pin<&mut Self>,
            _: &mut Context<'_>,
            bytes: &[u8],
        ) -> Poll<io::Result<usize>> {
            Poll::Ready(Ok(bytes.len()))
        }

        fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            (self.flush)()
        }

        fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }
    }

    #[tokio::test]
    async fn what_a_wrapper_of_the_stream_keeps_back_is_lost_with_the_connection() {
        for (flush, lost) in
            [((|| Poll::Pending) as fn() -> Poll<io::Result<()>>, 1), (|| Poll::Ready(Ok(())), 0)]
        {
            let endpoint = Endpoint::Tcp { host: "h".to_owned(), port: 1 };
            let mut connection = Connection::new((Box::new(Keeper { flush }), endpoint));
            let mut queue = WriteQueue::default();
            queue.push_payload(Payload::Memory(b"message"[..].into()));
            queue.mark_message_end();
            let progress = connection.progress(&mut queue, Reading::On).await;
            assert!(matches!(progress, Ok(Progress::Written)));
            assert_eq!(connection.is_drained(&queue), lost == 0);
            assert_eq!(queue.clear(), lost);
        }
    }
}
