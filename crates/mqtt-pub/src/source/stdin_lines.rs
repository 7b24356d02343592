//! One message per line of stdin.
//!
//! A thread reads stdin in blocks and hands over what holds whole lines; the lines are slices of
//! the block, cut where they are needed. Any byte but a newline may stand in a line, and a line
//! may be as long as a message can be. The channel is short, so a slow broker stops the reading,
//! and a silent stdin stops nothing else.

use std::fs::File;
use std::io::{self, Read};
use std::os::fd::AsFd;

use bytes::{Buf, Bytes};
use mqtt_core::payload::Payload;
use tokio::sync::mpsc;

use super::{MAX_PAYLOAD, Next, SourceError};

/// How much is read at a time.
const BLOCK: usize = 64 * 1024;

/// How many blocks may wait.
const QUEUE: usize = 2;

/// The lines of stdin.
#[derive(Debug)]
pub(crate) struct StdinLines {
    /// `None` until the first line is asked for: stdin is not touched before.
    blocks: Option<mpsc::Receiver<Result<Bytes, SourceError>>>,
    /// Whole lines, with their newlines but perhaps for the last one.
    block: Bytes,
    error: Option<SourceError>,
    ended: bool,
}

impl StdinLines {
    pub(super) fn new() -> Self {
        Self { blocks: None, block: Bytes::new(), error: None, ended: false }
    }

    pub(super) fn next(&mut self) -> Result<Next, SourceError> {
        if self.block.is_empty() && !self.ended {
            self.start()?;
            // A block that is there already needs no wake-up.
            match self.blocks.as_mut().map(mpsc::Receiver::try_recv) {
                Some(Ok(block)) => self.receive(Some(block)),
                Some(Err(mpsc::error::TryRecvError::Disconnected)) => self.receive(None),
                _ => {}
            }
        }
        if let Some(error) = self.error.take() {
            return Err(error);
        }
        if self.block.is_empty() {
            return Ok(if self.ended { Next::End } else { Next::Later });
        }
        Ok(Next::Payload(Payload::Memory(self.take_line())))
    }

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

    pub(super) async fn ready(&mut self) {
        if !self.block.is_empty() || self.ended || self.error.is_some() {
            return std::future::pending().await;
        }
        match &mut self.blocks {
            Some(blocks) => {
                let block = blocks.recv().await;
                self.receive(block);
            }
            None => std::future::pending().await,
        }
    }

    fn receive(&mut self, block: Option<Result<Bytes, SourceError>>) {
        match block {
            Some(Ok(block)) => self.block = block,
            Some(Err(error)) => {
                self.error = Some(error);
                self.ended = true;
            }
            None => self.ended = true,
        }
    }

    /// The blocks that were read are still given out, then comes the end.
    pub(super) fn stop(&mut self) {
        if let Some(blocks) = &mut self.blocks {
            blocks.close();
        } else {
            self.ended = true;
        }
    }

    fn start(&mut self) -> Result<(), SourceError> {
        if self.blocks.is_some() {
            return Ok(());
        }
        // Past the standard library's buffer: the block is the buffer.
        let stdin = io::stdin().as_fd().try_clone_to_owned().map_err(SourceError::Stdin)?;
        let (sender, blocks) = mpsc::channel(QUEUE);
        std::thread::Builder::new()
            .name("stdin".to_owned())
            .spawn(move || read_blocks(&mut File::from(stdin), &sender))
            .map_err(SourceError::Stdin)?;
        self.blocks = Some(blocks);
        Ok(())
    }
}

/// Reads to the end and sends blocks of whole lines; an error is the last thing sent.
fn read_blocks(input: &mut impl Read, blocks: &mpsc::Sender<Result<Bytes, SourceError>>) {
    let mut block = Vec::with_capacity(BLOCK);
    loop {
        match fill(input, &mut block) {
            Ok(0) => break,
            Ok(_) => {}
            Err(error) => {
                let _ = blocks.blocking_send(Err(SourceError::Stdin(error)));
                return;
            }
        }
        let Some(last) = memchr::memrchr(b'\n', &block) else {
            if block.len() > MAX_PAYLOAD {
                let line = "a line of stdin".to_owned();
                let _ = blocks.blocking_send(Err(SourceError::TooLong(line)));
                return;
            }
            continue;
        };
        let mut next = Vec::with_capacity(BLOCK);
        next.extend_from_slice(&block[last + 1..]);
        block.truncate(last + 1);
        if blocks.blocking_send(Ok(block.into())).is_err() {
            return;
        }
        block = next;
    }
    // The last line needs no newline.
    if !block.is_empty() {
        let _ = blocks.blocking_send(Ok(block.into()));
    }
}

/// Appends what one read gives; a line that fills the block makes it grow.
fn fill(input: &mut impl Read, block: &mut Vec<u8>) -> io::Result<usize> {
    let length = block.len();
    let room = (block.capacity() - length).max(BLOCK / 4).max(length);
    let room =
        if block.capacity() - length >= BLOCK / 4 { block.capacity() - length } else { room };
    block.resize(length + room, 0);
    let read = loop {
        match input.read(&mut block[length..]) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            read => break read,
        }
    };
    block.truncate(length + read.as_ref().copied().unwrap_or_default());
    read
}
