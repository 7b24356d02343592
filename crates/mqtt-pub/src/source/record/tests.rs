use super::*;

fn defaults() -> Defaults {
    let head = Head { qos: Qos::AtMostOnce, retain: false, properties: Properties::new() };
    Defaults { topic: None, head }
}

fn read(line: &str) -> Result<Record, String> {
    let line = Bytes::copy_from_slice(line.as_bytes());
    Record::read(&line, &defaults()).map_err(|error| error.to_string())
}

fn payload(members: &str) -> Vec<u8> {
    read(&format!(r#"{{"topic":"t",{members}}}"#)).unwrap().payload.to_vec()
}

fn text(text: &str) -> Text {
    Text::new(text.to_owned()).unwrap()
}

#[test]
fn a_line_says_all_of_a_message() {
    let record = read(concat!(
        r#" {"time":"2026-11-23T10:00:00.000000001+01:00","topic":"a\/ä","qos":2,"retain":true,"#,
        r#""dup":true,"packet_id":7,"properties":{"payload-format-indicator":1,"#,
        r#""message-expiry-interval":4294967295,"user-properties":[{"k":"v"},{"k":""}],"#,
        r#""content-type":"c","response-topic":"r","correlation-data_base64":"/w==","#,
        r#""subscription-identifier":[1,2],"topic-alias":3,"newer":{}},"newer":[1],"payload":"x"}"#,
        "\t\r"
    ));
    let Record { topic, head, payload, time } = record.unwrap();
    assert_eq!(time.unwrap().unix_timestamp_nanos(), 1_795_424_400_000_000_001);
    assert_eq!((topic.as_str(), &payload[..]), ("a/ä", &b"x"[..]));
    assert_eq!((head.qos, head.retain), (Qos::ExactlyOnce, true));
    let values: Vec<_> = head.properties.iter().map(|one| (one.id, one.value.clone())).collect();
    let expected = [
        (PropertyId::PayloadFormatIndicator, Value::Byte(1)),
        (PropertyId::MessageExpiryInterval, Value::FourByte(u32::MAX)),
        (PropertyId::UserProperty, Value::Pair(text("k"), text("v"))),
        (PropertyId::UserProperty, Value::Pair(text("k"), text(""))),
        (PropertyId::ContentType, Value::Text(text("c"))),
        (PropertyId::ResponseTopic, Value::Text(text("r"))),
        (PropertyId::CorrelationData, Value::Binary(Bytes::from_static(b"\xff"))),
    ];
    assert_eq!(values, expected);
}

#[test]
fn what_a_line_does_not_say_is_as_the_options_say() {
    let list = vec![Property { id: PropertyId::ContentType, value: Value::Text(text("c")) }];
    let properties = Properties::checked(Carrier::Publish, list).unwrap();
    let head = Head { qos: Qos::AtLeastOnce, retain: true, properties: properties.clone() };
    let defaults = Defaults { topic: Some(TopicName::new("d").unwrap()), head };
    let line = Bytes::from_static(br#"{"payload":"x"}"#);
    let Record { topic, head, .. } = Record::read(&line, &defaults).unwrap();
    assert_eq!((topic.as_str(), head.qos, head.retain), ("d", Qos::AtLeastOnce, true));
    assert_eq!(head.properties, properties);
    let line = Bytes::from_static(
        br#"{"topic":"t","qos":0,"retain":false,"properties":{},"payload":"x"}"#,
    );
    let Record { topic, head, .. } = Record::read(&line, &defaults).unwrap();
    assert_eq!((topic.as_str(), head.qos, head.retain), ("t", Qos::AtMostOnce, false));
    assert!(head.properties.is_empty());
}

#[test]
fn a_payload_has_one_of_three_forms() {
    assert_eq!(payload(r#""payload":"""#), b"");
    assert_eq!(payload(r#""payload":"a\u0000\n\ud83e\udd80""#), "a\0\n🦀".as_bytes());
    assert_eq!(payload(r#""payload_base64":"AP8=""#), b"\0\xff");
    assert_eq!(
        payload(r#""payload_json": {"b" : 1.50,"b":"\ud800"} "#),
        br#"{"b" : 1.50,"b":"\ud800"}"#
    );
}

#[test]
fn a_plain_payload_is_a_slice_of_the_line() {
    let line = Bytes::from_static(br#"{"topic":"t","payload":"plain"}"#);
    let payload = Record::read(&line, &defaults()).unwrap().payload;
    assert!(line.as_ptr_range().contains(&payload.as_ptr()));
}

#[test]
fn what_is_wrong_with_a_line_is_told_with_its_place() {
    let long = format!(
        r#"{{"topic":"t","payload":"","properties":{{"user-properties":[{{"{}":""}}]}}}}"#,
        "x".repeat(65_536)
    );
    for (line, error) in [
        ("", "column 1: EOF while parsing a value"),
        ("[]", "column 1: invalid type: sequence, expected an object"),
        (
            r#"{"topic":"t"}"#,
            "column 13: none of payload, payload_base64, payload_json (an empty one is \"\")",
        ),
        (r#"{"payload":""}"#, "column 14: no topic to publish to"),
        (
            r#"{"topic":"a/#","payload":""}"#,
            "column 14: this is no topic name: it contains '#', which only a subscription may",
        ),
        (
            r#"{"topic":"t","payload":"","payload_json":1}"#,
            "column 43: payload_json is a second payload",
        ),
        (r#"{"topic":"t","topic":"t"}"#, "column 25: topic may be given only once"),
        (r#"{"topic":"t","payload":""}{}"#, "column 27: trailing characters"),
        (r#"{"topic":"t","payload":null}"#, "column 27: invalid type: null, expected a string"),
        (r#"{"topic":"t","qos":3}"#, "column 20: invalid value: integer `3`, expected 0, 1 or 2"),
        (
            r#"{"topic":"t","payload_base64":"?"}"#,
            "column 33: this is not base64: Invalid symbol 63, offset 0.",
        ),
        (r#"{"time":"noon"}"#, "column 14: a time as in RFC 3339 is wanted"),
        (
            r#"{"properties":{"payload-format-indicator":2}}"#,
            "column 44: payload-format-indicator cannot be 2",
        ),
        (
            r#"{"properties":{"correlation-data":"","correlation-data_base64":""}}"#,
            "column 66: correlation-data may be given only once",
        ),
        (
            r#"{"properties":{"response-topic":"+"}}"#,
            "column 35: this is no topic name: it contains '+', which only a subscription may",
        ),
        (
            long.as_str(),
            "column 65598: MQTT cannot carry this text: it is 65536 bytes long, at most 65535 are possible",
        ),
    ] {
        assert_eq!(
            read(line).map(drop),
            Err(error.to_owned()),
            "{}",
            line.get(..60).unwrap_or(line)
        );
    }
}
