use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::Value;
use test_support::packet::{self, Delivery, v3, v5};
use test_support::tool::Running;

use super::{subscribed, subscriber};

/// The types of members as a table of docs/output-formats.md has them, which begins with this
/// column.
fn table(first_column: &str) -> BTreeMap<String, String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/output-formats.md");
    let text = std::fs::read_to_string(path).expect("the document");
    let (_, section) = text.split_once("\n## Lines of JSON\n").expect("its section");
    let (_, table) = section.split_once(&format!("\n| {first_column} |")).expect(first_column);
    let rows = table.lines().skip(2).take_while(|line| line.starts_with('|'));
    let rows = rows.map(|row| {
        let mut cells = row.split('|').skip(1).map(|cell| cell.trim().trim_matches('`').to_owned());
        (cells.next().expect(row), cells.next().expect(row))
    });
    rows.collect()
}

/// The name of a value's type as the tables begin with it.
fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

/// Holds the members of an object against a table; gives those that it has.
fn members(object: &Value, table: &BTreeMap<String, String>) -> BTreeSet<String> {
    let object = object.as_object().expect("an object");
    for (name, value) in object {
        let type_name = type_name(value);
        let documented = table.get(name).expect(name);
        assert!(documented == "any" || documented.contains(type_name), "{name}: {type_name}");
    }
    object.keys().cloned().collect()
}

/// Every property that a message can have, twice what may be repeated.
fn properties() -> Vec<u8> {
    [
        &[0x01, 1][..],
        &[0x02, 0xff, 0xff, 0xff, 0xff],
        &[&[0x03][..], &packet::text("plain/text")].concat(),
        &[&[0x08][..], &packet::text("/resp/t")].concat(),
        &[0x09, 0, 2, b'c', 0xff],
        &[0x0b, 0xac, 0x02],
        &[0x0b, 0x01],
        &[0x23, 0, 1],
        &[&[0x26][..], &packet::text("k1"), &packet::text("v1")].concat(),
        &[&[0x26][..], &packet::text("k1"), &packet::text("")].concat(),
    ]
    .concat()
}

/// What is written of such a message with each of these payloads.
fn lines(arguments: &[&str], payloads: &[&[u8]]) -> Vec<String> {
    let peer = test_support::scripted_peer::ScriptedPeer::listen();
    let (port, count) = (peer.port().to_string(), payloads.len().to_string());
    let alias = ["-D", "connect", "topic-alias-maximum", "5"];
    let fixed = ["-h", "127.0.0.1", "-p", &port, "-t", "#", "-q", "1", "-C", &count];
    let mut command = subscriber().command([&fixed[..], &alias, arguments].concat());
    command.env("TZ", "IST-5:30");
    let running = Running::start(command);
    let mut client = peer.accept();
    client.read_packet();
    client.send(&v5::connack(0, &[]));
    client.read_packet();
    client.send(&v5::suback(1, &[1]));
    for payload in payloads {
        let message = v5::publish("dir/topic", payload, Delivery::AtLeastOnce(77), &properties());
        client.send(&packet::flagged(message, packet::RETAIN));
        client.expect(&packet::puback(77));
    }
    client.expect(&packet::DISCONNECT);
    client.close();
    let output = running.wait();
    output.assert_code(0);
    output.stdout().lines().map(str::to_owned).collect()
}

#[test]
fn a_line_has_all_of_a_message_as_the_table_says() {
    let (in_line, in_properties) = (table("member"), table("member of `properties`"));
    let (mut seen, mut properties_seen) = (BTreeSet::new(), BTreeSet::new());
    for option in ["--json", "--json=payload"] {
        for line in lines(&[option], &[b"a\nb", b"\xff", b"", b"{\n}"]) {
            let object: Value = serde_json::from_str(&line).expect("JSON");
            seen.append(&mut members(&object, &in_line));
            properties_seen.append(&mut members(&object["properties"], &in_properties));
        }
    }
    assert!(seen.iter().eq(in_line.keys()), "{seen:?}");
    assert!(properties_seen.iter().eq(in_properties.keys()), "{properties_seen:?}");
}

#[test]
fn a_message_of_mqtt_3_is_a_line_too() {
    let (running, mut client) = subscribed(&["-t", "#", "--json", "-v", "-C", "1"]);
    client.send(&v3::publish("a/\u{9b}", b"\x9b\"", Delivery::AtMostOnce));
    client.expect(&packet::DISCONNECT);
    client.close();
    let output = running.wait();
    let stdout = output.stdout();
    let line = stdout.strip_prefix(r#"{"time":""#).expect("its beginning");
    let (time, rest) = line.split_once('"').expect(line);
    // 2026-11-22T22:59:34.569885001Z
    assert_eq!((time.len(), time.ends_with('Z')), (30, true), "{time}");
    let expected = ",\"topic\":\"a/\u{9b}\",\"qos\":0,\"retain\":false,\"dup\":false,\
                    \"payload_base64\":\"myI=\"}\n";
    assert_eq!(rest, expected);
}
