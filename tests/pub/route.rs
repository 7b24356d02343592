use std::fs;
use std::path::PathBuf;

use test_support::mosquitto::{Mosquitto, free_port};
use test_support::packet::{self, Delivery, v3};
use test_support::scripted_peer::{Connection, ScriptedPeer};
use test_support::tool::{Running, Tool};

use super::{publisher, start_at};

const MESSAGE: [&str; 4] = ["-t", "t", "-m", "x"];

/// Takes one message at QoS 0.
fn serve(client: &mut Connection) {
    client.read_packet();
    client.send(&v3::connack(0));
    client.expect(&v3::publish("t", b"x", Delivery::AtMostOnce));
    client.expect(&packet::DISCONNECT);
}

fn serve_all(peer: &ScriptedPeer, running: Running) {
    let mut client = peer.accept();
    serve(&mut client);
    client.close();
    running.wait().assert_code(0);
}

/// A broker that listens on a unix socket, too.
fn broker_on_socket() -> (Mosquitto, PathBuf) {
    let broker = Mosquitto::builder().line("listener 0 {folder}/socket").start();
    let path = broker.folder().join("socket");
    (broker, path)
}

#[test]
fn a_unix_socket_leads_to_a_real_broker_in_every_spelling() {
    let (broker, path) = broker_on_socket();
    let path = path.to_str().expect("temporary folders have plain names");
    for (place, name, id) in [
        (&["--unix", path][..], "mqtt-pub", "id-1"),
        (&["-p", "0", "-h", path], "mqtt-pub", "id-2"),
        (&["-h", "no-such-host.invalid", "-p", "1", "--unix", path], "mqtt-pub", "id-3"),
        (&["--unix", path, "-A", "192.0.2.1", "--nodelay"], "mqtt-pub", "id-4"),
        (&["--unix", path], "mosquitto_pub", "id-5"),
        (&["-p", "0", "-h", path], "mosquitto_pub", "id-6"),
    ] {
        let message = [place, &MESSAGE, &["-i", id, "-q", "1"]].concat();
        publisher().called(name).run(message).assert_code(0);
        let log = broker.log();
        assert!(log.contains(&format!("Received PUBLISH from {id} ")), "{place:?}\n{log}");
    }
}

#[test]
fn a_host_after_a_unix_socket_is_where_it_goes() {
    let peer = ScriptedPeer::listen();
    let port = peer.port().to_string();
    let place = ["--unix", "/no/socket", "-h", "127.0.0.1", "-p", &port];
    serve_all(&peer, publisher().spawn([&place, &MESSAGE[..]].concat()));
}

#[test]
fn a_unix_socket_that_is_not_there_is_named() {
    let tool = publisher();
    let path = tool.home().join("socket");
    let output = tool.run([&["--unix", path.to_str().expect("UTF-8")], &MESSAGE[..]].concat());
    output.assert_code(1);
    let expected = format!("error: cannot connect to {}: No such file", path.display());
    assert!(output.stderr().starts_with(&expected), "{output:?}");
}

#[test]
fn the_peer_sees_the_address_to_connect_from() {
    for (name, address) in
        [("mqtt-pub", "127.0.0.2"), ("mosquitto_pub", "127.0.0.2"), ("mqtt-pub", "localhost")]
    {
        let peer = ScriptedPeer::listen();
        let port = peer.port().to_string();
        let place = ["-h", "127.0.0.1", "-p", &port, "-A", address];
        let running = publisher().called(name).spawn([&place, &MESSAGE[..]].concat());
        let mut client = peer.accept();
        let expected = if address == "localhost" { "127.0.0.1" } else { address };
        assert_eq!(client.client_address().ip().to_string(), expected);
        serve(&mut client);
        client.close();
        running.wait().assert_code(0);
    }
}

#[test]
fn an_address_to_connect_from_that_is_not_ours_is_named_with_its_option() {
    let peer = ScriptedPeer::listen();
    for (address, expected) in [
        ("192.0.2.1", "error: cannot connect from 192.0.2.1 (--bind-address): "),
        ("no.invalid", "error: cannot look up 'no.invalid' (--bind-address): "),
        ("::1", "as --bind-address\n"),
    ] {
        let output = start_at(&peer, &[&["-A", address], &MESSAGE[..]].concat()).wait();
        output.assert_code(1);
        assert!(output.stderr().contains(expected), "{output:?}");
        assert!(peer.try_accept().is_none(), "{address}");
    }
}

#[test]
fn small_packets_are_neither_held_back_nor_left_unacknowledged() {
    for options in [&["--nodelay"][..], &[]] {
        let peer = ScriptedPeer::listen();
        let tool = publisher();
        let (port, trace) = (peer.port().to_string(), tool.home().join("trace"));
        let [program, trace_file] =
            [tool.program(), &trace].map(|path| path.to_str().expect("UTF-8"));
        let traced = ["-f", "-e", "trace=setsockopt", "-o", trace_file, program];
        let words = [&traced[..], &["-h", "127.0.0.1", "-p", &port], options, &MESSAGE].concat();
        serve_all(&peer, Tool::at("strace").spawn(words));
        let trace = fs::read_to_string(trace).expect("strace wrote it");
        assert_eq!(trace.matches("TCP_NODELAY, [1]").count(), 1, "{trace}");
        // Of CONNACK: nothing else comes.
        assert_eq!(trace.matches("TCP_QUICKACK, [1]").count(), 1, "{trace}");
    }
}

#[test]
fn the_first_candidate_that_can_be_reached_is_taken_under_our_own_name() {
    let peer = ScriptedPeer::listen();
    let port = peer.port().to_string();
    // Nobody listens on the second address, on the same port.
    let place = ["-h", "127.0.0.2,no-such-host.invalid,127.0.0.1", "-p", &port];
    serve_all(&peer, publisher().spawn([&place, &MESSAGE[..]].concat()));
}

#[test]
fn a_comma_is_part_of_the_name_under_the_originals_name() {
    let port = free_port().to_string();
    let place = ["-h", "127.0.0.2,127.0.0.1", "-p", &port];
    let output = publisher().called("mosquitto_pub").run([&place, &MESSAGE[..]].concat());
    output.assert_code(1);
    let expected = "error: cannot look up host '127.0.0.2,127.0.0.1': ";
    assert!(output.stderr().starts_with(expected), "{output:?}");
}

#[test]
fn when_no_candidate_can_be_reached_each_is_named_with_its_cause() {
    let port = free_port().to_string();
    let place = ["-h", "127.0.0.1,no-such-host.invalid,127.0.0.2", "-p", &port];
    let output = publisher().run([&place, &MESSAGE[..]].concat());
    output.assert_code(1);
    let stderr = output.stderr();
    let line = stderr.lines().next().unwrap_or_default();
    let causes: Vec<_> = line.split("; ").collect();
    let [first, second, third] = causes[..] else { panic!("{output:?}") };
    let refused = format!(
        "error: no broker can be reached: cannot connect to 127.0.0.1:{port}: Connection refused"
    );
    assert!(first.starts_with(&refused), "{output:?}");
    assert!(second.starts_with("cannot look up host 'no-such-host.invalid': "), "{output:?}");
    assert!(third.starts_with(&format!("cannot connect to 127.0.0.2:{port}: ")), "{output:?}");
}

#[test]
fn a_file_that_tls_needs_is_named_with_its_option() {
    for (options, message) in [
        (&["--cafile", "/no/ca"][..], "cannot read '/no/ca' (--cafile): No such file"),
        (&["--capath", "/no/ca"], "cannot read '/no/ca' (--capath): No such file"),
        (&["--cert", "/no/c", "--key", "/"], "cannot read '/no/c' (--cert): No such file"),
        (&["--cafile", "/"], "cannot read '/' (--cafile): is a directory"),
    ] {
        let output = publisher().run([&MESSAGE[..], options].concat());
        output.assert_code(1);
        assert!(output.stderr().starts_with(&format!("error: {message}")), "{output:?}");
    }
}

/// What is said of options beside a message that gets through.
fn said_beside_a_message(options: &[&str]) -> String {
    let peer = ScriptedPeer::listen();
    let running = start_at(&peer, &[&["-t", "t", "-m", "x"], options].concat());
    let mut client = peer.accept();
    client.read_packet();
    client.send(&v3::connack(0));
    client.read_packet();
    client.expect(&packet::DISCONNECT);
    client.close();
    let output = running.wait();
    output.assert_code(0);
    output.stderr().into_owned()
}

#[test]
fn an_option_of_tls_without_tls_is_told_to_have_no_effect() {
    let said = said_beside_a_message(&["--insecure", "--tls-alpn", "mqtt"]);
    let why = "has no effect: nothing asks for TLS, the connection is not encrypted";
    let warnings = format!("warning: --insecure {why}\nwarning: --tls-alpn {why}\n");
    assert_eq!(said, warnings);
}

#[test]
fn so_are_others_that_need_what_is_not_there() {
    let idle = ["--will-qos", "2", "--repeat-delay", "2", "-x", "5", "-V", "311"];
    let warnings = "warning: --will-qos has no effect: there is no will (--will-topic)\n\
                    warning: --session-expiry has no effect: only MQTT 5 has it (-V 5)\n\
                    warning: --repeat-delay has no effect: nothing is repeated (--repeat)\n";
    assert_eq!(said_beside_a_message(&idle), warnings);
}
