use test_support::mosquitto::Mosquitto;
use test_support::packet::{self, Delivery, v3, v5};
use test_support::scripted_peer::{Connection, ScriptedPeer};
use test_support::tool::{Output, Signal};

use super::{publisher, start_at};

/// What the line of `--stats` counts, and that it is one, in its stable words.
#[track_caller]
fn counted(output: &Output) -> (u64, u64) {
    let stderr = output.stderr();
    let lines: Vec<_> = stderr.lines().filter_map(|line| line.strip_prefix("stats: ")).collect();
    assert_eq!(lines.len(), 1, "{stderr}");
    let line = lines.concat();
    let numbers: Vec<_> = line.split(", ").collect();
    let [messages, bytes, seconds, rate]: [&str; 4] = numbers.try_into().expect("four numbers");
    let whole = |text: &str, unit| -> u64 {
        text.strip_suffix(unit).expect("its unit").parse().expect("a whole number")
    };
    let (_, millis) = seconds.split_once('.').expect("decimals");
    assert_eq!(millis.len(), "123 s".len(), "{line}");
    whole(rate, " messages/s");
    assert_eq!(&*output.stdout(), "");
    (whole(messages, " messages"), whole(bytes, " bytes"))
}

fn accept(peer: &ScriptedPeer, connack: &[u8]) -> Connection {
    let mut client = peer.accept();
    client.read_packet();
    client.send(connack);
    client
}

#[test]
fn every_kind_of_message_is_counted() {
    let broker = Mosquitto::builder().start();
    let port = broker.port().to_string();
    let tool = publisher();
    let file = tool.home().join("payload");
    std::fs::write(&file, "x".repeat(70_000)).expect("a file");
    let file = file.to_str().expect("plain");
    for (words, counts) in [
        (&["-m", "hello"][..], (1, 5)),
        (&["-n"], (1, 0)),
        (&["-m", "hello", "--repeat", "3", "-q", "2"], (3, 15)),
        (&["-m", "hello", "--quiet"], (1, 5)),
        (&["-f", file, "-q", "1"], (1, 70_000)),
        (&["-s"], (1, 8)),
        (&["-l"], (3, 6)),
        (&["-l", "-q", "1"], (3, 6)),
    ] {
        let words = [&["-h", "127.0.0.1", "-p", &port, "-t", "t", "--stats"], words].concat();
        let output = tool.run_with_input("a\nbb\nccc", &words);
        output.assert_code(0);
        assert_eq!(counted(&output), counts, "{words:?}");
    }
    let words = ["-h", "127.0.0.1", "-p", &port, "-t", "t", "-m", "hello"];
    assert_eq!(&*tool.run(words).stderr(), "");
    let linked = tool.called("mosquitto_pub").run([&words[..], &["--stats"]].concat());
    assert_eq!(counted(&linked), (1, 5));
}

#[test]
fn what_is_not_acknowledged_or_refused_is_not_counted() {
    let peer = ScriptedPeer::listen();
    let words = ["-t", "t", "-l", "-q", "1", "-V", "5", "--no-reconnect", "--stats"];
    let mut running = start_at(&peer, &words);
    running.write_input("1\n22\n333\n4444\n");
    running.close_input();
    let mut client = accept(&peer, &v5::connack(0, &[]));
    for _ in 0..4 {
        client.read_packet();
    }
    client.send(&[v5::puback(1, 0), v5::puback(2, 0x97), v5::puback(4, 0)].concat());
    running.wait_for_stderr("line 2 was refused");
    client.close();
    let output = running.wait();
    output.assert_code(7);
    assert_eq!(counted(&output), (2, 5));
}

#[test]
fn what_was_lost_at_qos_0_is_not_counted() {
    let peer = ScriptedPeer::listen();
    let mut running = start_at(&peer, &["-t", "t", "-l", "--stats"]);
    // More than the sockets between can take.
    let text = format!("one\n{}\nthree\n", "x".repeat(20_000_000));
    let mut input = running.take_input();
    let writing =
        std::thread::spawn(move || std::io::Write::write_all(&mut input, text.as_bytes()));
    let mut client = accept(&peer, &v3::connack(0));
    client.expect(&v3::publish("t", b"one", Delivery::AtMostOnce));
    client.read_bytes(100_000);
    client.reset();
    let mut client = accept(&peer, &v3::connack(0));
    client.expect(&v3::publish("t", b"three", Delivery::AtMostOnce));
    client.expect(&packet::DISCONNECT);
    client.close();
    writing.join().expect("no panic").expect("all is read");
    let output = running.wait();
    output.assert_code(7);
    assert_eq!(counted(&output), (2, 8));
}

#[test]
fn who_is_interrupted_or_fails_is_told_as_well() {
    let peer = ScriptedPeer::listen();
    let mut running = start_at(&peer, &["-t", "t", "-l", "--stats"]);
    running.write_input("one\n");
    let mut client = accept(&peer, &v3::connack(0));
    client.expect(&v3::publish("t", b"one", Delivery::AtMostOnce));
    running.signal(Signal::INT);
    client.expect(&packet::DISCONNECT);
    client.close();
    let output = running.wait();
    output.assert_code(0);
    assert_eq!(counted(&output), (1, 3));

    let words = ["--unix", "/nonexistent", "-t", "t", "-m", "x", "--stats"];
    let output = publisher().run(words);
    output.assert_code(1);
    assert_eq!(counted(&output), (0, 0));
}
