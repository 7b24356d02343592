use test_support::certificates::{Authority, Validity};
use test_support::mosquitto::Mosquitto;
use test_support::packet::{self, Delivery, v3};
use test_support::proxy::Proxy;
use test_support::scripted_peer::ScriptedPeer;
use test_support::tls_front::TlsFront;
use test_support::websocket::WebSocket;

use super::subscriber;

fn place<'a>(port: &'a str, cafile: &'a str) -> [&'a str; 8] {
    ["-h", "localhost", "-p", port, "--cafile", cafile, "-t", "t"]
}

#[test]
fn large_messages_come_whole_under_both_names() {
    let authority = Authority::new("ours");
    let server = authority.server(&["localhost"], Validity::Now);
    let broker = Mosquitto::builder().tls(&server).start();
    let (port, cafile) = (broker.port().to_string(), authority.file());
    let payload: Vec<u8> = (0..3_000_000_u32).map(|n| n.to_le_bytes()[1]).collect();
    let publish = [&place(&port, &cafile)[..], &["-r", "-s", "-q", "1"]].concat();
    subscriber().sibling("mqtt-pub").run_with_input(payload.clone(), publish).assert_code(0);
    for name in ["mqtt-sub", "mosquitto_sub"] {
        let words = [&place(&port, &cafile)[..], &["-N", "-C", "1"]].concat();
        let output = subscriber().called(name).run(words);
        output.assert_code(0);
        assert!(output.stdout == payload, "{} bytes came", output.stdout.len());
    }
}

#[test]
fn a_broker_that_comes_back_is_found_again_over_tls() {
    let authority = Authority::new("ours");
    let server = authority.server(&["localhost"], Validity::Now);
    let mut broker = Mosquitto::builder().tls(&server).start();
    let (port, cafile) = (broker.port().to_string(), authority.file());
    let words = [&place(&port, &cafile)[..], &["-d", "-C", "1"]].concat();
    let running = subscriber().spawn(words);
    running.wait_for_stderr("Subscribed");
    broker.kill();
    running.wait_for_stderr("; connecting again");
    broker.resume();
    running.wait_for_stderr("Subscribed");
    let publish = [&place(&port, &cafile)[..], &["-m", "back"]].concat();
    subscriber().sibling("mqtt-pub").run(publish).assert_code(0);
    let output = running.wait();
    output.assert_code(0);
    assert_eq!(output.stdout(), "back\n");
}

#[test]
fn a_broker_that_cannot_prove_itself_ends_the_run() {
    let (authority, other) = (Authority::new("ours"), Authority::new("somebody else"));
    let server = authority.server(&["localhost"], Validity::Now);
    let broker = Mosquitto::builder().tls(&server).start();
    let (port, cafile) = (broker.port().to_string(), other.file());
    let output = subscriber().run(place(&port, &cafile));
    output.assert_code(8);
    assert!(output.stderr().contains("authority that is not believed"), "{output:?}");
}

#[test]
fn messages_come_over_tls_through_proxies() {
    let authority = Authority::new("ours");
    let server = authority.server(&["localhost"], Validity::Now);
    let broker = Mosquitto::builder().tls(&server).start();
    let (port, cafile) = (broker.port().to_string(), authority.file());
    let publish = [&place(&port, &cafile)[..], &["-r", "-m", "kept", "-q", "1"]].concat();
    subscriber().sibling("mqtt-pub").run(publish).assert_code(0);
    for (scheme, proxy) in [("socks5h", Proxy::socks5(None)), ("http", Proxy::http(None))] {
        for name in ["mqtt-sub", "mosquitto_sub"] {
            let url = format!("{scheme}://localhost:{}", proxy.port());
            let words = [&place(&port, &cafile)[..], &["--proxy", &url, "-C", "1"]].concat();
            let output = subscriber().called(name).run(words);
            assert_eq!((output.code(), &*output.stdout()), (Some(0), "kept\n"), "{output:?}");
        }
    }
}

#[test]
fn messages_come_over_websocket_over_tls() {
    let authority = Authority::new("ours");
    let peer = ScriptedPeer::listen();
    let server = authority.server(&["localhost"], Validity::Now);
    let front = TlsFront::start(&server, &[], peer.port());
    let (port, cafile) = (front.port().to_string(), authority.file());
    for name in ["mqtt-sub", "mosquitto_sub"] {
        let words = [&place(&port, &cafile)[..], &["--ws", "-C", "1"]].concat();
        let running = subscriber().called(name).spawn(words);
        let mut client = WebSocket::open(peer.accept());
        client.read_packet();
        client.send(&v3::connack(0));
        client.read_packet();
        client.send(&v3::suback(1, &[0]));
        client.send(&v3::publish("t", b"over both", Delivery::AtMostOnce));
        client.expect(&packet::DISCONNECT);
        client.close();
        let output = running.wait();
        assert_eq!((output.code(), &*output.stdout()), (Some(0), "over both\n"), "{output:?}");
    }
}
