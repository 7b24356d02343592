//! `-L` (reference §4).

use super::case::{Case, Expected, compare, publisher, showing, subscriber};

fn both(words: &str) -> [Case; 2] {
    [
        publisher(&format!("{words} -m x")).without_version(),
        subscriber(&format!("{words} -E")).without_version(),
    ]
}

/// Both tools, each line with the row it shows.
fn both_by_row(table: &[(&str, &[&str])]) -> impl Iterator<Item = Case> {
    let lines = table.iter().flat_map(|(row, lines)| lines.iter().map(move |line| (row, line)));
    lines.flat_map(|(row, line)| both(line).map(|case| case.shows(row)))
}

#[test]
fn every_part_of_a_url() {
    showing(["§1.2 -L"]).compare(both_by_row(&[
        ("§4 mqtt", &["-L mqtt://127.0.0.1:{port}/a"]),
        ("§4 scheme in any case", &["--url MQTT://127.0.0.1:{port}/a"]),
        (
            "§4 topic: after the first /",
            &[
                "-L mqtt://localhost:{port}/a/b/c",
                "-L mqtt://127.0.0.1:{port}//x",
                "-L 'mqtt://127.0.0.1:{port}/a b'",
                "-L mqtt://127.0.0.1:{port}/a/",
            ],
        ),
        ("§4 topic: ? and # are not special", &["-L mqtt://127.0.0.1:{port}/a?b=c"]),
        (
            "§4 user info",
            &["-L mqtt://joe@127.0.0.1:{port}/a", "-L mqtt://joe:secret@127.0.0.1:{port}/a"],
        ),
        ("§4 user info: : in a password", &["-L mqtt://joe:se:cret@127.0.0.1:{port}/a"]),
        (
            "§4 user info: empty parts",
            &[
                "-L mqtt://joe:@127.0.0.1:{port}/a",
                "-L mqtt://:pw@127.0.0.1:{port}/a",
                "-L mqtt://@127.0.0.1:{port}/a",
                "-L mqtt://:@127.0.0.1:{port}/a",
            ],
        ),
    ]));
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
    showing([
        "§4 order among other options",
        "§1.2 -h, --unix, -L: the last wins",
        "§4 sub: the topic is added",
    ])
    .compare(words.into_iter().flat_map(both));
}

const CONNECT: Expected = Expected::Connects(&[
    "CONNECT 'MQTT' 4 flags=11000010 keep_alive=60 id='' user='u@' password=':/'",
]);

#[test]
fn percent_encoding_is_undone() {
    let row = "docs/differences.md: `-L`: percent signs in user, password, host, topic";
    showing(["§4 user info: no percent decoding"]).compare([publisher(
        "-L mqtt://u%40:%3A%2F@127.0.0.1:{port}/a%20b -m x",
    )
    .without_version()
    .differs(CONNECT, row)
    .differs(Expected::Sends(&["PUBLISH d0 q0 r0 'a b' 'x'", "DISCONNECT"]), row)]);
}

#[test]
fn what_only_ours_can_say() {
    let at = "docs/differences.md: `-L`: `@` in a password";
    showing(["§4 user info: @ in a password"]).compare([publisher(
        "-L mqtt://joe:p@w@127.0.0.1:{port}/a -m x",
    )
    .without_version()
    .instead("-h 127.0.0.1 -p {port} -u joe -P p@w -t a -m x", at)]);
    // Nobody listens on port 1.
    let address = "docs/differences.md: `-L`: IPv6 addresses";
    showing(["§4 IPv6 literals"]).compare([publisher("-L mqtt://[::1]:1/a -m {port}")
        .without_version()
        .instead("-h ::1 -p 1 -t a -m {port}", address)]);
}

#[test]
fn words_that_are_no_url() {
    compare(both_by_row(&[
        (
            "§4 other scheme, no scheme",
            &["-L 127.0.0.1:{port}/a", "-L http://127.0.0.1:{port}/a", "-L ''  -p {port}"],
        ),
        ("§4 no /", &["-L mqtt://127.0.0.1:{port}"]),
        ("§4 empty host", &["-L mqtt:///a -p {port}"]),
        ("§1.6 -L", &["-L mqtt://127.0.0.1:{port}/a -L"]),
    ]));
    showing(["§4 empty topic"]).compare(
        both("-L mqtt://127.0.0.1:{port}/").map(|case| {
            case.refused("reference §4: 2.1.2 refuses it, 2.0.11 only when it publishes")
        }),
    );
    showing(["§4 topic is validated", "§4 topic: ? and # are not special"])
        .compare([publisher("-L mqtt://127.0.0.1:{port}/a/# -m x").without_version()]);
    showing(["§4 topic is validated"])
        .compare([subscriber("-L mqtt://127.0.0.1:{port}/a# -E").without_version()]);
}

#[test]
fn ports_that_are_none() {
    let row = "docs/differences.md: `-L`: port that is none";
    let port = showing(["§4 port that is none"]);
    port.compare(both("-L mqtt://127.0.0.1:{port}x/a").map(|case| case.refused(row)));
    // The original takes the first for a unix socket.
    let wrong = ["-L mqtt://127.0.0.1:abc/a", "-L mqtt://127.0.0.1:65536/a"];
    port.compare(wrong.into_iter().flat_map(both));
}
