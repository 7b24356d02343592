//! When to send PINGREQ, and when to give the broker up (§3.1.2.10).

use std::time::{Duration, Instant};

use super::Reading;

/// The keep-alive clock of one connection.
#[derive(Debug)]
pub(super) struct KeepAlive {
    /// `None`: off.
    interval: Option<Duration>,
    last_sent: Instant,
    last_received: Instant,
    pinged: Option<Instant>,
    reading: Reading,
}

/// What the clock asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Due {
    Nothing,
    Ping,
    /// Nothing came for a whole interval, this one, after a PINGREQ.
    GivenUp(Duration),
}

impl KeepAlive {
    /// `seconds` 0 is off.
    pub(super) fn new(seconds: u16, now: Instant) -> Self {
        let interval = (seconds > 0).then(|| Duration::from_secs(u64::from(seconds)));
        Self { interval, last_sent: now, last_received: now, pinged: None, reading: Reading::On }
    }

    /// `waiting` bytes are still to go. While there are any, the PINGREQ may be among them, and the
    /// broker cannot answer it yet: a large payload on a slow line is no silence.
    pub(super) fn sent(&mut self, now: Instant, waiting: usize) {
        self.last_sent = now;
        if waiting > 0 && self.pinged.is_some() {
            self.pinged = Some(now);
        }
    }

    pub(super) fn received(&mut self, now: Instant) {
        self.last_received = now;
        self.pinged = None;
    }

    /// While our own output is stuck, nothing is read and the PINGRESP lies unread behind other
    /// packets: pings go on, so that the broker keeps us, but a missing answer means nothing.
    pub(super) fn set_reading(&mut self, reading: Reading, now: Instant) {
        if reading == Reading::On && self.reading == Reading::Off && self.pinged.is_some() {
            self.pinged = Some(now);
        }
        self.reading = reading;
    }

    /// When [`Self::due`] must be asked next.
    pub(super) fn deadline(&self) -> Option<Instant> {
        let interval = self.interval?;
        let ping = match self.pinged {
            None => self.last_sent.min(self.last_received) + interval,
            // Not from `pinged`, which may have been put off: the broker counts what it gets.
            Some(_) => self.last_sent + interval,
        };
        match self.pinged {
            Some(pinged) if self.reading == Reading::On => Some(ping.min(pinged + interval)),
            _ => Some(ping),
        }
    }

    pub(super) fn due(&mut self, now: Instant) -> Due {
        let Some(interval) = self.interval else {
            return Due::Nothing;
        };
        match self.pinged {
            Some(pinged) if self.reading == Reading::On && now >= pinged + interval => {
                Due::GivenUp(interval)
            }
            _ if self.deadline().is_some_and(|deadline| now >= deadline) => {
                self.pinged.get_or_insert(now);
                self.last_sent = now;
                Due::Ping
            }
            _ => Due::Nothing,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn pings_when_nothing_was_sent_or_nothing_received_for_the_interval() {
        let start = Instant::now();
        let mut clock = KeepAlive::new(5, start);
        clock.sent(start + 4 * SECOND, 0);
        assert_eq!(clock.deadline(), Some(start + 5 * SECOND));
        assert_eq!(clock.due(start + 4 * SECOND), Due::Nothing);
        assert_eq!(clock.due(start + 5 * SECOND), Due::Ping);
    }

    #[test]
    fn gives_up_when_nothing_answers_a_ping_for_the_interval() {
        let start = Instant::now();
        let mut clock = KeepAlive::new(5, start);
        assert_eq!(clock.due(start + 5 * SECOND), Due::Ping);
        assert_eq!(clock.due(start + 9 * SECOND), Due::Nothing);
        assert_eq!(clock.due(start + 10 * SECOND), Due::GivenUp(5 * SECOND));
    }

    #[test]
    fn an_answer_starts_the_interval_anew() {
        let start = Instant::now();
        let mut clock = KeepAlive::new(5, start);
        assert_eq!(clock.due(start + 5 * SECOND), Due::Ping);
        clock.received(start + 6 * SECOND);
        assert_eq!(clock.deadline(), Some(start + 10 * SECOND));
    }

    #[test]
    fn goes_on_pinging_but_never_gives_up_while_reading_is_paused() {
        let start = Instant::now();
        let mut clock = KeepAlive::new(5, start);
        clock.set_reading(Reading::Off, start);
        for round in 1..10 {
            assert_eq!(clock.deadline(), Some(start + 5 * round * SECOND));
            assert_eq!(clock.due(start + 5 * round * SECOND), Due::Ping);
        }
        clock.set_reading(Reading::On, start + 50 * SECOND);
        assert_eq!(clock.due(start + 50 * SECOND), Due::Ping);
        assert_eq!(clock.due(start + 54 * SECOND), Due::Nothing);
        assert_eq!(clock.due(start + 55 * SECOND), Due::GivenUp(5 * SECOND));
    }

    #[test]
    fn a_ping_behind_a_large_payload_is_not_expected_to_be_answered() {
        let start = Instant::now();
        let mut clock = KeepAlive::new(5, start);
        assert_eq!(clock.due(start + 5 * SECOND), Due::Ping);
        for second in 6..60 {
            clock.sent(start + second * SECOND, 1_000_000);
            assert_ne!(clock.due(start + second * SECOND), Due::GivenUp(5 * SECOND));
        }
        clock.sent(start + 60 * SECOND, 0);
        assert_eq!(clock.due(start + 64 * SECOND), Due::GivenUp(5 * SECOND));
    }

    #[test]
    fn zero_is_off() {
        let start = Instant::now();
        let mut clock = KeepAlive::new(0, start);
        assert_eq!(clock.deadline(), None);
        assert_eq!(clock.due(start + 100_000 * SECOND), Due::Nothing);
    }
}
