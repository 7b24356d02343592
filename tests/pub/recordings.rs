use std::path::Path;
use std::time::{Duration, UNIX_EPOCH};

use bytes::Bytes;
use mqtt_core::protocol::property::{Carrier, Kind};
use mqtt_core::protocol::{
    PacketId, Properties, Property, PropertyId, Qos, Text, TopicName, Value,
};
use mqtt_core::session::{Message, ReceivedMessage};
use proptest::prelude::*;
use test_support::packet::{self, Delivery, v3, v5};
use test_support::scripted_peer::{Connection, ScriptedPeer};
use test_support::tool::{Running, Signal};

use super::{publisher, start_at};

/// A line for each of these payloads, a second apart.
fn lines(payloads: &[&str]) -> String {
    let line = |(second, payload): (usize, &&str)| {
        format!(
            "{{\"time\":\"2026-11-23T10:00:0{second}Z\",\"topic\":\"t\",\"payload\":\"{payload}\"}}\n"
        )
    };
    payloads.iter().enumerate().map(line).collect()
}

fn accept(peer: &ScriptedPeer, connack: &[u8]) -> Connection {
    let mut client = peer.accept();
    client.read_packet();
    client.send(connack);
    client
}

fn end(mut client: Connection) {
    client.expect(&packet::DISCONNECT);
    client.close();
}

fn path(file: &Path) -> &str {
    file.to_str().expect("a plain name")
}

#[test]
fn each_line_goes_where_and_as_it_says() {
    let peer = ScriptedPeer::listen();
    let mut running = start_at(&peer, &["--json-lines", "-V", "5", "-q", "1", "-t", "default"]);
    let mut client = accept(&peer, &v5::connack(0, &[]));
    running.write_input(concat!(
        r#"{"topic":"a","qos":0,"retain":true,"payload":"one"}"#,
        "\n",
        r#"{"payload_base64":"/w==","properties":{"content-type":"c"}}"#,
        "\n",
        r#"{"topic":"b","qos":2,"payload_json":{"n": 1.0},"newer":1}"#,
    ));
    running.close_input();
    let first = v5::publish("a", b"one", Delivery::AtMostOnce, &[]);
    client.expect(&packet::flagged(first, packet::RETAIN));
    let content_type = [&[0x03][..], &packet::text("c")].concat();
    client.expect(&v5::publish("default", b"\xff", Delivery::AtLeastOnce(2), &content_type));
    client.expect(&v5::publish("b", br#"{"n": 1.0}"#, Delivery::ExactlyOnce(3), &[]));
    client.send(&[packet::puback(2), packet::pubrec(3)].concat());
    client.expect(&packet::pubrel(3));
    client.send(&packet::pubcomp(3));
    end(client);
    running.wait().assert_code(0);
}

#[test]
fn a_line_that_is_no_message_ends_it_once_those_before_are_acknowledged() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let unsent = folder.path().join("unsent");
    let peer = ScriptedPeer::listen();
    let mut running = start_at(&peer, &["--json-lines", "-q", "1", "--save-unsent", path(&unsent)]);
    let good = lines(&["one", "two", "three"]);
    let (first, rest) = good.split_once('\n').expect("lines");
    running.write_input(format!("{first}\n{{\"topic\":1}}\n{rest}"));
    running.close_input();
    let mut client = accept(&peer, &v3::connack(0));
    client.expect(&v3::publish("t", b"one", Delivery::AtLeastOnce(1)));
    client.send(&packet::puback(1));
    end(client);
    let output = running.wait();
    output.assert_code(1);
    let expected = format!(
        "error: 3 of 4 lines read did not get through, the first is line 2: line 2, column 10: \
         invalid type: integer `1`, expected a topic\n\
         hint: they are in '{}': --json-lines publishes them, once that line is put right\n",
        unsent.display()
    );
    assert_eq!(output.stderr(), expected);
    let saved = std::fs::read_to_string(unsent).expect("the file");
    assert_eq!(saved, format!("{{\"topic\":1}}\n{rest}"));
}

#[test]
fn lines_of_different_qos_that_do_not_get_through_have_their_numbers() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let unsent = folder.path().join("unsent");
    let peer = ScriptedPeer::listen();
    let mut running = start_at(
        &peer,
        &["--json-lines", "-V", "5", "-M", "2", "--no-reconnect", "--save-unsent", path(&unsent)],
    );
    let line = |qos: u8| format!("{{\"topic\":\"t\",\"qos\":{qos},\"payload\":\"{qos}\"}}");
    let input: Vec<String> = [0, 1, 0, 1, 2].map(line).to_vec();
    running.write_input(input.join("\n"));
    running.close_input();
    let mut client = accept(&peer, &v5::connack(0, &[]));
    client.expect(&v5::publish("t", b"0", Delivery::AtMostOnce, &[]));
    client.expect(&v5::publish("t", b"1", Delivery::AtLeastOnce(2), &[]));
    client.expect(&v5::publish("t", b"0", Delivery::AtMostOnce, &[]));
    client.expect(&v5::publish("t", b"1", Delivery::AtLeastOnce(4), &[]));
    client.send(&v5::puback(2, 0x97));
    client.expect(&v5::publish("t", b"2", Delivery::ExactlyOnce(5), &[]));
    client.close();
    let output = running.wait();
    output.assert_code(7);
    let said = output.stderr();
    assert!(said.contains("warning: line 2 was refused: Quota exceeded\n"), "{said}");
    let expected = "error: 2 of 5 lines read did not get through, the first is line 4: ";
    assert!(said.contains(expected), "{said}");
    let saved = std::fs::read_to_string(unsent).expect("the file");
    let expected = [line(1), line(1), line(2), String::new()].join("\n");
    assert_eq!(saved, expected);
}

#[test]
fn properties_that_mqtt_3_does_not_have_are_left_out_with_one_warning() {
    let peer = ScriptedPeer::listen();
    let mut running = start_at(&peer, &["--json-lines"]);
    let line = r#"{"topic":"t","payload":"x","properties":{"content-type":"c"}}"#;
    running.write_input(format!("{line}\n{line}\n"));
    running.close_input();
    let mut client = accept(&peer, &v3::connack(0));
    client.expect(&v3::publish("t", b"x", Delivery::AtMostOnce));
    client.expect(&v3::publish("t", b"x", Delivery::AtMostOnce));
    end(client);
    let output = running.wait();
    output.assert_code(0);
    let expected =
        "warning: the properties of messages are left out: only MQTT 5 has them (-V 5)\n";
    assert_eq!(output.stderr(), expected);
}

/// Starts to replay these payloads, a second apart.
fn replay(folder: &Path, payloads: &[&str], arguments: &[&str]) -> (ScriptedPeer, Running) {
    let file = folder.join("recording");
    std::fs::write(&file, lines(payloads)).expect("the recording is written");
    let peer = ScriptedPeer::listen();
    let running = start_at(&peer, &[&["--replay", path(&file)], arguments].concat());
    (peer, running)
}

#[test]
fn a_recording_is_replayed_without_pauses_where_none_are_wanted() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (peer, running) = replay(folder.path(), &["a", "b", "c"], &["--speed", "max"]);
    let mut client = accept(&peer, &v3::connack(0));
    for payload in ["a", "b", "c"] {
        client.expect(&v3::publish("t", payload.as_bytes(), Delivery::AtMostOnce));
    }
    end(client);
    running.wait().assert_code(0);
}

#[test]
fn a_signal_ends_a_replay_and_tells_how_far_it_came() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (peer, running) = replay(folder.path(), &["a", "b"], &["--speed", "0.001x"]);
    let mut client = accept(&peer, &v3::connack(0));
    client.expect(&v3::publish("t", b"a", Delivery::AtMostOnce));
    running.signal(Signal::INT);
    end(client);
    let output = running.wait();
    output.assert_code(130);
    assert_eq!(output.stderr(), "error: ended by signal 2 after 1 message\n");
}

#[test]
fn a_recording_that_cannot_be_read_is_told_before_connecting() {
    let output = publisher().run(["--replay", "/no/such/file"]);
    output.assert_code(1);
    assert!(output.stderr().starts_with("error: cannot read '/no/such/file' (--replay): "));
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("recording");
    std::fs::write(&file, lines(&["a"])).expect("the recording is written");
    let output = publisher().run(["--replay", path(&file), "--save-unsent", path(&file)]);
    output.assert_code(1);
    assert!(output.stderr().contains("is the file that the lines are read from"));
}

fn any_text() -> impl Strategy<Value = Text> {
    any::<String>().prop_map(|text| {
        let text: String = text.chars().filter(|c| Text::new(c.to_string()).is_ok()).collect();
        Text::new(text).expect("every character is allowed")
    })
}

fn any_value(id: PropertyId) -> BoxedStrategy<Value> {
    match id.kind() {
        Kind::Text if id == PropertyId::ResponseTopic => any_topic()
            .prop_map(|topic| Value::Text(Text::new(topic.as_str()).expect("a text")))
            .boxed(),
        Kind::Text => any_text().prop_map(Value::Text).boxed(),
        Kind::Binary => any::<Vec<u8>>().prop_map(|data| Value::Binary(data.into())).boxed(),
        Kind::Pair => (any_text(), any_text()).prop_map(|(k, v)| Value::Pair(k, v)).boxed(),
        kind => {
            let range = kind.range().expect("a number");
            range.prop_map(move |number| kind.number(number).expect("in its range")).boxed()
        }
    }
}

fn any_topic() -> impl Strategy<Value = TopicName> {
    any_text().prop_map(|text| {
        let name: String = text.as_str().chars().filter(|c| !matches!(c, '+' | '#')).collect();
        TopicName::new(format!("t{name}")).expect("a topic")
    })
}

/// Any list that a message of ours can have; user properties together, as a line has them.
fn any_properties() -> impl Strategy<Value = Properties> {
    let once = PropertyId::sent_in(Carrier::Publish)
        .filter(|id| !matches!(id, PropertyId::UserProperty | PropertyId::TopicAlias))
        .map(|id| proptest::option::of(any_value(id).prop_map(move |value| Property { id, value })))
        .collect::<Vec<_>>();
    let user = any_value(PropertyId::UserProperty)
        .prop_map(|value| Property { id: PropertyId::UserProperty, value });
    (once, proptest::collection::vec(user, 0..4)).prop_map(|(once, user)| {
        let list = once.into_iter().flatten().chain(user).collect();
        Properties::checked(Carrier::Publish, list).expect("each once, but for the user's")
    })
}

proptest! {
    #[test]
    fn what_is_recorded_is_read_back(
        topic in any_topic(),
        properties in any_properties(),
        payload in prop_oneof![any::<Vec<u8>>(), any::<String>().prop_map(String::into_bytes)],
        level in 0_u8..=2,
        (retain, dup) in any::<(bool, bool)>(),
        time in any::<u32>(),
    ) {
        let payload = Bytes::from(payload);
        let qos = Qos::from_level(level).expect("a level");
        let received = ReceivedMessage {
            topic: topic.clone(),
            dup,
            qos,
            retain,
            packet_id: PacketId::new(u16::from(level)),
            properties: properties.clone(),
            payload: payload.clone(),
        };
        let line = mqtt_sub::record(&received, UNIX_EPOCH + Duration::from_secs(time.into()));
        let read = mqtt_pub::read_record(&line.into()).map_err(|error| error.to_string());
        prop_assert_eq!(read, Ok(Message { topic, qos, retain, properties, payload }));
    }
}
