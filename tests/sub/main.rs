//! The tests of mqtt-sub as its users run it.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a panic is how a test fails")]

/// Several brokers to choose from.
mod candidates;
/// The `-d` lines, word for word.
mod debug_lines;
/// `-C`, `-W`, `-E`, signals and closed pipes.
mod ending;
/// `--exec`.
mod exec;
/// What makes a run fail, and what is said then.
mod failures;
/// `-F` and JSON.
mod formats;
/// `--json`, against the table in docs/output-formats.md.
mod json;
mod messages;
/// Options from files, the environment and URLs; `--show-config`.
mod option_files;
/// What is written to stdout for what the broker sends.
mod output;
/// `--output-dir`.
mod output_dir;
/// Options and what they put on the wire.
mod packets;
/// `--psk`: TLS by a key that both sides have.
#[cfg(feature = "psk")]
mod pre_shared_key;
/// The line that says how far the work has come.
mod progress;
/// The properties of MQTT 5.
mod properties;
/// `--message-rate`.
mod rate;
/// A subscriber at a real broker.
mod real_broker;
/// `--retained-only` and `--remove-retained`.
mod retained;
/// `--stats`.
mod stats;
/// Control characters, where stdout is a terminal.
mod terminal;
/// TLS.
mod tls;
/// Wrong usage.
mod usage;
/// `--watch`.
mod watch;
/// Messages that come over WebSocket.
mod websocket;

use test_support::packet::v3;
use test_support::scripted_peer::{Connection, ScriptedPeer};
use test_support::tool::{Running, Tool};

fn subscriber() -> Tool {
    Tool::at(env!("CARGO_BIN_EXE_mqtt-sub"))
}

/// Starts the tool on a scripted peer.
fn start_at(peer: &ScriptedPeer, arguments: &[&str]) -> Running {
    let port = peer.port().to_string();
    subscriber().spawn([&["-h", "127.0.0.1", "-p", &port], arguments].concat())
}

/// Starts the tool and lets its one subscription succeed (MQTT 3.1.1).
fn subscribed(arguments: &[&str]) -> (Running, Connection) {
    let peer = ScriptedPeer::listen();
    let running = start_at(&peer, arguments);
    (running, serve_subscription(&peer))
}

fn serve_subscription(peer: &ScriptedPeer) -> Connection {
    let mut client = peer.accept();
    client.read_packet();
    client.send(&v3::connack(0));
    client.read_packet();
    client.send(&v3::suback(1, &[0]));
    client
}
