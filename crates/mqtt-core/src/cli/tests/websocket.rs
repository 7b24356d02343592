use super::{error, error_of, planned, route};
use crate::plan::Header;
use crate::secret::Secret;

#[test]
fn websocket_asks_for_mqtt_or_for_the_path_given() {
    let path = |line| route(line).websocket.map(|websocket| websocket.path);
    assert_eq!(path("--ws").as_deref(), Some("/mqtt"));
    assert_eq!(path("--ws --ws-path /a?b=c").as_deref(), Some("/a?b=c"));
    assert_eq!(path("--ws-path /a --ws --ws-path=/").as_deref(), Some("/"));
    assert_eq!(
        path("--ws --ws-path /~a/%20;@:!$&'()*+,=-._[]?/?").as_deref(),
        Some("/~a/%20;@:!$&'()*+,=-._[]?/?")
    );
    for bad in [
        "",
        "a",
        "/a#b",
        "/ü",
        "/a b",
        "/a\r\nX: y",
        "/<",
        "/>",
        "/\"",
        "/\\",
        "/^",
        "/`",
        "/{",
        "/|",
        "/}",
    ] {
        let message = error_of(&["--ws".into(), "--ws-path".into(), bad.into()]);
        assert_eq!(
            message,
            format!(
                "invalid value '{bad}' for '--ws-path <PATH>': \
                 a '/' and then what a URL can have is wanted, anything else as %XX"
            )
        );
    }
}

#[test]
fn path_and_headers_need_websocket() {
    assert_eq!(error("--ws-path /a"), "'--ws-path' needs '--ws'");
    assert_eq!(error("--ws-header a:b"), "'--ws-header' needs '--ws'");
    assert_eq!(route("").websocket, None);
}

#[test]
fn headers_are_kept_in_their_order() {
    let words = [
        "--ws",
        "--ws-header",
        "Authorization: Bearer a:b ",
        "--ws-header=X-Y:",
        "--ws-header",
        "x-y: 1",
    ];
    let route = planned("mqtt-pub", &words.map(Into::into)).expect("a route");
    let header = |name: &str, value: &str| Header {
        name: name.to_owned(),
        value: Secret::new(value.as_bytes().to_vec()),
    };
    let headers = [header("Authorization", "Bearer a:b"), header("X-Y", ""), header("x-y", "1")];
    let websocket = route.websocket.expect("WebSocket");
    assert_eq!(websocket.headers, headers);
    assert!(!format!("{websocket:?}").contains("Bearer"));
}

#[test]
fn a_header_that_is_none_is_an_error_that_does_not_show_it() {
    for (header, cause) in [
        ("", "'NAME: VALUE' is wanted"),
        ("name", "'NAME: VALUE' is wanted"),
        (": value", "'NAME: VALUE' is wanted"),
        ("a name: value", "'NAME: VALUE' is wanted"),
        ("name : value", "'NAME: VALUE' is wanted"),
        ("x: a\r\ny: b", "the value of a header is printable ASCII"),
        ("x: \u{fc}", "the value of a header is printable ASCII"),
        ("Host: x", "this header cannot be chosen"),
        ("UPGRADE: x", "this header cannot be chosen"),
        ("Sec-WebSocket-Key: x", "this header cannot be chosen"),
    ] {
        let message = format!("invalid value '***' for '--ws-header <HEADER>': {cause}");
        assert_eq!(error_of(&["--ws".into(), "--ws-header".into(), header.into()]), message);
    }
}
