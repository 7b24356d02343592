use test_support::mosquitto::Mosquitto;
use test_support::packet::{self, Delivery, text, v3, v5};
use test_support::scripted_peer::{Connection, ScriptedPeer};
use test_support::tool::{Running, Signal, Tool};

use super::{publisher, start_at};

const REQUEST: &[&str] = &["-t", "ask", "-m", "?", "--wait-response", "answer"];
const REQUEST_5: &[&str] = &["-t", "ask", "-m", "?", "--wait-response", "answer", "-V", "5"];

/// What SUBSCRIBE of MQTT 5 looks like: at QoS 0, and without what is retained.
fn subscribe_5() -> Vec<u8> {
    packet::frame(0x82, &[&[0, 1, 0], &text("answer"), &[0x20]])
}

/// Correlation data as a property.
fn correlation(data: &[u8]) -> Vec<u8> {
    let length = u8::try_from(data.len()).expect("a short one");
    [&[0x09, 0, length], data].concat()
}

fn accept(peer: &ScriptedPeer, connack: &[u8]) -> Connection {
    let mut client = peer.accept();
    client.read_packet();
    client.send(connack);
    client
}

/// The message is published; at QoS 0, and over MQTT 3.
fn requested(more: &[&str]) -> (Running, Connection) {
    let peer = ScriptedPeer::listen();
    let running = start_at(&peer, &[REQUEST, more].concat());
    let mut client = accept(&peer, &v3::connack(0));
    client.expect(&v3::subscribe(1, "answer", 0));
    client.send(&v3::suback(1, &[0]));
    client.expect(&v3::publish("ask", b"?", Delivery::AtMostOnce));
    (running, client)
}

#[test]
fn over_mqtt_3_the_first_message_behind_the_request_is_the_answer() {
    let peer = ScriptedPeer::listen();
    let running = start_at(&peer, &[REQUEST, &["--latency"]].concat());
    let mut client = accept(&peer, &v3::connack(0));
    client.expect(&v3::subscribe(1, "answer", 0));
    // Neither of them can answer what is yet to come.
    client.send(&v3::publish("answer", b"early", Delivery::AtMostOnce));
    client.send(&v3::suback(1, &[0]));
    client.expect(&v3::publish("ask", b"?", Delivery::AtMostOnce));
    let retained = v3::publish("answer", b"old", Delivery::AtMostOnce);
    client.send(&packet::flagged(retained, packet::RETAIN));
    client.send(&v3::publish("other", b"no", Delivery::AtMostOnce));
    client.send(&v3::publish("answer", b"42", Delivery::AtMostOnce));
    client.send(&v3::publish("answer", b"43", Delivery::AtMostOnce));
    client.expect(&packet::DISCONNECT);
    client.close();
    let output = running.wait();
    output.assert_code(0);
    assert_eq!(output.stdout(), "42\n");
    let said = output.stderr();
    let latency = said.strip_prefix("latency: ").and_then(|rest| rest.strip_suffix(" ms\n"));
    latency.and_then(|number| number.parse::<f64>().ok()).expect("a number");
}

#[test]
fn over_mqtt_5_the_answer_has_the_correlation_data_of_the_request() {
    let peer = ScriptedPeer::listen();
    let own = ["-D", "publish", "correlation-data", "mine", "-q", "1"];
    let running = start_at(&peer, &[REQUEST_5, &own].concat());
    let mut client = accept(&peer, &v5::connack(0, &[]));
    client.expect(&packet::frame(0x82, &[&[0, 1, 0], &text("answer"), &[0x21]]));
    client.send(&v5::suback(1, &[1]));
    let asked = [correlation(b"mine"), vec![0x08], text("answer")].concat();
    client.expect(&v5::publish("ask", b"?", Delivery::AtLeastOnce(2), &asked));
    let answer = |payload, data| {
        v5::publish("answer", payload, Delivery::AtLeastOnce(7), &correlation(data))
    };
    client.send(&v5::publish("answer", b"none", Delivery::AtMostOnce, &[]));
    client.send(&answer(b"no", b"other"));
    client.expect(&packet::puback(7));
    // It may come before what it answers is acknowledged.
    client.send(&answer(b"yes", b"mine"));
    client.expect(&packet::puback(7));
    client.send(&v5::puback(2, 0));
    client.expect(&packet::DISCONNECT);
    client.close();
    assert_eq!(running.wait().assert_code(0).stdout(), "yes\n");
}

#[test]
fn correlation_data_is_made_up_anew_for_each_request() {
    let mut seen = Vec::new();
    for _ in 0..2 {
        let peer = ScriptedPeer::listen();
        let running = start_at(&peer, REQUEST_5);
        let mut client = accept(&peer, &v5::connack(0, &[]));
        client.expect(&subscribe_5());
        client.send(&v5::suback(1, &[0]));
        let request = client.read_packet();
        let asked = [&[0x08][..], &text("answer")].concat();
        let start = request.windows(asked.len()).position(|part| part == asked);
        let start = start.expect("the response topic") + asked.len();
        let data = request.get(start..start + 35).expect("correlation data").to_vec();
        assert_eq!(data[..3], [0x09, 0, 32]);
        assert!(data[3..].iter().all(u8::is_ascii_hexdigit));
        client.send(&v5::publish("answer", b"", Delivery::AtMostOnce, &data));
        client.expect(&packet::DISCONNECT);
        client.close();
        // Of an empty payload there is nothing to print.
        assert_eq!(running.wait().assert_code(0).stdout(), "");
        seen.push(data);
    }
    assert_ne!(seen[0], seen[1]);
}

#[test]
fn an_answer_that_does_not_come_has_the_status_of_what_ended_the_waiting() {
    let (running, mut client) = requested(&["-W", "1"]);
    while client.read_packet_or_end().is_some() {}
    let output = running.wait();
    output.assert_code(27);
    assert_eq!(output.stderr(), "error: no answer on 'answer': timed out\n");

    let (running, mut client) = requested(&[]);
    running.signal(Signal::INT);
    client.expect(&packet::DISCONNECT);
    client.close();
    let output = running.wait();
    output.assert_code(130);
    assert_eq!(output.stderr(), "error: no answer on 'answer': ended by signal 2\n");

    let (running, client) = requested(&[]);
    client.close();
    let output = running.wait();
    output.assert_code(7);
    let expected = "error: no answer on 'answer': the connection to ";
    assert!(output.stderr().starts_with(expected), "{}", output.stderr());
}

#[test]
fn where_the_subscription_or_the_message_is_refused_nothing_is_waited_for() {
    let peer = ScriptedPeer::listen();
    let running = start_at(&peer, REQUEST_5);
    let mut client = accept(&peer, &v5::connack(0, &[]));
    client.expect(&subscribe_5());
    client.send(&v5::suback(1, &[0x87]));
    client.expect(&packet::DISCONNECT);
    client.close();
    let output = running.wait();
    output.assert_code(135);
    let expected = "error: the broker refused to subscribe to 'answer': Not authorized\n";
    assert_eq!(output.stderr(), expected);

    let peer = ScriptedPeer::listen();
    let required = ["-q", "1", "--require-subscriber"];
    let running = start_at(&peer, &[REQUEST_5, &required].concat());
    let mut client = accept(&peer, &v5::connack(0, &[]));
    client.read_packet();
    client.send(&v5::suback(1, &[1]));
    client.read_packet();
    client.send(&v5::puback(2, 0x10));
    client.expect(&packet::DISCONNECT);
    client.close();
    running.wait().assert_code(16);
}

#[test]
fn a_new_connection_subscribes_again_before_it_goes_on() {
    let peer = ScriptedPeer::listen();
    let running = start_at(&peer, &[REQUEST, &["--retry", "2"]].concat());
    let mut client = accept(&peer, &v3::connack(0));
    client.expect(&v3::subscribe(1, "answer", 0));
    client.close();
    let mut client = accept(&peer, &v3::connack(0));
    client.expect(&v3::subscribe(2, "answer", 0));
    client.send(&v3::suback(2, &[0]));
    client.expect(&v3::publish("ask", b"?", Delivery::AtMostOnce));
    client.close();
    let mut client = accept(&peer, &v3::connack(0));
    // The message of QoS 0 has been counted, too.
    client.expect(&v3::subscribe(4, "answer", 0));
    client.send(&v3::suback(4, &[0]));
    client.send(&v3::publish("answer", b"42", Delivery::AtMostOnce));
    client.expect(&packet::DISCONNECT);
    client.close();
    assert_eq!(running.wait().assert_code(0).stdout(), "42\n");
}

#[test]
fn a_real_broker_carries_request_and_answer() {
    let broker = Mosquitto::builder().start();
    let port = broker.port().to_string();
    let at_broker = ["-h", "127.0.0.1", "-p", &port];
    for version in ["311", "5"] {
        let listening = Tool::at("/usr/bin/mosquitto_sub").spawn(
            [&at_broker[..], &["-t", "ask", "-V", version, "-i", version, "-C", "1", "-F"]]
                .concat()
                .into_iter()
                .chain(["%R %D"]),
        );
        broker.wait_for_log(&format!("Sending SUBACK to {version}"));
        let own = ["-D", "publish", "correlation-data", "mine"];
        let own = if version == "5" { &own[..] } else { &[] };
        let options = ["-V", version, "-W", "20"];
        let asking = publisher().spawn([&at_broker[..], REQUEST, &options, own].concat());
        let asked = listening.wait();
        let expected = if version == "5" { "answer mine\n" } else { " \n" };
        assert_eq!(asked.assert_code(0).stdout(), expected);
        let answer = ["-t", "answer", "-m", "42", "-V", version];
        publisher().run([&at_broker[..], &answer, own].concat()).assert_code(0);
        assert_eq!(asking.wait().assert_code(0).stdout(), "42\n");
    }
}
