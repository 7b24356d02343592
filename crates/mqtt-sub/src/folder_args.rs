//! The options about a file for each topic.

use std::path::PathBuf;

use clap::Args;
use clap::builder::PathBufValueParser;
use mqtt_core::cli::value;

use crate::output::{FolderPlan, Keep};

/// The words of `--output-mode`.
const KEEP: &[(&str, Keep)] = &[("append", Keep::All), ("newest", Keep::Newest)];

/// Where messages go instead of to stdout.
#[derive(Args, Debug)]
pub(crate) struct FolderArgs {
    /// Write messages into DIR instead of to stdout, into a file for each topic; DIR is made where it
    /// is missing
    #[arg(long, help_heading = "Output", value_name = "DIR",
        value_parser = PathBufValueParser::new())]
    output_dir: Option<PathBuf>,

    /// Keep in the file of a topic: append (every message, one behind the other) or newest (the
    /// last message, put in place whole); for --output-dir
    #[arg(long, help_heading = "Output", value_name = "MODE", default_value = "append",
        value_parser = value::one_of(KEEP))]
    output_mode: Keep,
}

impl FolderArgs {
    /// The folder, where there is one.
    pub(crate) fn plan(&self) -> Option<FolderPlan> {
        self.output_dir.clone().map(|path| FolderPlan { path, keep: self.output_mode })
    }
}
