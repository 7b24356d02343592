use test_support::certificates::{Authority, Validity};
use test_support::dns::{DnsServer, Record};
use test_support::mosquitto::Mosquitto;
use test_support::packet::{self, Delivery, v3, v5};
use test_support::proxy::Proxy;
use test_support::scripted_peer::{Connection, ScriptedPeer};
use test_support::tls_front::TlsFront;
use test_support::tool::{Output, Running};
use test_support::websocket::{WebSocket, agreement, field, read_head};

use super::publisher;

const MESSAGE: [&str; 6] = ["-t", "t", "-m", "x", "-q", "1"];

/// A peer, and TLS in front of it with a certificate for `localhost`.
fn behind_tls(authority: &Authority, protocols: &[&str]) -> (ScriptedPeer, TlsFront) {
    let peer = ScriptedPeer::listen();
    let server = authority.server(&["localhost"], Validity::Now);
    let front = TlsFront::start(&server, protocols, peer.port());
    (peer, front)
}

/// Takes one message at QoS 1.
fn serve(mut client: Connection, running: Running) -> Output {
    client.read_packet();
    client.send(&v3::connack(0));
    client.expect(&v3::publish("t", b"x", Delivery::AtLeastOnce(1)));
    client.send(&packet::puback(1));
    client.expect(&packet::DISCONNECT);
    client.close();
    running.wait()
}

/// The broker's log says that it took the message.
#[track_caller]
fn assert_published(output: &Output, broker: &Mosquitto, count: usize) {
    output.assert_code(0);
    assert_eq!(output.stderr(), "");
    assert_eq!(broker.log().matches("Received PUBLISH").count(), count, "{}", broker.log());
}

#[test]
fn websocket_goes_over_tls_by_option_and_by_url_under_both_names() {
    let authority = Authority::new("ours");
    let (peer, front) = behind_tls(&authority, &[]);
    let (port, file) = (front.port().to_string(), authority.file());
    let url = format!("wss://localhost:{port}/t");
    for name in ["mqtt-pub", "mosquitto_pub"] {
        for words in [
            &["-h", "localhost", "-p", &port, "-t", "t", "--ws", "--cafile", &file][..],
            &["-L", &url],
        ] {
            let tool = publisher().called(name);
            let mut command = tool.command([words, &["-m", "x"]].concat());
            command.env("SSL_CERT_FILE", &file);
            let running = Running::start(command);
            let mut client = peer.accept();
            let request = read_head(&mut client);
            let host = format!("localhost:{port}");
            assert_eq!(field(&request, "Host"), Some(&*host), "{request}");
            client.send(agreement(&request).as_bytes());
            let mut client = WebSocket::opened(client);
            client.read_packet();
            client.send(&v3::connack(0));
            client.expect(&v3::publish("t", b"x", Delivery::AtMostOnce));
            client.expect(&packet::DISCONNECT);
            client.close();
            let output = running.wait();
            assert_eq!((output.code(), &*output.stderr()), (Some(0), ""), "{name} {words:?}");
        }
    }
}

#[test]
fn websocket_over_tls_to_a_broker_that_cannot_prove_itself_asks_for_nothing() {
    let (authority, other) = (Authority::new("ours"), Authority::new("somebody else"));
    let (peer, front) = behind_tls(&authority, &[]);
    let (port, file) = (front.port().to_string(), other.file());
    let place = ["-h", "localhost", "-p", &port, "--ws", "--cafile", &file];
    let output = publisher().run([&place, &MESSAGE[..]].concat());
    output.assert_code(8);
    assert!(output.stderr().contains("from an authority that is not believed\n"), "{output:?}");
    assert!(peer.try_accept().is_none());
}

#[test]
fn real_proxies_lead_to_a_real_broker_with_tls() {
    let authority = Authority::new("ours");
    let server = authority.server(&["localhost"], Validity::Now);
    let broker = Mosquitto::builder().tls(&server).start();
    let (port, file) = (broker.port().to_string(), authority.file());
    let (socks, http) = (Proxy::socks5(None), Proxy::http(None));
    let mut count = 0;
    for (scheme, proxy) in [("socks5h", &socks), ("socks5", &socks), ("http", &http)] {
        for name in ["mqtt-pub", "mosquitto_pub"] {
            let url = format!("{scheme}://127.0.0.1:{}", proxy.port());
            let place = ["-h", "localhost", "-p", &port, "--cafile", &file, "--proxy", &url];
            let output = publisher().called(name).run([&place, &MESSAGE[..]].concat());
            count += 1;
            assert_published(&output, &broker, count);
        }
    }
}

#[test]
fn through_a_proxy_the_certificate_is_for_the_broker() {
    let authority = Authority::new("ours");
    let server = authority.server(&["broker.example"], Validity::Now);
    let broker = Mosquitto::builder().tls(&server).start();
    let (port, file) = (broker.port().to_string(), authority.file());
    let proxy = Proxy::http(None);
    let url = format!("http://localhost:{}", proxy.port());
    let place = ["-h", "localhost", "-p", &port, "--cafile", &file, "--proxy", &url];
    let output = publisher().run([&place, &MESSAGE[..]].concat());
    output.assert_code(8);
    assert!(output.stderr().contains("is for broker.example, not for localhost\n"), "{output:?}");
}

#[test]
fn a_service_over_tls_is_looked_up_by_its_own_name_and_proved_by_its_host() {
    let authority = Authority::new("ours");
    let server = authority.server(&["broker.example.org"], Validity::Now);
    let broker = Mosquitto::builder().tls(&server).start();
    let file = authority.file();
    let loopback = Record::A(std::net::Ipv4Addr::LOCALHOST);
    for (host, told) in [
        ("broker.example.org", None),
        ("other.example.org", Some("is for broker.example.org, not for other.example.org\n")),
    ] {
        let dns = DnsServer::start(vec![
            ("_secure-mqtt._tcp.example.org", Record::Srv(0, 0, broker.port(), host)),
            (host, loopback),
        ]);
        let address = dns.address();
        let place = ["-S", "-h", "example.org", "--dns-server", &address, "--cafile", &file];
        let output = publisher().run([&place, &MESSAGE[..]].concat());
        assert_eq!(dns.questions()[0], "_secure-mqtt._tcp.example.org");
        match told {
            None => assert_published(&output, &broker, 1),
            Some(told) => {
                output.assert_code(8);
                assert!(output.stderr().contains(told), "{output:?}");
            }
        }
    }
}

#[test]
fn a_broker_that_another_one_refers_to_must_prove_itself_too() {
    let (authority, other) = (Authority::new("ours"), Authority::new("somebody else"));
    for (second, code) in [(&authority, 0), (&other, 8)] {
        let (peer, front) = behind_tls(&authority, &[]);
        let server = second.server(&["localhost"], Validity::Now);
        let broker = Mosquitto::builder().tls(&server).start();
        let (port, file) = (front.port().to_string(), authority.file());
        let place = ["-h", "localhost", "-p", &port, "--cafile", &file, "-V", "5"];
        let running = publisher().spawn([&place, &MESSAGE[..]].concat());
        let reference = format!("localhost:{}", broker.port());
        let mut client = peer.accept();
        client.read_packet();
        client.send(&v5::connack(0x9c, &[&[0x1c][..], &packet::text(&reference)].concat()));
        let output = running.wait();
        output.assert_code(code);
        let note = format!("note: the broker refers us to {reference}: Use another server\n");
        assert!(output.stderr().starts_with(&note), "{output:?}");
        assert_eq!(broker.log().matches("Received PUBLISH").count(), usize::from(code == 0));
    }
}

#[test]
fn a_protocol_is_agreed_on_ignored_or_refused_as_the_broker_likes() {
    let authority = Authority::new("ours");
    let file = authority.file();
    for (has, offered, agreed) in [
        (&["x", "mqtt"][..], &["--tls-alpn", "mqtt"][..], Some("mqtt")),
        (&["mqtt"], &[], None),
        (&[], &["--tls-alpn", "mqtt"], None),
    ] {
        let (peer, front) = behind_tls(&authority, has);
        let port = front.port().to_string();
        let place = ["-h", "localhost", "-p", &port, "--cafile", &file];
        let running = publisher().spawn([&place, offered, &MESSAGE].concat());
        assert_eq!(front.protocol().as_deref(), agreed, "{has:?} {offered:?}");
        serve(peer.accept(), running).assert_code(0);
    }
    let (_peer, front) = behind_tls(&authority, &["x-amzn-mqtt-ca"]);
    let port = front.port().to_string();
    let place = ["-h", "localhost", "-p", &port, "--cafile", &file, "--tls-alpn", "mqtt"];
    let output = publisher().run([&place, &MESSAGE[..]].concat());
    output.assert_code(8);
    let expected = "it does not have the protocol we offered\n\
        hint: --tls-alpn names a protocol that the broker has\n";
    assert!(output.stderr().ends_with(expected), "{output:?}");
}

#[test]
fn ipv6_addresses_lead_to_a_real_broker_in_plain_and_by_their_certificate() {
    let authority = Authority::new("ours");
    let server = authority.server(&["::1"], Validity::Now);
    let plain = Mosquitto::builder().line("listener {port} ::1").start();
    let tls = Mosquitto::builder().line("listener {port} ::1").tls(&server).start();
    let (plain_port, tls_port) = (plain.port().to_string(), tls.port().to_string());
    let (plain_url, tls_url) =
        (format!("mqtt://[::1]:{plain_port}/t"), format!("mqtts://[::1]:{tls_port}/t"));
    let file = authority.file();
    for (words, broker) in [
        (&["-h", "::1", "-p", &plain_port, "-t", "t"][..], &plain),
        (&["-L", &plain_url], &plain),
        (&["-h", "::1", "-p", &tls_port, "-t", "t", "--cafile", &file], &tls),
        // Whom the system believes.
        (&["-L", &tls_url], &tls),
    ] {
        for name in ["mqtt-pub", "mosquitto_pub"] {
            let before = broker.log().matches("Received PUBLISH").count();
            let tool = publisher().called(name);
            let mut command = tool.command([words, &["-m", "x", "-q", "1"]].concat());
            command.env("SSL_CERT_FILE", &file);
            let output = Running::start(command).wait();
            assert_published(&output, broker, before + 1);
        }
    }
}
