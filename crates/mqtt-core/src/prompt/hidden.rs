//! A terminal that does not show what is typed, and shows it again on every way out.
//!
//! rpassword could hide it, but would know nothing of signals: a terminal that it had hidden would
//! stay so.

use std::fs::{self, File};
use std::io::{self, Write};
use std::panic;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;

use rustix::process::{getpgrp, getsid};
use rustix::termios::{
    LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcgetpgrp, tcsetattr,
};
use signal_hook::consts::{
    SIGABRT, SIGALRM, SIGCONT, SIGHUP, SIGINT, SIGPROF, SIGQUIT, SIGSYS, SIGTERM, SIGTRAP, SIGTSTP,
    SIGUSR1, SIGUSR2, SIGVTALRM, SIGXCPU, SIGXFSZ,
};
use signal_hook::iterator::Signals;
use signal_hook::low_level::emulate_default_handler;

/// The value of a special character that is switched off (`_POSIX_VDISABLE`).
const NO_CHARACTER: u8 = if cfg!(target_os = "linux") { 0 } else { 0xff };

/// What ends or stops a program, and what continues it. Without SIGKILL and SIGSTOP, which nobody
/// can hear, what a fault of our own makes, and what the library cannot do in our place (SIGIO,
/// SIGPWR, the real-time ones).
const SIGNALS: [i32; 16] = [
    SIGABRT, SIGALRM, SIGCONT, SIGHUP, SIGINT, SIGPROF, SIGQUIT, SIGSYS, SIGTERM, SIGTRAP, SIGTSTP,
    SIGUSR1, SIGUSR2, SIGVTALRM, SIGXCPU, SIGXFSZ,
];

/// The terminal that is hidden. There is one for the program, since signals and panics are.
static TERMINAL: Mutex<Option<Terminal>> = Mutex::new(None);

/// Whether signals and panics are listened to: from the first time on, to the end of the program.
static IS_WATCHED: AtomicBool = AtomicBool::new(false);

/// The terminal is hidden until this is dropped, or a panic or a signal ends the program.
#[derive(Debug)]
pub struct Hidden(());

#[derive(Debug)]
struct Terminal {
    line: File,
    before: Termios,
}

impl Hidden {
    /// Hides it. The signals `heard` are those that the program hears itself: it drops this, and
    /// then ends as it likes. Every other one does what it would have done, once the terminal shows
    /// again what is typed.
    pub fn hide(terminal: &File, heard: &[i32]) -> io::Result<Self> {
        if !IS_WATCHED.swap(true, Ordering::SeqCst) {
            watch_signals(heard)?;
            watch_panics();
        }
        // Held, so that who is to show it again waits until it is hidden.
        let mut hidden = lock();
        let line = terminal.try_clone()?;
        let terminal = Terminal { before: tcgetattr(&line)?, line };
        terminal.hide()?;
        *hidden = Some(terminal);
        Ok(Self(()))
    }
}

impl Drop for Hidden {
    fn drop(&mut self) {
        show();
    }
}

impl Terminal {
    /// No echo, and byte by byte, since the terminal's own lines end at 4,096 bytes. Ctrl-C stays;
    /// Ctrl-Z does not: whoever comes back from the shell would type with echo.
    fn hide(&self) -> io::Result<()> {
        let mut hidden = self.before.clone();
        hidden.local_modes &= !(LocalModes::ECHO | LocalModes::ECHONL | LocalModes::ICANON);
        hidden.special_codes[SpecialCodeIndex::VMIN] = 1;
        hidden.special_codes[SpecialCodeIndex::VTIME] = 0;
        hidden.special_codes[SpecialCodeIndex::VSUSP] = NO_CHARACTER;
        Ok(tcsetattr(&self.line, OptionalActions::Flush, &hidden)?)
    }

    fn show(&self) {
        // Nothing more can be done for a terminal that does not take it.
        let _ = tcsetattr(&self.line, OptionalActions::Now, &self.before);
        let _ = (&self.line).write_all(b"\n");
    }

    /// Whether it is ours. Whoever changes it in the background of its shell is stopped.
    fn is_in_foreground(&self) -> bool {
        tcgetpgrp(&self.line).is_ok_and(|foreground| foreground == getpgrp())
    }
}

fn lock() -> MutexGuard<'static, Option<Terminal>> {
    TERMINAL.lock().unwrap_or_else(PoisonError::into_inner)
}

fn show() {
    if let Some(terminal) = lock().take() {
        terminal.show();
    }
}

fn watch_panics() {
    let report = panic::take_hook();
    panic::set_hook(Box::new(move |panic| {
        show();
        report(panic);
    }));
}

/// On a thread that goes on when nothing is hidden any more: a signal that was listened to once
/// does nothing by itself.
fn watch_signals(heard: &[i32]) -> io::Result<()> {
    let ignored = ignored();
    let is_ours = |signal: &i32| !heard.contains(signal) && ignored >> (signal - 1) & 1 == 0;
    let mut signals = Signals::new(SIGNALS.into_iter().filter(is_ours))?;
    thread::Builder::new().name("terminal".to_owned()).spawn(move || {
        for signal in signals.forever() {
            obey(signal);
        }
    })?;
    Ok(())
}

fn obey(signal: i32) {
    match signal {
        SIGCONT => {
            // In the background, reading stops us once more.
            if let Some(terminal) = lock().as_ref().filter(|terminal| terminal.is_in_foreground()) {
                let _ = terminal.hide();
            }
            return;
        }
        SIGTSTP => match lock().as_ref() {
            Some(terminal) => terminal.show(),
            None if is_alone() => return,
            None => {}
        },
        _ => show(),
    }
    let _ = emulate_default_handler(signal);
}

/// Whether no shell is there that could continue us, as behind `ssh -t`: then the system does not
/// stop us at Ctrl-Z.
fn is_alone() -> bool {
    getsid(None).is_ok_and(|session| session == getpgrp())
}

/// A bit for each signal that whoever started us wants us to ignore, as nohup does: such a signal
/// ends nothing. Only Linux tells.
fn ignored() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let digits = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    digits.and_then(|digits| u64::from_str_radix(digits.trim(), 16).ok()).unwrap_or_default()
}
