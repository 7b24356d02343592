use std::net::Ipv4Addr;

use test_support::dns::{DnsServer, Record};
use test_support::mosquitto::free_port;
use test_support::packet::{self, Delivery, v3};
use test_support::scripted_peer::ScriptedPeer;
use test_support::tool::Running;

use super::publisher;

const MESSAGE: [&str; 4] = ["-t", "t", "-m", "x"];
const SERVICE: &str = "_mqtt._tcp.example.org";
const LOOPBACK: Record = Record::A(Ipv4Addr::LOCALHOST);

fn start(dns: &DnsServer, arguments: &[&str]) -> Running {
    let words = ["-S", "-h", "example.org", "--dns-server", &dns.address()];
    publisher().spawn([&words, &MESSAGE[..], arguments].concat())
}

fn serve(peer: &ScriptedPeer, running: Running) {
    let mut client = peer.accept();
    client.read_packet();
    client.send(&v3::connack(0));
    client.expect(&v3::publish("t", b"x", Delivery::AtMostOnce));
    client.expect(&packet::DISCONNECT);
    client.close();
    running.wait().assert_code(0);
}

#[test]
fn a_service_leads_to_host_and_port_of_its_record() {
    let peer = ScriptedPeer::listen();
    let dns = DnsServer::start(vec![
        (SERVICE, Record::Srv(0, 0, peer.port(), "broker.example.org")),
        ("broker.example.org", LOOPBACK),
    ]);
    serve(&peer, start(&dns, &["-p", "1"]));
    assert_eq!(dns.questions().first().map(String::as_str), Some(SERVICE));
}

#[test]
fn the_next_record_is_tried_where_one_leads_nowhere() {
    let peer = ScriptedPeer::listen();
    let dns = DnsServer::start(vec![
        (SERVICE, Record::Srv(30, 0, peer.port(), "third.example.org")),
        (SERVICE, Record::Srv(20, 0, free_port(), "second.example.org")),
        (SERVICE, Record::Srv(10, 0, 1883, "no-such-host.example.org")),
        ("second.example.org", LOOPBACK),
        ("third.example.org", LOOPBACK),
    ]);
    serve(&peer, start(&dns, &[]));
}

#[test]
fn a_service_that_is_not_offered_is_an_error_in_words() {
    for zone in
        [vec![], vec![("example.org", LOOPBACK)], vec![(SERVICE, Record::Srv(0, 0, 0, "."))]]
    {
        let dns = DnsServer::start(zone);
        let output = start(&dns, &[]).wait();
        output.assert_code(1);
        let expected = "error: there is no service _mqtt._tcp.example.org (no SRV record)\n\
                        hint: without --srv, -h and -p say where the broker listens\n";
        assert_eq!(output.stderr(), expected);
    }
}

#[test]
fn a_dns_server_that_is_named_is_asked_for_ordinary_names_too() {
    let peer = ScriptedPeer::listen();
    let dns = DnsServer::start(vec![("broker.example.org", LOOPBACK)]);
    let port = peer.port().to_string();
    let place = ["-h", "broker.example.org", "-p", &port, "--dns-server", &dns.address()];
    serve(&peer, publisher().spawn([&place, &MESSAGE[..]].concat()));
    let place = ["-h", "other.example.org", "--dns-server", &dns.address()];
    let output = publisher().run([&place, &MESSAGE[..]].concat());
    output.assert_code(1);
    assert!(output.stderr().starts_with("error: cannot look up host 'other.example.org': "));
}

#[test]
fn another_address_of_a_name_is_tried_where_the_first_refuses() {
    let peer = ScriptedPeer::listen();
    let other = Record::A(Ipv4Addr::new(127, 0, 0, 2));
    let dns = DnsServer::start(vec![("b.example.org", other), ("b.example.org", LOOPBACK)]);
    let port = peer.port().to_string();
    let place = ["-h", "b.example.org", "-p", &port, "--dns-server", &dns.address()];
    serve(&peer, publisher().spawn([&place, &MESSAGE[..]].concat()));
    let port = free_port().to_string();
    let place = ["-h", "b.example.org", "-p", &port, "--dns-server", &dns.address()];
    let output = publisher().run([&place, &MESSAGE[..]].concat());
    output.assert_code(1);
    let expected = format!("error: cannot connect to b.example.org:{port}: Connection refused");
    assert!(output.stderr().starts_with(&expected), "{output:?}");
    assert!(output.stderr().contains("\nhint: is a broker running there?"), "{output:?}");
}

#[test]
fn a_dns_server_that_does_not_answer_is_not_waited_for_longer_than_for_a_connection() {
    let silent = std::net::UdpSocket::bind("127.0.0.1:0").expect("a free port");
    let address = silent.local_addr().expect("it has one").to_string();
    let words = ["-S", "-h", "example.org", "--dns-server", &address, "--connect-timeout", "1"];
    let output = publisher().run([&words, &MESSAGE[..]].concat());
    output.assert_code(1);
    let service = "_mqtt._tcp.example.org";
    let expected =
        format!("error: no answer to the look-up of the service {service} (--srv) within 1 s");
    assert!(output.stderr().starts_with(&expected), "{output:?}");
}
