//! The licences of what is linked into the tools. Most ask that their text goes with the binaries.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::fs;
use std::path::Path;

use anyhow::Context;
use serde_json::Value;

use super::{output, selection};
use crate::cargo;

const HEAD: &str = "\
The tools contain these packages of crates.io, each under the licence behind its name. The texts
that come with them follow, each once.

";

/// One text with all of it: the packages, and the texts of their licences.
pub(super) fn of(target: &str) -> anyhow::Result<String> {
    let linked = linked(target)?;
    let mut command = cargo::cargo(&["metadata", "--format-version=1", "--locked"]);
    let metadata: Value = serde_json::from_str(&output(&mut command)?)?;
    let packages = metadata["packages"].as_array().context("cargo names no packages")?;
    let mut list = String::from(HEAD);
    // By text: many packages have the same.
    let mut texts: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for package in packages {
        let word = |key: &str| package[key].as_str().unwrap_or_default();
        let name = format!("{} v{}", word("name"), word("version"));
        // The packages of this workspace have no source.
        if !linked.contains(&name) || package["source"].is_null() {
            continue;
        }
        writeln!(list, "{name}: {}", word("license"))?;
        let folder = Path::new(word("manifest_path")).parent().context("a package has a folder")?;
        for text in license_texts(folder)? {
            texts.entry(text).or_default().push(name.clone());
        }
    }
    for (text, names) in texts {
        writeln!(list, "\n\n==== {}\n\n{}", names.join(", "), text.trim_end())?;
    }
    Ok(list)
}

/// Name and version of each package that is linked for this target.
fn linked(target: &str) -> anyhow::Result<BTreeSet<String>> {
    let mut command = cargo::cargo(&["tree", "--locked", "--prefix=none", "--edges=normal"]);
    command.args(["--format={p}", "--target", target]);
    command.args(selection(target));
    let text = output(&mut command)?;
    let lines = text.lines().filter(|line| !line.is_empty());
    Ok(lines.map(|line| line.splitn(3, ' ').take(2).collect::<Vec<_>>().join(" ")).collect())
}

/// The files of a package that hold its licences.
fn license_texts(folder: &Path) -> anyhow::Result<Vec<String>> {
    let mut texts = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().to_uppercase();
        let is_license = ["LICENSE", "LICENCE", "COPYING", "COPYRIGHT", "NOTICE", "UNLICENSE"]
            .iter()
            .any(|word| name.starts_with(word));
        if is_license && path.is_file() {
            texts.push(fs::read_to_string(&path).with_context(|| path.display().to_string())?);
        }
    }
    Ok(texts)
}
