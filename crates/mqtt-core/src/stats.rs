//! What a run comes to in numbers (`--stats`).

use std::fmt;
use std::time::Duration;

/// Messages, and the bytes of their payloads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// How many messages.
    pub messages: u64,
    /// How many bytes of payload in all of them.
    pub bytes: u64,
}

impl Totals {
    /// One more message, with a payload of that length.
    #[inline]
    pub fn add(&mut self, length: usize) {
        self.messages += 1;
        self.bytes += u64::try_from(length).unwrap_or(u64::MAX);
    }

    /// One message less, with a payload of that length.
    pub fn take(&mut self, length: usize) {
        self.messages -= 1;
        self.bytes -= u64::try_from(length).unwrap_or(u64::MAX);
    }
}

/// What went through, and in what time. Its text is one line of stable words, which
/// docs/output-formats.md promises.
#[derive(Clone, Copy, Debug)]
pub struct Stats {
    /// What went through.
    pub totals: Totals,
    /// From before the connection to after it.
    pub duration: Duration,
}

impl fmt::Display for Stats {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Totals { messages, bytes } = self.totals;
        // The shortest time that is told, so that there is a rate.
        let duration = self.duration.max(Duration::from_millis(1));
        let (seconds, millis) = (duration.as_secs(), duration.subsec_millis());
        let rate = u128::from(messages) * 1000 / duration.as_millis();
        write!(f, "stats: {messages} messages, {bytes} bytes, {seconds}.{millis:03} s, ")?;
        write!(f, "{rate} messages/s")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_is_made_of_stable_words() {
        let mut totals = Totals::default();
        let line =
            |totals, millis| Stats { totals, duration: Duration::from_millis(millis) }.to_string();
        assert_eq!(line(totals, 0), "stats: 0 messages, 0 bytes, 0.001 s, 0 messages/s");
        totals.add(3);
        totals.add(42);
        assert_eq!(line(totals, 250), "stats: 2 messages, 45 bytes, 0.250 s, 8 messages/s");
        let many = Totals { messages: 1_000_000, bytes: 45_000_000 };
        let text = "stats: 1000000 messages, 45000000 bytes, 3600.000 s, 277 messages/s";
        assert_eq!(line(many, 3_600_000), text);
    }
}
