//! Whether a stream is written in colour: what the user says, then what the environment says, then
//! whether a terminal shows it.

use std::ffi::OsString;

use crate::console::Stream;
use crate::invocation::Behaviour;
use crate::plan::Palette;

/// `--color`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Color {
    /// Where a terminal shows it and nothing in the environment speaks against it.
    Auto,
    /// Everywhere.
    Always,
    /// Nowhere.
    Never,
}

/// What decides where the user has not.
#[derive(Clone, Debug)]
pub(super) struct Surroundings {
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
    pub(super) fn of(stream: Stream) -> Self {
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
    /// The original has no colours: under its name there are some only where they are asked for.
    pub(super) fn palette(self, behaviour: Behaviour, surroundings: &Surroundings) -> Palette {
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
