//! How much a packet can carry.

/// The longest text or binary datum, such as a name, a topic or a password, in bytes: its length
/// has two of them (MQTT 5 §1.5.4, §1.5.6).
pub const MAX_FIELD: usize = 65_535;
