//! The files that are made from a tool's options: the man page and the completions.
//!
//! They are made here and not in the tools, which would grow by what makes them.

mod completions;
mod man;
pub mod table;

use std::path::{Path, PathBuf};

use clap::Command;

/// A tool, as the makers of files see it.
#[derive(Clone, Debug)]
pub struct Definition {
    /// Its options, under its own name.
    pub command: Command,
    /// Its own name.
    pub name: &'static str,
    /// The name of the tool it stands in for.
    pub original: &'static str,
}

/// Compares the committed files with what the options make of them; `committed` is what the tool
/// prints with `--generate`. With `REGENERATE` in the environment it writes them instead
/// (`cargo xtask gen`).
#[track_caller]
pub fn assert_current(definition: &Definition, committed: &[(&str, String)]) {
    let made = files(definition);
    if std::env::var_os("REGENERATE").is_some() {
        for file in &made {
            std::fs::write(workspace().join(&file.path), &file.text).unwrap();
        }
        return;
    }
    assert_eq!(made.len(), committed.len());
    for (file, (kind, text)) in made.iter().zip(committed) {
        assert_eq!(file.kind, *kind);
        let first = file.text.lines().zip(text.lines()).find(|(made, committed)| made != committed);
        assert!(
            file.text == *text,
            "{} is not what the options make of it; `cargo xtask gen` makes it anew\n{first:#?}",
            file.path.display()
        );
    }
}

/// One of the files.
struct File {
    kind: &'static str,
    /// In the workspace.
    path: PathBuf,
    text: String,
}

fn files(definition: &Definition) -> Vec<File> {
    let man = Path::new("docs/man").join(format!("{}.1", definition.name));
    let mut files = vec![File { kind: "man", path: man, text: man::page(definition) }];
    files.extend(completions::files(definition));
    files
}

fn workspace() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

/// The text of a document of the project.
fn document(name: &str) -> String {
    std::fs::read_to_string(workspace().join("docs").join(name)).unwrap()
}
