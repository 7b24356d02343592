//! The rows of the reference and of docs/differences.md, and which of them are shown by a case.
//!
//! `rows.md` is the ledger. Asked to by [`RECORD`], [`compare`](super::case::compare) runs nothing
//! and writes down what its cases would show; a test here has all other tests of this binary do
//! so and holds the result against the ledger. So nobody has to keep a list of the tests.

use std::collections::{BTreeMap, BTreeSet};
use std::env;
use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::path::Path;
use std::process::Command;
use std::sync::LazyLock;

use super::case::{Case, EVERY, Version};

/// The variable with the file that is written down to.
const RECORD: &str = "SIDE_BY_SIDE_RECORD";

const LEDGER: &str = include_str!("rows.md");
const DIFFERENCES: &str = include_str!("../../docs/differences.md");

/// What a name of a row of docs/differences.md begins with, in a reason and in the ledger.
pub(crate) const DIFFERENCE: &str = "docs/differences.md:";

/// A row of the ledger.
struct Row {
    /// `§7.2 -C`.
    name: String,
    /// `all`, `3`, `3.1.1, 5`, `any`, …
    versions: &'static str,
    /// Empty, or `file::function …`, or `no case: …`.
    elsewhere: &'static str,
}

impl Row {
    /// Whether these versions are all that the row concerns.
    fn is_shown_in(&self, shown: &[Version]) -> bool {
        let concerned: &[Version] = match self.versions {
            "any" => return !shown.is_empty(),
            "all" => &EVERY,
            "3" => &[Version::V31, Version::V311],
            "3.1" => &[Version::V31],
            "3.1.1, 5" => &[Version::V311, Version::V5],
            "5" => &[Version::V5],
            _ => unreachable!("{}: {:?} are no versions", self.name, self.versions),
        };
        concerned.iter().all(|version| shown.contains(version))
    }
}

/// The cells of the tables in a text, each row with the first word of its heading.
fn tables(text: &'static str) -> impl Iterator<Item = (&'static str, Vec<&'static str>)> {
    let mut section = "";
    text.lines().filter_map(move |line| {
        if let Some(heading) = line.strip_prefix("## ") {
            section = heading.split(' ').next().unwrap_or_default();
        }
        let cells = line.strip_prefix('|')?.strip_suffix('|')?.split(" |");
        let cells: Vec<_> = cells.map(str::trim).collect();
        let is_head = cells.iter().all(|cell| cell.starts_with("---"))
            || matches!(cells.first(), Some(&("row" | "what")));
        (!is_head).then_some((section, cells))
    })
}

fn rows() -> impl Iterator<Item = Row> {
    tables(LEDGER).map(|(section, cells)| {
        let [name, versions, elsewhere] =
            cells.try_into().expect("a row of the ledger has three cells");
        Row { name: format!("{section} {name}"), versions, elsewhere }
    })
}

/// The rows of docs/differences.md that are about these two tools.
fn differences() -> impl Iterator<Item = String> {
    let ours = tables(DIFFERENCES).filter(|(heading, _)| *heading == "mqtt-pub");
    // Whether a script may notice is not part of the name.
    let name = |cells: Vec<&'static str>| Some(cells.first()?.trim_end_matches(" (!)"));
    ours.filter_map(move |(_, cells)| Some(format!("{DIFFERENCE} {}", name(cells)?)))
}

/// Fails where there is no such row, in the ledger or in docs/differences.md.
#[track_caller]
pub(crate) fn check_name(name: &str) {
    static NAMES: LazyLock<BTreeSet<String>> =
        LazyLock::new(|| rows().map(|row| row.name).chain(differences()).collect());
    assert!(NAMES.contains(name), "there is no row {name:?}");
}

/// Whether nothing is to be run; then it is written down what these cases would show.
pub(crate) fn records(cases: &[Case]) -> bool {
    let Some(path) = env::var_os(RECORD) else { return false };
    let mut text = String::new();
    for case in cases {
        assert!(!case.rows().is_empty(), "this case shows no row: {case:?}");
        for version in case.spoken() {
            text.extend(case.rows().iter().map(|row| format!("{version:?}\t{row}\n")));
        }
    }
    let mut file = OpenOptions::new().append(true).open(path).unwrap();
    // In one piece: the tests run at the same time.
    file.write_all(text.as_bytes()).unwrap();
    true
}

/// Each row that some case shows, and in which versions.
fn shown() -> BTreeMap<String, Vec<Version>> {
    let record = tempfile::NamedTempFile::new().unwrap();
    let mut tests = Command::new(env::current_exe().unwrap());
    tests.args(["--skip", "tests::", "--skip", "ledger::"]).env(RECORD, record.path());
    let output = tests.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    let mut shown = BTreeMap::<_, Vec<_>>::new();
    for line in fs::read_to_string(record.path()).unwrap().lines() {
        let (version, row) = line.split_once('\t').expect("as it was written");
        let version = EVERY.iter().find(|known| format!("{known:?}") == version);
        shown.entry(row.to_owned()).or_default().push(*version.expect("as it was written"));
    }
    shown
}

/// What of a row's third column is not as it says.
fn fault_of(elsewhere: &str) -> Option<String> {
    if elsewhere.starts_with("no case: ") {
        return None;
    }
    let gone = elsewhere.split(' ').find(|test| !is_there(test));
    gone.map(|test| format!("there is no test {test}"))
}

/// Whether there is such a test: `file::function`.
fn is_there(test: &str) -> bool {
    let Some((path, function)) = test.split_once("::") else { return false };
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let source = fs::read_to_string(root.join(path)).unwrap_or_default();
    let lines: Vec<_> = source.lines().map(str::trim).collect();
    let heads = [format!("fn {function}() {{"), format!("async fn {function}() {{")];
    lines.windows(2).any(|pair| pair[0] == "#[test]" && heads.iter().any(|head| head == pair[1]))
}

#[test]
fn every_row_is_shown_in_every_version_that_it_concerns() {
    let shown = shown();
    let mut faults = Vec::new();
    for row in rows() {
        let versions = shown.get(&row.name).map_or(&[][..], Vec::as_slice);
        let fault = match row.elsewhere {
            "" if row.is_shown_in(versions) => None,
            "" => Some(format!("concerns {}, is shown in {:?}", row.versions, distinct(versions))),
            elsewhere => fault_of(elsewhere),
        };
        faults.extend(fault.map(|fault| format!("{}: {fault}", row.name)));
    }
    assert!(faults.is_empty(), "{} rows:\n{}", faults.len(), faults.join("\n"));
}

#[test]
fn every_difference_is_shown() {
    let shown = shown();
    let listed: BTreeSet<_> = rows().map(|row| row.name).collect();
    let is_shown = |row: &String| shown.contains_key(row) || listed.contains(row);
    let missing: Vec<_> = differences().filter(|row| !is_shown(row)).collect();
    assert!(missing.is_empty(), "{} differences: {missing:#?}", missing.len());
    let differences: BTreeSet<_> = differences().collect();
    let gone =
        listed.iter().filter(|row| row.starts_with(DIFFERENCE) && !differences.contains(*row));
    assert_eq!(gone.collect::<Vec<_>>(), Vec::<&String>::new(), "not in docs/differences.md");
}

#[test]
fn no_row_is_there_twice() {
    let mut names = BTreeSet::new();
    let twice: Vec<_> = rows().filter(|row| !names.insert(row.name.clone())).collect();
    assert!(twice.is_empty(), "{:#?}", twice.iter().map(|row| &row.name).collect::<Vec<_>>());
}

fn distinct(versions: &[Version]) -> Vec<Version> {
    EVERY.into_iter().filter(|version| versions.contains(version)).collect()
}
