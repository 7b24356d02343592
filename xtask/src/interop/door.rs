//! Where a broker is reached, as words for a client.

use super::certificates::Certificates;

/// The words that lead to a listener, or why there is none.
pub(super) type Door = Result<Vec<String>, &'static str>;

/// The listeners of one node for one version of MQTT.
#[derive(Clone, Debug)]
pub(super) struct Doors {
    /// Plain TCP.
    pub(super) tcp: Vec<String>,
    /// TLS.
    pub(super) tls: Door,
    /// WebSocket, without TLS.
    pub(super) websocket: Door,
}

impl Doors {
    /// Of a node that has all three.
    pub(super) fn all(
        [tcp, tls, websocket]: [u16; 3],
        certificates: &Certificates,
        path: &str,
    ) -> Self {
        Self {
            tcp: self::tcp(tcp),
            tls: Ok(self::tls(tls, certificates)),
            websocket: Ok(self::websocket(websocket, path)),
        }
    }
}

/// Where is published, and where subscribed.
#[derive(Clone, Debug)]
pub(super) struct Route {
    /// The publisher's node.
    pub(super) publisher: Doors,
    /// The subscriber's: the same, unless the broker is a cluster.
    pub(super) subscriber: Doors,
}

impl Route {
    /// Everything at one node.
    pub(super) fn to(doors: Doors) -> Self {
        Self { publisher: doors.clone(), subscriber: doors }
    }
}

/// A listener for plain TCP.
pub(super) fn tcp(port: u16) -> Vec<String> {
    ["-h", "127.0.0.1", "-p", &port.to_string()].map(str::to_owned).into()
}

/// A listener for TLS.
pub(super) fn tls(port: u16, certificates: &Certificates) -> Vec<String> {
    let mut words = tcp(port);
    words.extend(["--cafile".to_owned(), certificates.authority.display().to_string()]);
    words
}

/// A listener for WebSocket, at a path.
fn websocket(port: u16, path: &str) -> Vec<String> {
    let mut words = tcp(port);
    words.extend(["--ws", "--ws-path", path].map(str::to_owned));
    words
}
