//! Bytes on their way to the broker, in order: packets encoded side by side in one buffer, large
//! payloads where they lie.

use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes, BytesMut};
use tokio::io::AsyncWrite;

use crate::payload::{Payload, PayloadFile};
use crate::transport::ByteStream;

/// When so many bytes wait, nothing more is encoded until they are on their way.
const HIGH_WATER: usize = 64 * 1024;

/// A payload at least that long is not copied into the buffer.
const LARGE: usize = 16 * 1024;

/// How much of a file is read at a time.
const FILE_CHUNK: usize = 256 * 1024;

/// When so many ends of messages are remembered, those that are past are forgotten.
const MANY_ENDS: usize = 64 * 1024;

/// What waits to be written.
#[derive(Debug, Default)]
pub(super) struct WriteQueue {
    segments: VecDeque<Segment>,
    /// Behind all segments.
    buffer: BytesMut,
    /// Bytes in all.
    length: usize,
    /// Bytes written since the queue was made.
    written: u64,
    /// How many of them no wrapper of the stream keeps back any more.
    flushed: u64,
    /// Where the messages end that nobody will acknowledge, counted as `written` is.
    message_ends: VecDeque<u64>,
}

#[derive(Debug)]
enum Segment {
    Memory(Bytes),
    File(FileSegment),
}

/// The rest of a file that is being sent.
#[derive(Debug)]
struct FileSegment {
    file: PayloadFile,
    offset: usize,
    chunk: BytesMut,
}

/// Why bytes could not be written.
#[derive(Debug)]
pub(super) enum WriteError {
    /// The connection is gone.
    Stream(io::Error),
    /// The file has become shorter, or cannot be read: the packet cannot be completed.
    File(PayloadFile, io::Error),
}

impl WriteQueue {
    pub(super) fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// Bytes that wait.
    pub(super) fn len(&self) -> usize {
        self.length
    }

    #[inline]
    pub(super) fn has_room(&self) -> bool {
        self.length < HIGH_WATER
    }

    /// Forgets everything: the connection it was for is gone. Gives the number of marked messages
    /// that have not gone to the socket to their end.
    pub(super) fn clear(&mut self) -> u64 {
        let unsent = self.unsent();
        *self = Self::default();
        unsent
    }

    /// How many marked messages have not gone to the socket to their end.
    pub(super) fn unsent(&self) -> u64 {
        let unsent = self.message_ends.iter().filter(|&&end| end > self.flushed).count();
        u64::try_from(unsent).unwrap_or(u64::MAX)
    }

    /// Remembers that a message ends here which nobody will acknowledge.
    #[inline]
    pub(super) fn mark_message_end(&mut self) {
        self.message_ends.push_back(self.written + bytes_count(self.length));
    }

    /// Appends what `encode` writes; nothing is appended where it fails.
    #[inline]
    pub(super) fn encode<E>(
        &mut self,
        encode: impl FnOnce(&mut BytesMut) -> Result<(), E>,
    ) -> Result<(), E> {
        let before = self.buffer.len();
        if self.buffer.capacity() == before {
            self.buffer.reserve(HIGH_WATER + LARGE);
        }
        encode(&mut self.buffer)?;
        self.length += self.buffer.len() - before;
        Ok(())
    }

    /// Appends a payload.
    #[inline]
    pub(super) fn push_payload(&mut self, payload: Payload) {
        self.length += payload.len();
        match payload {
            Payload::Memory(bytes) if bytes.len() < LARGE => self.buffer.extend_from_slice(&bytes),
            Payload::Memory(bytes) => self.push_segment(Segment::Memory(bytes)),
            Payload::File(file) => {
                let chunk = BytesMut::new();
                self.push_segment(Segment::File(FileSegment { file, offset: 0, chunk }));
            }
        }
    }

    fn push_segment(&mut self, segment: Segment) {
        if !self.buffer.is_empty() {
            self.segments.push_back(Segment::Memory(self.buffer.split().freeze()));
        }
        self.segments.push_back(segment);
    }

    /// Writes some of it; call again until it is empty.
    pub(super) fn poll_write(
        &mut self,
        stream: &mut dyn ByteStream,
        cx: &mut Context<'_>,
    ) -> Poll<Result<(), WriteError>> {
        let written = match self.segments.front_mut() {
            None => {
                let written = ready!(poll_write_some(stream, cx, &self.buffer))?;
                self.buffer.advance(written);
                if self.buffer.is_empty() {
                    // Takes the consumed front of the allocation back.
                    self.buffer.clear();
                    self.buffer.reserve(HIGH_WATER + LARGE);
                }
                written
            }
            Some(Segment::Memory(bytes)) => {
                let written = ready!(poll_write_some(stream, cx, bytes))?;
                bytes.advance(written);
                written
            }
            Some(Segment::File(segment)) => {
                segment.fill()?;
                let written = ready!(poll_write_some(stream, cx, &segment.chunk))?;
                segment.chunk.advance(written);
                written
            }
        };
        self.written(written);
        Poll::Ready(Ok(()))
    }

    /// Takes note of bytes that are on their way.
    fn written(&mut self, count: usize) {
        self.length -= count;
        self.written += bytes_count(count);
        if self.segments.front().is_some_and(Segment::is_done) {
            self.segments.pop_front();
        }
    }

    /// Takes note that all that was written has gone to the socket.
    pub(super) fn flushed(&mut self) {
        self.flushed = self.written;
        if self.length == 0 {
            self.message_ends.clear();
        } else if self.message_ends.len() > MANY_ENDS {
            let flushed = self.flushed;
            self.message_ends.retain(|&end| end > flushed);
        }
    }
}

impl Segment {
    fn is_done(&self) -> bool {
        match self {
            Self::Memory(bytes) => bytes.is_empty(),
            Self::File(segment) => {
                segment.chunk.is_empty() && segment.offset == segment.file.length()
            }
        }
    }
}

impl FileSegment {
    /// Reads the next chunk if the last one is on its way.
    fn fill(&mut self) -> Result<(), WriteError> {
        let wanted = (self.file.length() - self.offset).min(FILE_CHUNK);
        if !self.chunk.is_empty() || wanted == 0 {
            return Ok(());
        }
        self.chunk.resize(wanted, 0);
        let offset = u64::try_from(self.offset).unwrap_or(u64::MAX);
        let read = match self.file.read_at(&mut self.chunk, offset) {
            Ok(0) => Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the file became shorter")),
            read => read,
        };
        let read = read.map_err(|error| WriteError::File(self.file.clone(), error))?;
        self.chunk.truncate(read);
        self.offset += read;
        Ok(())
    }
}

fn bytes_count(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}

fn poll_write_some(
    stream: &mut dyn ByteStream,
    cx: &mut Context<'_>,
    bytes: &[u8],
) -> Poll<Result<usize, WriteError>> {
    // An empty file is done without a write.
    if bytes.is_empty() {
        return Poll::Ready(Ok(0));
    }
    match ready!(AsyncWrite::poll_write(Pin::new(stream), cx, bytes)) {
        Ok(0) => Poll::Ready(Err(WriteError::Stream(io::ErrorKind::WriteZero.into()))),
        Ok(written) => Poll::Ready(Ok(written)),
        Err(error) => Poll::Ready(Err(WriteError::Stream(error))),
    }
}
