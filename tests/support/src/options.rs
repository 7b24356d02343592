//! What every option of a tool must have, whoever adds it.

use std::collections::HashMap;

use clap::{Arg, Command};

/// The names of values that are numbers; each says what is counted.
const NUMBERS: [&str; 7] = ["BYTES", "COUNT", "PERCENT", "PORT", "QOS", "SECONDS", "TIME"];

/// What an option does, or has done: with such a word its help begins.
const VERBS: [&str; 39] = [
    "Acknowledge",
    "Add",
    "Allow",
    "Ask",
    "Colour",
    "Connect",
    "Create",
    "Delete",
    "Do",
    "End",
    "Find",
    "Give",
    "Hash",
    "Have",
    "Iterate",
    "Keep",
    "Leave",
    "Log",
    "Make",
    "Offer",
    "Pause",
    "Print",
    "Publish",
    "Read",
    "Receive",
    "Remove",
    "Replace",
    "Run",
    "Say",
    "Send",
    "Show",
    "Speak",
    "Subscribe",
    "Take",
    "Test",
    "Try",
    "Unsubscribe",
    "Use",
    "Write",
];

/// Columns of a terminal.
const WIDTH: usize = 80;

/// The names of the originals are so much longer than ours.
const LONGER: usize = 5;

/// Fails unless every option has a help line of its own and a section, an option with a number
/// says the range and what holds without it, and one with a few possible values names them all.
/// Lines above and below the options fit a terminal.
/// Help lines begin with a verb, as orders do, and have no full stop.
#[track_caller]
pub fn assert_described(command: &Command) {
    let shown = || command.get_arguments().filter(|arg| !arg.is_hide_set());
    let mut faults: Vec<_> = shown().flat_map(faults).collect();
    let mut seen = HashMap::new();
    for arg in shown() {
        if let Some(other) = seen.insert(help(arg), arg.get_id()) {
            faults.push(format!("{}: the same help as {other}", arg.get_id()));
        }
    }
    let texts = [command.get_before_help(), command.get_after_help()]
        .map(|text| text.map(ToString::to_string).unwrap_or_default());
    let lines = texts.iter().flat_map(|text| text.lines());
    let width = |line: &str| line.chars().count() + LONGER * line.matches("mqtt-").count();
    let long = lines.filter(|line| width(line) > WIDTH);
    faults.extend(long.map(|line| format!("longer than {WIDTH}: {line}")));
    assert!(faults.is_empty(), "{faults:#?}");
}

fn faults(arg: &Arg) -> Vec<String> {
    let help = help(arg);
    let mut faults = Vec::new();
    let mut must = |fault: &str, holds: bool| {
        if !holds {
            faults.push(format!("{}: {fault}: {help}", arg.get_id()));
        }
    };
    must("no help", !help.is_empty());
    must("no section", arg.get_help_heading().is_some());
    must("no long name", arg.get_long().is_some());
    must("no verb in front", help.split(' ').next().is_some_and(|word| VERBS.contains(&word)));
    must("a full stop", !help.ends_with('.'));
    if !arg.get_action().takes_values() {
        return faults;
    }
    let value = arg.get_value_names().unwrap_or_default().join(" ");
    must("no name for its value", !value.is_empty() && value == value.to_uppercase());
    if NUMBERS.contains(&&*value) {
        must("no range", help.contains(|c: char| c.is_ascii_digit()));
        let says_default = help.contains("without") || help.contains("[default: ");
        must("no default", says_default || !arg.get_default_values().is_empty());
    } else {
        must("a number without a unit", !is_number(arg));
    }
    for possible in arg.get_possible_values() {
        let name = possible.get_name();
        must(&format!("the value {name} is missing"), mentions(&help, name));
    }
    faults
}

fn help(arg: &Arg) -> String {
    arg.get_help().map(ToString::to_string).unwrap_or_default()
}

/// By the type its value is read into.
fn is_number(arg: &Arg) -> bool {
    let type_id = arg.get_value_parser().type_id();
    type_id == std::any::TypeId::of::<u16>()
        || type_id == std::any::TypeId::of::<u32>()
        || type_id == std::any::TypeId::of::<f64>()
        || type_id == std::any::TypeId::of::<std::time::Duration>()
}

/// Whether `name` is a word of its own in `help`.
fn mentions(help: &str, name: &str) -> bool {
    help.split(|c: char| c.is_whitespace() || ",;:()".contains(c)).any(|word| word == name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::{Arg, ArgAction, value_parser};

    fn option() -> Arg {
        Arg::new("x").long("x").help_heading("A").value_name("X").help("Do it")
    }

    fn faults_of(arg: Arg) -> Vec<String> {
        let mut command = Command::new("t").arg(arg.action(ArgAction::Set));
        command.build();
        faults(command.get_arguments().next().unwrap())
    }

    #[test]
    fn a_good_one_has_no_fault() {
        assert_eq!(faults_of(option()), [""; 0]);
        let number = option().value_name("COUNT").help("Take so many, 1 to 3; 2 without it");
        assert_eq!(faults_of(number.value_parser(value_parser!(u32))), [""; 0]);
        let one_of = option().help("Take one of a, b-c (d)").value_parser(["a", "b-c", "d"]);
        assert_eq!(faults_of(one_of), [""; 0]);
    }

    #[test]
    fn each_fault_is_found() {
        for (arg, fault) in [
            (Arg::new("x").long("x").value_name("X").help("Do it"), "x: no section: Do it"),
            (option().help("do it"), "x: no verb in front: do it"),
            (option().help("Thing"), "x: no verb in front: Thing"),
            (option().help("Do it."), "x: a full stop: Do it."),
            (option().value_name("x"), "x: no name for its value: Do it"),
            (option().value_name("COUNT").help("Do it without"), "x: no range: Do it without"),
            (option().value_name("COUNT").help("Do it 1 to 3"), "x: no default: Do it 1 to 3"),
            (option().value_parser(value_parser!(u32)), "x: a number without a unit: Do it"),
            (
                option().help("Take one of ab").value_parser(["a"]),
                "x: the value a is missing: Take one of ab",
            ),
        ] {
            assert_eq!(faults_of(arg), [fault]);
        }
    }

    #[test]
    #[should_panic(expected = "y: the same help as x")]
    fn two_that_are_alike_are_found() {
        assert_described(&Command::new("t").arg(option()).arg(option().id("y").long("y")));
    }
}
