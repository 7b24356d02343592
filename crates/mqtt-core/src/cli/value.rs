//! Parsers for the values of options: each gives a type that cannot be wrong, or says what would
//! have been accepted. clap puts the option's name and the value in front of the text.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::time::Duration;

use clap::builder::{OsStringValueParser, PossibleValue, TypedValueParser};
use clap::{Arg, Command};

use crate::limit::MAX_FIELD;
use crate::protocol::text::TextError;
use crate::protocol::topic::TopicError;
use crate::protocol::{ProtocolVersion, Qos, RetainHandling, Text, TopicFilter, TopicName};
use crate::secret::Secret;

/// A value that is not accepted; the text says what would be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(super) struct ValueError(String);

impl ValueError {
    pub(super) fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }
}

impl From<TextError> for ValueError {
    fn from(error: TextError) -> Self {
        Self(error.to_string())
    }
}

impl From<TopicError> for ValueError {
    fn from(error: TopicError) -> Self {
        Self(error.to_string())
    }
}

pub(super) fn from_words<T: Clone + Send + Sync + 'static>(
    parse: fn(OsString) -> Result<T, ValueError>,
) -> impl TypedValueParser<Value = T> {
    OsStringValueParser::new().try_map(parse)
}

/// As [`from_words`], for values that must not be seen: in an error `***` stands for them.
pub(super) fn concealed<T: Clone + Send + Sync + 'static>(
    parse: fn(OsString) -> Result<T, ValueError>,
) -> impl TypedValueParser<Value = T> {
    shown_as(parse, |_| OsString::from("***"))
}

/// As [`from_words`], for values that look otherwise in an error: `show` says how.
pub(super) fn shown_as<T: Clone + Send + Sync + 'static>(
    parse: fn(OsString) -> Result<T, ValueError>,
    show: fn(&OsStr) -> OsString,
) -> impl TypedValueParser<Value = T> {
    ShownAs { parse, show }
}

#[derive(Clone)]
struct ShownAs<T> {
    parse: fn(OsString) -> Result<T, ValueError>,
    show: fn(&OsStr) -> OsString,
}

impl<T: Clone + Send + Sync + 'static> TypedValueParser for ShownAs<T> {
    type Value = T;

    fn parse_ref(
        &self,
        command: &Command,
        arg: Option<&Arg>,
        value: &OsStr,
    ) -> Result<T, clap::Error> {
        (self.parse)(value.to_owned()).or_else(|cause| {
            let refuse = move |_| Err::<T, _>(cause.clone());
            let refusing = OsStringValueParser::new().try_map(refuse);
            refusing.parse_ref(command, arg, &(self.show)(value))
        })
    }
}

/// The same parser, where the values have names, of which there are few: they are offered by
/// completions.
pub(super) fn listed<P: TypedValueParser>(
    names: &[&'static str],
    parser: P,
) -> impl TypedValueParser<Value = P::Value> + use<P> {
    Listed { names: names.into(), parser }
}

#[derive(Clone)]
struct Listed<P> {
    names: Box<[&'static str]>,
    parser: P,
}

impl<P: TypedValueParser> TypedValueParser for Listed<P> {
    type Value = P::Value;

    fn parse_ref(
        &self,
        command: &Command,
        arg: Option<&Arg>,
        value: &OsStr,
    ) -> Result<P::Value, clap::Error> {
        self.parser.parse_ref(command, arg, value)
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        Some(Box::new(self.names.iter().map(PossibleValue::new)))
    }
}

/// The byte that two hexadecimal digits spell.
pub(super) fn byte_of_hex(digits: &str) -> Option<u8> {
    let all_digits = digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    u8::from_str_radix(digits, 16).ok().filter(|_| all_digits)
}

/// The text of a number. Blanks around it are no part of it: a line of an options file may end
/// with one, and the originals do not mind.
pub(super) fn number_text(word: &OsStr) -> Option<&str> {
    std::str::from_utf8(word.as_bytes().trim_ascii()).ok()
}

/// A whole number from `least` to `most`.
pub(super) fn whole_number(word: &OsStr, least: u32, most: u32) -> Result<u32, ValueError> {
    let number: Option<u32> = number_text(word).and_then(|word| word.parse().ok());
    number
        .filter(|number| (least..=most).contains(number))
        .ok_or_else(|| ValueError(format!("a whole number from {least} to {most} is wanted")))
}

/// A whole number from `least` to `most`, as a parser.
pub fn number(least: u32, most: u32) -> impl TypedValueParser<Value = u32> {
    OsStringValueParser::new().try_map(move |word| whole_number(&word, least, most))
}

/// A number from `least` to `most`, with decimals if wanted.
pub fn decimal_number(least: f64, most: f64) -> impl TypedValueParser<Value = f64> {
    OsStringValueParser::new().try_map(move |word| {
        let number: Option<f64> = number_text(&word).and_then(|word| word.parse().ok());
        number
            .filter(|number| (least..=most).contains(number))
            .ok_or_else(|| ValueError(format!("a number from {least:.1} to {most:.1} is wanted")))
    })
}

/// A number from `least` to `most` that has two bytes on the wire.
pub fn two_byte_number(least: u16, most: u16) -> impl TypedValueParser<Value = u16> {
    OsStringValueParser::new().try_map(move |word| {
        let number = whole_number(&word, least.into(), most.into())?;
        u16::try_from(number).map_err(|_| ValueError("it is too large".to_owned()))
    })
}

/// 0, 1 or 2.
pub fn qos() -> impl TypedValueParser<Value = Qos> {
    let parse = |word: OsString| {
        let level = number_text(&word).and_then(|word| word.parse().ok());
        let qos = level.and_then(Qos::from_level);
        qos.ok_or_else(|| ValueError("0, 1 or 2 is wanted".to_owned()))
    };
    listed(&["0", "1", "2"], from_words(parse))
}

/// The version's number or its name.
pub fn protocol_version() -> impl TypedValueParser<Value = ProtocolVersion> {
    let parse = |word: OsString| match number_text(&word) {
        Some("31" | "mqttv31") => Ok(ProtocolVersion::V31),
        Some("311" | "mqttv311") => Ok(ProtocolVersion::V311),
        Some("5" | "mqttv5") => Ok(ProtocolVersion::V5),
        _ => Err(ValueError("it is one of mqttv31, 31, mqttv311, 311, mqttv5, 5".to_owned())),
    };
    listed(&["mqttv31", "31", "mqttv311", "311", "mqttv5", "5"], from_words(parse))
}

/// When the broker sends retained messages; lower case only, as in the original.
pub fn retain_handling() -> impl TypedValueParser<Value = RetainHandling> {
    let parse = |word: OsString| match word.to_str() {
        Some("always") => Ok(RetainHandling::Always),
        Some("new") => Ok(RetainHandling::New),
        Some("never") => Ok(RetainHandling::Never),
        _ => Err(ValueError("it is one of always, new, never".to_owned())),
    };
    listed(&["always", "new", "never"], from_words(parse))
}

/// A program and its arguments: words between blanks, or in quotes as in a shell, of which nothing
/// else is known. There is at least one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommandLine(pub Vec<OsString>);

/// A command that no shell reads.
pub fn command_line() -> impl TypedValueParser<Value = CommandLine> {
    from_words(|word| {
        let words = shlex::bytes::split(word.as_bytes())
            .ok_or_else(|| ValueError::new("a quote is not closed"))?;
        if words.is_empty() {
            return Err(ValueError::new("it names no program"));
        }
        Ok(CommandLine(words.into_iter().map(OsString::from_vec).collect()))
    })
}

/// One of a few words, each with what it means.
pub fn one_of<T: Copy + Send + Sync + 'static>(
    words: &'static [(&'static str, T)],
) -> impl TypedValueParser<Value = T> {
    let names: Vec<_> = words.iter().map(|(name, _)| *name).collect();
    let list = names.join(", ");
    let parse = OsStringValueParser::new().try_map(move |word: OsString| {
        let meant = words.iter().find(|(name, _)| word == *name);
        meant.map(|(_, meaning)| *meaning).ok_or_else(|| ValueError(format!("it is one of {list}")))
    });
    listed(&names, parse)
}

/// A topic to publish to.
pub fn topic_name() -> impl TypedValueParser<Value = TopicName> {
    from_words(|word| Ok(TopicName::new(word_text(word)?.into_inner())?))
}

/// What to subscribe to.
pub fn topic_filter() -> impl TypedValueParser<Value = TopicFilter> {
    from_words(|word| Ok(TopicFilter::new(word_text(word)?.into_inner())?))
}

/// What to subscribe to, and at which QoS: what stands behind the last `=`.
pub fn filter_with_qos() -> impl TypedValueParser<Value = (TopicFilter, Qos)> {
    from_words(|word| {
        let parts = word.to_str().and_then(|word| word.rsplit_once('='));
        let level = |text: &str| text.trim().parse().ok().and_then(Qos::from_level);
        let parts = parts.and_then(|(filter, qos)| Some((filter, level(qos)?)));
        let (filter, qos) =
            parts.ok_or_else(|| ValueError::new("a topic filter, = and 0, 1 or 2 is wanted"))?;
        Ok((TopicFilter::new(filter)?, qos))
    })
}

/// Any string that a packet can carry.
pub fn text() -> impl TypedValueParser<Value = Text> {
    from_words(|word| Ok(word_text(word)?))
}

fn word_text(word: OsString) -> Result<Text, TextError> {
    Text::from_bytes(word.into_vec())
}

/// A secret of at most 65,535 bytes; the error does not repeat it.
pub fn secret() -> impl TypedValueParser<Value = Secret> {
    concealed(|word| {
        let secret = Secret::new(word.into_vec());
        if secret.expose().len() > MAX_FIELD {
            return Err(ValueError::new("it is longer than 65535 bytes"));
        }
        Ok(secret)
    })
}

/// The longest time that can be asked for, some 30 years: far below what a clock can add up to.
const LONGEST: Duration = Duration::from_secs(1_000_000_000);

/// Seconds, 0 to 1,000,000,000, with decimals if wanted.
pub fn seconds() -> impl TypedValueParser<Value = Duration> {
    from_words(|word| {
        duration(&word)
            .ok_or_else(|| ValueError::new("a number of seconds from 0 to 1000000000 is wanted"))
    })
}

/// The same, but not 0.
pub fn time_limit() -> impl TypedValueParser<Value = Duration> {
    from_words(|word| {
        duration(&word).filter(|limit| !limit.is_zero()).ok_or_else(|| {
            ValueError::new("a number of seconds above 0, at most 1000000000, is wanted")
        })
    })
}

/// A time above 0 with its unit: `500ms`, `2.5s`, `1m`, `1h`; seconds where none stands. At most
/// 1,000,000,000 seconds.
pub fn time_span() -> impl TypedValueParser<Value = Duration> {
    from_words(|word| {
        span(&word).ok_or_else(|| {
            ValueError::new("a time such as 500ms, 2.5s or 1m is wanted, at most 1000000000s")
        })
    })
}

fn span(word: &OsStr) -> Option<Duration> {
    let text = number_text(word)?;
    let units = [("ms", 1e-3), ("s", 1.0), ("m", 60.0), ("h", 3600.0)];
    let with_unit =
        units.iter().find_map(|(unit, seconds)| Some((text.strip_suffix(unit)?, *seconds)));
    let (number, unit) = with_unit.unwrap_or((text, 1.0));
    let seconds: f64 = number.parse().ok()?;
    let span = Duration::try_from_secs_f64(seconds * unit).ok()?;
    (!span.is_zero() && span <= LONGEST).then_some(span)
}

fn duration(word: &OsStr) -> Option<Duration> {
    let seconds: f64 = number_text(word)?.parse().ok()?;
    Duration::try_from_secs_f64(seconds).ok().filter(|duration| *duration <= LONGEST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blanks_around_a_number_are_no_part_of_it() {
        let command = Command::new("t");
        for word in ["1", " 1", "1 ", "\t1 "] {
            let word = OsStr::new(word);
            assert_eq!(number(1, 2).parse_ref(&command, None, word).unwrap(), 1);
            assert_eq!(qos().parse_ref(&command, None, word).unwrap(), Qos::AtLeastOnce);
            assert_eq!(seconds().parse_ref(&command, None, word).unwrap(), Duration::from_secs(1));
            let decimal = decimal_number(0.5, 2.0).parse_ref(&command, None, word);
            assert!(decimal.unwrap() > 0.9);
        }
        for word in ["1 1", " ", "", "1x"] {
            assert!(number(1, 2).parse_ref(&command, None, OsStr::new(word)).is_err(), "{word}");
        }
        let version = protocol_version().parse_ref(&command, None, OsStr::new(" 5 ")).unwrap();
        assert_eq!(version, ProtocolVersion::V5);
    }

    #[test]
    fn a_time_has_an_end_and_a_limit_a_beginning() {
        let command = Command::new("t");
        let seconds = |word| seconds().parse_ref(&command, None, OsStr::new(word)).ok();
        let limit = |word| time_limit().parse_ref(&command, None, OsStr::new(word)).ok();
        for word in ["1", "0.5", "1000000000"] {
            assert!(seconds(word).is_some());
            assert_eq!(seconds(word), limit(word));
        }
        assert_eq!((seconds("0"), limit("0")), (Some(Duration::ZERO), None));
        for word in ["1000000001", "1e19", "1e400", "inf", "nan", "-1", "", "x"] {
            assert_eq!((seconds(word), limit(word)), (None, None), "{word}");
        }
    }

    #[test]
    fn a_time_span_has_a_unit() {
        let span = |word| time_span().parse_ref(&Command::new("t"), None, OsStr::new(word)).ok();
        for (word, milliseconds) in [
            ("500ms", 500),
            ("0.5s", 500),
            ("0.5", 500),
            (" 2 ", 2_000),
            ("1.5m", 90_000),
            ("2h", 7_200_000),
            ("1000000000s", 1_000_000_000_000),
            ("1ms", 1),
        ] {
            assert_eq!(span(word), Some(Duration::from_millis(milliseconds)), "{word}");
        }
        for word in ["0", "0ms", "-1s", "", "s", "ms", "1d", "1 s 2", "1000000001", "1e18m", "nans"]
        {
            assert_eq!(span(word), None, "{word}");
        }
    }

    #[test]
    fn a_secret_that_is_too_long_is_not_shown() {
        let parse = |length| {
            let word = OsString::from("x".repeat(length));
            secret().parse_ref(&Command::new("t"), None, &word)
        };
        assert_eq!(parse(65_535).unwrap().expose().len(), 65_535);
        let error = parse(65_536).unwrap_err().render().to_string();
        assert!(error.contains("'***'") && !error.contains("xxx"), "{error}");
    }
}
