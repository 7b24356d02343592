//! `--line-format`: a line is a topic and a payload, with a text between them.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use bytes::Bytes;
use memchr::memmem;
use mqtt_core::protocol::text::TextError;
use mqtt_core::protocol::topic::TopicError;
use mqtt_core::protocol::{Text, TopicName};

/// How a line is made of topic and payload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LineFormat {
    before: Box<[u8]>,
    order: Order,
    between: Box<[u8]>,
    behind: Box<[u8]>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Order {
    TopicFirst,
    PayloadFirst,
}

/// Why a text is no format.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum LineFormatError {
    #[error("%t (topic) and %p (payload) are wanted, each once")]
    Conversions,
    #[error("a text is wanted between %t and %p: nothing else tells where one of them ends")]
    Adjacent,
    #[error("there is no conversion '%{0}': a line has %t (topic) and %p (payload)")]
    Unknown(char),
    #[error("there is no escape '\\{0}'")]
    Escape(char),
    #[error("'{0}' at the end stands for nothing")]
    Unfinished(char),
    #[error("no line has a newline in it")]
    Newline,
}

/// Why a line is none of the format.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum LineFormatMismatch {
    #[error("it does not begin with '{}'", .0.escape_ascii())]
    Before(Box<[u8]>),
    #[error("there is no '{}' between topic and payload", .0.escape_ascii())]
    Between(Box<[u8]>),
    #[error("it does not end with '{}'", .0.escape_ascii())]
    Behind(Box<[u8]>),
    #[error("no topic to publish to: {0}")]
    Topic(#[from] TopicError),
    #[error("no topic to publish to: {0}")]
    Text(#[from] TextError),
}

impl LineFormat {
    /// Reads a format: the conversions and escapes of `mqtt-sub -F`, as far as they mean something.
    pub(crate) fn parse(format: &OsStr) -> Result<Self, LineFormatError> {
        let mut parts = vec![Vec::new()];
        let mut conversions = Vec::new();
        let mut bytes = format.as_bytes().iter().copied();
        while let Some(byte) = bytes.next() {
            let mut rest = || bytes.next().ok_or(LineFormatError::Unfinished(char::from(byte)));
            let text = match byte {
                b'%' => match rest()? {
                    b'%' => b'%',
                    letter @ (b't' | b'p') => {
                        conversions.push(letter);
                        parts.push(Vec::new());
                        continue;
                    }
                    other => return Err(LineFormatError::Unknown(char::from(other))),
                },
                b'\\' => escape(rest()?)?,
                text => text,
            };
            if text == b'\n' {
                return Err(LineFormatError::Newline);
            }
            parts.last_mut().into_iter().for_each(|part| part.push(text));
        }
        let order = match conversions[..] {
            [b't', b'p'] => Order::TopicFirst,
            [b'p', b't'] => Order::PayloadFirst,
            _ => return Err(LineFormatError::Conversions),
        };
        let mut parts = parts.into_iter().map(Vec::into_boxed_slice);
        let mut part = || parts.next().unwrap_or_default();
        let format = Self { before: part(), order, between: part(), behind: part() };
        if format.between.is_empty() { Err(LineFormatError::Adjacent) } else { Ok(format) }
    }

    /// Takes a line apart. Of several ways to do so the one with the shortest topic counts.
    pub(crate) fn read(&self, line: &Bytes) -> Result<(TopicName, Bytes), LineFormatMismatch> {
        let rest = line.strip_prefix(&*self.before);
        let rest = rest.ok_or_else(|| LineFormatMismatch::Before(self.before.clone()))?;
        let rest = rest.strip_suffix(&*self.behind);
        let rest = rest.ok_or_else(|| LineFormatMismatch::Behind(self.behind.clone()))?;
        let place = match self.order {
            Order::TopicFirst => memmem::find(rest, &self.between),
            Order::PayloadFirst => memmem::rfind(rest, &self.between),
        };
        let (first, second) = place
            .and_then(|place| {
                let (first, second) = rest.split_at_checked(place)?;
                Some((first, second.strip_prefix(&*self.between)?))
            })
            .ok_or_else(|| LineFormatMismatch::Between(self.between.clone()))?;
        let (topic, payload) = match self.order {
            Order::TopicFirst => (first, second),
            Order::PayloadFirst => (second, first),
        };
        let topic = Text::from_bytes(line.slice_ref(topic))?;
        Ok((TopicName::of_text(topic)?, line.slice_ref(payload)))
    }
}

/// What stands behind a backslash, as in `mqtt-sub -F`.
fn escape(letter: u8) -> Result<u8, LineFormatError> {
    Ok(match letter {
        b'\\' => b'\\',
        b'0' => b'\0',
        b'a' => 0x07,
        b'e' => 0x1b,
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        b'v' => 0x0b,
        other => return Err(LineFormatError::Escape(char::from(other))),
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parse(format: &str) -> Result<LineFormat, LineFormatError> {
        LineFormat::parse(OsStr::new(format))
    }

    fn read(format: &str, line: &'static [u8]) -> Result<(String, Vec<u8>), String> {
        let read = parse(format).unwrap().read(&Bytes::from_static(line));
        let read = read.map_err(|error| error.to_string())?;
        Ok((read.0.as_str().to_owned(), read.1.to_vec()))
    }

    #[test]
    fn a_line_is_taken_apart_at_the_shortest_topic() {
        for (format, line, topic, payload) in [
            ("%t %p", &b"a/b 1 2"[..], "a/b", &b"1 2"[..]),
            ("%t %p", b"a ", "a", b""),
            (r"%t\t%p", b"a b\t\t\xff\0", "a b", b"\t\xff\0"),
            ("%p -> %t", b"1 -> 2 -> t", "t", b"1 -> 2"),
            ("<%t=%p>", b"<t=>>", "t", b">"),
            (r"100%%\\%t::%p", br"100%\t::x", "t", b"x"),
        ] {
            assert_eq!(read(format, line), Ok((topic.to_owned(), payload.to_vec())), "{format}");
        }
    }

    #[test]
    fn a_line_of_another_form_is_refused() {
        for (format, line, error) in [
            ("%t %p", &b"a"[..], "there is no ' ' between topic and payload"),
            (r"%t\t%p", b"a b", r"there is no '\t' between topic and payload"),
            ("<%t %p", b"a b", "it does not begin with '<'"),
            ("%t %p>", b"a b", "it does not end with '>'"),
            ("<%t %p>", b"<", "it does not end with '>'"),
            ("%t %p", b" a", "no topic to publish to: it is empty"),
            (
                "%t %p",
                b"a/# b",
                "no topic to publish to: it contains '#', which only a subscription may",
            ),
            ("%t %p", b"\xff b", "no topic to publish to: it is not UTF-8"),
        ] {
            assert_eq!(read(format, line), Err(error.to_owned()), "{format}");
        }
    }

    #[test]
    fn a_format_has_topic_and_payload_and_something_between() {
        for (format, error) in [
            ("", LineFormatError::Conversions),
            ("%t", LineFormatError::Conversions),
            ("%p %p", LineFormatError::Conversions),
            ("%t %p %t", LineFormatError::Conversions),
            ("x%t%p", LineFormatError::Adjacent),
            ("%t %q", LineFormatError::Unknown('q')),
            ("%t %p%", LineFormatError::Unfinished('%')),
            (r"%t %p\", LineFormatError::Unfinished('\\')),
            (r"%t\x%p", LineFormatError::Escape('x')),
            (r"%t\n%p", LineFormatError::Newline),
            ("%t\n%p", LineFormatError::Newline),
        ] {
            assert_eq!(parse(format), Err(error), "{format}");
        }
    }

    proptest! {
        #[test]
        fn what_was_put_together_is_taken_apart(
            topic in "[a-z/]{1,9}",
            payload: Vec<u8>,
            topic_first: bool,
        ) {
            let format = parse(if topic_first { r"<%t\t%p>" } else { r"<%p\t%t>" }).unwrap();
            let (first, second) =
                if topic_first { (topic.as_bytes(), &payload[..]) } else { (&payload[..], topic.as_bytes()) };
            let line = [b"<", first, b"\t", second, b">"].concat();
            let (read, rest) = format.read(&line.into()).unwrap();
            prop_assert_eq!((read.as_str(), &rest[..]), (&topic[..], &payload[..]));
        }
    }
}
