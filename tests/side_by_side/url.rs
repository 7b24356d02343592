//! `-L` (reference §4).

use super::case::{Case, Expected, compare, publisher, subscriber};

fn both(words: &str) -> [Case; 2] {
    [
        publisher(&format!("{words} -m x")).without_version(),
        subscriber(&format!("{words} -E")).without_version(),
    ]
}

#[test]
fn every_part_of_a_url() {
    let urls = [
        "-L mqtt://127.0.0.1:{port}/a",
        "-L mqtt://localhost:{port}/a/b/c",
        "--url MQTT://127.0.0.1:{port}/a",
        "-L mqtt://joe@127.0.0.1:{port}/a",
        "-L mqtt://joe:secret@127.0.0.1:{port}/a",
        "-L mqtt://joe:se:cret@127.0.0.1:{port}/a",
        "-L mqtt://joe:@127.0.0.1:{port}/a",
        "-L mqtt://127.0.0.1:{port}//x",
        "-L mqtt://127.0.0.1:{port}/a?b=c",
        "-L 'mqtt://127.0.0.1:{port}/a b'",
        "-L mqtt://127.0.0.1:{port}/a/",
    ];
    compare(urls.into_iter().flat_map(both));
}

#[test]
fn its_place_among_the_other_options() {
    let words = [
        "-h no.such.host.invalid -p 1 -L mqtt://127.0.0.1:{port}/a",
        "-L mqtt://no.such.host.invalid:1/a -h 127.0.0.1 -p {port}",
        "-L mqtt://joe:secret@127.0.0.1:1/a -u ann -p {port}",
        "-u ann -P pw -L mqtt://127.0.0.1:{port}/a",
        "-u ann -P pw -L mqtt://joe@127.0.0.1:{port}/a",
        "-L mqtt://127.0.0.1:{port}/a -t b",
        "-t b -L mqtt://127.0.0.1:{port}/a",
        "-L mqtt://127.0.0.1:1/a -L mqtt://127.0.0.1:{port}/b",
    ];
    compare(words.into_iter().flat_map(both));
}

const CONNECT: Expected = Expected::Connects(&[
    "CONNECT 'MQTT' 4 flags=11000010 keep_alive=60 id='' user='u@' password=':/'",
]);

#[test]
fn percent_encoding_is_undone() {
    let row = "docs/differences.md: `-L`: percent signs in user, password, host, topic";
    compare([publisher("-L mqtt://u%40:%3A%2F@127.0.0.1:{port}/a%20b -m x")
        .without_version()
        .differs(CONNECT, row)
        .differs(Expected::Sends(&["PUBLISH d0 q0 r0 'a b' 'x'", "DISCONNECT"]), row)]);
}

#[test]
fn words_that_are_no_url() {
    let wrong = [
        "-L 127.0.0.1:{port}/a",
        "-L http://127.0.0.1:{port}/a",
        "-L mqtt://127.0.0.1:{port}",
        "-L mqtt:///a -p {port}",
        "-L ''  -p {port}",
        "-L mqtt://127.0.0.1:{port}/a -L",
    ];
    compare(wrong.into_iter().flat_map(both));
    compare([publisher("-L mqtt://127.0.0.1:{port}/a/# -m x").without_version()]);
}

#[test]
fn ports_that_are_none() {
    let row = "docs/differences.md: `-L`: port that is none";
    compare(both("-L mqtt://127.0.0.1:{port}x/a").map(|case| case.refused(row)));
    // The original takes the first for a unix socket.
    let wrong = ["-L mqtt://127.0.0.1:abc/a", "-L mqtt://127.0.0.1:65536/a"];
    compare(wrong.into_iter().flat_map(both));
}
