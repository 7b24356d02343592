//! The options of the will: what the broker publishes when the connection is lost.

use std::os::unix::ffi::OsStringExt;

use bytes::Bytes;
use clap::builder::TypedValueParser;
use clap::{ArgAction, Args};

use super::value::{self, from_words};
use super::{Given, UsageError};
use crate::limit::MAX_FIELD;
use crate::protocol::text::TextError;
use crate::protocol::{Properties, Qos, TopicName, Will};

/// The will.
#[derive(Args, Debug)]
#[expect(clippy::struct_field_names, reason = "the options' own names")]
pub(super) struct WillArgs {
    /// Have the broker publish a will to TOPIC if the connection is lost
    #[arg(long, help_heading = "Will", value_name = "TOPIC", value_parser = value::topic_name())]
    will_topic: Option<TopicName>,

    /// Give the will this payload, at most 65535 bytes; empty without this; needs --will-topic
    #[arg(long, help_heading = "Will", value_name = "TEXT", value_parser = will_payload())]
    will_payload: Option<Bytes>,

    /// Publish the will with this quality of service: 0, 1 or 2
    #[arg(long, help_heading = "Will", value_name = "QOS", default_value = "0",
        value_parser = value::qos())]
    will_qos: Qos,

    /// Have the broker keep the will for later subscribers; needs --will-topic
    #[arg(long, help_heading = "Will", action = ArgAction::SetTrue)]
    will_retain: bool,
}

impl WillArgs {
    /// The will, if there is to be one; `properties` gives those of `-D will`, which without a
    /// will are for nobody.
    pub(super) fn plan(
        &self,
        given: &Given,
        properties: impl FnOnce() -> Result<Properties, UsageError>,
    ) -> Result<Option<Will>, UsageError> {
        let Some(topic) = self.will_topic.clone() else {
            return match (&self.will_payload, self.will_retain) {
                (Some(_), _) => Err(given.error("'--will-payload' needs '--will-topic'")),
                (None, true) => Err(given.error("'--will-retain' needs '--will-topic'")),
                (None, false) => Ok(None),
            };
        };
        Ok(Some(Will {
            topic,
            payload: self.will_payload.clone().unwrap_or_default(),
            qos: self.will_qos,
            retain: self.will_retain,
            properties: properties()?,
        }))
    }
}

/// The bytes of the word, as many as CONNECT can hold (MQTT 5 §3.1.3.4).
fn will_payload() -> impl TypedValueParser<Value = Bytes> {
    from_words(|word| match word.len() {
        0..=MAX_FIELD => Ok(word.into_vec().into()),
        length => Err(TextError::TooLong(length).into()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::tests::parsed;

    fn will(words: &[&str]) -> Result<Option<Will>, String> {
        let given = parsed::<WillArgs>(words).map_err(|error| error.to_string())?;
        let args: WillArgs = given.args().unwrap();
        args.plan(&given, || Ok(Properties::new())).map_err(|error| error.to_string())
    }

    fn some(words: &[&str]) -> Will {
        will(&[&["--will-topic", "w"], words].concat()).unwrap().expect("a will")
    }

    #[test]
    fn by_default_there_is_no_will() {
        assert_eq!(will(&[]), Ok(None));
        assert_eq!(will(&["--will-qos", "2"]), Ok(None));
    }

    #[test]
    fn a_topic_alone_makes_an_empty_will_of_qos_0() {
        let expected = Will {
            topic: TopicName::new("w").unwrap(),
            payload: Bytes::new(),
            qos: Qos::AtMostOnce,
            retain: false,
            properties: Properties::new(),
        };
        assert_eq!(some(&[]), expected);
    }

    #[test]
    fn the_other_options_fill_it_in() {
        let will = some(&["--will-payload", "-d", "--will-qos", "2", "--will-retain"]);
        assert_eq!(
            (&will.payload[..], will.qos, will.retain),
            (&b"-d"[..], Qos::ExactlyOnce, true)
        );
        assert_eq!(some(&["--will-payload=a", "--will-payload=b"]).payload, "b");
        assert_eq!(some(&["--will-topic", "other"]).topic.as_str(), "other");
        assert_eq!(some(&["--will-qos=0", "--will-qos=1"]).qos, Qos::AtLeastOnce);
    }

    #[test]
    fn a_will_without_a_topic_is_refused() {
        let refused = |words| will(words).unwrap_err();
        assert_eq!(refused(&["--will-payload", ""]), "'--will-payload' needs '--will-topic'");
        assert_eq!(refused(&["--will-retain"]), "'--will-retain' needs '--will-topic'");
    }

    #[test]
    fn the_topic_is_a_name() {
        assert_eq!(
            will(&["--will-topic", "a/#"]).unwrap_err(),
            "invalid value 'a/#' for '--will-topic <TOPIC>': it contains '#', which only a \
             subscription may"
        );
        assert!(will(&["--will-topic", ""]).unwrap_err().ends_with("it is empty"));
        assert!(will(&["--will-topic", "\u{1}"]).unwrap_err().contains("U+0001"));
    }

    #[test]
    fn the_qos_is_0_1_or_2() {
        for wrong in ["3", "-1", "x", ""] {
            assert!(will(&["--will-topic", "w", "--will-qos", wrong]).is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_longest_payload_is_65535_bytes() {
        assert_eq!(some(&["--will-payload", &"x".repeat(65_535)]).payload.len(), 65_535);
        let refused = will(&["--will-topic", "w", "--will-payload", &"x".repeat(65_536)]);
        let refused = refused.unwrap_err();
        assert!(refused.ends_with("it is 65536 bytes long, at most 65535 are possible"));
    }
}
