//! The tests of mqtt-pub as its users run it.

#![expect(clippy::expect_used, reason = "a panic is how a test fails")]

/// Several brokers to choose from.
mod candidates;
/// The `-d` lines, word for word.
mod debug_lines;
/// What arrives at a real broker, from every kind of source.
mod delivery;
/// `--encoding`.
mod encodings;
/// What makes a run fail, and what is said then.
mod failures;
/// A broker that breaks the protocol or the connection.
mod hostile_broker;
/// What is said on stderr, to whom, and in which colours.
mod messages;
/// `--psk` in a build that has it not.
#[cfg(not(feature = "psk"))]
mod no_pre_shared_key;
/// Options from files, the environment and URLs; `--show-config`.
mod option_files;
/// Options and what they put on the wire.
mod packets;
/// `--password-file`, and the prompt.
mod password_file;
/// `--psk`: TLS by a key that both sides have.
#[cfg(feature = "psk")]
mod pre_shared_key;
/// The line that says how far the work has come.
mod progress;
/// The properties of MQTT 5, the session expiry, the will.
mod properties;
/// SOCKS and HTTP proxies.
mod proxy;
/// `--json-lines` and `--replay`.
mod recordings;
/// Brokers that refer to another one.
mod redirect;
/// `--wait-response` and `--latency`.
mod responses;
/// When it connects again, and when it gives up.
mod retry;
/// The ways to a broker.
mod route;
/// SRV records, and a DNS server of one's own.
mod service;
/// SIGINT, SIGTERM and closed pipes.
mod signals;
/// `--stats`.
mod stats;
/// `--require-subscriber`.
mod subscribers;
/// A terminal with a tool on it.
mod terminal;
/// TLS: who is believed, what is shown, and what is said when it fails.
mod tls;
/// TLS that fails, and the option that helps.
mod tls_hints;
/// Keys and certificates that cannot be used.
mod tls_keys;
/// Certificates of old forms.
mod tls_old_certificates;
/// The prompt for the passphrase of a key.
mod tls_passphrase;
/// Files of TLS that are pipes.
mod tls_pipes;
/// TLS with what lies below it and above it.
mod tls_stacked;
/// Several topics for a message, and topics of their own for lines.
mod topics;
/// `--save-unsent`, and what is said of lines that do not get through.
mod unsent;
/// Wrong usage.
mod usage;
/// `--ws` and its companions.
mod websocket;

use test_support::scripted_peer::ScriptedPeer;
use test_support::tool::{Running, Tool};

fn publisher() -> Tool {
    Tool::at(env!("CARGO_BIN_EXE_mqtt-pub"))
}

/// Starts the tool on a scripted peer.
fn start_at(peer: &ScriptedPeer, arguments: &[&str]) -> Running {
    let port = peer.port().to_string();
    publisher().spawn([&["-h", "127.0.0.1", "-p", &port], arguments].concat())
}
