use test_support::mosquitto::Mosquitto;
use test_support::packet::{self, v5};
use test_support::scripted_peer::{Connection, ScriptedPeer};
use test_support::tool::Tool;

use super::{publisher, start_at};

const REQUIRED: &[&str] = &["-V", "5", "-t", "t", "--require-subscriber"];

fn accept(peer: &ScriptedPeer) -> Connection {
    let mut client = peer.accept();
    client.read_packet();
    client.send(&v5::connack(0, &[]));
    client
}

#[test]
fn a_message_for_nobody_fails_at_either_qos() {
    for qos in ["1", "2"] {
        let peer = ScriptedPeer::listen();
        let running = start_at(&peer, &[REQUIRED, &["-m", "x", "-q", qos]].concat());
        let mut client = accept(&peer);
        client.read_packet();
        if qos == "1" {
            client.send(&v5::puback(1, 0x10));
        } else {
            // It is taken all the same.
            client.send(&v5::pubrec(1, 0x10));
            client.expect(&packet::pubrel(1));
            client.send(&packet::pubcomp(1));
        }
        client.expect(&packet::DISCONNECT);
        client.close();
        let output = running.wait();
        output.assert_code(16);
        assert_eq!(
            output.stderr(),
            "warning: message 1 has no subscriber\nerror: the message has no subscriber\n"
        );
    }
}

#[test]
fn lines_for_nobody_are_counted_and_saved_and_a_refusal_is_what_is_told() {
    for (reasons, status, saved, error) in [
        (
            [0, 0x10, 0x10],
            16,
            "2\n3\n",
            "error: 2 of 3 lines have no subscriber, the first is line 2\n",
        ),
        (
            [0x10, 0x87, 0],
            135,
            "1\n2\n",
            "error: the broker refused 1 of 3 lines, the first is line 2: Not authorized\n",
        ),
    ] {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let unsent = folder.path().join("unsent");
        let save = ["-l", "-q", "1", "--save-unsent", unsent.to_str().expect("a plain name")];
        let peer = ScriptedPeer::listen();
        let mut running = start_at(&peer, &[REQUIRED, &save].concat());
        running.write_input("1\n2\n3\n");
        running.close_input();
        let mut client = accept(&peer);
        for (number, reason) in (1..).zip(reasons) {
            client.read_packet();
            client.send(&v5::puback(number, reason));
        }
        client.expect(&packet::DISCONNECT);
        client.close();
        let output = running.wait();
        output.assert_code(status);
        assert!(output.stderr().contains(error), "{}", output.stderr());
        assert_eq!(std::fs::read_to_string(unsent).expect("the file"), saved);
    }
}

#[test]
fn a_real_broker_tells_whether_somebody_has_subscribed() {
    let broker = Mosquitto::builder().start();
    let port = broker.port().to_string();
    let at_broker = ["-h", "127.0.0.1", "-p", &port];
    let publish = || publisher().run([&at_broker[..], REQUIRED, &["-m", "x", "-q", "1"]].concat());
    publish().assert_code(16);
    let subscriber = Tool::at("/usr/bin/mosquitto_sub");
    let options = ["-t", "t", "-i", "listener", "-q", "1", "-C", "1", "-W", "10"];
    let listening = subscriber.spawn([&at_broker[..], &options].concat());
    broker.wait_for_log("Sending SUBACK to listener");
    publish().assert_code(0);
    assert_eq!(listening.wait().assert_code(0).stdout(), "x\n");
}
