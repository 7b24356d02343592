use test_support::certificates::Authority;
use test_support::mosquitto::free_port;
use test_support::packet::{self, Delivery, v3, v5};
use test_support::scripted_peer::{DeafPort, ScriptedPeer};
use test_support::websocket::WebSocket;

use super::{publisher, start_at};

#[test]
fn a_refused_port_names_host_port_and_cause() {
    let port = free_port().to_string();
    let output = publisher().run(["-h", "127.0.0.1", "-p", &port, "-t", "t", "-m", "x"]);
    output.assert_code(1);
    let expected = format!("error: cannot connect to 127.0.0.1:{port}: Connection refused");
    assert!(output.stderr().starts_with(&expected), "{output:?}");
}

#[test]
fn an_unknown_host_is_named() {
    let output = publisher().run(["-h", "no-such-host.invalid", "-t", "t", "-m", "x"]);
    output.assert_code(1);
    let expected = "error: cannot look up host 'no-such-host.invalid': ";
    assert!(output.stderr().starts_with(expected), "{output:?}");
}

/// A run that waits for an answer in vain, and what it says of that.
struct Silence<'a> {
    options: Vec<&'a str>,
    says: String,
}

#[test]
fn a_port_that_stays_silent_is_told_with_what_may_help() {
    let peer = ScriptedPeer::listen();
    let place = format!("127.0.0.1:{}", peer.port());
    let authority = Authority::new("authority");
    let cafile = &authority.file();
    let tls = format!(
        "no answer to TLS from {place} within 1 s\n\
         hint: that port (-p) may be for something else than TLS: for plain MQTT (--no-tls), say; \
         --connect-timeout waits longer\n"
    );
    let mut runs = vec![
        Silence {
            options: vec![],
            says: format!(
                "no answer to CONNECT from {place} within 1 s\n\
                 hint: that port (-p) may be for something else than MQTT, or for TLS (--cafile) or \
                 WebSocket (--ws); --connect-timeout waits longer\n"
            ),
        },
        Silence {
            options: vec!["--ws"],
            says: format!(
                "no answer to the request for a WebSocket from {place} within 1 s\n\
                 hint: that port (-p) may be for something else than WebSocket: for plain MQTT \
                 (without --ws), say; --connect-timeout waits longer\n"
            ),
        },
        Silence { options: vec!["--cafile", cafile], says: tls.clone() },
        Silence { options: vec!["--cafile", cafile, "--ws"], says: tls.clone() },
    ];
    if cfg!(feature = "psk") {
        runs.push(Silence { options: vec!["--psk", "00", "--psk-identity", "i"], says: tls });
    }
    let port = peer.port().to_string();
    assert_silence(&["-h", "127.0.0.1", "-p", &port], &runs);
}

#[test]
fn a_proxy_that_stays_silent_is_the_one_that_is_named() {
    let (peer, deaf) = (ScriptedPeer::listen(), DeafPort::new());
    let proxies = [
        format!("socks5h://127.0.0.1:{}", peer.port()),
        format!("http://127.0.0.1:{}", peer.port()),
    ];
    let mut runs: Vec<_> = proxies
        .iter()
        .map(|proxy| Silence {
            options: vec!["--proxy", proxy],
            says: format!(
                "cannot reach b:1883 through {proxy}: no answer from the proxy within 1 s\n\
                 hint: --proxy may lead to something else than such a proxy, or the proxy reaches \
                 no broker at -h and -p; --connect-timeout waits longer\n"
            ),
        })
        .collect();
    let proxy = format!("socks5h://127.0.0.1:{}", deaf.port());
    runs.push(Silence {
        options: vec!["--proxy", &proxy],
        says: format!(
            "cannot reach b:1883 through {proxy}: no answer from 127.0.0.1:{} within 1 s\n\
             hint: --proxy may lead elsewhere, or a firewall may be in between; \
             --connect-timeout waits longer\n",
            deaf.port()
        ),
    });
    assert_silence(&["-h", "b"], &runs);
}

#[test]
fn a_dns_server_that_stays_silent_is_told_with_the_name_that_is_looked_up() {
    let silent = std::net::UdpSocket::bind("127.0.0.1:0").expect("a free port");
    let server = silent.local_addr().expect("it has one").to_string();
    let another = "hint: no DNS server answers: --dns-server asks another one";
    let runs = [
        Silence {
            options: vec!["-h", "slow.example"],
            says: format!(
                "no answer to the look-up of host 'slow.example' within 1 s\n\
                 {another}, and -h may be an address\n"
            ),
        },
        Silence {
            options: vec!["-h", "slow.example", "-S"],
            says: format!(
                "no answer to the look-up of the service _mqtt._tcp.slow.example (--srv) within 1 s\n\
                 {another}; without --srv, -h and -p say where the broker listens\n"
            ),
        },
        Silence {
            options: vec!["-h", "b", "--proxy", "socks5h://slow.example:1"],
            says: format!(
                "cannot reach b:1883 through socks5h://slow.example:1: no answer to the look-up of \
                 the proxy's host 'slow.example' within 1 s\n\
                 {another}, and the host in --proxy may be an address\n"
            ),
        },
        Silence {
            options: vec!["-h", "slow.example", "--proxy", "socks5://127.0.0.1:1"],
            says: format!(
                "cannot reach slow.example:1883 through socks5://127.0.0.1:1: no answer to the \
                 look-up of host 'slow.example' within 1 s\n\
                 {another}, and -h may be an address\n"
            ),
        },
    ];
    assert_silence(&["--dns-server", &server], &runs);
}

#[test]
fn an_address_that_stays_silent_is_told_with_what_may_help() {
    let deaf = DeafPort::new();
    let port = deaf.port().to_string();
    let says = format!(
        "no answer from 127.0.0.1:{port} within 1 s\n\
         hint: -h and -p may lead elsewhere, or a firewall may be in between; \
         --connect-timeout waits longer\n"
    );
    let runs =
        [Silence { options: vec![], says: says.clone() }, Silence { options: vec!["--ws"], says }];
    assert_silence(&["-h", "127.0.0.1", "-p", &port], &runs);
}

/// Starts all at once: each waits for a second.
#[track_caller]
fn assert_silence(place: &[&str], runs: &[Silence<'_>]) {
    let message = ["-t", "t", "-m", "x", "--connect-timeout", "1"];
    let start = |run: &Silence<'_>| publisher().spawn([place, &message, &run.options].concat());
    let running: Vec<_> = runs.iter().map(start).collect();
    for (run, running) in runs.iter().zip(running) {
        let output = running.wait();
        output.assert_code(1);
        assert_eq!(output.stderr(), format!("error: {}", run.says), "{:?}", run.options);
    }
}

#[test]
fn a_web_server_that_answers_to_mqtt_is_recognised() {
    for version in ["31", "311", "5"] {
        let peer = ScriptedPeer::listen();
        let running = start_at(&peer, &["-t", "t", "-m", "x", "-V", version]);
        let mut client = peer.accept();
        client.read_packet();
        client.send(b"HTTP/1.1 400 Bad Request\r\n\r\n");
        client.expect_end();
        let output = running.wait();
        output.assert_code(21);
        let expected = format!(
            "error: 127.0.0.1:{} sent what it must not: it answered as a web server does\n\
             hint: that port is a web server's: a broker may have MQTT over WebSocket there (--ws), \
             and plain MQTT on another one\n",
            peer.port()
        );
        assert_eq!(output.stderr(), expected);
    }
}

#[test]
fn a_web_server_without_a_broker_behind_it_is_told() {
    let peer = ScriptedPeer::listen();
    let running = start_at(&peer, &["-t", "t", "-m", "x", "--ws", "--connect-timeout", "3"]);
    let _silent = WebSocket::open(peer.accept());
    let output = running.wait();
    output.assert_code(1);
    let expected = format!(
        "error: no answer to CONNECT from 127.0.0.1:{} within 3 s\n\
         hint: the web server may have no broker behind it; --connect-timeout waits longer\n",
        peer.port()
    );
    assert_eq!(output.stderr(), expected);
}

#[test]
fn a_refusal_gives_the_brokers_code_and_its_name() {
    for (code, name) in [
        (1, "unacceptable protocol version"),
        (2, "identifier rejected"),
        (3, "broker unavailable"),
        (4, "bad user name or password"),
        (5, "not authorised"),
        (6, "unknown reason"),
    ] {
        let peer = ScriptedPeer::listen();
        let running = start_at(&peer, &["-t", "t", "-m", "x"]);
        let mut client = peer.accept();
        client.read_packet();
        client.send(&v3::connack(code));
        client.expect_end();
        let output = running.wait();
        output.assert_code(i32::from(code));
        let expected = format!("error: the broker refused the connection: {name} (code {code})\n");
        assert!(output.stderr().starts_with(&expected), "{output:?}");
    }
}

#[test]
fn a_refusal_of_mqtt_5_gives_its_reason_code() {
    let peer = ScriptedPeer::listen();
    let running = start_at(&peer, &["-t", "t", "-m", "x", "-V", "5"]);
    let mut client = peer.accept();
    client.read_packet();
    let reason = [&[0x1f][..], &packet::text("no entry")].concat();
    client.send(&v5::connack(0x87, &reason));
    client.expect_end();
    let output = running.wait();
    output.assert_code(135);
    assert!(output.stderr().contains("Not authorized (\"no entry\") (code 135)"), "{output:?}");
}

#[test]
fn a_refused_publish_of_mqtt_5_fails_with_the_reason_by_name() {
    for qos in ["1", "2"] {
        let peer = ScriptedPeer::listen();
        let running = start_at(&peer, &["-t", "t", "-m", "x", "-V", "5", "-q", qos]);
        let mut client = peer.accept();
        client.read_packet();
        client.send(&v5::connack(0, &[]));
        client.read_packet();
        let refusal = if qos == "1" { v5::puback(1, 0x87) } else { v5::pubrec(1, 0x87) };
        client.send(&refusal);
        client.expect(&packet::DISCONNECT);
        client.close();
        let output = running.wait();
        output.assert_code(135);
        assert_eq!(
            output.stderr(),
            "warning: message 1 was refused: Not authorized\n\
             error: the broker refused the message: Not authorized\n"
        );
    }
}

#[test]
fn no_matching_subscribers_is_no_failure() {
    let peer = ScriptedPeer::listen();
    let running = start_at(&peer, &["-t", "t", "-m", "x", "-V", "5", "-q", "1"]);
    let mut client = peer.accept();
    client.read_packet();
    client.send(&v5::connack(0, &[]));
    client.read_packet();
    client.send(&v5::puback(1, 0x10));
    client.expect(&packet::DISCONNECT);
    client.close();
    running.wait().assert_code(0);
}

#[test]
fn a_broker_that_hangs_up_before_the_acknowledgement_is_a_failure() {
    let peer = ScriptedPeer::listen();
    let running = start_at(&peer, &["-t", "t", "-m", "x", "-q", "1"]);
    let mut client = peer.accept();
    client.read_packet();
    client.send(&v3::connack(0));
    client.expect(&v3::publish("t", b"x", Delivery::AtLeastOnce(1)));
    client.close();
    let output = running.wait();
    output.assert_code(7);
    let expected = "error: the message did not get through: the connection to ";
    assert!(output.stderr().starts_with(expected), "{output:?}");
}

#[test]
fn a_broker_that_hangs_up_before_connack_is_a_failure() {
    let peer = ScriptedPeer::listen();
    let running = start_at(&peer, &["-t", "t", "-m", "x"]);
    let mut client = peer.accept();
    client.read_packet();
    client.close();
    let output = running.wait();
    output.assert_code(7);
    assert!(output.stderr().contains("the broker closed it"), "{output:?}");
}

#[test]
fn lines_are_sent_again_after_the_connection_was_lost() {
    let peer = ScriptedPeer::listen();
    let mut running = start_at(&peer, &["-t", "t", "-l", "-q", "1"]);
    running.write_input("one\ntwo\n");
    running.close_input();
    let mut client = peer.accept();
    client.read_packet();
    client.send(&v3::connack(0));
    client.expect(&v3::publish("t", b"one", Delivery::AtLeastOnce(1)));
    client.expect(&v3::publish("t", b"two", Delivery::AtLeastOnce(2)));
    client.send(&packet::puback(1));
    client.close();
    let mut client = peer.accept();
    client.read_packet();
    client.send(&v3::connack(0));
    let again = packet::flagged(v3::publish("t", b"two", Delivery::AtLeastOnce(2)), packet::DUP);
    client.expect(&again);
    client.send(&packet::puback(2));
    client.expect(&packet::DISCONNECT);
    client.close();
    let output = running.wait();
    output.assert_code(0);
    assert!(output.stderr().contains("; connecting again"), "{output:?}");
    assert!(output.stderr().contains("note: connected again, to "), "{output:?}");
}

#[test]
fn a_missing_file_a_directory_and_an_empty_stdin_are_named_before_anything_is_connected() {
    let output = publisher().run(["-t", "t", "-f", "/no/such/file"]);
    output.assert_code(1);
    let expected = "error: cannot read '/no/such/file' (--file): No such file or directory";
    assert!(output.stderr().starts_with(expected), "{output:?}");
    let output = publisher().run(["-t", "t", "-f", "/"]);
    output.assert_code(1);
    assert!(output.stderr().starts_with("error: '/' (--file) is a directory\n"), "{output:?}");
    let output = publisher().run(["-t", "t", "-s"]);
    output.assert_code(1);
    assert!(output.stderr().starts_with("error: stdin is empty"), "{output:?}");
}

#[test]
fn a_file_beyond_what_a_message_can_hold_is_refused() {
    let tool = publisher();
    let path = tool.home().join("large");
    std::fs::File::create(&path).unwrap().set_len(268_435_456).unwrap();
    let output = tool.run(["-t", "t", "-f", path.to_str().unwrap()]);
    output.assert_code(1);
    assert!(output.stderr().contains("is longer than 268435455 bytes"), "{output:?}");
}

#[test]
fn a_payload_that_only_its_topic_makes_too_long_fails_as_a_packet() {
    let peer = ScriptedPeer::listen();
    let tool = publisher();
    let path = tool.home().join("large");
    std::fs::File::create(&path).unwrap().set_len(268_435_455).unwrap();
    let port = peer.port().to_string();
    let path = path.to_str().unwrap();
    let running = tool.spawn(["-h", "127.0.0.1", "-p", &port, "-t", "t", "-f", path]);
    let mut client = peer.accept();
    client.read_packet();
    client.send(&v3::connack(0));
    client.expect(&packet::DISCONNECT);
    client.close();
    let output = running.wait();
    output.assert_code(25);
    assert!(output.stderr().contains("the PUBLISH would be 268435463 bytes long"), "{output:?}");
}

#[test]
fn the_brokers_limits_are_obeyed_and_named() {
    for (property, arguments, status, words) in [
        (&[0x24, 0x00][..], &["-q", "1"][..], 24, "does not support QoS 1"),
        (&[0x27, 0, 0, 0, 20], &["-q", "0"], 25, "at most 20 are possible here"),
    ] {
        let peer = ScriptedPeer::listen();
        let message = ["-t", "t", "-m", "a payload of thirty characters", "-V", "5"];
        let running = start_at(&peer, &[&message, arguments].concat());
        let mut client = peer.accept();
        client.read_packet();
        client.send(&v5::connack(0, property));
        client.expect(&packet::DISCONNECT);
        client.close();
        let output = running.wait();
        output.assert_code(status);
        assert!(output.stderr().contains(words), "{output:?}");
    }
}

#[test]
fn what_the_broker_says_is_told_even_when_nothing_can_be_written_any_more() {
    for _ in 0..5 {
        let peer = ScriptedPeer::listen();
        let tool = publisher();
        let path = tool.home().join("large");
        std::fs::File::create(&path).unwrap().set_len(100_000_000).unwrap();
        let (port, path) = (peer.port().to_string(), path.to_str().unwrap());
        let message = ["-h", "127.0.0.1", "-p", &port, "-V", "5", "-t", "t", "-f", path];
        let running = tool.spawn(message);
        let mut client = peer.accept();
        client.read_packet();
        client.send(&v5::connack(0, &[]));
        client.read_bytes(100_000);
        client.send(&v5::disconnect(0x95));
        client.close();
        let output = running.wait();
        output.assert_code(4);
        assert!(output.stderr().contains("Packet too large (reason code 149)"), "{output:?}");
    }
}

#[test]
fn a_reason_that_would_come_again_is_not_tried_again() {
    let peer = ScriptedPeer::listen();
    let mut running = start_at(&peer, &["-t", "t", "-l", "-q", "1", "-V", "5"]);
    running.write_input("x\n");
    let mut client = peer.accept();
    client.read_packet();
    client.send(&v5::connack(0, &[]));
    client.read_packet();
    client.send(&v5::disconnect(0x97));
    client.expect_end();
    let output = running.wait();
    output.assert_code(4);
    let expected = "error: 1 of 1 lines read did not get through, the first is line 1: the broker ended the connection: Quota exceeded";
    assert!(output.stderr().starts_with(expected), "{output:?}");
}
