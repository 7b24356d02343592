use std::time::{Duration, UNIX_EPOCH};

use bytes::Bytes;
use jiff::tz::TimeZone;
use mqtt_core::protocol::property::Carrier;
use mqtt_core::protocol::{PacketId, Property, Text, TopicName};
use proptest::prelude::*;

use super::*;
use crate::output::time::LocalZone;

const TST: &str = r#""tst":"2026-11-22T22:59:34.569885+0530","#;

fn message(payload: &[u8]) -> ReceivedMessage {
    ReceivedMessage {
        topic: TopicName::new("t").unwrap(),
        dup: false,
        qos: Qos::AtMostOnce,
        retain: false,
        packet_id: None,
        properties: Properties::new(),
        payload: Bytes::copy_from_slice(payload),
    }
}

fn text(text: &str) -> Text {
    Text::new(text.to_owned()).unwrap()
}

fn with(id: PropertyId, value: Value) -> Property {
    Property { id, value }
}

/// Both objects, compact; the second is `None` where the payload is not JSON.
fn objects(message: &ReceivedMessage, style: Style) -> (String, Result<String, String>) {
    let zone = LocalZone::fixed(TimeZone::posix("IST-5:30").unwrap());
    let stamp = zone.stamp(UNIX_EPOCH + Duration::new(1_795_368_574, 569_885_999));
    let (mut with_text, mut with_value) = (Vec::new(), Vec::new());
    message_with_text(message, &stamp, style, &mut with_text);
    let result = message_with_value(message, &stamp, style, &mut with_value);
    assert!(result.is_ok() || with_value.is_empty());
    let [with_text, with_value] =
        [with_text, with_value].map(|json| String::from_utf8(json).unwrap());
    (with_text, result.map(|()| with_value).map_err(|error| error.to_string()))
}

/// What stands behind `payloadlen` and its number in `%j`.
fn text_of(payload: &[u8]) -> String {
    let (json, _) = objects(&message(payload), Style::Compact);
    let begin =
        format!(r#"{{{TST}"topic":"t","qos":0,"retain":false,"payloadlen":{},"#, payload.len());
    json.strip_prefix(&begin).unwrap_or_else(|| panic!("{json}")).to_owned()
}

/// The value in `%J`.
fn value_of(payload: &[u8]) -> Result<String, String> {
    let json = objects(&message(payload), Style::Compact).1?;
    let (_, value) = json.split_once(r#""payload":"#).unwrap();
    Ok(value.strip_suffix('}').unwrap().to_owned())
}

#[test]
fn all_that_a_message_can_have_stands_in_the_order_of_the_wire() {
    let properties = vec![
        with(PropertyId::PayloadFormatIndicator, Value::Byte(1)),
        with(PropertyId::MessageExpiryInterval, Value::FourByte(3_000_000_000)),
        with(PropertyId::UserProperty, Value::Pair(text("k1"), text("v1"))),
        with(PropertyId::ContentType, Value::Text(text("plain/text"))),
        with(PropertyId::ResponseTopic, Value::Text(text("/resp/t"))),
        with(PropertyId::CorrelationData, Value::Binary(Bytes::from_static(b"c"))),
        with(PropertyId::SubscriptionIdentifier, Value::Variable(300)),
        with(PropertyId::TopicAlias, Value::TwoByte(5)),
        with(PropertyId::UserProperty, Value::Pair(text("k1"), text(""))),
    ];
    let message = ReceivedMessage {
        topic: TopicName::new("dir/topic").unwrap(),
        qos: Qos::AtLeastOnce,
        retain: true,
        packet_id: PacketId::new(77),
        properties: Properties::checked(Carrier::Publish, properties).unwrap(),
        ..message(b"message")
    };
    let expected = format!(
        "{{{TST}{}",
        concat!(
            r#""topic":"dir/topic","qos":1,"retain":true,"payloadlen":7,"mid":77,"properties":{"#,
            r#""payload-format-indicator":1,"message-expiry-interval":3000000000,"#,
            r#""user-properties":[{"k1":"v1"},{"k1":""}],"content-type":"plain/text","#,
            r#""response-topic":"/resp/t","correlation-data":"c","subscription-identifier":300,"#,
            r#""topic-alias":5},"payload":"message"}"#
        )
    );
    assert_eq!(objects(&message, Style::Compact).0, expected);
}

#[test]
fn bytes_that_are_no_text_are_there_twice() {
    assert_eq!(text_of(b"a\0\xffb"), r#""payload":"a\u0000�b","payload_base64":"YQD/Yg=="}"#);
    let properties = vec![
        with(PropertyId::CorrelationData, Value::Binary(Bytes::from_static(b"\xfe"))),
        with(PropertyId::SubscriptionIdentifier, Value::Variable(1)),
        with(PropertyId::SubscriptionIdentifier, Value::Variable(2)),
    ];
    let properties = Properties::checked(Carrier::Publish, properties).unwrap();
    let (json, _) = objects(&ReceivedMessage { properties, ..message(b"") }, Style::Compact);
    let expected = concat!(
        r#""properties":{"correlation-data":"�","correlation-data_base64":"/g==","#,
        r#""subscription-identifier":[1,2]},"payload":null}"#
    );
    assert!(json.ends_with(expected), "{json}");
}

#[test]
fn strings_are_escaped_as_the_original_does() {
    assert_eq!(text_of(b""), r#""payload":null}"#);
    assert_eq!(
        text_of("\"\\/\u{8}\u{c}\n\r\t\u{1f}\u{0}\u{7f}ä".as_bytes()),
        "\"payload\":\"\\\"\\\\/\\b\\f\\n\\r\\t\\u001f\\u0000\u{7f}ä\"}"
    );
}

#[test]
fn values_are_copied_token_by_token() {
    for (payload, value) in [
        ("", "null"),
        (" [ 1 , 2.50 ,\t-0, 1E400,1e3 ]\r\n", "[1,2.50,-0,1E400,1e3]"),
        ("{ \"b\" : 1, \"a\": { }, \"b\" :[ ] }", r#"{"b":1,"a":{},"b":[]}"#),
        ("9007199254740993", "9007199254740993"),
        (r#""\u00e4 \/ \ud800 \\\" x""#, r#""\u00e4 \/ \ud800 \\\" x""#),
        ("\u{feff}true", "true"),
    ] {
        assert_eq!(value_of(payload.as_bytes()).as_deref(), Ok(value), "{payload}");
    }
    let deep = ["[".repeat(100_000), "]".repeat(100_000)].concat();
    assert_eq!(value_of(deep.as_bytes()), Ok(deep));
}

#[test]
fn what_is_not_json_is_refused() {
    for payload in [
        "01", "1.", "+1", ".5", "nan", "[1,]", "'a'", "1 2", "1\0", "\"a\nb\"", "{\"a\"}", "{a:1}",
        "tru", "\"", " ",
    ] {
        assert!(value_of(payload.as_bytes()).is_err(), "{payload}");
    }
    assert_eq!(value_of(b"\"a\xff\""), Err("it is not UTF-8 (byte 3)".to_owned()));
    assert_eq!(value_of(b"1."), Err("invalid number at line 1 column 2".to_owned()));
}

#[test]
fn pretty_is_laid_out_as_the_original_does() {
    let properties = vec![
        with(PropertyId::ContentType, Value::Text(text("plain/text"))),
        with(PropertyId::UserProperty, Value::Pair(text("k1"), text("v1"))),
        with(PropertyId::UserProperty, Value::Pair(text("k1"), text("v2"))),
    ];
    let properties = Properties::checked(Carrier::Publish, properties).unwrap();
    let payload = br#"{"a":[1,{"b":[]},"x"],"c":{},"d":"e"}"#;
    let message = ReceivedMessage { properties, ..message(payload) };
    let (with_text, with_value) = objects(&message, Style::Pretty);
    let begin = concat!(
        "{\n\t\"tst\":\t\"2026-11-22T22:59:34.569885+0530\",\n\t\"topic\":\t\"t\",\n",
        "\t\"qos\":\t0,\n\t\"retain\":\tfalse,\n\t\"payloadlen\":\t37,\n",
        "\t\"properties\":\t{\n\t\t\"content-type\":\t\"plain/text\",\n",
        "\t\t\"user-properties\":\t[{\n\t\t\t\t\"k1\":\t\"v1\"\n\t\t\t}, {\n",
        "\t\t\t\t\"k1\":\t\"v2\"\n\t\t\t}]\n\t},\n\t\"payload\":\t",
    );
    let string = r#""{\"a\":[1,{\"b\":[]},\"x\"],\"c\":{},\"d\":\"e\"}""#;
    assert_eq!(with_text, format!("{begin}{string}\n}}"));
    let value = concat!(
        "{\n\t\t\"a\":\t[1, {\n\t\t\t\t\"b\":\t[]\n\t\t\t}, \"x\"],\n",
        "\t\t\"c\":\t{\n\t\t},\n\t\t\"d\":\t\"e\"\n\t}"
    );
    assert_eq!(with_value, Ok(format!("{begin}{value}\n}}")));
}

/// A line of `--json` without the time it begins with.
fn record_of(message: &ReceivedMessage, payload: JsonPayload) -> String {
    let zone = LocalZone::fixed(TimeZone::posix("IST-5:30").unwrap());
    let stamp = zone.stamp(UNIX_EPOCH + Duration::new(1_795_368_574, 9));
    let mut out = b"before\n".to_vec();
    record(message, &stamp, payload, &mut out);
    let line = String::from_utf8(out).unwrap();
    let begin = "before\n{\"time\":\"2026-11-22T17:29:34.000000009Z\",";
    line.strip_prefix(begin).unwrap_or_else(|| panic!("{line}")).to_owned()
}

#[test]
fn a_record_has_each_thing_once_and_exactly() {
    let properties = vec![
        with(PropertyId::PayloadFormatIndicator, Value::Byte(1)),
        with(PropertyId::MessageExpiryInterval, Value::FourByte(3_000_000_000)),
        with(PropertyId::UserProperty, Value::Pair(text("k"), text("v"))),
        with(PropertyId::ContentType, Value::Text(text("a\"b"))),
        with(PropertyId::ResponseTopic, Value::Text(text("/r"))),
        with(PropertyId::CorrelationData, Value::Binary(Bytes::from_static(b"text"))),
        with(PropertyId::SubscriptionIdentifier, Value::Variable(300)),
        with(PropertyId::SubscriptionIdentifier, Value::Variable(1)),
        with(PropertyId::TopicAlias, Value::TwoByte(5)),
        with(PropertyId::UserProperty, Value::Pair(text("k"), text(""))),
    ];
    let message = ReceivedMessage {
        topic: TopicName::new("dir/\u{e4}").unwrap(),
        dup: true,
        qos: Qos::ExactlyOnce,
        retain: true,
        packet_id: PacketId::new(77),
        properties: Properties::checked(Carrier::Publish, properties).unwrap(),
        ..message(b"a\0\n\xc3\xa4")
    };
    let expected = concat!(
        r#""topic":"dir/ä","qos":2,"retain":true,"dup":true,"packet_id":77,"properties":{"#,
        r#""payload-format-indicator":1,"message-expiry-interval":3000000000,"#,
        r#""user-properties":[{"k":"v"},{"k":""}],"content-type":"a\"b","response-topic":"/r","#,
        r#""correlation-data_base64":"dGV4dA==","subscription-identifier":[300,1],"#,
        r#""topic-alias":5},"payload":"a\u0000\nä"}"#
    );
    assert_eq!(record_of(&message, JsonPayload::Text), expected);
}

#[test]
fn the_payload_of_a_record_is_a_text_or_base64_or_the_value_it_is() {
    let begin = r#""topic":"t","qos":0,"retain":false,"dup":false,"#;
    for (payload, text, value) in [
        (&b""[..], r#""payload":"""#, r#""payload":"""#),
        (b"a\xff", r#""payload_base64":"Yf8=""#, r#""payload_base64":"Yf8=""#),
        (b"no JSON", r#""payload":"no JSON""#, r#""payload":"no JSON""#),
        (b"01", r#""payload":"01""#, r#""payload":"01""#),
        (b"\"a\"", r#""payload":"\"a\"""#, r#""payload_json":"a""#),
        (b" 1.50E+400 ", r#""payload":" 1.50E+400 ""#, r#""payload_json":1.50E+400"#),
        (
            b"{\r\n \"b\" : 1,\n\"b\":\"\\n\"}",
            r#""payload":"{\r\n \"b\" : 1,\n\"b\":\"\\n\"}""#,
            r#""payload_json":{   "b" : 1, "b":"\n"}"#,
        ),
    ] {
        for (form, expected) in [(JsonPayload::Text, text), (JsonPayload::Value, value)] {
            let line = record_of(&message(payload), form);
            assert_eq!(line, format!("{begin}{expected}}}"));
        }
    }
}

#[test]
fn deep_nesting_does_not_become_gigabytes_of_tabs() {
    let deep = [r#"{"a":"#.repeat(10_000), "1".to_owned(), "}".repeat(10_000)].concat();
    let (_, pretty) = objects(&message(deep.as_bytes()), Style::Pretty);
    let pretty = pretty.unwrap();
    assert!(pretty.len() < 3_000_000, "{}", pretty.len());
    let blanks = |c: &char| !c.is_ascii_whitespace();
    assert!(pretty.chars().filter(blanks).collect::<String>().contains(&deep));
}

/// Any JSON value, as text.
fn any_json() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("null".to_owned()),
        "-?(0|[1-9][0-9]{0,30})([.][0-9]{1,9})?([eE][+-]?[0-9]{1,3})?",
        any::<String>().prop_map(|text| serde_json::to_string(&text).unwrap()),
    ];
    leaf.prop_recursive(4, 32, 4, |inner| {
        let member = (any::<String>(), inner.clone()).prop_map(|(key, value)| {
            format!("{} :\n{value}", serde_json::to_string(&key).unwrap())
        });
        prop_oneof![
            prop::collection::vec(inner, 0..4).prop_map(|all| format!("[ {}\t]", all.join(" , "))),
            prop::collection::vec(member, 0..4).prop_map(|all| format!("{{ {} }}", all.join(" ,"))),
        ]
    })
}

proptest! {
    #[test]
    fn every_payload_can_be_read_back(payload: Vec<u8>, pretty: bool) {
        let style = if pretty { Style::Pretty } else { Style::Compact };
        let (json, _) = objects(&message(&payload), style);
        let object: serde_json::Value = serde_json::from_str(&json).unwrap();
        let read = match (&object["payload"], object.get("payload_base64")) {
            (serde_json::Value::Null, None) => Vec::new(),
            (serde_json::Value::String(text), None) => text.clone().into_bytes(),
            (_, Some(base64)) => STANDARD.decode(base64.as_str().unwrap()).unwrap(),
            other => panic!("{other:?}"),
        };
        prop_assert_eq!(read, payload);
    }

    #[test]
    fn a_record_is_one_line_of_valid_json(payload: Vec<u8>, value in any_json()) {
        for payload in [&payload[..], value.as_bytes()] {
            for form in [JsonPayload::Text, JsonPayload::Value] {
                let line = record_of(&message(payload), form);
                prop_assert!(!line.contains(['\n', '\r']));
                let object = format!("{{{line}");
                prop_assert!(serde_json::from_str::<&RawValue>(&object).is_ok());
            }
        }
    }

    #[test]
    fn values_keep_every_token_in_both_styles(value in any_json()) {
        let compact = value_of(value.as_bytes()).unwrap();
        let (_, pretty) = objects(&message(value.as_bytes()), Style::Pretty);
        let pretty: Box<RawValue> = {
            let object: std::collections::HashMap<String, Box<RawValue>> =
                serde_json::from_str(&pretty.unwrap()).unwrap();
            object.into_iter().find(|(key, _)| key == "payload").unwrap().1
        };
        prop_assert_eq!(value_of(pretty.get().as_bytes()).unwrap(), compact);
    }
}
