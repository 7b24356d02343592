//! Writing to stderr, which must not hold up who leaves: a pipe that nobody reads would for ever.

#[cfg(feature = "client")]
use std::fs::File;
use std::io::ErrorKind::{Interrupted, InvalidInput, TimedOut, WouldBlock};
use std::io::{self, Write};
#[cfg(feature = "client")]
use std::os::fd::AsFd;
#[cfg(feature = "client")]
use std::sync::PoisonError;
use std::sync::{Mutex, MutexGuard, TryLockError};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;

#[cfg(feature = "client")]
use crate::descriptor::Blocking;

/// How long the last words may take to find room.
const PATIENCE: Duration = Duration::from_secs(5);

/// What can be written at once where there is room at all (`PIPE_BUF`).
pub(crate) const BRIEF: usize = 4096;

/// Held by whoever writes, so that who has no time sees that another one cannot go on.
static WRITING: Mutex<()> = Mutex::new(());

/// Writes all of it, however long that takes.
#[cfg(feature = "client")]
pub(crate) fn write(bytes: &[u8]) -> io::Result<()> {
    let _writing = WRITING.lock().unwrap_or_else(PoisonError::into_inner);
    Blocking(File::from(io::stderr().as_fd().try_clone_to_owned()?)).write_all(bytes)
}

/// Writes what a run says at its end, when nothing listens to signals any more. What finds no room
/// in a while is dropped, at once where another thread has not found any. A stderr that cannot be
/// written to changes nothing.
pub fn last_words(text: &str) {
    if let Some(_writing) = try_writing() {
        let _ = write_within(PATIENCE, text.as_bytes());
    }
}

fn try_writing() -> Option<MutexGuard<'static, ()>> {
    match WRITING.try_lock() {
        Ok(writing) => Some(writing),
        Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
        Err(TryLockError::WouldBlock) => None,
    }
}

fn write_within(patience: Duration, mut bytes: &[u8]) -> io::Result<()> {
    let deadline = Instant::now() + patience;
    while !bytes.is_empty() {
        wait_for_room(deadline)?;
        match io::stderr().write(bytes.get(..BRIEF).unwrap_or(bytes)) {
            Ok(written) => bytes = bytes.get(written..).unwrap_or_default(),
            Err(error) if matches!(error.kind(), WouldBlock | Interrupted) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

fn wait_for_room(deadline: Instant) -> io::Result<()> {
    let stderr = io::stderr();
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(TimedOut.into());
        }
        let left = Timespec::try_from(left).map_err(|_| InvalidInput)?;
        match poll(&mut [PollFd::new(&stderr, PollFlags::OUT)], Some(&left)) {
            Ok(0) | Err(Errno::INTR) => {}
            Ok(_) => return Ok(()),
            Err(error) => return Err(error.into()),
        }
    }
}
