//! What a session needs to know from the start.

use crate::protocol::{ProtocolVersion, Text};

/// What a session needs to know from the start.
#[derive(Clone, Debug)]
pub struct SessionConfig {
    /// Version of the protocol.
    pub version: ProtocolVersion,
    /// Whether CONNECT asked for a clean start.
    pub clean_start: bool,
    /// May be empty: the broker then assigns one (MQTT 5 says which).
    pub client_id: Text,
    /// Keep-alive interval in seconds; 0 is off.
    pub keep_alive: u16,
    /// At most so many messages of QoS 1 and 2 are unacknowledged at any time.
    pub max_inflight: u16,
    /// The largest topic alias the broker may use (what CONNECT announced).
    pub topic_alias_maximum: u16,
}
