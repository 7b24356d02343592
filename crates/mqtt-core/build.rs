//! How the tools are linked.

use std::env;

/// The unwinder becomes part of the binary where it would be a library of its own, `libgcc_s.so`,
/// which is searched, mapped and relocated before a tool begins: nine system calls, and ten page
/// faults of 176.
fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let is = |variable, value| env::var(variable).is_ok_and(|found| found == value);
    if is("CARGO_CFG_TARGET_OS", "linux") && is("CARGO_CFG_TARGET_ENV", "gnu") {
        println!("cargo::rustc-link-lib=static:-bundle=gcc_eh");
    }
}
