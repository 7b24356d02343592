//! Where the words of a run come from.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

/// Where a word comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// argv.
    CommandLine,
    /// A variable of the environment.
    Variable(&'static str),
    /// A line of an options file.
    Line {
        /// The file, as it was named.
        file: Arc<Path>,
        /// Counted from 1.
        number: usize,
    },
    /// A URL stands for it.
    Url {
        /// The URL without its password.
        shown: String,
        /// Where the URL comes from.
        within: Box<Origin>,
    },
}

impl Origin {
    /// Whether everybody can see the word in the list of processes.
    #[cfg(feature = "client")]
    pub(super) fn is_seen(&self) -> bool {
        match self {
            Self::CommandLine => true,
            Self::Url { within, .. } => within.is_seen(),
            Self::Variable(_) | Self::Line { .. } => false,
        }
    }

    /// What stands in front of an error about the word; nothing for the command line.
    #[cfg(feature = "client")]
    pub(super) fn prefix(&self) -> String {
        match self {
            Self::CommandLine => String::new(),
            Self::Variable(_) | Self::Line { .. } => format!("{self}: "),
            Self::Url { shown, within } => format!("{}in --url '{shown}': ", within.prefix()),
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CommandLine => f.write_str("command line"),
            Self::Variable(name) => write!(f, "environment variable {name}"),
            Self::Line { file, number } => write!(f, "{}:{number}", file.display()),
            Self::Url { within, .. } => match &**within {
                Self::CommandLine => f.write_str("--url on the command line"),
                within => write!(f, "--url in {within}"),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_says_where_the_word_stands() {
        let line = Origin::Line { file: Path::new("/f").into(), number: 3 };
        let url = |within| Origin::Url { shown: "mqtt://h/t".to_owned(), within: Box::new(within) };
        assert_eq!(Origin::CommandLine.prefix(), "");
        assert_eq!(line.prefix(), "/f:3: ");
        assert_eq!(Origin::Variable("MQTT_HOST").prefix(), "environment variable MQTT_HOST: ");
        assert_eq!(url(Origin::CommandLine).prefix(), "in --url 'mqtt://h/t': ");
        assert_eq!(url(line.clone()).prefix(), "/f:3: in --url 'mqtt://h/t': ");
        assert_eq!(url(Origin::CommandLine).to_string(), "--url on the command line");
        assert_eq!(url(line).to_string(), "--url in /f:3");
    }
}
