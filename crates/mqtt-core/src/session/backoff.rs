//! How long to wait before the next attempt to connect.

use std::time::Duration;

const FIRST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_secs(30);

/// Doubling delays: 1 s, 2 s, … 30 s, each shortened by up to a quarter at random, so that many
/// clients of a broker that restarts do not all come back in the same instant.
#[derive(Debug)]
pub struct Backoff {
    next: Duration,
}

impl Backoff {
    /// Starts at one second.
    #[must_use]
    pub fn new() -> Self {
        Self { next: FIRST }
    }

    /// The next delay; `random` is any number, evenly distributed.
    pub fn delay(&mut self, random: u16) -> Duration {
        let delay = self.next;
        self.next = (delay * 2).min(LONGEST);
        // The first attempt comes after one second sharp, as with the originals.
        if delay == FIRST {
            return delay;
        }
        delay.saturating_sub(delay.mul_f64(f64::from(random) / f64::from(u16::MAX) / 4.0))
    }
}

impl Default for Backoff {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubles_from_one_second_to_thirty() {
        let mut backoff = Backoff::new();
        let delays: Vec<_> = (0..7).map(|_| backoff.delay(0).as_secs()).collect();
        assert_eq!(delays, [1, 2, 4, 8, 16, 30, 30]);
    }

    #[test]
    fn takes_off_up_to_a_quarter() {
        let mut backoff = Backoff::new();
        backoff.delay(0);
        assert_eq!(backoff.delay(u16::MAX), Duration::from_millis(1500));
    }
}
