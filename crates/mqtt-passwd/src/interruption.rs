//! Signals: what they may stop, and what they must wait for.
//!
//! The work is done on a thread of its own, and the main thread waits for its end or for a signal,
//! whichever comes first. A signal ends the program wherever the work stands, but for the moment
//! in which a file is replaced: that is waited for, and then counts as done.

use std::io;
use std::panic;
use std::sync::atomic::AtomicBool;
use std::sync::mpsc::{self, Sender};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

use mqtt_core::exit::{ExitStatus, Failure};
use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGXFSZ};
use signal_hook::iterator::Signals;

/// What the working thread is called, for whoever looks at it from outside.
const WORKER: &str = "edit";

/// The signals that end the work.
const ENDING: [i32; 4] = [SIGHUP, SIGINT, SIGQUIT, SIGTERM];

/// What is heard here, so that nobody else need.
pub(crate) const HEARD: [i32; 5] = [SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGXFSZ];

/// Undoes something the program must not leave behind, such as a terminal without echo.
pub(crate) type Undo = Box<dyn FnOnce() + Send>;

/// What the working thread tells about itself, so that a signal finds it in order.
#[derive(Default)]
pub(crate) struct Interruption {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    stage: Stage,
    undo: Option<Undo>,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Stage {
    /// Nothing has been changed: a signal ends the program.
    #[default]
    Preparing,
    /// The change was made, or failed: a signal comes too late.
    Decided,
    /// A signal came first: nothing may be changed any more.
    Interrupted,
}

/// A signal ended the work before anything was changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("interrupted; nothing was changed")]
pub(crate) struct Interrupted;

impl Failure for Interrupted {
    fn status(&self) -> ExitStatus {
        StoppedBy::Signal(SIGINT).status()
    }
}

impl Interruption {
    /// Makes the one change. No signal ends the program before `change` returns; once one did,
    /// nothing is changed.
    pub(crate) fn change<T>(&self, change: impl FnOnce() -> T) -> Result<T, Interrupted> {
        let mut state = self.lock();
        if state.stage == Stage::Interrupted {
            return Err(Interrupted);
        }
        let changed = change();
        state.stage = Stage::Decided;
        Ok(changed)
    }

    /// Begins something that must be undone on every way out: when the guard is dropped, or by a
    /// signal.
    pub(crate) fn undo_on_exit(
        &self,
        begin: impl FnOnce() -> io::Result<Undo>,
    ) -> io::Result<UndoGuard<'_>> {
        let mut state = self.lock();
        if state.stage == Stage::Interrupted {
            return Err(io::Error::new(io::ErrorKind::Interrupted, Interrupted));
        }
        state.undo = Some(begin()?);
        Ok(UndoGuard { interruption: self })
    }

    /// Says whether a signal comes in time to stop the work, and stops it then.
    fn interrupt(&self) -> Result<Interrupted, TooLate> {
        let mut state = self.lock();
        if state.stage == Stage::Decided {
            return Err(TooLate);
        }
        state.stage = Stage::Interrupted;
        if let Some(undo) = state.undo.take() {
            undo();
        }
        Ok(Interrupted)
    }

    /// For a panic that ends the program, where nothing is dropped.
    fn undo_at_panic(&self) {
        if let Ok(mut state) = self.state.try_lock()
            && let Some(undo) = state.undo.take()
        {
            undo();
        }
    }

    /// A panic of the working thread must not keep the terminal from being restored.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The change has been made.
struct TooLate;

/// Undoes what was begun when dropped.
pub(crate) struct UndoGuard<'a> {
    interruption: &'a Interruption,
}

impl Drop for UndoGuard<'_> {
    fn drop(&mut self) {
        if let Some(undo) = self.interruption.lock().undo.take() {
            undo();
        }
    }
}

/// What the main thread waits for.
enum Event {
    Signal(i32),
    WorkEnded,
}

/// Tells the main thread that the work has ended, also where it panicked.
struct TellEnd(Sender<Event>);

impl Drop for TellEnd {
    fn drop(&mut self) {
        let _ = self.0.send(Event::WorkEnded);
    }
}

/// Does `work` and gives its result, or the number of the signal that ended it.
pub(crate) fn run<T: Send + 'static>(
    work: impl FnOnce(&Interruption) -> T + Send + 'static,
) -> Result<T, StoppedBy> {
    let (events, waiting) = mpsc::channel();
    let interruption = Arc::new(Interruption::default());
    listen(events.clone())?;
    let (for_panic, report) = (Arc::clone(&interruption), panic::take_hook());
    panic::set_hook(Box::new(move |panic| {
        for_panic.undo_at_panic();
        report(panic);
    }));
    let for_work = Arc::clone(&interruption);
    let worker = thread::Builder::new().name(WORKER.to_owned()).spawn(move || {
        let _tell_end = TellEnd(events);
        work(&for_work)
    })?;
    for event in waiting {
        match event {
            Event::WorkEnded => break,
            Event::Signal(number) => {
                if interruption.interrupt().is_ok() {
                    return Err(StoppedBy::Signal(number));
                }
            }
        }
    }
    match worker.join() {
        Ok(result) => Ok(result),
        Err(panic) => panic::resume_unwind(panic),
    }
}

/// Tells the main thread of each signal.
fn listen(events: Sender<Event>) -> io::Result<()> {
    // Beyond a limit on file sizes, writing is to fail like on a full disk.
    signal_hook::flag::register(SIGXFSZ, Arc::new(AtomicBool::new(false)))?;
    let mut signals = Signals::new(ENDING)?;
    thread::spawn(move || {
        for signal in signals.forever() {
            if events.send(Event::Signal(signal)).is_err() {
                return;
            }
        }
    });
    Ok(())
}

/// Why there is no result.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StoppedBy {
    /// Signals cannot be listened to.
    #[error("cannot listen to signals")]
    Setup(#[from] io::Error),
    /// A signal came in time.
    #[error("interrupted by {}; nothing was changed", signal_name(*.0))]
    Signal(i32),
}

impl Failure for StoppedBy {
    fn status(&self) -> ExitStatus {
        match self {
            Self::Setup(_) => ExitStatus::FAILURE,
            Self::Signal(number) => {
                ExitStatus::from_signal(u8::try_from(*number).unwrap_or_default())
            }
        }
    }
}

fn signal_name(number: i32) -> &'static str {
    signal_hook::low_level::signal_name(number).unwrap_or("a signal")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::Ordering;

    #[test]
    fn after_a_signal_nothing_is_changed() {
        let interruption = Interruption::default();
        assert!(interruption.interrupt().is_ok());
        let mut changed = false;
        assert_eq!(interruption.change(|| changed = true), Err(Interrupted));
        assert!(!changed);
    }

    #[test]
    fn after_the_change_a_signal_comes_too_late() {
        let interruption = Interruption::default();
        assert_eq!(interruption.change(|| 1), Ok(1));
        assert!(interruption.interrupt().is_err());
    }

    fn undone(interruption: &Interruption) -> (UndoGuard<'_>, Arc<AtomicBool>) {
        let undone = Arc::new(AtomicBool::new(false));
        let flag = Arc::clone(&undone);
        let undo: Undo = Box::new(move || assert!(!flag.swap(true, Ordering::SeqCst)));
        (interruption.undo_on_exit(|| Ok(undo)).unwrap(), undone)
    }

    #[test]
    fn what_was_begun_is_undone_once_at_its_end() {
        let interruption = Interruption::default();
        let (guard, undone) = undone(&interruption);
        assert!(!undone.load(Ordering::SeqCst));
        drop(guard);
        assert!(undone.load(Ordering::SeqCst));
        assert!(interruption.interrupt().is_ok());
    }

    #[test]
    fn what_was_begun_is_undone_once_by_a_signal() {
        let interruption = Interruption::default();
        let (guard, undone) = undone(&interruption);
        assert!(interruption.interrupt().is_ok());
        assert!(undone.load(Ordering::SeqCst));
        drop(guard);
    }

    #[test]
    fn after_a_signal_nothing_is_begun() {
        let interruption = Interruption::default();
        assert!(interruption.interrupt().is_ok());
        let begun = interruption.undo_on_exit(|| panic!("begun"));
        assert!(begun.is_err());
    }
}
