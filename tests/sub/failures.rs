use test_support::mosquitto::free_port;
use test_support::packet::{self, Delivery, v3, v5};
use test_support::scripted_peer::ScriptedPeer;
use test_support::tool::Output;

use super::{start_at, subscriber};

#[test]
fn a_refused_port_names_host_port_and_cause() {
    let port = free_port().to_string();
    let output = subscriber().run(["-h", "127.0.0.1", "-p", &port, "-t", "t"]);
    output.assert_code(1);
    let expected = format!("error: cannot connect to 127.0.0.1:{port}: Connection refused");
    assert!(output.stderr().starts_with(&expected), "{output:?}");
}

#[test]
fn a_refused_connection_gives_the_brokers_code() {
    for (version, answer, status) in
        [("311", v3::connack(5), 5), ("5", v5::connack(0x87, &[]), 135)]
    {
        let peer = ScriptedPeer::listen();
        let running = start_at(&peer, &["-t", "t", "-V", version]);
        let mut client = peer.accept();
        client.read_packet();
        client.send(&answer);
        client.expect_end();
        let output = running.wait();
        output.assert_code(status);
        assert!(
            output.stderr().starts_with("error: the broker refused the connection"),
            "{output:?}"
        );
    }
}

#[test]
fn when_every_subscription_is_refused_the_reason_is_the_status() {
    for (version, connack, suback, status, name) in [
        ("311", v3::connack(0), v3::suback(1, &[0x80, 0x80]), 128, "Unspecified error"),
        ("5", v5::connack(0, &[]), v5::suback(1, &[0x87, 0x8f]), 135, "Not authorized"),
    ] {
        let peer = ScriptedPeer::listen();
        let running = start_at(&peer, &["-t", "a", "-t", "b", "-V", version]);
        let mut client = peer.accept();
        client.read_packet();
        client.send(&connack);
        client.read_packet();
        client.send(&suback);
        client.expect(&packet::DISCONNECT);
        client.close();
        let output = running.wait();
        output.assert_code(status);
        let expected = format!("error: the broker refused every subscription: 'a' ({name}), 'b' (");
        assert!(output.stderr().starts_with(&expected), "{output:?}");
    }
}

#[test]
fn a_session_that_is_taken_over_is_not_fought_for() {
    let peer = ScriptedPeer::listen();
    let running = start_at(&peer, &["-t", "a", "-V", "5"]);
    let mut client = peer.accept();
    client.read_packet();
    client.send(&v5::connack(0, &[]));
    client.read_packet();
    client.send(&v5::disconnect(0x8e));
    client.expect_end();
    let output = running.wait();
    output.assert_code(4);
    assert!(output.stderr().contains("Session taken over (reason code 142)"), "{output:?}");
    assert!(peer.try_accept().is_none(), "it has come back");
}

#[test]
fn after_any_other_loss_it_connects_and_subscribes_again() {
    let peer = ScriptedPeer::listen();
    let running = start_at(&peer, &["-t", "a", "-V", "5"]);
    for (id, end) in [(1, &v5::disconnect(0x8b)[..]), (2, &[])] {
        let mut client = peer.accept();
        client.read_packet();
        client.send(&v5::connack(0, &[]));
        let subscribe = client.read_packet();
        assert_eq!(subscribe[2..4], [0, id]);
        client.send(end);
        client.close();
        running.wait_for_stderr("; connecting again");
    }
}

#[test]
fn malformed_bytes_are_named_and_nothing_is_shown_of_them() {
    let peer = ScriptedPeer::listen();
    let running = start_at(&peer, &["-t", "a"]);
    let mut client = peer.accept();
    client.read_packet();
    client.send(&v3::connack(0));
    client.read_packet();
    client.send(b"\x30\x04\x00\x02\xff\xffx");
    client.expect_end();
    let output = running.wait();
    output.assert_code(21);
    assert!(output.stderr().contains("malformed PUBLISH: a string is not UTF-8"), "{output:?}");
    assert_eq!(output.stdout(), "");
}

#[test]
fn quiet_says_nothing_of_what_happens_while_running_but_keeps_the_status() {
    let peer = ScriptedPeer::listen();
    let running = start_at(&peer, &["-t", "a", "--quiet"]);
    let mut client = peer.accept();
    client.read_packet();
    client.send(&v3::connack(5));
    client.expect_end();
    let output = running.wait();
    output.assert_code(5);
    assert_eq!(output.stderr(), "");
}

#[test]
fn a_subscriber_goes_where_disconnect_refers_it_to_and_subscribes_there() {
    let (first, second) = (ScriptedPeer::listen(), ScriptedPeer::listen());
    let running = start_at(&first, &["-t", "t", "-C", "1", "-V", "5"]);
    let mut client = first.accept();
    client.read_packet();
    client.send(&v5::connack(0, &[]));
    client.read_packet();
    client.send(&v5::suback(1, &[0]));
    let place = format!("127.0.0.1:{}", second.port());
    let reference = [&[0x1c][..], &packet::text(&place)].concat();
    let length = packet::variable_length(reference.len());
    client.send(&packet::frame(0xe0, &[&[0x9d], &length, &reference]));
    let mut client = second.accept();
    client.read_packet();
    client.send(&v5::connack(0, &[]));
    client.read_packet();
    client.send(&v5::suback(2, &[0]));
    client.send(&v5::publish("t", b"x", Delivery::AtMostOnce, &[]));
    client.expect(&packet::DISCONNECT);
    client.close();
    let output = running.wait();
    output.assert_code(0);
    assert_eq!(output.stdout(), "x\n");
    let notes = format!(
        "note: the broker refers us to {place}: Server moved\nnote: connected again, to {place}\n"
    );
    assert_eq!(output.stderr(), notes);
}

/// The run with these arguments whose requests get these answers.
fn answered(arguments: &[&str], answers: &[&[u8]]) -> Output {
    let peer = ScriptedPeer::listen();
    let running = start_at(&peer, arguments);
    let mut client = peer.accept();
    client.read_packet();
    client.send(&v5::connack(0, &[]));
    for answer in answers {
        client.read_packet();
        client.send(answer);
    }
    client.expect(&packet::DISCONNECT);
    client.close();
    running.wait()
}

#[test]
fn a_refused_unsubscription_is_told_and_fails_where_there_was_nothing_else_to_do() {
    let arguments = ["-V", "5", "-U", "a", "-U", "b", "-E"];
    let output = answered(&arguments, &[&v5::unsuback(1, &[0x11]), &v5::unsuback(2, &[0x87])]);
    output.assert_code(0);
    let warning = "warning: the broker refused to unsubscribe from 'b' (Not authorized)\n";
    assert_eq!(output.stderr(), warning);
    let output = answered(&arguments, &[&v5::unsuback(1, &[0x87]), &v5::unsuback(2, &[0x8f])]);
    output.assert_code(135);
    let error = "error: the broker refused to unsubscribe: Not authorized\n";
    assert!(output.stderr().ends_with(error), "{output:?}");
}

#[test]
fn a_refused_unsubscription_is_told_of_the_filter_it_is_about() {
    let peer = ScriptedPeer::listen();
    let running = start_at(&peer, &["-V", "5", "-U", "first", "-U", "second", "-E"]);
    let mut client = peer.accept();
    client.read_packet();
    client.send(&v5::connack(0, &[]));
    client.read_packet();
    client.read_packet();
    client.send(&[v5::unsuback(2, &[0x87]), v5::unsuback(1, &[0])].concat());
    client.expect(&packet::DISCONNECT);
    client.close();
    let warning = "warning: the broker refused to unsubscribe from 'second' (Not authorized)\n";
    assert_eq!(running.wait().stderr(), warning);
}

#[test]
fn the_brokers_own_words_for_a_refusal_are_told() {
    let words = [&[0x1f][..], &packet::text("no entry")].concat();
    let length = packet::variable_length(words.len());
    let suback = packet::frame(0x90, &[&[0, 1], &length, &words, &[0x87]]);
    let output = answered(&["-V", "5", "-t", "a"], &[&suback]);
    output.assert_code(135);
    let error =
        "error: the broker refused every subscription: 'a' (Not authorized) (\"no entry\")\n";
    assert_eq!(output.stderr(), error);
}

#[test]
fn it_connects_again_as_often_as_it_is_told_to() {
    let (running, client) = super::subscribed(&["-t", "t", "--no-reconnect"]);
    client.close();
    let output = running.wait();
    output.assert_code(7);
    assert!(output.stderr().starts_with("error: the connection to "), "{output:?}");
    let port = free_port().to_string();
    let output = subscriber().run(["-h", "127.0.0.1", "-p", &port, "-t", "t", "--retry", "1"]);
    output.assert_code(1);
    let said = output.stderr();
    assert_eq!(said.matches("; connecting again").count(), 1, "{said}");
    assert!(said.contains("\nerror: cannot connect to 127.0.0.1:"), "{said}");
}
