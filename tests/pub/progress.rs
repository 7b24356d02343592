use std::process::{Child, Command, Stdio};

use test_support::packet::{self, Delivery, v3};
use test_support::patience::until;
use test_support::scripted_peer::{Connection, ScriptedPeer};
use test_support::terminal::{Terminal, rows};
use test_support::tool::{Pid, Signal, Tool, kill_process};

use super::publisher;

/// A tool with its stderr on a terminal and a pipe as its stdin, at a peer that has let it in.
fn start(tool: &Tool, words: &[&str], terminal: &Terminal) -> (Child, Connection) {
    let peer = ScriptedPeer::listen();
    let child = command(tool, &peer, words).stderr(terminal.stdio()).spawn().expect("it runs");
    (child, accept(&peer))
}

fn command(tool: &Tool, peer: &ScriptedPeer, words: &[&str]) -> Command {
    let port = peer.port().to_string();
    let fixed = ["-h", "127.0.0.1", "-p", &port, "--color=never", "-t", "t"];
    let mut command = tool.command([&fixed, words].concat());
    command.stdin(Stdio::piped()).stdout(Stdio::piped());
    command
}

fn accept(peer: &ScriptedPeer) -> Connection {
    let mut client = peer.accept();
    client.read_packet();
    client.send(&v3::connack(0));
    client
}

fn write(child: &mut Child, text: &[u8]) {
    std::io::Write::write_all(child.stdin.as_mut().expect("a pipe"), text).expect("it is read");
}

/// Nothing on stdout, and a good end.
fn assert_done(child: Child) {
    let output = child.wait_with_output().expect("it ends");
    assert!(output.status.success(), "{output:?}");
    assert_eq!(output.stdout, b"");
}

#[test]
fn lines_are_counted_and_other_words_come_above_the_line() {
    let mut terminal = Terminal::open();
    let (mut child, mut client) = start(&publisher(), &["-l", "-q", "1"], &terminal);
    write(&mut child, b"one\ntwo\nthree\n");
    let mut seen = terminal.read_to("\r\x1b[K3 lines, ");
    seen.push_str(&terminal.read_to("/s, 3 unacknowledged"));
    kill_process(Pid::from_child(&child), Signal::INT).expect("it runs");
    // The line comes back at once, below.
    seen.push_str(&terminal.read_to("acknowledge what was sent\r\n3 lines, "));
    for number in 1..=3 {
        client.read_packet();
        client.send(&packet::puback(number));
    }
    client.expect(&packet::DISCONNECT);
    client.close();
    assert_done(child);
    seen.push_str(&terminal.read_all());
    let note = "note: waiting for the broker to acknowledge what was sent";
    assert_eq!(rows(&seen), [note], "{seen:?}");
}

#[test]
fn at_qos_0_nothing_is_acknowledged_and_an_error_stands_alone() {
    let mut terminal = Terminal::open();
    let (mut child, mut client) = start(&publisher(), &["-l", "--no-reconnect"], &terminal);
    write(&mut child, b"one\n");
    client.expect(&v3::publish("t", b"one", Delivery::AtMostOnce));
    let mut seen = terminal.read_to("1 lines, ");
    client.close();
    let status = child.wait().expect("it ends");
    assert_eq!(status.code(), Some(7));
    seen.push_str(&terminal.read_all());
    assert!(!seen.contains("unacknowledged"), "{seen:?}");
    let rows = rows(&seen);
    assert!(rows.first().is_some_and(|row| row.starts_with("error: ")), "{rows:?}");
    assert!(rows.iter().all(|row| !row.contains("lines, ")), "{rows:?}");
}

#[test]
fn bytes_of_a_large_payload_are_counted() {
    let payload = vec![b'x'; 20 * 1024 * 1024];
    let tool = publisher();
    let file = tool.home().join("payload");
    std::fs::write(&file, &payload).expect("a file");
    let file = file.to_str().expect("plain");
    for words in [&["-f", file][..], &["-s"], &["-f", file, "-q", "1"]] {
        let peer = ScriptedPeer::listen();
        let mut terminal = Terminal::open();
        let mut command = command(&tool, &peer, words);
        let input = std::fs::File::open(file).expect("a file");
        command.stdin(input).stderr(terminal.stdio());
        let child = command.spawn().expect("it runs");
        let mut client = accept(&peer);
        // More than the sockets between can take: it stops somewhere in the middle.
        let mut seen = terminal.read_to(" MiB of 20.00 MiB, ");
        assert!(!seen.contains("K20.00 MiB of"), "{seen:?}");
        seen.push_str(&terminal.read_to(" left"));
        client.read_packet();
        if words.contains(&"-q") {
            client.send(&packet::puback(1));
        }
        client.expect(&packet::DISCONNECT);
        client.close();
        assert_done(child);
        seen.push_str(&terminal.read_all());
        assert_eq!(rows(&seen), [""; 0], "{words:?} {seen:?}");
    }
}

#[test]
fn what_comes_slowly_is_counted_while_it_comes() {
    let tool = publisher();
    let peer = ScriptedPeer::listen();
    let mut terminal = Terminal::open();
    let mut child =
        command(&tool, &peer, &["-s"]).stderr(terminal.stdio()).spawn().expect("it runs");
    let mut stdin = child.stdin.take().expect("a pipe");
    let (enough, is_enough) = std::sync::mpsc::channel::<()>();
    let writing = std::thread::spawn(move || {
        let mut written = 0;
        while is_enough.try_recv() == Err(std::sync::mpsc::TryRecvError::Empty) {
            std::io::Write::write_all(&mut stdin, b"x").expect("it is read");
            written += 1;
        }
        written
    });
    let mut seen = terminal.read_to("B/s");
    drop(enough);
    let written = writing.join().expect("it ends");
    let mut client = accept(&peer);
    client.expect(&v3::publish("t", &vec![b'x'; written], Delivery::AtMostOnce));
    client.expect(&packet::DISCONNECT);
    client.close();
    assert_done(child);
    seen.push_str(&terminal.read_all());
    assert_eq!(rows(&seen), [""; 0], "{seen:?}");
}

/// The tool itself lets so much time pass that there would be a line.
const LONG: [&str; 4] = ["-W", "2", "-q", "1"];

#[test]
fn nobody_is_shown_a_line_who_has_not_the_place_for_it() {
    let linked = publisher().called("mosquitto_pub");
    let dumb = ("TERM", "dumb");
    let cases: Vec<_> = [
        (publisher(), &["-l"][..], ("TERM", "xterm"), true),
        (publisher(), &["-l"], dumb, false),
        (publisher(), &["-l", "--quiet"], ("TERM", "xterm"), false),
        (publisher(), &["-l", "-d"], ("TERM", "xterm"), false),
        (publisher(), &["-m", "small"], ("TERM", "xterm"), false),
        (linked, &["-l"], ("TERM", "xterm"), false),
    ]
    .into_iter()
    .map(|(tool, words, (name, value), is_shown)| {
        let (peer, terminal) = (ScriptedPeer::listen(), Terminal::open());
        let mut command = command(&tool, &peer, &[&LONG, words].concat());
        let child = command.env(name, value).stderr(terminal.stdio()).spawn();
        (child.expect("it runs"), accept(&peer), terminal, words, is_shown)
    })
    .collect();
    for (mut child, client, mut terminal, words, is_shown) in cases {
        // With its input open it waits for more.
        let status = until("the time to be over", || child.try_wait().expect("a child"));
        assert_eq!(status.code(), Some(27));
        drop(client);
        let seen = terminal.read_all();
        assert_eq!(seen.contains("\x1b[K"), is_shown, "{words:?} {seen:?}");
        assert!(is_shown || !seen.contains("lines, "), "{words:?} {seen:?}");
    }
}

#[test]
fn without_a_terminal_there_is_no_line() {
    let peer = ScriptedPeer::listen();
    let words = [&LONG[..], &["-l"]].concat();
    let mut child =
        command(&publisher(), &peer, &words).stderr(Stdio::piped()).spawn().expect("it runs");
    let _client = accept(&peer);
    let _open = child.stdin.take();
    let output = child.wait_with_output().expect("it ends");
    assert_eq!(String::from_utf8_lossy(&output.stderr), "error: timed out\n");
}

#[test]
fn where_lines_are_typed_nothing_else_is_written() {
    let (peer, mut terminal) = (ScriptedPeer::listen(), Terminal::open());
    let mut command = command(&publisher(), &peer, &[&LONG[..], &["-l"]].concat());
    let mut child =
        command.stdin(terminal.stdio()).stderr(terminal.stdio()).spawn().expect("it runs");
    let _client = accept(&peer);
    assert_eq!(child.wait().expect("it ends").code(), Some(27));
    let note = "note: reading lines from the keyboard, Ctrl-D ends\r\n";
    assert_eq!(terminal.read_all(), format!("{note}error: timed out\r\n"));
}
