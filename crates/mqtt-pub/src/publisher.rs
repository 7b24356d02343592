//! The publisher: what mqtt-pub does with a connection.

use mqtt_core::client::{Application, Client, ClientError, Event, Flow};
use mqtt_core::payload::Payload;
use mqtt_core::protocol::{Ack, Qos, ReasonCode};
use mqtt_core::session::Message;
use mqtt_core::signal::Interrupt;

use crate::run::RunError;
use crate::source::{Next, Source, Stopped};

/// Publishes what a source gives and keeps count of it.
#[derive(Debug)]
pub(crate) struct Publisher {
    source: Source,
    template: Message<()>,
    state: State,
    interrupt: Option<Interrupt>,
    tally: Tally,
}

/// Whether the source has more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// It has, or may have: there was no room for it.
    Flowing,
    /// It has nothing now.
    Waiting,
    /// It has nothing any more, or is not asked any more.
    Ended,
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
        Self { source, template, state: State::Flowing, interrupt: None, tally: Tally::default() }
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
        self.state == State::Ended && client.unacknowledged() == 0
    }

    fn completed(&mut self, ack: &Ack, client: &mut Client) {
        self.tally.completed += 1;
        self.source.completed();
        if !ack.reason.is_error() {
            return;
        }
        let (count, first) = self.tally.refused.unwrap_or((0, ack.reason));
        self.tally.refused = Some((count + 1, first));
        let explanation = ack.properties.explanation();
        let (number, reason) = (ack.packet_id, ack.reason);
        client.notice(&format!("warning: message {number} was refused: {reason}{explanation}"));
    }
}

impl Application for Publisher {
    type Error = RunError;

    fn feed(&mut self, client: &mut Client) -> Result<Flow, RunError> {
        while self.state != State::Ended && client.can_publish(self.template.qos) {
            match self.source.next()? {
                Next::Later => {
                    self.state = State::Waiting;
                    return Ok(Flow::Continue);
                }
                Next::End => self.state = State::Ended,
                // Half a line was read when the signal came: it is no message.
                Next::Cut => {
                    self.state = State::Ended;
                    self.tally.interrupted = self.interrupt;
                }
                Next::Payload(payload) => {
                    self.state = State::Flowing;
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
            return Ok(Flow::Finish(ReasonCode::SUCCESS));
        }
        Ok(Flow::Continue)
    }

    fn on_event(&mut self, event: Event, client: &mut Client) -> Result<Flow, RunError> {
        match event {
            Event::Published(published) => self.completed(&published.ack, client),
            Event::Connected(_)
            | Event::Message(..)
            | Event::UnknownPubRec(_)
            | Event::Forgotten(_)
            | Event::Subscribed(_)
            | Event::Unsubscribed(..)
            | Event::Pong => {}
        }
        Ok(Flow::Continue)
    }

    fn on_interrupt(
        &mut self,
        interrupt: Interrupt,
        client: &mut Client,
    ) -> Result<Flow, RunError> {
        // What was read of stdin is still sent, and then all is done that was asked for. Of a
        // message that is to be repeated nothing more is sent, and then all is not.
        self.interrupt = Some(interrupt);
        if self.source.stop() == Stopped::Short {
            self.tally.interrupted = Some(interrupt);
            self.state = State::Ended;
        }
        if client.unacknowledged() > 0 {
            client.notice("note: waiting for the broker to acknowledge what was sent");
        }
        Ok(Flow::Continue)
    }

    fn on_lost(&mut self, unsent: u64) {
        self.tally.completed = self.tally.completed.saturating_sub(unsent);
    }

    /// It prints nothing but `-d` lines and notices.
    fn needs_output(&self) -> bool {
        false
    }

    async fn input(&mut self) {
        // While there is no room, there is nothing to wait for but room.
        if self.state == State::Waiting {
            self.source.ready().await;
        } else {
            std::future::pending::<()>().await;
        }
    }
}

impl From<ClientError> for RunError {
    fn from(error: ClientError) -> Self {
        Self::Client(error)
    }
}
