//! `--generate KIND`: the files that come with a tool, as they are in the repository.

use clap::Arg;
use clap::ArgAction;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use miniz_oxide::inflate::decompress_to_vec;

/// The option's name.
pub(super) const GENERATE: &str = "generate";

/// A kind of file, and the file, deflated.
pub type PackedFile = (&'static str, &'static [u8]);

/// The hidden option that prints one of `files`: what KIND is, and the text.
///
/// What makes the files would be larger than they are, so the tool holds them; a test compares
/// them with the options.
pub fn generate(files: &'static [PackedFile]) -> Arg {
    let text_of = move |kind: String| {
        let file = files.iter().find(|(known, _)| *known == kind);
        file.map(|(_, packed)| unpacked(packed)).unwrap_or_default()
    };
    let kinds = files.iter().map(|(kind, _)| *kind);
    Arg::new(GENERATE)
        .long(GENERATE)
        .value_name("KIND")
        .hide(true)
        .action(ArgAction::Set)
        .value_parser(PossibleValuesParser::new(kinds).map(text_of))
}

/// The text of a file that this binary was built with.
pub fn unpacked(packed: &[u8]) -> String {
    // It was a text when it was packed.
    decompress_to_vec(packed).ok().and_then(|text| String::from_utf8(text).ok()).unwrap_or_default()
}
