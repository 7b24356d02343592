//! The options about commands.

use std::ffi::OsString;
use std::num::NonZeroUsize;
use std::time::Duration;

use clap::Args;
use clap::builder::OsStringValueParser;
use mqtt_core::cli::value::{self, CommandLine};

use crate::exec::{CommandPlan, OnFailure};

/// What runs a command of `--exec-shell`.
const SHELL: &str = "/bin/sh";

/// The words of `--exec-failure`.
const ON_FAILURE: &[(&str, OnFailure)] =
    &[("continue", OnFailure::GoOn), ("stop", OnFailure::Stop)];

/// What is run for each message.
#[derive(Args, Debug)]
pub(crate) struct ExecArgs {
    /// Run a program for each message, instead of writing it: the payload is its stdin, topic and
    /// the rest are variables, which stand below. CMD is the program and its arguments, with quotes
    /// as in a shell; no shell reads it
    #[arg(long, help_heading = "Commands", value_name = "CMD",
        value_parser = value::command_line())]
    exec: Option<CommandLine>,

    /// Do the same, but let /bin/sh read CMD
    #[arg(long, help_heading = "Commands", value_name = "CMD",
        value_parser = OsStringValueParser::new())]
    exec_shell: Option<OsString>,

    /// Run at most so many commands at once, 1 to 1000; more than one end in any order
    #[arg(long, help_heading = "Commands", value_name = "COUNT", default_value = "1",
        value_parser = value::number(1, 1000))]
    exec_jobs: u32,

    /// End a command that runs for longer, and count it as failed: a number and ms, s, m or h (s where
    /// none stands), above 0, at most 1000000000s; without this it may take any time
    #[arg(long, help_heading = "Commands", value_name = "TIME", value_parser = value::time_span())]
    exec_timeout: Option<Duration>,

    /// Do this when a command fails: continue (with a warning) or stop (leave with its status)
    #[arg(long, help_heading = "Commands", value_name = "WHAT", default_value = "continue",
        value_parser = value::one_of(ON_FAILURE))]
    exec_failure: OnFailure,

    /// Acknowledge a message of QoS 1 or 2 only if its command has succeeded; leave with the status
    /// of the first one that fails
    #[arg(long, help_heading = "Commands")]
    ack_on_success: bool,
}

impl ExecArgs {
    /// The command, where there is one.
    pub(crate) fn plan(&self) -> Option<CommandPlan> {
        let mut words = match (&self.exec, &self.exec_shell) {
            (Some(CommandLine(words)), _) => words.clone(),
            (None, Some(text)) => vec![SHELL.into(), "-c".into(), text.clone()],
            (None, None) => return None,
        };
        let program = words.remove(0);
        let on_failure =
            if self.ack_on_success { OnFailure::StopUnacknowledged } else { self.exec_failure };
        let jobs = usize::try_from(self.exec_jobs).ok().and_then(NonZeroUsize::new);
        Some(CommandPlan {
            program,
            arguments: words,
            jobs: jobs.unwrap_or(NonZeroUsize::MIN),
            time_limit: self.exec_timeout,
            on_failure,
        })
    }

    pub(crate) fn wants_success(&self) -> bool {
        self.ack_on_success
    }
}
