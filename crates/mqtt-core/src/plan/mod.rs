//! What will be done: everything settled, nothing optional without meaning.
//!
//! `cli` makes a plan from options; the client and the transport carry it out. Nobody changes it
//! on the way or asks which option was given.

mod proxy;
mod reconnect;
mod route;
mod tls;
mod websocket;

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

pub use proxy::{Exceptions, Proxy, ProxyCredentials, ProxyProtocol};
pub use reconnect::{Reconnect, Retries};
pub use route::{Endpoint, Route, Wrapping};
pub use tls::{
    Authentication, Certificates, ClientCertificate, Passphrase, Tls, TlsVersions, Trust,
    Verification,
};
pub use websocket::{Header, WebSocket};

pub use crate::progress::Progress;
use crate::protocol::{Connect, Properties};
pub use crate::stream::Palette;
use crate::stream::Stream;

/// How to reach a broker and what to tell it.
#[derive(Clone, Debug)]
pub struct ConnectPlan {
    /// The way to the broker.
    pub route: Route,
    /// The CONNECT packet.
    pub connect: Connect,
    /// What every DISCONNECT carries with which the tool leaves (MQTT 5).
    pub disconnect: Properties,
    /// At most so many messages of QoS 1 and 2 are unacknowledged at any time.
    pub max_inflight: u16,
    /// The largest packet accepted from the broker, as remaining length in bytes.
    pub max_packet_size: usize,
    /// From the look-up of the name to CONNACK.
    pub connect_timeout: Duration,
    /// What to do without a connection.
    pub reconnect: Reconnect,
    /// The whole run ends after that time.
    pub time_limit: Option<Duration>,
    /// The `-d` lines.
    pub debug: Option<DebugPlan>,
    /// Whether changes of the connection's state are reported on stderr.
    pub notices: Notices,
    /// Who is told what a script need not know.
    pub audience: Audience,
    /// Whether a person is shown how far the work has come.
    pub progress: Progress,
    /// Whether the run ends with a line of numbers.
    pub summary: Summary,
    /// Where the password for CONNECT comes from that it has not got yet.
    pub password: Option<PasswordSource>,
}

/// Where a password comes from that is not among the options.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PasswordSource {
    /// The user is asked for it, and may have none.
    Terminal,
    /// It is the first line of stdin.
    Stdin,
    /// It is the first line of a file.
    File(PathBuf),
    /// It is the first line that a program prints.
    Command(Program),
}

/// A program to run, and its arguments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Program {
    /// Its path, or its name in one of the folders of `PATH`.
    pub name: OsString,
    /// What stands behind it.
    pub arguments: Vec<OsString>,
}

/// Who looks at stderr.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Audience {
    /// Somebody at a terminal who uses us by our own name, and wants to be told.
    Person,
    /// A file, a script, somebody who wants it quiet.
    Script,
}

/// Whether a run ends with a line of numbers on stderr (`--stats`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Summary {
    /// However it ends.
    Printed,
    /// Without.
    Omitted,
}

/// Where the `-d` lines go and how they look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DebugPlan {
    /// The stream.
    pub stream: Stream,
    /// Whether in colour.
    pub palette: Palette,
    /// What becomes of control characters in topics and identifiers.
    pub controls: Controls,
}

/// What becomes of control characters from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Controls {
    /// They stay.
    Raw,
    /// They are spelled out (`\u{1b}`).
    Visible,
}

/// Whether run-time notices and errors are printed (`--quiet` says no).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Notices {
    /// On stderr.
    Shown,
    /// Not at all; the exit status stays.
    Hidden,
}
