//! MQTT 5, both directions, byte for byte (OASIS MQTT 5, sections 3.2 to 3.15).

use super::{
    Ack, Carrier, Incoming, Outgoing, Properties, PropertyId as P, Publish, Qos, ReasonCode,
    TopicFilter, V5, ack, binary, byte, bytes, decode, encode, encode_publish, filter, four_byte,
    id, properties, publish, string, text, topic, two_byte, user, variable,
};
use crate::protocol::codec::DecodeError;
use crate::protocol::{Auth, ConnAck, Disconnect, SubAck, Subscribe, UnsubAck, Unsubscribe};
use crate::protocol::{RetainHandling, SubscribeFilter, SubscribeOptions};

#[track_caller]
fn assert_reads(hex: &str, packet: Incoming) {
    assert_eq!(decode(V5, hex), Ok(packet));
}

#[track_caller]
fn assert_writes(packet: &Outgoing, hex: &str) {
    assert_eq!(encode(V5, packet), bytes(hex));
}

#[track_caller]
fn assert_publish(publish: &Publish, hex: &str) {
    assert_reads(hex, Incoming::Publish(publish.clone()));
    assert_eq!(encode_publish(V5, publish), bytes(hex));
}

#[test]
fn connack_is_read_with_and_without_properties() {
    let connack = |session_present, code, properties| {
        Incoming::ConnAck(ConnAck { session_present, code, properties })
    };
    assert_reads("2003 00 00 00", connack(false, 0, Properties::new()));
    assert_reads("2003 01 00 00", connack(true, 0, Properties::new()));
    assert_reads("2003 00 87 00", connack(false, 0x87, Properties::new()));
    assert_reads(
        "2012 00 8a 0f 1f 0003 6e6f21 26 0001 6b 0003 763d31",
        connack(
            false,
            0x8a,
            properties(Carrier::ConnAck, [string(P::ReasonString, "no!"), user("k", "v=1")]),
        ),
    );
}

#[test]
fn connack_may_carry_each_of_its_properties() {
    let list = properties(
        Carrier::ConnAck,
        [
            four_byte(P::SessionExpiryInterval, 60),
            two_byte(P::ReceiveMaximum, 10),
            byte(P::MaximumQos, 1),
            byte(P::RetainAvailable, 0),
            four_byte(P::MaximumPacketSize, 1024),
            string(P::AssignedClientIdentifier, "id"),
            two_byte(P::TopicAliasMaximum, 10),
            byte(P::WildcardSubscriptionAvailable, 0),
            byte(P::SubscriptionIdentifierAvailable, 1),
            byte(P::SharedSubscriptionAvailable, 1),
            two_byte(P::ServerKeepAlive, 300),
            string(P::ResponseInformation, "r"),
            string(P::ServerReference, "s"),
            string(P::AuthenticationMethod, "m"),
            binary(P::AuthenticationData, &[0, 255]),
        ],
    );
    assert_reads(
        "2036 00 00 33 110000003c 21000a 2401 2500 2700000400 1200026964 22000a 2800 2901 2a01 \
         13012c 1a000172 1c000173 1500016d 16000200ff",
        Incoming::ConnAck(ConnAck { session_present: false, code: 0, properties: list }),
    );
}

#[test]
fn a_broker_of_mqtt_3_is_recognised() {
    assert_eq!(decode(V5, "2002 0001"), Err(DecodeError::Mqtt3Broker));
}

#[test]
fn publish_without_properties_has_their_length_all_the_same() {
    assert_publish(&publish("a", b"hi"), "3006 000161 00 6869");
    let at_least_once =
        Publish { qos: Qos::AtLeastOnce, packet_id: Some(id(1)), ..publish("a", b"hi") };
    assert_publish(&at_least_once, "3208 000161 0001 00 6869");
    let resent = Publish { qos: Qos::ExactlyOnce, dup: true, retain: true, ..at_least_once };
    assert_publish(&resent, "3d08 000161 0001 00 6869");
}

#[test]
fn publish_keeps_its_properties_in_the_order_of_the_wire() {
    let properties = properties(
        Carrier::Publish,
        [
            user("b", "2"),
            string(P::ContentType, "t"),
            user("a", "1"),
            byte(P::PayloadFormatIndicator, 1),
            user("b", "2"),
            binary(P::CorrelationData, &[0]),
            string(P::ResponseTopic, "r"),
            four_byte(P::MessageExpiryInterval, 9),
        ],
    );
    assert_publish(
        &Publish { properties, ..publish("a", b"x") },
        "302d 000161 28 26000162000132 03000174 26000161000131 0101 26000162000132 09000100 \
         08000172 0200000009 78",
    );
}

#[test]
fn publish_may_have_many_subscription_identifiers() {
    let identifiers = properties(
        Carrier::Publish,
        [
            variable(P::SubscriptionIdentifier, 1),
            variable(P::SubscriptionIdentifier, 128),
            variable(P::SubscriptionIdentifier, 268_435_455),
            string(P::ContentType, "t"),
        ],
    );
    assert_publish(
        &Publish { properties: identifiers, ..publish("a", b"xyz") },
        "3015 000161 0e 0b01 0b8001 0bffffff7f 03000174 78797a",
    );
}

#[test]
fn publish_may_name_its_topic_by_an_alias_alone() {
    let alias = properties(Carrier::Publish, [two_byte(P::TopicAlias, 7)]);
    let bare = Publish { topic: None, properties: alias, ..publish("a", b"x") };
    assert_publish(&bare, "3007 0000 03 230007 78");
    assert_publish(&Publish { topic: Some(topic("a")), ..bare }, "3008 000161 03 230007 78");
}

type Wrap<T> = fn(Ack) -> T;

/// Each with a reason code that it may have.
const INCOMING_ACKS: [(&str, Carrier, u8, Wrap<Incoming>); 4] = [
    ("40", Carrier::PubAck, 0x87, Incoming::PubAck),
    ("50", Carrier::PubRec, 0x97, Incoming::PubRec),
    ("62", Carrier::PubRel, 0x92, Incoming::PubRel),
    ("70", Carrier::PubComp, 0x92, Incoming::PubComp),
];

const OUTGOING_ACKS: [(&str, Carrier, Wrap<Outgoing>); 4] = [
    ("40", Carrier::PubAck, Outgoing::PubAck),
    ("50", Carrier::PubRec, Outgoing::PubRec),
    ("62", Carrier::PubRel, Outgoing::PubRel),
    ("70", Carrier::PubComp, Outgoing::PubComp),
];

#[test]
fn acknowledgements_are_read_in_each_of_their_lengths() {
    for (first, carrier, code, wrap) in INCOMING_ACKS {
        let none = Properties::new;
        assert_reads(&format!("{first}02 1234"), wrap(ack(0x1234, 0, none())));
        assert_reads(&format!("{first}03 1234 {code:02x}"), wrap(ack(0x1234, code, none())));
        assert_reads(&format!("{first}04 1234 {code:02x} 00"), wrap(ack(0x1234, code, none())));
        let explained = properties(carrier, [string(P::ReasonString, "no"), user("k", "v")]);
        assert_reads(
            &format!("{first}10 1234 {code:02x} 0c 1f00026e6f 2600016b000176"),
            wrap(ack(0x1234, code, explained)),
        );
    }
}

#[test]
fn acknowledgements_are_written_as_short_as_can_be() {
    for (first, carrier, wrap) in OUTGOING_ACKS {
        let none = Properties::new;
        assert_writes(&wrap(ack(0x1234, 0, none())), &format!("{first}02 1234"));
        assert_writes(&wrap(ack(0x1234, 0x92, none())), &format!("{first}03 1234 92"));
        let explained = properties(carrier, [user("k", "v")]);
        assert_writes(
            &wrap(ack(0x1234, 0, explained)),
            &format!("{first}0b 1234 00 07 2600016b000176"),
        );
    }
}

#[test]
fn subscribe_has_options_and_properties() {
    let subscribe = |packet_id, filters, properties| {
        Outgoing::Subscribe(Subscribe { packet_id, filters, properties })
    };
    let plain = vec![filter("x", Qos::AtMostOnce)];
    assert_writes(&subscribe(id(1), plain, Properties::new()), "8207 0001 00 000178 00");
    let options = vec![
        filter("a", Qos::ExactlyOnce),
        SubscribeFilter {
            options: SubscribeOptions {
                retain_as_published: true,
                retain_handling: RetainHandling::New,
            },
            ..filter("b", Qos::AtLeastOnce)
        },
        SubscribeFilter {
            options: SubscribeOptions {
                retain_as_published: false,
                retain_handling: RetainHandling::Never,
            },
            ..filter("c", Qos::AtMostOnce)
        },
    ];
    assert_writes(
        &subscribe(id(2), options, Properties::new()),
        "820f 0002 00 000161 02 000162 19 000163 20",
    );
    let list = [variable(P::SubscriptionIdentifier, 300), user("a", "b")];
    assert_writes(
        &subscribe(id(1), vec![filter("a", Qos::AtMostOnce)], properties(Carrier::Subscribe, list)),
        "8211 0001 0a 0bac02 2600016100 0162 000161 00",
    );
}

#[test]
fn suback_and_unsuback_are_read_with_their_reasons() {
    let suback = SubAck {
        packet_id: id(10),
        reasons: vec![ReasonCode(0), ReasonCode(1), ReasonCode(2), ReasonCode(0x8f)],
        properties: properties(Carrier::SubAck, [string(P::ReasonString, "x")]),
    };
    assert_reads("900b 000a 04 1f000178 00 01 02 8f", Incoming::SubAck(suback));
    let unsuback = UnsubAck {
        packet_id: id(10),
        reasons: vec![ReasonCode(0), ReasonCode(0x11)],
        properties: Properties::new(),
    };
    assert_reads("b005 000a 00 00 11", Incoming::UnsubAck(unsuback));
}

#[test]
fn unsubscribe_is_written_with_and_without_properties() {
    let unsubscribe = |properties| {
        Outgoing::Unsubscribe(Unsubscribe {
            packet_id: id(2),
            filter: TopicFilter::new("c").unwrap(),
            properties,
        })
    };
    assert_writes(&unsubscribe(Properties::new()), "a206 0002 00 000163");
    let list = properties(Carrier::Unsubscribe, [user("k", "v")]);
    assert_writes(&unsubscribe(list), "a20d 0002 07 2600016b000176 000163");
}

#[test]
fn ping_is_two_bytes() {
    assert_writes(&Outgoing::PingReq, "c000");
    assert_reads("d000", Incoming::PingResp);
}

// The first three are what brokers in the field send; `e0 01 8b` is Debian's mosquitto.
#[test]
fn disconnect_is_read_in_each_of_its_lengths() {
    let disconnect = |reason, properties| {
        Incoming::Disconnect(Disconnect { reason: ReasonCode(reason), properties })
    };
    assert_reads("e000", disconnect(0, Properties::new()));
    assert_reads("e001 8b", disconnect(0x8b, Properties::new()));
    assert_reads("e002 8e 00", disconnect(0x8e, Properties::new()));
    let moved = [string(P::ServerReference, "b:1"), string(P::ReasonString, "go")];
    assert_reads(
        "e00d 9d 0b 1c0003623a31 1f0002676f",
        disconnect(0x9d, properties(Carrier::Disconnect, moved)),
    );
}

#[test]
fn disconnect_is_written_as_short_as_can_be() {
    let disconnect = |reason, properties| Outgoing::Disconnect(Disconnect { reason, properties });
    assert_writes(&disconnect(ReasonCode::SUCCESS, Properties::new()), "e000");
    assert_writes(&disconnect(ReasonCode::DISCONNECT_WITH_WILL, Properties::new()), "e001 04");
    assert_writes(&disconnect(ReasonCode::PROTOCOL_ERROR, Properties::new()), "e001 82");
    let list = properties(Carrier::Disconnect, [user("a", "b"), string(P::ReasonString, "x")]);
    assert_writes(&disconnect(ReasonCode::SUCCESS, list), "e00d 00 0b 26000161000162 1f000178");
}

#[test]
fn auth_is_read_in_each_of_its_lengths() {
    let auth = |reason, properties| Incoming::Auth(Auth { reason: ReasonCode(reason), properties });
    assert_reads("f000", auth(0, Properties::new()));
    assert_reads("f002 18 00", auth(0x18, Properties::new()));
    let list = [string(P::AuthenticationMethod, "m"), binary(P::AuthenticationData, b"\xff")];
    assert_reads("f00a 18 08 1500016d 160001ff", auth(0x18, properties(Carrier::Auth, list)));
}

#[test]
fn properties_are_found_by_their_names() {
    let list = properties(
        Carrier::Publish,
        [
            variable(P::SubscriptionIdentifier, 5),
            variable(P::SubscriptionIdentifier, 6),
            string(P::ContentType, "t"),
        ],
    );
    assert_eq!(list.number(P::SubscriptionIdentifier), Some(5), "the first one");
    assert_eq!(list.text(P::ContentType), Some(text("t")));
    assert_eq!(list.number(P::ContentType), None);
    assert_eq!(list.text(P::TopicAlias), None);
}
