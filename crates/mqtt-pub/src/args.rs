//! The command line of mqtt-pub: options to plan.

mod response_args;

use std::ffi::{OsStr, OsString};
use std::num::{NonZeroU16, NonZeroU32};
use std::os::unix::ffi::OsStringExt;
use std::path::PathBuf;
use std::time::Duration;

use bytes::Bytes;
use clap::builder::{OsStringValueParser, TypedValueParser};
use clap::{ArgAction, CommandFactory, Parser, value_parser};
use mqtt_core::cli::{
    self, ConnectArgs, ConnectDefaults, DEFAULT_WINDOW, Given, UsageError, VERSION, value,
};
use mqtt_core::invocation::Invocation;
use mqtt_core::plan::{PasswordSource, Progress, Reconnect};
use mqtt_core::protocol::property::Carrier;
use mqtt_core::protocol::{ProtocolVersion, Qos, TopicName};

use self::response_args::ResponseArgs;
use crate::generated::FILES;
use crate::plan::{
    Head, Input, LineForm, Origin, Payloads, PublishPlan, Repeat, SavePlan, Speed, Subscribers,
    Unsent,
};
use crate::source::{Encoding, LineFormat};

const EXAMPLES: &str = "\
Examples:
  mqtt-pub -t home/lamp -m on                  one message
  mqtt-pub -h broker.lan -t log -q 1 -l < log  each line, acknowledged
  mqtt-pub -t camera/still -r -f still.jpg     a file, retained
  mqtt-pub --replay recording.jsonl            what mqtt-sub recorded
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
    /// Publish to TOPIC; with --json-lines and --replay, what lines publish to that name none
    #[arg(short, long, help_heading = "Publishing", value_parser = value::topic_name())]
    topic: Option<TopicName>,

    /// Publish each message to this topic as well; may be given several times
    #[arg(long, help_heading = "Publishing", value_name = "TOPIC",
        value_parser = value::topic_name(), action = ArgAction::Append)]
    also_topic: Vec<TopicName>,

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

    /// Publish the bytes that -m, -f, -s or each line of -l spells in hex or base64; whitespace in
    /// it means nothing
    #[arg(long, help_heading = "Publishing", value_name = "ENCODING",
        value_parser = value::one_of(&ENCODINGS))]
    encoding: Option<Encoding>,

    /// Take each line of --stdin-line apart: %t is its topic, %p its payload, and the text between
    /// them parts them, as in '%t %p'; %% and escapes such as \t as in mqtt-sub -F
    #[arg(long, help_heading = "Publishing", value_name = "FORMAT",
        value_parser = OsStringValueParser::new().try_map(|word| LineFormat::parse(&word)))]
    line_format: Option<LineFormat>,

    /// Publish each line of stdin as the message that it describes, in JSON as mqtt-sub --json
    /// writes it: topic, QoS, retain, properties and payload; what a line does not say is as the
    /// options say
    #[arg(long, help_heading = "Publishing")]
    json_lines: bool,

    /// Publish the lines of FILE like --json-lines, as far apart as the messages came
    #[arg(long, help_heading = "Publishing", value_name = "FILE",
        value_parser = value_parser!(PathBuf))]
    replay: Option<PathBuf>,

    /// Make --replay so many times as fast: 2x is twice as fast, 0.5x half, from 0.001 to 1000000;
    /// max is without a pause
    #[arg(long, help_heading = "Publishing", value_name = "SPEED", default_value = "1x",
        value_parser = OsStringValueParser::new().try_map(|word| speed(&word)))]
    speed: Speed,

    /// Add lines that do not get through to FILE, which is made if it is not there, with those that
    /// can still be read within 2 seconds
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

    /// Take it for a failure, status 16, that nobody has subscribed to a message; needs -V 5, -q 1 or
    /// 2, and a broker that tells
    #[arg(long, help_heading = "Publishing")]
    require_subscriber: bool,

    /// Publish the message so many times, 1 to 4294967295; not with lines
    #[arg(long, help_heading = "Publishing", value_name = "COUNT", default_value = "1",
        value_parser = value::number(1, u32::MAX))]
    repeat: u32,

    /// Pause so many seconds between two of them, 0 to 1000000000, with decimals if wanted
    #[arg(long, help_heading = "Publishing", value_name = "SECONDS", default_value = "0",
        value_parser = value::seconds())]
    repeat_delay: Duration,

    #[command(flatten)]
    response: ResponseArgs,

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
    args.check_topics(&payloads, given)?;
    let unsent = args.unsent(&payloads, given)?;
    let subscribers = args.subscribers(given)?;
    let defaults = ConnectDefaults {
        receive_maximum: NonZeroU16::new(DEFAULT_WINDOW).unwrap_or(NonZeroU16::MAX),
        reconnect: match payloads {
            Payloads::Lines { .. } => Reconnect::ONCE_REACHED,
            Payloads::One { .. } => Reconnect::NEVER,
        },
    };
    let topics: Vec<_> = args.topic.into_iter().chain(args.also_topic).collect();
    let mut response = args.response.plan(&payloads, &topics, given)?;
    let mut properties = args.connect.properties(Carrier::Publish, given)?;
    let mut connect = args.connect.plan(given, defaults)?;
    let version = connect.connect.version;
    if let Some(response) = &mut response {
        properties = response_args::request(&properties, version, response, given)?;
    }
    if subscribers == Subscribers::Required && version != ProtocolVersion::V5 {
        return Err(given
            .error("'--require-subscriber' needs '--protocol-version' 5: MQTT 3 does not tell"));
    }
    // Where somebody types, nothing else is written.
    if payloads.are_on_stdin() && cli::reads_keyboard() {
        connect.progress = Progress::Hidden;
    }
    if connect.password == Some(PasswordSource::Stdin) && payloads.are_on_stdin() {
        return Err(given.error(
            "'--password-file -' and a message on stdin exclude each other: it is read once",
        ));
    }
    let head = Head { qos: args.qos, retain: args.retain, properties };
    Ok(PublishPlan { connect, head, topics, payloads, subscribers, response, unsent })
}

/// Options that have no effect here, if they were given, and why.
pub(crate) fn without_effect(given: &Given) -> &'static [(&'static str, &'static str)] {
    if given.has("repeat") { &[] } else { &[("repeat_delay", "nothing is repeated (--repeat)")] }
}

/// The option for a single message, or how lines are read.
enum Kind {
    One(Origin),
    Lines(Input, LineForm),
}

impl PublishArgs {
    /// Exactly one of `-m -f -s -l -n --json-lines --replay`, and that once.
    fn payloads(&self, given: &Given) -> Result<Payloads, UsageError> {
        if self.line_format.is_some() && !self.stdin_line {
            return Err(given.error("'--line-format' needs '--stdin-line': it is for its lines"));
        }
        let is_text = !(self.null_message || self.json_lines || self.replay.is_some());
        if self.encoding.is_some() && !is_text {
            return Err(given.error(
                "'--encoding' needs '--message', '--file', '--stdin-file' or '--stdin-line': it is \
                 for their text",
            ));
        }
        if given.has("speed") && self.replay.is_none() {
            return Err(given.error("'--speed' needs '--replay': it is for its times"));
        }
        let mut kinds = self.kinds();
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
            Some((_, Kind::One(origin))) => {
                Ok(Payloads::One { origin, encoding: self.encoding, repeat: self.repeat() })
            }
            Some((_, Kind::Lines(input, form))) => Ok(Payloads::Lines { input, form }),
            None => Err(given.error(
                "nothing to publish: one of --message, --file, --stdin-file, --stdin-line, \
                 --json-lines, --replay, --null-message is missing",
            )),
        }
    }

    /// What was given of them, each time.
    fn kinds(&self) -> Vec<(&'static str, Kind)> {
        let mut kinds = Vec::new();
        for word in &self.message {
            let bytes = word.clone().into_vec().into();
            kinds.push(("--message", Kind::One(Origin::Argument(bytes))));
        }
        for path in &self.file {
            kinds.push(("--file", Kind::One(Origin::File(path.clone()))));
        }
        if self.stdin_file {
            kinds.push(("--stdin-file", Kind::One(Origin::Stdin)));
        }
        if self.stdin_line {
            kinds.push(("--stdin-line", Kind::Lines(Input::Stdin, self.line_form())));
        }
        if self.json_lines {
            let form = LineForm::Record(Speed::Most);
            kinds.push(("--json-lines", Kind::Lines(Input::Stdin, form)));
        }
        if let Some(path) = &self.replay {
            let form = LineForm::Record(self.speed);
            kinds.push(("--replay", Kind::Lines(Input::File(path.clone()), form)));
        }
        if self.null_message {
            kinds.push(("--null-message", Kind::One(Origin::Argument(Bytes::new()))));
        }
        kinds
    }

    /// What a line of `-l` is.
    fn line_form(&self) -> LineForm {
        match (&self.line_format, self.encoding, &self.topic) {
            (Some(format), encoding, _) => LineForm::TopicAndPayload(format.clone(), encoding),
            (None, Some(encoding), Some(topic)) => LineForm::Encoded(encoding, topic.clone()),
            // That a topic is missing is told in any case.
            (None, _, _) => LineForm::Payload,
        }
    }

    /// There is a topic, from one place.
    fn check_topics(&self, payloads: &Payloads, given: &Given) -> Result<(), UsageError> {
        let error = match payloads {
            Payloads::Lines { form: LineForm::TopicAndPayload(..), .. } if self.topic.is_some() => {
                "'--topic' and '--line-format' exclude each other: each line has its topic"
            }
            Payloads::Lines { form: LineForm::Encoded(..), .. } if !self.also_topic.is_empty() => {
                "'--also-topic' and '--encoding' exclude each other where lines are published"
            }
            _ if payloads.are_addressed() && !self.also_topic.is_empty() => {
                "'--also-topic' and lines with a topic of their own exclude each other"
            }
            _ if !payloads.are_addressed() && self.topic.is_none() => {
                "no topic to publish to: --topic is missing"
            }
            _ => return Ok(()),
        };
        Err(given.error(error))
    }

    fn unsent(&self, payloads: &Payloads, given: &Given) -> Result<Unsent, UsageError> {
        let Some(path) = self.save_unsent.clone() else { return Ok(Unsent::Counted) };
        let Payloads::Lines { input, form } = payloads else {
            return Err(given.error(
                "'--save-unsent' needs '--stdin-line', '--json-lines' or '--replay': it saves lines",
            ));
        };
        let (input, option) = (input.clone(), form.option());
        Ok(Unsent::Saved(SavePlan { path, input, option }))
    }

    fn subscribers(&self, given: &Given) -> Result<Subscribers, UsageError> {
        if !self.require_subscriber {
            return Ok(Subscribers::Optional);
        }
        let error = if self.json_lines {
            "'--require-subscriber' and '--json-lines' exclude each other: a line may be of QoS 0, \
             which is not answered"
        } else if self.replay.is_some() {
            "'--require-subscriber' and '--replay' exclude each other: a line may be of QoS 0, which \
             is not answered"
        } else if self.qos == Qos::AtMostOnce {
            "'--require-subscriber' needs '--qos' 1 or 2: a message of QoS 0 is not answered"
        } else {
            return Ok(Subscribers::Required);
        };
        Err(given.error(error))
    }

    fn repeat(&self) -> Repeat {
        let count = NonZeroU32::new(self.repeat).unwrap_or(NonZeroU32::MIN);
        Repeat { count, delay: self.repeat_delay }
    }
}

/// What `--encoding` can be.
const ENCODINGS: [(&str, Encoding); 2] = [("hex", Encoding::Hex), ("base64", Encoding::Base64)];

/// How fast, as `2x` or `max`.
fn speed(word: &OsStr) -> Result<Speed, SpeedError> {
    let word = word.to_str().ok_or(SpeedError)?.trim_ascii();
    if word == "max" {
        return Ok(Speed::Most);
    }
    let times: f64 = word.strip_suffix('x').unwrap_or(word).parse().map_err(|_| SpeedError)?;
    if (SLOWEST..=FASTEST).contains(&times) { Ok(Speed::Times(times)) } else { Err(SpeedError) }
}

const SLOWEST: f64 = 0.001;
const FASTEST: f64 = 1_000_000.0;

#[derive(Debug, thiserror::Error)]
#[error("a number from {SLOWEST} to {FASTEST}, with an x behind it if wanted, or max is wanted")]
struct SpeedError;

#[cfg(test)]
mod tests {
    use mqtt_core::cli::Parsed;
    use mqtt_core::invocation::Tool;

    use super::*;

    /// What the options come to, or the words of the error.
    fn planned(options: &[&str]) -> Result<PublishPlan, String> {
        let invocation = Invocation::new(Tool::Pub, OsStr::new("mqtt-pub"));
        let words = options.iter().map(OsString::from).collect();
        match cli::parse(invocation, command(invocation), words) {
            Ok(Parsed::Given(given)) => plan(&given).map_err(|error| error.to_string()),
            Ok(other) => panic!("{other:?}"),
            Err(error) => Err(error.to_string()),
        }
    }

    fn topics(options: &[&str]) -> Vec<String> {
        let topics = planned(options).unwrap().topics.into_iter();
        topics.map(|topic| topic.as_str().to_owned()).collect()
    }

    #[test]
    fn a_message_goes_to_one_topic_or_to_several() {
        assert_eq!(topics(&["-t", "a", "-n"]), ["a"]);
        let several = ["--also-topic", "b", "-l", "-t", "a", "--also-topic=b"];
        assert_eq!(topics(&several), ["a", "b", "b"]);
        assert_eq!(topics(&["--json-lines"]), [""; 0]);
        assert_eq!(topics(&["--replay", "f", "-t", "a"]), ["a"]);
    }

    #[test]
    fn a_speed_is_a_number_or_none() {
        let speed = |options: &[&str]| match planned(&[&["--replay", "f"], options].concat()) {
            Ok(PublishPlan {
                payloads: Payloads::Lines { form: LineForm::Record(speed), .. },
                ..
            }) => Ok(speed),
            Ok(other) => panic!("{other:?}"),
            Err(error) => Err(error),
        };
        for (options, times) in [
            (&[][..], 1.0),
            (&["--speed", "2x"], 2.0),
            (&["--speed=max", "--speed=2"], 2.0),
            (&["--speed", "0.001x"], 0.001),
            (&["--speed", "1000000"], 1_000_000.0),
        ] {
            assert_eq!(speed(options), Ok(Speed::Times(times)), "{options:?}");
        }
        assert_eq!(speed(&["--speed", "max"]), Ok(Speed::Most));
        for word in ["", "x", "0", "-1", "0.0009x", "1000001", "2xx", "inf", "nan", "MAX", "fast"] {
            let error = format!(
                "invalid value '{word}' for '--speed <SPEED>': a number from 0.001 to 1000000, with \
                 an x behind it if wanted, or max is wanted"
            );
            assert_eq!(speed(&["--speed", word]), Err(error));
        }
    }

    /// Options, and the message they get.
    const WRONG: &[(&[&str], &str)] = &[
        (
            &["--json-lines", "-l"],
            "'--stdin-line' and '--json-lines' exclude each other: one kind of message at a time",
        ),
        (
            &["--replay", "f", "-m", "x"],
            "'--message' and '--replay' exclude each other: one kind of message at a time",
        ),
        (
            &["-t", "t", "-m", "x", "--speed", "2x"],
            "'--speed' needs '--replay': it is for its times",
        ),
        (&["--json-lines", "--speed", "2x"], "'--speed' needs '--replay': it is for its times"),
        (
            &["-t", "t", "-m", "x", "--line-format", "%t %p"],
            "'--line-format' needs '--stdin-line': it is for its lines",
        ),
        (
            &["-t", "t", "-l", "--line-format", "%t %p"],
            "'--topic' and '--line-format' exclude each other: each line has its topic",
        ),
        (
            &["-l", "--line-format", "%t"],
            "invalid value '%t' for '--line-format <FORMAT>': %t (topic) and %p (payload) are \
                 wanted, each once",
        ),
        (
            &["--json-lines", "--also-topic", "b"],
            "'--also-topic' and lines with a topic of their own exclude each other",
        ),
        (&["--also-topic", "b", "-n"], "no topic to publish to: --topic is missing"),
        (
            &["-t", "t", "-n", "--save-unsent", "f"],
            "'--save-unsent' needs '--stdin-line', '--json-lines' or '--replay': it saves lines",
        ),
        (
            &["-t", "t", "-n", "--latency"],
            "'--latency' needs '--wait-response': it is the time to the answer",
        ),
        (
            &["-t", "t", "-l", "--wait-response", "r"],
            "'--wait-response' and '--stdin-line' exclude each other: one message has one answer",
        ),
        (
            &["--json-lines", "--wait-response", "r"],
            "'--wait-response' and '--json-lines' exclude each other: one message has one answer",
        ),
        (
            &["--replay", "f", "--wait-response", "r"],
            "'--wait-response' and '--replay' exclude each other: one message has one answer",
        ),
        (
            &["-t", "t", "-n", "--repeat", "2", "--wait-response", "r"],
            "'--wait-response' and '--repeat' exclude each other: one message has one answer",
        ),
        (
            &["-t", "t", "-n", "--also-topic", "u", "--wait-response", "r"],
            "'--wait-response' and '--also-topic' exclude each other: one message has one answer",
        ),
        (
            &["-t", "t", "-n", "--wait-response", "t"],
            "'--wait-response' and '--topic' are one topic: the message would be its own answer",
        ),
        (
            &["-t", "t", "-n", "--wait-response", "r", "-D", "publish", "response-topic", "s"],
            "'--wait-response' and '--property publish response-topic' exclude each other: it \
                 is the response topic",
        ),
        (
            &["-t", "t", "-n", "--encoding", "hex"],
            "'--encoding' needs '--message', '--file', '--stdin-file' or '--stdin-line': it is \
                 for their text",
        ),
        (
            &["--json-lines", "--encoding", "hex"],
            "'--encoding' needs '--message', '--file', '--stdin-file' or '--stdin-line': it is \
                 for their text",
        ),
        (
            &["-t", "t", "-m", "00", "--encoding", "octal"],
            "invalid value 'octal' for '--encoding <ENCODING>': it is one of hex, base64",
        ),
        (&["-l", "--encoding", "hex"], "no topic to publish to: --topic is missing"),
        (
            &["-t", "t", "--also-topic", "u", "-l", "--encoding", "base64"],
            "'--also-topic' and '--encoding' exclude each other where lines are published",
        ),
        (
            &["-t", "t", "-n", "-V", "5", "--require-subscriber"],
            "'--require-subscriber' needs '--qos' 1 or 2: a message of QoS 0 is not answered",
        ),
        (
            &["-t", "t", "-n", "-q", "1", "--require-subscriber"],
            "'--require-subscriber' needs '--protocol-version' 5: MQTT 3 does not tell",
        ),
        (
            &["--json-lines", "-V", "5", "-q", "1", "--require-subscriber"],
            "'--require-subscriber' and '--json-lines' exclude each other: a line may be of QoS \
                 0, which is not answered",
        ),
        (
            &["--replay", "f", "-V", "5", "-q", "1", "--require-subscriber"],
            "'--require-subscriber' and '--replay' exclude each other: a line may be of QoS 0, \
                 which is not answered",
        ),
        (
            &["--json-lines", "-u", "u", "--password-file", "-"],
            "'--password-file -' and a message on stdin exclude each other: it is read once",
        ),
    ];

    #[test]
    fn options_that_cannot_stand_like_this() {
        for (options, error) in WRONG {
            assert_eq!(planned(options).map(drop), Err((*error).to_owned()));
        }
        let replay = ["--replay", "f", "-u", "u", "--password-file", "-", "--save-unsent", "g"];
        assert!(planned(&replay).is_ok());
    }

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
