use test_support::mosquitto::Mosquitto;
use test_support::packet::{self, Delivery, v3, v5};
use test_support::scripted_peer::ScriptedPeer;
use test_support::tool::{Output, Running, peak_memory};
use test_support::websocket::{self, WebSocket, agreement, read_head};

use super::{publisher, start_at};

const MESSAGE: [&str; 5] = ["--ws", "-t", "t", "-m", "x"];

/// Lets the client in, and its CONNECT.
fn connected(peer: &ScriptedPeer) -> WebSocket {
    let mut client = WebSocket::open(peer.accept());
    client.read_packet();
    client.send(&v3::connack(0));
    client
}

/// What comes of it when the web server answers so.
fn answered(answer: &str) -> Output {
    let peer = ScriptedPeer::listen();
    let running = start_at(&peer, &MESSAGE);
    let mut client = peer.accept();
    read_head(&mut client);
    client.send(answer.as_bytes());
    client.close();
    running.wait()
}

/// What comes of it when the frame follows the CONNECT.
fn sent(first: u8, payload: &[u8]) -> Output {
    let peer = ScriptedPeer::listen();
    let running = start_at(&peer, &MESSAGE);
    let mut client = WebSocket::open(peer.accept());
    client.read_packet();
    client.send_frame(first, payload);
    running.wait()
}

fn finish(mut client: WebSocket, running: Running) {
    client.expect(&v3::publish("t", b"x", Delivery::AtMostOnce));
    client.expect(&packet::DISCONNECT);
    client.close();
    running.wait().assert_code(0);
}

#[test]
fn the_request_names_host_port_path_subprotocol_and_the_headers_given() {
    let peer = ScriptedPeer::listen();
    let headers = ["--ws-header", "Authorization: Bearer s3cret", "--ws-header", "X-A: b"];
    let path = ["--ws-path", "/broker?tenant=a%20b"];
    let running = start_at(&peer, &[&MESSAGE[..], &headers, &path].concat());
    let mut client = peer.accept();
    let request = read_head(&mut client);
    assert!(request.starts_with("GET /broker?tenant=a%20b HTTP/1.1\r\n"), "{request}");
    let host = format!("127.0.0.1:{}", peer.port());
    for (name, value) in [
        ("Host", &*host),
        ("Upgrade", "websocket"),
        ("Connection", "Upgrade"),
        ("Sec-WebSocket-Protocol", "mqtt"),
        ("Sec-WebSocket-Version", "13"),
        ("Authorization", "Bearer s3cret"),
        ("X-A", "b"),
    ] {
        assert_eq!(websocket::field(&request, name), Some(value), "{request}");
    }
    assert_eq!(request.lines().count(), 10, "nothing else: {request}");
    client.send(b"HTTP/1.1 503 Service Unavailable\r\n\r\n");
    client.close();
    running.wait().assert_code(13);
}

#[test]
fn the_path_is_mqtt_without_an_option_and_the_key_is_another_each_time() {
    let peer = ScriptedPeer::listen();
    let keys = [(), ()].map(|()| {
        let running = start_at(&peer, &MESSAGE);
        let mut client = peer.accept();
        let request = read_head(&mut client);
        assert!(request.starts_with("GET /mqtt HTTP/1.1\r\n"), "{request}");
        client.send(agreement(&request).as_bytes());
        client.close();
        running.wait().assert_code(7);
        websocket::field(&request, "Sec-WebSocket-Key").expect("a key").to_owned()
    });
    assert_ne!(keys[0], keys[1]);
}

#[test]
fn packets_travel_in_binary_frames_and_a_good_bye_ends_them() {
    for name in ["mqtt-pub", "mosquitto_pub"] {
        let peer = ScriptedPeer::listen();
        let port = peer.port().to_string();
        let place = ["-h", "127.0.0.1", "-p", &port];
        let running = publisher().called(name).spawn([&place, &MESSAGE[..]].concat());
        finish(connected(&peer), running);
    }
}

#[test]
fn a_server_that_does_not_answer_the_good_bye_holds_nothing_up() {
    let peer = ScriptedPeer::listen();
    let running = start_at(&peer, &MESSAGE);
    let mut client = connected(&peer);
    client.expect(&v3::publish("t", b"x", Delivery::AtMostOnce));
    client.expect(&packet::DISCONNECT);
    client.expect_frame(websocket::CLOSE, &1000_u16.to_be_bytes());
    running.wait().assert_code(0);
}

#[test]
fn every_property_of_connect_goes_over_websocket() {
    let peer = ScriptedPeer::listen();
    let mqtt5 = ["-i", "me", "-x", "60", "-D", "connect", "user-property", "k", "v"];
    let running = start_at(&peer, &[&MESSAGE[..], &mqtt5].concat());
    let mut client = WebSocket::open(peer.accept());
    let connect = client.read_packet();
    let has = |bytes: &[u8]| connect.windows(bytes.len()).any(|window| window == bytes);
    assert!(has(&[0x11, 0, 0, 0, 60]) && has(&[0x26, 0, 1, b'k', 0, 1, b'v']), "{connect:02x?}");
    client.send(&v5::connack(0, &[]));
    client.read_packet();
    client.expect(&packet::DISCONNECT);
    client.close();
    running.wait().assert_code(0);
}

#[test]
fn packets_may_lie_across_frames_and_messages_in_any_way() {
    let peer = ScriptedPeer::listen();
    let running = start_at(&peer, &[&MESSAGE[..], &["-q", "2"]].concat());
    let mut client = WebSocket::open(peer.accept());
    client.read_packet();
    let [connack, pubrec, pubcomp] = [v3::connack(0), packet::pubrec(1), packet::pubcomp(1)];
    // A packet in two messages, with an empty one and a ping between them.
    client.send(&connack[..1]);
    client.send(&[]);
    client.send_frame(websocket::PING, b"alive?");
    client.send(&connack[1..]);
    client.expect_frame(websocket::PONG, b"alive?");
    client.expect(&v3::publish("t", b"x", Delivery::ExactlyOnce(1)));
    // One in three frames of a message, a ping among them.
    client.send_frame(websocket::BINARY_BEGINS, &pubrec[..1]);
    client.send_frame(websocket::PING, b"");
    client.send_frame(websocket::CONTINUES, &[]);
    client.send_frame(websocket::ENDS, &pubrec[1..]);
    client.expect_frame(websocket::PONG, b"");
    client.expect(&packet::pubrel(1));
    // Two in one frame.
    client.send(&[&packet::puback(9)[..], &pubcomp].concat());
    client.expect(&packet::DISCONNECT);
    client.close();
    running.wait().assert_code(0);
}

#[test]
fn a_refusal_of_the_web_server_gives_13_and_its_words() {
    for (status, hint) in [
        ("401 Unauthorized", "hint: --ws-header 'Authorization: ...' may say who asks\n"),
        ("404 Not Found", "hint: --ws-path says where MQTT is served\n"),
        ("301 Moved Permanently", ""),
        ("503 Service Unavailable", ""),
    ] {
        let output = answered(&format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n"));
        output.assert_code(13);
        let stderr = output.stderr();
        assert!(stderr.starts_with("error: cannot open a WebSocket at 127.0.0.1:"), "{output:?}");
        assert!(stderr.contains(&format!(": the web server answered {status}\n")), "{output:?}");
        assert!(stderr.ends_with(hint), "{output:?}");
    }
}

#[test]
fn a_server_that_agrees_to_something_else_gives_13() {
    let head = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n";
    for (fields, words) in [
        ("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n", "answer is wrong: "),
        ("", "answer is wrong: "),
    ] {
        let output = answered(&format!("{head}{fields}\r\n"));
        output.assert_code(13);
        assert!(output.stderr().contains(words), "{output:?}");
    }
    for other in ["", "Sec-WebSocket-Protocol: chat\r\n"] {
        let peer = ScriptedPeer::listen();
        let running = start_at(&peer, &MESSAGE);
        let mut client = peer.accept();
        let request = read_head(&mut client);
        let answer = agreement(&request).replace("Sec-WebSocket-Protocol: mqtt\r\n", other);
        client.send(answer.as_bytes());
        client.close();
        let output = running.wait();
        output.assert_code(13);
        assert!(output.stderr().contains("did not agree to speak MQTT"), "{output:?}");
    }
}

#[test]
fn an_answer_without_an_end_is_not_read_for_ever() {
    let peer = ScriptedPeer::listen();
    let running = start_at(&peer, &MESSAGE);
    let mut client = peer.accept();
    read_head(&mut client);
    let mut stream = client.clone_stream();
    let flood = std::thread::spawn(move || {
        use std::io::Write as _;
        let _refused = stream.write_all(b"HTTP/1.1 200 OK\r\n");
        while stream.write_all(b"X: y\r\n").is_ok() {}
    });
    let output = running.wait();
    output.assert_code(13);
    assert!(output.stderr().contains(": the answer is too long\n"), "{output:?}");
    flood.join().expect("it ends with the connection");
}

#[test]
fn a_broker_for_plain_mqtt_is_recognised() {
    let broker = Mosquitto::builder().start();
    let port = broker.port().to_string();
    let place = ["-h", "127.0.0.1", "-p", &port];
    let output = publisher().run([&place, &MESSAGE[..]].concat());
    output.assert_code(7);
    let stderr = output.stderr();
    assert!(stderr.contains(": the connection was closed instead of an answer\n"), "{output:?}");
    assert!(stderr.contains("\nhint: is it a port for WebSocket (--ws)? "), "{output:?}");
    let output = answered("\x20\x02\0\x05");
    output.assert_code(7);
    assert!(output.stderr().contains(": the answer is not one of HTTP\n"), "{output:?}");
}

#[test]
fn a_web_server_of_old_is_told_from_none() {
    let output = answered("HTTP/1.0 404 File not found\r\nServer: SimpleHTTP\r\n\r\n");
    output.assert_code(13);
    let expected = ": the web server speaks HTTP/1.0, which has no WebSocket\n\
                    hint: -h and -p may lead to another web server than the broker's\n";
    assert!(output.stderr().ends_with(expected), "{output:?}");
}

#[test]
fn the_code_and_the_reason_of_a_close_are_told() {
    for (payload, words) in [
        (&b"\x03\xf0no anonymous"[..], "1008 (policy violation): no anonymous"),
        (b"\x03\xe9", "1001 (going away)"),
        (b"\x0f\xa1own", "4001: own"),
        (b"\x03\xf0\x1b[2J", "1008 (policy violation): \\u{1b}[2J"),
    ] {
        let output = sent(websocket::CLOSE, payload);
        output.assert_code(7);
        let stderr = output.stderr();
        // It has said why.
        let words = format!(" was lost: the broker closed the WebSocket: {words}\n");
        assert!(stderr.ends_with(&words), "{output:?}");
    }
    for payload in [&b""[..], b"\x03\xe8"] {
        let output = sent(websocket::CLOSE, payload);
        output.assert_code(7);
        assert!(output.stderr().ends_with(" was lost: the broker closed it\n"), "{output:?}");
    }
}

#[test]
fn frames_that_mqtt_or_websocket_does_not_have_are_errors() {
    for (first, payload, words) in [
        (websocket::TEXT, &b"\x20\x02\0\0"[..], "the broker sent text over WebSocket"),
        (websocket::TEXT, b"\xff", "the broker broke the WebSocket protocol: "),
        (websocket::CONTINUES, b"x", "the broker broke the WebSocket protocol: "),
        (0xc2, b"x", "the broker broke the WebSocket protocol: "),
        (websocket::PING, &[0; 126], "the broker broke the WebSocket protocol: "),
    ] {
        let output = sent(first, payload);
        output.assert_code(7);
        let stderr = output.stderr();
        assert!(stderr.contains(words), "{output:?}");
        assert_eq!(stderr.lines().count(), 1, "there is nothing to advise: {output:?}");
    }
}

#[test]
fn a_claim_of_a_frame_that_no_packet_fills_is_refused_before_it_comes() {
    for claim in [268_435_461_u64, u64::MAX] {
        let peer = ScriptedPeer::listen();
        let running = start_at(&peer, &MESSAGE);
        let mut client = WebSocket::open(peer.accept());
        client.read_packet();
        let head = [&[websocket::BINARY, 127][..], &claim.to_be_bytes()].concat();
        client.connection().send(&head);
        let output = running.wait();
        output.assert_code(7);
        assert!(output.stderr().contains(&format!("message of {claim} bytes")), "{output:?}");
    }
}

#[test]
fn a_large_payload_goes_out_in_blocks_and_is_never_whole_in_memory() {
    let peer = ScriptedPeer::listen();
    let tool = publisher();
    let file = tool.home().join("payload");
    let payload: Vec<u8> = (0..=u8::MAX).cycle().take(20_000_000).collect();
    std::fs::write(&file, &payload).expect("a file");
    let file = file.to_str().expect("a plain name");
    let running = start_at(&peer, &["--ws", "-t", "t", "-f", file]);
    let mut client = connected(&peer);
    let expected = [v3::publish("t", &payload, Delivery::AtMostOnce), packet::DISCONNECT.to_vec()];
    let expected = expected.concat();
    let (mut received, mut memory) = (Vec::new(), 0);
    while received.len() < expected.len() {
        // Once all of it was sent, the tool may have ended before we look.
        if received.len() < expected.len() / 2 {
            memory = peak_memory(running.id());
        }
        let frame = client.read_frame();
        assert_eq!(frame.first, websocket::BINARY);
        assert!(frame.payload.len() <= 65_536, "{}", frame.payload.len());
        received.extend(frame.payload);
    }
    assert!(received == expected);
    assert!(memory < 16 * 1024, "{memory} KiB");
    client.close();
    running.wait().assert_code(0);
}
