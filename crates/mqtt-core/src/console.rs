//! stdout and stderr, written in blocks by a thread of their own.
//!
//! A pipe that is full then stops the writer, never the loop that serves the broker; what went to
//! both streams keeps its order in time; a flood costs one write per block, and a lone message is
//! written as soon as nothing more is waiting. What is brief, and finds room where it goes, is
//! written without the thread, which starts when it is first needed: a lone message waits for no
//! other thread to wake up, and a program that prints little has none.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, Write};
use std::os::fd::AsFd;
use std::os::unix::fs::FileTypeExt;
use std::sync::mpsc::{SyncSender, sync_channel};

use bytes::Bytes;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use tokio::io::Interest;
use tokio::net::unix::pipe::Sender;
use tokio::sync::mpsc;

use crate::descriptor::Blocking;
use crate::stderr::{self, BRIEF};
pub use crate::stream::Stream;

/// A block is handed to the writer when it has grown to that many bytes.
const BLOCK: usize = 64 * 1024;

/// At most so many blocks wait for the writer: then the broker has to wait.
const QUEUE: usize = 4;

/// A payload at least that long is handed over as it is instead of being copied into a block.
const SHARED: usize = 16 * 1024;

/// Writing failed; what was queued behind is lost.
#[derive(Debug, thiserror::Error)]
#[error("cannot write to {}", match .stream { Stream::Stdout => "stdout", Stream::Stderr => "stderr" })]
pub struct ConsoleError {
    /// Where to.
    stream: Stream,
    /// Why.
    source: io::Error,
}

impl ConsoleError {
    /// Whether the reader went away: the ordinary end of a pipeline, not worth a word.
    #[must_use]
    pub fn is_broken_pipe(&self) -> bool {
        self.source.kind() == io::ErrorKind::BrokenPipe
    }
}

/// A run of bytes for one stream.
#[derive(Debug)]
enum Piece {
    Copied(Stream, Vec<u8>),
    Shared(Stream, Bytes),
}

impl Piece {
    fn stream(&self) -> Stream {
        match self {
            Self::Copied(stream, _) | Self::Shared(stream, _) => *stream,
        }
    }
}

type Block = Vec<Piece>;

/// The writer's report: a block is written, and its memory may be used again.
type Report = Result<Block, ConsoleError>;

/// The writer thread and the way to and from it.
#[derive(Debug)]
struct Writer {
    blocks: SyncSender<Block>,
    reports: mpsc::UnboundedReceiver<Report>,
}

/// What was written without the writer, and not told yet.
#[derive(Debug)]
struct Brief<R> {
    receipts: Vec<R>,
    result: Result<(), ConsoleError>,
}

/// Both output streams. `R` is a receipt that comes back when what was printed before it is
/// written.
#[derive(Debug)]
pub struct Console<R> {
    block: Block,
    length: usize,
    /// Receipts of the block that is being filled.
    receipts: Vec<R>,
    /// Receipts of the blocks that the writer has, oldest first.
    queued: VecDeque<Vec<R>>,
    spare: Vec<Vec<u8>>,
    brief: Option<Brief<R>>,
    writer: Option<Writer>,
    reach: Reach,
}

/// Whether what is printed goes anywhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reach {
    Streams,
    Nowhere,
}

impl<R> Console<R> {
    /// Starts nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self {
            block: Vec::new(),
            length: 0,
            receipts: Vec::new(),
            queued: VecDeque::new(),
            spare: Vec::new(),
            brief: None,
            writer: None,
            reach: Reach::Streams,
        }
    }

    /// Prints: `print` appends to the bytes for `stream`.
    pub fn print(&mut self, stream: Stream, print: impl FnOnce(&mut Vec<u8>)) {
        if !matches!(self.block.last(), Some(Piece::Copied(last, _)) if *last == stream) {
            let bytes = self.spare.pop().unwrap_or_else(|| Vec::with_capacity(BLOCK + 4096));
            self.block.push(Piece::Copied(stream, bytes));
        }
        if let Some(Piece::Copied(_, bytes)) = self.block.last_mut() {
            let before = bytes.len();
            print(bytes);
            self.length += bytes.len() - before;
        }
    }

    /// Prints a payload, without a copy where it is large.
    pub fn print_payload(&mut self, stream: Stream, payload: Bytes) {
        if payload.len() < SHARED {
            self.print(stream, |out| out.extend_from_slice(&payload));
        } else {
            self.length += payload.len();
            self.block.push(Piece::Shared(stream, payload));
        }
    }

    /// Gives back what was printed for stdout and not handed over yet, which is then written by
    /// whoever asks.
    pub fn take_stdout(&mut self, out: &mut Vec<u8>) {
        let block = std::mem::take(&mut self.block);
        self.length = 0;
        for piece in &block {
            match piece {
                Piece::Copied(Stream::Stdout, bytes) => out.extend_from_slice(bytes),
                Piece::Shared(Stream::Stdout, bytes) => out.extend_from_slice(bytes),
                Piece::Copied(Stream::Stderr, _) | Piece::Shared(Stream::Stderr, _) => {}
            }
        }
        self.keep_spare(block);
    }

    /// Asks for `receipt` back when everything printed so far is written.
    pub fn want_receipt(&mut self, receipt: R) {
        self.receipts.push(receipt);
    }

    /// Whether the block has grown so far that it should be handed over.
    #[must_use]
    pub fn is_block_full(&self) -> bool {
        self.length >= BLOCK
    }

    /// Whether the writer is so far behind that nothing more should be printed.
    #[must_use]
    pub fn is_congested(&self) -> bool {
        self.queued.len() >= QUEUE
    }

    /// Whether everything is written.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        let is_told = self.queued.is_empty() && self.brief.is_none();
        self.block.is_empty() && self.receipts.is_empty() && is_told
    }

    /// Writes what was printed, if it is brief and need not wait; else hands it to the writer,
    /// unless the queue is full: then it stays, and is handed over by a later call.
    pub fn flush(&mut self) -> io::Result<()> {
        if self.reach == Reach::Nowhere {
            self.abandon();
            return Ok(());
        }
        let nothing = self.block.is_empty() && self.receipts.is_empty();
        let failed = self.brief.as_ref().is_some_and(|brief| brief.result.is_err());
        if nothing || failed || self.is_congested() {
            return Ok(());
        }
        if self.is_brief() {
            return self.write_brief();
        }
        let block = std::mem::take(&mut self.block);
        self.length = 0;
        self.queued.push_back(std::mem::take(&mut self.receipts));
        let writer = match &mut self.writer {
            Some(writer) => writer,
            none => none.insert(Writer::start()?),
        };
        // The writer only stops after it has reported an error, which is on its way.
        let _ = writer.blocks.send(block);
        Ok(())
    }

    /// Whether the block can be written at once, and the writer has none that comes before it.
    fn is_brief(&self) -> bool {
        let has_room = match &self.block[..] {
            [] => true,
            [piece] => self.length <= BRIEF && has_room(piece.stream()),
            _ => false,
        };
        has_room && self.queued.is_empty()
    }

    fn write_brief(&mut self) -> io::Result<()> {
        let block = std::mem::take(&mut self.block);
        self.length = 0;
        let result = write(&mut unbuffered_stdout()?, &block);
        self.keep_spare(block);
        let mut receipts = self.brief.take().map(|brief| brief.receipts).unwrap_or_default();
        receipts.append(&mut self.receipts);
        self.brief = Some(Brief { receipts, result });
        Ok(())
    }

    /// Waits until a block is written and gives its receipts back. Cancel-safe. Waits for ever
    /// where nothing is queued.
    pub async fn written(&mut self) -> Result<Vec<R>, ConsoleError> {
        if let Some(Brief { receipts, result }) = self.brief.take() {
            return result.map(|()| receipts);
        }
        let report = match &mut self.writer {
            Some(writer) if !self.queued.is_empty() => writer.reports.recv().await,
            _ => std::future::pending().await,
        };
        // No report without an error before it: the thread is gone only after one.
        self.keep_spare(report.transpose()?.unwrap_or_default());
        Ok(self.queued.pop_front().unwrap_or_default())
    }

    /// Keeps the memory of a block that is written for later ones.
    fn keep_spare(&mut self, block: Block) {
        for piece in block {
            if let Piece::Copied(_, mut bytes) = piece
                && self.spare.len() < QUEUE
                && bytes.capacity() <= 4 * BLOCK
            {
                bytes.clear();
                self.spare.push(bytes);
            }
        }
    }

    /// Gives up what is not written: nobody reads it, or it cannot be written.
    pub fn abandon(&mut self) {
        self.block.clear();
        self.receipts.clear();
        self.queued.clear();
        self.brief = None;
        self.length = 0;
        // What is printed from now on gets a writer, and reports, of its own.
        self.writer = None;
    }

    /// Gives up what is not written, and whatever is printed from now on: there is no time for it.
    pub fn close(&mut self) {
        self.abandon();
        self.reach = Reach::Nowhere;
    }
}

impl<R> Default for Console<R> {
    fn default() -> Self {
        Self::new()
    }
}

impl Writer {
    fn start() -> io::Result<Self> {
        let (blocks, queue) = sync_channel::<Block>(QUEUE);
        let (report, reports) = mpsc::unbounded_channel();
        let mut stdout = unbuffered_stdout()?;
        std::thread::Builder::new().name("console".to_owned()).spawn(move || {
            for block in queue {
                let result = write(&mut stdout, &block).map(|()| block);
                let failed = result.is_err();
                if report.send(result).is_err() || failed {
                    return;
                }
            }
        })?;
        Ok(Self { blocks, reports })
    }
}

/// Past the standard library's line buffering: the block is the buffer.
fn unbuffered_stdout() -> io::Result<Blocking> {
    Ok(Blocking(File::from(io::stdout().as_fd().try_clone_to_owned()?)))
}

/// Writes a block. A stderr that nobody reads is no reason to fail.
fn write(stdout: &mut Blocking, block: &Block) -> Result<(), ConsoleError> {
    for piece in block {
        let (stream, bytes): (_, &[u8]) = match piece {
            Piece::Copied(stream, bytes) => (*stream, bytes),
            Piece::Shared(stream, bytes) => (*stream, bytes),
        };
        match stream {
            Stream::Stdout => {
                stdout.write_all(bytes).map_err(|source| ConsoleError { stream, source })?;
            }
            Stream::Stderr => {
                let _ = stderr::write(bytes);
            }
        }
    }
    Ok(())
}

/// Whether something brief can be written without waiting.
fn has_room(stream: Stream) -> bool {
    let (stdout, stderr) = (io::stdout(), io::stderr());
    let descriptor = match stream {
        Stream::Stdout => stdout.as_fd(),
        Stream::Stderr => stderr.as_fd(),
    };
    let mut watched = [PollFd::from_borrowed_fd(descriptor, PollFlags::OUT)];
    let at_once = Timespec { tv_sec: 0, tv_nsec: 0 };
    poll(&mut watched, Some(&at_once)).is_ok_and(|ready| ready > 0)
}

/// Tells when the reader of stdout has gone away, even while nothing is printed.
#[derive(Debug)]
pub struct HangUp(Option<Sender>);

impl HangUp {
    /// Watches stdout where it is a pipe or a socket: epoll refuses regular files, and a terminal
    /// that goes away sends a signal.
    ///
    /// The descriptor stays in blocking mode. It is only watched, never written to by this way,
    /// and its mode belongs to every process that shares the pipe.
    #[must_use]
    pub fn watch() -> Self {
        let stdout = || -> io::Result<Option<Sender>> {
            let file = File::from(io::stdout().as_fd().try_clone_to_owned()?);
            let kind = file.metadata()?.file_type();
            let closable = kind.is_fifo() || kind.is_socket();
            closable.then(|| Sender::from_file_unchecked(file)).transpose()
        };
        // What cannot be watched is found out by the next write.
        Self(stdout().unwrap_or_default())
    }

    /// Watches nothing.
    #[must_use]
    pub fn ignore() -> Self {
        Self(None)
    }

    /// Waits for it; for ever where nothing is watched. Cancel-safe.
    pub async fn happened(&self) {
        // A pipe without readers is an error, a socket without a peer is hung up.
        if let Some(stdout) = &self.0
            && stdout.ready(Interest::ERROR | Interest::READABLE).await.is_ok()
        {
            return;
        }
        std::future::pending::<()>().await;
    }
}
