//! What the tests share.
//!
//! - [`tool`] runs one of our binaries, under its own name or the original's.
//! - [`certificates`] makes certificates for TLS, good ones and bad ones.
//! - [`mosquitto`] runs Debian's broker as an ordinary process on a free loopback port.
//! - [`proxy`] runs real SOCKS and HTTP proxies in the same way.
//! - [`dns`] answers for names that no other server knows.
//! - [`scripted_peer`] plays exact bytes and records exact bytes, for what no broker will do.
//! - [`middleman`] stands between a tool and a broker and does harm to the connection.
//! - [`faults`] has the faults that the tools survive, for tests and for `cargo xtask soak`.
//! - [`frames`] makes packets of a stream of bytes.
//! - [`tls_front`] puts TLS in front of such a peer.
//! - [`websocket`] is the server's side of a WebSocket over such a peer.
//! - [`packet`] has the bytes of MQTT packets for such scripts, written down from the
//!   specification and not from our own encoder.
//! - [`options`] says what is wrong with the descriptions of a tool's options.
//! - [`generated`] makes man pages and completions from them, and compares.
//! - [`passwords`] lets mqtt-passwd work in a folder, and kills it.
//! - [`terminal`] is a terminal for what a tool writes.
//! - [`patience`] is how long any of them waits for something that should happen.
//!
//! Nothing here waits for time to pass: everything waits for what it needs to see, and ends the
//! test with a panic that says what it did not see.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::missing_panics_doc,
    reason = "a panic is how a test fails, and every function here may fail the test"
)]

pub mod certificates;
pub mod dns;
pub mod faults;
pub mod frames;
pub mod generated;
pub mod middleman;
pub mod mosquitto;
pub mod options;
pub mod packet;
pub mod passwords;
pub mod patience;
pub mod proxy;
pub mod scripted_peer;
pub mod terminal;
pub mod tls_front;
pub mod tool;
pub mod websocket;
