//! Whether a stream is written in colour: what the user says, then what the environment says, then
//! whether a terminal shows it.

use std::ffi::OsString;

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};

use super::words::Word;
use crate::invocation::Behaviour;
use crate::stream::{Palette, Stream};

/// The option's name.
const COLOR: &str = "color";

/// The option, for every tool.
#[derive(Args, Clone, Copy, Debug)]
pub struct ColorArgs {
    /// Colour help, messages and --debug lines: auto (on a terminal, unless the environment says
    /// otherwise), always or never
    #[arg(id = COLOR, long, help_heading = "Output", value_name = "WHEN", default_value = "auto",
        value_parser = color())]
    pub(super) color: Color,
}

/// `--color`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Color {
    /// Where a terminal shows it and nothing in the environment speaks against it.
    Auto,
    /// Everywhere.
    Always,
    /// Nowhere.
    Never,
}

const VALUES: [(&str, Color); 3] =
    [("auto", Color::Auto), ("always", Color::Always), ("never", Color::Never)];

fn color() -> impl TypedValueParser<Value = Color> {
    PossibleValuesParser::new(VALUES.map(|(name, _)| name)).map(|name| named(&name))
}

fn named(name: &str) -> Color {
    let value = VALUES.iter().find(|(known, _)| *known == name);
    value.map_or(Color::Auto, |(_, color)| *color)
}

/// What decides where the user has not.
#[derive(Clone, Debug)]
struct Surroundings {
    /// `NO_COLOR`: colours are unwanted, unless it is empty (no-color.org).
    no_color: Option<OsString>,
    /// `CLICOLOR_FORCE`: colours are wanted everywhere, unless it is empty or 0.
    clicolor_force: Option<OsString>,
    /// `TERM`: a `dumb` terminal has none.
    term: Option<OsString>,
    shown_by: ShownBy,
}

/// What the stream leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ShownBy {
    Terminal,
    /// A file, a pipe.
    Nothing,
}

impl Surroundings {
    /// Those of this process and one of its streams.
    fn of(stream: Stream) -> Self {
        Self {
            no_color: std::env::var_os("NO_COLOR"),
            clicolor_force: std::env::var_os("CLICOLOR_FORCE"),
            term: std::env::var_os("TERM"),
            shown_by: if stream.is_terminal() { ShownBy::Terminal } else { ShownBy::Nothing },
        }
    }

    /// The first that has something to say decides.
    fn palette(&self) -> Palette {
        if self.no_color.as_ref().is_some_and(|value| !value.is_empty()) {
            return Palette::Plain;
        }
        if self.clicolor_force.as_ref().is_some_and(|value| !value.is_empty() && value != "0") {
            return Palette::Colour;
        }
        if self.term.as_ref().is_some_and(|value| value == "dumb") {
            return Palette::Plain;
        }
        match self.shown_by {
            ShownBy::Terminal => Palette::Colour,
            ShownBy::Nothing => Palette::Plain,
        }
    }
}

impl Color {
    /// What the last `--color` among the words says: it holds for errors in the others, too.
    pub(super) fn among<'a>(words: impl DoubleEndedIterator<Item = &'a Word>) -> Option<Self> {
        let is_color = |word: &&Word| word.option.as_ref().is_some_and(|id| id == COLOR);
        words.rev().find(is_color)?.value()?.to_str().map(named)
    }

    /// How a stream is written from now on.
    pub(super) fn palette_of(self, stream: Stream, behaviour: Behaviour) -> Palette {
        self.palette(behaviour, &Surroundings::of(stream))
    }

    /// Has messages on stderr painted, or not. Left alone, `colored` would look at stdout.
    pub(super) fn settle(self, behaviour: Behaviour) {
        let palette = self.palette_of(Stream::Stderr, behaviour);
        colored::control::set_override(palette == Palette::Colour);
    }

    /// The original has no colours: under its name there are some only where they are asked for.
    fn palette(self, behaviour: Behaviour, surroundings: &Surroundings) -> Palette {
        match (self, behaviour) {
            (Self::Always, _) => Palette::Colour,
            (Self::Never, _) | (Self::Auto, Behaviour::Original) => Palette::Plain,
            (Self::Auto, Behaviour::Own) => surroundings.palette(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Palette::{Colour, Plain};
    use ShownBy::{Nothing, Terminal};

    fn surroundings(variables: &[(&str, &str)], shown_by: ShownBy) -> Surroundings {
        let variable = |name| {
            let found = variables.iter().find(|(variable, _)| *variable == name);
            found.map(|(_, value)| value.into())
        };
        Surroundings {
            no_color: variable("NO_COLOR"),
            clicolor_force: variable("CLICOLOR_FORCE"),
            term: variable("TERM"),
            shown_by,
        }
    }

    #[test]
    fn what_is_nearest_to_the_user_decides() {
        for (variables, shown_by, palette) in [
            (&[][..], Terminal, Colour),
            (&[], Nothing, Plain),
            (&[("TERM", "xterm")], Terminal, Colour),
            (&[("TERM", "dumb")], Terminal, Plain),
            (&[("CLICOLOR_FORCE", "1")], Nothing, Colour),
            (&[("CLICOLOR_FORCE", "1"), ("TERM", "dumb")], Terminal, Colour),
            (&[("CLICOLOR_FORCE", "0")], Nothing, Plain),
            (&[("CLICOLOR_FORCE", "")], Nothing, Plain),
            (&[("NO_COLOR", "1")], Terminal, Plain),
            (&[("NO_COLOR", "")], Terminal, Colour),
            (&[("NO_COLOR", "0"), ("CLICOLOR_FORCE", "1")], Terminal, Plain),
        ] {
            let surroundings = surroundings(variables, shown_by);
            let palette_of = |color: Color| color.palette(Behaviour::Own, &surroundings);
            assert_eq!(palette_of(Color::Auto), palette, "{variables:?} {shown_by:?}");
            assert_eq!(palette_of(Color::Always), Colour);
            assert_eq!(palette_of(Color::Never), Plain);
        }
    }

    #[test]
    fn under_the_originals_name_colours_must_be_asked_for() {
        let surroundings = surroundings(&[("CLICOLOR_FORCE", "1")], Terminal);
        let palette = |color: Color| color.palette(Behaviour::Original, &surroundings);
        assert_eq!(palette(Color::Auto), Plain);
        assert_eq!(palette(Color::Never), Plain);
        assert_eq!(palette(Color::Always), Colour);
    }
}
