//! `-h a,b,c`: which candidate is left for the next.

use test_support::packet::{Delivery, v3};
use test_support::scripted_peer::ScriptedPeer;

use super::subscriber;

#[test]
fn a_candidate_that_does_not_let_us_in_is_left_for_the_next() {
    for answer in [&v3::connack(3)[..], b""] {
        let peers: [_; 2] = ScriptedPeer::listen_side_by_side();
        let place = ["-h", "127.0.0.1,127.0.0.2", "-p", &peers[0].port().to_string()];
        let running = subscriber().spawn([&place, &["-t", "t", "-C", "1"][..]].concat());
        let mut client = peers[0].accept();
        client.read_packet();
        client.send(answer);
        client.close();
        let mut client = peers[1].accept();
        client.read_packet();
        client.send(&v3::connack(0));
        client.read_packet();
        client.send(&v3::suback(1, &[0]));
        client.send(&v3::publish("t", b"x", Delivery::AtMostOnce));
        let output = running.wait();
        output.assert_code(0);
        assert_eq!((&*output.stdout(), &*output.stderr()), ("x\n", ""));
    }
}

#[test]
fn a_refusal_that_every_candidate_would_give_is_final() {
    let peers: [_; 2] = ScriptedPeer::listen_side_by_side();
    let place = ["-h", "127.0.0.1,127.0.0.2", "-p", &peers[0].port().to_string()];
    let running = subscriber().spawn([&place, &["-t", "t", "--retry", "3"][..]].concat());
    let mut client = peers[0].accept();
    client.read_packet();
    client.send(&v3::connack(5));
    running.wait().assert_code(5);
    assert!(peers[1].try_accept().is_none());
}

#[test]
fn a_lost_connection_is_followed_by_one_to_the_next_candidate() {
    let peers: [_; 2] = ScriptedPeer::listen_side_by_side();
    let place = ["-h", "127.0.0.1,127.0.0.2", "-p", &peers[0].port().to_string()];
    let running = subscriber().spawn([&place, &["-t", "t", "-C", "1"][..]].concat());
    for peer in &peers {
        let mut client = peer.accept();
        client.read_packet();
        client.send(&v3::connack(0));
        client.read_packet();
        client.close();
    }
    let mut client = peers[0].accept();
    client.read_packet();
    client.send(&v3::connack(0));
    client.read_packet();
    client.send(&v3::publish("t", b"x", Delivery::AtMostOnce));
    let output = running.wait();
    output.assert_code(0);
    assert_eq!(output.stdout(), "x\n");
}
