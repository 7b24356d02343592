use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::process::{Child, Command, Stdio};

use test_support::certificates::{Authority, Validity};
use test_support::mosquitto::{Builder, Mosquitto, free_port};
use test_support::packet::{self, Delivery, v3};
use test_support::patience::until;
use test_support::proxy::Proxy;
use test_support::scripted_peer::ScriptedPeer;
use test_support::tool::{Output, Tool};
use test_support::websocket::WebSocket;

use super::{publisher, start_at};

const MESSAGE: [&str; 6] = ["-t", "t", "-m", "x", "-q", "1"];
const KEY: &str = "00c0ffee0123456789abcdef";
const OURS: [&str; 4] = ["--psk", KEY, "--psk-identity", "me"];

fn serving() -> Builder {
    let keys = [("me", KEY), ("odd", "0abc"), ("größer als du", &"f".repeat(512))];
    Mosquitto::builder().pre_shared_keys(&keys).line("use_identity_as_username true")
}

fn publish(tool: &Tool, port: u16, options: &[&str]) -> Output {
    let port = port.to_string();
    tool.run([&["-h", "localhost", "-p", &port], &MESSAGE[..], options].concat())
}

/// What a failure with `localhost` is told as, without the key.
#[track_caller]
fn assert_refused(output: &Output, port: u16, told: &str) {
    output.assert_code(8);
    assert_eq!(output.stderr(), format!("error: no TLS with localhost:{port}: {told}"));
    assert!(!output.stderr().contains(KEY), "{output:?}");
}

#[test]
fn the_key_leads_in_under_both_names_in_both_versions_and_says_who_we_are() {
    let broker = serving().start();
    for name in ["mqtt-pub", "mosquitto_pub"] {
        for version in ["311", "5"] {
            let words = [&OURS[..], &["-V", version, "-q", "2", "-d"]].concat();
            let output = publish(&publisher().called(name), broker.port(), &words);
            output.assert_code(0);
            let shown = [output.stdout(), output.stderr()].concat();
            assert!(!shown.contains(KEY) && shown.contains("PUBCOMP"), "{output:?}");
        }
    }
    assert_eq!(broker.log().matches("u'me'").count(), 4, "{}", broker.log());
}

#[test]
fn keys_of_any_length_and_identities_of_any_letters_are_taken() {
    let broker = serving().start();
    let long = "F".repeat(512);
    for (key, identity) in [("abc", "odd"), ("0ABC", "odd"), (&long, "größer als du")] {
        let words = ["--psk", key, "--psk-identity", identity];
        publish(&publisher(), broker.port(), &words).assert_code(0);
        assert!(broker.log().contains(&format!("u'{identity}'")), "{}", broker.log());
    }
}

#[test]
fn another_key_and_an_unknown_identity_are_told() {
    let broker = serving().start();
    let other_key = "it has another key for that identity (--psk)\n\
        hint: --psk is the key in hexadecimal digits, as the broker has it\n";
    let unknown = "it does not know the identity of our key (--psk-identity)\n\
        hint: identities are told apart by their case, too\n";
    for (identity, key, told) in [
        ("me", "00c0ffee0123456789abcdee", other_key),
        ("me", "c0ffee0123456789abcdef", other_key),
        ("Me", KEY, unknown),
        ("you", KEY, unknown),
    ] {
        let output =
            publish(&publisher(), broker.port(), &["--psk", key, "--psk-identity", identity]);
        assert_refused(&output, broker.port(), told);
    }
    assert!(!broker.log().contains("New client"), "{}", broker.log());
}

#[test]
fn a_broker_that_takes_no_keys_is_told() {
    let authority = Authority::new("ours");
    let server = authority.server(&["localhost"], Validity::Now);
    let certificates = Mosquitto::builder().tls(&server).start();
    let refused =
        "it takes no pre-shared key, or has none of our cipher suites (handshake failure)\n";
    let takes_none = format!(
        "{refused}hint: a listener has either keys or certificates: --cafile is for those, and -p says \
         which listener\n"
    );
    let output = publish(&publisher(), certificates.port(), &OURS);
    assert_refused(&output, certificates.port(), &takes_none);
    let closed = "it closed the connection when TLS began\n\
        hint: does the broker speak TLS on that port (-p)? Where it does not, leave out the options \
        for TLS, or give --no-tls\n";
    let plain = Mosquitto::builder().start();
    assert_refused(&publish(&publisher(), plain.port(), &OURS), plain.port(), closed);
    let other = serving().line("ciphers PSK-AES256-CBC-SHA").start();
    let words = [&OURS[..], &["--ciphers", "PSK-AES128-CBC-SHA"]].concat();
    let has_others = format!(
        "{refused}hint: --ciphers must have a suite of the broker's. A listener for certificates has \
         none: --cafile is for those, and -p says which listener\n"
    );
    assert_refused(&publish(&publisher(), other.port(), &words), other.port(), &has_others);
}

#[test]
fn options_of_certificates_are_told_to_have_no_effect() {
    let broker = serving().start();
    let of_certificates = ["--insecure", "--cert", "/no/c", "--key", "/no/k", "--tls-use-os-certs"];
    let output = publish(&publisher(), broker.port(), &[&OURS[..], &of_certificates].concat());
    output.assert_code(0);
    let why = "has no effect: with --psk the key proves who both sides are";
    let expected = ["--cert", "--insecure", "--key", "--tls-use-os-certs"];
    let expected = expected.map(|option| format!("warning: {option} {why}\n"));
    assert_eq!(output.stderr(), expected.concat());
}

#[test]
fn what_answers_without_tls_or_without_tls_1_2_is_told() {
    for (answer, told) in [
        (&b"HTTP/1.1 400 Bad Request\r\n\r\n"[..], ": what it sent is not TLS\n"),
        // An alert: protocol version.
        (b"\x15\x03\x03\0\x02\x02\x46", ": it does not speak TLS 1.2, and there is no other with"),
        // An alert: internal error.
        (b"\x15\x03\x03\0\x02\x02\x50", ": it ended TLS: Internal Error\n"),
    ] {
        let peer = ScriptedPeer::listen();
        let running = start_at(&peer, &[&OURS[..], &MESSAGE].concat());
        let mut client = peer.accept();
        client.read_bytes(5);
        client.send(answer);
        let output = running.wait();
        output.assert_code(8);
        assert!(output.stderr().contains(told), "{output:?}");
    }
}

#[test]
fn cipher_suites_of_keys_by_either_name_are_what_is_agreed_on() {
    let broker = serving().line("ciphers PSK-AES128-CBC-SHA").start();
    for list in ["psk-aes128-cbc-sha", "TLS_PSK_WITH_AES_128_CBC_SHA,PSK-AES256-CBC-SHA"] {
        let words = [&OURS[..], &["--ciphers", list]].concat();
        publish(&publisher(), broker.port(), &words).assert_code(0);
    }
    for list in ["ECDHE-RSA-AES128-GCM-SHA256", "PSK-AES128-CBC-SHA:PSK-NULL-SHA"] {
        let output =
            publish(&publisher(), broker.port(), &[&OURS[..], &["--ciphers", list]].concat());
        output.assert_code(1);
        assert!(output.stderr().starts_with("error: there is no cipher suite '"), "{output:?}");
    }
}

#[test]
fn a_broker_is_reached_through_proxies_and_on_a_socket() {
    let broker = serving().line("listener 0 {folder}/socket").line("psk_hint test").start();
    let (socks, http) = (Proxy::socks5(None), Proxy::http(None));
    for (scheme, proxy) in [("socks5h", &socks), ("http", &http)] {
        let url = format!("{scheme}://127.0.0.1:{}", proxy.port());
        let words = [&OURS[..], &["--proxy", &url]].concat();
        publish(&publisher(), broker.port(), &words).assert_code(0);
    }
    let socket = broker.folder().join("socket");
    let place = ["--unix", socket.to_str().expect("temporary folders have plain names")];
    publisher().run([&place, &MESSAGE[..], &OURS].concat()).assert_code(0);
    assert_eq!(broker.log().matches("Received PUBLISH").count(), 3, "{}", broker.log());
}

#[test]
fn lines_in_their_thousands_arrive() {
    let broker = serving().line("max_queued_messages 0").line("listener 0 {folder}/socket").start();
    let socket = broker.folder().join("socket");
    let socket = socket.to_str().expect("temporary folders have plain names");
    let input =
        (0..20_000).map(|line| format!("line {line}")).collect::<Vec<_>>().join("\n") + "\n";
    let subscriber = publisher().sibling("mqtt-sub");
    let words = ["--unix", socket, "-t", "t", "-q", "1", "-C", "20000", "-d"];
    let running = subscriber.spawn(words);
    running.wait_for_stderr("Subscribed");
    let port = broker.port().to_string();
    let words = ["-h", "localhost", "-p", &port, "-t", "t", "-l", "-q", "1"];
    publisher().run_with_input(&*input, [&words[..], &OURS].concat()).assert_code(0);
    assert_eq!(running.wait().stdout(), input);
}

#[test]
fn the_original_and_ours_side_by_side() {
    let broker = serving().start();
    let ours = publisher();
    let original = Tool::at("mosquitto_pub");
    for (options, succeeds) in [
        (&OURS[..], true),
        (&["--psk", "0abc", "--psk-identity", "odd"], true),
        (&["--psk", "abc", "--psk-identity", "odd"], true),
        (&["--psk", KEY, "--psk-identity", "me", "-V", "5"], true),
        (&["--psk", KEY, "--psk-identity", "you"], false),
        (&["--psk", "00", "--psk-identity", "me"], false),
    ] {
        let published = || broker.log().matches("Received PUBLISH").count();
        for tool in [&original, &ours.called("mosquitto_pub")] {
            let before = published();
            let output = publish(tool, broker.port(), options);
            assert_eq!(output.code() == Some(0), succeeds, "{options:?} {output:?}");
            assert_eq!(published(), before + usize::from(succeeds), "{options:?} {output:?}");
        }
    }
}

#[test]
fn the_keys_of_the_connection_are_written_down_where_asked_for() {
    let broker = serving().start();
    let tool = publisher();
    let log = tool.home().join("keys");
    let log = log.to_str().expect("temporary folders have plain names");
    publish(&tool, broker.port(), &[&OURS[..], &["--tls-keylog", log]].concat()).assert_code(0);
    let text = std::fs::read_to_string(log).expect("it is written");
    assert!(text.starts_with("CLIENT_RANDOM ") && text.lines().count() == 1, "{text}");
}

/// OpenSSL as a server with our key. What it hears and says in plain goes through its own streams.
struct Server {
    process: Child,
    port: u16,
}

impl Server {
    fn start(options: &[&str]) -> Self {
        let port = free_port();
        let process = Command::new("openssl")
            .args(["s_server", "-accept", &format!("127.0.0.1:{port}"), "-naccept", "2"])
            .args(["-nocert", "-tls1_2", "-psk", KEY, "-psk_identity", "me", "-quiet"])
            .args(options)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("openssl is installed; `cargo xtask test` does it");
        // The first of the two connections it takes.
        until("openssl to listen", || TcpStream::connect(("127.0.0.1", port)).ok());
        Self { process, port }
    }

    /// Joins what it says to a peer in plain.
    fn lead_to(&mut self, peer: &ScriptedPeer) {
        let mut plain = TcpStream::connect(("127.0.0.1", peer.port())).expect("it listens");
        let mut answers = plain.try_clone().expect("a socket");
        let mut heard = self.process.stdout.take().expect("a pipe");
        let mut said = self.process.stdin.take().expect("a pipe");
        std::thread::spawn(move || {
            let _end = std::io::copy(&mut heard, &mut plain);
            let _gone = plain.shutdown(Shutdown::Write);
        });
        std::thread::spawn(move || {
            let mut block = [0; 4096];
            while let Ok(length @ 1..) = answers.read(&mut block) {
                let written = said.write_all(&block[..length]).and_then(|()| said.flush());
                written.expect("the server listens");
            }
        });
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _killed = self.process.kill();
        let _status = self.process.wait();
    }
}

#[test]
fn websocket_goes_over_tls_with_a_key() {
    let peer = ScriptedPeer::listen();
    let mut server = Server::start(&["-alpn", "mqtt"]);
    server.lead_to(&peer);
    let port = server.port.to_string();
    let words =
        ["-h", "localhost", "-p", &port, "--ws", "-t", "t", "-m", "x", "--tls-alpn", "mqtt"];
    let running = publisher().spawn([&words[..], &OURS].concat());
    let mut client = WebSocket::open(peer.accept());
    client.read_packet();
    client.send(&v3::connack(0));
    client.expect(&v3::publish("t", b"x", Delivery::AtMostOnce));
    client.expect(&packet::DISCONNECT);
    client.close();
    drop(server);
    running.wait().assert_code(0);
}
