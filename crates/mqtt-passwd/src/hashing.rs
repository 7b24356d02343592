//! Hashing many passwords: a person is shown how far that has come, once it takes long.

use std::io::{self, Write};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Instant;

use mqtt_core::progress::{HowFar, Meter, Progress, Unit};
use mqtt_core::stream::Stream;

use crate::error::PasswdError;
use crate::hash::Algorithm;
use crate::interruption::{Interrupted, Interruption, Undo};

/// How passwords are hashed, and for whom.
pub(crate) struct Hashing<'a> {
    pub(crate) algorithm: Algorithm,
    pub(crate) interruption: &'a Interruption,
    pub(crate) progress: Progress,
}

impl Hashing<'_> {
    /// The hashes of many passwords, in their order.
    pub(crate) fn hash_all(&self, passwords: &[&[u8]]) -> Result<Vec<String>, PasswdError> {
        let hash_all = |done: &AtomicUsize| self.algorithm.hash_all(passwords, done);
        let hashes = match self.progress {
            // Of a single one there is nothing to count.
            Progress::Shown if passwords.len() > 1 => {
                watched(passwords.len(), self.interruption, hash_all)?
            }
            Progress::Shown | Progress::Hidden => hash_all(&AtomicUsize::new(0)),
        };
        Ok(hashes?)
    }
}

/// Does `work`, which counts what it has done of `total` lines.
///
/// A signal clears the line, and no other follows.
fn watched<T>(
    total: usize,
    interruption: &Interruption,
    work: impl FnOnce(&AtomicUsize) -> T,
) -> Result<T, Interrupted> {
    let meter = Arc::new(Mutex::new(Some(Meter::new(Instant::now()))));
    let cleared = Arc::clone(&meter);
    let clear: Undo = Box::new(move || clear(&mut lock(&cleared)));
    let _clears = interruption.undo_on_exit(|| Ok(clear)).map_err(|_| Interrupted)?;
    let done = AtomicUsize::new(0);
    Ok(thread::scope(|scope| {
        let (working, ended) = mpsc::channel::<()>();
        let (meter, counted) = (&*meter, &done);
        scope.spawn(move || show(meter, total, counted, &ended));
        let result = work(&done);
        drop(working);
        result
    }))
}

/// Draws when that is due, until the work has ended or a signal has come.
fn show(meter: &Mutex<Option<Meter>>, total: usize, done: &AtomicUsize, ended: &Receiver<()>) {
    loop {
        let Some(due) = lock(meter).as_ref().map(Meter::due) else {
            return;
        };
        let rest = due.saturating_duration_since(Instant::now());
        if ended.recv_timeout(rest) != Err(RecvTimeoutError::Timeout) {
            return;
        }
        if let Some(meter) = lock(meter).as_mut() {
            let how_far = how_far(done.load(Ordering::Relaxed), total);
            write(&meter.draw(how_far, Instant::now(), Stream::Stderr.columns()));
        }
    }
}

fn how_far(done: usize, total: usize) -> HowFar {
    HowFar {
        unit: Unit::Lines,
        done: u64::try_from(done).unwrap_or(u64::MAX),
        total: u64::try_from(total).ok(),
        unacknowledged: None,
    }
}

fn clear(meter: &mut Option<Meter>) {
    if let Some(mut meter) = meter.take() {
        write(meter.clear());
    }
}

fn lock(meter: &Mutex<Option<Meter>>) -> MutexGuard<'_, Option<Meter>> {
    meter.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A terminal that is gone changes nothing about the work.
fn write(text: &str) {
    let _ = io::stderr().write_all(text.as_bytes());
}
