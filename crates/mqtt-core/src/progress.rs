//! How far the work has come, on a line of the terminal that is written anew in place.
//!
//! It is for a person who waits: it appears only after a while, and is gone before the end. This
//! room makes bytes for a terminal; others bring them there, and know when.
//!
//! The numbers are indicatif's. Its bars are not used: they write to the terminal themselves, past
//! the console and its order, and would make each tool 80 KB larger.

use std::fmt;
use std::time::{Duration, Instant};

use indicatif::{HumanBytes, HumanCount, HumanDuration};

use crate::invocation::Behaviour;
use crate::stream::Stream;

/// Nobody waits for what is done sooner.
const PATIENCE: Duration = Duration::from_secs(1);

/// From one look at the work to the next.
const INTERVAL: Duration = Duration::from_millis(200);

/// To the beginning of the row, and nothing behind it.
const CLEAR: &str = "\r\x1b[K";

/// Whether there is such a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// On stderr, which is a terminal that can write a line anew.
    Shown,
    /// There is none.
    Hidden,
}

impl Progress {
    /// What a tool can show that was called like that, as long as nothing else is written there.
    #[must_use]
    pub fn possible(behaviour: Behaviour) -> Self {
        let is_dumb = || std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        match behaviour {
            Behaviour::Own if Stream::Stderr.is_terminal() && !is_dumb() => Self::Shown,
            Behaviour::Own | Behaviour::Original => Self::Hidden,
        }
    }
}

/// How far the work has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HowFar {
    /// What is counted.
    pub unit: Unit,
    /// How much of it is done.
    pub done: u64,
    /// Of how much; `None` where nobody knows.
    pub total: Option<u64>,
    /// How many messages the broker has not acknowledged, where it is to.
    pub unacknowledged: Option<u64>,
}

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "what they are called")]
pub enum Unit {
    Bytes,
    Lines,
    Messages,
}

/// Says when the line is to be written, and what.
#[derive(Debug)]
pub struct Meter {
    started: Instant,
    due: Instant,
    /// What is on the terminal, if it is not cleared.
    line: String,
}

impl Meter {
    /// For work that begins now.
    #[must_use]
    pub fn new(now: Instant) -> Self {
        Self { started: now, due: now + PATIENCE, line: String::new() }
    }

    /// When the line is to be written next.
    #[must_use]
    pub fn due(&self) -> Instant {
        self.due
    }

    /// What writes the line, or writes it anew, on a terminal of so many columns.
    pub fn draw(&mut self, how_far: HowFar, now: Instant, columns: usize) -> String {
        self.due = now + INTERVAL;
        self.line = Line { how_far, elapsed: now - self.started }.to_string();
        // In the last column some terminals begin a new row, where nobody would clear this one.
        self.line.truncate(columns.saturating_sub(1));
        format!("{CLEAR}{}", self.line)
    }

    /// What writes `text`, which ends with a newline, where the line is; the line is below it then.
    #[must_use]
    pub fn above(&self, text: &str) -> String {
        if self.line.is_empty() { text.to_owned() } else { format!("{CLEAR}{text}{}", self.line) }
    }

    /// What takes the line away.
    pub fn clear(&mut self) -> &'static str {
        if std::mem::take(&mut self.line).is_empty() { "" } else { CLEAR }
    }
}

/// The words of the line: ASCII, so that each byte is a column.
struct Line {
    how_far: HowFar,
    elapsed: Duration,
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let HowFar { unit, done, total, unacknowledged } = self.how_far;
        match unit {
            Unit::Bytes => write!(f, "{}", HumanBytes(done))?,
            Unit::Lines | Unit::Messages => write!(f, "{}", HumanCount(done))?,
        }
        match (unit, total) {
            (Unit::Bytes, Some(total)) => write!(f, " of {}", HumanBytes(total))?,
            (_, Some(total)) => write!(f, " of {}", HumanCount(total))?,
            (_, None) => {}
        }
        match unit {
            Unit::Bytes => write!(f, ", {}/s", HumanBytes(self.rate()))?,
            Unit::Lines => write!(f, " lines, {}/s", HumanCount(self.rate()))?,
            Unit::Messages => write!(f, " messages, {}/s", HumanCount(self.rate()))?,
        }
        if let Some(left) = self.left() {
            write!(f, ", {:#} left", HumanDuration(left))?;
        }
        match unacknowledged {
            Some(count) => write!(f, ", {} unacknowledged", HumanCount(count)),
            None => Ok(()),
        }
    }
}

impl Line {
    /// In a second, since the beginning.
    fn rate(&self) -> u64 {
        let rate = u128::from(self.how_far.done) * 1000 / self.elapsed.as_millis().max(1);
        u64::try_from(rate).unwrap_or(u64::MAX)
    }

    /// The time that the rest takes, if it goes on like that.
    fn left(&self) -> Option<Duration> {
        let HowFar { done, total, .. } = self.how_far;
        let rest = u128::from(total?.saturating_sub(done));
        let millis = rest.checked_mul(self.elapsed.as_millis())?.checked_div(done.into())?;
        u64::try_from(millis).ok().map(Duration::from_millis)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(how_far: HowFar, seconds: u64) -> String {
        Line { how_far, elapsed: Duration::from_secs(seconds) }.to_string()
    }

    #[test]
    fn a_line_says_how_much_how_fast_and_how_long() {
        let lines = HowFar { unit: Unit::Lines, done: 0, total: None, unacknowledged: None };
        assert_eq!(line(lines, 1), "0 lines, 0/s");
        let lines = HowFar { done: 12_345, unacknowledged: Some(1000), ..lines };
        assert_eq!(line(lines, 10), "12,345 lines, 1,234/s, 1,000 unacknowledged");
        let lines = HowFar { total: Some(24_690), unacknowledged: None, ..lines };
        assert_eq!(line(lines, 10), "12,345 of 24,690 lines, 1,234/s, 10s left");
        let (unit, mebibyte) = (Unit::Bytes, 1024 * 1024);
        let bytes = HowFar { unit, done: 3 * mebibyte, total: Some(63 * mebibyte), ..lines };
        assert_eq!(line(bytes, 12), "3.00 MiB of 63.00 MiB, 256.00 KiB/s, 4m left");
        let none = HowFar { done: 0, total: Some(5000), unit: Unit::Messages, ..lines };
        assert_eq!(line(none, 1), "0 of 5,000 messages, 0/s");
        let all = HowFar { done: 5000, ..none };
        assert_eq!(line(all, 1), "5,000 of 5,000 messages, 5,000/s, 0s left");
    }

    #[test]
    fn what_is_too_much_for_anyone_is_no_panic() {
        let done = u64::MAX;
        let all = HowFar { unit: Unit::Bytes, done, total: Some(1), unacknowledged: None };
        assert!(line(all, 0).ends_with("/s, 0s left"));
        let one = HowFar { done: 1, total: Some(u64::MAX), ..all };
        assert_eq!(line(one, u64::MAX), "1 B of 16.00 EiB, 0 B/s");
    }

    #[test]
    fn other_text_comes_above_the_line() {
        let now = Instant::now();
        let mut meter = Meter::new(now);
        assert_eq!((&*meter.above("a\n"), meter.clear()), ("a\n", ""));
        let how_far = HowFar { unit: Unit::Lines, done: 1, total: None, unacknowledged: None };
        let drawn = meter.draw(how_far, now + PATIENCE, 80);
        assert_eq!(drawn, "\r\x1b[K1 lines, 1/s");
        assert_eq!(meter.above("a\n"), "\r\x1b[Ka\n1 lines, 1/s");
        assert_eq!((meter.clear(), meter.clear()), (CLEAR, ""));
    }

    #[test]
    fn a_narrow_terminal_gets_a_part_of_the_line() {
        let now = Instant::now();
        let how_far = HowFar { unit: Unit::Lines, done: 1, total: None, unacknowledged: None };
        for (columns, shown) in [(13, "1 lines, 1/s"), (12, "1 lines, 1/"), (1, ""), (0, "")] {
            let drawn = Meter::new(now).draw(how_far, now + PATIENCE, columns);
            assert_eq!(drawn, format!("{CLEAR}{shown}"), "{columns}");
        }
    }
}
