//! docs/coming-from-mosquitto.md: every flag of the originals, made from the differences and from
//! the files of completion, which are made from the options.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::process::Command;

use test_support::generated::table::rows;

use crate::document::workspace;

const FILE: &str = "docs/coming-from-mosquitto.md";

const HEAD: &str = "\
# Coming from mosquitto's tools

This page is made from [differences.md](differences.md) by `cargo xtask gen`.

Give the tools the originals' names, by links in a folder that comes first in `PATH`, and scripts go on as they
are. The packages bring that folder: `PATH=/usr/lib/mqtt-tools/mosquitto-names:$PATH`.

Behind each flag of mosquitto's tools 2.1.2 stands what becomes of it:

- **same**: nothing is otherwise.
- **better**: what the original loses, hides or does wrong is mended; what works there works here.
- **differs**: a script that works there may notice; or it is otherwise under our own names (\"own\").

What belongs to no flag (errors, signals, reconnecting, TLS itself) is in [differences.md](differences.md) only.
All options also take `--long=value`, glued values (`-q1`) and joined switches (`-dv`).
";

/// Flags of the originals that ours know only to refuse them, so nothing completes them.
const REFUSED: [&str; 2] = ["--tls-engine", "--tls-engine-kpass-sha1"];

/// One of the tools.
struct Tool {
    name: &'static str,
    original: &'static str,
    /// The heading of its table of differences.
    table: &'static str,
    /// How rows of that table begin that are about another tool.
    other: &'static str,
}

const TOOLS: [Tool; 3] = [
    Tool { name: "mqtt-pub", original: "mosquitto_pub", table: SHARED, other: "sub" },
    Tool { name: "mqtt-sub", original: "mosquitto_sub", table: SHARED, other: "pub" },
    Tool { name: "mqtt-passwd", original: "mosquitto_passwd", table: "mqtt-passwd", other: "–" },
];

const SHARED: &str = "mqtt-pub and mqtt-sub";

/// A row of the differences.
struct Difference {
    what: String,
    original: String,
    linked: String,
    own: String,
}

impl Difference {
    fn is_about(&self, flag: &Flag) -> bool {
        let named = |word: &str| flag.spellings.iter().any(|spelling| spelling == word);
        codes(&self.what).any(|code| {
            // A conversion belongs to the format.
            let code = if code.starts_with(['%', '@']) { "-F" } else { code };
            code.split(' ').any(named)
        })
    }

    /// Whether it only says that there is a flag which the original has not.
    fn adds_flags(&self) -> bool {
        let words = self.what.split('`').step_by(2);
        let only_flags = words.flat_map(|text| text.split([' ', ',', ';']));
        ["none", "–", "unknown option"].contains(&&*self.original)
            && only_flags.filter(|word| !word.is_empty()).all(|word| ["pub", "sub"].contains(&word))
    }

    fn is_noticed(&self) -> bool {
        self.what.contains("(!)") || self.differs_by_name()
    }

    fn differs_by_name(&self) -> bool {
        self.own != "same as linked" && self.own != self.linked
    }

    fn told(&self) -> String {
        let what = self.what.replace(" (!)", "");
        let mut text = format!("{what}: {}", self.linked);
        if self.differs_by_name() {
            write!(text, "; own: {}", self.own).unwrap();
        }
        text
    }
}

/// An option of one of our tools.
struct Flag {
    /// The short one first.
    spellings: Vec<String>,
}

impl Flag {
    fn shown(&self) -> String {
        let codes: Vec<_> = self.spellings.iter().map(|word| format!("`{word}`")).collect();
        codes.join(", ")
    }

    fn key(&self) -> (String, String) {
        let word = self.spellings[0].trim_start_matches('-');
        (word.to_lowercase(), word.to_owned())
    }
}

/// What stands in backticks.
fn codes(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

fn read(name: &str) -> String {
    std::fs::read_to_string(workspace().join(name))
        .unwrap_or_else(|error| panic!("{name}: {error}"))
}

impl Tool {
    fn differences(&self) -> Vec<Difference> {
        let rows = rows(&read("docs/differences.md"), self.table).into_iter();
        let ours = rows.filter(|row| row[0].split([' ', ':']).next() != Some(self.other));
        let differences = ours.map(|row| {
            let [what, original, linked, own] = row.try_into().expect("four cells");
            Difference { what, original, linked, own }
        });
        differences.collect()
    }

    /// All of its options, in the order of the alphabet.
    fn flags(&self) -> Vec<Flag> {
        let completions = read(&format!("completions/{}.fish", self.name));
        let own = format!("complete -c {} ", self.name);
        let lines = completions.lines().filter_map(|line| line.strip_prefix(&own));
        let mut flags: Vec<_> = lines.map(flag).collect();
        if self.table == SHARED {
            flags.extend(REFUSED.map(|flag| Flag { spellings: vec![flag.to_owned()] }));
        }
        flags.sort_by_key(Flag::key);
        flags
    }

    fn section(&self) -> String {
        let differences = self.differences();
        let (added, differences): (Vec<_>, Vec<_>) =
            differences.into_iter().partition(Difference::adds_flags);
        let is_added = |flag: &Flag| added.iter().any(|row| row.is_about(flag));
        let (new, known): (Vec<_>, Vec<_>) = self.flags().into_iter().partition(is_added);
        let mut text =
            format!("\n## {}\n\n| flag | | what is otherwise |\n|---|---|---|\n", self.original);
        for flag in known {
            let rows: Vec<_> = differences.iter().filter(|row| row.is_about(&flag)).collect();
            let verdict = match &rows[..] {
                [] => "same",
                rows if rows.iter().any(|row| row.is_noticed()) => "**differs**",
                _ => "better",
            };
            let told: Vec<_> = rows.iter().map(|row| row.told()).collect();
            let told = told.join("<br>").replace('|', "&#124;");
            writeln!(text, "| {} | {verdict} | {told} |", flag.shown()).unwrap();
        }
        let new: Vec<_> = new.iter().map(Flag::shown).collect();
        write!(text, "\nNew in `{}`: {}.\n", self.name, new.join(", ")).unwrap();
        text
    }
}

/// The flag of a line for fish: `-s t -l topic -d …`.
fn flag(line: &str) -> Flag {
    let options = line.split(" -d ").next().unwrap_or_default();
    let words: Vec<_> = options.split(' ').collect();
    let pairs = words.chunks_exact(2).filter_map(|pair| match pair {
        ["-s", letter] => Some(format!("-{letter}")),
        ["-l", word] => Some(format!("--{word}")),
        _ => None,
    });
    Flag { spellings: pairs.collect() }
}

/// With `REGENERATE` in the environment it writes the page (`cargo xtask gen`).
#[test]
fn every_flag_of_the_originals_is_told_as_the_differences_have_it() {
    let sections: String = TOOLS.iter().map(Tool::section).collect();
    let page = format!("{HEAD}{sections}");
    if std::env::var_os("REGENERATE").is_some() {
        std::fs::write(workspace().join(FILE), page).unwrap();
        return;
    }
    let differs = page != read(FILE);
    assert!(!differs, "{FILE} is not what differences.md makes of it: `cargo xtask gen`");
}

#[test]
fn the_page_has_every_flag_that_the_originals_help_names() {
    for tool in TOOLS {
        let page = read(FILE);
        let heading = format!("\n## {}\n", tool.original);
        let section = page.split(&heading).nth(1).and_then(|text| text.split("\n## ").next());
        let rows = section.into_iter().flat_map(str::lines).filter(|line| line.starts_with("| `"));
        let told: BTreeSet<_> =
            rows.flat_map(|row| codes(row.split(" | ").next().unwrap_or_default())).collect();
        let help = Command::new(tool.original).arg("--help").output().expect("it is installed");
        let help = String::from_utf8(help.stdout).unwrap();
        let lines = help.lines().filter_map(|line| line.trim_start().split_once(" : "));
        let named: BTreeSet<_> =
            lines.map(|(flag, _)| flag.trim()).filter(|flag| flag.starts_with('-')).collect();
        assert!(named.len() > 3, "{help}");
        let missing: Vec<_> = named.difference(&told).collect();
        assert!(missing.is_empty(), "{}: {missing:?} of {told:?}", tool.original);
    }
}
