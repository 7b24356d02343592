use test_support::mosquitto::{Mosquitto, free_port};
use test_support::packet::{self, Delivery, v3, v5};
use test_support::proxy::Proxy;
use test_support::scripted_peer::{Connection, ScriptedPeer};
use test_support::tool::{Output, Running};
use test_support::websocket::{WebSocket, read_head};

use super::publisher;

const MESSAGE: [&str; 4] = ["-t", "t", "-m", "x"];

/// What a SOCKS proxy answers when the connection stands.
const CONNECTED: &[u8] = b"\x05\x00\x00\x01\0\0\0\0\0\0";

/// Starts the tool with a scripted proxy; `scheme` may hold a user.
fn start_through(peer: &ScriptedPeer, scheme: &str, arguments: &[&str]) -> Running {
    let proxy = format!("{scheme}127.0.0.1:{}", peer.port());
    publisher().spawn([&["--proxy", &proxy], arguments].concat())
}

/// Answers what the client sends, step by step.
fn play(client: &mut Connection, steps: &[(&[u8], &[u8])]) {
    for (expected, answer) in steps {
        assert_eq!(client.read_bytes(expected.len()), *expected);
        client.send(answer);
    }
}

/// Takes one message at QoS 0.
fn serve(mut client: Connection, running: Running) {
    client.read_packet();
    client.send(&v3::connack(0));
    client.expect(&v3::publish("t", b"x", Delivery::AtMostOnce));
    client.expect(&packet::DISCONNECT);
    client.close();
    running.wait().assert_code(0);
}

/// What comes of it when a SOCKS proxy answers so.
fn socks_answered(scheme: &str, answers: &[&[u8]]) -> Output {
    let peer = ScriptedPeer::listen();
    let running = start_through(&peer, scheme, &[&["-h", "b"], &MESSAGE[..]].concat());
    let mut client = peer.accept();
    for answer in answers {
        // It has said something, and waits for this.
        client.read_bytes(1);
        client.send(answer);
    }
    running.wait()
}

/// What comes of it when an HTTP proxy answers so.
fn http_answered(scheme: &str, answer: &[u8]) -> Output {
    let peer = ScriptedPeer::listen();
    let running = start_through(&peer, scheme, &[&["-h", "b"], &MESSAGE[..]].concat());
    let mut client = peer.accept();
    read_head(&mut client);
    client.send(answer);
    client.close();
    running.wait()
}

#[test]
fn socks5h_lets_the_proxy_look_the_name_up() {
    let peer = ScriptedPeer::listen();
    let place = ["-h", "no-such-host.invalid", "-p", "1884"];
    let running = start_through(&peer, "socks5h://", &[&place, &MESSAGE[..]].concat());
    let mut client = peer.accept();
    play(
        &mut client,
        &[
            (b"\x05\x01\x00", b"\x05\x00"),
            (b"\x05\x01\x00\x03\x14no-such-host.invalid\x07\x5c", CONNECTED),
        ],
    );
    serve(client, running);
}

#[test]
fn addresses_go_to_the_proxy_as_addresses() {
    for (host, request) in [
        ("192.0.2.1", &b"\x05\x01\x00\x01\xc0\x00\x02\x01\x07\x5b"[..]),
        ("2001:db8::1", b"\x05\x01\x00\x04\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01\x07\x5b"),
    ] {
        for scheme in ["socks5h://", "socks5://"] {
            let peer = ScriptedPeer::listen();
            let running = start_through(&peer, scheme, &[&["-h", host], &MESSAGE[..]].concat());
            let mut client = peer.accept();
            play(&mut client, &[(b"\x05\x01\x00", b"\x05\x00"), (request, CONNECTED)]);
            serve(client, running);
        }
    }
}

#[test]
fn socks5_looks_the_name_up_here_and_asks_for_each_address() {
    let peer = ScriptedPeer::listen();
    // In most systems both ::1 and 127.0.0.1, in any order.
    let running = start_through(&peer, "socks5://", &[&["-h", "localhost"], &MESSAGE[..]].concat());
    let mut client = peer.accept();
    loop {
        play(&mut client, &[(b"\x05\x01\x00", b"\x05\x00")]);
        let head = client.read_bytes(4);
        let length = if head[3] == 1 { 4 } else { 16 };
        let address = client.read_bytes(length + 2);
        if address.starts_with(&[127, 0, 0, 1]) {
            client.send(CONNECTED);
            return serve(client, running);
        }
        client.send(b"\x05\x05\x00\x01\0\0\0\0\0\0");
        client.close();
        client = peer.accept();
    }
}

#[test]
fn a_user_without_a_password_logs_in_with_an_empty_one() {
    for (scheme, login) in [
        ("socks5h://u:p%40@", &b"\x01\x01u\x02p@"[..]),
        ("socks5h://u@", b"\x01\x01u\x00"),
        ("socks5h://u:@", b"\x01\x01u\x00"),
    ] {
        let peer = ScriptedPeer::listen();
        let running = start_through(&peer, scheme, &[&["-h", "b"], &MESSAGE[..]].concat());
        let mut client = peer.accept();
        play(
            &mut client,
            &[
                (b"\x05\x02\x00\x02", b"\x05\x02"),
                (login, b"\x01\x00"),
                (b"\x05\x01\x00\x03\x01b\x07\x5b", CONNECTED),
            ],
        );
        serve(client, running);
    }
}

#[test]
fn the_broker_may_speak_right_behind_the_proxys_answer() {
    let peer = ScriptedPeer::listen();
    let running = start_through(&peer, "http://", &[&["-h", "b"], &MESSAGE[..]].concat());
    let mut client = peer.accept();
    assert_eq!(read_head(&mut client), "CONNECT b:1883 HTTP/1.1\r\nHost: b:1883\r\n\r\n");
    client.send(&[b"HTTP/1.1 200 OK\r\nVia: x\r\n\r\n", &v3::connack(0)[..]].concat());
    client.read_packet();
    client.expect(&v3::publish("t", b"x", Delivery::AtMostOnce));
    client.expect(&packet::DISCONNECT);
    client.close();
    running.wait().assert_code(0);
}

#[test]
fn real_proxies_lead_to_a_real_broker_with_and_without_a_login() {
    let broker = Mosquitto::builder().start();
    let port = broker.port().to_string();
    let login = Some(("user", "pass"));
    for (scheme, proxy, user) in [
        ("socks5h", Proxy::socks5(None), ""),
        ("socks5", Proxy::socks5(None), ""),
        ("socks5h", Proxy::socks5(login), "user:pass@"),
        ("http", Proxy::http(None), ""),
        ("http", Proxy::http(login), "user:pass@"),
    ] {
        for name in ["mqtt-pub", "mosquitto_pub"] {
            let url = format!("{scheme}://{user}localhost:{}", proxy.port());
            let place = ["-h", "localhost", "-p", &port, "--proxy", &url, "-q", "2"];
            let output = publisher().called(name).run([&place, &MESSAGE[..]].concat());
            output.assert_code(0);
        }
    }
}

#[test]
fn real_proxies_refuse_a_wrong_password_and_a_missing_one() {
    let login = Some(("user", "pass"));
    let (socks, http) = (Proxy::socks5(login), Proxy::http(login));
    for (scheme, port, user, code) in [
        ("socks5h", socks.port(), "user:hunter2@", 16),
        ("socks5h", socks.port(), "", 11),
        ("http", http.port(), "user:hunter2@", 16),
        ("http", http.port(), "", 16),
    ] {
        let url = format!("{scheme}://{user}127.0.0.1:{port}");
        let output = publisher().run([&["-d", "--proxy", &url], &MESSAGE[..]].concat());
        output.assert_code(code);
        let stderr = output.stderr();
        let words = format!("cannot reach localhost:1883 through {scheme}://127.0.0.1:{port}: ");
        assert!(stderr.contains(&words), "{output:?}");
        assert!(stderr.contains("hint: user name and password stand in --proxy"), "{output:?}");
        assert!(!stderr.contains("hunter2"), "{output:?}");
    }
}

#[test]
fn real_proxies_say_that_nobody_listens_where_the_broker_should_be() {
    let (socks, http) = (Proxy::socks5(None), Proxy::http(None));
    let nobody = free_port().to_string();
    for (scheme, port, words) in [
        ("socks5h", socks.port(), "the proxy answered: the connection was refused\n"),
        ("http", http.port(), "the proxy answered 500 Unable to connect\n"),
    ] {
        let url = format!("{scheme}://127.0.0.1:{port}");
        let place = ["--proxy", &url, "-h", "127.0.0.1", "-p", &nobody];
        let output = publisher().run([&place, &MESSAGE[..]].concat());
        assert!([Some(4), Some(16)].contains(&output.code()), "{output:?}");
        assert!(output.stderr().contains(words), "{output:?}");
    }
}

#[test]
fn socks_replies_have_the_originals_statuses() {
    let reply = |reply| [5, reply, 0, 1, 0, 0, 0, 0, 0, 0];
    for (code, status, words) in [
        (1, 16, "it failed\nhint: its log may say why: whether it reaches -h and -p, say"),
        (
            2,
            11,
            "its rules do not allow the connection\nhint: its rules may allow other hosts (-h)",
        ),
        (3, 4, "the network cannot be reached\nhint: -h and -p say where the broker listens, as"),
        (4, 4, "the host cannot be reached\nhint: -h and -p say where the broker listens, as"),
        (5, 4, "the connection was refused\nhint: -h and -p say where the broker listens, as"),
        (6, 16, "the time to live ran out"),
        (7, 16, "it does not make connections"),
        (8, 16, "it does not know that kind of address"),
        (9, 3, "error 9"),
    ] {
        let output = socks_answered("socks5h://", &[b"\x05\x00", &reply(code)]);
        output.assert_code(status);
        let words = format!(": the proxy answered: {words}");
        assert!(output.stderr().contains(&words), "{output:?}");
    }
    let output = socks_answered("socks5h://", &[b"\x05\xff"]);
    output.assert_code(11);
    assert!(output.stderr().contains(": the proxy wants another way to log in\n"), "{output:?}");
    let output = socks_answered("socks5h://u:p@", &[b"\x05\x02", b"\x01\x01"]);
    output.assert_code(16);
    assert!(output.stderr().contains(": the proxy refuses the user name and"), "{output:?}");
    let output = socks_answered("socks5h://", &[b"HTTP/1.1 400 Bad Request\r\n\r\n"]);
    output.assert_code(2);
    assert!(output.stderr().contains("hint: is it a proxy for HTTP? "), "{output:?}");
}

#[test]
fn http_statuses_are_told_in_the_proxys_words() {
    for (status, code) in [
        ("403 Filtered\nhint: its rules may allow other hosts (-h) or ports (-p)", 11),
        ("407 Proxy Authentication Required", 16),
        ("500 Oh no", 16),
        ("502 Bad Gateway\nhint: -h and -p say where the broker listens, as the proxy sees it", 4),
        ("503 Service Unavailable", 4),
        ("504 Gateway Timeout", 4),
    ] {
        let line = status.lines().next().unwrap_or_default();
        let output = http_answered("http://", format!("HTTP/1.1 {line}\r\n\r\n").as_bytes());
        output.assert_code(code);
        assert!(output.stderr().contains(&format!("the proxy answered {status}\n")), "{output:?}");
    }
    let output = http_answered("http://", b"\x05\xff\r\n");
    output.assert_code(2);
    assert!(output.stderr().contains("hint: is it a proxy for SOCKS 5? "), "{output:?}");
    let output = http_answered("http://", b"");
    output.assert_code(7);
    assert!(output.stderr().contains(": the proxy closed the connection\n"), "{output:?}");
}

#[test]
fn a_proxy_that_is_not_there_is_named() {
    let port = free_port();
    let url = format!("socks5h://u:hunter2@127.0.0.1:{port}");
    let output = publisher().run([&["-h", "b", "--proxy", &url], &MESSAGE[..]].concat());
    output.assert_code(1);
    let stderr = output.stderr();
    let words = format!(
        "error: cannot reach b:1883 through socks5h://127.0.0.1:{port}: \
         cannot connect to 127.0.0.1:{port}: Connection refused"
    );
    assert!(stderr.starts_with(&words), "{output:?}");
    assert!(stderr.ends_with("hint: --proxy says where the proxy listens\n"), "{output:?}");
}

#[test]
fn the_environment_names_a_proxy_only_with_proxy_env() {
    let (proxy, broker) = (ScriptedPeer::listen(), ScriptedPeer::listen());
    let url = format!("http://127.0.0.1:{}", proxy.port());
    let port = broker.port().to_string();
    for (options, exceptions, leads_to) in [
        (&["--proxy", "env"][..], "example.org", &proxy),
        (&["--proxy", "env"], "example.org,localhost", &broker),
        (&["--proxy", "env"], "example.org localhost", &broker),
        (&["--proxy", "env"], "*", &broker),
        (&[], "", &broker),
    ] {
        let place = ["-h", "localhost", "-p", &port];
        let mut command = publisher().command([&place, options, &MESSAGE].concat());
        command.env("ALL_PROXY", &url).env("NO_PROXY", exceptions);
        let running = Running::start(command);
        drop(leads_to.accept());
        running.wait().assert_code(7);
    }
}

#[test]
fn a_network_of_the_environment_is_reached_without_its_proxy() {
    let (proxy, broker) = (ScriptedPeer::listen(), ScriptedPeer::listen());
    let url = format!("http://127.0.0.1:{}", proxy.port());
    for (exceptions, leads_to) in [("127.0.0.0/8", &broker), ("128.0.0.0/8", &proxy)] {
        let place = ["--proxy", "env", "-h", "127.0.0.1", "-p", &broker.port().to_string()];
        let mut command = publisher().command([&place, &MESSAGE[..]].concat());
        command.env("ALL_PROXY", &url).env("NO_PROXY", exceptions);
        let running = Running::start(command);
        drop(leads_to.accept());
        running.wait().assert_code(7);
    }
}

#[test]
fn a_unix_socket_excludes_the_proxy_of_the_environment_where_it_names_one() {
    let tool = publisher();
    let path = tool.home().join("socket");
    let words =
        [&["--proxy", "env", "--unix", path.to_str().expect("UTF-8")], &MESSAGE[..]].concat();
    for (proxy, expected) in [
        ("", format!("error: cannot connect to {}: No such file", path.display())),
        ("http://p", "error: '--proxy' and a unix socket exclude each other\n".to_owned()),
    ] {
        let mut command = tool.command(&words);
        command.env("ALL_PROXY", proxy);
        let output = Running::start(command).wait();
        output.assert_code(1);
        assert!(output.stderr().starts_with(&expected), "{output:?}");
    }
}

#[test]
fn the_address_to_connect_from_is_the_one_the_proxy_sees() {
    let peer = ScriptedPeer::listen();
    let options = ["-A", "127.0.0.2", "-h", "b"];
    let running = start_through(&peer, "socks5h://", &[&options, &MESSAGE[..]].concat());
    let client = peer.accept();
    assert_eq!(client.client_address().ip().to_string(), "127.0.0.2");
    drop(client);
    running.wait().assert_code(7);
}

#[test]
fn every_property_of_connect_goes_through_a_proxy_and_so_does_websocket() {
    let peer = ScriptedPeer::listen();
    let mqtt5 = ["-h", "b", "--ws", "-i", "me", "-x", "60"];
    let running = start_through(&peer, "socks5h://", &[&mqtt5, &MESSAGE[..]].concat());
    let mut client = peer.accept();
    play(
        &mut client,
        &[(b"\x05\x01\x00", b"\x05\x00"), (b"\x05\x01\x00\x03\x01b\x07\x5b", CONNECTED)],
    );
    let mut client = WebSocket::open(client);
    let connect = client.read_packet();
    assert!(connect.windows(5).any(|bytes| bytes == [0x11, 0, 0, 0, 60]), "{connect:02x?}");
    client.send(&v5::connack(0, &[]));
    client.read_packet();
    client.expect(&packet::DISCONNECT);
    client.close();
    running.wait().assert_code(0);
}
