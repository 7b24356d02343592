use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::PathBuf;

use super::{error, error_of, linked_route, planned, route};
use crate::exit::Failure;
use crate::plan::Endpoint;

fn tcp(host: &str, port: u16) -> Vec<Endpoint> {
    vec![Endpoint::Tcp { host: host.to_owned(), port }]
}

fn unix(path: &str) -> Vec<Endpoint> {
    vec![Endpoint::Unix(PathBuf::from(path))]
}

#[test]
fn without_options_it_is_localhost_1883_in_plain() {
    let route = route("");
    assert_eq!(route.candidates, tcp("localhost", 1883));
    assert_eq!(route.bind_address, None);
    assert_eq!((route.proxy, route.tls, route.websocket), (None, None, None));
}

#[test]
fn host_and_port_in_every_spelling_the_last_wins() {
    for line in [
        "-h b -p 1884",
        "--host b --port 1884",
        "--host=b --port=1884",
        "-hb -p1884",
        "-h a -h b -p 1 -p 1884",
        "-p 1884 -h b",
    ] {
        assert_eq!(route(line).candidates, tcp("b", 1884), "{line}");
    }
}

#[test]
fn a_port_has_two_bytes() {
    assert_eq!(route("-p 1").candidates, tcp("localhost", 1));
    assert_eq!(route("-p 65535").candidates, tcp("localhost", 65535));
    for port in ["-1", "65536", "abc", "1883x", "0x75b"] {
        assert_eq!(
            error(&format!("-p {port}")),
            format!(
                "invalid value '{port}' for '--port <PORT>': \
                 a whole number from 0 to 65535 is wanted"
            )
        );
    }
}

#[test]
fn an_empty_host_is_an_error() {
    let message = "option '--host <HOST>' needs a value";
    assert_eq!(error_of(&["-h".into(), "".into()]), message);
    assert_eq!(error("--host="), message);
}

#[test]
fn a_port_or_brackets_at_a_host_are_an_error_that_says_where_they_belong() {
    for host in ["localhost:1883", "[::1]", "[::1]:1883", "a,b:1", "127.0.0.1:", ":1", "x%y:1"] {
        for name in ["mqtt-pub", "mosquitto_pub"] {
            let refused = planned(name, &["-h".into(), host.into()]).unwrap_err();
            let cause = "a host has no port and no brackets";
            let message = format!("invalid value '{host}' for '--host <HOST>': {cause}");
            assert_eq!(refused.to_string(), message);
            let hint = "-p says the port; an IPv6 address stands without brackets. ";
            assert!(refused.hint().unwrap().starts_with(hint));
        }
    }
    for host in ["::1", "fe80::1%eth0", "fe80::1%a:b", "::ffff:127.0.0.1"] {
        assert_eq!(route(&format!("-h {host}")).candidates, tcp(host, 1883));
    }
}

#[test]
fn a_host_that_is_a_url_is_an_error_without_its_password() {
    for (host, shown) in [
        ("mqtt://joe:hunter2@h/", "mqtt://joe:***@h/"),
        ("joe:hunter2@h", "joe:***@h"),
        ("mqtt://h", "mqtt://h"),
        ("/run/s", "/run/s"),
    ] {
        let cause = "a host has no '/' and no '@'";
        let message = format!("invalid value '{shown}' for '--host <HOST>': {cause}");
        assert_eq!(error(&format!("-h {host}")), message);
        let refused = planned("mqtt-pub", &["-h".into(), host.into()]).unwrap_err();
        assert_eq!(refused.hint().unwrap(), "-L takes URLs. Use 'mqtt-pub --help' to see usage.");
    }
}

#[test]
fn commas_separate_candidates_under_our_name_and_belong_to_the_name_under_the_originals() {
    let list = [tcp("a", 1883), tcp("b", 1883), tcp("::1", 1883)].concat();
    assert_eq!(route("-h a,b,::1").candidates, list);
    assert_eq!(linked_route("-h a,b,::1").candidates, tcp("a,b,::1", 1883));
    assert_eq!(route("-p 0 -h /run/a,b").candidates, unix("/run/a,b"));
    for host in [",", "a,", ",a", "a,,b"] {
        let refused = planned("mqtt-pub", &["-h".into(), host.into()]).unwrap_err();
        let cause = "a name is missing before or behind a comma";
        let message = format!("invalid value '{host}' for '--host <HOST>': {cause}");
        assert_eq!(refused.to_string(), message);
    }
}

#[test]
fn the_last_of_host_and_unix_counts_and_counts_whole() {
    for (line, candidates) in [
        ("--unix /run/s", unix("/run/s")),
        ("--unix=/run/s", unix("/run/s")),
        ("--unix a --unix b", unix("b")),
        ("-h h --unix /run/s", unix("/run/s")),
        ("-h h -p 1884 --unix /run/s", unix("/run/s")),
        ("-p 1884 -h h --unix /run/s", unix("/run/s")),
        ("--unix /run/s -p 0", unix("/run/s")),
        ("--unix /run/s -h h", tcp("h", 1883)),
        ("--unix /run/s -h h -p 1884", tcp("h", 1884)),
        ("--unix /run/s -p 1884 -h h", tcp("h", 1884)),
        ("-p 1884 --unix /run/s -h h", tcp("h", 1884)),
        ("--unix /run/s -h /run/t -p 0", unix("/run/t")),
    ] {
        assert_eq!(route(line).candidates, candidates, "{line}");
        assert_eq!(linked_route(line).candidates, candidates, "{line}");
    }
}

#[test]
fn port_0_makes_the_host_the_path_of_a_unix_socket() {
    assert_eq!(route("-p 0 -h /run/s").candidates, unix("/run/s"));
    assert_eq!(route("-h /run/s -p 1884 -p 0").candidates, unix("/run/s"));
    assert_eq!(error("-p 0"), "'--port 0' needs '--host', the path of a unix socket");
}

#[test]
fn a_port_after_a_unix_socket_is_an_error() {
    let message = "'--unix' and '--port' exclude each other: a unix socket has no port";
    assert_eq!(error("--unix /run/s -p 1883"), message);
    assert_eq!(error("-h h --unix /run/s -p 1883"), message);
}

#[test]
fn the_path_of_a_unix_socket_has_1_to_107_bytes() {
    let (longest, too_long) = ("x".repeat(107), "x".repeat(108));
    assert_eq!(route(&format!("--unix {longest}")).candidates, unix(&longest));
    assert_eq!(route(&format!("-p 0 -h {longest}")).candidates, unix(&longest));
    let cause = "it is 108 bytes long, the path of a unix socket has at most 107";
    assert_eq!(
        error(&format!("--unix {too_long}")),
        format!("invalid value '{too_long}' for '--unix <PATH>': {cause}")
    );
    assert_eq!(
        error(&format!("-p 0 -h {too_long}")),
        format!("invalid value '{too_long}' for '--host <HOST>': {cause}")
    );
    assert_eq!(error("--unix="), "invalid value '' for '--unix <PATH>': it is empty");
}

#[test]
fn the_path_of_a_unix_socket_need_not_be_utf8() {
    let path = OsString::from_vec(b"/run/\xff".to_vec());
    let route = planned("mqtt-pub", &["--unix".into(), path.clone()]).unwrap();
    assert_eq!(route.candidates, [Endpoint::Unix(path.into())]);
}

#[test]
fn srv_asks_for_the_service_of_each_host() {
    let service = |name: &str| Endpoint::Service(name.to_owned());
    for line in ["-S -h example.org", "--srv -h example.org", "-Sh example.org -p 1884"] {
        assert_eq!(route(line).candidates, [service("_mqtt._tcp.example.org")], "{line}");
    }
    let secure = [service("_secure-mqtt._tcp.example.org")];
    for tls in ["--cafile c", "--capath c", "--tls-use-os-certs", "-p 8883"] {
        let line = format!("-S -h example.org {tls}");
        assert_eq!(route(&line).candidates, secure, "{line}");
    }
    assert_eq!(route("-S -h a,b").candidates, [service("_mqtt._tcp.a"), service("_mqtt._tcp.b")]);
}

#[test]
fn a_unix_socket_excludes_what_looks_for_a_host() {
    for place in ["--unix /run/s", "-h /run/s -p 0"] {
        let srv = error(&format!("{place} -S"));
        assert_eq!(srv, "'--srv' and a unix socket exclude each other");
        let proxy = error(&format!("{place} --proxy socks5h://p"));
        assert_eq!(proxy, "'--proxy' and a unix socket exclude each other");
    }
}

#[test]
fn the_address_to_connect_from_may_be_a_name() {
    let from = |line| route(line).bind_address;
    for line in ["-A here", "--bind-address here", "--bind-address=here", "-Ahere", "-A x -A here"]
    {
        assert_eq!(from(line).as_deref(), Some("here"), "{line}");
    }
    assert_eq!(from("-A ::1").as_deref(), Some("::1"));
    assert_eq!(error("-A"), "option '--bind-address <ADDRESS>' needs a value");
    assert_eq!(error("--bind-address="), "option '--bind-address <ADDRESS>' needs a value");
}

#[test]
fn a_dns_server_is_an_address_with_or_without_a_port() {
    for (words, server) in [
        ("--dns-server 192.0.2.1", "192.0.2.1:53"),
        ("--dns-server=192.0.2.1:5353", "192.0.2.1:5353"),
        ("--dns-server ::1", "[::1]:53"),
        ("--dns-server [::1]", "[::1]:53"),
        ("--dns-server [::1]:65535", "[::1]:65535"),
        ("--dns-server ::1 --dns-server 192.0.2.1:1", "192.0.2.1:1"),
    ] {
        assert_eq!(route(words).dns_server, Some(server.parse().unwrap()), "{words}");
    }
    assert_eq!(route("").dns_server, None);
    for word in
        ["dns.example", "192.0.2.1:", "192.0.2.1:0", "192.0.2.1:65536", "192.0.2.256", "[::1", ""]
    {
        let message = error_of(&["--dns-server".into(), word.into()]);
        assert_eq!(
            message,
            format!(
                "invalid value '{word}' for '--dns-server <ADDRESS>': \
                 an IP address is wanted, and a port where it is not 53 ([::1]:5353)"
            )
        );
    }
}

#[test]
fn nodelay_is_taken_and_changes_nothing() {
    assert_eq!(route("--nodelay"), route(""));
    assert_eq!(linked_route("--nodelay --nodelay"), linked_route(""));
}
