//! The subscriber: what mqtt-sub does with a connection.

use std::time::SystemTime;

use mqtt_core::client::{Application, Client, Flow};
use mqtt_core::protocol::{Ack, Disconnect, ReasonCode};
use mqtt_core::session::{Event, ReceivedMessage};
use mqtt_core::signal::Interrupt;

use crate::fence::Fence;
use crate::filter::{MessageFilter, Retained, Verdict};
use crate::output::Format;
use crate::plan::{End, Requests};
use crate::run::RunError;
use crate::subscription::Subscription;

/// Subscribes, and prints the messages that come.
#[derive(Debug)]
pub(crate) struct Subscriber {
    subscription: Subscription,
    filter: MessageFilter,
    format: Format,
    /// What time it is: messages are stamped when they are shown.
    clock: fn() -> SystemTime,
    end: End,
    /// Where only retained messages are wanted.
    fence: Option<Fence>,
    count: u32,
    timed_out: bool,
}

impl Subscriber {
    pub(crate) fn new(
        requests: Requests,
        filter: MessageFilter,
        format: Format,
        end: End,
        clock: fn() -> SystemTime,
    ) -> Self {
        Self {
            subscription: Subscription::new(requests),
            fence: (filter.retained == Retained::Only).then(Fence::new),
            filter,
            format,
            clock,
            end,
            count: 0,
            timed_out: false,
        }
    }

    /// Whether the time limit ended it.
    pub(crate) fn timed_out(&self) -> bool {
        self.timed_out
    }

    fn receive(&mut self, message: ReceivedMessage, client: &mut Client) -> Flow {
        if let Some(fence) = &mut self.fence {
            fence.message(&message);
        }
        match self.filter.judge(&message) {
            Verdict::Shown => self.show(message, client),
            Verdict::FilteredOut | Verdict::Retained => Flow::Continue,
            Verdict::NotRetained => done(),
        }
    }

    fn show(&mut self, message: ReceivedMessage, client: &mut Client) -> Flow {
        for problem in self.format.write(message, (self.clock)(), client.console()) {
            client.notice(&format!("warning: {problem}"));
        }
        self.count = self.count.saturating_add(1);
        match self.end {
            End::Count(count) if self.count >= count.get() => done(),
            _ => Flow::Continue,
        }
    }

    /// The broker has answered a request.
    fn answered(&self) -> Flow {
        match self.end {
            End::Answered if self.subscription.is_answered() => done(),
            End::Answered | End::Never | End::Count(_) => Flow::Continue,
        }
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
    Flow::Finish(Disconnect::new(ReasonCode::SUCCESS))
}

impl Application for Subscriber {
    type Error = RunError;

    fn feed(&mut self, client: &mut Client) -> Result<Flow, RunError> {
        if let Some(fence) = &mut self.fence
            && self.subscription.is_answered()
        {
            fence.ask(client);
        }
        Ok(Flow::Continue)
    }

    fn on_event(&mut self, event: Event, client: &mut Client) -> Result<Flow, RunError> {
        match event {
            Event::Message(message, _) => return Ok(self.receive(message, client)),
            Event::Connected(connack) => {
                self.subscription.connected(&connack, client)?;
                self.fence.iter_mut().for_each(Fence::connected);
            }
            Event::Subscribed(suback) => {
                self.subscription.subscribed(&suback, client)?;
                return Ok(self.answered());
            }
            Event::Unsubscribed(_) => {
                self.subscription.unsubscribed();
                return Ok(self.answered());
            }
            Event::Pong if self.fence.as_mut().is_some_and(Fence::answered) => return Ok(done()),
            Event::Forgotten(ack) => forgotten(&ack, client),
            Event::Pong | Event::Published(_) | Event::UnknownPubRec(_) => {}
        }
        Ok(Flow::Continue)
    }

    /// Leaves at once: what was received is written out by the client. An MQTT 5 broker is told to
    /// publish the will all the same, as the original does.
    fn on_interrupt(&mut self, interrupt: Interrupt, _: &mut Client) -> Result<Flow, RunError> {
        self.timed_out = interrupt == Interrupt::TimeLimit;
        Ok(Flow::Finish(Disconnect::new(ReasonCode::DISCONNECT_WITH_WILL)))
    }

    /// Nothing is published here.
    fn on_lost(&mut self, _: u64) {}

    fn needs_output(&self) -> bool {
        true
    }

    async fn input(&mut self) {
        std::future::pending::<()>().await;
    }
}
