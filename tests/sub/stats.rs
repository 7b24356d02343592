use test_support::packet::{self, Delivery, v3};
use test_support::tool::{Output, Signal};

use super::{subscribed, subscriber};

/// The beginning of the line of `--stats`, up to the time.
#[track_caller]
fn counted(output: &Output) -> String {
    let stderr = output.stderr();
    let lines: Vec<_> = stderr.lines().filter(|line| line.starts_with("stats: ")).collect();
    assert_eq!(lines.len(), 1, "{stderr}");
    let line = lines.concat();
    let (counted, time) = line.split_once(" bytes, ").expect("bytes");
    assert!(time.contains('.') && time.ends_with(" messages/s"), "{line}");
    format!("{counted} bytes")
}

#[test]
fn messages_that_count_are_counted_and_stdout_stays_as_it_is() {
    for (options, shown, line) in [
        (&["-C", "2"][..], "one\nthree\n", "stats: 2 messages, 8 bytes"),
        (&["-C", "2", "--quiet"], "one\nthree\n", "stats: 2 messages, 8 bytes"),
        (&["-C", "3"], "one\nthree\n", "stats: 3 messages, 8 bytes"),
        (&["-C", "1", "-T", "t"], "", "stats: 1 messages, 0 bytes"),
    ] {
        let (running, mut client) = subscribed(&[&["-t", "#", "--stats"], options].concat());
        for (topic, payload) in [("t", &b"one"[..]), ("t", b"three"), ("u", b"")] {
            client.send(&v3::publish(topic, payload, Delivery::AtMostOnce));
        }
        client.expect(&packet::DISCONNECT);
        client.close();
        let output = running.wait();
        output.assert_code(0);
        assert_eq!(&*output.stdout(), shown);
        assert_eq!(counted(&output), line, "{options:?}");
    }
}

#[test]
fn a_signal_and_the_time_limit_end_with_the_line() {
    let (running, mut client) = subscribed(&["-t", "t", "--stats"]);
    client.send(&v3::publish("t", b"one", Delivery::AtMostOnce));
    running.wait_for_stdout("one");
    running.signal(Signal::TERM);
    client.expect(&packet::DISCONNECT);
    client.close();
    let output = running.wait();
    output.assert_code(0);
    assert_eq!(counted(&output), "stats: 1 messages, 3 bytes");

    let (running, mut client) = subscribed(&["-t", "t", "--stats", "-W", "1"]);
    client.expect(&packet::DISCONNECT);
    client.close();
    let output = running.wait();
    output.assert_code(27);
    assert_eq!(counted(&output), "stats: 0 messages, 0 bytes");
    assert!(output.stderr().ends_with(" messages/s\nerror: timed out\n"), "{output:?}");
}

#[test]
fn a_meter_counts_them_as_well() {
    let (running, mut client) = subscribed(&["-t", "t", "--stats", "--message-rate"]);
    client.send(&v3::publish("t", b"one", Delivery::AtMostOnce));
    running.wait_for_stdout("1 msgs/s");
    running.signal(Signal::INT);
    client.expect(&packet::DISCONNECT);
    client.close();
    assert_eq!(counted(&running.wait()), "stats: 1 messages, 3 bytes");
}

#[test]
fn without_the_option_there_is_no_line() {
    let output = subscriber().run(["--unix", "/nonexistent", "-t", "t"]);
    output.assert_code(1);
    assert!(!output.stderr().contains("stats:"), "{output:?}");
}
