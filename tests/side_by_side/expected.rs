//! What a case says that ours does, where that is not what the original on this machine does.

use super::seen::{Aspect, BY_A_SIGNAL};

/// What is expected of ours in place of what the original does.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Expected {
    /// The exit status.
    Status(i32),
    /// A signal ends it.
    Killed,
    /// Every CONNECT.
    Connects(&'static [&'static str]),
    /// Every other packet; with its connection's number from the second on.
    Sends(&'static [&'static str]),
    /// The lines of stdout.
    Prints(&'static [&'static str]),
    /// On stdout words of our own, and these among them.
    PrintsAmongOthers(&'static str),
}

impl Expected {
    pub(crate) fn aspect(self) -> Aspect {
        match self {
            Self::Status(_) | Self::Killed => Aspect::Status,
            Self::Connects(_) => Aspect::Connects,
            Self::Sends(_) => Aspect::Sends,
            Self::Prints(_) | Self::PrintsAmongOthers(_) => Aspect::Prints,
        }
    }

    pub(crate) fn lines(self, ours: &[String]) -> Vec<String> {
        match self {
            Self::PrintsAmongOthers(words) => {
                let printed: Vec<_> =
                    ours.iter().flat_map(|line| line.split([' ', ',', '[', ']', '='])).collect();
                let missing = words.split_whitespace().filter(|word| !printed.contains(word));
                let missing = missing.map(|word| format!("somewhere: {word}"));
                ours.iter().cloned().chain(missing).collect()
            }
            Self::Status(status) => vec![status.to_string()],
            Self::Killed => vec![BY_A_SIGNAL.to_owned()],
            Self::Connects(lines) | Self::Sends(lines) | Self::Prints(lines) => {
                lines.iter().map(|&line| line.to_owned()).collect()
            }
        }
    }
}
