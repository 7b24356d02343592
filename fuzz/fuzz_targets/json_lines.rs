//! Any line of `mqtt-pub --json-lines`: what is wrong is told with its place, and a message that was
//! read is the same when `mqtt-sub --json` writes it and it is read again.
#![no_main]

use std::time::SystemTime;

use bytes::Bytes;
use libfuzzer_sys::fuzz_target;
use mqtt_core::session::{Message, ReceivedMessage};
use mqtt_pub::read_record;

fuzz_target!(|line: &[u8]| {
    let message = match read_record(&Bytes::copy_from_slice(line)) {
        Ok(message) => message,
        Err(error) => {
            assert!(error.to_string().starts_with("column "));
            return;
        }
    };
    let Message { topic, qos, retain, properties, payload } = message.clone();
    let dup = false;
    let received =
        ReceivedMessage { topic, dup, qos, retain, packet_id: None, properties, payload };
    let line = mqtt_sub::record(&received, SystemTime::UNIX_EPOCH);
    assert!(!line.contains(&b'\n'));
    let again = read_record(&line.into()).unwrap_or_else(|error| panic!("{error}"));
    // User properties stand together, where the first of them stood.
    assert_eq!(sorted(again), sorted(message));
});

/// The message with its properties in one order.
fn sorted(message: Message<Bytes>) -> impl PartialEq + std::fmt::Debug {
    let Message { topic, qos, retain, properties, payload } = message;
    let mut properties: Vec<_> = properties.iter().collect();
    properties.sort_by_key(|property| property.id.name());
    (topic, qos, retain, properties, payload)
}
