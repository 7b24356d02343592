//! Any bytes behind `-F`, and any PUBLISH to write by them: a format that means nothing is told in
//! words, and every other one writes every message. And its topic has a file inside the folder.
#![no_main]

use std::path::Component;
use std::time::{Duration, SystemTime};

use arbitrary::Arbitrary;
use bytes::BytesMut;
use libfuzzer_sys::{Corpus, fuzz_target};
use mqtt_core::console::Console;
use mqtt_core::protocol::codec::Codec;
use mqtt_core::protocol::{
    Incoming, MAX_REMAINING_LENGTH, Properties, ProtocolVersion, Qos, TopicName,
};
use mqtt_core::session::ReceivedMessage;
use mqtt_sub::{file_of, show_formatted};

/// Widths of a thousand columns show all that wider ones would, and leave time for others.
const MOST_DIGITS: usize = 3;

#[derive(Arbitrary, Debug)]
struct Input<'a> {
    format: &'a [u8],
    publish: &'a [u8],
    milliseconds: u32,
}

/// What was received; a plain one where the bytes are no PUBLISH.
fn message(bytes: &[u8]) -> ReceivedMessage {
    let codec = Codec::new(ProtocolVersion::V5, MAX_REMAINING_LENGTH);
    let (mut topic, mut properties) = (TopicName::new("a/b").unwrap(), Properties::new());
    let mut payload = BytesMut::from(bytes).freeze();
    if let Ok(Some(Incoming::Publish(publish))) = codec.decode(&mut BytesMut::from(bytes)) {
        topic = publish.topic.unwrap_or(topic);
        properties = publish.properties;
        payload = publish.payload;
    }
    ReceivedMessage {
        topic,
        dup: false,
        qos: Qos::AtMostOnce,
        retain: false,
        packet_id: None,
        properties,
        payload,
    }
}

fuzz_target!(|input: Input<'_>| -> Corpus {
    let runs = input.format.chunk_by(|a, b| a.is_ascii_digit() == b.is_ascii_digit());
    if runs.filter(|run| run[0].is_ascii_digit()).any(|run| run.len() > MOST_DIGITS) {
        return Corpus::Reject;
    }
    let message = message(input.publish);
    for part in file_of(&message.topic).components() {
        assert!(matches!(part, Component::Normal(name) if name.len() <= 255));
    }
    let received = SystemTime::UNIX_EPOCH + Duration::from_millis(input.milliseconds.into());
    let mut console = Console::<()>::new();
    if let Err(error) = show_formatted(input.format, message, received, &mut console) {
        assert!(!error.to_string().is_empty());
    }
    Corpus::Keep
});
