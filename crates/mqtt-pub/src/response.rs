//! `--wait-response`: the subscription for an answer, and which message it is.

use std::time::{Duration, Instant};

use mqtt_core::client::{Client, ClientError};
use mqtt_core::console::Stream;
use mqtt_core::protocol::{
    ConnAck, Properties, PropertyId, Qos, RetainHandling, SubAck, SubscribeFilter,
    SubscribeOptions, TopicName, Value,
};
use mqtt_core::session::ReceivedMessage;
use mqtt_core::visible;

use crate::error::PubError;
use crate::plan::{Controls, Latency, ResponsePlan};

/// An answer that is waited for.
#[derive(Debug)]
pub(crate) struct Response {
    plan: ResponsePlan,
    /// It comes at the QoS of the message at most.
    qos: Qos,
    subscription: Subscription,
    /// When the message was begun to be published.
    begun: Option<Instant>,
    state: State,
}

/// How far the SUBSCRIBE is. Only what was answered needs no second one in a kept session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Subscription {
    Wanted,
    Granted,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Waiting,
    Answered,
    /// None will come, or is waited for no longer.
    GivenUp,
}

impl Response {
    pub(crate) fn new(plan: ResponsePlan, qos: Qos) -> Self {
        let (subscription, state) = (Subscription::Wanted, State::Waiting);
        Self { plan, qos, subscription, begun: None, state }
    }

    /// The broker has let us in.
    pub(crate) fn connected(
        &mut self,
        connack: &ConnAck,
        client: &mut Client,
    ) -> Result<(), ClientError> {
        if self.subscription == Subscription::Granted && connack.session_present {
            return Ok(());
        }
        self.subscription = Subscription::Wanted;
        // What is retained was there before the message.
        let retain_handling = RetainHandling::Never;
        let options = SubscribeOptions { retain_handling, ..SubscribeOptions::default() };
        let filter = SubscribeFilter { filter: self.plan.filter.clone(), qos: self.qos, options };
        client.subscribe(vec![filter], Properties::new())
    }

    pub(crate) fn subscribed(&mut self, suback: &SubAck) -> Result<(), PubError> {
        if let Some(&reason) = suback.reasons.iter().find(|reason| reason.is_error()) {
            self.give_up();
            let topic = self.plan.topic.clone();
            let explanation = suback.properties.explanation();
            return Err(PubError::NotSubscribed { topic, reason, explanation });
        }
        self.subscription = Subscription::Granted;
        Ok(())
    }

    /// Whether an answer would come.
    pub(crate) fn is_subscribed(&self) -> bool {
        self.subscription == Subscription::Granted
    }

    /// The message is going to be published now.
    pub(crate) fn begin(&mut self) {
        self.begun = Some(Instant::now());
    }

    /// Prints a message if it is the answer.
    pub(crate) fn receive(&mut self, message: ReceivedMessage, client: &mut Client) {
        let Some(begun) = self.begun.filter(|_| self.state == State::Waiting) else { return };
        if !self.is_answer(&message) {
            return;
        }
        self.state = State::Answered;
        self.print(message, begun.elapsed(), client);
    }

    /// A message that was retained is older than ours.
    fn is_answer(&self, message: &ReceivedMessage) -> bool {
        let correlation = match message.properties.value(PropertyId::CorrelationData) {
            Some(Value::Binary(data)) => Some(data),
            _ => None,
        };
        let wanted = self.plan.correlation.as_ref();
        !message.retain
            && message.topic == self.plan.topic
            && (wanted.is_none() || wanted == correlation)
    }

    /// The payload and a newline, as `mqtt-sub` has it; nothing at all for an empty one.
    fn print(&self, message: ReceivedMessage, latency: Duration, client: &mut Client) {
        if !message.payload.is_empty() {
            match self.plan.controls {
                Controls::Raw => client.console().print_payload(Stream::Stdout, message.payload),
                Controls::Visible => client
                    .console()
                    .print(Stream::Stdout, |out| visible::append(&message.payload, out)),
            }
            client.console().print(Stream::Stdout, |out| out.push(b'\n'));
        }
        if self.plan.latency == Latency::Printed {
            let micros = latency.as_micros();
            client.notice(&format!("latency: {}.{:03} ms", micros / 1000, micros % 1000));
        }
    }

    /// Waits no longer.
    pub(crate) fn give_up(&mut self) {
        if self.state == State::Waiting {
            self.state = State::GivenUp;
        }
    }

    pub(crate) fn is_waited_for(&self) -> bool {
        self.state == State::Waiting
    }

    /// The topic, if no answer has come to a message that was published.
    pub(crate) fn missing(self) -> Option<TopicName> {
        (self.begun.is_some() && self.state != State::Answered).then_some(self.plan.topic)
    }
}
