//! The format string, read once.
//!
//! ```text
//! spec   = '%' [ '-' | '0' ] [ digits ] [ '.' [ digits ] ] [ separator ] letter
//! time   = '@' any byte
//! escape = '\' one of \ 0 a e n r t v
//! ```
//! Everything else is text. A separator is any punctuation of ASCII but `%`, or a blank.

use super::pad::{Align, Field};
use super::payload::Case;
use super::{Conversion, PropertyConversion, Segment};
use crate::output::time;

/// The largest payload, and so the largest width that makes sense.
const MOST: usize = 268_435_455;

/// A format that means nothing. Positions are counted in bytes from 1.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum TemplateError {
    /// `%` and nothing that says what is wanted.
    #[error("the conversion at position {position} is not complete ('%%' prints a '%')")]
    IncompleteConversion { position: usize },
    /// `%` and a letter that is none of ours.
    #[error("there is no conversion '%{letter}' (position {position})")]
    UnknownConversion { letter: String, position: usize },
    /// More digits than any payload has bytes.
    #[error("the number at position {position} is larger than {MOST}")]
    NumberTooLarge { position: usize },
    /// `@` at the end.
    #[error("the time at position {position} is not complete ('@@' prints a '@')")]
    IncompleteTime { position: usize },
    /// `\` at the end.
    #[error(r"the escape at position {position} is not complete ('\\' prints a '\')")]
    IncompleteEscape { position: usize },
    /// `\` and a letter that means nothing there.
    #[error(
        r"there is no escape '\{letter}' (position {position}); there are \\ \0 \a \e \n \r \t \v"
    )]
    UnknownEscape { letter: String, position: usize },
}

/// Reads a format.
pub(super) fn parse(format: &[u8]) -> Result<Vec<Segment>, TemplateError> {
    let mut parser = Parser { format, position: 0, segments: Vec::new(), text: Vec::new() };
    while let Some(byte) = parser.next() {
        match byte {
            b'%' => parser.conversion()?,
            b'@' => parser.time()?,
            b'\\' => parser.escape()?,
            text => parser.text.push(text),
        }
    }
    parser.end_text();
    Ok(parser.segments)
}

struct Parser<'a> {
    format: &'a [u8],
    /// Of the next byte, from 0.
    position: usize,
    segments: Vec<Segment>,
    /// Text that is no segment yet.
    text: Vec<u8>,
}

impl Parser<'_> {
    fn peek(&self) -> Option<u8> {
        self.format.get(self.position).copied()
    }

    fn next(&mut self) -> Option<u8> {
        let byte = self.peek()?;
        self.position += 1;
        Some(byte)
    }

    fn take(&mut self, wanted: impl FnOnce(u8) -> bool) -> Option<u8> {
        let byte = self.peek().filter(|byte| wanted(*byte))?;
        self.position += 1;
        Some(byte)
    }

    fn end_text(&mut self) {
        if !self.text.is_empty() {
            let text = std::mem::take(&mut self.text);
            self.segments.push(Segment::Text(text.into()));
        }
    }

    fn push(&mut self, segment: Segment) {
        self.end_text();
        self.segments.push(segment);
    }

    /// What follows a `%`.
    fn conversion(&mut self) -> Result<(), TemplateError> {
        let start = self.position;
        let mut field = Field::default();
        match self.take(|byte| byte == b'-' || byte == b'0') {
            Some(b'-') => field.align = Align::Left,
            Some(zero) => field.fill = zero,
            None => {}
        }
        field.width = self.number()?;
        if self.take(|byte| byte == b'.').is_some() {
            field.precision = Some(self.number()?);
        }
        if let Some(separator) = self.take(is_separator) {
            field.separator = separator;
        }
        let position = self.position + 1;
        let Some(letter) = self.next() else {
            return Err(TemplateError::IncompleteConversion { position: start });
        };
        if letter == b'%' {
            self.text.push(letter);
            return Ok(());
        }
        let conversion = conversion(letter).ok_or_else(|| TemplateError::UnknownConversion {
            letter: self.character(position),
            position,
        })?;
        self.push(Segment::Conversion(conversion, field));
        Ok(())
    }

    /// Digits, if there are any; 0 otherwise.
    fn number(&mut self) -> Result<usize, TemplateError> {
        let position = self.position + 1;
        let mut number = 0;
        while let Some(digit) = self.take(|byte| byte.is_ascii_digit()) {
            number = number * 10 + usize::from(digit - b'0');
            if number > MOST {
                return Err(TemplateError::NumberTooLarge { position });
            }
        }
        Ok(number)
    }

    /// What follows an `@`.
    fn time(&mut self) -> Result<(), TemplateError> {
        let position = self.position;
        let letter = self.next().ok_or(TemplateError::IncompleteTime { position })?;
        match (letter, time::conversion(letter)) {
            (b'@' | b'%', _) => self.text.push(letter),
            (b'N', _) => self.push(Segment::Nanoseconds),
            (_, Some(conversion)) => self.push(Segment::Time(conversion)),
            // As the C library does with what it does not know.
            (_, None) => self.text.extend([b'%', letter]),
        }
        Ok(())
    }

    /// What follows a `\`.
    fn escape(&mut self) -> Result<(), TemplateError> {
        let position = self.position;
        let letter = self.next().ok_or(TemplateError::IncompleteEscape { position })?;
        self.text.push(match letter {
            b'\\' => b'\\',
            b'0' => 0x00,
            b'a' => 0x07,
            b'e' => 0x1b,
            b'n' => b'\n',
            b'r' => b'\r',
            b't' => b'\t',
            b'v' => 0x0b,
            _ => {
                let letter = self.character(position + 1);
                return Err(TemplateError::UnknownEscape { letter, position });
            }
        });
        Ok(())
    }

    /// The whole character at a position from 1, for a message.
    fn character(&self, position: usize) -> String {
        let rest = self.format.get(position - 1..).unwrap_or_default();
        String::from_utf8_lossy(rest).chars().take(1).collect()
    }
}

fn is_separator(byte: u8) -> bool {
    byte == b' ' || (byte.is_ascii_punctuation() && byte != b'%')
}

fn conversion(letter: u8) -> Option<Conversion> {
    Some(match letter {
        b'A' => Conversion::Property(PropertyConversion::TopicAlias),
        b'b' => Conversion::Base64,
        b'C' => Conversion::Property(PropertyConversion::ContentType),
        b'D' => Conversion::Property(PropertyConversion::CorrelationData),
        b'd' => Conversion::Double,
        b'E' => Conversion::Property(PropertyConversion::MessageExpiry),
        b'F' => Conversion::Property(PropertyConversion::PayloadFormat),
        b'f' => Conversion::Float,
        b'I' => Conversion::Iso8601,
        b'J' => Conversion::JsonWithValue,
        b'j' => Conversion::JsonWithText,
        b'l' => Conversion::PayloadLength,
        b'm' => Conversion::PacketIdentifier,
        b'P' => Conversion::Property(PropertyConversion::UserProperties),
        b'p' => Conversion::Payload,
        b'q' => Conversion::Qos,
        b'R' => Conversion::Property(PropertyConversion::ResponseTopic),
        b'r' => Conversion::Retain,
        b'S' => Conversion::Property(PropertyConversion::SubscriptionIdentifier),
        b't' => Conversion::Topic,
        b'U' => Conversion::UnixTime,
        b'x' => Conversion::Hexadecimal(Case::Lower),
        b'X' => Conversion::Hexadecimal(Case::Upper),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn refused(format: &str) -> String {
        parse(format.as_bytes()).expect_err(format).to_string()
    }

    #[test]
    fn what_means_nothing_is_refused_with_its_position() {
        for format in ["%", "%0", "%5", "%.3", "%-", "%:", "%-05.2:"] {
            assert_eq!(
                refused(format),
                "the conversion at position 1 is not complete ('%%' prints a '%')"
            );
        }
        for (format, message) in [
            ("ab%", "the conversion at position 3 is not complete ('%%' prints a '%')"),
            ("%t@", "the time at position 3 is not complete ('@@' prints a '@')"),
            (r"%t\", r"the escape at position 3 is not complete ('\\' prints a '\')"),
            ("%t %k", "there is no conversion '%k' (position 5)"),
            ("%05.3:ä", "there is no conversion '%ä' (position 7)"),
            ("%@s.@N", "there is no conversion '%s' (position 3)"),
            ("%0-5p", "there is no conversion '%5' (position 4)"),
            (r"a\z", r"there is no escape '\z' (position 2); there are \\ \0 \a \e \n \r \t \v"),
            ("%999999999999999999999t", "the number at position 2 is larger than 268435455"),
            ("%.268435456t", "the number at position 3 is larger than 268435455"),
        ] {
            assert_eq!(refused(format), message, "{format}");
        }
    }

    #[test]
    fn neighbouring_texts_are_one_segment() {
        let segments = parse(br"a%%@@@%@1\\b").unwrap();
        assert_eq!(segments, [Segment::Text(br"a%@%%1\b"[..].into())]);
        assert_eq!(parse(b"").unwrap(), []);
    }

    proptest! {
        #[test]
        fn any_bytes_are_a_format_or_refused(format: Vec<u8>) {
            let _ = parse(&format);
        }

        #[test]
        fn anything_like_a_format_is_one_or_refused_within_it(
            format in r"([%@\\][-0]?[0-9]{0,3}[.]?[0-9]{0,2}[!-~ ]?.|.){0,8}"
        ) {
            if let Err(
                TemplateError::UnknownConversion { position, .. }
                | TemplateError::UnknownEscape { position, .. },
            ) = parse(format.as_bytes()) {
                prop_assert!((1..=format.len()).contains(&position));
            }
        }
    }
}
