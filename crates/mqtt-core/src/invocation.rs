//! Under which name a tool was called: the one thing that decides whose habits it keeps.

use std::ffi::OsStr;
use std::path::Path;

/// One of the three tools.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tool {
    /// `mqtt-pub`.
    Pub,
    /// `mqtt-sub`.
    Sub,
    /// `mqtt-passwd`.
    Passwd,
}

impl Tool {
    /// The tool's own name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Pub => "mqtt-pub",
            Self::Sub => "mqtt-sub",
            Self::Passwd => "mqtt-passwd",
        }
    }

    /// The name of the tool it stands in for.
    #[must_use]
    pub fn original_name(self) -> &'static str {
        match self {
            Self::Pub => "mosquitto_pub",
            Self::Sub => "mosquitto_sub",
            Self::Passwd => "mosquitto_passwd",
        }
    }
}

/// Whose habits are kept where the two differ (docs/differences.md lists every such place).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Behaviour {
    /// Called through a link with the original's name: what a script can tell stays the same.
    Original,
    /// Called by our own name, or any other.
    Own,
}

/// A tool as it was called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Invocation {
    /// Which tool.
    pub tool: Tool,
    /// Whose habits.
    pub behaviour: Behaviour,
}

impl Invocation {
    /// Reads the behaviour off the name in `argv[0]`; a folder before it or `.exe` behind it do
    /// not matter.
    #[must_use]
    pub fn new(tool: Tool, argv0: &OsStr) -> Self {
        let behaviour = if Path::new(argv0).file_stem() == Some(OsStr::new(tool.original_name())) {
            Behaviour::Original
        } else {
            Behaviour::Own
        };
        Self { tool, behaviour }
    }

    /// The name to use in texts: the one the user knows the tool by.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self.behaviour {
            Behaviour::Original => self.tool.original_name(),
            Behaviour::Own => self.tool.name(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn behaviour(argv0: &str) -> Behaviour {
        Invocation::new(Tool::Pub, OsStr::new(argv0)).behaviour
    }

    #[test]
    fn a_link_with_the_originals_name_keeps_its_habits() {
        assert_eq!(behaviour("mosquitto_pub"), Behaviour::Original);
        assert_eq!(behaviour("/opt/compat/mosquitto_pub"), Behaviour::Original);
        assert_eq!(behaviour("mosquitto_pub.exe"), Behaviour::Original);
    }

    #[test]
    fn every_other_name_is_ours() {
        assert_eq!(behaviour("mqtt-pub"), Behaviour::Own);
        assert_eq!(behaviour("mosquitto_sub"), Behaviour::Own);
        assert_eq!(behaviour(""), Behaviour::Own);
    }
}
