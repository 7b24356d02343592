//! The files that `cargo xtask gen` makes from the options, for `--generate`.

use mqtt_core::cli::PackedFile;

/// Each kind and its file.
pub(crate) const FILES: [PackedFile; 6] = include!(concat!(env!("OUT_DIR"), "/generated.rs"));
