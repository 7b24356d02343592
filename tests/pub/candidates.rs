//! `-h a,b,c` and SRV records: which candidate is left for the next, and when.

use std::net::Ipv4Addr;

use test_support::dns::{DnsServer, Record};
use test_support::mosquitto::Mosquitto;
use test_support::packet::{self, Delivery, v3, v5};
use test_support::scripted_peer::{Connection, DeafPort, ScriptedPeer};
use test_support::tool::Running;

use super::publisher;

const MESSAGE: [&str; 4] = ["-t", "t", "-m", "x"];
const SERVICE: &str = "_mqtt._tcp.example.org";

/// Starts the tool with as many candidates as there are peers side by side.
fn start_among(peers: &[ScriptedPeer], arguments: &[&str]) -> Running {
    let hosts: Vec<_> = (1..=peers.len()).map(|last| format!("127.0.0.{last}")).collect();
    let port = peers.first().expect("one at least").port().to_string();
    publisher().spawn([&["-h", &hosts.join(","), "-p", &port], arguments].concat())
}

/// Takes one message at QoS 0.
fn serve(mut client: Connection, connack: &[u8]) {
    client.read_packet();
    client.send(connack);
    client.read_packet();
    client.expect(&packet::DISCONNECT);
    client.close();
}

#[test]
fn a_candidate_that_closes_is_left_for_the_next() {
    for said in ["nothing", "half of CONNACK", "a reset"] {
        let peers: [_; 2] = ScriptedPeer::listen_side_by_side();
        let running = start_among(&peers, &[&MESSAGE[..], &["-d", "-i", "i"]].concat());
        let mut client = peers[0].accept();
        client.read_packet();
        match said {
            "a reset" => client.reset(),
            "nothing" => client.close(),
            _ => {
                client.send(&[0x20]);
                client.close();
            }
        }
        serve(peers[1].accept(), &v3::connack(0));
        let output = running.wait();
        output.assert_code(0);
        let (stderr, port) = (output.stderr(), peers[0].port());
        let lines: Vec<_> = stderr.lines().collect();
        assert_eq!(lines[0], "Client i sending CONNECT", "{output:?}");
        let lost = format!("the connection to 127.0.0.1:{port} was lost: ");
        assert!(lines[1].starts_with(&lost), "{output:?}");
        assert!(lines[1].ends_with(&format!("; trying 127.0.0.2:{port}")), "{output:?}");
        assert_eq!(lines[2..4], ["Client i sending CONNECT", "Client i received CONNACK (0)"]);
    }
}

#[test]
fn a_candidate_that_is_silent_is_left_for_the_next() {
    let peers: [_; 2] = ScriptedPeer::listen_side_by_side();
    let running = start_among(&peers, &[&MESSAGE[..], &["--connect-timeout", "4", "-d"]].concat());
    let mut silent = peers[0].accept();
    silent.read_packet();
    serve(peers[1].accept(), &v3::connack(0));
    silent.expect_end();
    let output = running.wait();
    output.assert_code(0);
    let port = peers[0].port();
    let line =
        format!("no answer to CONNECT from 127.0.0.1:{port} within 2 s; trying 127.0.0.2:{port}\n");
    assert!(output.stderr().contains(&line), "{output:?}");
}

#[test]
fn a_candidate_that_cannot_serve_now_is_left_for_the_next() {
    for (version, answer) in [
        ("311", v3::connack(3)),
        ("31", v3::connack(3)),
        ("5", v5::connack(0x80, &[])),
        ("5", v5::connack(0x88, &[])),
        ("5", v5::connack(0x89, &[])),
        ("5", v5::connack(0x97, &[])),
        ("5", v5::connack(0x9c, &[])),
        ("5", v5::connack(0x9d, &[])),
        ("5", v5::connack(0x9f, &[])),
        ("311", b"SSH-2.0-x\r\n".to_vec()),
        ("311", b"\x15\x03\x01\x00\x02\x02\x46".to_vec()),
    ] {
        let peers: [_; 2] = ScriptedPeer::listen_side_by_side();
        let running = start_among(&peers, &[&MESSAGE[..], &["-V", version, "-i", "i"]].concat());
        let mut client = peers[0].accept();
        client.read_packet();
        client.send(&answer);
        let welcome = if version == "5" { v5::connack(0, &[]) } else { v3::connack(0) };
        serve(peers[1].accept(), &welcome);
        let output = running.wait();
        output.assert_code(0);
        assert_eq!(output.stderr(), "", "{answer:?}");
    }
}

#[test]
fn what_every_member_of_a_cluster_would_say_is_final() {
    for (version, answer, status) in [
        ("311", v3::connack(1), 1),
        ("311", v3::connack(2), 2),
        ("311", v3::connack(4), 4),
        ("311", v3::connack(5), 5),
        ("5", v5::connack(0x84, &[]), 0x84),
        ("5", v5::connack(0x85, &[]), 0x85),
        ("5", v5::connack(0x86, &[]), 0x86),
        ("5", v5::connack(0x87, &[]), 0x87),
        ("5", v5::connack(0x8a, &[]), 0x8a),
        ("5", v3::connack(1), 0x84),
    ] {
        let peers: [_; 2] = ScriptedPeer::listen_side_by_side();
        let arguments = [&MESSAGE[..], &["-V", version, "--retry", "3"]].concat();
        let running = start_among(&peers, &arguments);
        let mut client = peers[0].accept();
        client.read_packet();
        client.send(&answer);
        running.wait().assert_code(status);
        assert!(peers[1].try_accept().is_none(), "{version} {answer:?}");
    }
}

#[test]
fn when_all_fail_each_is_named_and_the_last_one_gives_the_status() {
    let closes = |mut client: Connection| {
        client.read_packet();
        client.close();
    };
    let is_unavailable = |mut client: Connection| {
        client.read_packet();
        client.send(&v3::connack(3));
        client.expect_end();
    };
    let unavailable = "the broker refused the connection: broker unavailable (code 3)";
    for (behaviours, status) in [
        ([closes as fn(Connection), is_unavailable], 3),
        ([is_unavailable, closes as fn(Connection)], 7),
    ] {
        let peers: [_; 2] = ScriptedPeer::listen_side_by_side();
        let running = start_among(&peers, &MESSAGE);
        for (peer, behaviour) in peers.iter().zip(behaviours) {
            behaviour(peer.accept());
        }
        let output = running.wait();
        output.assert_code(status);
        let lost = |last: u8| {
            let place = format!("127.0.0.{last}:{}", peers[0].port());
            format!("the connection to {place} was lost: the broker closed it")
        };
        let all = match status {
            3 => format!("{}; {unavailable}", lost(1)),
            _ => format!("{unavailable}; {}", lost(2)),
        };
        let expected =
            format!("error: no broker can be reached: {all}\nhint: a broker may do that ");
        assert!(output.stderr().starts_with(&expected), "{output:?}");
    }
}

#[test]
fn a_lost_connection_is_followed_by_one_to_the_next_candidate() {
    let peers: [_; 3] = ScriptedPeer::listen_side_by_side();
    let mut running = start_among(&peers, &["-t", "t", "-l", "-q", "1"]);
    for (number, line) in (1..).zip(["one", "two", "three"]) {
        let mut client = peers[number - 1].accept();
        client.read_packet();
        client.send(&v3::connack(0));
        running.write_input(format!("{line}\n"));
        // Those before it are sent again.
        for _ in 0..number {
            client.read_packet();
        }
        client.close();
    }
    running.close_input();
    // And from the last one to the first.
    let mut client = peers[0].accept();
    client.read_packet();
    client.send(&v3::connack(0));
    for (id, line) in [(1, "one"), (2, "two"), (3, "three")] {
        let message = v3::publish("t", line.as_bytes(), Delivery::AtLeastOnce(id));
        client.expect(&packet::flagged(message, packet::DUP));
        client.send(&packet::puback(id));
    }
    client.expect(&packet::DISCONNECT);
    client.close();
    running.wait().assert_code(0);
}

#[test]
fn an_attempt_that_failed_at_all_of_them_is_made_again() {
    let peers: [_; 2] = ScriptedPeer::listen_side_by_side();
    let running = start_among(&peers, &[&MESSAGE[..], &["--retry", "1"]].concat());
    for peer in &peers {
        let mut client = peer.accept();
        client.read_packet();
        client.close();
    }
    let mut client = peers[0].accept();
    client.read_packet();
    client.close();
    serve(peers[1].accept(), &v3::connack(0));
    let output = running.wait();
    output.assert_code(0);
    assert_eq!(output.stderr().matches("connecting again").count(), 1, "{output:?}");
}

#[test]
fn the_next_record_of_a_service_is_tried_where_one_does_no_mqtt() {
    for name in ["mqtt-pub", "mosquitto_pub"] {
        let (broker, closing) = (Mosquitto::builder().start(), ScriptedPeer::listen());
        let dns = DnsServer::start(vec![
            (SERVICE, Record::Srv(10, 0, closing.port(), "b.example.org")),
            (SERVICE, Record::Srv(20, 0, broker.port(), "b.example.org")),
            ("b.example.org", Record::A(Ipv4Addr::LOCALHOST)),
        ]);
        let place = ["-S", "-h", "example.org", "--dns-server", &dns.address()];
        let words = [&place, &MESSAGE[..], &["-q", "1"]].concat();
        let running = publisher().called(name).spawn(words);
        let mut client = closing.accept();
        client.read_packet();
        client.close();
        running.wait().assert_code(0);
        assert!(broker.log().contains("Received PUBLISH from "), "{}", broker.log());
    }
}

#[test]
fn what_one_candidate_does_not_use_the_next_one_has() {
    let peer = ScriptedPeer::listen();
    let port = peer.port().to_string();
    // Nobody listens on the others: they refuse at once.
    let hosts = "127.0.0.2,127.0.0.3,127.0.0.4,127.0.0.1";
    let place = ["-h", hosts, "-p", &port, "--connect-timeout", "2"];
    let output = publisher().run([&place, &MESSAGE[..]].concat());
    output.assert_code(1);
    let stderr = output.stderr();
    let line = stderr.lines().next().unwrap_or_default();
    let within = format!("; no answer to CONNECT from 127.0.0.1:{port} within ");
    let (_, limit) = line.split_once(&within).expect("it is the last that is told");
    let seconds: f64 = limit.trim_end_matches(" s").parse().expect("a number");
    // Its part of the whole would be half a second.
    assert!(seconds > 0.5 && seconds <= 2.0, "{output:?}");
}

#[test]
fn a_candidate_of_which_nothing_comes_leaves_time_for_the_next() {
    let (deaf, peer) = (DeafPort::new(), ScriptedPeer::listen());
    let dns = DnsServer::start(vec![
        (SERVICE, Record::Srv(10, 0, deaf.port(), "b.example.org")),
        (SERVICE, Record::Srv(20, 0, peer.port(), "b.example.org")),
        ("b.example.org", Record::A(Ipv4Addr::LOCALHOST)),
    ]);
    let place = ["-S", "-h", "example.org", "--dns-server", &dns.address()];
    let words = [&place, &MESSAGE[..], &["--connect-timeout", "4"]].concat();
    let running = publisher().spawn(words);
    serve(peer.accept(), &v3::connack(0));
    running.wait().assert_code(0);
}

#[test]
fn silent_candidates_are_each_named() {
    let deaf = [DeafPort::new(), DeafPort::new()];
    let [first, second] = deaf.each_ref().map(DeafPort::port);
    let dns = DnsServer::start(vec![
        (SERVICE, Record::Srv(10, 0, first, "b.example.org")),
        (SERVICE, Record::Srv(20, 0, second, "b.example.org")),
        ("b.example.org", Record::A(Ipv4Addr::LOCALHOST)),
    ]);
    let place = ["-S", "-h", "example.org", "--dns-server", &dns.address()];
    let output = publisher().run([&place, &MESSAGE[..], &["--connect-timeout", "1"]].concat());
    output.assert_code(1);
    for port in [first, second] {
        let named = format!("no answer from b.example.org:{port} within 0.");
        assert!(output.stderr().contains(&named), "{output:?}");
    }
}
