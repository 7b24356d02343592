//! The command line of mqtt-pub: options to plan.

use std::ffi::OsString;
use std::num::{NonZeroU16, NonZeroU32};
use std::os::unix::ffi::OsStringExt;
use std::path::PathBuf;
use std::time::Duration;

use bytes::Bytes;
use clap::{ArgAction, ArgMatches, CommandFactory, FromArgMatches, Parser, value_parser};
use mqtt_core::cli::{ConnectArgs, ConnectDefaults, DEFAULT_WINDOW, UsageError, value};
use mqtt_core::invocation::Invocation;
use mqtt_core::plan::Reconnect;
use mqtt_core::protocol::{Qos, TopicName};

use crate::plan::{Origin, Payloads, PublishPlan, Repeat};

const EXAMPLES: &str = "\
Examples:
  mqtt-pub -t home/lamp -m on                     one message
  mqtt-pub -h broker.local -t log -q 1 -l < log   one message per line, each acknowledged
  mqtt-pub -t camera/still -r -f still.jpg        a file, retained by the broker
  mqtt-pub -t home/lamp -r -n                     delete a retained message

Exit status: 0 the broker acknowledged every message (QoS 1 and 2), or every byte reached the
socket (QoS 0); anything else says on stderr what is missing.";

/// Publish messages to an MQTT broker.
#[derive(Debug, Parser)]
#[command(
    version = concat!(env!("CARGO_PKG_VERSION"), " (MQTT 3.1, 3.1.1, 5; TCP)"),
    after_help = EXAMPLES,
    override_usage = "mqtt-pub [OPTIONS] -t TOPIC {-m TEXT | -f FILE | -s | -l | -n}",
    disable_help_flag = true,
    disable_version_flag = true
)]
struct PublishArgs {
    /// Topic to publish to
    #[arg(short, long, help_heading = "Publishing", value_parser = value::topic_name())]
    topic: Option<TopicName>,

    /// Payload: the text itself
    #[arg(short, long, help_heading = "Publishing", value_name = "TEXT",
        value_parser = value_parser!(OsString), action = ArgAction::Append)]
    message: Vec<OsString>,

    /// Payload: the content of FILE
    #[arg(short, long, help_heading = "Publishing", value_parser = value_parser!(PathBuf),
        action = ArgAction::Append)]
    file: Vec<PathBuf>,

    /// Payload: all of stdin
    #[arg(short, long, help_heading = "Publishing", action = ArgAction::Count)]
    stdin_file: u8,

    /// One message per line of stdin
    #[arg(short = 'l', long, help_heading = "Publishing", action = ArgAction::Count)]
    stdin_line: u8,

    /// Empty payload
    #[arg(short, long, help_heading = "Publishing", action = ArgAction::Count)]
    null_message: u8,

    /// Quality of service, 0 to 2
    #[arg(short, long, help_heading = "Publishing", default_value = "0",
        value_parser = value::qos())]
    qos: Qos,

    /// Have the broker keep the message for later subscribers
    #[arg(short, long, help_heading = "Publishing")]
    retain: bool,

    /// Publish the message so many times, 1 or more; not with --stdin-line
    #[arg(long, help_heading = "Publishing", value_name = "COUNT", default_value = "1",
        value_parser = value_parser!(u32).range(1..))]
    repeat: u32,

    /// Pause between two of them
    #[arg(long, help_heading = "Publishing", value_name = "SECONDS", default_value = "0",
        value_parser = value::seconds())]
    repeat_delay: Duration,

    #[command(flatten)]
    connect: ConnectArgs,
}

/// The definition of the options.
pub(crate) fn command() -> clap::Command {
    PublishArgs::command()
}

/// Settles defaults and checks the rules between options.
pub(crate) fn plan(
    invocation: Invocation,
    matches: &ArgMatches,
) -> Result<PublishPlan, UsageError> {
    let args = PublishArgs::from_arg_matches(matches)
        .map_err(|error| UsageError::new(invocation, error.to_string()))?;
    let payloads = args.payloads(invocation)?;
    let defaults = ConnectDefaults {
        receive_maximum: NonZeroU16::new(DEFAULT_WINDOW).unwrap_or(NonZeroU16::MAX),
        reconnect: match payloads {
            Payloads::StdinLines => Reconnect::Forever,
            Payloads::One { .. } => Reconnect::Never,
        },
        time_limit: None,
    };
    let connect = args.connect.plan(invocation, defaults)?;
    let Some(topic) = args.topic else {
        return Err(UsageError::new(
            invocation,
            "no topic to publish to: --topic is missing",
        ));
    };
    Ok(PublishPlan {
        connect,
        topic,
        qos: args.qos,
        retain: args.retain,
        payloads,
    })
}

impl PublishArgs {
    /// Exactly one of `-m -f -s -l -n`, and that once.
    fn payloads(&self, invocation: Invocation) -> Result<Payloads, UsageError> {
        let words = self.message.iter().map(|word| {
            (
                "--message",
                Some(Origin::Argument(word.clone().into_vec().into())),
            )
        });
        let files = self
            .file
            .iter()
            .map(|path| ("--file", Some(Origin::File(path.clone()))));
        let flag =
            |count: u8, name, make: fn() -> Option<Origin>| (0..count).map(move |_| (name, make()));
        let mut given: Vec<_> = words
            .chain(files)
            .chain(flag(self.stdin_file, "--stdin-file", || {
                Some(Origin::Stdin)
            }))
            .chain(flag(self.stdin_line, "--stdin-line", || None))
            .chain(flag(self.null_message, "--null-message", || {
                Some(Origin::Argument(Bytes::new()))
            }))
            .collect();
        if let [(first, _), (second, _), ..] = given[..] {
            let message = if first == second {
                format!("'{first}' may be given only once: one kind of message at a time")
            } else {
                format!(
                    "'{first}' and '{second}' exclude each other: one kind of message at a time"
                )
            };
            return Err(UsageError::new(invocation, message));
        }
        let count = NonZeroU32::new(self.repeat).unwrap_or(NonZeroU32::MIN);
        let repeat = Repeat {
            count,
            delay: self.repeat_delay,
        };
        match given.pop() {
            Some((_, Some(origin))) => Ok(Payloads::One { origin, repeat }),
            Some((_, None)) => Ok(Payloads::StdinLines),
            None => Err(UsageError::new(
                invocation,
                "nothing to publish: one of --message, --file, --stdin-file, --stdin-line, \
                 --null-message is missing",
            )),
        }
    }
}
