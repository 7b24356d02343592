//! A stream of bytes is the same packets wherever it is cut.

use bytes::BytesMut;
use proptest::prelude::*;

use super::{V5, V31, V311, bytes, codec};
use crate::protocol::{Incoming, ProtocolVersion};

const STREAM_3: &str = "20020000 9003000100 3006 000161 616263 3208 000161 0001 616263 40020001 \
     50020002 62020003 70020004 b0020005 d000 308001 000161 \
     6868686868686868686868686868686868686868686868686868686868686868686868686868686868686868686868 \
     6868686868686868686868686868686868686868686868686868686868686868686868686868686868686868686868 \
     68686868686868686868686868686868686868686868686868686868686868 d000";

const STREAM_5: &str = "2006 00 00 03 210005 9004 0001 00 00 3007 000161 00 616263 \
     340d 000161 0001 04 03000174 616263 40020001 5003 0002 91 6204 0003 00 00 70020004 \
     b004 0005 00 11 d000 e0018b e000 f0021800";

/// The packets of a stream that arrives in such pieces.
fn packets(version: ProtocolVersion, stream: &[u8], cuts: &[usize]) -> Vec<Incoming> {
    let mut buffer = BytesMut::new();
    let mut packets = Vec::new();
    let mut start = 0;
    for end in cuts.iter().copied().chain([stream.len()]) {
        buffer.extend_from_slice(&stream[start..end]);
        start = end;
        while let Some(packet) = codec(version).decode(&mut buffer).unwrap() {
            packets.push(packet);
        }
    }
    assert!(buffer.is_empty(), "the stream ends with a whole packet");
    packets
}

#[test]
fn byte_by_byte_gives_every_packet() {
    for (version, stream, count) in [(V31, STREAM_3, 12), (V311, STREAM_3, 12), (V5, STREAM_5, 13)]
    {
        let stream = bytes(stream);
        let cuts: Vec<_> = (0..stream.len()).collect();
        let whole = packets(version, &stream, &[]);
        assert_eq!(whole.len(), count);
        assert_eq!(packets(version, &stream, &cuts), whole);
    }
}

proptest! {
    #[test]
    fn any_cuts_give_the_same_packets(
        in_version_5: bool,
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..8),
    ) {
        let (version, stream) = if in_version_5 { (V5, STREAM_5) } else { (V311, STREAM_3) };
        let stream = bytes(stream);
        let mut cuts: Vec<_> = cuts.iter().map(|cut| cut.index(stream.len())).collect();
        cuts.sort_unstable();
        prop_assert_eq!(
            packets(version, &stream, &cuts),
            packets(version, &stream, &[])
        );
    }
}

#[test]
fn a_claimed_length_reserves_nothing() {
    for version in [V31, V311, V5] {
        let mut buffer = bytes("30 ffffff7f 0001 61");
        let capacity = buffer.capacity();
        assert_eq!(codec(version).decode(&mut buffer), Ok(None));
        assert_eq!(buffer.capacity(), capacity);
        assert_eq!(buffer, bytes("30 ffffff7f 0001 61"));
    }
}

// A length in more bytes than it needs (§1.5.5 forbids writing it) does no harm.
#[test]
fn a_padded_length_is_read() {
    for version in [V31, V311, V5] {
        assert_eq!(codec(version).decode(&mut bytes("d0 808000")), Ok(Some(Incoming::PingResp)));
        let Ok(Some(Incoming::PubAck(ack))) = codec(version).decode(&mut bytes("40 828000 0007"))
        else {
            panic!("no PUBACK");
        };
        assert_eq!(ack.packet_id.number(), 7);
    }
}

#[test]
fn a_payload_is_a_slice_of_what_was_read() {
    let mut buffer = bytes("3007 000161 00 616263");
    let start = buffer.as_ptr() as usize;
    let Ok(Some(Incoming::Publish(publish))) = codec(V5).decode(&mut buffer) else {
        panic!("no PUBLISH");
    };
    assert_eq!(publish.payload.as_ptr() as usize, start + 6);
}
