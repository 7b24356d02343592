use test_support::mosquitto::Mosquitto;
use test_support::packet::{self, Delivery, v3, v5};
use test_support::scripted_peer::ScriptedPeer;
use test_support::tool::Running;

use super::{start_at, subscriber};

#[test]
fn every_packet_in_both_directions_has_its_line() {
    let peer = ScriptedPeer::listen();
    let arguments = [
        "-i", "subA", "-t", "a/#", "-t", "b/+", "-U", "c/d", "-d", "-q", "2", "-C", "2", "-k", "5",
    ];
    let running = start_at(&peer, &arguments);
    let mut client = peer.accept();
    client.read_packet();
    client.send(&v3::connack(0));
    client.read_packet();
    client.read_packet();
    client.send(&[v3::suback(1, &[2, 128]), v3::unsuback(2)].concat());
    // Nothing is said for five seconds: a ping is due.
    client.expect(&packet::PINGREQ);
    client.send(&packet::PINGRESP);
    client.send(&v3::publish("a/b", b"hello", Delivery::ExactlyOnce(1)));
    client.expect(&packet::pubrec(1));
    client.send(&packet::pubrel(1));
    client.expect(&packet::pubcomp(1));
    client.send(&packet::flagged(
        v3::publish("b/x", b"", Delivery::AtLeastOnce(2)),
        packet::DUP | packet::RETAIN,
    ));
    client.expect(&packet::puback(2));
    client.expect(&packet::DISCONNECT);
    client.close();
    let output = running.wait();
    assert_eq!(
        output.stderr(),
        "Client subA sending CONNECT\n\
         Client subA received CONNACK (0)\n\
         Client subA sending SUBSCRIBE (Mid: 1, Topic: a/#, QoS: 2, Options: 0x00)\n\
         Client subA sending SUBSCRIBE (Mid: 1, Topic: b/+, QoS: 2, Options: 0x00)\n\
         Client subA sending UNSUBSCRIBE (Mid: 2, Topic: c/d)\n\
         Client subA received SUBACK\n\
         Subscribed (mid: 1): 2, 128\n\
         warning: the broker refused to subscribe to 'b/+' (Unspecified error)\n\
         Client subA received UNSUBACK\n\
         Client subA sending PINGREQ\n\
         Client subA received PINGRESP\n\
         Client subA received PUBLISH (d0, q2, r0, m1, 'a/b', ... (5 bytes))\n\
         Client subA sending PUBREC (m1, rc0)\n\
         Client subA received PUBREL (Mid: 1)\n\
         Client subA sending PUBCOMP (m1)\n\
         Client subA received PUBLISH (d1, q1, r1, m2, 'b/x', ... (0 bytes))\n\
         Client subA sending PUBACK (m2, rc0)\n\
         Client subA sending DISCONNECT\n"
    );
    assert_eq!(output.stdout(), "hello\n");
}

#[test]
fn the_original_has_them_on_stdout_between_the_messages_never_inside_one() {
    let broker = Mosquitto::builder().start();
    let port = broker.port().to_string();
    let tool = subscriber().called("mosquitto_sub");
    let arguments = ["-h", "127.0.0.1", "-p", &port, "-t", "t", "-d", "-v", "-C", "2"];
    let running = tool.spawn(arguments);
    running.wait_for_stdout("Subscribed (mid: 1): 0");
    let publisher = test_support::tool::Tool::at("/usr/bin/mosquitto_pub");
    publisher.run(["-h", "127.0.0.1", "-p", &port, "-t", "t", "-m", "x", "--repeat", "2"]);
    let output = running.wait();
    let message = "Client null received PUBLISH (d0, q0, r0, m0, 't', ... (1 bytes))\nt x\n";
    let expected =
        format!("Subscribed (mid: 1): 0\n{message}{message}Client null sending DISCONNECT\n");
    assert!(output.stdout().ends_with(&expected), "{output:?}");
    assert_eq!(output.stderr(), "");
}

#[test]
fn quiet_hides_the_subscribed_line_and_no_other() {
    let peer = ScriptedPeer::listen();
    let running = start_at(&peer, &["-t", "t", "-d", "--quiet", "-E"]);
    let mut client = peer.accept();
    client.read_packet();
    client.send(&v3::connack(0));
    client.read_packet();
    client.send(&v3::suback(1, &[0]));
    client.expect(&packet::DISCONNECT);
    client.close();
    let stderr = running.wait().stderr().into_owned();
    assert!(stderr.contains("received SUBACK\nClient null sending DISCONNECT"), "{stderr}");
}

#[test]
fn lines_are_coloured_where_that_is_asked_for() {
    // Neither stream is a terminal.
    for (options, force, coloured) in [
        (&["--color", "always"][..], "", true),
        (&["--color=always", "--color=never"], "1", false),
        (&["--color", "auto"], "", false),
        (&[], "1", true),
    ] {
        for name in ["mqtt-sub", "mosquitto_sub"] {
            let peer = ScriptedPeer::listen();
            let port = peer.port().to_string();
            let arguments = ["-h", "127.0.0.1", "-p", &port, "-t", "t", "-d", "-E"];
            let tool = subscriber().called(name);
            let mut command = tool.command([&arguments, options].concat());
            command.env("CLICOLOR_FORCE", force);
            let running = Running::start(command);
            let mut client = peer.accept();
            client.read_packet();
            client.send(&v3::connack(0));
            client.read_packet();
            client.send(&v3::suback(1, &[0]));
            client.expect(&packet::DISCONNECT);
            client.close();
            let output = running.wait();
            // The original has no colours but those that are asked for by the option.
            let expected = coloured && (name == "mqtt-sub" || !options.is_empty());
            let lines = if name == "mqtt-sub" { output.stderr() } else { output.stdout() };
            assert_eq!(lines.contains("\u{1b}[36msending"), expected, "{name} {options:?} {lines}");
            assert_eq!(lines.contains('\u{1b}'), expected, "{name} {options:?} {lines}");
        }
    }
}

#[test]
fn color_is_one_of_three_words() {
    let output = subscriber().run(["-t", "t", "--color", "yes"]);
    output.assert_code(1);
    let stderr = output.stderr();
    let message = "invalid value 'yes' for '--color <WHEN>': it is one of auto, always, never";
    assert!(stderr.contains(message), "{stderr}");
}

#[test]
fn topics_do_not_steer_the_terminal_but_the_original_shows_them_raw() {
    for (tool, line) in
        [(subscriber(), "'a\\u{1b}[2J'"), (subscriber().called("mosquitto_sub"), "'a\x1b[2J'")]
    {
        let peer = ScriptedPeer::listen();
        let port = peer.port().to_string();
        let running = tool.spawn(["-h", "127.0.0.1", "-p", &port, "-t", "#", "-C", "1", "-d"]);
        let mut client = peer.accept();
        client.read_packet();
        client.send(&v3::connack(0));
        client.read_packet();
        client.send(&v3::publish("a\x1b[2J", b"x", Delivery::AtMostOnce));
        client.expect(&packet::DISCONNECT);
        client.close();
        let output = running.wait();
        let lines = [output.stdout(), output.stderr()].concat();
        assert!(lines.contains(line), "{lines:?}");
    }
}

#[test]
fn a_message_shows_the_topic_that_its_alias_stands_for() {
    let peer = ScriptedPeer::listen();
    let announced = ["-D", "connect", "topic-alias-maximum", "1", "-t", "t", "-C", "2", "-d"];
    let running = start_at(&peer, &announced);
    let mut client = peer.accept();
    client.read_packet();
    client.send(&v5::connack(0, &[]));
    client.read_packet();
    let alias = [0x23, 0, 1];
    client.send(&v5::publish("a/b", b"1", Delivery::AtMostOnce, &alias));
    client.send(&v5::publish("", b"2", Delivery::AtMostOnce, &alias));
    client.expect(&packet::DISCONNECT);
    client.close();
    let output = running.wait();
    let line = "received PUBLISH (d0, q0, r0, m0, 'a/b', ... (1 bytes))";
    assert_eq!(output.stderr().matches(line).count(), 2, "{output:?}");
}
