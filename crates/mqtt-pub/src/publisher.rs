//! The publisher: what mqtt-pub does with a connection.

use mqtt_core::client::{Application, Client, ClientError, Event, Flow, Loss};
use mqtt_core::payload::Payload;
use mqtt_core::protocol::{Qos, ReasonCode};
use mqtt_core::session::{Message, Published};
use mqtt_core::signal::Interrupt;

use crate::run::RunError;
use crate::source::{Next, Source, Stopped};
use crate::tally::Tally;

/// Publishes what a source gives and keeps count of it.
#[derive(Debug)]
pub(crate) struct Publisher {
    source: Source,
    template: Message<()>,
    state: State,
    tally: Tally,
    /// What has asked it to end, and what of the source will not come because of it.
    interrupt: Option<Interrupt>,
    stopped: Stopped,
    /// Why no more can be published; what was is waited for all the same.
    failure: Option<RunError>,
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

/// What a run has come to.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) tally: Tally,
    pub(crate) interrupt: Option<Interrupt>,
    pub(crate) stopped: Stopped,
    pub(crate) failure: Option<RunError>,
}

impl Publisher {
    pub(crate) fn new(source: Source, template: Message<()>, tally: Tally) -> Self {
        let (state, stopped) = (State::Flowing, Stopped::Whole);
        Self { source, template, state, tally, interrupt: None, stopped, failure: None }
    }

    fn message(&self, payload: Payload) -> Message<Payload> {
        let Message { topic, qos, retain, properties, payload: () } = self.template.clone();
        Message { topic, qos, retain, properties, payload }
    }

    /// Publishes as much as there is and as there is room for.
    fn publish(&mut self, client: &mut Client) -> Result<(), RunError> {
        while self.state != State::Ended && client.can_publish(self.template.qos) {
            match self.source.next()? {
                Next::Later => {
                    self.state = State::Waiting;
                    return Ok(());
                }
                Next::End => self.state = State::Ended,
                // It is no message.
                Next::Cut(part) => {
                    self.tally.cut(&part);
                    self.state = State::Ended;
                }
                Next::Payload(payload) => {
                    self.state = State::Flowing;
                    self.publish_one(payload, client)?;
                }
            }
        }
        Ok(())
    }

    fn publish_one(&mut self, payload: Payload, client: &mut Client) -> Result<(), RunError> {
        let copy = self.tally.copy(&payload);
        if let Err(error) = client.publish(self.message(payload)) {
            self.tally.unpublished(copy);
            return Err(error.into());
        }
        self.tally.published(copy, client);
        if self.template.qos == Qos::AtMostOnce {
            self.source.completed();
        }
        Ok(())
    }

    /// Whether every message is done with and no more will come.
    fn is_done(&self, client: &Client) -> bool {
        self.state == State::Ended && client.unacknowledged() == 0
    }

    fn completed(&mut self, published: &Published<Payload>, client: &mut Client) {
        self.source.completed();
        let Published { ack, sequence, payload } = published;
        if !ack.reason.is_error() {
            return;
        }
        self.tally.refused(*sequence, payload, ack.reason);
        let (name, reason) = (self.tally.name(*sequence), ack.reason);
        let explanation = ack.properties.explanation();
        client.notice(&format!("warning: {name} was refused: {reason}{explanation}"));
    }

    /// What the run has come to. What was read and never published counts as well.
    pub(crate) fn conclude(mut self) -> Outcome {
        self.source.stop();
        loop {
            match self.source.next_left() {
                Next::Payload(payload) => {
                    let copy = self.tally.copy(&payload);
                    self.tally.unpublished(copy);
                }
                Next::Cut(part) => self.tally.cut(&part),
                Next::Later | Next::End => break,
            }
        }
        let Self { tally, interrupt, stopped, failure, .. } = self;
        Outcome { tally, interrupt, stopped, failure }
    }
}

impl Application for Publisher {
    type Error = RunError;

    fn feed(&mut self, client: &mut Client) -> Result<Flow, RunError> {
        if let Err(error) = self.publish(client) {
            self.state = State::Ended;
            self.failure = Some(error);
        }
        if self.is_done(client) {
            return Ok(Flow::Finish(ReasonCode::SUCCESS));
        }
        Ok(Flow::Continue)
    }

    fn on_event(&mut self, event: Event, client: &mut Client) -> Result<Flow, RunError> {
        match event {
            Event::Published(published) => self.completed(&published, client),
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
        self.interrupt = Some(interrupt);
        self.stopped = self.source.stop();
        if interrupt == Interrupt::TimeLimit {
            self.state = State::Ended;
            return Ok(Flow::Finish(ReasonCode::DISCONNECT_WITH_WILL));
        }
        // What was read is still sent. Of a message that is to be repeated nothing more is begun.
        if self.state == State::Waiting {
            self.state = State::Flowing;
        }
        if client.unacknowledged() > 0 {
            client.notice("note: waiting for the broker to acknowledge what was sent");
        }
        Ok(Flow::Continue)
    }

    fn on_lost(&mut self, unsent: u64) -> Loss {
        let again = match self.interrupt {
            Some(Interrupt::TimeLimit) => 0,
            Some(Interrupt::Signal(_)) | None => self.source.take_back(unsent),
        };
        self.tally.taken_back(again);
        self.tally.lost(unsent - again);
        if again == 0 {
            return Loss::Final;
        }
        self.state = State::Flowing;
        Loss::Passing
    }

    async fn exhausted(&mut self) {
        self.source.exhausted().await;
    }

    fn on_end(&mut self, client: &Client) {
        for (sequence, payload) in client.unacknowledged_messages() {
            self.tally.unacknowledged(sequence, payload);
        }
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
