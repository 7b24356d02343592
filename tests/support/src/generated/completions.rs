//! Completions for shells, as clap makes them, for both names of a tool.

use std::path::Path;

use clap::{Arg, ArgAction, Command, ValueHint};
use clap_complete::{Generator, Shell};

use super::{Definition, File};

pub(super) fn files(definition: &Definition) -> Vec<File> {
    let shells =
        [Shell::Bash, Shell::Zsh, Shell::Fish, Shell::PowerShell, Shell::Elvish].into_iter();
    shells.map(|shell| file(shell, definition)).collect()
}

fn file(shell: Shell, definition: &Definition) -> File {
    let Definition { command, name, original } = definition;
    let mut bytes = Vec::new();
    let mut command = completed(Command::new(*name), command, shell);
    clap_complete::generate(shell, &mut command, *name, &mut bytes);
    let text = String::from_utf8(bytes).unwrap();
    let (kind, text) = match shell {
        Shell::Bash => ("bash", with_name_behind(&text, &["complete -F"], original)),
        Shell::Zsh => ("zsh", with_name_behind(&text, &["#compdef", "compdef"], original)),
        Shell::Fish => ("fish", format!("{text}complete -c {original} -w {name}\n")),
        Shell::PowerShell => ("powershell", text),
        _ => ("elvish", text),
    };
    let text = with_values_behind_equals(shell, text, command.get_arguments());
    // A line that ends in a blank would look like a mistake.
    let text = text.lines().flat_map(|line| [line.trim_end(), "\n"]).collect();
    File { kind, path: Path::new("completions").join(shell.file_name(name)), text }
}

/// Adds a name to the lines that say which command is completed.
fn with_name_behind(text: &str, beginnings: &[&str], name: &str) -> String {
    let names_command =
        |line: &str| beginnings.iter().any(|beginning| line.trim_start().starts_with(beginning));
    let lines = text.lines().map(|line| match line {
        line if names_command(line) => format!("{line} {name}"),
        line => line.to_owned(),
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// Says of options whose value stands only behind `=`, if there is one, that a word of its own is no
/// value; clap does not.
fn with_values_behind_equals<'a>(
    shell: Shell,
    mut text: String,
    args: impl Iterator<Item = &'a Arg>,
) -> String {
    for long in args.filter(|arg| arg.is_require_equals_set()).filter_map(Arg::get_long) {
        let (name, required) = (format!("-l {long} "), " -r ");
        text = match shell {
            Shell::Zsh => text.replace(&format!("'--{long}=["), &format!("'--{long}=-[")),
            Shell::Fish => text
                .split_inclusive('\n')
                .map(|line| {
                    if line.contains(&name) {
                        line.replacen(required, " ", 1)
                    } else {
                        line.to_owned()
                    }
                })
                .collect(),
            _ => text,
        };
    }
    text
}

/// What a shell is told: no hidden options, one clause about each, and what its value is.
fn completed(bare: Command, command: &Command, shell: Shell) -> Command {
    let mut shown = bare.version("").disable_help_flag(true).disable_version_flag(true);
    for arg in command.get_arguments().filter(|arg| !arg.is_hide_set()) {
        let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
        // What bash is told of values is for words of their own.
        if arg.is_require_equals_set() && !matches!(shell, Shell::Zsh | Shell::Fish) {
            let flag = arg.clone().action(ArgAction::SetTrue).num_args(0).require_equals(false);
            shown = shown.arg(flag.help(first_clause(&help)));
            continue;
        }
        let takes_value = arg.get_action().takes_values();
        let (arg, hint) = (arg.clone().help(first_clause(&help)), hint(arg, shell));
        shown = shown.arg(if takes_value { arg.value_hint(hint) } else { arg });
    }
    // The words of mqtt-passwd are one argument, of which the first is a file. (A second one that
    // has no completions makes zsh offer no options either.)
    if command.get_positionals().next().is_some() {
        shown = shown.arg(Arg::new("file").value_name("FILE").value_hint(ValueHint::FilePath));
    }
    shown
}

fn first_clause(help: &str) -> String {
    let end = ["; ", ". ", "\n"].iter().filter_map(|mark| help.find(mark)).min();
    help.get(..end.unwrap_or(help.len())).unwrap_or_default().to_owned()
}

/// A path is known by its type, a folder by the name of the value. No other value is a file.
fn hint(arg: &Arg, shell: Shell) -> ValueHint {
    let is_folder =
        arg.get_value_names().is_some_and(|names| names.iter().any(|name| *name == "FOLDER"));
    match arg.get_value_hint() {
        ValueHint::AnyPath if is_folder => ValueHint::DirPath,
        ValueHint::AnyPath | ValueHint::FilePath => ValueHint::FilePath,
        // For bash, clap makes files of names.
        ValueHint::Hostname | ValueHint::Username if shell != Shell::Bash => arg.get_value_hint(),
        _ => ValueHint::Other,
    }
}
