//! The command line of mqtt-pub: options to plan.

use std::ffi::OsString;
use std::num::{NonZeroU16, NonZeroU32};
use std::os::unix::ffi::OsStringExt;
use std::path::PathBuf;
use std::time::Duration;

use bytes::Bytes;
use clap::{ArgAction, CommandFactory, Parser, value_parser};
use mqtt_core::cli::{
    self, ConnectArgs, ConnectDefaults, DEFAULT_WINDOW, Given, UsageError, VERSION, value,
};
use mqtt_core::invocation::Invocation;
use mqtt_core::plan::{PasswordSource, Progress, Reconnect};
use mqtt_core::protocol::property::Carrier;
use mqtt_core::protocol::{Qos, TopicName};
use mqtt_core::session::Message;

use crate::generated::FILES;
use crate::plan::{Origin, Payloads, PublishPlan, Repeat, Unsent};

const EXAMPLES: &str = "\
Examples:
  mqtt-pub -t home/lamp -m on                  one message
  mqtt-pub -h broker.lan -t log -q 1 -l < log  each line, acknowledged
  mqtt-pub -t camera/still -r -f still.jpg     a file, retained
  mqtt-pub -t home/lamp -r -n                  delete a retained message";

const BELOW: &str = "\
Exit status:
  0 the broker acknowledged every message (QoS 1 and 2), or every byte reached
  the socket (QoS 0); anything else says on stderr what is missing";

/// Publish messages to an MQTT broker.
#[derive(Debug, Parser)]
#[command(
    version = VERSION,
    before_help = EXAMPLES,
    after_help = BELOW,
    disable_help_flag = true,
    disable_version_flag = true
)]
#[expect(clippy::struct_excessive_bools, reason = "one for each flag of the command line")]
struct PublishArgs {
    /// Publish to TOPIC
    #[arg(short, long, help_heading = "Publishing", value_parser = value::topic_name())]
    topic: Option<TopicName>,

    /// Publish TEXT
    #[arg(short, long, help_heading = "Publishing", value_name = "TEXT",
        value_parser = value_parser!(OsString), action = ArgAction::Append)]
    message: Vec<OsString>,

    /// Publish the content of FILE
    #[arg(short, long, help_heading = "Publishing", value_parser = value_parser!(PathBuf),
        action = ArgAction::Append)]
    file: Vec<PathBuf>,

    /// Publish all of stdin as one message
    #[arg(short, long, help_heading = "Publishing")]
    stdin_file: bool,

    /// Publish each line of stdin as a message
    #[arg(short = 'l', long, help_heading = "Publishing")]
    stdin_line: bool,

    /// Add the lines of stdin that do not get through to FILE, which is made if it is not there
    #[arg(long, help_heading = "Publishing", value_name = "FILE",
        value_parser = value_parser!(PathBuf))]
    save_unsent: Option<PathBuf>,

    /// Publish an empty payload
    #[arg(short, long, help_heading = "Publishing")]
    null_message: bool,

    /// Publish with this quality of service: 0, 1 or 2
    #[arg(short, long, help_heading = "Publishing", default_value = "0",
        value_parser = value::qos())]
    qos: Qos,

    /// Have the broker keep the message for later subscribers
    #[arg(short, long, help_heading = "Publishing")]
    retain: bool,

    /// Publish the message so many times, 1 to 4294967295; not with --stdin-line
    #[arg(long, help_heading = "Publishing", value_name = "COUNT", default_value = "1",
        value_parser = value::number(1, u32::MAX))]
    repeat: u32,

    /// Pause so many seconds between two of them, 0 to 1000000000, with decimals if wanted
    #[arg(long, help_heading = "Publishing", value_name = "SECONDS", default_value = "0",
        value_parser = value::seconds())]
    repeat_delay: Duration,

    #[command(flatten)]
    connect: ConnectArgs,
}

/// The definition of the options, with the name the user knows the tool by.
pub(crate) fn command(invocation: Invocation) -> clap::Command {
    let usage = "[OPTIONS] -t TOPIC {-m TEXT | -f FILE | -s | -l | -n}";
    PublishArgs::command()
        .override_usage(format!("{} {usage}", invocation.name()))
        .arg(cli::generate(&FILES))
}

/// Settles defaults and checks the rules between options.
pub(crate) fn plan(given: &Given) -> Result<PublishPlan, UsageError> {
    let args: PublishArgs = given.args()?;
    let payloads = args.payloads(given)?;
    let defaults = ConnectDefaults {
        receive_maximum: NonZeroU16::new(DEFAULT_WINDOW).unwrap_or(NonZeroU16::MAX),
        reconnect: match payloads {
            Payloads::StdinLines(_) => Reconnect::ONCE_REACHED,
            Payloads::One { .. } => Reconnect::NEVER,
        },
    };
    let properties = args.connect.properties(Carrier::Publish, given)?;
    let mut connect = args.connect.plan(given, defaults)?;
    // Where somebody types, nothing else is written.
    if payloads.are_on_stdin() && cli::reads_keyboard() {
        connect.progress = Progress::Hidden;
    }
    if connect.password == Some(PasswordSource::Stdin) && payloads.are_on_stdin() {
        return Err(given.error(
            "'--password-file -' and a message on stdin exclude each other: it is read once",
        ));
    }
    let Some(topic) = args.topic else {
        return Err(given.error("no topic to publish to: --topic is missing"));
    };
    let message = Message { topic, qos: args.qos, retain: args.retain, properties, payload: () };
    Ok(PublishPlan { connect, message, payloads })
}

impl PublishArgs {
    /// Exactly one of `-m -f -s -l -n`, and that once.
    fn payloads(&self, given: &Given) -> Result<Payloads, UsageError> {
        let mut kinds: Vec<(&str, Option<Origin>)> = Vec::new();
        for word in &self.message {
            let bytes = word.clone().into_vec().into();
            kinds.push(("--message", Some(Origin::Argument(bytes))));
        }
        for path in &self.file {
            kinds.push(("--file", Some(Origin::File(path.clone()))));
        }
        if self.stdin_file {
            kinds.push(("--stdin-file", Some(Origin::Stdin)));
        }
        if self.stdin_line {
            kinds.push(("--stdin-line", None));
        }
        if self.null_message {
            kinds.push(("--null-message", Some(Origin::Argument(Bytes::new()))));
        }
        if let [(first, _), (second, _), ..] = kinds[..] {
            let message = if first == second {
                format!("'{first}' may be given only once: one kind of message at a time")
            } else {
                format!(
                    "'{first}' and '{second}' exclude each other: one kind of message at a time"
                )
            };
            return Err(given.error(message));
        }
        match kinds.pop() {
            Some((_, Some(_))) if self.save_unsent.is_some() => {
                Err(given.error("'--save-unsent' needs '--stdin-line': it saves lines"))
            }
            Some((_, Some(origin))) => Ok(Payloads::One { origin, repeat: self.repeat() }),
            Some((_, None)) => Ok(Payloads::StdinLines(self.unsent())),
            None => Err(given.error(
                "nothing to publish: one of --message, --file, --stdin-file, --stdin-line, \
                 --null-message is missing",
            )),
        }
    }

    fn unsent(&self) -> Unsent {
        self.save_unsent.clone().map_or(Unsent::Counted, Unsent::Saved)
    }

    fn repeat(&self) -> Repeat {
        let count = NonZeroU32::new(self.repeat).unwrap_or(NonZeroU32::MIN);
        Repeat { count, delay: self.repeat_delay }
    }
}

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;

    use mqtt_core::invocation::Tool;

    use super::*;

    fn own_command() -> clap::Command {
        let invocation = Invocation::new(Tool::Pub, OsStr::new("own"));
        let mut command = command(invocation);
        command.build();
        command
    }

    #[test]
    fn every_option_is_described() {
        test_support::options::assert_described(&own_command());
    }

    #[test]
    fn generated_files_are_current() {
        let (name, original) = (Tool::Pub.name(), Tool::Pub.original_name());
        let definition =
            test_support::generated::Definition { command: own_command(), name, original };
        test_support::generated::assert_current(
            &definition,
            &FILES.map(|(kind, file)| (kind, cli::unpacked(file))),
        );
    }
}
