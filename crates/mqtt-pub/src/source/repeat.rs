//! One message, several times: the next one a delay after the last was completed.

use std::time::Duration;

use mqtt_core::payload::Payload;
use tokio::time::{Instant, sleep_until};

use super::{Extent, Stopped};
use crate::plan::Repeat;

/// A longer pause is one that nobody sees the end of, and more than some clocks can say.
pub(super) const LONGEST: Duration = Duration::from_hours(24 * 365 * 100);

/// A payload of so many bytes is large.
const LARGE: usize = 1024 * 1024;

/// One payload and how often it is still due.
#[derive(Debug)]
pub(crate) struct Repeated {
    payload: Payload,
    repeat: Repeat,
    remaining: u32,
    /// How often it was given out, and not taken back.
    given: u32,
    /// How many of the remaining ones were given out before.
    taken_back: u32,
    state: State,
}

/// Whether it is time for the next one.
#[derive(Debug)]
pub(super) enum Turn {
    Now(Payload),
    Later,
    /// There is none.
    Over,
}

#[derive(Debug)]
enum State {
    Due,
    /// The last one is on its way.
    Pending,
    Pausing(Instant),
}

impl Repeated {
    pub(super) fn new(payload: Payload, repeat: Repeat) -> Self {
        let remaining = repeat.count.get();
        Self { payload, repeat, remaining, given: 0, taken_back: 0, state: State::Due }
    }

    pub(super) fn next(&mut self) -> Turn {
        if self.remaining == 0 {
            return Turn::Over;
        }
        match self.state {
            State::Pending => return Turn::Later,
            State::Pausing(end) if Instant::now() < end => return Turn::Later,
            State::Pausing(_) | State::Due => {}
        }
        self.remaining -= 1;
        self.given += 1;
        self.taken_back = self.taken_back.saturating_sub(1);
        self.state = State::Pending;
        Turn::Now(self.payload.clone())
    }

    /// The last ones are due again: how many of them.
    pub(super) fn take_back(&mut self, count: u64) -> u64 {
        let count = u32::try_from(count).unwrap_or(u32::MAX).min(self.given);
        self.given -= count;
        self.remaining += count;
        self.taken_back += count;
        if count > 0 {
            self.state = State::Due;
        }
        count.into()
    }

    /// What was given out once still comes, if it was taken back.
    pub(super) fn stop(&mut self) -> Stopped {
        let short = self.remaining > self.taken_back;
        self.remaining = self.taken_back;
        if short { Stopped::Short } else { Stopped::Whole }
    }

    pub(super) fn next_left(&mut self) -> Option<Payload> {
        self.taken_back = self.taken_back.checked_sub(1)?;
        Some(self.payload.clone())
    }

    /// How much of it was given out, if it is large.
    pub(super) fn extent(&self) -> Extent {
        let length = self.payload.len();
        if length < LARGE {
            return Extent::Brief;
        }
        let bytes = |count: u32| u64::from(count) * u64::try_from(length).unwrap_or_default();
        let given = bytes(self.given);
        Extent::Bytes { given, total: given + bytes(self.remaining) }
    }

    pub(super) fn completed(&mut self) {
        let pause = self.repeat.delay.min(LONGEST);
        self.state = State::Pausing(Instant::now() + pause);
    }

    pub(super) async fn ready(&self) {
        match self.state {
            State::Pausing(end) if self.remaining > 0 => sleep_until(end).await,
            _ => std::future::pending().await,
        }
    }

    pub(super) async fn exhausted(&self) {
        if self.remaining > 0 {
            std::future::pending::<()>().await;
        }
    }
}
