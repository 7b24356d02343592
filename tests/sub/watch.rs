use test_support::packet::{self, Delivery, v3};

use super::subscribed;

/// What is written for these messages.
fn written(options: &[&str], messages: &[(&str, &str)]) -> String {
    let count = messages.len().to_string();
    let options = [&["-t", "#", "-C", &count], options].concat();
    let (running, mut client) = subscribed(&options);
    for (topic, payload) in messages {
        client.send(&v3::publish(topic, payload.as_bytes(), Delivery::AtMostOnce));
    }
    client.expect(&packet::DISCONNECT);
    client.close();
    let output = running.wait();
    output.assert_code(0);
    output.stdout().into_owned()
}

#[test]
fn each_topic_has_a_row_that_is_erased_before_it_is_written() {
    let messages = [("t/a", "one"), ("t/b", ""), ("t/a", "1")];
    assert_eq!(
        written(&["-w", "-v"], &messages),
        "\x1b[2J\x1b[1;1HBroker: 127.0.0.1\n\
         \x1b[2;1H\x1b[Kt/a one\n\x1b[2;1H\n\
         \x1b[3;1H\x1b[Kt/b (null)\n\x1b[3;1H\n\
         \x1b[2;1H\x1b[Kt/a 1\n\x1b[3;1H\n"
    );
}

#[test]
fn an_empty_payload_leaves_an_empty_row() {
    assert_eq!(
        written(&["--watch"], &[("t", "long"), ("t", "")]),
        "\x1b[2J\x1b[1;1HBroker: 127.0.0.1\n\
         \x1b[2;1H\x1b[Klong\n\x1b[2;1H\n\
         \x1b[2;1H\x1b[K\x1b[2;1H\n"
    );
}

#[test]
fn a_message_that_chance_hides_has_a_row_and_erases_nothing() {
    let messages: Vec<_> = (0..1_000).map(|_| ("t", "x")).collect();
    let written = written(&["-w", "--random-filter", "50"], &messages);
    let rows = written.strip_prefix("\x1b[2J\x1b[1;1HBroker: 127.0.0.1\n").unwrap();
    let (shown, hidden) = ("\x1b[2;1H\x1b[Kx\n\x1b[2;1H\n", "\x1b[2;1H\x1b[2;1H\n");
    let (count, rest) = (rows.matches(shown).count(), rows.replace(shown, ""));
    assert!((200..800).contains(&count), "{count}");
    assert_eq!(rest, hidden.repeat(1_000 - count));
}
