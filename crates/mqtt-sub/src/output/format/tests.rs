use std::time::{Duration, UNIX_EPOCH};

use bytes::Bytes;
use jiff::tz::TimeZone;
use mqtt_core::protocol::property::Carrier;
use mqtt_core::protocol::{PacketId, Properties, Property, Qos, Text, TopicName};
use proptest::prelude::*;

use super::*;
use crate::output::time::LocalZone;

fn text(text: &str) -> Value {
    Value::Text(Text::new(text.to_owned()).unwrap())
}

fn pair(key: &str, value: &str) -> Property {
    let [key, value] = [key, value].map(|text| Text::new(text.to_owned()).unwrap());
    Property { id: PropertyId::UserProperty, value: Value::Pair(key, value) }
}

fn property(id: PropertyId, value: Value) -> Property {
    Property { id, value }
}

fn message(payload: &[u8], properties: Vec<Property>) -> ReceivedMessage {
    ReceivedMessage {
        topic: TopicName::new("dir/topic").unwrap(),
        dup: false,
        qos: Qos::AtLeastOnce,
        retain: true,
        packet_id: PacketId::new(77),
        properties: Properties::checked(Carrier::Publish, properties).unwrap(),
        payload: Bytes::copy_from_slice(payload),
    }
}

/// With everything there is.
fn full() -> ReceivedMessage {
    let correlation = Value::Binary(Bytes::from_static(b"c\0\xffd"));
    message(
        b"message",
        vec![
            property(PropertyId::PayloadFormatIndicator, Value::Byte(1)),
            property(PropertyId::MessageExpiryInterval, Value::FourByte(3600)),
            property(PropertyId::ContentType, text("plain/text")),
            property(PropertyId::ResponseTopic, text("/resp/t")),
            property(PropertyId::CorrelationData, correlation),
            property(PropertyId::SubscriptionIdentifier, Value::Variable(300)),
            pair("k1", "v1"),
            pair("k1", "v2"),
        ],
    )
}

/// What is written of a message that came at 1795368220.001682950, and what was wrong.
fn written(format: &str, message: &ReceivedMessage) -> (Vec<u8>, Vec<String>) {
    let template = Template::parse(format.as_bytes()).unwrap();
    let zone = LocalZone::fixed(TimeZone::posix("IST-5:30").unwrap());
    let received = UNIX_EPOCH + Duration::new(1_795_368_220, 1_682_950);
    let scene = Scene::new(message, zone.stamp(received), Style::Compact);
    let mut out = Vec::new();
    let results: Vec<_> = template.0.iter().map(|part| part.append(&scene, &mut out)).collect();
    let problems = results.into_iter().filter_map(Result::err);
    (out, problems.map(|problem| problem.to_string()).collect())
}

/// What is written of a message without a problem.
fn rendered(format: &str, message: &ReceivedMessage) -> String {
    let (out, problems) = written(format, message);
    assert_eq!(problems, Vec::<String>::new(), "{format}");
    String::from_utf8(out).unwrap()
}

#[track_caller]
fn check(message: &ReceivedMessage, table: &[(&str, &str)]) {
    for (format, expected) in table {
        assert_eq!(rendered(format, message), *expected, "{format}");
    }
}

#[test]
fn text_percent_and_escapes() {
    let escapes = r"a\\b\0\a\e\n\r\t\v";
    check(
        &full(),
        &[
            ("", ""),
            ("plain ä", "plain ä"),
            ("100%% %5.2%", "100% %"),
            (escapes, "a\\b\0\x07\x1b\n\r\t\x0b"),
        ],
    );
}

#[test]
fn numbers_are_filled_on_either_side() {
    check(
        &full(),
        &[
            ("%l|%04l|%-4l|%-04l|%4.1l", "7|0007|7   |7   |   7"),
            ("%m|%5m|%05m|%1m", "77|   77|00077|77"),
            ("%q|%5q|%05q", "1|1|1"),
            ("%r|%5r", "1|1"),
            ("%E|%6E|%-6E|", "3600|  3600|3600  |"),
            ("%F|%03F", "1|001"),
            ("%S|%5S|%05S|%-5S|", "300|  300|00300|300  |"),
        ],
    );
}

#[test]
fn texts_are_cut_and_filled_with_blanks() {
    check(
        &full(),
        &[
            ("%t|%15t|%015t|%-11t|", "dir/topic|      dir/topic|      dir/topic|dir/topic  |"),
            ("%15.4t|%.4t|%.t|%.99t", "           dir/|dir/||dir/topic"),
            ("%:t|%.3:t", "dir/topic|dir"),
            ("%C|%20.5C", "plain/text|               plain"),
            ("%R|%9R|%.2R", "/resp/t|  /resp/t|/r"),
            ("%P|%20P", "k1:v1 k1:v2|k1:v1 k1:v2"),
        ],
    );
    assert_eq!(written("%D|%9.1D", &full()).0, b"c\0\xffd|c\0\xffd");
}

#[test]
fn what_is_absent_leaves_its_width() {
    let mut plain = message(b"x", Vec::new());
    plain.qos = Qos::AtMostOnce;
    plain.packet_id = None;
    plain.retain = false;
    check(
        &plain,
        &[
            ("%A|%5A|%05E|%-5F|%-05S", "|     |00000|     |     "),
            ("%C|%3C|%03C|%-3C|", "|   |000|   |"),
            ("%R|%5R|%D|%5D|%P|%5P", "|||||"),
            ("%m %q %r", "0 0 0"),
        ],
    );
}

#[test]
fn values_that_the_original_spoils_are_right() {
    let odd = message(
        b"",
        vec![
            property(PropertyId::MessageExpiryInterval, Value::FourByte(u32::MAX)),
            property(PropertyId::ContentType, text("")),
            property(PropertyId::TopicAlias, Value::TwoByte(65_535)),
            pair("", ""),
            pair("k", ""),
        ],
    );
    check(&odd, &[("%E|%C|%2C|%A|%P|%p|%3p", "4294967295||  |65535|: k:||   ")]);
}

#[test]
fn a_width_cuts_and_fills_the_payload() {
    check(
        &full(),
        &[
            ("%p|%12p|%012p|%4p", "message|     message|00000message|mess"),
            ("%-p|%-12p|%-4p|%-7p|", "message|message     |mess|message|"),
            ("%.2p", "message"),
        ],
    );
    assert_eq!(written("%p", &message(b"\xff\0\n", Vec::new())).0, b"\xff\0\n");
}

#[test]
fn hexadecimal_digits_are_cut_filled_and_grouped() {
    check(
        &full(),
        &[
            ("%x|%X", "6d657373616765|6D657373616765"),
            ("%20x|%020x", "      6d657373616765|0000006d657373616765"),
            ("%4x|%8x|%-10x|%-14x|", "6d657373|6d657373616765|6d657373616765|6d657373616765|"),
            ("%-20x|%-x|", "6d657373616765      |6d657373616765|"),
            ("%.2x", "6d 65 73 73 61 67 65"),
            ("%.2:x", "6d:65:73:73:61:67:65"),
            ("%.4-X", "6D65-7373-6167-65"),
            ("%.3x", "6d6 573 736 167 65"),
            ("%.0x|%.x", "6d657373616765|6d657373616765"),
            ("%20.2:x", "  :  :  :6d:65:73:73:61:67:65"),
            ("%-20.2:x|", "6d:65:73:73:61:67:65      |"),
        ],
    );
    check(&message(b"\x01", Vec::new()), &[("%X|%4x|%04.1,x", "01|  01|0,0,0,1")]);
}

#[test]
fn a_payload_in_base64_is_a_text_in_its_field() {
    check(
        &full(),
        &[
            ("%b|%012b|%.4b|%4b", "bWVzc2FnZQ==|bWVzc2FnZQ==|bWVz|bWVzc2FnZQ=="),
            ("%14b|%-14b|%014b", "  bWVzc2FnZQ==|bWVzc2FnZQ==  |  bWVzc2FnZQ=="),
        ],
    );
    check(&message(b"\xff\xfe\xfb\0\n", Vec::new()), &[("%b", "//77AAo=")]);
    check(&message(b"", Vec::new()), &[("<%b|%3b>", "<|   >")]);
}

#[test]
fn floats_are_read_from_exactly_their_bytes() {
    let double = message(&(-2.5_f64).to_ne_bytes(), Vec::new());
    check(&double, &[("%d|%010.2d|%.0d|%.d|%-8.1d|", "-2.500000|-000002.50|-2|-2|-2.5    |")]);
    let float = message(&std::f32::consts::PI.to_ne_bytes(), Vec::new());
    check(&float, &[("%.3f|%8.1f|%f", "3.142|     3.1|3.141593")]);
    check(&message(&f32::NAN.to_ne_bytes(), Vec::new()), &[("%f", "nan")]);
    check(&message(&f64::INFINITY.to_ne_bytes(), Vec::new()), &[("%5d", "  inf")]);
    let (out, problems) = written("<%5f%5d>", &full());
    assert_eq!(out, b"<>");
    assert_eq!(
        problems,
        [
            "the payload on topic 'dir/topic' is no number for '%f': it has 7 bytes instead of 4",
            "the payload on topic 'dir/topic' is no number for '%d': it has 7 bytes instead of 8",
        ]
    );
}

#[test]
fn all_times_of_a_message_are_the_same_moment_in_the_local_zone() {
    check(
        &full(),
        &[
            ("%I|%.10I", "2026-11-22T22:53:40+0530|2026-11-22"),
            ("%26I|%-26I|", "  2026-11-22T22:53:40+0530|2026-11-22T22:53:40+0530  |"),
            ("%U|%30.3U", "1795368220.001682950|1795368220.001682950"),
            ("@Y-@m-@d @H:@M:@S.@N@z @Z", "2026-11-22 22:53:40.001682950+0530 IST"),
            ("@@ @% @E @1 @é", "@ % %E %1 %é"),
        ],
    );
}

#[test]
fn what_is_not_json_is_left_out_and_the_rest_written() {
    let (out, problems) = written("<%J>%t", &message(b"{\"a\":01}", Vec::new()));
    assert_eq!(out, b"<>dir/topic");
    assert_eq!(
        problems,
        ["the payload on topic 'dir/topic' is not JSON: invalid number at line 1 column 7"]
    );
}

proptest! {
    #[test]
    fn a_width_of_hexadecimal_digits_is_never_undercut(
        payload: Vec<u8>, width in 0_usize..40, precision in 0_usize..5, left: bool,
    ) {
        let message = message(&payload, Vec::new());
        let flag = if left { "-" } else { "" };
        let printed = rendered(&format!("%{flag}{width}.{precision}:x"), &message);
        let shown = if width == 0 { &payload[..] } else { &payload[..width.min(payload.len())] };
        let digits = shown.iter().fold(String::new(), |digits, byte| format!("{digits}{byte:02x}"));
        let plain = printed.replace(':', "");
        prop_assert_eq!(plain.trim_matches(' '), digits);
        prop_assert_eq!(plain.len(), width.max(2 * shown.len()));
        if precision > 0 && !left {
            let groups: Vec<_> = printed.split(':').collect();
            for group in groups.iter().rev().skip(1) {
                prop_assert_eq!(group.len(), precision);
            }
            prop_assert!(groups.last().unwrap().len() <= precision);
        }
    }

    #[test]
    fn whatever_is_asked_for_is_written(
        format in r"(%[-0]?[0-9]{0,2}([.][0-9]{0,2})?[ :]?[AbCDdEFfIJjlmPpqRrStUxX%]|@[ -~]){0,6}",
        payload: Vec<u8>,
    ) {
        let _ = written(&format, &message(&payload, Vec::new()));
    }
}
