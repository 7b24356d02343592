//! What options say that cannot be true of all of them.

use mqtt_core::cli::Given;

/// Of these only one can be meant.
const EXCLUSIONS: &[(&str, &str)] = &[
    ("no_retained", "retained_only"),
    ("json", "format"),
    ("json", "no_newline"),
    ("json", "pretty"),
    ("random_filter", "changes_only"),
    ("message_rate", "changes_only"),
    ("message_rate", "idle_exit"),
    ("message_rate", "output_dir"),
    ("watch", "output_dir"),
    ("exec", "exec_shell"),
    ("ack_on_success", "exec_failure"),
];

/// What concerns messages that are written, or only counted, or removed once they are written.
const WRITTEN: &[&str] = &[
    "format",
    "json",
    "message_rate",
    "no_newline",
    "output_dir",
    "pretty",
    "raw",
    "remove_retained",
    "verbose",
    "watch",
];

/// Either of these is a command.
const COMMANDS: &[&str] = &["exec", "exec_shell"];

/// What says something about the command.
const ABOUT_COMMANDS: &[&str] = &["exec_jobs", "exec_timeout", "exec_failure", "ack_on_success"];

/// The first rule that is broken, in words.
pub(crate) fn broken(given: &Given) -> Option<String> {
    if !["topic", "filter_qos", "unsubscribe"].iter().any(|option| given.has(option)) {
        return Some("nothing to subscribe to: --topic is missing (or --unsubscribe)".to_owned());
    }
    let with_commands =
        COMMANDS.iter().flat_map(|command| WRITTEN.iter().map(move |other| (*command, *other)));
    let excluded = EXCLUSIONS.iter().copied().chain(with_commands);
    if let Some((one, other)) =
        excluded.into_iter().find(|(one, other)| given.has(one) && given.has(other))
    {
        return Some(format!("{} and {} exclude each other", quoted(one), quoted(other)));
    }
    if given.has("output_mode") && !given.has("output_dir") {
        return Some("'--output-mode' needs '--output-dir'".to_owned());
    }
    if COMMANDS.iter().any(|command| given.has(command)) {
        return None;
    }
    let lacking = ABOUT_COMMANDS.iter().find(|option| given.has(option));
    lacking.map(|option| format!("{} needs '--exec' or '--exec-shell'", quoted(option)))
}

/// The option of a field as it is spelled.
fn quoted(option: &str) -> String {
    format!("'--{}'", option.replace('_', "-"))
}
