//! The command line of mqtt-sub: options to plan.

use std::num::{NonZeroU16, NonZeroU32};
use std::os::unix::ffi::OsStrExt;
use std::time::Duration;

use clap::builder::{OsStringValueParser, TypedValueParser};
use clap::{ArgAction, CommandFactory, Parser};
use fastrand::Rng;
use mqtt_core::cli::{
    self, ConnectArgs, ConnectDefaults, DEFAULT_WINDOW, Given, UsageError, VERSION, value,
};
use mqtt_core::console::Stream;
use mqtt_core::invocation::{Behaviour, Invocation};
use mqtt_core::plan::{ConnectPlan, Endpoint, Progress, Reconnect};
use mqtt_core::protocol::property::Carrier;
use mqtt_core::protocol::{
    ProtocolVersion, Qos, RetainHandling, SubscribeFilter, SubscribeOptions, TopicFilter,
};

use crate::changes::Changes;
use crate::exec_args::ExecArgs;
use crate::filter::{MessageFilter, Retained, Stored};
use crate::folder_args::FolderArgs;
use crate::generated::FILES;
use crate::output::{
    Controls, Display, Format, JsonPayload, Layout, LineEnd, LocalZone, Screen, Style, Template,
};
use crate::plan::{Destination, End, RequestProperties, Requests, ShowPlan, SubscribePlan, Task};
use crate::rules;
use crate::sampling::{self, Sampling};

/// So many messages are not worth a line that counts them.
const FEW: u32 = 1000;

const EXAMPLES: &str = "\
Examples:
  mqtt-sub -t 'home/#' -v                  what is below home, with topics
  mqtt-sub -t '#' --json                   each message as JSON, on a line
  mqtt-sub -t status -C 1 -W 3             one message; status 27 after 3 s
  mqtt-sub -d -t hello/world               the packets that go to and fro
  mqtt-sub -t '#' -F '@H:@M:@S %t %p'      time, topic and payload of each
  mqtt-sub -q 1 -i logger -c -t log > log  what came while away, too";

const BELOW: &str = "\
Format:
  FORMAT is text with conversions, %[-|0][WIDTH][.PRECISION][SEPARATOR]LETTER:
  %t topic    %p payload    %l its length    %x %X in hexadecimal
  %b in base64   %q QoS   %r retained   %m packet identifier
  %f %d as float, double
  %j JSON     %J JSON with a JSON payload
  %I time in ISO 8601   %U seconds since 1970   @N nanoseconds
  @H and so on: the time as strftime has it
  MQTT 5: %A topic alias   %C content type   %D correlation data
          %E expiry   %F payload format   %P user properties
          %R response topic   %S subscription identifier
  %% @@ the signs themselves;  \\\\ \\0 \\a \\e \\n \\r \\t \\v as in C

Commands:
  --exec and --exec-shell have MQTT_TOPIC, MQTT_QOS, MQTT_RETAIN, MQTT_DUP,
  MQTT_PACKET_ID and the properties of MQTT 5, such as MQTT_CONTENT_TYPE and
  MQTT_USER_PROPERTY_1_NAME, in their environment

Exit status:
  0 done, or ended by SIGINT or SIGTERM; 27 the time of -W ran out;
  anything else says on stderr what went wrong";

/// What a payload that is JSON can become.
const JSON: [(&str, JsonPayload); 2] =
    [("text", JsonPayload::Text), ("payload", JsonPayload::Value)];

/// Subscribe to topics of an MQTT broker and write the messages to stdout.
#[derive(Debug, Parser)]
#[command(
    version = VERSION,
    before_help = EXAMPLES,
    after_help = BELOW,
    disable_help_flag = true,
    disable_version_flag = true
)]
#[expect(clippy::struct_excessive_bools, reason = "one for each flag of the command line")]
struct SubscribeArgs {
    /// Subscribe to this topic filter; may be given several times
    #[arg(short, long, help_heading = "Subscribing", value_name = "FILTER",
        value_parser = value::topic_filter(), action = ArgAction::Append)]
    topic: Vec<TopicFilter>,

    /// Receive with this quality of service at most: 0, 1 or 2
    #[arg(short, long, help_heading = "Subscribing", default_value = "0",
        value_parser = value::qos())]
    qos: Qos,

    /// Subscribe to FILTER with a quality of service of its own, which stands behind the last =; may
    /// be given several times
    #[arg(long, help_heading = "Subscribing", value_name = "FILTER=QOS",
        value_parser = value::filter_with_qos(), action = ArgAction::Append)]
    filter_qos: Vec<(TopicFilter, Qos)>,

    /// Unsubscribe from this topic filter; may be given several times
    #[arg(short = 'U', long, help_heading = "Subscribing", value_name = "FILTER",
        value_parser = value::topic_filter(), action = ArgAction::Append)]
    unsubscribe: Vec<TopicFilter>,

    /// Leave out messages whose topic matches; may be given several times
    #[arg(short = 'T', long, help_heading = "Subscribing", value_name = "FILTER",
        value_parser = value::topic_filter(), action = ArgAction::Append)]
    filter_out: Vec<TopicFilter>,

    /// Leave out messages that the broker had retained
    #[arg(short = 'R', long, help_heading = "Subscribing")]
    no_retained: bool,

    /// Show only messages that the broker had retained, and leave when they have all come
    #[arg(long, help_heading = "Subscribing")]
    retained_only: bool,

    /// Remove the retained messages that come from the broker, also those that -R does not show
    #[arg(long, help_heading = "Subscribing")]
    remove_retained: bool,

    // Its help and its range depend on the name: `command` has them.
    #[arg(long, help_heading = "Subscribing", value_name = "PERCENT")]
    random_filter: Option<f64>,

    /// Show a message only where its payload is another one than that of the last message shown on
    /// its topic; --count counts only these. After 1000000 topics it begins anew
    #[arg(long, help_heading = "Subscribing")]
    changes_only: bool,

    /// Have the broker send retained messages: always, new (if it did not have the subscription)
    /// or never; -R is "never", the later of both counts; MQTT 5 only [default: always]
    #[arg(long, help_heading = "Subscribing", value_name = "WHEN",
        value_parser = value::retain_handling())]
    retain_handling: Option<RetainHandling>,

    /// Have messages keep the retain flag they were published with; MQTT 5 only
    #[arg(long, help_heading = "Subscribing")]
    retain_as_published: bool,

    /// Leave after so many messages, 1 to 4294967295; without an option that ends it (-W, -E,
    /// --idle-exit, --retained-only), go on for ever
    #[arg(short = 'C', long, help_heading = "Ending", value_name = "COUNT",
        value_parser = value::number(1, u32::MAX))]
    count: Option<u32>,

    /// Leave when the broker has answered the subscription
    #[arg(short = 'E', long, help_heading = "Ending")]
    exit_after_suback: bool,

    /// Leave with status 0 when no message has come for so long since the subscription was
    /// answered: a number and ms, s, m or h (s where none stands), above 0, at most 1000000000s;
    /// without this it does not count
    #[arg(long, help_heading = "Ending", value_name = "TIME", value_parser = value::time_span())]
    idle_exit: Option<Duration>,

    /// Write the topic in front of the payload; --format beats it
    #[arg(short, long, help_heading = "Output")]
    verbose: bool,

    /// Write messages like this; the conversions stand below
    #[arg(short = 'F', long, help_heading = "Output", value_name = "FORMAT",
        value_parser = OsStringValueParser::new().try_map(|word| Template::parse(word.as_bytes())))]
    format: Option<Template>,

    /// Write all that a message carries as JSON, on a line that mqtt-pub --json-lines can publish
    /// again; a payload is a text, or with --json=payload the value that it is if it is JSON
    #[arg(long, help_heading = "Output", value_name = "PAYLOAD", num_args = 0..=1,
        require_equals = true, default_missing_value = "text", value_parser = value::one_of(&JSON))]
    json: Option<JsonPayload>,

    /// Write the JSON of %j and %J on several lines, indented
    #[arg(long, help_heading = "Output")]
    pretty: bool,

    /// Write control characters in topics and payloads to a terminal, which obeys them; they are
    /// spelled out there otherwise
    #[arg(long, help_heading = "Output")]
    raw: bool,

    /// Write the latest message of each topic, in a row of its own on the terminal
    #[arg(short, long, help_heading = "Output")]
    watch: bool,

    #[command(flatten)]
    folder: FolderArgs,

    /// Write how many messages come, every second, instead of the messages
    #[arg(long, help_heading = "Output")]
    message_rate: bool,

    /// Write no newline after a message
    #[arg(short = 'N', long, help_heading = "Output")]
    no_newline: bool,

    #[command(flatten)]
    exec: ExecArgs,

    #[command(flatten)]
    connect: ConnectArgs,
}

/// The definition of the options, with the name the user knows the tool by.
pub(crate) fn command(invocation: Invocation) -> clap::Command {
    let usage = "[OPTIONS] {-t FILTER | -U FILTER}...";
    let most = sampling::most(invocation.behaviour);
    let chance = match invocation.behaviour {
        Behaviour::Own => "of PERCENT",
        Behaviour::Original => "of a tenth of PERCENT",
    };
    let random_filter = format!(
        "Show each message with a chance {chance}, {:.1} to {most:.1}; --count counts the others, \
         too; without this all are shown",
        sampling::LEAST
    );
    SubscribeArgs::command()
        .override_usage(format!("{} {usage}", invocation.name()))
        .mut_arg("random_filter", |arg| {
            arg.help(random_filter).value_parser(value::decimal_number(sampling::LEAST, most))
        })
        .arg(cli::generate(&FILES))
}

/// Settles defaults and checks the rules between options.
pub(crate) fn plan(given: &Given) -> Result<SubscribePlan, UsageError> {
    let args: SubscribeArgs = given.args()?;
    if let Some(broken) = rules::broken(given) {
        return Err(given.error(broken));
    }
    if args.exec.wants_success() && !args.wants_acknowledgements() {
        return Err(given.error("'--ack-on-success' needs '--qos' 1 or 2, or '--filter-qos'"));
    }
    let (mut task, end) = (args.task(given), args.end());
    let options = args.subscribe_options(given);
    let defaults = ConnectDefaults {
        receive_maximum: receive_maximum(args.count.and_then(NonZeroU32::new)),
        reconnect: Reconnect::ONCE_REACHED,
    };
    let properties = args.request_properties(given)?;
    let mut connect = args.connect.plan(given, defaults)?;
    if !is_long(end) || Stream::Stdout.is_terminal() {
        connect.progress = Progress::Hidden;
    }
    let options = match connect.connect.version {
        ProtocolVersion::V5 => options,
        ProtocolVersion::V31 | ProtocolVersion::V311 => SubscribeOptions::default(),
    };
    if let Task::Show(show) = &mut task
        && args.watch
    {
        show.display.screen = Some(Screen::new(broker(&connect)));
    }
    Ok(SubscribePlan {
        requests: Requests {
            subscribe: subscriptions(args.topic, args.qos, args.filter_qos, options),
            unsubscribe: args.unsubscribe,
            properties,
        },
        connect,
        task,
        end,
    })
}

/// The options that others put out of force.
pub(crate) fn overruled(given: &Given) -> Vec<&'static str> {
    let mut overruled = Vec::new();
    let mut overrule = |option, is_overruled| {
        if is_overruled {
            overruled.push(option);
        }
    };
    overrule("retain_handling", retain_decider(given) == Some("no_retained"));
    overrule("verbose", given.has("format") || given.has("json"));
    overrule("count", given.has("exit_after_suback"));
    overruled
}

/// Options that have no effect here, if they were given, and why.
pub(crate) fn without_effect(
    given: &Given,
    version: ProtocolVersion,
) -> Vec<(&'static str, &'static str)> {
    let mut idle = Vec::new();
    if version != ProtocolVersion::V5 {
        let why = "only MQTT 5 has it (-V 5)";
        idle.extend([("retain_as_published", why), ("retain_handling", why)]);
    }
    if !given.has("format") {
        idle.push(("pretty", "it is for %j and %J (-F)"));
    }
    idle
}

/// Which option says what the broker is told about retained messages.
fn retain_decider(given: &Given) -> Option<&'static str> {
    given.last_of(&["no_retained", "retain_handling"])
}

impl SubscribeArgs {
    fn request_properties(&self, given: &Given) -> Result<RequestProperties, UsageError> {
        Ok(RequestProperties {
            subscribe: self.connect.properties(Carrier::Subscribe, given)?,
            unsubscribe: self.connect.properties(Carrier::Unsubscribe, given)?,
        })
    }

    /// Whether messages of QoS 1 or 2 may come.
    fn wants_acknowledgements(&self) -> bool {
        let of_topics = self.topic.first().map(|_| self.qos);
        let all = of_topics.into_iter().chain(self.filter_qos.iter().map(|(_, qos)| *qos));
        all.max().is_some_and(|qos| qos > Qos::AtMostOnce)
    }

    /// What is done with the messages.
    fn task(&self, given: &Given) -> Task {
        if self.message_rate { Task::Measure } else { Task::Show(Box::new(self.show(given))) }
    }

    /// Which messages are shown, and how.
    fn show(&self, given: &Given) -> ShowPlan {
        let retained = match (self.no_retained, self.retained_only) {
            (true, _) => Retained::Hidden,
            (false, true) => Retained::Only,
            (false, false) => Retained::Shown,
        };
        let behaviour = given.invocation().behaviour;
        let sample = |percent| Sampling::new(behaviour, percent, Rng::new());
        ShowPlan {
            filter: MessageFilter { hidden: self.filter_out.clone(), retained },
            stored: if self.remove_retained { Stored::Removed } else { Stored::Kept },
            changes: self.changes_only.then(Changes::new),
            sampling: self.random_filter.map(sample),
            display: Display { format: self.output(behaviour), screen: None },
            destination: self.destination(),
            idle_limit: self.idle_exit,
        }
    }

    /// How messages are written.
    fn output(&self, behaviour: Behaviour) -> Format {
        let style = if self.pretty { Style::Pretty } else { Style::Compact };
        Format {
            layout: match (&self.format, self.json) {
                (Some(template), _) => Layout::Template(template.clone(), style),
                (None, Some(payload)) => Layout::Json(payload),
                (None, None) if self.verbose => Layout::TopicAndPayload,
                (None, None) => Layout::Payload,
            },
            end: if self.no_newline { LineEnd::Nothing } else { LineEnd::Newline },
            controls: self.controls(behaviour),
            zone: LocalZone::default(),
        }
    }

    /// Where messages go.
    fn destination(&self) -> Destination {
        match (self.folder.plan(), self.exec.plan()) {
            (Some(folder), _) => Destination::Folder(folder),
            (None, Some(command)) => Destination::Command(command),
            (None, None) => Destination::Stdout,
        }
    }

    /// A terminal obeys nobody but the user; what is no terminal gets every byte.
    fn controls(&self, behaviour: Behaviour) -> Controls {
        match behaviour {
            Behaviour::Own if !self.raw && self.writes_to_a_terminal() => Controls::Escaped,
            Behaviour::Own | Behaviour::Original => Controls::Raw,
        }
    }

    fn writes_to_a_terminal(&self) -> bool {
        self.folder.plan().is_none() && Stream::Stdout.is_terminal()
    }

    /// What the broker is told about retained messages (MQTT 5): `-R` asks for none, unless the
    /// user asks for something else after it, or wants them removed, which needs their topics.
    fn subscribe_options(&self, given: &Given) -> SubscribeOptions {
        let retain_handling = match retain_decider(given) {
            Some("no_retained") if self.remove_retained => RetainHandling::Always,
            Some("no_retained") => RetainHandling::Never,
            _ => self.retain_handling.unwrap_or_default(),
        };
        SubscribeOptions { retain_as_published: self.retain_as_published, retain_handling }
    }

    /// When to leave.
    fn end(&self) -> End {
        match (self.exit_after_suback, self.count.and_then(NonZeroU32::new)) {
            (true, _) => End::Answered,
            (false, Some(count)) => End::Count(count),
            (false, None) => End::Never,
        }
    }
}

/// Whether somebody who waits for the end may want to know how far it is.
fn is_long(end: End) -> bool {
    matches!(end, End::Count(count) if count.get() > FEW)
}

/// Who leaves after a few messages wants no more than those (MQTT 5): the broker keeps the rest.
fn receive_maximum(count: Option<NonZeroU32>) -> NonZeroU16 {
    let window = NonZeroU16::new(DEFAULT_WINDOW).unwrap_or(NonZeroU16::MAX);
    let count = count.and_then(|count| NonZeroU16::try_from(count).ok());
    count.map_or(window, |count| count.min(window))
}

/// The broker as the user calls it.
fn broker(connect: &ConnectPlan) -> String {
    let names: Vec<_> = connect.route.candidates.iter().map(Endpoint::name).collect();
    names.join(",")
}

/// Each filter with its QoS: what has one of its own is asked for once, by the last one given.
fn subscriptions(
    filters: Vec<TopicFilter>,
    qos: Qos,
    with_qos: Vec<(TopicFilter, Qos)>,
    options: SubscribeOptions,
) -> Vec<SubscribeFilter> {
    let mut all: Vec<_> = filters.into_iter().map(|filter| (filter, qos)).collect();
    for (filter, qos) in with_qos {
        all.retain(|(other, _)| *other != filter);
        all.push((filter, qos));
    }
    all.into_iter().map(|(filter, qos)| SubscribeFilter { filter, qos, options }).collect()
}

#[cfg(test)]
mod tests {
    use std::ffi::{OsStr, OsString};
    use std::path::PathBuf;

    use mqtt_core::cli::Parsed;
    use mqtt_core::invocation::Tool;

    use super::*;
    use crate::exec::OnFailure;
    use crate::output::{FolderPlan, Keep};

    /// The plan of these options behind `-t t`, under that name; or the words of the error.
    fn plan_of(name: &str, options: &[&str]) -> Result<SubscribePlan, String> {
        let invocation = Invocation::new(Tool::Sub, OsStr::new(name));
        let words = ["-t", "t"].iter().chain(options).map(OsString::from).collect();
        let given = match cli::parse(invocation, command(invocation), words) {
            Ok(Parsed::Given(given)) => given,
            Ok(other) => panic!("{other:?}"),
            Err(error) => return Err(error.to_string()),
        };
        plan(&given).map_err(|error| error.to_string())
    }

    fn own(options: &[&str]) -> Result<SubscribePlan, String> {
        plan_of("mqtt-sub", options)
    }

    /// How messages are shown.
    fn shown(options: &[&str]) -> Result<ShowPlan, String> {
        own(options).map(|plan| match plan.task {
            Task::Show(show) => *show,
            Task::Measure => panic!("they are counted"),
        })
    }

    /// The options byte of the subscription, without the QoS.
    fn options_byte(options: &[&str]) -> u8 {
        own(options).unwrap().requests.subscribe.first().unwrap().options.bits()
    }

    #[test]
    fn the_later_of_no_retained_and_retain_handling_decides() {
        for (options, byte) in [
            (&[][..], 0x00),
            (&["--retain-handling", "always"], 0x00),
            (&["--retain-handling", "new"], 0x10),
            (&["--retain-handling=never"], 0x20),
            (&["--retain-handling", "new", "--retain-handling", "never"], 0x20),
            (&["-R"], 0x20),
            (&["-R", "--retain-handling", "new"], 0x10),
            (&["-R", "--retain-handling", "always"], 0x00),
            // These the original never subscribes with.
            (&["--retain-handling", "new", "-R"], 0x20),
            (&["--retain-handling", "new", "-R", "-R"], 0x20),
            (&["--retain-handling", "always", "-R"], 0x20),
            (&["-R", "--retain-handling", "new", "--no-retained"], 0x20),
            // What is to be removed must come.
            (&["-R", "--remove-retained"], 0x00),
            (&["-R", "--remove-retained", "--retain-handling", "never"], 0x20),
        ] {
            assert_eq!(options_byte(&[&["-V", "5"], options].concat()), byte, "{options:?}");
            assert_eq!(options_byte(options), 0, "MQTT 3 has no such options");
        }
    }

    #[test]
    fn retain_as_published_is_a_bit_of_its_own() {
        let with = |options: &[&str]| {
            options_byte(&[&["-V", "5", "--retain-as-published"], options].concat())
        };
        assert_eq!(with(&[]), 0x08);
        assert_eq!(with(&["--retain-as-published", "-R"]), 0x28);
        assert_eq!(with(&["--retain-handling", "new"]), 0x18);
        assert_eq!(options_byte(&["--retain-as-published"]), 0);
    }

    #[test]
    fn retained_messages_are_shown_hidden_or_all_there_is() {
        let retained = |options: &[&str]| shown(options).map(|show| show.filter.retained);
        assert_eq!(retained(&[]), Ok(Retained::Shown));
        assert_eq!(retained(&["-R"]), Ok(Retained::Hidden));
        assert_eq!(retained(&["--retained-only", "--retained-only"]), Ok(Retained::Only));
        for options in [["-R", "--retained-only"], ["--retained-only", "--no-retained"]] {
            let error = retained(&options).unwrap_err();
            assert_eq!(error, "'--no-retained' and '--retained-only' exclude each other");
        }
    }

    #[test]
    fn a_screen_is_there_for_whoever_watches() {
        let watches = |options: &[&str]| shown(options).unwrap().display.screen.is_some();
        assert!(!watches(&[]));
        for options in [&["-w"][..], &["--watch"], &["-wv"], &["-w", "--watch"]] {
            assert!(watches(options), "{options:?}");
        }
    }

    #[test]
    fn json_stands_alone_or_says_what_becomes_of_payloads() {
        let layout = |options: &[&str]| shown(options).map(|show| show.display.format.layout);
        let is = |options: &[&str], payload| matches!(layout(options), Ok(Layout::Json(given)) if given == payload);
        for options in [&["--json"][..], &["--json=text"], &["--json=payload", "--json", "-v"]] {
            assert!(is(options, JsonPayload::Text), "{options:?}");
        }
        assert!(is(&["--json=payload"], JsonPayload::Value));
        assert!(is(&["--json=payload", "-w", "-C", "1"], JsonPayload::Value));
        for (option, error) in [
            (&["-F", "%p"][..], "'--json' and '--format' exclude each other"),
            (&["--pretty"], "'--json' and '--pretty' exclude each other"),
            (&["-N"], "'--json' and '--no-newline' exclude each other"),
            (
                &["--json=Payload"],
                "invalid value 'Payload' for '--json[=<PAYLOAD>]': it is one of text, payload",
            ),
            (&["--json="], "invalid value '' for '--json[=<PAYLOAD>]': it is one of text, payload"),
            (&["payload"], "unexpected word 'payload': every value belongs behind its option"),
        ] {
            let Err(told) = layout(&[&["--json"], option].concat()) else { panic!("{option:?}") };
            assert_eq!(told, error);
        }
    }

    #[test]
    fn retained_messages_are_removed_where_that_is_asked_for() {
        let stored = |options: &[&str]| shown(options).unwrap().stored;
        assert_eq!(stored(&[]), Stored::Kept);
        for options in [&["--remove-retained"][..], &["-R", "--remove-retained"]] {
            assert_eq!(stored(options), Stored::Removed);
        }
    }

    #[test]
    fn controls_are_raw_under_the_originals_name_and_where_that_is_asked_for() {
        for (name, options) in [("mosquitto_sub", &[][..]), ("mqtt-sub", &["--raw", "--raw"])] {
            let Task::Show(show) = plan_of(name, options).unwrap().task else {
                panic!("they are counted");
            };
            assert_eq!(show.display.format.controls, Controls::Raw);
        }
    }

    #[test]
    fn messages_are_counted_whatever_else_is_asked_for() {
        for options in [&["--message-rate"][..], &["--message-rate", "-v", "-F", "%t", "-C", "1"]] {
            assert!(matches!(own(options).unwrap().task, Task::Measure));
        }
    }

    #[test]
    fn a_filter_may_have_a_qos_of_its_own() {
        let asked = |options: &[&str]| {
            let subscribe = own(options).unwrap().requests.subscribe.into_iter();
            let pairs = subscribe.map(|asked| format!("{} {}", asked.filter, asked.qos.level()));
            pairs.collect::<Vec<_>>()
        };
        // The topic t stands in front of these.
        assert_eq!(asked(&["--filter-qos", "a/#=2"]), ["t 0", "a/# 2"]);
        assert_eq!(asked(&["-q1", "--filter-qos=k=v=0", "-ts"]), ["t 1", "s 1", "k=v 0"]);
        assert_eq!(asked(&["--filter-qos=t=2", "-tt", "-ts"]), ["s 0", "t 2"]);
        assert_eq!(asked(&["--filter-qos=a=2", "--filter-qos=a=1"]), ["t 0", "a 1"]);
        for (value, cause) in [
            ("a", "a topic filter, = and 0, 1 or 2 is wanted"),
            ("a=", "a topic filter, = and 0, 1 or 2 is wanted"),
            ("a=3", "a topic filter, = and 0, 1 or 2 is wanted"),
            ("=1", "it is empty"),
            ("a#=1", "'+' and '#' must stand alone between two '/', and '#' must be last"),
        ] {
            let error = own(&["--filter-qos", value]).unwrap_err();
            let beginning = format!("invalid value '{value}' for '--filter-qos <FILTER=QOS>': ");
            assert_eq!(error, beginning + cause);
        }
    }

    #[test]
    fn options_that_exclude_each_other_are_both_named() {
        for (one, other) in [
            ("--no-retained", "--retained-only"),
            ("--random-filter=50", "--changes-only"),
            ("--message-rate", "--changes-only"),
            ("--message-rate", "--idle-exit=1s"),
            ("--message-rate", "--output-dir=d"),
            ("--watch", "--output-dir=d"),
            ("--exec=x", "--exec-shell=x"),
            ("--exec=x", "--format=%t"),
            ("--exec=x", "--message-rate"),
            ("--exec=x", "--no-newline"),
            ("--exec=x", "--output-dir=d"),
            ("--exec-shell=x", "--pretty"),
            ("--exec-shell=x", "--raw"),
            ("--exec-shell=x", "--remove-retained"),
            ("--exec-shell=x", "--verbose"),
            ("--exec-shell=x", "--watch"),
            ("--ack-on-success", "--exec-failure=stop"),
        ] {
            let [name, other_name] = [one, other].map(|word| word.split('=').next().unwrap());
            for options in [[one, other], [other, one]] {
                let error = own(&options).unwrap_err();
                assert_eq!(error, format!("'{name}' and '{other_name}' exclude each other"));
            }
        }
        let error = own(&["--output-mode=append"]).unwrap_err();
        assert_eq!(error, "'--output-mode' needs '--output-dir'");
        for option in
            ["--exec-jobs=2", "--exec-timeout=1s", "--exec-failure=stop", "--ack-on-success"]
        {
            let name = option.split('=').next().unwrap();
            let error = own(&[option]).unwrap_err();
            assert_eq!(error, format!("'{name}' needs '--exec' or '--exec-shell'"));
        }
    }

    #[test]
    fn a_command_is_words_or_a_text_for_a_shell() {
        let command = |options: &[&str]| match shown(options).unwrap().destination {
            Destination::Command(command) => command,
            other => panic!("{other:?}"),
        };
        let plan = command(&["--exec", r#"  prog 'a b' $X "c\"d" "#]);
        assert_eq!((plan.program.to_str(), plan.jobs.get()), (Some("prog"), 1));
        assert_eq!(plan.arguments, ["a b", "$X", "c\"d"]);
        assert_eq!((plan.time_limit, plan.on_failure), (None, OnFailure::GoOn));
        let plan = command(&["--exec-shell", "a | b", "--exec-jobs=3", "--exec-timeout=2s"]);
        assert_eq!((plan.program.to_str(), plan.jobs.get()), (Some("/bin/sh"), 3));
        assert_eq!(plan.arguments, ["-c", "a | b"]);
        assert_eq!(plan.time_limit, Some(Duration::from_secs(2)));
        let on_failure = |options: &[&str]| command(options).on_failure;
        assert_eq!(on_failure(&["--exec=x", "--exec-failure=stop"]), OnFailure::Stop);
        let unacknowledged = OnFailure::StopUnacknowledged;
        assert_eq!(on_failure(&["--exec=x", "--ack-on-success", "-q1"]), unacknowledged);
        let filter = ["--exec=x", "--ack-on-success", "--filter-qos=a=2"];
        assert_eq!(on_failure(&filter), unacknowledged);
        for (options, cause) in [
            (&["--exec", " "][..], "invalid value ' ' for '--exec <CMD>': it names no program"),
            (&["--exec", "a 'b"], "invalid value 'a 'b' for '--exec <CMD>': a quote is not closed"),
            (
                &["--exec=x", "--exec-jobs=0"],
                "invalid value '0' for '--exec-jobs <COUNT>': a whole number from 1 to 1000 is wanted",
            ),
            (
                &["--exec=x", "--ack-on-success"],
                "'--ack-on-success' needs '--qos' 1 or 2, or '--filter-qos'",
            ),
        ] {
            assert_eq!(own(options).unwrap_err(), cause);
        }
    }

    #[test]
    fn silence_has_a_length() {
        let limit = |options: &[&str]| shown(options).unwrap().idle_limit;
        assert_eq!(limit(&[]), None);
        assert_eq!(
            limit(&["--idle-exit=1h", "--idle-exit", "5ms"]),
            Some(Duration::from_millis(5))
        );
        let error = own(&["--idle-exit", "soon"]).unwrap_err();
        assert_eq!(
            error,
            "invalid value 'soon' for '--idle-exit <TIME>': a time such as 500ms, 2.5s or 1m is \
             wanted, at most 1000000000s"
        );
    }

    #[test]
    fn messages_go_to_stdout_or_into_files() {
        let destination = |options: &[&str]| match shown(options).unwrap().destination {
            Destination::Stdout => None,
            Destination::Folder(FolderPlan { path, keep }) => Some((path, keep)),
            Destination::Command(command) => panic!("{command:?}"),
        };
        let folder = |keep| Some((PathBuf::from("d"), keep));
        assert_eq!(destination(&[]), None);
        assert_eq!(destination(&["--output-dir", "d"]), folder(Keep::All));
        assert_eq!(destination(&["--output-dir=d", "--output-mode=newest"]), folder(Keep::Newest));
        let error = own(&["--output-dir=d", "--output-mode=last"]).unwrap_err();
        assert_eq!(
            error,
            "invalid value 'last' for '--output-mode <MODE>': it is one of append, newest"
        );
    }

    #[test]
    fn a_random_filter_has_its_own_range_under_each_name() {
        let error = |name, percent: &str| plan_of(name, &["--random-filter", percent]).err();
        for (name, range, good, bad) in [
            ("mqtt-sub", "0.1 to 100.0", ["0.1", "100"], ["0.09", "100.1"]),
            ("mosquitto_sub", "0.1 to 1000.0", ["0.1", "1000.0"], ["0.0", "1000.1"]),
        ] {
            for percent in good {
                assert_eq!(error(name, percent), None);
            }
            for percent in bad.into_iter().chain(["", "x", "5x", "nan", "inf", "-1"]) {
                let message = format!(
                    "invalid value '{percent}' for '--random-filter <PERCENT>': \
                     a number from {range} is wanted"
                );
                assert_eq!(error(name, percent), Some(message));
            }
        }
        assert!(shown(&[]).unwrap().sampling.is_none());
        let last = shown(&["--random-filter=1", "--random-filter", "100"]).unwrap().sampling;
        let mut last = last.unwrap();
        assert!((0..100).all(|_| last.shows_next()));
    }

    #[test]
    fn retain_handling_is_one_of_three_words() {
        for word in ["", "Always", "NEW", "0", "sometimes"] {
            let error = own(&["--retain-handling", word]).unwrap_err();
            assert_eq!(
                error,
                format!(
                    "invalid value '{word}' for '--retain-handling <WHEN>': \
                     it is one of always, new, never"
                )
            );
        }
    }

    fn own_command() -> clap::Command {
        let invocation = Invocation::new(Tool::Sub, OsStr::new("own"));
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
        let (name, original) = (Tool::Sub.name(), Tool::Sub.original_name());
        let definition =
            test_support::generated::Definition { command: own_command(), name, original };
        test_support::generated::assert_current(
            &definition,
            &FILES.map(|(kind, file)| (kind, cli::unpacked(file))),
        );
    }
}
