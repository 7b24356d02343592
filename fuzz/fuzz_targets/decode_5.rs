//! Any bytes, as MQTT 5: packets, an error or the wish for more, always progress; and a PUBLISH
//! that was read is written as it was.
#![no_main]

use bytes::BytesMut;
use libfuzzer_sys::fuzz_target;
use mqtt_core::protocol::codec::Codec;
use mqtt_core::protocol::{Incoming, MAX_REMAINING_LENGTH, ProtocolVersion};

fuzz_target!(|bytes: &[u8]| {
    let codec = Codec::new(ProtocolVersion::V5, MAX_REMAINING_LENGTH);
    let mut buffer = BytesMut::from(bytes);
    loop {
        let before = buffer.len();
        let Ok(Some(packet)) = codec.decode(&mut buffer) else { break };
        assert!(buffer.len() + 2 <= before);
        if let Incoming::Publish(publish) = packet {
            let mut out = BytesMut::new();
            codec.encode_publish(&publish, publish.payload.len(), &mut out).unwrap();
            out.extend_from_slice(&publish.payload);
            let again = codec.decode(&mut out).unwrap();
            assert_eq!(again, Some(Incoming::Publish(publish)));
        }
    }
});
