//! The `main` that the three tools share.

use std::ffi::OsString;
#[cfg(feature = "client")]
use std::io::IsTerminal;
use std::io::{self, Write};
use std::process::ExitCode;

#[cfg(feature = "client")]
use super::show_config::without_effect;
#[cfg(feature = "client")]
use super::{Given, Origin};
use crate::exit::{ExitStatus, Failure};
use crate::invocation::{Invocation, Tool};
use crate::message::line;
#[cfg(feature = "client")]
use crate::plan::{Audience, ConnectPlan, Notices, Summary};
#[cfg(feature = "client")]
use crate::stats::Stats;
use crate::stderr;

/// Runs a tool: reads argv, calls `tool_run`, prints the error it ends with, gives its status.
///
/// An error is printed as one line `error: what: cause: cause` on stderr, a `hint:` line below it
/// where the error has one.
pub fn run<E: Failure>(
    tool: Tool,
    tool_run: impl FnOnce(Invocation, Vec<OsString>) -> Result<ExitStatus, E>,
) -> ExitCode {
    #[cfg(panic = "abort")]
    end_at_panic();
    let mut argv = std::env::args_os();
    let argv0 = argv.next().unwrap_or_default();
    let invocation = Invocation::new(tool, &argv0);
    match tool_run(invocation, argv.collect()) {
        Ok(status) => status.into(),
        Err(failure) => report(failure).into(),
    }
}

/// A panic ends the program with the status that unwinding would give it, and not by a signal that
/// leaves its memory, with the secrets in it, in a file.
#[cfg(panic = "abort")]
#[expect(clippy::exit, reason = "there is no other way out of a hook")]
fn end_at_panic() {
    /// What the standard library gives a `main` that panicked.
    const PANICKED: i32 = 101;
    let report = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        report(panic);
        std::process::exit(PANICKED);
    }));
}

/// Prints a text that was asked for (`--help`, `--version`). A stdout that nobody reads is no
/// error; any other that cannot be written to is told on stderr.
#[must_use]
pub fn show(text: &str) -> ExitStatus {
    let mut stdout = io::stdout();
    let shown = stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush());
    match shown {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            stderr::last_words(&line(&format!("error: cannot write to stdout: {error}")));
            ExitStatus::FAILURE
        }
        _ => ExitStatus::SUCCESS,
    }
}

/// Prints what a tool says that was called without a word: nothing was done, and so this is no success.
#[must_use]
pub fn introduce(text: &str) -> ExitStatus {
    let _ = io::stderr().write_all(text.as_bytes());
    ExitStatus::FAILURE
}

/// Prints what the user should know about the options and their sources; `idle` are options of the
/// tool that have no effect, each with the reason. A stderr that cannot be written to changes nothing.
#[cfg(feature = "client")]
pub fn warn(given: &Given, connect: &ConnectPlan, idle: &[(&str, &str)]) {
    if connect.notices == Notices::Hidden {
        return;
    }
    let warnings = given.warnings().iter().cloned().chain(without_effect(given, connect, idle));
    let text: String = warnings.map(|text| line(&format!("warning: {text}"))).collect();
    if !text.is_empty() {
        let _ = io::stderr().write_all(text.as_bytes());
    }
    if given.origins("password").last().is_some_and(Origin::is_seen) && reads_keyboard() {
        tell(connect.audience, PASSWORD_IS_SEEN);
    }
}

/// What is said to a person who has typed a password.
#[cfg(feature = "client")]
const PASSWORD_IS_SEEN: &str = "hint: others can see a password on the command line: \
    --password-file FILE, or -u alone, which asks";

/// Says a line to a person at a terminal.
#[cfg(feature = "client")]
pub fn tell(audience: Audience, text: &str) {
    if audience == Audience::Person {
        let _ = io::stderr().write_all(line(text).as_bytes());
    }
}

/// Prints what a run came to, where that is asked for: also where it ended badly, and where it is
/// to be quiet.
#[cfg(feature = "client")]
pub fn sum_up(summary: Summary, stats: Stats) {
    if summary == Summary::Printed {
        stderr::last_words(&line(&stats.to_string()));
    }
}

/// Whether the user may be typing what is read from stdin.
#[cfg(feature = "client")]
#[must_use]
pub fn reads_keyboard() -> bool {
    io::stdin().is_terminal()
}

/// Lets the error of a run through to be printed, or keeps only its status (`--quiet`).
#[cfg(feature = "client")]
pub fn conclude<E: Failure>(
    notices: Notices,
    result: Result<ExitStatus, E>,
) -> Result<ExitStatus, E> {
    match (notices, result) {
        (Notices::Hidden, Err(failure)) => Ok(failure.status()),
        (_, result) => result,
    }
}

/// Prints the chain of causes to stderr and gives the status. A stderr that cannot be written to
/// changes nothing about the status.
fn report<E: Failure>(failure: E) -> ExitStatus {
    let status = failure.status();
    let hint = failure.hint();
    let mut text = line(&format!("error: {:#}", anyhow::Error::new(failure)));
    if let Some(hint) = hint {
        text.push_str(&line(&format!("hint: {hint}")));
    }
    stderr::last_words(&text);
    status
}
