use std::io::Read as _;
use std::process::{Child, Stdio};
use std::thread;

use test_support::packet::{self, Delivery, v3};
use test_support::scripted_peer::ScriptedPeer;
use test_support::tool::peak_memory;
use test_support::websocket::{self, WebSocket, frame_head};

use super::{start_at, subscriber};

const LARGE: usize = 200_000_000;

fn subscribed(peer: &ScriptedPeer) -> WebSocket {
    let mut client = WebSocket::open(peer.accept());
    client.read_packet();
    client.send(&v3::connack(0));
    let subscribe = client.read_packet();
    let id = subscribe[2..4].try_into().unwrap();
    client.send(&v3::suback(u16::from_be_bytes(id), &[0]));
    client
}

/// Starts the tool for one message of 200 MB, and counts what it writes.
fn waiting_for_one(peer: &ScriptedPeer) -> (Child, thread::JoinHandle<usize>) {
    let port = peer.port().to_string();
    let words = ["-h", "127.0.0.1", "-p", &port, "--ws", "-t", "t", "-C", "1", "-N"];
    let mut child = subscriber().command(words).stdout(Stdio::piped()).spawn().unwrap();
    let mut stdout = child.stdout.take().unwrap();
    let counting = thread::spawn(move || {
        let (mut count, mut block) = (0, vec![0; 1 << 20]);
        loop {
            match stdout.read(&mut block).unwrap() {
                0 => return count,
                read => count += read,
            }
        }
    });
    (child, counting)
}

#[test]
fn a_message_of_200_mb_in_one_frame_is_in_memory_twice_at_most() {
    let peer = ScriptedPeer::listen();
    let (mut child, counting) = waiting_for_one(&peer);
    let mut client = subscribed(&peer);
    let publish = v3::publish("t", &vec![b'x'; LARGE], Delivery::AtMostOnce);
    client.connection().send(&frame_head(websocket::BINARY, publish.len()));
    client.connection().send(&publish);
    client.expect(&packet::DISCONNECT);
    let memory = peak_memory(child.id());
    assert!(memory < 420_000, "{memory} KiB");
    client.close();
    assert_eq!(counting.join().unwrap(), LARGE);
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[test]
fn a_message_of_200_mb_in_small_frames_is_in_memory_once() {
    let peer = ScriptedPeer::listen();
    let (mut child, counting) = waiting_for_one(&peer);
    let mut client = subscribed(&peer);
    let publish = v3::publish("t", &vec![b'x'; LARGE], Delivery::AtMostOnce);
    for block in publish.chunks(100_000) {
        client.send(block);
    }
    client.expect(&packet::DISCONNECT);
    let memory = peak_memory(child.id());
    assert!(memory < 230_000, "{memory} KiB");
    client.close();
    assert_eq!(counting.join().unwrap(), LARGE);
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[test]
fn a_close_of_the_broker_makes_it_connect_again() {
    let peer = ScriptedPeer::listen();
    let running = start_at(&peer, &["--ws", "-t", "t", "-C", "1"]);
    let mut client = subscribed(&peer);
    client.send_frame(websocket::CLOSE, b"\x03\xf4soon back");
    let words = "the broker closed the WebSocket: 1012 (restarting): soon back; connecting again";
    running.wait_for_stderr(words);
    let mut client = subscribed(&peer);
    client.send(&v3::publish("t", b"again", Delivery::AtMostOnce));
    client.expect(&packet::DISCONNECT);
    client.close();
    let output = running.wait();
    output.assert_code(0);
    assert_eq!(output.stdout(), "again\n");
}
