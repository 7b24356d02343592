//! The man page: name, synopsis and options as clap has them, the rest from the documents.

use std::collections::BTreeSet;

use clap::Command;
use clap_mangen::Man;
use clap_mangen::roff::{Inline, Roff, bold, italic, roman};

use super::{Definition, document, table};

/// Stands for the end of a line where clap would make one text of several lines.
const LINE_BREAK: char = '\u{2028}';

pub(super) fn page(definition: &Definition) -> String {
    let mut page = preamble() + &options_and_above(definition);
    let mut below = Roff::new();
    examples(&definition.command, &mut below);
    sections_of_help(&definition.command, &mut below);
    exit_status(definition, &mut below);
    environment_and_files(definition, &mut below);
    differences(definition, &mut below);
    see_also(definition, &mut below);
    page.push_str(&lines(&below));
    // Not as accents, so that an example can be pasted.
    page.replace('~', r"\(ti").replace('^', r"\(ha")
}

/// What makes an apostrophe stay one; every rendering begins with it.
fn preamble() -> String {
    Roff::new().render()
}

fn lines(roff: &Roff) -> String {
    roff.render().replace(&preamble(), "")
}

/// From the title to the last option. clap gives each heading a section; here they are parts of
/// one.
fn options_and_above(definition: &Definition) -> String {
    let Definition { command, name, original } = definition;
    let about = command.get_about().map(ToString::to_string).unwrap_or_default();
    let description = format!(
        "{about}. Through a link called {original} it does what a script expects of the tool of \
         that name."
    );
    let command = command.clone().display_name(*name).bin_name(*name).mut_args(|arg| {
        let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
        let is_flag = !arg.get_action().takes_values();
        let arg = arg.help(help.replace('\n', &LINE_BREAK.to_string()));
        if is_flag { arg } else { arg.hide_possible_values(true) }
    });
    let version = command.get_version().unwrap_or_default().split(' ').next().unwrap_or_default();
    // No word is divided: many are to be typed.
    let title = format!(
        ".TH {} 1 \"\" \"{name} {version}\" \"User Commands\"\n.nh\n.ad l\n",
        name.to_uppercase()
    );
    let headings = headings(&command);
    let man = Man::new(command);
    let mut head = title.into_bytes();
    man.render_name_section(&mut head).unwrap();
    man.render_synopsis_section(&mut head).unwrap();
    let mut options = Vec::new();
    man.render_options_section(&mut options).unwrap();
    let mut text = String::from_utf8(head).unwrap();
    text.push_str(&lines(Roff::new().control("SH", ["DESCRIPTION"]).text([roman(description)])));
    text.push_str(".SH OPTIONS\n");
    let mut options = String::from_utf8(options).unwrap();
    for heading in headings {
        let lines = |name: &str, heading: &str| lines(Roff::new().control(name, [heading]));
        options = options.replace(&lines("SH", &heading.to_uppercase()), &lines("SS", &heading));
    }
    text.push_str(&options);
    text.replace(&preamble(), "").replace(LINE_BREAK, "\n.br\n")
}

/// The headings of the options.
fn headings(command: &Command) -> BTreeSet<String> {
    let headings = command.get_arguments().filter_map(|arg| arg.get_help_heading());
    headings.map(str::to_owned).collect()
}

/// The lines above the options: a command, and behind several blanks what it is for.
fn examples(command: &Command, roff: &mut Roff) {
    let text = command.get_before_help().expect("examples").to_string();
    roff.control("SH", ["EXAMPLES"]);
    for line in text.lines().filter(|line| line.starts_with("  ")) {
        let (example, purpose) = line.trim().split_once("  ").expect("a command and its purpose");
        roff.control("TP", []).text([bold(example)]).text([roman(purpose.trim())]);
    }
}

/// What stands below the options, a section each. The exit statuses have a longer one here.
fn sections_of_help(command: &Command, roff: &mut Roff) {
    let text = command.get_after_help().expect("sections").to_string();
    for section in text.split("\n\n") {
        let (heading, body) = section.split_once(":\n").expect("a heading");
        if heading == "Exit status" {
            continue;
        }
        // A table is lines, anything else is text.
        let is_table = body.trim().contains("   ");
        roff.control("SH", [heading.to_uppercase().as_str()]);
        if is_table {
            roff.control("nf", []);
        }
        for line in body.lines() {
            roff.text([roman(line.strip_prefix("  ").unwrap_or(line))]);
        }
        if is_table {
            roff.control("fi", []);
        }
    }
}

/// Each status once, with all its causes.
fn exit_status(definition: &Definition, roff: &mut Roff) {
    let text = document("exit-codes.md");
    roff.control("SH", ["EXIT STATUS"]);
    let mut last = String::new();
    for row in table::rows(&text, definition.name) {
        let (status, cause) = (&row[0], &row[2]);
        if *status == last {
            roff.control("br", []);
        } else {
            roff.control("TP", []).text([bold(status)]);
            last.clone_from(status);
        }
        roff.text(inlines(cause));
    }
}

fn environment_and_files(definition: &Definition, roff: &mut Roff) {
    let text = document("environment.md");
    for (section, heading) in [("ENVIRONMENT", "Variables"), ("FILES", "Files")] {
        roff.control("SH", [section]);
        for row in table::rows(&text, heading) {
            let [name, tools, meaning] = &row[..] else { panic!("three cells: {row:?}") };
            if tools.split(", ").any(|tool| tool == definition.name) {
                roff.control("TP", []).text(inlines(name)).text(inlines(meaning));
            }
        }
    }
}

fn differences(definition: &Definition, roff: &mut Roff) {
    let Definition { name, original, .. } = definition;
    let text = document("differences.md");
    // The two that share a table say at which of them a row is aimed.
    let (heading, other) = match *name {
        "mqtt-pub" => ("mqtt-pub and mqtt-sub", "sub"),
        "mqtt-sub" => ("mqtt-pub and mqtt-sub", "pub"),
        name => (name, "–"),
    };
    roff.control("SH", ["DIFFERENCES"]).text([
        roman("What is done otherwise than by "),
        italic(*original),
        roman(" 2.1.2. \"Linked\" is a link of that name, \"own\" the name "),
        italic(*name),
        roman("."),
    ]);
    for row in table::rows(&text, heading) {
        let [what, original, linked, own] = &row[..] else { panic!("four cells: {row:?}") };
        if what.split([' ', ':']).next() == Some(other) {
            continue;
        }
        roff.control("TP", []).text(inlines(what));
        let cells = if own == "same as linked" || own == linked {
            vec![("original: ", original), ("linked and own: ", linked)]
        } else {
            vec![("original: ", original), ("linked: ", linked), ("own: ", own)]
        };
        for (position, (label, cell)) in cells.into_iter().enumerate() {
            if position > 0 {
                roff.control("br", []);
            }
            roff.text([vec![italic(label)], inlines(cell)].concat());
        }
    }
}

fn see_also(definition: &Definition, roff: &mut Roff) {
    roff.control("SH", ["SEE ALSO"]);
    let tools = ["mqtt-pub", "mqtt-sub", "mqtt-passwd"].into_iter();
    let mut text = Vec::new();
    for tool in tools.filter(|tool| *tool != definition.name) {
        text.extend([bold(tool), roman("(1), ")]);
    }
    text.extend([bold("mosquitto"), roman("(8)")]);
    roff.text(text);
}

/// Text of the documents: what is code there is bold here.
fn inlines(text: &str) -> Vec<Inline> {
    let text = text.replace("**", "");
    let parts = text.split('`').enumerate().filter(|(_, part)| !part.is_empty());
    parts.map(|(n, part)| if n % 2 == 0 { roman(part) } else { bold(part) }).collect()
}
