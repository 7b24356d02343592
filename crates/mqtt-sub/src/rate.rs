//! The rate meter: how many messages come in a second, instead of the messages (`--message-rate`).

use std::io::Write;
use std::time::{Duration, Instant};

use mqtt_core::client::{Application, Client, Event, Flow, wait_until};
use mqtt_core::console::Stream;
use mqtt_core::protocol::ReasonCode;
use mqtt_core::signal::Interrupt;
use mqtt_core::stats::Totals;

use crate::error::SubError;
use crate::plan::{End, Requests};
use crate::subscription::Subscription;

/// From one line to the next.
const INTERVAL: Duration = Duration::from_secs(1);

/// Subscribes, and writes a line every second while it is connected.
#[derive(Debug)]
pub(crate) struct RateMeter {
    subscription: Subscription,
    end: End,
    clock: fn() -> Instant,
    /// Messages since the last line.
    count: u64,
    /// When the next line is due; `None` until the broker has let us in.
    due: Option<Instant>,
    /// Of all messages.
    totals: Totals,
    timed_out: bool,
}

impl RateMeter {
    /// Of the ends, only [`End::Answered`] concerns a meter.
    pub(crate) fn new(requests: Requests, end: End, clock: fn() -> Instant) -> Self {
        Self {
            subscription: Subscription::new(requests),
            end,
            clock,
            count: 0,
            due: None,
            totals: Totals::default(),
            timed_out: false,
        }
    }

    /// What a run that ended in order comes to.
    pub(crate) fn outcome(&self) -> Result<(), SubError> {
        if self.timed_out { Err(SubError::TimedOut) } else { Ok(()) }
    }

    /// What has come.
    pub(crate) fn totals(&self) -> Totals {
        self.totals
    }

    fn print(&mut self, client: &mut Client) {
        let count = std::mem::take(&mut self.count);
        client.console().print(Stream::Stdout, |out| {
            let _ = writeln!(out, "{count} msgs/s");
        });
    }

    /// The broker has answered a request.
    fn answered(&self) -> Flow {
        if matches!(self.end, End::Answered) && self.subscription.is_answered() {
            return Flow::Finish(ReasonCode::SUCCESS);
        }
        Flow::Continue
    }
}

impl Application for RateMeter {
    type Error = SubError;

    fn feed(&mut self, client: &mut Client) -> Result<Flow, SubError> {
        let now = (self.clock)();
        let due = *self.due.get_or_insert(now + INTERVAL);
        if now >= due {
            self.print(client);
            // No lines are made up for a time without a connection.
            self.due = Some(if now < due + INTERVAL { due + INTERVAL } else { now + INTERVAL });
        }
        Ok(Flow::Continue)
    }

    fn on_event(&mut self, event: Event, client: &mut Client) -> Result<Flow, SubError> {
        match event {
            Event::Message(message, _) => {
                self.count += 1;
                self.totals.add(message.payload.len());
            }
            Event::Connected(connack) => self.subscription.connected(&connack, client)?,
            Event::Subscribed(suback) => {
                self.subscription.subscribed(&suback, client)?;
                return Ok(self.answered());
            }
            Event::Unsubscribed(filter, unsuback) => {
                self.subscription.unsubscribed(&filter, &unsuback, client)?;
                return Ok(self.answered());
            }
            Event::Published(_) | Event::UnknownPubRec(_) | Event::Forgotten(_) | Event::Pong => {}
        }
        Ok(Flow::Continue)
    }

    /// A last line for the second that was cut short.
    fn on_interrupt(
        &mut self,
        interrupt: Interrupt,
        client: &mut Client,
    ) -> Result<Flow, SubError> {
        self.print(client);
        self.timed_out = interrupt == Interrupt::TimeLimit;
        Ok(Flow::Finish(ReasonCode::DISCONNECT_WITH_WILL))
    }

    fn needs_output(&self) -> bool {
        true
    }

    async fn input(&mut self) {
        match self.due {
            Some(due) => wait_until(due).await,
            None => std::future::pending().await,
        }
    }
}
