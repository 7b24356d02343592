//! The subscriber: what mqtt-sub does with a connection.

use std::time::SystemTime;

use mqtt_core::client::{Application, Client, Event, Flow};
use mqtt_core::progress::{HowFar, Unit};
use mqtt_core::protocol::{Ack, ReasonCode};
use mqtt_core::session::ReceivedMessage;
use mqtt_core::signal::Interrupt;
use mqtt_core::stats::Totals;

use crate::fence::Fence;
use crate::filter::{MessageFilter, Retained, Stored, Verdict};
use crate::output::Display;
use crate::plan::{End, Requests, ShowPlan};
use crate::removal::Removal;
use crate::run::RunError;
use crate::sampling::Sampling;
use crate::subscription::Subscription;

/// Subscribes, and prints the messages that come.
#[derive(Debug)]
pub(crate) struct Subscriber {
    subscription: Subscription,
    filter: MessageFilter,
    sampling: Option<Sampling>,
    display: Display,
    /// What time it is: messages are stamped when they are shown.
    clock: fn() -> SystemTime,
    end: End,
    /// Where only retained messages are wanted.
    fence: Option<Fence>,
    /// Where retained messages are taken off the broker.
    removal: Option<Removal>,
    stage: Stage,
    /// Of the messages that count, shown or not.
    totals: Totals,
    timed_out: bool,
}

/// How far it has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// Messages are taken.
    Open,
    /// All is shown; the broker has yet to acknowledge removals.
    Removing,
}

impl Subscriber {
    pub(crate) fn new(
        requests: Requests,
        show: ShowPlan,
        end: End,
        clock: fn() -> SystemTime,
    ) -> Self {
        let ShowPlan { filter, stored, sampling, display } = show;
        Self {
            subscription: Subscription::new(requests),
            fence: (filter.retained == Retained::Only).then(Fence::new),
            removal: (stored == Stored::Removed).then(Removal::default),
            stage: Stage::Open,
            filter,
            sampling,
            display,
            clock,
            end,
            totals: Totals::default(),
            timed_out: false,
        }
    }

    /// What a run that ended in order comes to.
    pub(crate) fn outcome(&self) -> Result<(), RunError> {
        if self.timed_out {
            return Err(RunError::TimedOut);
        }
        self.removal.as_ref().map_or(Ok(()), Removal::outcome)
    }

    /// What has come.
    pub(crate) fn totals(&self) -> Totals {
        self.totals
    }

    fn receive(&mut self, message: ReceivedMessage, client: &mut Client) -> Flow {
        if let Some(fence) = &mut self.fence {
            fence.message(&message);
        }
        let verdict = self.filter.judge(&message);
        if let Some(removal) = &mut self.removal {
            match verdict {
                Verdict::Shown | Verdict::Retained => removal.message(&message),
                // The broker tells us, too, that a message of ours has removed something.
                Verdict::NotRetained if message.payload.is_empty() => return Flow::Continue,
                Verdict::FilteredOut | Verdict::NotRetained => {}
            }
        }
        match verdict {
            Verdict::Shown => self.show(message, client),
            Verdict::FilteredOut | Verdict::Retained => Flow::Continue,
            Verdict::NotRetained => self.leave_retained(client),
        }
    }

    /// Shows a message, unless chance is against it, and counts it all the same.
    fn show(&mut self, message: ReceivedMessage, client: &mut Client) -> Flow {
        self.totals.add(message.payload.len());
        if self.sampling.as_mut().is_none_or(Sampling::shows_next) {
            for problem in self.display.show(message, self.clock, client.console()) {
                client.notice(&format!("warning: {problem}"));
            }
        } else {
            self.display.pass(&message, client.console());
        }
        match self.end {
            End::Count(count) if self.totals.messages >= count.get().into() => self.leave(client),
            _ => Flow::Continue,
        }
    }

    /// The broker has answered a request.
    fn answered(&mut self, client: &mut Client) -> Flow {
        match self.end {
            End::Answered if self.subscription.is_answered() => self.leave(client),
            End::Answered | End::Never | End::Count(_) => Flow::Continue,
        }
    }

    /// Everything retained has come.
    fn leave_retained(&mut self, client: &mut Client) -> Flow {
        if self.fence.as_ref().is_some_and(Fence::is_empty) {
            client.tell("note: the broker has nothing retained for that");
        }
        self.leave(client)
    }

    /// The normal end: at once, unless removals are to be acknowledged first.
    fn leave(&mut self, client: &mut Client) -> Flow {
        if self.removal.is_none() {
            return done();
        }
        client.stop_receiving();
        self.stage = Stage::Removing;
        Flow::Continue
    }
}

/// The broker has forgotten a message of QoS 2 between its halves.
fn forgotten(ack: &Ack, client: &mut Client) {
    let (number, reason) = (ack.packet_id, ack.reason);
    let explanation = ack.properties.explanation();
    client.notice(&format!(
        "warning: the broker lost track of message {number}: {reason}{explanation}"
    ));
}

/// The normal end.
fn done() -> Flow {
    Flow::Finish(ReasonCode::SUCCESS)
}

impl Application for Subscriber {
    type Error = RunError;

    fn feed(&mut self, client: &mut Client) -> Result<Flow, RunError> {
        if let Some(removal) = &mut self.removal {
            removal.publish(client)?;
            if self.stage == Stage::Removing && removal.unfinished() == 0 {
                return Ok(done());
            }
        }
        if let Some(fence) = &mut self.fence
            && self.stage == Stage::Open
            && self.subscription.is_answered()
        {
            fence.ask(client);
        }
        Ok(Flow::Continue)
    }

    fn on_event(&mut self, event: Event, client: &mut Client) -> Result<Flow, RunError> {
        match event {
            Event::Message(message, _) => return Ok(self.receive(message, client)),
            Event::Connected(_) if self.stage == Stage::Removing => {}
            Event::Connected(connack) => {
                self.display.begin(client.console());
                self.subscription.connected(&connack, client)?;
                self.fence.iter_mut().for_each(Fence::connected);
            }
            Event::Subscribed(suback) => {
                self.subscription.subscribed(&suback, client)?;
                return Ok(self.answered(client));
            }
            Event::Unsubscribed(filter, unsuback) => {
                self.subscription.unsubscribed(&filter, &unsuback, client)?;
                return Ok(self.answered(client));
            }
            Event::Published(removed) => {
                self.removal.iter_mut().for_each(|removal| removal.published(&removed.ack, client));
            }
            Event::Pong => {
                if self.fence.as_mut().is_some_and(Fence::answered) {
                    return Ok(self.leave_retained(client));
                }
            }
            Event::Forgotten(ack) => forgotten(&ack, client),
            Event::UnknownPubRec(_) => {}
        }
        Ok(Flow::Continue)
    }

    /// Leaves at once: what was received is written out by the client. An MQTT 5 broker is told to
    /// publish the will all the same, as the original does.
    fn on_interrupt(
        &mut self,
        interrupt: Interrupt,
        client: &mut Client,
    ) -> Result<Flow, RunError> {
        let unfinished = self.removal.as_ref().map_or(0, Removal::unfinished);
        if unfinished > 0 {
            client.notice(&format!(
                "warning: the broker has not acknowledged the removal of {unfinished} retained \
                 messages"
            ));
        }
        self.timed_out = interrupt == Interrupt::TimeLimit;
        Ok(Flow::Finish(ReasonCode::DISCONNECT_WITH_WILL))
    }

    fn how_far(&self, _: &Client) -> Option<HowFar> {
        let End::Count(total) = self.end else {
            return None;
        };
        let (done, total) = (self.totals.messages, Some(total.get().into()));
        Some(HowFar { unit: Unit::Messages, done, total, unacknowledged: None })
    }

    fn needs_output(&self) -> bool {
        true
    }
}
