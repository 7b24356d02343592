//! Exit statuses, and what an error must say to get one. docs/exit-codes.md is the table.

use std::error::Error;
use std::process::ExitCode;

/// The status a tool leaves with; 0 means that all it was asked to do was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExitStatus(u8);

impl ExitStatus {
    /// Everything that was asked for was done.
    pub const SUCCESS: Self = Self(0);
    /// Wrong usage, unreadable input, or no connection could be made.
    pub const FAILURE: Self = Self(1);
    /// The peer broke the protocol.
    pub const PROTOCOL: Self = Self(2);
    /// mqtt-passwd: the two typed passwords differ.
    pub const MISMATCH: Self = Self(2);
    /// An MQTT 5 broker ended the connection with DISCONNECT.
    pub const DISCONNECTED: Self = Self(4);
    /// The connection was lost before everything was acknowledged.
    pub const LOST: Self = Self(7);
    /// mqtt-passwd: the hash could not be computed.
    pub const HASH: Self = Self(10);
    /// The broker stopped answering within the keep-alive interval.
    pub const KEEP_ALIVE: Self = Self(19);
    /// The broker sent bytes that are no MQTT packet.
    pub const MALFORMED: Self = Self(21);
    /// The broker does not support the QoS asked for.
    pub const QOS_NOT_SUPPORTED: Self = Self(24);
    /// The packet is larger than the broker takes.
    pub const PACKET_TOO_LARGE: Self = Self(25);
    /// The time given with `-W` ran out.
    pub const TIMEOUT: Self = Self(27);

    /// The status for a refusal by the broker: its return or reason code as it came, so that a
    /// script can tell `5` (3.1.1) or `135` (5) "not authorized" apart from the rest.
    #[must_use]
    pub fn from_code(code: u8) -> Self {
        Self(code)
    }

    /// The status of a program that a signal ended, 128 + n, as a shell reports it.
    #[must_use]
    pub fn from_signal(number: u8) -> Self {
        Self(128_u8.saturating_add(number))
    }

    /// The number.
    #[must_use]
    pub fn code(self) -> u8 {
        self.0
    }
}

impl From<ExitStatus> for ExitCode {
    fn from(status: ExitStatus) -> Self {
        Self::from(status.0)
    }
}

/// An error that knows the status it ends the program with.
///
/// Every room's error enum implements it by one `match`, so that nothing is ever decided by
/// looking an error up by type at run time.
pub trait Failure: Error + Send + Sync + 'static {
    /// The exit status this error leads to.
    fn status(&self) -> ExitStatus;

    /// What would help, where something would: one sentence without a full stop.
    fn hint(&self) -> Option<String> {
        None
    }
}
