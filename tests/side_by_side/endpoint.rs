//! Ways to the broker (reference §1.2, §10.8).

use super::case::Version::{V31, V311};
use super::case::{Case, compare, publisher, subscriber};

fn both(words: &str) -> [Case; 2] {
    [publisher(&format!("-t a -m x {words}")), subscriber(&format!("-t a -E {words}"))]
}

#[test]
fn a_bind_address() {
    let words = ["-A 127.0.0.1", "-A 127.0.0.2", "-A localhost", "-A 127.0.0.1 -A 127.0.0.3"];
    compare(words.into_iter().flat_map(both));
    compare(["-A 192.0.2.1", "-A no.such.host.invalid"].into_iter().flat_map(both));
}

#[test]
fn a_unix_socket() {
    let words = [
        "--unix {socket}",
        "-h {socket} -p 0",
        "--unix no/such/socket --unix {socket}",
        "-h no.such.host.invalid -p 1 --unix {socket}",
        "--unix no/such/socket -h 127.0.0.1 -p {port}",
        "--unix {socket} -q 1 -A 127.0.0.2",
    ];
    compare(words.into_iter().flat_map(both));
    let long = "x".repeat(120);
    let wrong = ["--unix no/such/socket", "--unix ''", &format!("--unix {long}")];
    compare(wrong.into_iter().flat_map(both));
}

#[test]
fn a_socket_without_delay() {
    compare(both("--nodelay"));
    compare([publisher("-t a -l -q 1 --nodelay").input("1\n2\n")]);
}

#[test]
fn tls_options_that_do_not_go_together() {
    let wrong = [
        "--cert c",
        "--key k",
        "--keyform pem",
        "--psk 0123",
        "--psk 0123 --psk-identity me --cafile /etc/hostname",
        "--cafile {folder}/missing",
        "--tls-engine-kpass-sha1 0123",
        "--tls-engine-kpass-sha1 0123 --tls-engine e",
    ];
    compare(wrong.into_iter().flat_map(both).map(|case| case.only([V31, V311])));
    let without_effect = ["--psk-identity me", "--insecure"];
    compare(without_effect.into_iter().flat_map(both));
}
