//! Brokers that never answer.

use super::leaving::{Way, greet, leave};
use super::rig::{Case, reported};
use super::{Row, Trial};
use crate::packet::{self, Delivery, v3};
use crate::scripted_peer::ScriptedPeer;
use crate::tool::{Running, Tool};

pub(super) const NEVER_ANSWERS: Row = Row {
    name: "never-answers",
    fault: "a broker that never answers CONNECT, SUBSCRIBE, PUBLISH, PUBREL or DISCONNECT",
    side_by_side: 14,
    short: 14,
    trial: never_answers,
};

fn never_answers(case: &mut Case<'_>) -> Trial {
    let scenario = [connect, connect_again, subscribe, publish, release, disconnect, count];
    let number = usize::try_from(case.number).expect("64 bits");
    scenario[number % scenario.len()](case, &ScriptedPeer::listen())
}

fn at(peer: &ScriptedPeer) -> [String; 4] {
    ["-h".to_owned(), "127.0.0.1".to_owned(), "-p".to_owned(), peer.port().to_string()]
}

fn start(tool: &Tool, peer: &ScriptedPeer, words: &[&str]) -> Running {
    let place = at(peer);
    tool.spawn(place.iter().map(String::as_str).chain(words.iter().copied()))
}

fn connect(case: &mut Case<'_>, peer: &ScriptedPeer) -> Trial {
    let words = ["-t", "t", "-m", "x", "--connect-timeout", "1"];
    let output = start(&case.rig.publisher, peer, &words).wait();
    output.assert_code(1);
    assert!(output.stderr().starts_with("error: no answer to CONNECT"), "{output:?}");
    Trial::default()
}

fn connect_again(case: &mut Case<'_>, peer: &ScriptedPeer) -> Trial {
    let running = start(&case.rig.subscriber, peer, &["-t", "t", "--connect-timeout", "1"]);
    let first = peer.accept();
    running.wait_for_stderr("no answer to CONNECT");
    let second = peer.accept();
    let (_, trial) = leave(running, Way::Terminate, &[143]);
    drop((first, second));
    trial
}

/// Messages may come before SUBACK (MQTT 5 §3.8.4).
fn subscribe(case: &mut Case<'_>, peer: &ScriptedPeer) -> Trial {
    let running = start(&case.rig.subscriber, peer, &["-t", "t"]);
    let mut client = greet(peer);
    client.read_packet();
    client.send(&v3::publish("t", b"early", Delivery::AtMostOnce));
    running.wait_for_stdout("early");
    leave(running, Way::Terminate, &[0]).1
}

fn publish(case: &mut Case<'_>, peer: &ScriptedPeer) -> Trial {
    let qos = case.one_of(&["1", "2"]);
    let running = start(&case.rig.publisher, peer, &["-t", "t", "-m", "x", "-q", qos]);
    let mut client = greet(peer);
    client.read_packet();
    let (output, trial) = leave(running, Way::Interrupt, &[130]);
    assert_eq!(reported(&output), 1, "{output:?}");
    trial
}

fn release(case: &mut Case<'_>, peer: &ScriptedPeer) -> Trial {
    let running = start(&case.rig.publisher, peer, &["-t", "t", "-m", "x", "-q", "2"]);
    let mut client = greet(peer);
    client.read_packet();
    client.send(&packet::pubrec(1));
    client.expect(&packet::pubrel(1));
    let (output, trial) = leave(running, Way::Interrupt, &[130]);
    assert_eq!(reported(&output), 1, "{output:?}");
    trial
}

fn disconnect(case: &mut Case<'_>, peer: &ScriptedPeer) -> Trial {
    let running = start(&case.rig.publisher, peer, &["-t", "t", "-m", "x"]);
    let mut client = greet(peer);
    client.read_packet();
    client.expect(&packet::DISCONNECT);
    running.wait().assert_code(0);
    Trial::default()
}

fn count(case: &mut Case<'_>, peer: &ScriptedPeer) -> Trial {
    let running = start(&case.rig.subscriber, peer, &["-t", "t", "-C", "1"]);
    let mut client = greet(peer);
    client.read_packet();
    client.send(&v3::publish("t", b"last", Delivery::AtMostOnce));
    client.expect(&packet::DISCONNECT);
    let output = running.wait();
    output.assert_code(0);
    assert_eq!(output.stdout(), "last\n");
    Trial::default()
}
