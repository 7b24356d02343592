//! CONNECT of every version, against what mosquitto's own clients were seen to send.

use bytes::{Bytes, BytesMut};

use super::{
    Carrier, Codec, ProtocolVersion, Qos, V5, V31, V311, bytes, four_byte, properties, text, topic,
    two_byte, user,
};
use crate::protocol::codec::EncodeError;
use crate::protocol::{Connect, Properties, Property, PropertyId, Text, Will};
use crate::secret::Secret;

fn connect(version: ProtocolVersion, client_id: &str) -> Connect {
    Connect {
        version,
        clean_start: true,
        keep_alive: 60,
        client_id: text(client_id),
        will: None,
        username: None,
        password: None,
        properties: Properties::new(),
    }
}

/// With the Receive Maximum that the clients always name, behind `more`.
fn connect_5<const N: usize>(client_id: &str, more: [Property; N]) -> Connect {
    let mut list = Vec::from(more);
    list.push(two_byte(PropertyId::ReceiveMaximum, 20));
    let properties = Properties::checked(Carrier::Connect, list).unwrap();
    Connect { properties, ..connect(V5, client_id) }
}

fn will(name: &str, payload: &'static [u8], qos: Qos) -> Will {
    Will {
        topic: topic(name),
        payload: Bytes::from_static(payload),
        qos,
        retain: false,
        properties: Properties::new(),
    }
}

fn password(bytes: &[u8]) -> Secret {
    Secret::new(bytes.to_vec())
}

#[track_caller]
fn assert_sends(connect: &Connect, hex: &str) {
    let mut out = BytesMut::new();
    Codec::encode_connect(connect, &mut out).unwrap();
    assert_eq!(out, bytes(hex));
}

#[test]
fn mqtt_31_has_its_own_name_and_level() {
    assert_sends(
        &connect(V31, "mosq-abcdefghijklmnopqr"),
        "1025 0006 4d5149736470 03 02 003c 0017 6d6f73712d6162636465666768696a6b6c6d6e6f707172",
    );
}

#[test]
fn mqtt_311_may_leave_the_client_identifier_empty() {
    assert_sends(&connect(V311, ""), "100c 00044d5154540402003c0000");
}

#[test]
fn mqtt_5_carries_its_properties() {
    assert_sends(&connect_5("", []), "1010 00044d5154540502003c 03 210014 0000");
}

#[test]
fn a_kept_session_has_no_clean_start_and_an_expiry() {
    let expiry = four_byte(PropertyId::SessionExpiryInterval, u32::MAX);
    let clean = connect_5("x", [expiry]);
    assert_sends(&clean, "1016 00044d5154540502003c 08 11ffffffff 210014 0001 78");
    let kept = Connect { clean_start: false, ..clean };
    assert_sends(&kept, "1016 00044d5154540500003c 08 11ffffffff 210014 0001 78");
    let without_expiry = Connect { clean_start: false, ..connect_5("x", []) };
    assert_sends(&without_expiry, "1011 00044d5154540500003c 03 210014 0001 78");
}

#[test]
fn properties_keep_their_order() {
    let connect = connect_5(
        "",
        [
            two_byte(PropertyId::TopicAliasMaximum, 10),
            user("k", "v"),
            four_byte(PropertyId::SessionExpiryInterval, 60),
        ],
    );
    assert_sends(
        &connect,
        "101f 00044d5154540502003c 12 22000a 2600016b000176 110000003c 210014 0000",
    );
}

#[test]
fn a_will_of_mqtt_5_has_properties_of_its_own() {
    let delay = four_byte(PropertyId::WillDelayInterval, 5);
    let connect = Connect {
        keep_alive: 30,
        will: Some(Will {
            retain: true,
            properties: properties(Carrier::Will, [delay, user("a", "b")]),
            ..will("w/t", b"bye", Qos::ExactlyOnce)
        }),
        username: Some(text("joe")),
        password: Some(password(b"pw")),
        ..connect_5("cid", [])
    };
    assert_sends(
        &connect,
        "1033 00044d51545405f6001e 03210014 0003636964 0c 1800000005 2600016100 0162 \
         0003772f74 0003627965 00036a6f65 00027077",
    );
}

#[test]
fn a_will_may_be_empty() {
    let connect = Connect {
        clean_start: false,
        keep_alive: 30,
        will: Some(will("w/t", b"", Qos::AtLeastOnce)),
        username: Some(text("joe")),
        ..connect(V311, "cid")
    };
    assert_sends(&connect, "101b 00044d515454048c001e 0003636964 0003772f74 0000 00036a6f65");
}

#[test]
fn a_password_needs_no_user_name_in_mqtt_5() {
    let connect = Connect { password: Some(password(b"pw")), ..connect_5("", []) };
    assert_sends(&connect, "1014 00044d5154540542003c 03210014 0000 00027077");
}

// Figure 3-6 of MQTT 3.1.1: user name, password, will at QoS 1, clean session, 10 seconds.
#[test]
fn the_example_of_the_specification_has_its_flags() {
    let connect = Connect {
        keep_alive: 10,
        will: Some(will("w", b"x", Qos::AtLeastOnce)),
        username: Some(text("u")),
        password: Some(password(b"p")),
        ..connect(V311, "c")
    };
    assert_sends(&connect, "1019 00044d515454 04 ce 000a 000163 000177 000178 000175 000170");
}

#[test]
fn an_empty_user_name_and_an_empty_password_are_sent() {
    for (version, empty) in [
        (V311, "1010 00044d51545404c2003c 0000 0000 0000"),
        (V5, "1011 00044d51545405c2003c 00 0000 0000 0000"),
    ] {
        let connect = Connect {
            username: Some(Text::default()),
            password: Some(password(b"")),
            ..connect(version, "")
        };
        assert_sends(&connect, empty);
    }
}

#[test]
fn a_password_may_be_any_bytes() {
    let connect = Connect {
        username: Some(text("u")),
        password: Some(password(b"\xff\x00\xc3")),
        ..connect(V311, "")
    };
    assert_sends(&connect, "1014 00044d51545404c2003c 0000 000175 0003ff00c3");
}

#[test]
fn properties_are_left_out_before_mqtt_5() {
    let connect = Connect { version: V311, ..connect_5("", [user("k", "v")]) };
    assert_sends(&connect, "100c 00044d5154540402003c0000");
}

#[test]
fn what_is_in_the_buffer_already_stays_as_it_is() {
    let mut out = bytes("c000");
    Codec::encode_connect(&connect(V311, ""), &mut out).unwrap();
    assert_eq!(out, bytes("c000 100c 00044d5154540402003c0000"));
}

#[test]
fn the_longest_password_and_will_are_65535_bytes() {
    let connect = Connect {
        will: Some(Will { payload: vec![b'w'; 65_535].into(), ..will("w", b"", Qos::AtMostOnce) }),
        password: Some(password(&vec![b'p'; 65_535])),
        ..connect(V5, "")
    };
    let mut out = BytesMut::new();
    Codec::encode_connect(&connect, &mut out).unwrap();
    assert_eq!(out.len(), 1 + 3 + 11 + 2 + (1 + 3 + 65_537) + 65_537);
}

#[test]
fn a_longer_password_is_refused_and_nothing_written() {
    let connect = Connect { password: Some(password(&vec![b'p'; 65_536])), ..connect(V5, "") };
    let mut out = bytes("c000");
    let error = EncodeError::FieldTooLong { field: "password", length: 65_536 };
    assert_eq!(Codec::encode_connect(&connect, &mut out), Err(error));
    assert_eq!(out, bytes("c000"));
}

#[test]
fn a_longer_will_is_refused_and_nothing_written() {
    let connect = Connect {
        will: Some(Will { payload: vec![b'w'; 65_536].into(), ..will("w", b"", Qos::AtMostOnce) }),
        ..connect(V311, "")
    };
    let mut out = bytes("c000");
    let error = EncodeError::FieldTooLong { field: "will payload", length: 65_536 };
    assert_eq!(Codec::encode_connect(&connect, &mut out), Err(error));
    assert_eq!(out, bytes("c000"));
}

#[test]
fn debug_output_does_not_show_the_password() {
    let connect = Connect { password: Some(password(b"hunter2")), ..connect(V5, "") };
    assert!(!format!("{connect:?}").contains("hunter2"));
}
