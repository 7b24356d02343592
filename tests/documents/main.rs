//! Does what README and docs say: every snippet of a shell is run, in the order of its document,
//! at a broker, and what is shown of its output is what comes.
//!
//! The word behind a fence says what becomes of a snippet (`document::Kind`). Those that cannot be
//! run say why: `cargo nextest run --test documents --no-capture not_run` lists them.

#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a panic is how a test fails, and one of them lists something"
)]

mod coming_from;
mod desk;
mod document;

use test_support::patience::until;

use desk::{Desk, Terminal};
use document::{Document, Kind, Snippet};

#[test]
fn every_snippet_does_what_its_document_says() {
    let documents = Document::all();
    let failures: Vec<_> = std::thread::scope(|scope| {
        let readers: Vec<_> = documents.iter().map(|text| scope.spawn(|| try_out(text))).collect();
        readers.into_iter().filter_map(|reader| reader.join().unwrap().err()).collect()
    });
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn what_is_not_run_says_why() {
    for document in Document::all() {
        for Snippet { line, kind, .. } in &document.snippets {
            if let Kind::NotRun(reason) = kind {
                println!("{}:{line}: not run: {reason}", document.path.display());
                assert!(!reason.is_empty(), "{}:{line} says no reason", document.path.display());
            }
        }
    }
}

#[test]
fn a_command_stands_in_a_fence_that_says_whether_it_is_run() {
    let documents = Document::all();
    let strays = documents.iter().flat_map(|document| {
        document.strays.iter().map(|line| format!("{}:{line}", document.path.display()))
    });
    assert_eq!(strays.collect::<Vec<_>>(), [""; 0]);
}

/// Follows a document from its beginning to its end.
fn try_out(document: &Document) -> Result<(), String> {
    let runs = |snippet: &&Snippet| !matches!(snippet.kind, Kind::NotRun(_) | Kind::Text);
    let snippets: Vec<_> = document.snippets.iter().filter(runs).collect();
    if snippets.is_empty() {
        return Ok(());
    }
    let mut desk = Desk::new();
    let mut terminals = Vec::new();
    for snippet in snippets {
        let place = |error| format!("{}:{}: {error}", document.path.display(), snippet.line);
        let opened = desk.follow(snippet).map_err(place)?;
        if opened.is_some() {
            terminals.extend(opened);
            continue;
        }
        for open in terminals.drain(..) {
            open.check().map_err(place)?;
        }
    }
    Ok(())
}

/// A terminal that stays open until the next snippet was followed, and what must stand in it then.
struct Open {
    terminal: Terminal,
    /// `None` where the document shows nothing of it.
    expected: Option<String>,
}

impl Open {
    fn check(&self) -> Result<(), String> {
        if let Some(expected) = &self.expected {
            return wait_for(&self.terminal, expected);
        }
        let ended = || format!("it has ended:\n{}", self.terminal.output());
        if self.terminal.has_ended() { Err(ended()) } else { Ok(()) }
    }
}

impl Desk {
    fn follow(&mut self, snippet: &Snippet) -> Result<Option<Open>, String> {
        if let Some(before) = &snippet.before {
            self.run(before, None)?;
        }
        let typed = snippet.typed.as_deref();
        match snippet.kind {
            Kind::Script => self.run(&snippet.text, typed)?,
            Kind::Terminal => {
                let terminal = self.subscribe(&snippet.text);
                return Ok(Some(Open { terminal, expected: None }));
            }
            Kind::Session => {
                for (command, expected) in commands(&snippet.text) {
                    let terminal = self.start(&command, typed);
                    wait_for(&terminal, &self.here(&expected))?;
                }
            }
            Kind::TerminalSession => {
                let [(command, expected)] = &commands(&snippet.text)[..] else {
                    return Err("one terminal, one command".to_owned());
                };
                let terminal = self.subscribe(command);
                return Ok(Some(Open { terminal, expected: Some(self.here(expected)) }));
            }
            Kind::NotRun(_) | Kind::Text => {}
        }
        Ok(None)
    }
}

/// The commands behind `$ `, each with what it prints.
fn commands(session: &str) -> Vec<(String, String)> {
    let mut commands: Vec<(String, String)> = Vec::new();
    for line in session.split_inclusive('\n') {
        match (line.strip_prefix("$ "), commands.last_mut()) {
            (Some(command), _) => commands.push((command.to_owned(), String::new())),
            (None, Some((_, output))) => output.push_str(line),
            (None, None) => panic!("a session begins with a command, not with {line}"),
        }
    }
    commands
}

/// What ends a sample that shows only the beginning of what is printed.
const AND_SO_ON: &str = "…\n";

/// Waits until a command has printed this, and nothing else if it has ended.
fn wait_for(terminal: &Terminal, expected: &str) -> Result<(), String> {
    let wanted = digits_aside(expected);
    let beginning = wanted.strip_suffix(AND_SO_ON);
    until("a command to print something else, or all of it", || {
        // In this order: what comes before the end is there once it has ended.
        let ended = terminal.has_ended();
        let output = terminal.output();
        let printed = digits_aside(&output);
        if printed == wanted || beginning.is_some_and(|lines| printed.starts_with(lines)) {
            return Some(Ok(()));
        }
        let may_become_it = !ended && wanted.starts_with(&printed);
        let failure = || format!("expected\n{expected}but there is\n{output}");
        (!may_become_it).then(|| Err(failure()))
    })
}

/// Times and identifiers are another each time.
fn digits_aside(text: &str) -> String {
    text.replace(|sign: char| sign.is_ascii_digit(), "0")
}
