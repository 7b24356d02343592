use test_support::packet::{self, Delivery, v3, v5};
use test_support::scripted_peer::ScriptedPeer;
use test_support::tool::{Output, Running};

use super::{start_at, subscribed, subscriber};

/// The properties of the message below, from the tables of MQTT 5.
fn properties() -> Vec<u8> {
    [
        &[0x01, 1][..],
        &[0x02, 0xff, 0xff, 0xff, 0xff],
        &[&[0x03][..], &packet::text("plain/text")].concat(),
        &[&[0x08][..], &packet::text("/resp/t")].concat(),
        &[0x09, 0, 4, b'c', 0, 0xff, b'd'],
        &[0x0b, 0xac, 0x02],
        &[&[0x26][..], &packet::text("k1"), &packet::text("v1")].concat(),
        &[&[0x26][..], &packet::text("k1"), &packet::text("")].concat(),
    ]
    .concat()
}

/// The run that gets such a message of MQTT 5 for each payload, in a time zone of its own.
fn received(arguments: &[&str], payloads: &[&[u8]]) -> Output {
    let peer = ScriptedPeer::listen();
    let (port, count) = (peer.port().to_string(), payloads.len().to_string());
    let connection = ["-h", "127.0.0.1", "-p", &port, "-V", "5", "-t", "#", "-C", &count];
    let mut command = subscriber().command([&connection[..], &["-q", "1"], arguments].concat());
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
    output
}

#[test]
fn a_format_shows_everything_of_a_message_of_mqtt_5() {
    let format = r"%t|%p|%x|%q|%r|%m|%l|%F|%E|%C|%R|%D|%S|%P|%A\t%%@@";
    // -F beats -v.
    let output = received(&["-v", "-F", format], &[b"message", b""]);
    let rest = b"1|4294967295|plain/text|/resp/t|c\0\xffd|300|k1:v1 k1:|\t%@\n";
    let first = [&b"dir/topic|message|6d657373616765|1|1|77|7|"[..], rest].concat();
    let second = [&b"dir/topic|||1|1|77|0|"[..], rest].concat();
    assert_eq!(
        output.stdout.escape_ascii().to_string(),
        [first, second].concat().escape_ascii().to_string()
    );
    assert_eq!(output.stderr(), "");
}

#[test]
fn the_newline_is_left_out_only_on_request() {
    assert_eq!(received(&["-F", ""], &[b"a", b""]).stdout(), "\n\n");
    assert_eq!(received(&["-F", "%p;", "-N"], &[b"a", b""]).stdout(), "a;;");
}

/// The object without the time it begins with.
fn without_time(json: &str) -> &str {
    let json = json.strip_prefix(r#"{"tst":""#).expect(json);
    let (time, rest) = json.split_once(r#"","#).expect(json);
    // 2026-11-22T22:59:34.569885+0530
    assert_eq!((time.len(), time.ends_with("+0530")), (31, true), "{time}");
    rest
}

const OBJECT: &str = concat!(
    r#""topic":"dir/topic","qos":1,"retain":true,"payloadlen":LENGTH,"mid":77,"properties":{"#,
    r#""payload-format-indicator":1,"message-expiry-interval":4294967295,"#,
    r#""content-type":"plain/text","response-topic":"/resp/t","#,
    r#""correlation-data":"c\u0000�d","correlation-data_base64":"YwD/ZA==","#,
    r#""subscription-identifier":300,"user-properties":[{"k1":"v1"},{"k1":""}]},"payload":"#
);

#[test]
fn json_is_exact() {
    let output = received(&["-F", "%j"], &[b"a\0\xff", b""]);
    let stdout = output.stdout();
    let mut lines = stdout.lines();
    let first = OBJECT.replace("LENGTH", "3") + r#""a\u0000�","payload_base64":"YQD/"}"#;
    assert_eq!(without_time(lines.next().unwrap()), first);
    let second = OBJECT.replace("LENGTH", "0") + "null}";
    assert_eq!(without_time(lines.next().unwrap()), second);
    let output = received(&["-F", "%J"], &[br#"{ "t": 27.0, "t": 9007199254740993 }"#]);
    let object = OBJECT.replace("LENGTH", "36") + r#"{"t":27.0,"t":9007199254740993}}"#;
    assert_eq!(without_time(output.stdout().trim_end()), object);
    assert!(received(&["-F", "%J", "--pretty"], &[b"[1, 2]"]).stdout().ends_with(
        "\t\t\"user-properties\":\t[{\n\t\t\t\t\"k1\":\t\"v1\"\n\t\t\t}, {\n\t\t\t\t\"k1\":\t\"\"\n\
         \t\t\t}]\n\t},\n\t\"payload\":\t[1, 2]\n}\n"
    ));
}

#[test]
fn a_conversion_that_fits_no_payload_is_left_out_with_a_warning() {
    let output = received(&["-F", "%t:%J%f"], &[b"01"]);
    assert_eq!(output.stdout(), "dir/topic:\n");
    assert_eq!(
        output.stderr(),
        "warning: the payload on topic 'dir/topic' is not JSON: invalid number at line 1 column 2\n\
         warning: the payload on topic 'dir/topic' is no number for '%f': it has 2 bytes instead of 4\n"
    );
    assert_eq!(received(&["-F", "%t:%J%f", "--quiet"], &[b"01"]).stderr(), "");
}

#[test]
fn a_format_that_means_nothing_is_refused_before_connecting() {
    let peer = ScriptedPeer::listen();
    let running = start_at(&peer, &["-t", "t", "-F", "%p %"]);
    let output = running.wait();
    output.assert_code(1);
    assert!(peer.try_accept().is_none());
}

#[test]
fn a_warning_cannot_steer_the_terminal() {
    let (running, mut client) = subscribed(&["-t", "#", "-F", "%J", "-C", "1"]);
    client.send(&v3::publish("a\u{1b}[2J\n", b"no JSON", Delivery::AtMostOnce));
    client.expect(&packet::DISCONNECT);
    client.close();
    let output = running.wait();
    let stderr = output.stderr();
    assert!(
        stderr.starts_with("warning: the payload on topic 'a\\u{1b}[2J\\n' is not"),
        "{stderr}"
    );
    assert_eq!(stderr.lines().count(), 1, "{stderr}");
}
