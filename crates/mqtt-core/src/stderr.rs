//! Writing to stderr, which must not hold up who leaves: a pipe that nobody reads would for ever.

#[cfg(feature = "client")]
use std::fs::File;
use std::io;
use std::io::ErrorKind::{InvalidInput, TimedOut};
#[cfg(feature = "client")]
use std::io::Write as _;
#[cfg(feature = "client")]
use std::os::fd::AsFd;
#[cfg(feature = "client")]
use std::sync::PoisonError;
use std::sync::{Mutex, MutexGuard, TryLockError};
use std::thread;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;

#[cfg(feature = "client")]
use crate::descriptor::Blocking;

/// How long the last words may take to find room.
const PATIENCE: Duration = Duration::from_secs(5);

/// How long is waited for another thread, which may be about to be done.
const COURTESY: Duration = Duration::from_millis(100);

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
/// in a while is dropped, nearly at once where another thread has not found any. A stderr that cannot be
/// written to changes nothing.
pub fn last_words(text: &str) {
    if let Some(_writing) = try_writing() {
        let _ = write_within(PATIENCE, text.as_bytes());
    }
}

/// `None` where another thread does not get on.
fn try_writing() -> Option<MutexGuard<'static, ()>> {
    let started = Instant::now();
    loop {
        match WRITING.try_lock() {
            Ok(writing) => return Some(writing),
            Err(TryLockError::Poisoned(poisoned)) => return Some(poisoned.into_inner()),
            Err(TryLockError::WouldBlock) if started.elapsed() > COURTESY => return None,
            Err(TryLockError::WouldBlock) => thread::sleep(Duration::from_millis(1)),
        }
    }
}

fn write_within(patience: Duration, mut bytes: &[u8]) -> io::Result<()> {
    let deadline = Instant::now() + patience;
    while !bytes.is_empty() {
        wait_for_room(deadline)?;
        // Not by the standard library, whose lock another thread may hold.
        match rustix::io::write(io::stderr(), bytes.get(..BRIEF).unwrap_or(bytes)) {
            Ok(written) => bytes = bytes.get(written..).unwrap_or_default(),
            Err(Errno::AGAIN | Errno::INTR) => {}
            Err(error) => return Err(error.into()),
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
