//! The options that say where options come from. They are acted on before the others are read.

use std::ffi::OsString;

use clap::{ArgAction, Args, ValueHint};

use super::profile::PROFILE;
use super::show_config::SHOW_CONFIG;
use super::sources::{OPTIONS_FILE, URL};

/// Where options come from. What is parsed has no URL any more, but the words it stands for.
#[derive(Args, Debug)]
pub(super) struct SourceArgs {
    /// Take broker, credentials and topic from a URL: mqtt://USER:PASSWORD@HOST:PORT/TOPIC, also
    /// mqtts, ws, wss
    #[arg(id = URL, short = 'L', long, help_heading = "Connection", value_name = "URL")]
    url: Option<OsString>,

    /// Read options from FILE, one per line, instead of the user's own file
    #[arg(id = OPTIONS_FILE, short = 'o', long = "options-file", help_heading = "Configuration",
        value_name = "FILE", value_hint = ValueHint::FilePath)]
    options_file: Option<OsString>,

    /// Read also, of the options file, the lines behind NAME in brackets, up to the next such name
    #[arg(id = PROFILE, long, help_heading = "Configuration", value_name = "NAME")]
    profile: Option<OsString>,

    /// Print every setting in force and where it comes from, and do nothing else
    #[arg(id = SHOW_CONFIG, long = "show-config", help_heading = "Configuration",
        action = ArgAction::SetTrue)]
    show_config: bool,
}
