//! Ways to the broker (reference §1.2, §10.8).

use super::case::Version::{V31, V311};
use super::case::{Case, Expected, by_row, compare, publisher, showing, subscriber};

fn both(words: &str) -> [Case; 2] {
    [publisher(&format!("-t a -m x {words}")), subscriber(&format!("-t a -E {words}"))]
}

/// Both tools, each line with the row it shows.
fn both_by_row(table: &[(&str, &[&str])]) -> impl Iterator<Item = Case> {
    let publishers = by_row(publisher, "-t a -m x", table);
    publishers.into_iter().chain(by_row(subscriber, "-t a -E", table))
}

#[test]
fn a_bind_address() {
    let words = ["-A 127.0.0.1", "-A 127.0.0.2", "-A localhost", "-A 127.0.0.1 -A 127.0.0.3"];
    showing(["§1.2 -A", "§10.8 -A"]).compare(words.into_iter().flat_map(both));
    compare(both_by_row(&[
        ("§1.2 -A not local", &["-A 192.0.2.1"]),
        ("docs/differences.md: `-A`: an address that is not ours", &["-A 192.0.2.1"]),
        ("§1.2 -A unresolvable", &["-A no.such.host.invalid"]),
        ("§1.2 -A and unix sockets", &["--unix {socket} -q 1 -A 127.0.0.2"]),
    ]));
}

#[test]
fn a_unix_socket() {
    let long = format!("--unix {}", "x".repeat(120));
    let both_of_them = "docs/differences.md: `--unix P -h H`";
    compare(both_by_row(&[
        ("§1.2 --unix", &["--unix {socket}", "--unix no/such/socket --unix {socket}"]),
        ("§10.8 unix socket", &["--unix {socket}", "--unix no/such/socket"]),
        ("§1.2 -p 0", &["-h {socket} -p 0"]),
        ("§1.2 --unix, then -p or -h", &["--unix no/such/socket -h 127.0.0.1 -p {port}"]),
        (
            "§1.2 -h, --unix, -L: the last wins",
            &[
                "-h no.such.host.invalid -p 1 --unix {socket}",
                "--unix no/such/socket -h 127.0.0.1 -p {port}",
            ],
        ),
        ("§1.2 --unix empty, too long", &["--unix ''", &long]),
        ("§7.5 another error before the first connection", &[&long]),
    ]));
    showing(["§1.2 --unix, then -p or -h"]).compare([
        publisher("-t a -m x -p {port} --unix no/such/socket -h 127.0.0.1")
            .only([V311])
            .differs(Expected::Status(0), both_of_them)
            .differs(
                Expected::Connects(&["CONNECT 'MQTT' 4 flags=00000010 keep_alive=60 id=''"]),
                both_of_them,
            )
            .differs(Expected::Sends(&["PUBLISH d0 q0 r0 'a' 'x'", "DISCONNECT"]), both_of_them),
        // Refused by both, by ours before it looks for anything.
        publisher("-t a -m x --unix {socket} -p 1")
            .shows("docs/differences.md: `--unix P -p 1883`"),
        publisher("-t a -m x -p 0 -t {port}").shows("docs/differences.md: `-p 0` without `-h`"),
    ]);
}

#[test]
fn a_socket_without_delay() {
    showing(["§1.2 --nodelay"]).compare(both("--nodelay"));
    showing(["§1.2 --nodelay"]).compare([publisher("-t a -l -q 1 --nodelay").input("1\n2\n")]);
}

#[test]
fn tls_options_that_do_not_go_together() {
    let wrong = both_by_row(&[
        ("§1.2 --cert or --key alone", &["--cert c", "--key k"]),
        ("§1.4 3 --cert without --key", &["--cert c"]),
        ("§1.2 --keyform without --key, other word", &["--keyform pem"]),
        ("§1.4 4 --keyform without --key", &["--keyform pem"]),
        ("§1.4 7 --psk without identity", &["--psk 0123"]),
        ("§1.4 6 --psk with --cafile", &["--psk 0123 --psk-identity me --cafile /etc/hostname"]),
        (
            "§1.2 --psk without identity, with --cafile, not hexadecimal",
            &[
                "--psk 0123",
                "--psk xyz --psk-identity me",
                "--psk 0123 --psk-identity me --capath /etc",
            ],
        ),
        ("§1.2 --cafile missing", &["--cafile {folder}/missing"]),
        (
            "§1.2 --cert, --key missing",
            &["--cafile /etc/hostname --cert {folder}/c --key {folder}/k"],
        ),
        ("§1.2 --tls-version other word", &["--cafile /etc/hostname --tls-version tlsv1.4"]),
        ("§1.2 --tls-engine unknown", &["--tls-engine no-such-engine"]),
        (
            "docs/differences.md: `--tls-engine`, `--tls-engine-kpass-sha1`, `--keyform engine`",
            &["--tls-engine no-such-engine"],
        ),
        (
            "§1.2 --tls-engine-kpass-sha1 without engine, not hexadecimal",
            &["--tls-engine-kpass-sha1 0123", "--tls-engine-kpass-sha1 0123 --tls-engine e"],
        ),
        ("§1.4 5 kpass without engine", &["--tls-engine-kpass-sha1 0123"]),
        ("§10.3 engines", &["--tls-engine no-such-engine"]),
        (
            "§7.5 will, user, TLS, PSK option rejected",
            &["--cafile {folder}/missing", "--will-topic w -u '\\xff'"],
        ),
    ]);
    compare(wrong.map(|case| case.only([V31, V311])));
    showing(["§1.2 --cafile a directory"])
        .compare(both("--cafile {folder}").map(|case| case.only([V311])));
    showing(["§1.2 --tls-keylog without TLS"])
        .compare(both("--tls-keylog {folder}/log").map(|case| {
            case.only([V311]).shows("docs/differences.md: `--tls-keylog` without TLS")
        }));
    let effect = "docs/differences.md: `--insecure`, `--tls-version`, `--ciphers`, `--tls-alpn`, `--psk-identity` where nothing asks for TLS";
    compare(both_by_row(&[
        ("§1.2 --psk-identity alone", &["--psk-identity me"]),
        ("§1.2 --insecure without TLS", &["--insecure"]),
        (effect, &["--psk-identity me", "--insecure"]),
    ]));
}

#[test]
fn tls_that_is_switched_off() {
    let reason = "2.0.11 has no --no-tls";
    showing(["§1.2 --no-tls", "§10.1 --no-tls", "§3 TLS"]).compare([
        publisher("-t a -m x --no-tls").instead("-t a -m x", reason),
        publisher("-t a -m x --cafile {folder}/missing --no-tls").instead("-t a -m x", reason),
        subscriber("-t a -E --psk 0123 --psk-identity me --no-tls").instead("-t a -E", reason),
        subscriber("-t a -E --tls-use-os-certs --no-tls").instead("-t a -E", reason),
    ]);
}

#[test]
fn proxies_that_are_none() {
    compare(both_by_row(&[
        ("§10.6 scheme", &["--proxy ftp://127.0.0.1", "--proxy 127.0.0.1:1080", "--proxy ''"]),
        (
            "§10.6 errors",
            &[
                "--proxy socks5h://127.0.0.1:x",
                "--proxy socks5h://127.0.0.1:65536",
                "--proxy socks5h://127.0.0.1:1:2",
                "--proxy socks5h://:pw@127.0.0.1",
                "--proxy socks5h://a:b:c@127.0.0.1",
                "--proxy socks5h://[::1",
            ],
        ),
        ("§10.6 decoding", &["--proxy socks5h://a%zz:b@127.0.0.1"]),
    ]));
}
