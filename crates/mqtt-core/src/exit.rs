//! Exit statuses, and what an error must say to get one. docs/exit-codes.md is the table.

use std::error::Error;
use std::process::ExitCode;

#[cfg(feature = "client")]
use crate::client::ClientError;
#[cfg(feature = "client")]
use crate::plan::Wrapping;
#[cfg(feature = "client")]
use crate::protocol::codec::DecodeError;
#[cfg(feature = "client")]
use crate::protocol::{ProtocolVersion, ReasonCode};
#[cfg(feature = "client")]
use crate::session::{LimitError, SessionError};
#[cfg(feature = "client")]
use crate::signal::Interrupt;
#[cfg(feature = "client")]
use crate::transport::{ProxyError, TransportError, WebSocketError};

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
    /// TLS with the broker failed.
    pub const TLS: Self = Self(8);
    /// mqtt-passwd `--check`: the file has no such user.
    pub const NO_SUCH_USER: Self = Self(3);
    /// mqtt-passwd `--check`: there is no hash in the user's line, or a damaged one.
    pub const NO_HASH: Self = Self(4);
    /// mqtt-passwd `--check`: the hash is of a kind that is not known.
    pub const UNKNOWN_HASH: Self = Self(5);
    /// mqtt-passwd `--check`: the file cannot be read.
    pub const UNREADABLE: Self = Self(6);
    /// mqtt-passwd: the hash could not be computed.
    pub const HASH: Self = Self(10);
    /// The broker asks for an authentication exchange that the tools do not have.
    pub const AUTHENTICATION: Self = Self(11);
    /// The proxy refuses in a way that has no status of its own.
    pub const PROXY_REFUSED: Self = Self(3);
    /// The proxy cannot reach the broker.
    pub const PROXY_UNREACHABLE: Self = Self(4);
    /// The proxy does not allow the connection, or wants another way to log in.
    pub const PROXY_NOT_ALLOWED: Self = Self(11);
    /// The broker's web server does not let us open a WebSocket.
    pub const NO_WEBSOCKET: Self = Self(13);
    /// The proxy fails, or does not take user name and password.
    pub const PROXY: Self = Self(16);
    /// The broker stopped answering within the keep-alive interval.
    pub const KEEP_ALIVE: Self = Self(19);
    /// The broker sent bytes that are no MQTT packet.
    pub const MALFORMED: Self = Self(21);
    /// The broker does not support the QoS asked for.
    pub const QOS_NOT_SUPPORTED: Self = Self(24);
    /// The packet is larger than the broker takes.
    pub const PACKET_TOO_LARGE: Self = Self(25);
    /// `--exec`: the command took too long, as timeout(1) has it.
    pub const COMMAND_TIMEOUT: Self = Self(124);
    /// `--exec`: the command may not be run, as a shell has it.
    pub const COMMAND_NOT_EXECUTABLE: Self = Self(126);
    /// `--exec`: there is no such command, as a shell has it.
    pub const COMMAND_NOT_FOUND: Self = Self(127);
    /// The time given with `-W` ran out.
    pub const TIMEOUT: Self = Self(27);

    /// The status for a refusal by the broker: its return or reason code as it came, so that a
    /// script can tell `5` (3.1.1) or `135` (5) "not authorized" apart from the rest. A refusal
    /// is never a success, whatever its code.
    #[must_use]
    pub fn from_code(code: u8) -> Self {
        if code == 0 { Self::FAILURE } else { Self(code) }
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

/// The one table from what went wrong with a connection to the status.
#[cfg(feature = "client")]
impl Failure for ClientError {
    fn status(&self) -> ExitStatus {
        match self {
            Self::Transport(error) => transport_status(error),
            // The last word: there is no status that they have in common.
            Self::NoCandidate(failures) => {
                failures.last().map_or(ExitStatus::FAILURE, Failure::status)
            }
            Self::Nowhere
            | Self::NoConnAck { .. }
            | Self::System(_)
            | Self::File { .. }
            | Self::PasswordCommand { .. }
            | Self::PasswordFile { .. }
            | Self::Password(_)
            | Self::Console(_)
            | Self::Limit(LimitError::NoPacketId) => ExitStatus::FAILURE,
            Self::Session(error) => match error {
                SessionError::Refused { connack, .. } => ExitStatus::from_code(connack.code),
                SessionError::Disconnected(_) => ExitStatus::DISCONNECTED,
                SessionError::KeepAlive { .. } => ExitStatus::KEEP_ALIVE,
                SessionError::Unexpected(_)
                | SessionError::WrongAcknowledgement(..)
                | SessionError::TopicAlias(_) => ExitStatus::PROTOCOL,
                SessionError::Auth => ExitStatus::AUTHENTICATION,
            },
            Self::Decode { source, .. } => match source {
                DecodeError::Unexpected { .. }
                | DecodeError::ConnAckFlags(_)
                | DecodeError::ReasonCode { .. } => ExitStatus::PROTOCOL,
                DecodeError::Tls => ExitStatus::TLS,
                DecodeError::Mqtt3Broker => {
                    ExitStatus::from_code(ReasonCode::UNSUPPORTED_PROTOCOL_VERSION.0)
                }
                _ => ExitStatus::MALFORMED,
            },
            Self::Lost { .. } | Self::Unanswered { .. } => ExitStatus::LOST,
            Self::Encode(_) | Self::Limit(LimitError::TooLarge { .. }) => {
                ExitStatus::PACKET_TOO_LARGE
            }
            Self::Limit(LimitError::QosNotSupported(_)) => ExitStatus::QOS_NOT_SUPPORTED,
            Self::InterruptedEarly(interrupt) | Self::Interrupted(interrupt) => {
                interrupt_status(*interrupt)
            }
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Transport(error) => error.hint(),
            Self::NoCandidate(failures) => failures.iter().rev().find_map(Failure::hint),
            Self::NoConnAck { wrapping, .. } => {
                let hint = match wrapping {
                    Wrapping::Plain => {
                        "that port (-p) may be for something else than MQTT, or for TLS (--cafile) or \
                         WebSocket (--ws)"
                    }
                    Wrapping::Tls => {
                        "that port (-p) may be for something else than MQTT, or for WebSocket (--ws)"
                    }
                    Wrapping::WebSocket => "the web server may have no broker behind it",
                };
                Some(format!("{hint}; --connect-timeout waits longer"))
            }
            Self::Session(SessionError::Refused { version, connack }) => {
                let hint = match (version, connack.code) {
                    (ProtocolVersion::V5, 0x84) => "try -V mqttv311",
                    (ProtocolVersion::V5, 0x86 | 0x87)
                    | (ProtocolVersion::V311 | ProtocolVersion::V31, 4 | 5) => {
                        "check the user name (-u) and the password (-P); \
                         a broker may also refuse clients that give none"
                    }
                    (ProtocolVersion::V311 | ProtocolVersion::V31, 1) => "try another -V",
                    (ProtocolVersion::V5, 0x85)
                    | (ProtocolVersion::V311 | ProtocolVersion::V31, 2) => {
                        "try another client identifier (-i)"
                    }
                    _ => return None,
                };
                Some(hint.to_owned())
            }
            Self::Session(SessionError::Disconnected(disconnect))
                if disconnect.reason == ReasonCode::SESSION_TAKEN_OVER =>
            {
                Some("another client connected with the same client identifier (-i)".to_owned())
            }
            Self::Decode { source: DecodeError::Tls, .. } => Some(
                "the broker wants TLS on that port: --cafile FILE or --tls-use-os-certs".to_owned(),
            ),
            Self::Decode { source: DecodeError::Http, .. } => Some(
                "that port is a web server's: a broker may have MQTT over WebSocket there (--ws), \
                 and plain MQTT on another one"
                    .to_owned(),
            ),
            Self::Unanswered { .. } => Some(
                "a broker may do that where it wants TLS (--cafile, --tls-use-os-certs), or another \
                 version of MQTT (-V)"
                    .to_owned(),
            ),
            Self::Decode { source: DecodeError::Mqtt3Broker, .. } => {
                Some("try -V mqttv311".to_owned())
            }
            _ => None,
        }
    }
}

/// The status of a run that was ended from outside before it was done.
#[cfg(feature = "client")]
#[must_use]
pub fn interrupt_status(interrupt: Interrupt) -> ExitStatus {
    match interrupt {
        Interrupt::TimeLimit => ExitStatus::TIMEOUT,
        Interrupt::Signal(number) => ExitStatus::from_signal(number),
    }
}

/// The part of the table for ways to the broker.
#[cfg(feature = "client")]
fn transport_status(error: &TransportError) -> ExitStatus {
    match error {
        TransportError::Tls { .. } => ExitStatus::TLS,
        TransportError::Proxy { source, .. } => proxy_status(source),
        TransportError::WebSocket { source, .. } => match source {
            WebSocketError::Closed | WebSocketError::NotHttp | WebSocketError::Stream(_) => {
                ExitStatus::LOST
            }
            WebSocketError::OldHttp
            | WebSocketError::LongAnswer
            | WebSocketError::Refused(_)
            | WebSocketError::Request(_)
            | WebSocketError::Subprotocol
            | WebSocketError::WrongAnswer(_) => ExitStatus::NO_WEBSOCKET,
        },
        _ => ExitStatus::FAILURE,
    }
}

/// The original's statuses for SOCKS; those for HTTP mean the same.
#[cfg(feature = "client")]
fn proxy_status(error: &ProxyError) -> ExitStatus {
    match error {
        ProxyError::Unreachable(error) => transport_status(error),
        ProxyError::Name => ExitStatus::FAILURE,
        ProxyError::NoMethod | ProxyError::Status { code: 403, .. } => {
            ExitStatus::PROXY_NOT_ALLOWED
        }
        ProxyError::Refused(reply) => match reply.0 {
            2 => ExitStatus::PROXY_NOT_ALLOWED,
            3..=5 => ExitStatus::PROXY_UNREACHABLE,
            1 | 6..=8 => ExitStatus::PROXY,
            _ => ExitStatus::PROXY_REFUSED,
        },
        ProxyError::Status { code: 502..=504, .. } => ExitStatus::PROXY_UNREACHABLE,
        ProxyError::Status { .. } | ProxyError::Credentials => ExitStatus::PROXY,
        ProxyError::NotSocks | ProxyError::NotHttp | ProxyError::LongAnswer => ExitStatus::PROTOCOL,
        ProxyError::Closed | ProxyError::Stream(_) => ExitStatus::LOST,
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

#[cfg(all(test, feature = "client"))]
mod tests {
    use super::*;
    use crate::protocol::{ConnAck, Properties};

    fn refused(version: ProtocolVersion, code: u8) -> ClientError {
        let connack = ConnAck { session_present: false, code, properties: Properties::new() };
        ClientError::Session(SessionError::Refused { version, connack })
    }

    // The numbers of MQTT 3 mean nothing in MQTT 5, and the other way round.
    #[test]
    fn a_refusal_is_explained_by_the_codes_of_its_version() {
        use ProtocolVersion::{V5, V31, V311};
        for (word, of_mqtt_3, of_mqtt_5) in
            [("-V", 1, 0x84), ("identifier (-i)", 2, 0x85), ("(-u)", 4, 0x86), ("(-u)", 5, 0x87)]
        {
            for (version, code, other) in [
                (V31, of_mqtt_3, of_mqtt_5),
                (V311, of_mqtt_3, of_mqtt_5),
                (V5, of_mqtt_5, of_mqtt_3),
            ] {
                let hint = refused(version, code).hint().unwrap_or_default();
                assert!(hint.contains(word), "{version:?} {code}: {hint}");
                assert_eq!(refused(version, other).hint(), None, "{version:?} {other}");
                assert_eq!(refused(version, other).status().code(), other);
            }
        }
    }
}
