//! A packet that cannot be written leaves the buffer as it was.

use super::{
    Carrier, Outgoing, Properties, Property, PropertyId, Publish, Qos, ReasonCode, TopicFilter, V5,
    V31, V311, ack, bytes, codec, filter, id, publish, user,
};
use crate::protocol::codec::EncodeError;
use crate::protocol::{Disconnect, ProtocolVersion, Subscribe, Unsubscribe};

/// Longer together than a packet can be. They share their bytes.
fn too_many_properties(carrier: Carrier) -> Properties {
    let long = user(&"k".repeat(65_535), "");
    let list: Vec<Property> = std::iter::repeat_n(long, 4097).collect();
    Properties::checked(carrier, list).unwrap()
}

#[track_caller]
fn assert_too_long(version: ProtocolVersion, packet: &Outgoing, name: &str) {
    let mut out = bytes("c000");
    let Err(EncodeError::TooLong { packet, length }) = codec(version).encode(packet, &mut out)
    else {
        panic!("{name} was written");
    };
    assert_eq!(packet, name);
    assert!(length > 268_435_455);
    assert_eq!(out, bytes("c000"), "{name} left bytes behind");
}

#[test]
fn subscribe_with_too_many_filters() {
    let long = filter(&"f".repeat(65_535), Qos::AtMostOnce);
    let filters = vec![long; 4097];
    let subscribe =
        Outgoing::Subscribe(Subscribe { packet_id: id(1), filters, properties: Properties::new() });
    for version in [V31, V311, V5] {
        assert_too_long(version, &subscribe, "SUBSCRIBE");
    }
}

#[test]
fn every_packet_with_too_many_properties() {
    let carried = |carrier| ack(1, 0, too_many_properties(carrier));
    let unsubscribe = Unsubscribe {
        packet_id: id(1),
        filter: TopicFilter::new("f").unwrap(),
        properties: too_many_properties(Carrier::Unsubscribe),
    };
    let disconnect = Disconnect {
        reason: ReasonCode::SUCCESS,
        properties: too_many_properties(Carrier::Disconnect),
    };
    assert_too_long(V5, &Outgoing::PubAck(carried(Carrier::PubAck)), "PUBACK");
    assert_too_long(V5, &Outgoing::PubRec(carried(Carrier::PubRec)), "PUBREC");
    assert_too_long(V5, &Outgoing::PubRel(carried(Carrier::PubRel)), "PUBREL");
    assert_too_long(V5, &Outgoing::PubComp(carried(Carrier::PubComp)), "PUBCOMP");
    assert_too_long(V5, &Outgoing::Unsubscribe(unsubscribe), "UNSUBSCRIBE");
    assert_too_long(V5, &Outgoing::Disconnect(disconnect), "DISCONNECT");
}

#[test]
fn publish_with_a_payload_one_byte_too_long() {
    for (version, overhead) in [(V31, 3), (V311, 3), (V5, 4)] {
        let most = 268_435_455 - overhead;
        let mut out = bytes("c000");
        let error = EncodeError::TooLong { packet: "PUBLISH", length: 268_435_456 };
        let packet = publish("a", b"");
        assert_eq!(codec(version).encode_publish(&packet, most + 1, &mut out), Err(error));
        assert_eq!(out, bytes("c000"));
        codec(version).encode_publish(&packet, most, &mut out).unwrap();
        assert!(out.starts_with(&bytes("c000 30 ffffff7f 000161")));
    }
}

#[test]
fn publish_with_a_payload_of_any_claimed_length() {
    let packet = Publish { qos: Qos::AtLeastOnce, packet_id: Some(id(1)), ..publish("a", b"") };
    let mut out = bytes("c000");
    assert!(codec(V5).encode_publish(&packet, usize::MAX, &mut out).is_err());
    assert_eq!(out, bytes("c000"));
}

#[test]
fn properties_that_cannot_be_sent_are_never_made() {
    let too_long = super::binary(PropertyId::CorrelationData, &vec![0; 65_536]);
    assert!(Properties::checked(Carrier::Publish, vec![too_long]).is_err());
    let wrong_type = super::byte(PropertyId::ReceiveMaximum, 1);
    assert!(Properties::checked(Carrier::Connect, vec![wrong_type]).is_err());
    let too_large = super::variable(PropertyId::SubscriptionIdentifier, 268_435_456);
    assert!(Properties::checked(Carrier::Subscribe, vec![too_large]).is_err());
    let identifier = super::variable(PropertyId::SubscriptionIdentifier, 1);
    let twice = vec![identifier.clone(), identifier];
    assert!(Properties::checked(Carrier::Subscribe, twice.clone()).is_err());
    assert!(Properties::checked(Carrier::Publish, twice).is_ok());
}
