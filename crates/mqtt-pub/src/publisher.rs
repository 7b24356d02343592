//! The publisher: what mqtt-pub does with a connection.

use mqtt_core::client::{Application, Client, ClientError, Flow};
use mqtt_core::payload::Payload;
use mqtt_core::protocol::{Ack, Disconnect, PropertyId, Qos, ReasonCode};
use mqtt_core::session::{Event, Message};
use mqtt_core::signal::Interrupt;

use crate::run::RunError;
use crate::source::{Next, Source};

/// Publishes what a source gives and keeps count of it.
#[derive(Debug)]
pub(crate) struct Publisher {
    source: Source,
    template: Message<()>,
    ended: bool,
    tally: Tally,
}

/// What has become of the messages.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Tally {
    /// Handed to the session.
    pub(crate) published: u64,
    /// Done with: acknowledged or refused at QoS 1 and 2; at QoS 0 queued, and not lost since.
    pub(crate) completed: u64,
    /// Refused, and the first reason for it.
    pub(crate) refused: Option<(u64, ReasonCode)>,
    /// Asked to end before the source had.
    pub(crate) interrupted: Option<Interrupt>,
}

impl Publisher {
    pub(crate) fn new(source: Source, template: Message<()>) -> Self {
        Self { source, template, ended: false, tally: Tally::default() }
    }

    fn message(&self, payload: Payload) -> Message<Payload> {
        let Message { topic, qos, retain, properties, payload: () } = self.template.clone();
        Message { topic, qos, retain, properties, payload }
    }

    pub(crate) fn tally(&self) -> Tally {
        self.tally
    }

    /// Whether every message is done with and no more will come.
    fn is_done(&self, client: &Client) -> bool {
        self.ended && client.unacknowledged() == 0
    }

    fn completed(&mut self, ack: &Ack, client: &mut Client) {
        self.tally.completed += 1;
        self.source.completed();
        if !ack.reason.is_error() {
            return;
        }
        let (count, first) = self.tally.refused.unwrap_or((0, ack.reason));
        self.tally.refused = Some((count + 1, first));
        let explanation = ack.properties.text(PropertyId::ReasonString);
        let explanation = explanation
            .map(|text| format!(" (\"{}\")", text.as_str().escape_debug()))
            .unwrap_or_default();
        let (number, reason) = (ack.packet_id, ack.reason);
        client.notice(&format!("warning: message {number} was refused: {reason}{explanation}"));
    }
}

impl Application for Publisher {
    type Error = RunError;

    fn feed(&mut self, client: &mut Client) -> Result<Flow, RunError> {
        while !self.ended && client.can_publish(self.template.qos) {
            match self.source.next()? {
                Next::Later => return Ok(Flow::Continue),
                Next::End => self.ended = true,
                Next::Payload(payload) => {
                    let message = self.message(payload);
                    client.publish(message)?;
                    self.tally.published += 1;
                    if self.template.qos == Qos::AtMostOnce {
                        self.tally.completed += 1;
                        self.source.completed();
                    }
                }
            }
        }
        if self.is_done(client) {
            return Ok(Flow::Finish(Disconnect::new(ReasonCode::SUCCESS)));
        }
        Ok(Flow::Continue)
    }

    fn on_event(&mut self, event: Event, client: &mut Client) -> Result<Flow, RunError> {
        match event {
            Event::Published(ack) => self.completed(&ack, client),
            Event::Connected(_)
            | Event::Message(..)
            | Event::Subscribed(_)
            | Event::Unsubscribed(_) => {}
        }
        Ok(Flow::Continue)
    }

    fn on_interrupt(
        &mut self,
        interrupt: Interrupt,
        client: &mut Client,
    ) -> Result<Flow, RunError> {
        match &self.source {
            // What was read of stdin is sent, and then all is done that was asked for.
            Source::StdinLines(_) => self.source.stop(),
            Source::Repeated(_) => {
                self.tally.interrupted = Some(interrupt);
                self.ended = true;
            }
        }
        if client.unacknowledged() > 0 {
            client.notice("note: waiting for the broker to acknowledge what was sent");
        }
        Ok(Flow::Continue)
    }

    fn on_lost(&mut self, unsent: u64) {
        self.tally.completed -= unsent;
    }

    async fn input(&mut self) {
        self.source.ready().await;
    }
}

impl From<ClientError> for RunError {
    fn from(error: ClientError) -> Self {
        Self::Client(error)
    }
}
