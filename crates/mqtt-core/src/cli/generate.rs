//! `--generate KIND`: the files that come with a tool, as they are in the repository.

use clap::Arg;
use clap::ArgAction;
use clap::builder::{PossibleValuesParser, TypedValueParser};

/// The option's name.
pub(super) const GENERATE: &str = "generate";

/// The hidden option that prints one of `files`: what KIND is, and the text.
///
/// What makes the files would be larger than they are, so the tool holds them; a test compares
/// them with the options.
pub fn generate(files: &'static [(&'static str, &'static str)]) -> Arg {
    let text_of = move |kind: String| {
        let file = files.iter().find(|(known, _)| *known == kind);
        file.map(|(_, text)| *text).unwrap_or_default()
    };
    let kinds = files.iter().map(|(kind, _)| *kind);
    Arg::new(GENERATE)
        .long(GENERATE)
        .value_name("KIND")
        .hide(true)
        .action(ArgAction::Set)
        .value_parser(PossibleValuesParser::new(kinds).map(text_of))
}
