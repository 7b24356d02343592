//! The borders between the rooms, read off the code itself.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a panic is how a test fails")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Where, and which words must not occur there outside comments. docs/design.md says why.
const BORDERS: &[(&str, &[&str])] = &[
    (
        "crates/mqtt-core/src/cli",
        &["rumqttc", "tokio", "crate::transport", "crate::session", "crate::client"],
    ),
    ("crates/mqtt-core/src/client", &["clap", "rumqttc", "crate::cli"]),
    ("crates/mqtt-core/src/client/driver.rs", &["tokio::net"]),
    (
        "crates/mqtt-core/src/console.rs",
        &["clap", "rumqttc", "crate::cli", "crate::session", "crate::protocol"],
    ),
    ("crates/mqtt-core/src/debug_log.rs", &["clap", "rumqttc", "crate::session", "crate::cli"]),
    ("crates/mqtt-core/src/options_file.rs", &["clap", "crate::cli", "crate::plan", "crate::url"]),
    ("crates/mqtt-core/src/plan", &["clap", "std::io", "tokio", "crate::cli", "crate::client"]),
    (
        "crates/mqtt-core/src/protocol",
        &[
            "tokio",
            "std::net",
            "std::time",
            "Instant",
            "clap",
            "crate::session",
            "crate::plan",
            "crate::cli",
        ],
    ),
    (
        "crates/mqtt-core/src/session",
        &[
            "rumqttc",
            "tokio",
            "std::net",
            "Instant::now",
            "std::io",
            "println",
            "clap",
            "crate::transport",
            "crate::plan",
        ],
    ),
    (
        "crates/mqtt-core/src/transport",
        &["rumqttc", "clap", "crate::protocol", "crate::session", "crate::client"],
    ),
    ("crates/mqtt-core/src/url.rs", &["clap", "crate::cli", "crate::plan", "std::io"]),
    ("crates/mqtt-pub/src", &["rumqttc", "rustls", "tokio::net"]),
    (
        "crates/mqtt-pub/src/source",
        &["crate::publisher", "mqtt_core::client", "mqtt_core::session"],
    ),
    ("crates/mqtt-sub/src", &["rumqttc", "rustls", "tokio::net", "tokio::time", "tokio::process"]),
    ("crates/mqtt-sub/src/exec", &["mqtt_core::client", "mqtt_core::console", "crate::subscriber"]),
    ("crates/mqtt-sub/src/output", &["mqtt_core::client", "mqtt_core::exit", "crate::run"]),
    ("crates/mqtt-passwd/src", &["rumqttc", "tokio", "mqtt_core::client"]),
    ("crates/mqtt-passwd/src/hash", &["std::fs", "File", "Path"]),
    (
        "crates/mqtt-passwd/src/password_file",
        &["clap", "crate::prompt", "crate::hashing", "crate::interruption", "crate::plan"],
    ),
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// Every Rust file below `path` but for tests, or `path` itself.
fn sources(path: &Path) -> Vec<PathBuf> {
    if path.is_file() {
        return vec![path.to_owned()];
    }
    let entries = fs::read_dir(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let paths = entries.map(|entry| entry.unwrap().path());
    let code = paths.filter(|path| !path.ends_with("tests") && !path.ends_with("tests.rs"));
    let mut files: Vec<_> = code.flat_map(|path| sources(&path)).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "rs"));
    files
}

/// The code without its comments and tests.
fn code(file: &Path) -> String {
    let text = fs::read_to_string(file).unwrap();
    let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    let lines = code.lines().filter(|line| !line.trim_start().starts_with("//"));
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn no_room_knows_what_it_must_not_know() {
    let root = root();
    let mut trespasses = Vec::new();
    for (room, forbidden) in BORDERS {
        let files = sources(&root.join(room));
        assert!(!files.is_empty(), "{room} is empty");
        for file in files {
            let name = file.strip_prefix(&root).unwrap().to_str().unwrap();
            let text = code(&file);
            for word in *forbidden {
                // The one file that wraps it.
                let wrapper = *word == "rumqttc" && name.ends_with("protocol/v4.rs");
                if text.contains(word) && !wrapper {
                    trespasses.push(format!("{name} knows `{word}`"));
                }
            }
        }
    }
    assert_eq!(trespasses, Vec::<String>::new());
}

#[test]
fn clap_rumqttc_and_rustls_are_known_to_one_room_each() {
    let root = root();
    for (word, rooms) in [
        ("clap::", &["crates/mqtt-core/src/cli", "args.rs", "run.rs"][..]),
        ("rumqttc", &["protocol/v4.rs"]),
        ("rustls", &["transport/tls/"]),
        ("x509_parser", &["transport/tls/"]),
        ("openssl::", &["transport/tls/pre_shared_key.rs"]),
    ] {
        for file in sources(&root.join("crates")) {
            let name = file.strip_prefix(&root).unwrap().to_str().unwrap();
            let known = code(&file).contains(word);
            assert!(!known || rooms.iter().any(|room| name.contains(room)), "{name} knows {word}");
        }
    }
}

/// The first two columns of the table in docs/design.md under this head, without their backticks.
fn table(head: &str) -> Vec<(String, String)> {
    let design = fs::read_to_string(root().join("docs/design.md")).unwrap();
    let lines = design.lines().skip_while(|line| !line.starts_with(head)).skip(2);
    let rows = lines.take_while(|line| line.starts_with('|')).map(|line| line.replace('`', ""));
    let columns = |row: String| {
        let mut columns = row.split('|').skip(1).map(|column| column.trim().to_owned());
        (columns.next().unwrap(), columns.next().unwrap())
    };
    rows.map(columns).collect()
}

/// The rooms of the library.
fn rooms() -> BTreeSet<String> {
    let entries = fs::read_dir(root().join("crates/mqtt-core/src")).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut rooms: BTreeSet<_> = names.map(|name| name.replace(".rs", "")).collect();
    rooms.remove("lib");
    rooms
}

/// The rooms that are named behind `prefix` in the code at `path`.
fn used(path: &Path, prefix: &str) -> BTreeSet<String> {
    let rooms = rooms();
    let mut used = BTreeSet::new();
    for file in sources(path) {
        for rest in code(&file).split(prefix).skip(1) {
            let end = rest.find(|c: char| c != '_' && !c.is_ascii_alphanumeric());
            used.extend(rooms.get(&rest[..end.unwrap_or(rest.len())]).cloned());
        }
    }
    used
}

#[test]
fn every_room_of_the_library_has_its_row() {
    let rows = table("| room of mqtt-core |");
    let names = rows.iter().flat_map(|(names, _)| names.split(", "));
    let told: BTreeSet<_> = names.map(|name| name.trim_end_matches('/').to_owned()).collect();
    assert_eq!(told, rooms());
}

#[test]
fn who_uses_whom_is_as_the_table_has_it() {
    let crates = root().join("crates");
    let mut uses = BTreeMap::new();
    for room in rooms() {
        let path = crates.join("mqtt-core/src").join(&room);
        let path = if path.is_dir() { path } else { path.with_extension("rs") };
        let mut others = used(&path, "crate::");
        others.remove(&room);
        uses.insert(room, others);
    }
    for tool in ["mqtt-pub", "mqtt-sub", "mqtt-passwd"] {
        uses.insert(tool.to_owned(), used(&crates.join(tool).join("src"), "mqtt_core::"));
    }
    uses.retain(|_, others| !others.is_empty());
    let names = |text: String| text.split(' ').map(str::to_owned).collect();
    let rows = table("| room or tool |").into_iter();
    let told: BTreeMap<_, BTreeSet<_>> = rows.map(|(room, text)| (room, names(text))).collect();
    assert_eq!(told, uses);
}
