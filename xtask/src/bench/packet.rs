//! The few packets of MQTT 3.1.1 that the peer and the bare loops write.

/// The topic of all messages.
pub(super) const TOPIC: &str = "bench/message";

/// A CONNECT without anything that can be left out.
pub(super) const CONNECT: [u8; 14] = [0x10, 12, 0, 4, b'M', b'Q', b'T', b'T', 4, 2, 0, 60, 0, 0];

/// A SUBSCRIBE to everything, at QoS 2.
pub(super) const SUBSCRIBE: [u8; 8] = [0x82, 6, 0, 1, 0, 1, b'#', 2];

/// A DISCONNECT.
pub(super) const DISCONNECT: [u8; 2] = [0xe0, 0];

/// Whether a message is marked as retained.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kept {
    /// It is one of many.
    Live,
    /// It was waiting.
    Retained,
}

/// Appends a PUBLISH up to its payload.
pub(super) fn publish_header(block: &mut Vec<u8>, qos: u8, kept: Kept, id: u16, payload: usize) {
    let id_length = if qos == 0 { 0 } else { 2 };
    let mut remaining = 2 + TOPIC.len() + id_length + payload;
    block.push(0x30 | (qos << 1) | u8::from(kept == Kept::Retained));
    while remaining > 0x7f {
        block.push(0x80 | u8::try_from(remaining & 0x7f).unwrap_or(0));
        remaining >>= 7;
    }
    block.push(u8::try_from(remaining).unwrap_or(0));
    block.extend(u16::try_from(TOPIC.len()).unwrap_or(0).to_be_bytes());
    block.extend_from_slice(TOPIC.as_bytes());
    if qos > 0 {
        block.extend(id.to_be_bytes());
    }
}

/// Appends a PUBLISH with a payload of that length.
pub(super) fn publish(block: &mut Vec<u8>, qos: u8, kept: Kept, id: u16, payload: usize) {
    publish_header(block, qos, kept, id, payload);
    block.resize(block.len() + payload, b'x');
}
