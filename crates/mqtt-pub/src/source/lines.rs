//! The lines of stdin, or of a file.
//!
//! A thread reads them in blocks and hands over what holds whole lines; the lines are slices of
//! the block, cut where they are needed. Any byte but a newline may stand in a line, and a line
//! may be as long as a message can be. The channel is short, so a slow broker stops the reading,
//! and a silent stdin stops nothing else.

use std::fs::File;
use std::io::{self, PipeReader, PipeWriter};
use std::os::fd::AsFd;
use std::thread;
use std::time::Duration;

use bytes::{Buf, Bytes};
use mqtt_core::payload::Payload;
use mqtt_core::signal::wait_for_signal;
use rustix::buffer::spare_capacity;
use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;
use tokio::sync::mpsc;

use super::{Left, MAX_PAYLOAD, SourceError};
use crate::plan::Input;

/// How much is read at a time.
const BLOCK: usize = 64 * 1024;

/// How many blocks may wait.
const QUEUE: usize = 2;

/// What the reading thread hands over.
#[derive(Debug)]
enum Piece {
    /// Whole lines, with their newlines but perhaps for the last one of all.
    Lines(Bytes),
    /// The reading was stopped: the beginning of the line that it was at.
    Cut(Bytes),
    /// The reading failed.
    Failed(SourceError),
}

/// How the lines have ended.
#[derive(Debug)]
enum End {
    /// With the last line.
    Whole,
    /// In the middle of one.
    Cut(Bytes),
    /// Nobody knows how they would have gone on.
    Failed(SourceError),
}

impl Input {
    fn error(&self, source: io::Error) -> SourceError {
        match self {
            Self::Stdin => SourceError::Stdin(source),
            Self::File(path) => SourceError::Recording { path: path.clone(), source },
        }
    }
}

/// What there is to read.
#[derive(Debug)]
pub(super) enum Line {
    /// A line without its newline.
    Whole(Bytes),
    /// Nothing now.
    Later,
    /// Nothing any more.
    End,
    /// Nothing any more, but the beginning of a line that was cut off by [`Lines::stop`].
    Cut(Bytes),
}

/// Lines, one after another.
#[derive(Debug)]
pub(crate) struct Lines {
    input: Input,
    /// What is read, if it is not stdin, until the reading starts.
    file: Option<File>,
    /// `None` until the first line is asked for: stdin is not touched before.
    reading: Option<Reading>,
    block: Bytes,
    end: Option<End>,
    /// Whether the reading was stopped, or failed, before the input had ended.
    is_cut: bool,
}

/// The reading thread, seen from outside.
#[derive(Debug)]
struct Reading {
    pieces: mpsc::Receiver<Piece>,
    /// Dropped to stop the thread, even while it waits for input.
    stop: Option<PipeWriter>,
}

impl Lines {
    pub(super) fn of_stdin() -> Self {
        Self {
            input: Input::Stdin,
            file: None,
            reading: None,
            block: Bytes::new(),
            end: None,
            is_cut: false,
        }
    }

    /// Opens the input.
    pub(super) fn of(input: Input) -> Result<Self, SourceError> {
        let Input::File(path) = &input else { return Ok(Self::of_stdin()) };
        let file = Some(File::open(path).map_err(|error| input.error(error))?);
        Ok(Self { input, file, ..Self::of_stdin() })
    }

    #[inline]
    pub(super) fn next(&mut self) -> Result<Line, SourceError> {
        if self.block.is_empty() {
            return self.next_of_block();
        }
        Ok(Line::Whole(self.take_line()))
    }

    /// The first line of the next block.
    #[inline(never)]
    fn next_of_block(&mut self) -> Result<Line, SourceError> {
        if self.end.is_none() {
            // A block that is there already needs no wake-up.
            match self.reading()?.pieces.try_recv() {
                Ok(piece) => self.receive(Some(piece)),
                Err(mpsc::error::TryRecvError::Disconnected) => self.receive(None),
                Err(mpsc::error::TryRecvError::Empty) => return Ok(Line::Later),
            }
        }
        if !self.block.is_empty() {
            return Ok(Line::Whole(self.take_line()));
        }
        match self.end.replace(End::Whole) {
            Some(End::Failed(error)) => Err(error),
            Some(End::Cut(part)) => Ok(Line::Cut(part)),
            Some(End::Whole) | None => Ok(Line::End),
        }
    }

    /// What is left once the reading is stopped; why it failed was told or does not matter.
    pub(super) fn next_left(&mut self) -> Option<Left> {
        match self.next() {
            Ok(Line::Later) => {
                let piece =
                    self.reading.as_mut().and_then(|reading| reading.pieces.blocking_recv());
                self.receive(piece);
                self.next_left()
            }
            Ok(Line::Whole(line)) => Some(Left::Whole(Payload::Memory(line))),
            Ok(Line::Cut(part)) => Some(Left::Cut(part)),
            Ok(Line::End) | Err(_) => None,
        }
    }

    #[inline]
    fn take_line(&mut self) -> Bytes {
        match memchr::memchr(b'\n', &self.block) {
            Some(end) => {
                let line = self.block.split_to(end);
                self.block.advance(1);
                line
            }
            None => std::mem::take(&mut self.block),
        }
    }

    /// Waits for a block. Only called after [`Self::next`] had none.
    pub(super) async fn ready(&mut self) {
        if let Some(reading) = &mut self.reading
            && self.block.is_empty()
            && self.end.is_none()
        {
            let piece = reading.pieces.recv().await;
            self.receive(piece);
        } else {
            std::future::pending::<()>().await;
        }
    }

    /// Waits for the end, if no line comes before it. That the reading failed is for
    /// [`Self::next`] to say.
    pub(super) async fn exhausted(&mut self) {
        while !(self.block.is_empty() && matches!(self.end, Some(End::Whole | End::Cut(_)))) {
            self.ready().await;
        }
    }

    fn receive(&mut self, piece: Option<Piece>) {
        match piece {
            Some(Piece::Lines(block)) => self.block = block,
            Some(Piece::Cut(part)) => {
                self.is_cut = true;
                self.end = Some(if part.is_empty() { End::Whole } else { End::Cut(part) });
            }
            Some(Piece::Failed(error)) => {
                self.is_cut = true;
                self.end = Some(End::Failed(error));
            }
            None => self.end = Some(End::Whole),
        }
    }

    /// Reads no more. What was read is still given out, then comes the end.
    pub(super) fn stop(&mut self) {
        match &mut self.reading {
            Some(reading) => reading.stop = None,
            None => self.end = Some(End::Whole),
        }
    }

    /// Reads on, to the end if that comes within so long and before a signal.
    pub(super) fn stop_after(&mut self, limit: Duration) {
        if self.end.is_some() {
            return;
        }
        let Ok(Reading { stop: stop @ Some(_), .. }) = self.reading() else { return };
        let stop = stop.take();
        let wait = move || {
            // Where nobody can wait, the reading stops at once.
            let _ = wait_for_signal(limit);
            drop(stop);
        };
        // So it does where there can be no thread.
        let _ = thread::Builder::new().name("limit".to_owned()).spawn(wait);
    }

    /// Whether there was, or may have been, more than was read.
    pub(super) fn is_cut(&self) -> bool {
        self.is_cut
    }

    /// Gives nothing any more, not even what was read. Whether there was, or may have been, more.
    pub(super) fn discard(&mut self) -> bool {
        self.reading = None;
        let rest = std::mem::take(&mut self.block);
        self.end.replace(End::Whole).is_none() || !rest.is_empty()
    }

    /// The reading thread; it is started by the first call.
    fn reading(&mut self) -> Result<&mut Reading, SourceError> {
        match &mut self.reading {
            Some(reading) => Ok(reading),
            none => {
                let reading = Reading::start(&self.input, self.file.take());
                Ok(none.insert(reading.map_err(|error| self.input.error(error))?))
            }
        }
    }
}

impl Reading {
    fn start(input: &Input, file: Option<File>) -> io::Result<Self> {
        let file = match file {
            Some(file) => file,
            // Past the standard library's buffer: the block is the buffer.
            None => File::from(io::stdin().as_fd().try_clone_to_owned()?),
        };
        let (stopped, stop) = io::pipe()?;
        let (sender, pieces) = mpsc::channel(QUEUE);
        let reader = Reader { input: input.clone(), file, stopped, pieces: sender };
        thread::Builder::new().name("lines".to_owned()).spawn(move || reader.run())?;
        Ok(Self { pieces, stop: Some(stop) })
    }
}

/// The reading thread.
struct Reader {
    input: Input,
    file: File,
    /// Ends when the reading is to stop.
    stopped: PipeReader,
    pieces: mpsc::Sender<Piece>,
}

impl Reader {
    fn run(mut self) {
        if let Some(last) = self.read_all() {
            // Nobody listens any more when the program is leaving.
            let _ = self.pieces.blocking_send(last);
        }
    }

    /// Reads to the end and sends whole lines; gives what is left to send.
    fn read_all(&mut self) -> Option<Piece> {
        let mut block = Vec::with_capacity(BLOCK);
        loop {
            // What was there before this read has no newline.
            let searched = block.len();
            match self.fill(&mut block) {
                Ok(Filled::More) => {}
                // The last line needs no newline.
                Ok(Filled::End) => return (!block.is_empty()).then(|| Piece::Lines(block.into())),
                Ok(Filled::Stopped) => return Some(Piece::Cut(block.into())),
                Err(error) => return Some(Piece::Failed(self.input.error(error))),
            }
            let Some(last) = memchr::memrchr(b'\n', &block[searched..]) else {
                if block.len() > MAX_PAYLOAD {
                    let line = format!("a line of {}", self.input);
                    return Some(Piece::Failed(SourceError::TooLong(line)));
                }
                continue;
            };
            let last = searched + last;
            let mut next = Vec::with_capacity(BLOCK);
            next.extend_from_slice(&block[last + 1..]);
            block.truncate(last + 1);
            self.pieces.blocking_send(Piece::Lines(block.into())).ok()?;
            block = next;
        }
    }

    /// Appends what one read gives; a line that fills the block makes it grow.
    fn fill(&mut self, block: &mut Vec<u8>) -> io::Result<Filled> {
        if self.is_stopped()? {
            return Ok(Filled::Stopped);
        }
        if block.capacity() - block.len() < BLOCK / 4 {
            block.reserve(BLOCK);
        }
        loop {
            // What is read into need not be filled with zeros first.
            match rustix::io::read(&self.file, spare_capacity(block)) {
                Ok(0) => return Ok(Filled::End),
                Ok(_) => return Ok(Filled::More),
                Err(Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Waits for input, or for the word to stop.
    fn is_stopped(&self) -> io::Result<bool> {
        let mut watched =
            [PollFd::new(&self.stopped, PollFlags::IN), PollFd::new(&self.file, PollFlags::IN)];
        loop {
            match poll(&mut watched, None) {
                Err(Errno::INTR) => {}
                result => {
                    result?;
                    break;
                }
            }
        }
        Ok(!watched[0].revents().is_empty())
    }
}

/// What a read has given.
enum Filled {
    More,
    End,
    Stopped,
}
