//! MQTT 3.1 and 3.1.1, both directions, byte for byte (OASIS MQTT 3.1.1, sections 3.2 to 3.14).

use super::{
    Ack, Incoming, Outgoing, Properties, Publish, Qos, ReasonCode, TopicFilter, V31, V311, ack,
    bytes, decode, encode, encode_publish, filter, id, publish, user,
};
use crate::protocol::property::Carrier;
use crate::protocol::{
    ConnAck, Disconnect, SubAck, Subscribe, UnsubAck, Unsubscribe, reason::connack_text,
};

#[track_caller]
fn assert_reads(hex: &str, packet: &Incoming) {
    for version in [V31, V311] {
        assert_eq!(decode(version, hex).as_ref(), Ok(packet));
    }
}

#[track_caller]
fn assert_writes(packet: &Outgoing, hex: &str) {
    for version in [V31, V311] {
        assert_eq!(encode(version, packet), bytes(hex));
    }
}

#[track_caller]
fn assert_publish(publish: &Publish, hex: &str) {
    for version in [V31, V311] {
        assert_eq!(decode(version, hex), Ok(Incoming::Publish(publish.clone())));
        assert_eq!(encode_publish(version, publish), bytes(hex));
    }
}

fn connack(code: u8) -> ConnAck {
    ConnAck { session_present: false, code, properties: Properties::new() }
}

#[test]
fn connack_accepts_with_and_without_a_session() {
    assert_reads("2002 0000", &Incoming::ConnAck(connack(0)));
    assert_reads("2002 0100", &Incoming::ConnAck(ConnAck { session_present: true, ..connack(0) }));
}

#[test]
fn connack_refuses_with_every_code_even_one_that_has_no_name() {
    for (hex, code, name) in [
        ("2002 0001", 1, "unacceptable protocol version"),
        ("2002 0002", 2, "identifier rejected"),
        ("2002 0003", 3, "broker unavailable"),
        ("2002 0004", 4, "bad user name or password"),
        ("2002 0005", 5, "not authorised"),
        ("2002 0006", 6, "unknown reason"),
        ("2002 00ff", 255, "unknown reason"),
    ] {
        assert_reads(hex, &Incoming::ConnAck(connack(code)));
        assert_eq!(connack_text(V311, code), name);
    }
}

#[test]
fn publish_without_acknowledgement_has_no_packet_identifier() {
    assert_publish(&publish("a/b", b"hi"), "3007 0003612f62 6869");
    assert_publish(&publish("a", b""), "3003 000161");
}

#[test]
fn publish_has_its_flags() {
    let retained = Publish { retain: true, ..publish("a", b"x") };
    assert_publish(&retained, "3104 000161 78");
    let at_least_once =
        Publish { qos: Qos::AtLeastOnce, packet_id: Some(id(10)), ..publish("a/b", b"x") };
    assert_publish(&at_least_once, "3208 0003612f62 000a 78");
    let exactly_once = Publish { qos: Qos::ExactlyOnce, ..at_least_once };
    assert_publish(&exactly_once, "3408 0003612f62 000a 78");
    assert_publish(&Publish { dup: true, retain: true, ..exactly_once }, "3d08 0003612f62 000a 78");
}

#[test]
fn a_length_of_two_bytes_follows_the_first() {
    let packet = publish("a", &[b'x'; 125]);
    let hex = format!("308001 000161 {}", "78".repeat(125));
    assert_publish(&packet, &hex);
}

#[test]
fn acknowledgements_are_read() {
    assert_reads("4002 1234", &Incoming::PubAck(ack(0x1234, 0, Properties::new())));
    assert_reads("5002 0001", &Incoming::PubRec(ack(1, 0, Properties::new())));
    assert_reads("6202 ffff", &Incoming::PubRel(ack(65_535, 0, Properties::new())));
    assert_reads("7002 0001", &Incoming::PubComp(ack(1, 0, Properties::new())));
}

#[test]
fn acknowledgements_are_written_without_what_only_mqtt_5_has() {
    let properties = super::properties(Carrier::PubAck, [user("k", "v")]);
    let ack = || ack(0x1234, 0x87, properties.clone());
    assert_writes(&Outgoing::PubAck(ack()), "4002 1234");
    assert_writes(&Outgoing::PubRec(ack()), "5002 1234");
    assert_writes(&Outgoing::PubRel(ack()), "6202 1234");
    assert_writes(&Outgoing::PubComp(ack()), "7002 1234");
    assert_writes(&Outgoing::PubAck(Ack::success(id(1))), "4002 0001");
}

// Figure 3-23.
#[test]
fn subscribe_has_every_filter_in_order() {
    let subscribe = |packet_id, filters| {
        Outgoing::Subscribe(Subscribe { packet_id, filters, properties: Properties::new() })
    };
    let two = vec![filter("a/b", Qos::AtLeastOnce), filter("c/d", Qos::ExactlyOnce)];
    assert_writes(&subscribe(id(10), two), "820e 000a 0003612f62 01 0003632f64 02");
    let one = vec![filter("x", Qos::AtMostOnce)];
    assert_writes(&subscribe(id(1), one), "8206 0001 000178 00");
    let twice = vec![filter("x", Qos::AtMostOnce), filter("x", Qos::AtLeastOnce)];
    assert_writes(&subscribe(id(1), twice), "820a 0001 000178 00 000178 01");
}

// Figure 3-26.
#[test]
fn suback_has_a_code_for_each_filter() {
    let suback = SubAck {
        packet_id: id(10),
        reasons: vec![ReasonCode(0), ReasonCode(1), ReasonCode(2), ReasonCode::UNSPECIFIED_ERROR],
        properties: Properties::new(),
    };
    assert_reads("9006 000a 00 01 02 80", &Incoming::SubAck(suback));
}

#[test]
fn unsubscribe_and_its_answer() {
    let unsubscribe = Unsubscribe {
        packet_id: id(2),
        filter: TopicFilter::new("c").unwrap(),
        properties: Properties::new(),
    };
    assert_writes(&Outgoing::Unsubscribe(unsubscribe), "a205 0002 000163");
    let unsuback =
        UnsubAck { packet_id: id(2), reasons: Vec::new(), properties: Properties::new() };
    assert_reads("b002 0002", &Incoming::UnsubAck(unsuback));
}

#[test]
fn ping_and_disconnect_are_two_bytes() {
    assert_writes(&Outgoing::PingReq, "c000");
    assert_reads("d000", &Incoming::PingResp);
    assert_writes(&Outgoing::Disconnect(Disconnect::new(ReasonCode::SUCCESS)), "e000");
    assert_writes(&Outgoing::Disconnect(Disconnect::new(ReasonCode(4))), "e000");
}
