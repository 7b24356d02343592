use test_support::mosquitto::Mosquitto;
use test_support::packet::{self, Delivery, v3, v5};
use test_support::scripted_peer::{Connection, ScriptedPeer};
use test_support::tool::Tool;

use super::{publisher, start_at};

const THREE: &[&str] = &["-t", "a", "--also-topic", "b", "--also-topic", "c"];

fn accept(peer: &ScriptedPeer, connack: &[u8]) -> Connection {
    let mut client = peer.accept();
    client.read_packet();
    client.send(connack);
    client
}

#[test]
fn a_message_goes_to_every_topic_and_is_done_when_all_have_acknowledged() {
    let peer = ScriptedPeer::listen();
    // A window of one: none waits for another in vain.
    let options = ["-m", "x", "-q", "1", "-M", "1", "--repeat", "2", "-r"];
    let running = start_at(&peer, &[THREE, &options].concat());
    let mut client = accept(&peer, &v3::connack(0));
    for (identifier, topic) in (1..).zip(["a", "b", "c", "a", "b", "c"]) {
        let message = v3::publish(topic, b"x", Delivery::AtLeastOnce(identifier));
        client.expect(&packet::flagged(message, packet::RETAIN));
        client.send(&packet::puback(identifier));
    }
    client.expect(&packet::DISCONNECT);
    client.close();
    running.wait().assert_code(0);
}

#[test]
fn a_line_that_did_not_get_to_each_topic_is_counted_and_saved_once() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let unsent = folder.path().join("unsent");
    let save = ["--save-unsent", unsent.to_str().expect("a plain name")];
    let peer = ScriptedPeer::listen();
    let options = ["-l", "-V", "5", "-q", "1", "-M", "7", "--no-reconnect"];
    let mut running = start_at(&peer, &[THREE, &options, &save].concat());
    running.write_input("one\ntwo\nthree\nfour");
    running.close_input();
    let mut client = accept(&peer, &v5::connack(0, &[]));
    for number in 1..=7 {
        let topic = ["a", "b", "c"][usize::from((number - 1) % 3)];
        let payload = ["one", "two", "three"][usize::from((number - 1) / 3)];
        client.expect(&v5::publish(topic, payload.as_bytes(), Delivery::AtLeastOnce(number), &[]));
    }
    // Of the first line two are refused, of the second one, of the third none is answered.
    let reasons = [0, 0x87, 0x97, 0, 0, 0x87];
    let acknowledgements: Vec<_> =
        (1..).zip(reasons).map(|(id, code)| v5::puback(id, code)).collect();
    client.send(&acknowledgements.concat());
    for _ in 0..5 {
        client.read_packet();
    }
    client.close();
    let output = running.wait();
    output.assert_code(7);
    let said = output.stderr();
    for warning in [
        "warning: line 1 was refused on topic 'b': Not authorized\n",
        "warning: line 1 was refused on topic 'c': Quota exceeded\n",
        "warning: line 2 was refused on topic 'c': Not authorized\n",
        "error: 2 of 4 lines read did not get through, the first is line 3: ",
    ] {
        assert!(said.contains(warning), "{said}");
    }
    assert_eq!(std::fs::read_to_string(unsent).expect("the file"), "one\ntwo\nthree\nfour\n");
}

#[test]
fn each_line_goes_to_the_topic_that_it_names() {
    let broker = Mosquitto::builder().start();
    let port = broker.port().to_string();
    let at_broker = ["-h", "127.0.0.1", "-p", &port];
    let publish = |input: &[u8], format: &str| {
        let options = ["-l", "-q", "1", "-r", "--line-format", format];
        publisher().run_with_input(input, [&at_broker[..], &options].concat())
    };
    publish(b"a/b one two\nc/d \n", "%t %p").assert_code(0);
    publish(b"a c\t\xff\t\n", r"%t\t%p").assert_code(0);
    let subscriber = Tool::at("/usr/bin/mosquitto_sub");
    let options = ["-t", "#", "-F", "%t=%x", "-W", "5", "-C", "2"];
    let output = subscriber.run([&at_broker[..], &options].concat());
    // What is empty and retained is nothing.
    let stdout = output.stdout();
    let mut received: Vec<_> = stdout.lines().collect();
    received.sort_unstable();
    assert_eq!(received, ["a c=ff09", "a/b=6f6e652074776f"]);
    let output = publish(b"a/b 1\nlost", "%t %p");
    output.assert_code(1);
    let expected = "error: 1 of 2 lines read did not get through, the first is line 2: \
                    line 2: there is no ' ' between topic and payload (--line-format)\n";
    assert_eq!(output.stderr(), expected);
}
