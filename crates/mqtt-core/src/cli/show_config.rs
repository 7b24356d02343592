//! `--show-config`: every setting in force, one per line, with where it comes from.

use std::ffi::OsStr;

use clap::parser::ValueSource;
use clap::{Arg, ArgMatches, Command};

use super::Given;
use super::origin::Origin;
use super::password_args;
use super::session_args::version_decider;
use super::shown_value::shown;
use crate::plan::{ConnectPlan, Endpoint};
use crate::protocol::ProtocolVersion;
use crate::visible::part_of_line;

/// The option's name.
pub(super) const SHOW_CONFIG: &str = "show_config";

/// Values longer than that do not push the origins of the others aside.
const WIDEST: usize = 40;

/// One line.
struct Setting {
    name: String,
    value: String,
    origin: String,
}

/// What the options as a whole make of one of them.
pub(super) enum Standing {
    /// It is in force as it was given, or by its own default.
    AsGiven,
    /// Where it was not given, this is its default.
    Default(String),
    /// Another option decides in its place, and makes it this.
    DecidedBy(&'static str, String),
    /// Others have put it out of force.
    OutOfForce,
}

/// Options that mean something only where there is TLS.
const OF_TLS: [&str; 15] = [
    "cafile",
    "capath",
    "cert",
    "key",
    "keyform",
    "ciphers",
    "insecure",
    "tls_alpn",
    "tls_version",
    "tls_use_os_certs",
    "tls_keylog",
    "tls_engine",
    "tls_engine_kpass_sha1",
    "psk",
    "psk_identity",
];

/// Options that mean something only where certificates say who the sides are.
const OF_CERTIFICATES: [&str; 6] =
    ["cert", "insecure", "key", "key_password_file", "keyform", "tls_use_os_certs"];

/// Options that have no effect in a run of this plan, each with the reason.
fn idle(connect: &ConnectPlan) -> Vec<(&'static str, &'static str)> {
    let (of_tls, why) = match &connect.route.tls {
        None => (&OF_TLS[..], "nothing asks for TLS, the connection is not encrypted"),
        Some(tls) if tls.is_by_key() => {
            (&OF_CERTIFICATES[..], "with --psk the key proves who both sides are")
        }
        Some(_) => (&[][..], ""),
    };
    let mut idle: Vec<_> = of_tls.iter().map(|option| (*option, why)).collect();
    if connect.connect.will.is_none() {
        idle.push(("will_qos", "there is no will (--will-topic)"));
    }
    if connect.connect.version != ProtocolVersion::V5 {
        idle.push(("session_expiry", "only MQTT 5 has it (-V 5)"));
    }
    idle
}

/// What is to be said of options that were given and have no effect. `of_tool` are the tool's own.
pub(super) fn without_effect(
    given: &Given,
    connect: &ConnectPlan,
    of_tool: &[(&str, &str)],
) -> Vec<String> {
    // Whoever says that there is to be no TLS knows.
    let is_known = |option: &str| given.has("no_tls") && OF_TLS.contains(&option);
    let idle = idle(connect);
    let idle = idle.iter().filter(|(option, _)| !is_known(option)).chain(of_tool);
    idle.filter(|(option, _)| given.has(option))
        .map(|(option, why)| format!("--{} has no effect: {why}", option.replace('_', "-")))
        .collect()
}

/// What an option comes to. `connect` is what all of them came to.
pub(super) fn standing(given: &Given, connect: &ConnectPlan, option: &str) -> Standing {
    let place = connect.route.candidates.first();
    let is_out_of_force = match (option, place) {
        ("protocol_version", _) => {
            return match version_decider(given) {
                Some(option) => Standing::DecidedBy(option, MQTT_5.to_owned()),
                None => Standing::AsGiven,
            };
        }
        ("port", Some(Endpoint::Tcp { port, .. })) => return Standing::Default(port.to_string()),
        ("host" | "port", Some(Endpoint::Unix(_))) => {
            given.last_of(&["host", "unix"]) == Some("unix")
        }
        ("unix", Some(Endpoint::Tcp { .. } | Endpoint::Service(_)))
        | ("port", Some(Endpoint::Service(_)))
        | (SHOW_CONFIG, _) => true,
        ("password" | "password_file" | "password_command", _) => {
            password_args::deciding(given) != Some(option)
        }
        ("ws_path", _) => connect.route.websocket.is_none(),
        (option, _) => idle(connect).iter().any(|(idle, _)| *idle == option),
    };
    if is_out_of_force { Standing::OutOfForce } else { Standing::AsGiven }
}

/// The version that properties select.
const MQTT_5: &str = "mqttv5";

/// The lines, in the order of the help. `origins` has those of an option's values, in their order.
pub(super) fn text<'a>(
    command: &Command,
    matches: &ArgMatches,
    origins: impl Fn(&str) -> Vec<&'a Origin>,
    standing: impl Fn(&str) -> Standing,
) -> String {
    let of_arg = |arg| settings(arg, matches, &origins, standing(arg.get_id().as_str()));
    let settings: Vec<_> = command.get_arguments().flat_map(of_arg).collect();
    let width = |part: fn(&Setting) -> &str| {
        settings.iter().map(|setting| part(setting).chars().count()).max().unwrap_or_default()
    };
    let names = width(|setting| &setting.name);
    let values = width(|setting| &setting.value).min(WIDEST);
    let lines = settings.iter().map(|Setting { name, value, origin }| {
        format!("{name:<names$}  {value:<values$}  {origin}\n")
    });
    lines.collect()
}

/// What is in force of an option; of one that adds up, each value.
fn settings<'a>(
    arg: &Arg,
    matches: &ArgMatches,
    origins: impl Fn(&str) -> Vec<&'a Origin>,
    standing: Standing,
) -> Vec<Setting> {
    let id = arg.get_id().as_str();
    let name = arg.get_long().unwrap_or(id);
    let is_flag = !arg.get_action().takes_values();
    let value = |raw: &OsStr| if is_flag { "on".to_owned() } else { shown(arg, raw) };
    let values = matches.get_raw(id).into_iter().flatten();
    let by_default = |value: String| Setting::new(name, &value, "default");
    match (standing, matches.value_source(id)) {
        (Standing::OutOfForce, _) | (Standing::AsGiven, None) => Vec::new(),
        (Standing::DecidedBy(option, value), _) => {
            let origin = origins(option).last().map(ToString::to_string).unwrap_or_default();
            let option = option.replace('_', "-");
            vec![Setting::new(name, &value, &format!("--{option}, {origin}"))]
        }
        (Standing::Default(value), None) => vec![by_default(value)],
        (_, Some(ValueSource::DefaultValue)) if is_flag => Vec::new(),
        (_, Some(ValueSource::DefaultValue)) => values.map(|raw| by_default(value(raw))).collect(),
        (_, Some(_)) => {
            // Of an option whose last value counts there is one value and perhaps more origins.
            let origins = origins(id);
            let skipped = origins.len().saturating_sub(values.clone().count());
            let pairs = values.zip(origins.into_iter().skip(skipped));
            let given =
                |(raw, origin): (_, &Origin)| Setting::new(name, &value(raw), &origin.to_string());
            pairs.map(given).collect()
        }
    }
}

impl Setting {
    fn new(name: &str, value: &str, origin: &str) -> Self {
        Self {
            name: name.to_owned(),
            value: part_of_line(value).into_owned(),
            origin: part_of_line(origin).into_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::ArgAction;

    fn shown(words: &[&str]) -> String {
        let mut command = Command::new("t")
            .no_binary_name(true)
            .disable_help_flag(true)
            .args_override_self(true)
            .arg(Arg::new("host").long("host").default_value("localhost"))
            .arg(Arg::new("port").long("port"))
            .arg(Arg::new("count").long("count"))
            .arg(Arg::new("debug").long("debug").action(ArgAction::SetTrue))
            .arg(Arg::new("topic").long("topic").action(ArgAction::Append));
        let matches = command.try_get_matches_from_mut(words).unwrap();
        let origins = [Origin::Variable("A"), Origin::Variable("B"), Origin::CommandLine];
        text(
            &command,
            &matches,
            |option| {
                let times = words.iter().filter(|word| word.contains(option)).count();
                origins.iter().skip(3 - times).collect()
            },
            |option| match option {
                "port" => Standing::Default("1883".to_owned()),
                "show_config" => Standing::OutOfForce,
                _ => Standing::AsGiven,
            },
        )
    }

    #[test]
    fn the_options_of_tls_are_options() {
        use clap::Args;
        let command = crate::cli::ConnectArgs::augment_args(Command::new("t"));
        let ids: Vec<_> = command.get_arguments().map(|arg| arg.get_id().as_str()).collect();
        for option in OF_TLS {
            assert!(ids.contains(&option), "{option}");
        }
    }

    #[test]
    fn settings_stand_in_columns_and_absent_ones_nowhere() {
        assert_eq!(shown(&[]), "host  localhost  default\nport  1883       default\n");
        assert_eq!(
            shown(&["--topic=a", "--debug", "--topic=a b"]),
            "host   localhost  default\n\
             port   1883       default\n\
             debug  on         command line\n\
             topic  a          environment variable B\n\
             topic  a b        command line\n"
        );
    }

    #[test]
    fn of_a_value_that_was_overridden_the_last_origin_counts() {
        let text = shown(&["--count=1", "--count=2", "--host=x", "--port=1"]);
        let lines = "host   x  command line\nport   1  command line\ncount  2  command line\n";
        assert_eq!(text, lines);
    }

    #[test]
    fn a_value_stays_on_its_line_and_a_long_one_on_its_own() {
        let long = "x".repeat(100);
        let text = shown(&["--host=a\nb", &format!("--count={long}")]);
        let lines: Vec<_> = text.lines().collect();
        assert_eq!(lines[0], format!("host   {:<40}  command line", "a\\nb"));
        assert_eq!(lines[2], format!("count  {long}  command line"));
    }
}
