//! Any bytes, as MQTT 3.1 and 3.1.1: packets, an error or the wish for more, and always progress.
#![no_main]

use bytes::BytesMut;
use libfuzzer_sys::fuzz_target;
use mqtt_core::protocol::codec::Codec;
use mqtt_core::protocol::{MAX_REMAINING_LENGTH, ProtocolVersion};

fuzz_target!(|bytes: &[u8]| {
    for version in [ProtocolVersion::V31, ProtocolVersion::V311] {
        let codec = Codec::new(version, MAX_REMAINING_LENGTH);
        let mut buffer = BytesMut::from(bytes);
        loop {
            let before = buffer.len();
            let Ok(Some(_)) = codec.decode(&mut buffer) else { break };
            assert!(buffer.len() + 2 <= before);
        }
    }
});
