//! For the build scripts of the tools: the files that `cargo xtask gen` makes from the options, as
//! a tool holds them for `--generate`.
//!
//! They are text that repeats itself: deflated, they take a quarter of the room.

#![expect(
    clippy::panic,
    clippy::print_stdout,
    reason = "that is how a build script fails, and speaks to cargo"
)]

use std::env;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use miniz_oxide::deflate::compress_to_vec;

/// The level of the smallest result.
const LEVEL: u8 = 10;

/// Writes `generated.rs` into the build script's folder: an array of each kind and its file.
///
/// # Panics
///
/// Where a file is missing, which `cargo xtask gen` would have made.
pub fn pack(tool: &str) {
    let out = env::var_os("OUT_DIR").unwrap_or_else(|| panic!("this is not a build script"));
    let out = Path::new(&out);
    let mut array = "[".to_owned();
    for (kind, file) in files(tool) {
        let path = Path::new("../..").join(file);
        println!("cargo::rerun-if-changed={}", path.display());
        let text = fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let packed = out.join(kind);
        write(&packed, &compress_to_vec(&text, LEVEL));
        let _ = write!(array, "({kind:?}, include_bytes!({:?})),", packed.display().to_string());
    }
    array.push(']');
    write(&out.join("generated.rs"), array.as_bytes());
}

/// Each kind, and where its file is in the repository.
fn files(tool: &str) -> [(&'static str, String); 6] {
    [
        ("man", format!("docs/man/{tool}.1")),
        ("bash", format!("completions/{tool}.bash")),
        ("zsh", format!("completions/_{tool}")),
        ("fish", format!("completions/{tool}.fish")),
        ("powershell", format!("completions/_{tool}.ps1")),
        ("elvish", format!("completions/{tool}.elv")),
    ]
}

fn write(path: &Path, bytes: &[u8]) {
    fs::write(path, bytes).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
}
