use std::io::Write as _;
use std::path::PathBuf;

use tempfile::TempDir;
use test_support::packet::{self, Delivery, v3, v5};
use test_support::scripted_peer::{Connection, ScriptedPeer};
use test_support::tool::{Output, Running, Signal};

use super::{publisher, start_at};

/// `-l` with a file for what does not get through.
struct Run {
    folder: TempDir,
    peer: ScriptedPeer,
    running: Running,
}

impl Run {
    fn start(arguments: &[&str]) -> Self {
        Self::start_addressed(&[&["-t", "t"], arguments].concat())
    }

    /// The same where lines say where they go, if the arguments do not.
    fn start_addressed(arguments: &[&str]) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let peer = ScriptedPeer::listen();
        let file = folder.path().join("unsent");
        let fixed = ["-l", "--save-unsent", file.to_str().expect("a plain name")];
        let running = start_at(&peer, &[&fixed, arguments].concat());
        Self { folder, peer, running }
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("unsent")
    }

    fn accept(&self, connack: &[u8]) -> Connection {
        let mut client = self.peer.accept();
        client.read_packet();
        client.send(connack);
        client
    }

    /// Waits for the end: what was said, and what is in the file.
    fn end(self) -> (Output, String) {
        let file = self.file();
        let output = self.running.wait();
        let saved = std::fs::read_to_string(file).expect("it was made at the start");
        drop(self.folder);
        (output, saved)
    }
}

#[test]
fn what_is_not_acknowledged_is_counted_named_and_saved() {
    let mut run = Run::start(&["-q", "1", "--no-reconnect"]);
    run.running.write_input("one\ntwo\nthree\nfour");
    run.running.close_input();
    let mut client = run.accept(&v3::connack(0));
    for _ in 0..4 {
        client.read_packet();
    }
    client.send(&[packet::puback(1), packet::puback(3)].concat());
    client.close();
    let hint = format!("\nhint: they are in '{}': -l publishes them\n", run.file().display());
    let (output, saved) = run.end();
    output.assert_code(7);
    let expected = "error: 2 of 4 lines read did not get through, the first is line 2: \
                    the connection to ";
    assert!(output.stderr().starts_with(expected), "{output:?}");
    assert!(output.stderr().ends_with(&hint), "{output:?}");
    assert_eq!(saved, "two\nfour\n");
}

#[test]
fn lines_that_were_read_ahead_are_among_them() {
    let mut run = Run::start(&["-q", "2", "-M", "1", "--no-reconnect"]);
    run.running.write_input("one\ntwo\n\nfour\n");
    let mut client = run.accept(&v3::connack(0));
    client.read_packet();
    client.close();
    let (output, saved) = run.end();
    output.assert_code(7);
    let expected = "error: 4 of 4 lines read did not get through, the first is line 1: ";
    assert!(output.stderr().starts_with(expected), "{output:?}");
    assert_eq!(saved, "one\ntwo\n\nfour\n");
}

#[test]
fn so_is_half_a_line_which_stays_one() {
    let mut run = Run::start(&["-q", "1"]);
    run.running.write_input("one\nhal");
    let mut client = run.accept(&v3::connack(0));
    client.expect(&v3::publish("t", b"one", Delivery::AtLeastOnce(1)));
    client.send(&packet::puback(1));
    run.running.signal(Signal::INT);
    client.expect(&packet::DISCONNECT);
    client.close();
    let (output, saved) = run.end();
    output.assert_code(130);
    assert_eq!(saved, "hal");
}

#[test]
fn what_the_broker_refuses_is_named_and_saved() {
    let mut run = Run::start(&["-q", "1", "-V", "5"]);
    run.running.write_input("one\ntwo\nthree\n");
    run.running.close_input();
    let mut client = run.accept(&v5::connack(0, &[]));
    for _ in 0..3 {
        client.read_packet();
    }
    client.send(&[v5::puback(1, 0), v5::puback(2, 0x97), v5::puback(3, 0x87)].concat());
    client.expect(&packet::DISCONNECT);
    client.close();
    let (output, saved) = run.end();
    output.assert_code(0x97);
    let said = output.stderr();
    assert!(said.contains("warning: line 2 was refused: Quota exceeded\n"), "{said}");
    let expected = "error: the broker refused 2 of 3 lines, the first is line 2: Quota exceeded\n";
    assert!(said.contains(expected), "{said}");
    assert_eq!(saved, "two\nthree\n");
}

#[test]
fn what_was_lost_at_qos_0_is_named_and_saved_and_the_rest_is_sent() {
    let mut run = Run::start(&[]);
    // More than the sockets between can take.
    let long = "x".repeat(20_000_000);
    let mut input = run.running.take_input();
    let text = format!("one\n{long}\nthree\n");
    let writing =
        std::thread::spawn(move || std::io::Write::write_all(&mut input, text.as_bytes()));
    let mut client = run.accept(&v3::connack(0));
    client.expect(&v3::publish("t", b"one", Delivery::AtMostOnce));
    client.read_bytes(100_000);
    client.reset();
    let mut client = run.accept(&v3::connack(0));
    client.expect(&v3::publish("t", b"three", Delivery::AtMostOnce));
    client.expect(&packet::DISCONNECT);
    client.close();
    writing.join().unwrap().unwrap();
    let (output, saved) = run.end();
    output.assert_code(7);
    let expected = "error: 1 of 3 lines were lost with the connection (QoS 0), \
                    the first is line 2\n";
    assert!(output.stderr().contains(expected), "{output:?}");
    assert!(saved == format!("{long}\n"), "{} bytes", saved.len());
}

#[test]
fn a_line_that_cannot_be_published_ends_it_once_the_others_are_acknowledged() {
    let mut run = Run::start(&["-q", "1", "-V", "5"]);
    run.running.write_input("one\ntoo long a line\nthree\n");
    run.running.close_input();
    // Maximum Packet Size: 16 bytes.
    let mut client = run.accept(&v5::connack(0, &[0x27, 0, 0, 0, 16]));
    client.read_packet();
    client.send(&v5::puback(1, 0));
    client.expect(&packet::DISCONNECT);
    client.close();
    let (output, saved) = run.end();
    output.assert_code(25);
    let expected = "error: 2 of 3 lines read did not get through, the first is line 2: \
                    the PUBLISH would be ";
    assert!(output.stderr().starts_with(expected), "{output:?}");
    assert_eq!(saved, "too long a line\nthree\n");
}

#[test]
fn what_was_not_even_read_is_saved_too() {
    let mut run = Run::start(&["-q", "1"]);
    run.running.write_input("one\ntwo");
    run.running.close_input();
    let client = run.accept(&v3::connack(5));
    let hint = format!("\nhint: they are in '{}': -l publishes them\n", run.file().display());
    let (output, saved) = run.end();
    drop(client);
    output.assert_code(5);
    let expected = "error: 2 of 2 lines read did not get through, the first is line 1: ";
    assert!(output.stderr().starts_with(expected), "{output:?}");
    assert!(output.stderr().ends_with(&hint), "{output:?}");
    assert_eq!(saved, "one\ntwo\n");
}

#[test]
fn who_does_not_end_is_not_waited_for() {
    let mut run = Run::start(&["-q", "1"]);
    run.running.write_input("one\ntw");
    let client = run.accept(&v3::connack(5));
    let file = run.file();
    // Whoever writes is still there.
    let (output, saved) = run.end();
    drop(client);
    output.assert_code(5);
    let hint = format!(
        "\nhint: they are in '{}', but not what was still to be read: -l publishes them\n",
        file.display()
    );
    assert!(output.stderr().ends_with(&hint), "{output:?}");
    assert_eq!(saved, "one\ntw");
}

#[test]
fn so_is_what_was_not_read_in_time() {
    let mut run = Run::start(&["-q", "1", "-W", "1"]);
    // More than is read ahead.
    let lines: Vec<_> = (0..40_000).map(|number| format!("line {number}\n")).collect();
    let text = lines.concat();
    let mut input = run.running.take_input();
    let written = text.clone();
    let writing = std::thread::spawn(move || input.write_all(written.as_bytes()));
    let mut client = run.accept(&v3::connack(0));
    client.read_packet();
    client.send(&packet::puback(1));
    let (output, saved) = run.end();
    writing.join().expect("no panic").expect("it is read");
    output.assert_code(27);
    assert!(!output.stderr().contains("still to be read"), "{output:?}");
    assert_eq!(saved, text["line 0\n".len()..]);
}

#[test]
fn a_line_that_is_too_long_hides_no_others() {
    let mut run = Run::start(&["-q", "1"]);
    let mut input = run.running.take_input();
    let writing = std::thread::spawn(move || {
        input.write_all(b"one\n")?;
        let part = vec![b'x'; 1024 * 1024];
        (0..300).try_for_each(|_| input.write_all(&part))
    });
    let client = run.accept(&v3::connack(5));
    let (output, saved) = run.end();
    drop(client);
    // Whoever writes sees that nobody reads on.
    assert!(writing.join().expect("no panic").is_err());
    output.assert_code(5);
    assert!(output.stderr().contains(", but not what was still to be read: "), "{output:?}");
    assert_eq!(saved, "one\n");
}

#[test]
fn a_line_that_is_wrong_is_saved_in_its_place() {
    let words = ["-q", "1", "--no-reconnect", "--line-format", "%t %p"];
    let mut run = Run::start_addressed(&words);
    run.running.write_input("a 1\nb 2\n# 3\nd 4\n");
    run.running.close_input();
    let mut client = run.accept(&v3::connack(0));
    client.read_packet();
    client.read_packet();
    client.close();
    let file = run.file();
    let (output, saved) = run.end();
    output.assert_code(1);
    let hint = format!(
        "\nhint: they are in '{}': -l with this --line-format publishes them, once that line is put right\n",
        file.display()
    );
    assert!(output.stderr().ends_with(&hint), "{output:?}");
    assert_eq!(saved, "a 1\nb 2\n# 3\nd 4\n");
}

#[test]
fn a_line_for_two_topics_that_suits_only_one_counts_once() {
    let long = "b".repeat(16);
    let words = ["-q", "1", "-V", "5", "--also-topic", &long, "--no-reconnect"];
    let mut run = Run::start(&words);
    run.running.write_input("one\nlonger\nthree\n");
    run.running.close_input();
    // Maximum Packet Size: 27 bytes.
    let mut client = run.accept(&v5::connack(0, &[0x27, 0, 0, 0, 27]));
    for _ in 0..3 {
        client.read_packet();
    }
    client.close();
    let (output, saved) = run.end();
    output.assert_code(25);
    let expected = "error: 3 of 3 lines read did not get through, the first is line 1: ";
    assert!(output.stderr().contains(expected), "{output:?}");
    assert_eq!(saved, "one\nlonger\nthree\n");
}

#[test]
fn nothing_is_saved_where_all_is_well() {
    let mut run = Run::start(&["-q", "1"]);
    run.running.write_input("one\n");
    run.running.close_input();
    let mut client = run.accept(&v3::connack(0));
    client.read_packet();
    client.send(&packet::puback(1));
    client.expect(&packet::DISCONNECT);
    client.close();
    let (output, saved) = run.end();
    output.assert_code(0);
    assert_eq!((&*output.stderr(), &*saved), ("", ""));
}

#[test]
fn the_file_is_not_the_one_that_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("lines");
    std::fs::write(&file, "one\n").unwrap();
    let name = file.to_str().unwrap();
    let mut command = publisher().command(["-t", "t", "-l", "--save-unsent", name]);
    let output = command.stdin(std::fs::File::open(&file).unwrap()).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let expected =
        format!("error: '{name}' (--save-unsent) is the file that the lines are read from\n");
    assert_eq!(String::from_utf8_lossy(&output.stderr), expected);
    assert_eq!(std::fs::read(&file).unwrap(), b"one\n");
}

#[test]
fn lines_that_cannot_be_saved_are_owned_up_to() {
    let peer = ScriptedPeer::listen();
    let arguments = ["-t", "t", "-l", "-q", "1", "--no-reconnect", "--save-unsent", "/dev/full"];
    let mut running = start_at(&peer, &arguments);
    running.write_input("one\n");
    let mut client = peer.accept();
    client.read_packet();
    client.send(&v3::connack(0));
    client.read_packet();
    client.close();
    let output = running.wait();
    output.assert_code(7);
    let said = output.stderr();
    assert!(said.starts_with("error: 1 of 1 lines read did not get through"), "{said}");
    let expected = "\nhint: they are not saved: cannot save the lines that did not get through in \
                    '/dev/full' (--save-unsent): No space left on device";
    assert!(said.contains(expected), "{said}");
}
