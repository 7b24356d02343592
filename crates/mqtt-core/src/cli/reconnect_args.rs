//! The options that say when to connect again.

use clap::builder::TypedValueParser;
use clap::{ArgAction, Args};

use super::value::{self, ValueError, from_words};
use crate::plan::{Reconnect, Retries};

/// What becomes of a run without a connection.
#[derive(Args, Debug)]
pub(super) struct ReconnectArgs {
    /// Try again so often where the broker cannot be reached, at first or later, 0 to 4294967295 or
    /// "forever"; what counts are attempts in a row in which nothing got through; without this as
    /// often as it is usual, which for lines and subscriptions is for ever once it was reached
    #[arg(long, help_heading = "Connection", value_name = "COUNT", value_parser = retries())]
    retry: Option<Retries>,

    /// Leave when the connection is lost
    #[arg(long, help_heading = "Connection", action = ArgAction::SetTrue)]
    no_reconnect: bool,
}

impl ReconnectArgs {
    /// `usual` is what the tool does where nothing is said.
    pub(super) fn plan(&self, usual: Reconnect) -> Reconnect {
        let mut reconnect = match self.retry {
            Some(retries) => Reconnect { first: retries, later: retries },
            None => usual,
        };
        if self.no_reconnect {
            reconnect.later = Retries::NONE;
        }
        reconnect
    }
}

fn retries() -> impl TypedValueParser<Value = Retries> {
    from_words(|word| {
        if word == "forever" {
            return Ok(Retries::Forever);
        }
        value::whole_number(&word, 0, u32::MAX)
            .map(Retries::Limited)
            .map_err(|error| ValueError::new(format!("{error}, or \"forever\"")))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::tests::parsed;

    fn plan(line: &str, usual: Reconnect) -> Reconnect {
        let words: Vec<_> = line.split_whitespace().collect();
        let given = parsed::<ReconnectArgs>(&words).unwrap();
        given.args::<ReconnectArgs>().unwrap().plan(usual)
    }

    #[test]
    fn without_options_each_tool_does_what_is_usual() {
        for usual in [Reconnect::NEVER, Reconnect::ONCE_REACHED] {
            assert_eq!(plan("", usual), usual);
        }
    }

    #[test]
    fn retries_are_for_the_first_connection_and_for_later_ones() {
        for (word, retries) in [
            ("0", Retries::NONE),
            ("3", Retries::Limited(3)),
            ("4294967295", Retries::Limited(u32::MAX)),
            ("forever", Retries::Forever),
        ] {
            let both = Reconnect { first: retries, later: retries };
            assert_eq!(plan(&format!("--retry {word}"), Reconnect::NEVER), both);
            assert_eq!(plan(&format!("--retry 7 --retry={word}"), Reconnect::ONCE_REACHED), both);
        }
    }

    #[test]
    fn no_reconnect_leaves_the_first_connection_its_retries() {
        assert_eq!(plan("--no-reconnect", Reconnect::ONCE_REACHED), Reconnect::NEVER);
        let first = Reconnect { first: Retries::Limited(2), later: Retries::NONE };
        assert_eq!(plan("--no-reconnect --retry 2", Reconnect::ONCE_REACHED), first);
    }

    #[test]
    fn a_count_that_is_none_is_refused() {
        for wrong in ["-1", "4294967296", "", "Forever", "2x"] {
            let error = parsed::<ReconnectArgs>(&["--retry", wrong]).unwrap_err().to_string();
            let expected = format!(
                "invalid value '{wrong}' for '--retry <COUNT>': \
                 a whole number from 0 to 4294967295 is wanted, or \"forever\""
            );
            assert_eq!(error, expected);
        }
    }
}
