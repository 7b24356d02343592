//! A document and its snippets.

use std::path::{Path, PathBuf};

/// A text of the project.
#[derive(Debug)]
pub(crate) struct Document {
    /// Below the workspace.
    pub(crate) path: PathBuf,
    pub(crate) snippets: Vec<Snippet>,
    /// Where a command stands outside of a fence that says whether it is run.
    pub(crate) strays: Vec<usize>,
}

/// What stands between two fences.
#[derive(Debug)]
pub(crate) struct Snippet {
    /// The line of the opening fence, from 1.
    pub(crate) line: usize,
    pub(crate) kind: Kind,
    pub(crate) text: String,
    /// Commands that the reader does not see, from `<!-- before: … -->` above the fence.
    pub(crate) before: Option<String>,
    /// What is typed at the prompts, from `<!-- typed: … -->` above the fence; a line per word.
    pub(crate) typed: Option<String>,
}

/// What the word behind the opening fence says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// `sh`: a script that succeeds.
    Script,
    /// `sh terminal`: a command that subscribes, and runs on in a terminal of its own until the next
    /// snippet that has none was followed.
    Terminal,
    /// `console`: commands behind `$ `, and what they print.
    Session,
    /// `console terminal`: such a command in a terminal of its own, and what it has printed by then.
    TerminalSession,
    /// `sh not run: REASON`.
    NotRun(String),
    /// Anything else.
    Text,
}

impl Kind {
    fn of(info: &str) -> Self {
        match info.trim() {
            "sh" => Self::Script,
            "sh terminal" => Self::Terminal,
            "console" => Self::Session,
            "console terminal" => Self::TerminalSession,
            other => other
                .split_once(" not run:")
                .map_or(Self::Text, |(_, reason)| Self::NotRun(reason.trim().to_owned())),
        }
    }
}

impl Document {
    /// README and all that lies in docs.
    pub(crate) fn all() -> Vec<Self> {
        let docs = workspace().join("docs");
        let entries = std::fs::read_dir(docs).expect("the folder is there");
        let names = entries.map(|entry| entry.expect("it can be read").file_name());
        let mut paths: Vec<_> = names.map(|name| Path::new("docs").join(name)).collect();
        paths.extend(["README.md", "CONTRIBUTING.md"].map(PathBuf::from));
        paths.retain(|path| path.extension().is_some_and(|extension| extension == "md"));
        paths.sort();
        paths.into_iter().map(Self::read).collect()
    }

    fn read(path: PathBuf) -> Self {
        let text = std::fs::read_to_string(workspace().join(&path)).expect("it is UTF-8");
        let (snippets, strays) = parse(&text);
        Self { path, snippets, strays }
    }
}

/// The folder of the workspace's `Cargo.toml`.
pub(crate) fn workspace() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

fn parse(text: &str) -> (Vec<Snippet>, Vec<usize>) {
    let (mut snippets, mut strays) = (Vec::new(), Vec::new());
    let (mut before, mut typed) = (None, None);
    let mut lines = text.lines().zip(1..);
    while let Some((line, number)) = lines.next() {
        if let Some(info) = line.strip_prefix("```") {
            let inside = lines.by_ref().map(|(line, _)| line).take_while(|line| *line != "```");
            let text: String = inside.flat_map(|line| [line, "\n"]).collect();
            let kind = Kind::of(info);
            if kind == Kind::Text && info.is_empty() && text.lines().any(is_command) {
                strays.push(number);
            }
            let (before, typed) = (before.take(), typed.take());
            snippets.push(Snippet { line: number, kind, text, before, typed });
        } else if let Some(hidden) = comment(line, "before") {
            before = Some(hidden.to_owned());
        } else if let Some(words) = comment(line, "typed") {
            typed = Some(words.split(' ').flat_map(|word| [word, "\n"]).collect());
        } else if line.starts_with("    ") && is_command(line.trim_start()) {
            strays.push(number);
        }
    }
    (snippets, strays)
}

/// What a comment of one line says behind its name.
fn comment<'a>(line: &'a str, name: &str) -> Option<&'a str> {
    line.strip_prefix("<!-- ")?.strip_suffix(" -->")?.strip_prefix(name)?.strip_prefix(": ")
}

/// Whether a line begins as a command of ours does.
fn is_command(line: &str) -> bool {
    let first = line.trim_start_matches("$ ").split(' ').next().unwrap_or_default();
    let name = first.rsplit('/').next().unwrap_or_default();
    ["mqtt-", "mosquitto_"].iter().any(|prefix| name.starts_with(prefix)) && line.contains(" -")
}

#[test]
fn a_fence_says_what_becomes_of_it() {
    let text = "<!-- typed: a b -->\n```sh\nx\n```\n```sh not run: no\ny\n```\n    mqtt-pub -n\n";
    let (snippets, strays) = parse(text);
    assert_eq!(snippets[0].kind, Kind::Script);
    assert_eq!(snippets[0].typed.as_deref(), Some("a\nb\n"));
    assert_eq!(snippets[1].kind, Kind::NotRun("no".to_owned()));
    assert_eq!(strays, [8]);
}
