//! rumqttc as an independent second opinion, where docs/design.md found it right: what we write it
//! reads, and what it writes we read.

use crate::protocol::{RetainHandling, SubscribeFilter, SubscribeOptions};
use bytes::{Bytes, BytesMut};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use rumqttc::mqttbytes::v4 as their_3;
use rumqttc::v5::mqttbytes::{self as their_bytes_5, v5 as their_5};

use super::{
    Ack, Carrier, Codec, Incoming, Outgoing, Properties, Property, PropertyId as P,
    ProtocolVersion, Publish, Qos, ReasonCode, TopicFilter, V5, V31, V311, Value, ack, codec,
    encode, encode_publish, filter, id, publish, string, text, topic, two_byte, user, variable,
};
use crate::protocol::{
    ConnAck, Connect, MAX_REMAINING_LENGTH, SubAck, Subscribe, UnsubAck, Unsubscribe, Will,
};
use crate::secret::Secret;

fn word() -> impl Strategy<Value = String> {
    "[a-z äπ🦀]{0,12}"
}

fn nonempty_word() -> impl Strategy<Value = String> {
    "[a-z äπ🦀]{1,12}"
}

fn topic_name() -> impl Strategy<Value = String> {
    "[a-z0-9 äπ/$]{1,20}"
}

fn pairs() -> impl Strategy<Value = Vec<(String, String)>> {
    vec((word(), word()), 0..4)
}

fn payload() -> impl Strategy<Value = Bytes> {
    vec(any::<u8>(), 0..300).prop_map(Bytes::from)
}

fn qos() -> impl Strategy<Value = Qos> {
    prop_oneof![Just(Qos::AtMostOnce), Just(Qos::AtLeastOnce), Just(Qos::ExactlyOnce)]
}

fn message() -> impl Strategy<Value = Publish> {
    (any::<bool>(), qos(), any::<bool>(), topic_name(), 1..=u16::MAX, payload()).prop_map(
        |(dup, qos, retain, name, number, payload)| Publish {
            dup,
            qos,
            retain,
            packet_id: (qos != Qos::AtMostOnce).then(|| id(number)),
            payload,
            ..publish(&name, b"")
        },
    )
}

fn users(pairs: &[(String, String)]) -> Vec<Property> {
    pairs.iter().map(|(key, value)| user(key, value)).collect()
}

fn qos_3(qos: Qos) -> rumqttc::QoS {
    rumqttc::qos(qos.level()).unwrap()
}

fn qos_5(qos: Qos) -> their_bytes_5::QoS {
    their_bytes_5::qos(qos.level()).unwrap()
}

fn number(publish: &Publish) -> u16 {
    publish.packet_id.map_or(0, super::PacketId::number)
}

fn they_read_3(mut bytes: BytesMut) -> their_3::Packet {
    let packet = their_3::Packet::read(&mut bytes, MAX_REMAINING_LENGTH).unwrap();
    assert!(bytes.is_empty(), "rumqttc left bytes over");
    packet
}

fn they_read_5(mut bytes: BytesMut) -> their_5::Packet {
    let packet = their_5::Packet::read(&mut bytes, None).unwrap();
    assert!(bytes.is_empty(), "rumqttc left bytes over");
    packet
}

fn they_write_3(packet: &their_3::Packet) -> BytesMut {
    let mut out = BytesMut::new();
    packet.write(&mut out, MAX_REMAINING_LENGTH).unwrap();
    out
}

fn they_write_5(packet: &their_5::Packet) -> BytesMut {
    let mut out = BytesMut::new();
    packet.write(&mut out, None).unwrap();
    out
}

fn we_read(version: ProtocolVersion, mut bytes: BytesMut) -> Incoming {
    let packet = codec(version).decode(&mut bytes).unwrap().expect("a whole packet");
    assert!(bytes.is_empty(), "we left bytes over");
    packet
}

proptest! {
    #[test]
    fn publish_of_mqtt_3(ours in message()) {
        let theirs = their_3::Packet::Publish(their_3::Publish {
            dup: ours.dup,
            qos: qos_3(ours.qos),
            retain: ours.retain,
            topic: ours.topic.clone().unwrap().to_string(),
            pkid: number(&ours),
            payload: ours.payload.clone(),
        });
        for version in [V31, V311] {
            prop_assert_eq!(they_read_3(encode_publish(version, &ours)), theirs.clone());
            let read = we_read(version, they_write_3(&theirs));
            prop_assert_eq!(read, Incoming::Publish(ours.clone()));
        }
    }

    #[test]
    fn acknowledgements_of_mqtt_3(number in 1..=u16::MAX) {
        use their_3::{Packet as T, PubAck, PubComp, PubRec, PubRel};
        let ack = || Ack::success(id(number));
        let table: [(Outgoing, Incoming, T); 4] = [
            (Outgoing::PubAck(ack()), Incoming::PubAck(ack()), T::PubAck(PubAck::new(number))),
            (Outgoing::PubRec(ack()), Incoming::PubRec(ack()), T::PubRec(PubRec::new(number))),
            (Outgoing::PubRel(ack()), Incoming::PubRel(ack()), T::PubRel(PubRel::new(number))),
            (Outgoing::PubComp(ack()), Incoming::PubComp(ack()), T::PubComp(PubComp::new(number))),
        ];
        for (outgoing, incoming, theirs) in table {
            prop_assert_eq!(&they_read_3(encode(V311, &outgoing)), &theirs);
            prop_assert_eq!(we_read(V311, they_write_3(&theirs)), incoming);
        }
    }

    #[test]
    fn subscribe_of_mqtt_3(
        number in 1..=u16::MAX,
        filters in vec((topic_name(), qos()), 1..5),
    ) {
        let mut theirs = their_3::Subscribe::new_many(
            filters.iter().map(|(name, qos)| {
                their_3::SubscribeFilter::new(name.clone(), qos_3(*qos))
            }),
        );
        theirs.pkid = number;
        let ours = Outgoing::Subscribe(Subscribe {
            packet_id: id(number),
            filters: filters.iter().map(|(name, qos)| filter(name, *qos)).collect(),
            properties: Properties::new(),
        });
        prop_assert_eq!(they_read_3(encode(V311, &ours)), their_3::Packet::Subscribe(theirs));
    }

    #[test]
    fn suback_of_mqtt_3(number in 1..=u16::MAX, granted in vec(option::of(qos()), 1..5)) {
        let code = |qos: &Option<Qos>| qos.map_or(their_3::SubscribeReasonCode::Failure, |qos| {
            their_3::SubscribeReasonCode::Success(qos_3(qos))
        });
        let theirs = their_3::SubAck::new(number, granted.iter().map(code).collect());
        let reasons = granted.iter().map(|qos| ReasonCode(qos.map_or(0x80, Qos::level)));
        let ours = SubAck {
            packet_id: id(number),
            reasons: reasons.collect(),
            properties: Properties::new(),
        };
        let read = we_read(V311, they_write_3(&their_3::Packet::SubAck(theirs)));
        prop_assert_eq!(read, Incoming::SubAck(ours));
    }

    #[test]
    fn connect_of_mqtt_3(
        clean_start: bool,
        keep_alive: u16,
        client_id in word(),
        will in option::of((topic_name(), payload(), qos(), any::<bool>())),
        login in option::of((nonempty_word(), nonempty_word())),
    ) {
        let theirs = their_3::Connect {
            protocol: rumqttc::Protocol::V4,
            keep_alive,
            client_id: client_id.clone(),
            clean_session: clean_start,
            last_will: will.clone().map(|(topic, payload, qos, retain)| {
                their_3::LastWill::new(topic, payload, qos_3(qos), retain)
            }),
            login: login.clone().map(|(name, password)| their_3::Login::new(name, password)),
        };
        let ours = Connect {
            version: V311,
            clean_start,
            keep_alive,
            client_id: text(&client_id),
            will: will.map(|(name, payload, qos, retain)| Will {
                topic: topic(&name), payload, qos, retain, properties: Properties::new(),
            }),
            username: login.as_ref().map(|(name, _)| text(name)),
            password: login.map(|(_, password)| Secret::new(password.into())),
            properties: Properties::new(),
        };
        let mut out = BytesMut::new();
        Codec::encode_connect(&ours, &mut out).unwrap();
        prop_assert_eq!(&out, &they_write_3(&their_3::Packet::Connect(theirs.clone())));
        prop_assert_eq!(they_read_3(out), their_3::Packet::Connect(theirs));
    }

    #[test]
    fn publish_of_mqtt_5(
        message in message(),
        (format, expiry, alias) in
            (option::of(0..=1u8), option::of(any::<u32>()), option::of(1..=u16::MAX)),
        (response, correlation) in (option::of(topic_name()), option::of(payload())),
        user_properties in pairs(),
        content_type in option::of(word()),
        // More than one, or one that is not the last property, rumqttc reads wrongly.
        subscription in option::of(1..268_435_456u32),
    ) {
        let mut list = Vec::new();
        list.extend(format.map(|number| super::byte(P::PayloadFormatIndicator, number)));
        list.extend(expiry.map(|number| super::four_byte(P::MessageExpiryInterval, number)));
        list.extend(alias.map(|number| two_byte(P::TopicAlias, number)));
        list.extend(response.as_ref().map(|topic| string(P::ResponseTopic, topic)));
        list.extend(correlation.as_ref().map(|data| super::binary(P::CorrelationData, data)));
        list.extend(users(&user_properties));
        let content_type = content_type.filter(|_| subscription.is_none());
        list.extend(subscription.map(|number| variable(P::SubscriptionIdentifier, number)));
        list.extend(content_type.as_ref().map(|name| string(P::ContentType, name)));
        let theirs = their_5::PublishProperties {
            payload_format_indicator: format,
            message_expiry_interval: expiry,
            topic_alias: alias,
            response_topic: response,
            correlation_data: correlation,
            user_properties,
            subscription_identifiers:
                subscription.iter().map(|&id| usize::try_from(id).unwrap()).collect(),
            content_type,
        };
        let theirs = their_5::Packet::Publish(their_5::Publish {
            dup: message.dup,
            qos: qos_5(message.qos),
            retain: message.retain,
            topic: Bytes::copy_from_slice(message.topic.clone().unwrap().as_str().as_bytes()),
            pkid: number(&message),
            payload: message.payload.clone(),
            properties: (!list.is_empty()).then_some(theirs),
        });
        let properties = Properties::checked(Carrier::Publish, list).unwrap();
        let ours = Publish { properties, ..message };
        let written = encode_publish(V5, &ours);
        prop_assert_eq!(&written, &they_write_5(&theirs));
        prop_assert_eq!(they_read_5(written), theirs.clone());
        prop_assert_eq!(we_read(V5, they_write_5(&theirs)), Incoming::Publish(ours));
    }

    #[test]
    fn subscribe_and_unsubscribe_of_mqtt_5(
        number in 1..=u16::MAX,
        filters in vec((topic_name(), qos(), any::<bool>(), 0..3u8), 1..5),
        identifier in option::of(1..268_435_456u32),
        user_properties in pairs(),
    ) {
        use their_5::RetainForwardRule as Rule;
        let theirs = filters.iter().map(|(path, qos, preserve_retain, rule)| {
            their_5::Filter {
                path: path.clone(),
                qos: qos_5(*qos),
                nolocal: false,
                preserve_retain: *preserve_retain,
                retain_forward_rule:
                    [Rule::OnEverySubscribe, Rule::OnNewSubscribe, Rule::Never]
                        [usize::from(*rule)].clone(),
            }
        });
        let ours = filters.iter().map(|(path, qos, retain_as_published, rule)| {
            let retain_handling =
                [RetainHandling::Always, RetainHandling::New, RetainHandling::Never]
                    [usize::from(*rule)];
            let retain_as_published = *retain_as_published;
            let options = SubscribeOptions { retain_as_published, retain_handling };
            SubscribeFilter { options, ..filter(path, *qos) }
        });
        let mut list: Vec<_> =
            identifier.map(|number| variable(P::SubscriptionIdentifier, number)).into_iter().collect();
        list.extend(users(&user_properties));
        let mut packet = their_5::Subscribe::new_many(
            theirs,
            (!list.is_empty()).then(|| their_5::SubscribeProperties {
                id: identifier.map(|id| usize::try_from(id).unwrap()),
                user_properties: user_properties.clone(),
            }),
        );
        packet.pkid = number;
        let subscribe = Outgoing::Subscribe(Subscribe {
            packet_id: id(number),
            filters: ours.collect(),
            properties: Properties::checked(Carrier::Subscribe, list).unwrap(),
        });
        prop_assert_eq!(they_read_5(encode(V5, &subscribe)), their_5::Packet::Subscribe(packet));

        let path = &filters[0].0;
        let unsubscribe = Outgoing::Unsubscribe(Unsubscribe {
            packet_id: id(number),
            filter: TopicFilter::new(path.clone()).unwrap(),
            properties:
                Properties::checked(Carrier::Unsubscribe, users(&user_properties)).unwrap(),
        });
        let theirs = their_5::Packet::Unsubscribe(their_5::Unsubscribe {
            pkid: number,
            filters: vec![path.clone()],
            properties: (!user_properties.is_empty())
                .then_some(their_5::UnsubscribeProperties { user_properties }),
        });
        prop_assert_eq!(they_read_5(encode(V5, &unsubscribe)), theirs);
    }

    #[test]
    fn connack_of_mqtt_5(
        session_present: bool,
        (expiry, receive_max, max_qos) in
            (option::of(any::<u32>()), option::of(1..=u16::MAX), option::of(0..=1u8)),
        (assigned, reference) in (option::of(word()), option::of(word())),
        (alias_max, keep_alive) in (option::of(any::<u16>()), option::of(any::<u16>())),
        data in option::of(payload()),
        user_properties in pairs(),
    ) {
        let theirs = their_5::Packet::ConnAck(their_5::ConnAck {
            session_present,
            code: their_5::ConnectReturnCode::NotAuthorized,
            properties: Some(their_5::ConnAckProperties {
                session_expiry_interval: expiry,
                receive_max,
                max_qos,
                retain_available: Some(1),
                max_packet_size: Some(9),
                assigned_client_identifier: assigned.clone(),
                topic_alias_max: alias_max,
                reason_string: None,
                user_properties: user_properties.clone(),
                wildcard_subscription_available: Some(1),
                subscription_identifiers_available: Some(0),
                shared_subscription_available: None,
                server_keep_alive: keep_alive,
                response_information: None,
                server_reference: reference.clone(),
                authentication_method: None,
                authentication_data: data.clone(),
            }),
        });
        let Incoming::ConnAck(ConnAck { session_present: present, code, properties }) =
            we_read(V5, they_write_5(&theirs)) else { panic!("no CONNACK") };
        prop_assert_eq!((present, code), (session_present, 0x87));
        prop_assert_eq!(properties.number(P::SessionExpiryInterval), expiry);
        prop_assert_eq!(properties.number(P::ReceiveMaximum), receive_max.map(u32::from));
        prop_assert_eq!(properties.number(P::MaximumQos), max_qos.map(u32::from));
        prop_assert_eq!(properties.number(P::MaximumPacketSize), Some(9));
        prop_assert_eq!(properties.number(P::TopicAliasMaximum), alias_max.map(u32::from));
        prop_assert_eq!(properties.number(P::ServerKeepAlive), keep_alive.map(u32::from));
        let text = |id| properties.text(id).map(|text| text.to_string());
        prop_assert_eq!(text(P::AssignedClientIdentifier), assigned);
        prop_assert_eq!(text(P::ServerReference), reference);
        let expected = data.map(Value::Binary);
        prop_assert_eq!(properties.value(P::AuthenticationData), expected);
        let pairs: Vec<_> =
            properties.iter().filter(|property| property.id == P::UserProperty).collect();
        prop_assert_eq!(pairs, users(&user_properties));
    }

    #[test]
    fn connect_of_mqtt_5(
        clean_start: bool,
        keep_alive: u16,
        client_id in word(),
        expiry in option::of(any::<u32>()),
        receive_maximum in 1..=u16::MAX,
        will in option::of((topic_name(), payload(), qos(), any::<bool>(), any::<u32>())),
        login in option::of((nonempty_word(), nonempty_word())),
        user_properties in pairs(),
    ) {
        let mut list: Vec<_> =
            expiry.map(|number| super::four_byte(P::SessionExpiryInterval, number)).into_iter().collect();
        list.push(two_byte(P::ReceiveMaximum, receive_maximum));
        list.extend(users(&user_properties));
        let delay = |number| super::properties(
            Carrier::Will, [super::four_byte(P::WillDelayInterval, number)],
        );
        let ours = Connect {
            version: V5,
            clean_start,
            keep_alive,
            client_id: text(&client_id),
            will: will.clone().map(|(name, payload, qos, retain, number)| Will {
                topic: topic(&name), payload, qos, retain, properties: delay(number),
            }),
            username: login.as_ref().map(|(name, _)| text(name)),
            password: login.clone().map(|(_, password)| Secret::new(password.into())),
            properties: Properties::checked(Carrier::Connect, list).unwrap(),
        };
        let mut out = BytesMut::new();
        Codec::encode_connect(&ours, &mut out).unwrap();
        let their_5::Packet::Connect(connect, their_will, their_login) = they_read_5(out) else {
            panic!("no CONNECT");
        };
        prop_assert_eq!(
            (connect.clean_start, connect.keep_alive, connect.client_id),
            (clean_start, keep_alive, client_id)
        );
        let properties = connect.properties.unwrap();
        prop_assert_eq!(properties.session_expiry_interval, expiry);
        prop_assert_eq!(properties.receive_maximum, Some(receive_maximum));
        prop_assert_eq!(properties.user_properties, user_properties);
        let read = their_will.map(|will| {
            let delay = will.properties.unwrap().delay_interval.unwrap();
            let topic = String::from_utf8(will.topic.to_vec()).unwrap();
            (topic, will.message, will.qos, will.retain, delay)
        });
        prop_assert_eq!(
            read,
            will.map(|(name, payload, qos, retain, delay)| {
                (name, payload, qos_5(qos), retain, delay)
            })
        );
        prop_assert_eq!(their_login.map(|login| (login.username, login.password)), login);
    }
}

/// One kind of acknowledgement both ways: with success or a reason, with and without properties.
macro_rules! acknowledgement_of_mqtt_5 {
    ($test:ident, $packet:ident, $reason:ident, $failure:ident = $code:literal, $properties:ident) => {
        proptest! {
            #[test]
            fn $test(
                number in 1..=u16::MAX,
                failed: bool,
                reason_string in option::of(word()),
                user_properties in pairs(),
            ) {
                let mut list = Vec::new();
                list.extend(reason_string.as_ref().map(|text| string(P::ReasonString, text)));
                list.extend(users(&user_properties));
                let theirs = their_5::Packet::$packet(their_5::$packet {
                    pkid: number,
                    reason: if failed {
                        their_5::$reason::$failure
                    } else {
                        their_5::$reason::Success
                    },
                    properties: (!list.is_empty())
                        .then_some(their_5::$properties { reason_string, user_properties }),
                });
                let properties = Properties::checked(Carrier::$packet, list).unwrap();
                let ours = ack(number, if failed { $code } else { 0 }, properties);
                let written = encode(V5, &Outgoing::$packet(ours.clone()));
                prop_assert_eq!(&they_read_5(written), &theirs);
                prop_assert_eq!(we_read(V5, they_write_5(&theirs)), Incoming::$packet(ours));
            }
        }
    };
}

acknowledgement_of_mqtt_5!(
    puback_of_mqtt_5,
    PubAck,
    PubAckReason,
    NotAuthorized = 0x87,
    PubAckProperties
);
acknowledgement_of_mqtt_5!(
    pubrec_of_mqtt_5,
    PubRec,
    PubRecReason,
    QuotaExceeded = 0x97,
    PubRecProperties
);
acknowledgement_of_mqtt_5!(
    pubrel_of_mqtt_5,
    PubRel,
    PubRelReason,
    PacketIdentifierNotFound = 0x92,
    PubRelProperties
);
acknowledgement_of_mqtt_5!(
    pubcomp_of_mqtt_5,
    PubComp,
    PubCompReason,
    PacketIdentifierNotFound = 0x92,
    PubCompProperties
);

proptest! {
    #[test]
    fn suback_and_unsuback_of_mqtt_5(
        number in 1..=u16::MAX,
        reason_string in option::of(word()),
        user_properties in pairs(),
    ) {
        use their_5::{SubscribeReasonCode as S, UnsubAckReason as U};
        let mut list = Vec::new();
        list.extend(reason_string.as_ref().map(|text| string(P::ReasonString, text)));
        list.extend(users(&user_properties));
        let reasons = |codes: &[u8]| codes.iter().copied().map(ReasonCode).collect::<Vec<_>>();

        let theirs = their_5::Packet::SubAck(their_5::SubAck {
            pkid: number,
            return_codes: vec![
                S::Success(their_bytes_5::QoS::ExactlyOnce),
                S::NotAuthorized,
                S::WildcardSubscriptionsNotSupported,
            ],
            properties: Some(their_5::SubAckProperties {
                reason_string: reason_string.clone(),
                user_properties: user_properties.clone(),
            }),
        });
        let ours = SubAck {
            packet_id: id(number),
            reasons: reasons(&[0x02, 0x87, 0xa2]),
            properties: Properties::checked(Carrier::SubAck, list.clone()).unwrap(),
        };
        prop_assert_eq!(we_read(V5, they_write_5(&theirs)), Incoming::SubAck(ours));

        let theirs = their_5::Packet::UnsubAck(their_5::UnsubAck {
            pkid: number,
            reasons: vec![U::Success, U::NoSubscriptionExisted, U::PacketIdentifierInUse],
            properties: Some(their_5::UnsubAckProperties { reason_string, user_properties }),
        });
        let ours = UnsubAck {
            packet_id: id(number),
            reasons: reasons(&[0x00, 0x11, 0x91]),
            properties: Properties::checked(Carrier::UnsubAck, list).unwrap(),
        };
        prop_assert_eq!(we_read(V5, they_write_5(&theirs)), Incoming::UnsubAck(ours));
    }
}

#[test]
fn ping() {
    assert_eq!(they_read_3(encode(V311, &Outgoing::PingReq)), their_3::Packet::PingReq);
    assert_eq!(
        they_read_5(encode(V5, &Outgoing::PingReq)),
        their_5::Packet::PingReq(their_5::PingReq)
    );
    assert_eq!(we_read(V311, they_write_3(&their_3::Packet::PingResp)), Incoming::PingResp);
    let theirs = their_5::Packet::PingResp(their_5::PingResp);
    assert_eq!(we_read(V5, they_write_5(&theirs)), Incoming::PingResp);
}
