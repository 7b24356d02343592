//! Why a run of the client failed.

use std::ffi::OsString;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use super::password::PasswordCommandError;
use super::redirect;
use super::write_queue::WriteError;
use crate::console::ConsoleError;
use crate::plan::{Endpoint, Route, Wrapping};
use crate::protocol::codec::{DecodeError, EncodeError};
use crate::protocol::{ProtocolVersion, ReasonCode};
use crate::session::{LimitError, SessionError};
use crate::signal::Interrupt;
use crate::transport::{TransportError, in_seconds};

/// The return code of MQTT 3 that a broker gives while it starts or stops (§3.2.2.3).
const SERVER_UNAVAILABLE: u8 = 3;

/// Why a run of the client failed.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// No connection could be made.
    #[error(transparent)]
    Transport(#[from] TransportError),
    /// None of several candidates let us in; at least two.
    #[error("no broker can be reached: {}", in_a_row(.0))]
    NoCandidate(Vec<ClientError>),
    /// There is nobody to connect to.
    #[error("there is no broker to connect to")]
    Nowhere,
    /// The broker did not answer CONNECT within the time limit.
    #[error("no answer to CONNECT from {endpoint} within {}", in_seconds(*.limit))]
    NoConnAck {
        /// The broker.
        endpoint: Endpoint,
        /// The limit, from the look-up of its name on.
        limit: Duration,
        /// What CONNECT went out in.
        wrapping: Wrapping,
    },
    /// The broker refused, left, or broke the protocol.
    #[error(transparent)]
    Session(#[from] SessionError),
    /// The broker sent bytes that are no packet.
    #[error("{endpoint} sent what it must not")]
    Decode {
        /// The broker.
        endpoint: Endpoint,
        /// What is wrong with them.
        source: DecodeError,
    },
    /// The connection broke.
    #[error("the connection to {endpoint} was lost{}", if .source.is_some() { "" } else { ": the broker closed it" })]
    Lost {
        /// The broker.
        endpoint: Endpoint,
        /// `None`: the broker closed it.
        source: Option<io::Error>,
    },
    /// The connection broke before CONNACK, and there was nothing but MQTT in it.
    #[error("the connection to {endpoint} was lost{}", if .source.is_some() { "" } else { ": the broker closed it" })]
    Unanswered {
        /// The broker.
        endpoint: Endpoint,
        /// `None`: the broker closed it.
        source: Option<io::Error>,
    },
    /// A packet cannot be written.
    #[error(transparent)]
    Encode(#[from] EncodeError),
    /// A message or a request is not for this broker.
    #[error(transparent)]
    Limit(#[from] LimitError),
    /// A file could not be read while it was being sent.
    #[error("cannot send the rest of '{}', the message is incomplete and the connection was cut", .path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The file with the password cannot be read.
    #[error("cannot read '{}' (--password-file)", .path.display())]
    PasswordFile {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The program that prints the password did not.
    #[error("no password from '{}' (--password-command)", .program.display())]
    PasswordCommand {
        /// The program.
        program: OsString,
        /// Why.
        source: PasswordCommandError,
    },
    /// The password cannot be read from stdin or the terminal.
    #[error("cannot read the password")]
    Password(#[source] io::Error),
    /// Output could not be written.
    #[error(transparent)]
    Console(#[from] ConsoleError),
    /// A signal or the time limit came before the broker let us in.
    #[error("{}", match .0 {
        Interrupt::TimeLimit => "timed out before the broker answered".to_owned(),
        Interrupt::Signal(_) => .0.to_string(),
    })]
    InterruptedEarly(Interrupt),
    /// A signal or the time limit, and there was no time left to finish.
    #[error("{0}")]
    Interrupted(Interrupt),
    /// The operating system refused something that is always there.
    #[error("cannot start")]
    System(#[source] io::Error),
}

impl ClientError {
    /// Whether the broker was reached and said nothing.
    pub(super) fn is_silence(&self) -> bool {
        match self {
            Self::NoConnAck { .. } | Self::Lost { .. } | Self::Unanswered { .. } => true,
            Self::Transport(error) => error.is_reset(),
            Self::NoCandidate(failures) => failures.iter().any(Self::is_silence),
            _ => false,
        }
    }

    /// Whether another connection may go better. What the broker says about us or our messages, and
    /// bytes that are no MQTT, would come again on every connection.
    pub(super) fn may_pass(&self) -> bool {
        match self {
            Self::Transport(_)
            | Self::NoConnAck { .. }
            | Self::Lost { .. }
            | Self::Unanswered { .. } => true,
            Self::NoCandidate(failures) => failures.iter().any(Self::may_pass),
            Self::Session(error) => match error {
                SessionError::KeepAlive { .. } => true,
                SessionError::Disconnected(disconnect) => !disconnect.reason.is_lasting(),
                SessionError::Refused { version: ProtocolVersion::V5, connack } => {
                    !ReasonCode(connack.code).is_lasting()
                }
                SessionError::Refused { connack, .. } => connack.code == SERVER_UNAVAILABLE,
                _ => false,
            },
            _ => false,
        }
    }

    /// Whether it lies with this one broker, so that another candidate may let us in. What it has
    /// against us (user, client identifier, version), every member of a cluster has.
    pub(super) fn is_of_one_broker(&self) -> bool {
        match self {
            Self::Transport(_)
            | Self::NoConnAck { .. }
            | Self::Lost { .. }
            | Self::Unanswered { .. } => true,
            Self::Decode { source, .. } => !matches!(source, DecodeError::Mqtt3Broker),
            Self::Session(error) => match error {
                SessionError::Refused { version: ProtocolVersion::V5, connack } => {
                    // Where it refers us to, we go first.
                    ReasonCode(connack.code).is_of_one_server()
                        && redirect::reference(self).is_none()
                }
                SessionError::Refused { connack, .. } => connack.code == SERVER_UNAVAILABLE,
                SessionError::Disconnected(disconnect) => disconnect.reason.is_of_one_server(),
                SessionError::Auth => false,
                _ => true,
            },
            _ => false,
        }
    }

    /// What came of candidates that all failed.
    pub(super) fn of_candidates(mut failures: Vec<Self>) -> Self {
        match failures.pop() {
            None => Self::Nowhere,
            Some(only) if failures.is_empty() => only,
            Some(last) => {
                failures.push(last);
                Self::NoCandidate(failures)
            }
        }
    }

    /// The reason code that tells an MQTT 5 broker why we leave; `None` where it is not to blame
    /// or gone.
    pub(super) fn reason(&self) -> Option<ReasonCode> {
        match self {
            Self::Session(error) => error.reason(),
            Self::Decode { source: DecodeError::TooLong { .. }, .. } => {
                Some(ReasonCode::PACKET_TOO_LARGE)
            }
            Self::Decode {
                source:
                    DecodeError::Unexpected { .. }
                    | DecodeError::ConnAckFlags(_)
                    | DecodeError::ReasonCode { .. },
                ..
            } => Some(ReasonCode::PROTOCOL_ERROR),
            Self::Decode { source: DecodeError::Tls | DecodeError::Http, .. } => None,
            Self::Decode { .. } => Some(ReasonCode::MALFORMED_PACKET),
            _ => None,
        }
    }

    /// The error and its causes on one line.
    pub(super) fn with_causes(&self) -> String {
        let mut text = self.to_string();
        let mut cause = std::error::Error::source(self);
        while let Some(error) = cause {
            text.push_str(": ");
            text.push_str(&error.to_string());
            cause = error.source();
        }
        text
    }

    /// The stream broke: the fault of a wrapper such as TLS, or of the connection below.
    pub(super) fn lost(endpoint: &Endpoint, error: io::Error) -> Self {
        match TransportError::of_stream(endpoint, error) {
            Ok(failure) => Self::Transport(failure),
            Err(source) => Self::Lost { endpoint: endpoint.clone(), source: Some(source) },
        }
    }

    /// The same, for what happened before CONNACK on a way like this.
    pub(super) fn before_connack(self, route: &Route) -> Self {
        match self {
            Self::Lost { endpoint, source } if route.wrapping() == Wrapping::Plain => {
                Self::Unanswered { endpoint, source }
            }
            other => other,
        }
    }

    pub(super) fn from_write(endpoint: &Endpoint, error: WriteError) -> Self {
        match error {
            WriteError::Stream(source) => Self::lost(endpoint, source),
            WriteError::File(file, source) => Self::File { path: file.path().to_owned(), source },
        }
    }
}

/// Errors with their causes, in a row.
fn in_a_row(failures: &[ClientError]) -> String {
    failures.iter().map(ClientError::with_causes).collect::<Vec<_>>().join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_cuts_a_connection_at_once_was_reached_and_who_refuses_it_was_not() {
        let failure = |kind: io::ErrorKind| {
            let endpoint = Endpoint::Tcp { host: "broker".to_owned(), port: 1 };
            ClientError::from(TransportError::Connect { endpoint, source: kind.into() })
        };
        assert!(failure(io::ErrorKind::ConnectionReset).is_silence());
        assert!(!failure(io::ErrorKind::ConnectionRefused).is_silence());
        assert!(!failure(io::ErrorKind::HostUnreachable).is_silence());
    }

    #[test]
    fn without_candidates_there_is_nowhere_to_go() {
        let error = ClientError::of_candidates(Vec::new());
        assert!(matches!(error, ClientError::Nowhere), "{error}");
        assert!(!error.may_pass());
    }
}
