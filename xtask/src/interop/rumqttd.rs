//! rumqttd, a broker in Rust.

use std::fs;

use super::certificates::Certificates;
use super::door::{self, Doors, Route};
use super::place::{Place, Running, installed, run_in};
use super::server::{self, Server, free_ports};

const VERSION: &str = "0.20.0";

const ROUTER: &str = "\
id = 0

[router]
id = 0
max_connections = 100
max_outgoing_packet_count = 200
max_segment_size = 104857600
max_segment_count = 10
";

/// Builds it where it is missing, and starts it.
pub(super) fn start(place: &Place) -> anyhow::Result<Running> {
    let home = installed(&format!("rumqttd-{VERSION}"), |folder| {
        // Without --locked: a crate that it was published with no longer compiles.
        let package = format!("rumqttd@{VERSION}");
        run_in(folder, &["cargo", "install", "--debug", "--root", ".", &package])
    })?;
    let folder = place.folder("rumqttd")?;
    let ports = free_ports()?;
    let configuration = folder.join("rumqttd.toml");
    fs::write(&configuration, self::configuration(ports, &place.certificates))?;
    let mut command = server::command(home.join("bin/rumqttd"));
    command.arg("-c").arg(configuration).current_dir(&folder);
    let mut server = Server::start(command, folder.join("log"))?;
    server.wait_for_ports(&ports)?;
    let [tcp_3, tls_3, tcp_5, tls_5, websocket] = ports;
    let threes = Doors::all([tcp_3, tls_3, websocket], &place.certificates, "/mqtt");
    let fives = Doors {
        tcp: door::tcp(tcp_5),
        tls: Ok(door::tls(tls_5, &place.certificates)),
        websocket: Err("its WebSocket listener is for MQTT 3.1.1"),
    };
    let mut running = Running::new(format!("rumqttd {VERSION}"), Route::to(threes), vec![server]);
    running.fives = Route::to(fives);
    Ok(running)
}

fn configuration(ports: [u16; 5], certificates: &Certificates) -> String {
    let [tcp_3, tls_3, tcp_5, tls_5, websocket] = ports;
    let listeners = [
        listener("v4.1", tcp_3),
        listener("v4.2", tls_3),
        identity("v4.2", certificates),
        listener("v5.1", tcp_5),
        listener("v5.2", tls_5),
        identity("v5.2", certificates),
        listener("ws.1", websocket),
    ];
    format!("{ROUTER}{}", listeners.concat())
}

fn listener(name: &str, port: u16) -> String {
    format!(
        "
[{name}]
name = '{name}'
listen = '127.0.0.1:{port}'
next_connection_delay_ms = 1

[{name}.connections]
connection_timeout_ms = 60000
max_payload_size = 20000000
max_inflight_count = 100
dynamic_filters = true
"
    )
}

fn identity(listener: &str, certificates: &Certificates) -> String {
    format!(
        "
[{listener}.tls]
certpath = '{}'
keypath = '{}'
",
        certificates.certificate.display(),
        certificates.key.display(),
    )
}
