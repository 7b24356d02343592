//! The subscriber: what mqtt-sub does with a connection.

use std::time::SystemTime;

use mqtt_core::client::{Application, Client, Flow};
use mqtt_core::protocol::{ConnAck, Disconnect, Properties, ReasonCode, SubAck};
use mqtt_core::session::{Event, ReceivedMessage};
use mqtt_core::signal::Interrupt;

use crate::filter::MessageFilter;
use crate::output::Format;
use crate::plan::{End, Requests};
use crate::run::RunError;

/// Subscribes, and prints the messages that come.
#[derive(Debug)]
pub(crate) struct Subscriber {
    requests: Requests,
    filter: MessageFilter,
    format: Format,
    /// What time it is: messages are stamped when they are shown.
    clock: fn() -> SystemTime,
    end: End,
    stage: Stage,
    count: u32,
    /// UNSUBSCRIBEs without an answer.
    unanswered: usize,
    timed_out: bool,
}

/// Whether the broker has ever answered: only then a kept session needs no second SUBSCRIBE.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    New,
    Subscribed,
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
            requests,
            filter,
            format,
            clock,
            end,
            stage: Stage::New,
            count: 0,
            unanswered: 0,
            timed_out: false,
        }
    }

    /// Whether the time limit ended it.
    pub(crate) fn timed_out(&self) -> bool {
        self.timed_out
    }

    fn subscribe(&mut self, connack: &ConnAck, client: &mut Client) -> Result<Flow, RunError> {
        if self.stage == Stage::Subscribed && connack.session_present {
            return Ok(Flow::Continue);
        }
        let Requests { subscribe, unsubscribe } = &self.requests;
        self.unanswered = unsubscribe.len();
        if !subscribe.is_empty() {
            client.subscribe(subscribe.clone(), Properties::new())?;
        }
        for filter in unsubscribe {
            client.unsubscribe(filter.clone(), Properties::new())?;
        }
        Ok(Flow::Continue)
    }

    fn show(&mut self, message: ReceivedMessage, client: &mut Client) -> Flow {
        if !self.filter.admits(&message) {
            return Flow::Continue;
        }
        for problem in self.format.write(message, (self.clock)(), client.console()) {
            client.notice(&format!("warning: {problem}"));
        }
        self.count = self.count.saturating_add(1);
        match self.end {
            End::Count(count) if self.count >= count.get() => done(),
            _ => Flow::Continue,
        }
    }

    fn subscribed(&mut self, suback: &SubAck, client: &mut Client) -> Result<Flow, RunError> {
        self.stage = Stage::Subscribed;
        let refused = suback.reasons.iter().filter(|reason| reason.is_error()).count();
        let first = suback.reasons.iter().find(|reason| reason.is_error()).copied();
        if let Some(reason) = first
            && refused == suback.reasons.len()
        {
            return Err(RunError::Refused { filters: self.filters(suback), reason });
        }
        if refused > 0 {
            let filters = self.filters(suback);
            client.notice(&format!("warning: the broker refused to subscribe to {filters}"));
        }
        Ok(match self.end {
            End::Answered => done(),
            End::Never | End::Count(_) => Flow::Continue,
        })
    }

    /// The refused filters with the reasons.
    fn filters(&self, suback: &SubAck) -> String {
        let answers = self.requests.subscribe.iter().zip(&suback.reasons);
        let refused: Vec<_> = answers
            .filter(|(_, reason)| reason.is_error())
            .map(|(filter, reason)| format!("'{}' ({reason})", filter.filter))
            .collect();
        refused.join(", ")
    }
}

/// The normal end.
fn done() -> Flow {
    Flow::Finish(Disconnect::new(ReasonCode::SUCCESS))
}

impl Application for Subscriber {
    type Error = RunError;

    fn feed(&mut self, _: &mut Client) -> Result<Flow, RunError> {
        Ok(Flow::Continue)
    }

    fn on_event(&mut self, event: Event, client: &mut Client) -> Result<Flow, RunError> {
        match event {
            Event::Message(message, _) => Ok(self.show(message, client)),
            Event::Connected(connack) => self.subscribe(&connack, client),
            Event::Subscribed(suback) => self.subscribed(&suback, client),
            Event::Unsubscribed(_) => {
                self.unanswered = self.unanswered.saturating_sub(1);
                // With nothing to subscribe to, the last UNSUBACK is the answer.
                let answered = self.requests.subscribe.is_empty() && self.unanswered == 0;
                let leave = answered && matches!(self.end, End::Answered);
                Ok(if leave { done() } else { Flow::Continue })
            }
            Event::Forgotten(ack) => {
                let (number, reason) = (ack.packet_id, ack.reason);
                let explanation = ack.properties.explanation();
                client.notice(&format!(
                    "warning: the broker lost track of message {number}: {reason}{explanation}"
                ));
                Ok(Flow::Continue)
            }
            Event::Published(_) | Event::UnknownPubRec(_) => Ok(Flow::Continue),
        }
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
