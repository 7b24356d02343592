//! What is no packet, and the words for it.

use proptest::prelude::*;

use super::{Codec, V5, V31, V311, bytes, codec, decode};
use crate::protocol::codec::DecodeError;
use crate::protocol::{Incoming, ProtocolVersion, remaining_length_within};

#[track_caller]
fn assert_refused(version: ProtocolVersion, table: &[(&str, &str)]) {
    for (hex, says) in table {
        match decode(version, hex) {
            Ok(packet) => panic!("{version:?} {hex}: read as {packet:?}"),
            Err(error) => assert_eq!(error.to_string(), *says, "{version:?} {hex}"),
        }
    }
}

#[track_caller]
fn assert_refused_by_all(table: &[(&str, &str)]) {
    for version in [V31, V311, V5] {
        assert_refused(version, table);
    }
}

#[test]
fn packets_that_only_a_client_sends() {
    assert_refused_by_all(&[
        ("0000", "the broker sent packet type 0, which a client never receives"),
        ("1000", "the broker sent CONNECT, which a client never receives"),
        ("8200", "the broker sent SUBSCRIBE, which a client never receives"),
        ("8206 0001 000178 00", "the broker sent SUBSCRIBE, which a client never receives"),
        ("a205 0002 000163", "the broker sent UNSUBSCRIBE, which a client never receives"),
        ("c000", "the broker sent PINGREQ, which a client never receives"),
    ]);
}

#[test]
fn packets_that_only_mqtt_5_has() {
    for version in [V31, V311] {
        assert_refused(
            version,
            &[
                ("e000", "the broker sent DISCONNECT, which a client never receives"),
                ("e001 8b", "the broker sent DISCONNECT, which a client never receives"),
                ("f000", "the broker sent AUTH, which a client never receives"),
                ("f002 18 00", "the broker sent AUTH, which a client never receives"),
            ],
        );
    }
}

#[test]
fn flags_that_a_packet_does_not_have() {
    assert_refused_by_all(&[
        ("2102 0000", "malformed CONNACK: its flags are wrong"),
        ("4802 0001", "malformed PUBACK: its flags are wrong"),
        ("5202 0001", "malformed PUBREC: its flags are wrong"),
        ("6002 0001", "malformed PUBREL: its flags are wrong"),
        ("6302 0001", "malformed PUBREL: its flags are wrong"),
        ("7202 0001", "malformed PUBCOMP: its flags are wrong"),
        ("9203 0001 00", "malformed SUBACK: its flags are wrong"),
        ("b202 0001", "malformed UNSUBACK: its flags are wrong"),
        ("d100", "malformed PINGRESP: its flags are wrong"),
    ]);
    assert_refused(
        V5,
        &[
            ("e100", "malformed DISCONNECT: its flags are wrong"),
            ("f800", "malformed AUTH: its flags are wrong"),
        ],
    );
}

#[test]
fn a_reserved_flag_of_connack() {
    assert_refused(V311, &[("2002 0200", "malformed CONNACK: a reserved flag is set (0x02)")]);
    assert_refused(V5, &[("2003 80 00 00", "malformed CONNACK: a reserved flag is set (0x80)")]);
}

#[test]
fn topics_that_nobody_can_publish_to() {
    let topic = "malformed PUBLISH: its topic is empty or has a wildcard";
    let string = "malformed PUBLISH: a string is not UTF-8 or holds NUL";
    for version in [V31, V311] {
        assert_refused(
            version,
            &[
                ("3002 0000", topic),
                ("3005 0003 612f2b", topic),
                ("3003 0001 23", topic),
                ("3005 0003 610062", string),
                ("3003 0001 ff", string),
                ("3005 0003 eda080", string),
            ],
        );
    }
    assert_refused(
        V5,
        &[
            ("3006 0003 612f2b 00", topic),
            ("3004 0001 23 00", topic),
            ("3006 0003 610062 00", string),
            ("3004 0001 ff 00", string),
            ("3006 0003 eda080 00", string),
        ],
    );
}

#[test]
fn a_quality_of_service_of_3() {
    assert_refused_by_all(&[("3606 000161 0001 00", "malformed PUBLISH: its QoS is 3")]);
}

#[test]
fn the_packet_identifier_0() {
    for (first, name) in [
        ("40", "PUBACK"),
        ("50", "PUBREC"),
        ("62", "PUBREL"),
        ("70", "PUBCOMP"),
        ("b0", "UNSUBACK"),
    ] {
        let says = format!("malformed {name}: its packet identifier is 0");
        assert_refused_by_all(&[(&format!("{first}02 0000"), &says)]);
    }
    assert_refused_by_all(&[
        ("9003 0000 00", "malformed SUBACK: its packet identifier is 0"),
        ("3206 000161 0000 00", "malformed PUBLISH: its packet identifier is 0"),
        ("3406 000161 0000 00", "malformed PUBLISH: its packet identifier is 0"),
    ]);
}

#[test]
fn packets_that_end_too_early() {
    assert_refused_by_all(&[
        ("2000", "malformed CONNACK: it ends too early"),
        ("2001 00", "malformed CONNACK: it ends too early"),
        ("4000", "malformed PUBACK: it ends too early"),
        ("5001 00", "malformed PUBREC: it ends too early"),
        ("6200", "malformed PUBREL: it ends too early"),
        ("7001 00", "malformed PUBCOMP: it ends too early"),
        ("9001 00", "malformed SUBACK: it ends too early"),
        ("b000", "malformed UNSUBACK: it ends too early"),
        ("3000", "malformed PUBLISH: it ends too early"),
        ("3002 0001", "malformed PUBLISH: a length runs past its end"),
        ("3204 000161 00", "malformed PUBLISH: it ends too early"),
    ]);
    assert_refused(
        V5,
        &[
            // The answer of MQTT 3 to a CONNECT of MQTT 5, where it is no refusal.
            ("2002 0000", "malformed CONNACK: it ends too early"),
            ("9002 0001", "malformed SUBACK: it ends too early"),
            ("b002 0001", "malformed UNSUBACK: it ends too early"),
            ("3003 000161", "malformed PUBLISH: it ends too early"),
        ],
    );
}

#[test]
fn answers_without_a_single_code() {
    assert_refused(V311, &[("9002 0001", "malformed SUBACK: it ends too early")]);
    assert_refused(
        V5,
        &[
            ("9003 0001 00", "malformed SUBACK: it has no reason code"),
            ("b003 0001 00", "malformed UNSUBACK: it has no reason code"),
        ],
    );
}

#[test]
fn bytes_behind_the_end() {
    assert_refused(
        V311,
        &[
            ("2003 00 00 00", "malformed CONNACK: its length is wrong"),
            ("2003 00 07 00", "malformed CONNACK: its length is wrong"),
            ("4003 0001 00", "malformed PUBACK: its length is wrong"),
            ("5003 0001 00", "malformed PUBREC: its length is wrong"),
            ("6203 0001 00", "malformed PUBREL: its length is wrong"),
            ("7003 0001 00", "malformed PUBCOMP: its length is wrong"),
            ("b003 0001 00", "malformed UNSUBACK: its length is wrong"),
            ("d001 00", "malformed PINGRESP: its length is wrong"),
        ],
    );
    assert_refused(
        V5,
        &[
            ("2004 00 00 00 00", "malformed CONNACK: bytes follow its end"),
            ("4005 0001 00 00 00", "malformed PUBACK: bytes follow its end"),
            ("d001 00", "malformed PINGRESP: bytes follow its end"),
            ("e003 00 00 00", "malformed DISCONNECT: bytes follow its end"),
        ],
    );
}

#[test]
fn an_unknown_code_in_suback_of_mqtt_3() {
    assert_refused(V311, &[("9003 0001 03", "malformed SUBACK: it has an unknown return code")]);
}

// The tables of §3.4.2.1 to §3.11.3, and what a broker must not say.
#[test]
fn reason_codes_that_the_packet_does_not_have() {
    const PUBACK: &[u8] = &[0x00, 0x10, 0x80, 0x83, 0x87, 0x90, 0x91, 0x97, 0x99];
    const PUBREL: &[u8] = &[0x00, 0x92];
    const SUBACK: &[u8] = &[0x00, 0x01, 0x02, 0x80, 0x83, 0x87, 0x8f, 0x91, 0x97, 0x9e, 0xa1, 0xa2];
    const UNSUBACK: &[u8] = &[0x00, 0x11, 0x80, 0x83, 0x87, 0x8f, 0x91];
    for (frame, name, legal) in [
        ("4003 0001", "PUBACK", PUBACK),
        ("5003 0001", "PUBREC", PUBACK),
        ("6203 0001", "PUBREL", PUBREL),
        ("7003 0001", "PUBCOMP", PUBREL),
        ("9004 0001 00", "SUBACK", SUBACK),
        // One that is right does not make up for one that is not.
        ("9005 0001 00 00", "SUBACK", SUBACK),
        ("b004 0001 00", "UNSUBACK", UNSUBACK),
    ] {
        for code in 0..=u8::MAX {
            let read = decode(V5, &format!("{frame} {code:02x}"));
            if legal.contains(&code) {
                assert!(read.is_ok(), "{name} {code:02x}: {read:?}");
            } else {
                assert_eq!(read, Err(DecodeError::ReasonCode { packet: name, code }));
            }
        }
    }
    assert_body_refused(0x40, "0001 82 00", "PUBACK cannot have the reason code 0x82");
}

// Whatever it says, the connection has ended.
#[test]
fn a_disconnect_with_any_code_is_a_disconnect() {
    for code in 0..=u8::MAX {
        let read = decode(V5, &format!("e001 {code:02x}"));
        assert!(matches!(read, Ok(Incoming::Disconnect(_))), "{code:02x}: {read:?}");
    }
}

// Whatever a broker refuses us with, we are refused, and the status is its code.
#[test]
fn a_refusal_with_any_code_is_a_refusal() {
    for code in 1..=u8::MAX {
        let read = decode(V5, &format!("2003 00 {code:02x} 00"));
        assert!(matches!(&read, Ok(Incoming::ConnAck(connack)) if connack.code == code));
    }
}

/// The body of a PUBLISH of MQTT 5 behind its topic `a`.
#[track_caller]
fn assert_publish_refused(table: &[(&str, &str)]) {
    for (rest, says) in table {
        assert_body_refused(0x30, &format!("000161 {rest}"), says);
    }
}

/// The body of a packet of MQTT 5; the length is set to what it is.
#[track_caller]
fn assert_body_refused(first: u8, body: &str, says: &str) {
    let length = bytes(body).len();
    assert_refused(V5, &[(&format!("{first:02x}{length:02x} {body}"), says)]);
}

#[test]
fn properties_that_run_past_their_packet_or_their_list() {
    assert_publish_refused(&[
        ("01", "malformed PUBLISH: a length runs past its end"),
        ("80", "malformed PUBLISH: it ends too early"),
        ("80808080 00", "malformed PUBLISH: a length has five bytes"),
        // A string would reach from the list into the payload.
        ("04 03000361 626364", "malformed PUBLISH: a length runs past its end"),
        // So would a number, the value of a pair, and an identifier.
        ("02 0200 000009", "malformed PUBLISH: it ends too early"),
        ("05 26 0002 6b76 0001 78", "malformed PUBLISH: it ends too early"),
        ("02 0b80 01", "malformed PUBLISH: it ends too early"),
    ]);
    assert_body_refused(0x20, "00 00 05 1f", "malformed CONNACK: a length runs past its end");
    assert_body_refused(0x40, "0001 00 03 1f", "malformed PUBACK: a length runs past its end");
    assert_body_refused(0x90, "0001 02 00", "malformed SUBACK: a length runs past its end");
    assert_body_refused(0xb0, "0001 02", "malformed UNSUBACK: a length runs past its end");
    assert_body_refused(0xe0, "8b 07", "malformed DISCONNECT: a length runs past its end");
    assert_body_refused(0xf0, "18 07", "malformed AUTH: a length runs past its end");
}

#[test]
fn properties_that_the_packet_does_not_have() {
    assert_publish_refused(&[
        ("03 2100 05", "malformed PUBLISH: receive-maximum is no property of this packet"),
        ("02 7f00", "malformed PUBLISH: unknown property 0x7F"),
        ("02 0000", "malformed PUBLISH: unknown property 0x00"),
        ("02 9f01", "malformed PUBLISH: unknown property 0x9F"),
    ]);
    assert_body_refused(
        0x40,
        "0001 00 02 0101",
        "malformed PUBACK: payload-format-indicator is no property of this packet",
    );
    assert_body_refused(
        0xe0,
        "00 05 0200000001",
        "malformed DISCONNECT: message-expiry-interval is no property of this packet",
    );
}

#[test]
fn properties_twice() {
    assert_publish_refused(&[
        ("04 01010101", "malformed PUBLISH: payload-format-indicator may be given only once"),
        ("06 230001 230001", "malformed PUBLISH: topic-alias may be given only once"),
        ("08 03000174 03000174", "malformed PUBLISH: content-type may be given only once"),
    ]);
    assert_body_refused(
        0x20,
        "00 00 06 210001 210001",
        "malformed CONNACK: receive-maximum may be given only once",
    );
    assert_body_refused(
        0xe0,
        "8e 08 1f000178 1f000178",
        "malformed DISCONNECT: reason-string may be given only once",
    );
}

#[test]
fn properties_out_of_their_range() {
    assert_publish_refused(&[
        ("03 230000", "malformed PUBLISH: topic-alias cannot have this value"),
        ("02 0102", "malformed PUBLISH: payload-format-indicator cannot have this value"),
        ("02 0b00", "malformed PUBLISH: subscription-identifier cannot have this value"),
        ("05 0b80808080", "malformed PUBLISH: a length has five bytes"),
        ("04 030001ff", "malformed PUBLISH: a string is not UTF-8 or holds NUL"),
        ("04 03000100", "malformed PUBLISH: a string is not UTF-8 or holds NUL"),
    ]);
    for (list, name) in [
        ("03 210000", "receive-maximum"),
        ("02 2402", "maximum-qos"),
        ("02 2502", "retain-available"),
        ("05 2700000000", "maximum-packet-size"),
        ("02 2802", "wildcard-subscription-available"),
        ("02 2902", "subscription-identifier-available"),
        ("02 2a02", "shared-subscription-available"),
    ] {
        let says = format!("malformed CONNACK: {name} cannot have this value");
        assert_body_refused(0x20, &format!("00 00 {list}"), &says);
    }
}

// MQTT 5 §3.3.1.1 asks a sender to clear DUP at QoS 0. A receiver loses nothing by taking it.
#[test]
fn a_duplicate_flag_at_qos_0_loses_no_message() {
    assert!(matches!(decode(V311, "3803 000161"), Ok(Incoming::Publish(_))));
    assert!(matches!(decode(V5, "3804 000161 00"), Ok(Incoming::Publish(_))));
}

// §3.3.2.3.5 forbids it to a sender. Whoever publishes could otherwise end all that listen.
#[test]
fn a_response_topic_with_a_wildcard_loses_no_message() {
    assert!(matches!(decode(V5, "3008 000161 04 08 000123"), Ok(Incoming::Publish(_))));
}

/// A first byte as often a packet's as not, a body as often whole as not.
fn anything() -> impl Strategy<Value = Vec<u8>> {
    let bytes = || prop::collection::vec(any::<u8>(), 0..40);
    let framed = (any::<u8>(), bytes()).prop_map(|(first, body)| {
        let mut frame = vec![first, u8::try_from(body.len()).unwrap()];
        frame.extend(body);
        frame
    });
    prop::collection::vec(prop_oneof![4 => framed, 1 => bytes()], 0..4)
        .prop_map(|parts| parts.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4096))]

    #[test]
    fn any_bytes_end_in_packets_an_error_or_the_wish_for_more(bytes in anything()) {
        for version in [V31, V311, V5] {
            let mut buffer = bytes::BytesMut::from(&bytes[..]);
            loop {
                let before = buffer.clone();
                match codec(version).decode(&mut buffer) {
                    Ok(Some(_)) => prop_assert!(buffer.len() + 2 <= before.len(), "no progress"),
                    Ok(None) => {
                        prop_assert_eq!(buffer, before, "what is not whole stays");
                        break;
                    }
                    Err(_) => break,
                }
            }
        }
    }
}

#[test]
fn a_packet_above_the_limit_is_refused_by_its_header_alone() {
    let codec = Codec::new(V5, 1000);
    assert!(codec.decode(&mut bytes("30 e907")).is_err());
    assert_eq!(codec.decode(&mut bytes("30 e807")), Ok(None));
}

// As Maximum Packet Size counts.
#[test]
fn a_packet_above_the_limit_is_told_by_its_whole_length() {
    for (limit, frame, length, longest) in
        [(50, "30 31", 51, 50), (129, "30 8001", 131, 129), (131, "30 8101", 132, 131)]
    {
        let codec = Codec::new(V5, remaining_length_within(limit));
        let error = DecodeError::TooLong { length, limit: longest };
        assert_eq!(codec.decode(&mut bytes(frame)), Err(error));
    }
}

#[test]
fn a_length_of_five_bytes_is_refused_before_the_fifth() {
    for version in [V31, V311, V5] {
        assert_eq!(
            codec(version).decode(&mut bytes("30 ffffffff")).unwrap_err().to_string(),
            "malformed PUBLISH: its length has five bytes"
        );
        assert_eq!(codec(version).decode(&mut bytes("30 ffffff")), Ok(None));
    }
}
