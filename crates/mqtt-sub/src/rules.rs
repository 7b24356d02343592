//! What options say that cannot be true of all of them.

use mqtt_core::cli::Given;

/// Of these only one can be meant.
const EXCLUSIONS: &[(&str, &str)] = &[
    ("no_retained", "retained_only"),
    ("random_filter", "changes_only"),
    ("message_rate", "changes_only"),
    ("message_rate", "idle_exit"),
    ("message_rate", "output_dir"),
    ("watch", "output_dir"),
];

/// The first says something about the second.
const ADDITIONS: &[(&str, &str)] = &[("output_mode", "output_dir")];

/// The first rule that is broken, in words.
pub(crate) fn broken(given: &Given) -> Option<String> {
    if !["topic", "filter_qos", "unsubscribe"].iter().any(|option| given.has(option)) {
        return Some("nothing to subscribe to: --topic is missing (or --unsubscribe)".to_owned());
    }
    let excluded = EXCLUSIONS.iter().find(|(one, other)| given.has(one) && given.has(other));
    if let Some((one, other)) = excluded {
        return Some(format!("{} and {} exclude each other", quoted(one), quoted(other)));
    }
    let lacking = ADDITIONS.iter().find(|(one, other)| given.has(one) && !given.has(other));
    lacking.map(|(one, other)| format!("{} needs {}", quoted(one), quoted(other)))
}

/// The option of a field as it is spelled.
fn quoted(option: &str) -> String {
    format!("'--{}'", option.replace('_', "-"))
}
