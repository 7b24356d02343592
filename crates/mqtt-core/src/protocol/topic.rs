//! Topic names and topic filters (MQTT 5 §4.7).

use std::fmt;

use bytestring::ByteString;

use super::text::{Text, TextError};

/// The most levels the brokers in the field take: mosquitto closes the connection above 200
/// separators.
const MAX_SEPARATORS: usize = 200;

/// A topic that can be published to: not empty, no wildcards.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TopicName(Text);

/// What can be subscribed to: wildcards, if any, fill whole levels, `#` only the last.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TopicFilter(Text);

/// Why a string is no topic name or no topic filter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TopicError {
    /// No character at all.
    #[error("it is empty")]
    Empty,
    /// More than 200 `/`.
    #[error("it has more than 200 '/'")]
    TooManyLevels,
    /// A name with `+` or `#`.
    #[error("it contains '{0}', which only a subscription may")]
    Wildcard(char),
    /// A filter whose wildcard does not fill its level, or a `#` that is not last.
    #[error("'+' and '#' must stand alone between two '/', and '#' must be last")]
    MisplacedWildcard,
    /// Not a string MQTT can carry.
    #[error(transparent)]
    Text(#[from] TextError),
}

impl TopicName {
    /// Checks a topic to publish to.
    pub fn new(topic: impl Into<ByteString>) -> Result<Self, TopicError> {
        let text = levels(topic.into())?;
        match text.as_str().chars().find(|c| matches!(c, '+' | '#')) {
            Some(wildcard) => Err(TopicError::Wildcard(wildcard)),
            None => Ok(Self(text)),
        }
    }

    /// Checks a string that packets can carry.
    pub fn of_text(text: Text) -> Result<Self, TopicError> {
        Self::new(text.into_inner())
    }

    /// Takes the topic of a received PUBLISH; `None` where it has a wildcard or is empty
    /// (§3.3.2.1).
    #[inline]
    pub(super) fn received(text: Text) -> Option<Self> {
        // Most topics are shorter than what a search by vectors begins with.
        let is_name = |byte| !matches!(byte, b'+' | b'#');
        (!text.is_empty() && text.as_str().bytes().all(is_name)).then_some(Self(text))
    }

    /// The name.
    #[must_use]
    #[inline]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// The same name in memory of its own: a received one keeps its whole frame, payload
    /// included, in memory.
    #[must_use]
    pub fn detached(&self) -> Self {
        Self(self.0.detached())
    }

    /// The name as packets carry it.
    pub(super) fn text(&self) -> &Text {
        &self.0
    }
}

impl TopicFilter {
    /// Checks a filter.
    pub fn new(filter: impl Into<ByteString>) -> Result<Self, TopicError> {
        let text = levels(filter.into())?;
        let mut levels = text.as_str().split('/').peekable();
        while let Some(level) = levels.next() {
            let last = levels.peek().is_none();
            let misplaced = match level {
                "+" => false,
                "#" => !last,
                _ => level.contains(['+', '#']),
            };
            if misplaced {
                return Err(TopicError::MisplacedWildcard);
            }
        }
        Ok(Self(text))
    }

    /// Whether a message on `topic` would come through this filter (§4.7.2: a wildcard in the
    /// first level does not match topics that begin with `$`).
    #[must_use]
    pub fn matches(&self, topic: &TopicName) -> bool {
        let (filter, topic) = (self.as_str(), topic.as_str());
        if topic.starts_with('$') && filter.starts_with(['+', '#']) {
            return false;
        }
        let mut names = topic.split('/');
        for level in filter.split('/') {
            match (level, names.next()) {
                ("#", _) => return true,
                (_, None) => return false,
                ("+", Some(_)) => {}
                (level, Some(name)) if level != name => return false,
                (_, Some(_)) => {}
            }
        }
        names.next().is_none()
    }

    /// The filter.
    #[must_use]
    #[inline]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl fmt::Display for TopicName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for TopicFilter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What names and filters have in common.
fn levels(topic: ByteString) -> Result<Text, TopicError> {
    if topic.is_empty() {
        return Err(TopicError::Empty);
    }
    let text = Text::new(topic)?;
    if text.as_str().bytes().filter(|&byte| byte == b'/').count() > MAX_SEPARATORS {
        return Err(TopicError::TooManyLevels);
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(filter: &str, topic: &str) -> bool {
        TopicFilter::new(filter).unwrap().matches(&TopicName::new(topic).unwrap())
    }

    #[test]
    fn a_name_has_no_wildcards() {
        assert!(TopicName::new("a/b//c").is_ok());
        assert!(TopicName::new("/").is_ok());
        assert_eq!(TopicName::new("a/+"), Err(TopicError::Wildcard('+')));
        assert_eq!(TopicName::new("#"), Err(TopicError::Wildcard('#')));
        assert_eq!(TopicName::new(""), Err(TopicError::Empty));
    }

    #[test]
    fn a_filters_wildcards_fill_their_levels() {
        for good in ["#", "+", "a/#", "+/+/b", "a//#", "$share/g/a/+", "/", "+/#"] {
            assert!(TopicFilter::new(good).is_ok(), "{good}");
        }
        for bad in ["a#", "#/a", "a/#/b", "a+", "+a/b", "##", "a/b+"] {
            assert_eq!(TopicFilter::new(bad), Err(TopicError::MisplacedWildcard), "{bad}");
        }
        assert_eq!(TopicFilter::new(""), Err(TopicError::Empty));
    }

    #[test]
    fn two_hundred_separators_are_the_most() {
        assert!(TopicName::new("/".repeat(200)).is_ok());
        assert_eq!(TopicName::new("/".repeat(201)), Err(TopicError::TooManyLevels));
    }

    // The examples of MQTT 5 §4.7.1 and §4.7.2.
    #[test]
    fn matches_as_the_specification_says() {
        for topic in ["sport/tennis/player1", "sport/tennis/player1/ranking", "sport/tennis"] {
            assert!(matches("sport/tennis/#", topic), "{topic}");
        }
        assert!(matches("sport/tennis/+", "sport/tennis/player1"));
        assert!(!matches("sport/tennis/+", "sport/tennis/player1/ranking"));
        assert!(!matches("sport/+", "sport"));
        assert!(matches("sport/+", "sport/"));
        assert!(matches("+/+", "/finance"));
        assert!(matches("/+", "/finance"));
        assert!(!matches("+", "/finance"));
        assert!(!matches("#", "$SYS/monitor"));
        assert!(!matches("+/monitor/Clients", "$SYS/monitor/Clients"));
        assert!(matches("$SYS/#", "$SYS/monitor"));
        assert!(matches("$SYS/monitor/+", "$SYS/monitor/Clients"));
        assert!(!matches("a/b", "a"));
        assert!(!matches("a", "a/b"));
    }
}
