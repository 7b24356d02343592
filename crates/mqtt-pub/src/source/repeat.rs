//! One message, several times: the next one a delay after the last was completed.

use std::time::Duration;

use mqtt_core::payload::Payload;
use tokio::time::{Instant, sleep_until};

use super::Next;
use crate::plan::Repeat;

/// A longer pause is one that nobody sees the end of, and more than some clocks can say.
const LONGEST: Duration = Duration::from_hours(24 * 365 * 100);

/// One payload and how often it is still due.
#[derive(Debug)]
pub(crate) struct Repeated {
    payload: Payload,
    repeat: Repeat,
    remaining: u32,
    state: State,
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
        Self { payload, repeat, remaining: repeat.count.get(), state: State::Due }
    }

    pub(super) fn next(&mut self) -> Next {
        if self.remaining == 0 {
            return Next::End;
        }
        match self.state {
            State::Pending => return Next::Later,
            State::Pausing(end) if Instant::now() < end => return Next::Later,
            State::Pausing(_) | State::Due => {}
        }
        self.remaining -= 1;
        self.state = State::Pending;
        Next::Payload(self.payload.clone())
    }

    /// Whether it was given out as often as was asked for.
    pub(super) fn is_exhausted(&self) -> bool {
        self.remaining == 0
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
}
