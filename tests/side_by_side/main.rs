//! Our tools under the originals' names, side by side with Debian's clients.
//!
//! Each [`case`] gives both the same words, input and [`broker`], and compares every field of
//! every packet ([`decode`]), stdout byte for byte and the exit status. What is said on stderr is
//! in our own words by design and not compared.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a panic is how a test fails")]

/// The scripted broker.
mod broker;
/// What is compared.
mod case;
/// What a client sent.
mod decode;
/// What is right where the original is not.
mod expected;
/// Which rows of the reference are shown.
mod ledger;
/// What a run was seen to do.
mod seen;
/// A unix socket in front of the broker.
mod socket;
/// The versions of the protocol.
mod version;
/// A command line in one string.
mod words;

/// How a connection is asked for: the fields of CONNECT and its answers.
mod connect;
/// Command lines as people use them, at a real broker.
mod corpus;
/// What `-d` prints.
mod debug_lines;
/// Ways to the broker.
mod endpoint;
/// How long a session outlives its connection.
mod expiry;
/// `-F`.
mod formats;
/// What is finished before a subscriber leaves.
mod leaving;
/// The user's options file and `-o`.
mod option_files;
/// `-D`.
mod properties;
/// What a broker must not send.
mod protocol_errors;
/// What mosquitto_pub publishes.
mod publish;
/// Retained messages, and the subscriber's other ways to choose and to show.
mod retained;
/// What ends the tools from outside.
mod signals;
/// What mosquitto_sub asks for and writes.
mod subscribe;
/// `-L`.
mod url;
/// Wrong usage.
mod usage;
/// Wills.
mod will;
