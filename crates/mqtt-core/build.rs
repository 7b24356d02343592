//! How the tools are linked.

use std::env;

/// The unwinder becomes part of the binary where it would be a library of its own: finding, mapping
/// and relocating `libgcc_s.so` is a quarter of the time that a tool needs to begin.
fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let is = |variable, value| env::var(variable).is_ok_and(|found| found == value);
    if is("CARGO_CFG_TARGET_OS", "linux") && is("CARGO_CFG_TARGET_ENV", "gnu") {
        println!("cargo::rustc-link-lib=static:-bundle=gcc_eh");
    }
}
