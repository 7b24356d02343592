//! Until when somebody has time to answer.

use std::future::Future;
use std::time::Duration;

use tokio::time::{Instant, timeout_at};

/// A moment, and how long it was until then when waiting began.
#[derive(Clone, Copy, Debug)]
pub struct Deadline {
    at: Instant,
    limit: Duration,
}

impl Deadline {
    /// So long from now on.
    #[must_use]
    pub fn within(limit: Duration) -> Self {
        Self { at: Instant::now() + limit, limit }
    }

    /// What the first of so many has, who share what is left of the time.
    #[must_use]
    pub fn part_of(self, many: usize) -> Self {
        Self::within(part(self.at.saturating_duration_since(Instant::now()), many))
    }

    /// Waits for `work`; in vain gives how long that was.
    pub async fn wait_for<T>(self, work: impl Future<Output = T>) -> Result<T, Duration> {
        timeout_at(self.at, work).await.map_err(|_| self.limit)
    }
}

fn part(left: Duration, many: usize) -> Duration {
    left / u32::try_from(many).unwrap_or(u32::MAX).max(1)
}

/// A time limit in words: to a tenth of a second, below one second to a thousandth.
#[must_use]
pub fn in_seconds(limit: Duration) -> String {
    let seconds = limit.as_secs_f64();
    let digits = if seconds < 0.95 { 3 } else { 1 };
    let text = format!("{seconds:.digits$}");
    format!("{} s", text.trim_end_matches('0').trim_end_matches('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_is_told_without_what_nobody_wants_to_know() {
        for (millis, text) in [
            (1000, "1 s"),
            (999, "1 s"),
            (14_998, "15 s"),
            (2500, "2.5 s"),
            (500, "0.5 s"),
            (20, "0.02 s"),
            (333, "0.333 s"),
            (30_000, "30 s"),
            (0, "0 s"),
        ] {
            assert_eq!(in_seconds(Duration::from_millis(millis)), text);
        }
    }

    #[test]
    fn what_is_left_is_for_those_who_are_left() {
        let left = Duration::from_secs(30);
        for (many, seconds) in [(3, 10), (2, 15), (1, 30), (0, 30)] {
            assert_eq!(part(left, many), Duration::from_secs(seconds));
        }
    }

    #[tokio::test]
    async fn a_part_begins_when_it_is_asked_for() {
        let whole = Deadline::within(Duration::from_hours(1));
        let silence = std::future::pending::<()>();
        let over = Deadline::within(Duration::ZERO);
        assert_eq!(over.part_of(1).wait_for(silence).await, Err(Duration::ZERO));
        assert!(whole.part_of(1).limit <= whole.limit);
        assert_eq!(whole.wait_for(async { 1 }).await, Ok(1));
    }
}
