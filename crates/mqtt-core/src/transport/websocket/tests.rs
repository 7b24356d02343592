use super::*;
use crate::plan::Header;
use crate::secret::Secret;

fn tcp(host: &str, port: u16) -> Endpoint {
    Endpoint::Tcp { host: host.to_owned(), port }
}

#[test]
fn the_host_is_named_with_its_port_unless_that_is_the_one_of_the_scheme() {
    for (endpoint, default_port, name) in [
        (tcp("broker", 1883), HTTP, "broker:1883"),
        (tcp("broker", 80), HTTP, "broker"),
        (tcp("broker", 443), HTTP, "broker:443"),
        (tcp("broker", 443), HTTPS, "broker"),
        (tcp("::1", 1883), HTTP, "[::1]:1883"),
        (tcp("::1", 80), HTTP, "[::1]"),
        (Endpoint::Unix("/run/socket".into()), HTTP, "localhost"),
    ] {
        assert_eq!(authority(&endpoint, default_port), name);
    }
}

#[test]
fn whatever_the_command_line_lets_through_is_a_request() {
    let path = "/~a/%20;@:!$&'()*+,=-._[]?/?".to_owned();
    let value = Secret::new(b"\t!~ \x22".to_vec());
    let headers = vec![Header { name: "!#$%&'*+-.^_`|~".to_owned(), value }];
    for host in ["broker", "127.0.0.1:1883", "[::1]:1883"] {
        let plan = WebSocket { path: path.clone(), headers: headers.clone() };
        let request = request(&plan, host).unwrap();
        assert_eq!(request.uri().path_and_query().unwrap().as_str(), path);
        assert_eq!(request.headers()[header::HOST], host);
        assert!(!format!("{request:?}").contains("!~ "), "{request:?}");
    }
}

#[test]
fn a_host_name_that_is_none_is_an_error() {
    let plan = WebSocket { path: "/".to_owned(), headers: Vec::new() };
    assert!(request(&plan, "a b").is_err());
}
