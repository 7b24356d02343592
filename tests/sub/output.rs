use test_support::packet::{self, Delivery, v3};

use super::subscribed;

/// What is printed for these messages on `t`, and with which status the run ends.
fn printed(arguments: &[&str], payloads: &[&[u8]]) -> Vec<u8> {
    let count = payloads.len().to_string();
    let (running, mut client) = subscribed(&[&["-t", "t", "-C", &count], arguments].concat());
    for payload in payloads {
        client.send(&v3::publish("t", payload, Delivery::AtMostOnce));
    }
    client.expect(&packet::DISCONNECT);
    client.close();
    let output = running.wait();
    output.assert_code(0);
    output.stdout
}

#[test]
fn only_what_is_new_on_its_topic_is_shown_and_counted() {
    let (running, mut client) =
        subscribed(&["-t", "#", "-v", "--changes-only", "-C", "4", "-T", "no", "-q", "1"]);
    for (topic, payload) in
        [("a", "1"), ("a", "1"), ("b", "1"), ("no", "1"), ("a", "2"), ("a", "2"), ("b", "1")]
    {
        client.send(&v3::publish(topic, payload.as_bytes(), Delivery::AtMostOnce));
    }
    // What is not shown is acknowledged like the rest.
    client.send(&v3::publish("b", b"1", Delivery::AtLeastOnce(1)));
    client.expect(&packet::puback(1));
    client.send(&v3::publish("a", b"1", Delivery::AtMostOnce));
    client.expect(&packet::DISCONNECT);
    client.close();
    let output = running.wait();
    output.assert_code(0);
    assert_eq!(output.stdout(), "a 1\nb 1\na 2\na 1\n");
}

#[test]
fn the_four_plain_forms_are_the_originals() {
    let payloads: &[&[u8]] = &[b"one", b"", b"\xff\0\n"];
    assert_eq!(printed(&[], payloads), b"one\n\xff\0\n\n");
    assert_eq!(printed(&["-v"], payloads), b"t one\nt (null)\nt \xff\0\n\n");
    assert_eq!(printed(&["-N"], payloads), b"one\xff\0\n");
    assert_eq!(printed(&["-v", "-N"], payloads), b"t onet \xff\0\n");
}

#[test]
fn large_payloads_and_many_small_ones_come_out_whole_and_in_order() {
    let large = vec![b'L'; 1_000_000];
    let mut payloads: Vec<Vec<u8>> = (0..5_000).map(|n| format!("{n}").into_bytes()).collect();
    payloads.insert(2_500, large);
    let slices: Vec<&[u8]> = payloads.iter().map(Vec::as_slice).collect();
    let expected = [payloads.join(&b'\n'), b"\n".to_vec()].concat();
    assert!(printed(&[], &slices) == expected);
}

#[test]
fn messages_that_arrive_in_pieces_are_put_together() {
    let (running, mut client) = subscribed(&["-t", "t", "-C", "2"]);
    let bytes = v3::publish("t", b"hello", Delivery::AtMostOnce).repeat(2);
    for byte in bytes {
        client.send(&[byte]);
    }
    client.expect(&packet::DISCONNECT);
    client.close();
    assert_eq!(running.wait().stdout, b"hello\nhello\n");
}

#[test]
fn a_lone_message_appears_at_once() {
    let (running, mut client) = subscribed(&["-t", "t"]);
    for word in ["first", "second"] {
        client.send(&v3::publish("t", word.as_bytes(), Delivery::AtMostOnce));
        running.wait_for_stdout(word);
    }
}

#[test]
fn lone_messages_need_no_thread_to_be_written() {
    let (running, mut client) = subscribed(&["-t", "t", "-q", "1"]);
    for id in 1..=3 {
        client.send(&v3::publish("t", b"lone", Delivery::AtLeastOnce(id)));
        client.expect(&packet::puback(id));
    }
    let threads = std::fs::read_dir(format!("/proc/{}/task", running.id())).unwrap();
    assert_eq!(threads.count(), 1);
}

#[test]
fn what_is_filtered_out_is_neither_shown_nor_counted_but_acknowledged() {
    let (running, mut client) =
        subscribed(&["-t", "#", "-T", "a/+", "-T", "b", "-R", "-C", "1", "-q", "1"]);
    let retained =
        packet::flagged(v3::publish("c", b"r", Delivery::AtLeastOnce(3)), packet::RETAIN);
    client.send(&v3::publish("a/x", b"1", Delivery::AtLeastOnce(1)));
    client.expect(&packet::puback(1));
    client.send(&v3::publish("b", b"2", Delivery::AtLeastOnce(2)));
    client.expect(&packet::puback(2));
    client.send(&retained);
    client.expect(&packet::puback(3));
    client.send(&v3::publish("a", b"shown", Delivery::AtLeastOnce(4)));
    client.expect(&packet::puback(4));
    client.expect(&packet::DISCONNECT);
    client.close();
    assert_eq!(running.wait().stdout, b"shown\n");
}

#[test]
fn a_message_of_qos_2_is_shown_once_however_often_it_comes() {
    let (running, mut client) = subscribed(&["-t", "t", "-q", "2", "-C", "2"]);
    let publish = v3::publish("t", b"once", Delivery::ExactlyOnce(7));
    client.send(&publish);
    client.expect(&packet::pubrec(7));
    client.send(&packet::flagged(publish, packet::DUP));
    client.expect(&packet::pubrec(7));
    client.send(&packet::pubrel(7));
    client.expect(&packet::pubcomp(7));
    client.send(&v3::publish("t", b"end", Delivery::AtMostOnce));
    client.expect(&packet::DISCONNECT);
    client.close();
    assert_eq!(running.wait().stdout, b"once\nend\n");
}

#[test]
fn a_random_filter_hides_messages_but_the_count_counts_them() {
    let payloads: Vec<Vec<u8>> = (0..2_000).map(|n| format!("{n}").into_bytes()).collect();
    let slices: Vec<&[u8]> = payloads.iter().map(Vec::as_slice).collect();
    let lines = |percent| {
        let printed = printed(&["--random-filter", percent], &slices);
        printed.split(|byte| *byte == b'\n').count() - 1
    };
    assert_eq!(lines("100"), 2_000);
    // Thirteen standard deviations to both sides.
    assert!((700..1_300).contains(&lines("50")));
}
