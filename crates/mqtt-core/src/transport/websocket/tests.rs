use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_tungstenite::tungstenite::protocol::Role;

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
        (tcp("fe80::5%lo", 8080), HTTP, "[fe80::5]:8080"),
        (tcp("fe80::5%lo", 80), HTTP, "[fe80::5]"),
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

#[tokio::test]
async fn pongs_that_nobody_reads_do_not_pile_up() {
    const PINGS: usize = 5_000;
    let (ours, mut theirs) = tokio::io::duplex(1024);
    let stream: Box<dyn ByteStream> = Box::new(ours);
    let socket = WebSocketStream::from_raw_socket(stream, Role::Client, Some(config())).await;
    let mut frames = Frames::new(socket);
    let flood = async {
        let ping = [&[0x89, 125][..], &[b'p'; 125]].concat();
        for _ in 0..PINGS {
            theirs.write_all(&ping).await.unwrap();
        }
        theirs.write_all(b"\x82\x01x").await.unwrap();
    };
    let mut message = [0];
    let (read, ()) = tokio::join!(frames.read_exact(&mut message), flood);
    assert_eq!((read.unwrap(), message), (1, *b"x"));
    // What was kept for them comes now, and our own behind it.
    let writing = async move {
        frames.write_all(&vec![b'y'; WRITE_SIZE]).await.unwrap();
        frames.flush().await.unwrap();
    };
    let mut kept = Vec::new();
    let (read, ()) = tokio::join!(theirs.read_to_end(&mut kept), writing);
    read.unwrap();
    assert!(kept.len() > LONGEST_FRAME, "{}", kept.len());
    assert!(kept.len() < 2 * LONGEST_FRAME + 2 * 1024, "{}", kept.len());
}
