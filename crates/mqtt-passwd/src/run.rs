//! From the words of the command line to what was done and said.

use std::ffi::OsString;
use std::io::{self, ErrorKind, IsTerminal};

use mqtt_core::cli;
use mqtt_core::exit::ExitStatus;
use mqtt_core::invocation::{Behaviour, Invocation};
use mqtt_core::message;

use crate::args::{Request, request};
use crate::error::PasswdError;
use crate::interruption;
use crate::job::{self, Done};
use crate::output;
use crate::password_file::{Counts, Set};
use crate::plan::{Effect, Plan, Repetition};

/// Does what the words of the command line ask for.
pub(crate) fn run(invocation: Invocation, words: Vec<OsString>) -> Result<ExitStatus, PasswdError> {
    let plan = match request(invocation, words)? {
        Request::Do(plan) => *plan,
        Request::Print(text) => return Ok(cli::show(&text)),
        Request::Introduce(text) => return Ok(cli::introduce(&text)),
    };
    match carry_out(plan) {
        // Whoever reads has left: there is nobody to tell.
        Err(PasswdError::Stdout(error)) if error.kind() == ErrorKind::BrokenPipe => {
            Ok(ExitStatus::FAILURE)
        }
        done => done.map(|()| ExitStatus::SUCCESS),
    }
}

fn carry_out(plan: Plan) -> Result<(), PasswdError> {
    let (effect, repetition) = (plan.effect, plan.repetition);
    // Where a password was generated, stdout is for that alone.
    let behaviour = if plan.generates() { Behaviour::Own } else { plan.behaviour };
    let (done, warnings) = interruption::run(move |interruption| job::run(plan, interruption))?;
    for warning in &warnings {
        output::to_stderr(&message::line(&format!("warning: {warning}")));
    }
    let outcome = done?;
    match (effect, repetition) {
        (Effect::Change, Repetition::Always) => report(&outcome.done, behaviour),
        (Effect::Change, Repetition::IfChanged) => outcome.tell()?,
        (Effect::Show, Repetition::IfChanged) => output::to_stdout(outcome.word().as_bytes())?,
        (Effect::Show, Repetition::Always) => say("Nothing was written\n"),
    }
    Ok(())
}

/// Says what was done: where the original says it, in its words; else to somebody who watches.
fn report(done: &Done, behaviour: Behaviour) {
    let text = match done {
        Done::Checked => "The password is right\n".to_owned(),
        Done::Deleted(user) => format!("Deleted user {user}\n"),
        Done::Set(Set::Added, user) => format!("Adding password for user {user}\n"),
        Done::Set(Set::Updated, user) => format!("Updating password for user {user}\n"),
        Done::SetAll(Counts { added, updated }) => {
            format!("Added {added} users, updated {updated}\n")
        }
        Done::Upgraded { hashed, kept } => {
            format!("Hashed {hashed} passwords, left {kept} other entries as they were\n")
        }
        Done::Nothing => return,
    };
    match (behaviour, done) {
        // The file has been changed: a stdout that takes no more does not make that undone.
        (Behaviour::Original, Done::Set(..)) => drop(output::to_stdout(text.as_bytes())),
        (Behaviour::Own, Done::Upgraded { .. } | Done::SetAll(_)) => output::to_stderr(&text),
        (Behaviour::Own, _) => say(&text),
        _ => {}
    }
}

/// To somebody who watches.
fn say(text: &str) {
    if io::stderr().is_terminal() {
        output::to_stderr(text);
    }
}
