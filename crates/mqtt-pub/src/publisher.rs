//! The publisher: what mqtt-pub does with a connection.

mod awaiting;

use std::time::Duration;

use bytes::Bytes;
use mqtt_core::client::{Application, Client, ClientError, Event, Flow, Loss};
use mqtt_core::payload::Payload;
use mqtt_core::progress::{HowFar, Unit};
use mqtt_core::protocol::{PacketId, Qos, ReasonCode, TopicName};
use mqtt_core::session::Published;
use mqtt_core::signal::Interrupt;

use crate::error::PubError;
use crate::plan::{Head, Subscribers};
use crate::response::Response;
use crate::source::{Addressed, Extent, Left, Next, Source, Stopped, Wrong};
use crate::tally::Tally;
use crate::unsent::Rest;

/// How long what is still to be read may take, where it is kept for another time: enough for a file
/// and for a program that is about to end.
const REST: Duration = Duration::from_secs(2);

/// Publishes what a source gives and keeps count of it.
#[derive(Debug)]
pub(crate) struct Publisher {
    source: Source,
    head: Head,
    /// Where payloads go that do not say so themselves: the same to each.
    topics: Vec<TopicName>,
    /// A message that says itself where it goes, and at its QoS there was no room for it.
    held: Option<Box<Addressed>>,
    /// What cannot be published.
    unpublished: Option<Unpublished>,
    properties: Carried,
    /// From this one on, a reason says that a message did not get through.
    least_refusal: ReasonCode,
    state: State,
    /// What is waited for once the message is published.
    response: Option<Box<Response>>,
    /// For whoever types, once the broker has let us in.
    note: Option<&'static str>,
    tally: Tally,
    /// What has asked it to end, and what of the source will not come because of it.
    interrupt: Option<Interrupt>,
    stopped: Stopped,
    /// Why no more can be published; what was is waited for all the same.
    failure: Option<PubError>,
}

/// A message that cannot be published. It is counted when those before it are known to be
/// acknowledged or not.
#[derive(Debug)]
struct Unpublished {
    /// The line, where lines are kept.
    line: Option<Bytes>,
}

/// Whether the properties of messages get to the broker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Carried {
    /// They do, or it was said that they do not.
    Settled,
    /// MQTT 3 has none, and nobody was told.
    LeftOut,
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
    /// It is not asked yet: the answer to what it has could be missed.
    Subscribing,
}

/// What a run has come to.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) tally: Tally,
    pub(crate) rest: Rest,
    pub(crate) interrupt: Option<Interrupt>,
    pub(crate) stopped: Stopped,
    pub(crate) failure: Option<PubError>,
    /// Where an answer was to come and did not.
    pub(crate) unanswered: Option<TopicName>,
}

impl Publisher {
    pub(crate) fn new(
        source: Source,
        head: Head,
        topics: Vec<TopicName>,
        properties: Carried,
        subscribers: Subscribers,
        tally: Tally,
    ) -> Self {
        Self {
            source,
            head,
            topics,
            held: None,
            unpublished: None,
            properties,
            least_refusal: match subscribers {
                Subscribers::Optional => ReasonCode::UNSPECIFIED_ERROR,
                Subscribers::Required => ReasonCode::NO_MATCHING_SUBSCRIBERS,
            },
            state: State::Flowing,
            response: None,
            note: None,
            tally,
            interrupt: None,
            stopped: Stopped::Whole,
            failure: None,
        }
    }

    /// For a source that somebody types.
    pub(crate) fn noting(self, note: &'static str) -> Self {
        Self { note: Some(note), ..self }
    }

    /// Publishes as much as there is and as there is room for.
    fn publish(&mut self, client: &mut Client) -> Result<(), PubError> {
        while self.has_room(client) {
            let next = match self.held.take() {
                Some(held) => Next::Addressed(held),
                None => self.source.next()?,
            };
            match next {
                Next::Payload(payload, before) => {
                    self.state = State::Flowing;
                    self.publish_payload(payload, before, client)?;
                }
                Next::Addressed(addressed) => {
                    self.state = State::Flowing;
                    if !client.can_publish(addressed.head.qos) {
                        self.held = Some(addressed);
                        return Ok(());
                    }
                    self.publish_addressed(*addressed, client)?;
                }
                Next::Wrong(wrong) => {
                    let Wrong { line, error } = *wrong;
                    let line = self.tally.copy(&Payload::Memory(line));
                    self.unpublished = Some(Unpublished { line });
                    return Err(error.into());
                }
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
            }
        }
        Ok(())
    }

    /// Whether the next message, as far as its QoS is known, can be published now.
    #[inline]
    fn has_room(&self, client: &Client) -> bool {
        // One that says its QoS itself is read to know it.
        let qos = if self.topics.is_empty() { Qos::AtMostOnce } else { self.head.qos };
        matches!(self.state, State::Flowing | State::Waiting) && client.can_publish(qos)
    }

    /// Says once that properties do not get through.
    fn carry(&mut self, head: &Head, client: &mut Client) {
        if self.properties == Carried::LeftOut && !head.properties.is_empty() {
            self.properties = Carried::Settled;
            client.notice(
                "warning: the properties of messages are left out: only MQTT 5 has them (-V 5)",
            );
        }
    }

    /// The way of a million lines.
    #[inline]
    fn publish_payload(
        &mut self,
        payload: Payload,
        before: usize,
        client: &mut Client,
    ) -> Result<(), PubError> {
        let Some(topic) = self.topics.get(before) else { return Ok(()) };
        let (length, line) = (payload.len(), self.tally.copy(&payload));
        let message = self.head.clone().message(topic.clone(), payload);
        let result = client.publish(message);
        self.published(result, self.head.qos, length, line, client)
    }

    // Of all others.
    #[inline(never)]
    fn publish_addressed(
        &mut self,
        Addressed { topic, head, payload, line }: Addressed,
        client: &mut Client,
    ) -> Result<(), PubError> {
        self.carry(&head, client);
        let (qos, length) = (head.qos, payload.len());
        let line = self.tally.copy(&Payload::Memory(line));
        let result = client.publish(head.message(topic, Payload::Memory(payload)));
        self.published(result, qos, length, line, client)
    }

    #[inline]
    fn published(
        &mut self,
        result: Result<Option<PacketId>, ClientError>,
        qos: Qos,
        length: usize,
        line: Option<Bytes>,
        client: &Client,
    ) -> Result<(), PubError> {
        if let Err(error) = result {
            self.unpublished = Some(Unpublished { line });
            return Err(error.into());
        }
        self.tally.published(length, line, qos, client);
        if qos == Qos::AtMostOnce {
            self.source.completed();
        }
        Ok(())
    }

    /// Whether every message is done with and no more will come.
    fn is_done(&self, client: &Client) -> bool {
        self.state == State::Ended && client.unacknowledged() == 0 && !self.is_awaiting()
    }

    /// How many lines the client has.
    fn lines(&self, client: &Client) -> HowFar {
        let unacknowledged = u64::try_from(client.unacknowledged()).ok();
        let unacknowledged =
            unacknowledged.filter(|&count| count > 0 || self.head.qos != Qos::AtMostOnce);
        HowFar { unit: Unit::Lines, done: self.tally.read(), total: None, unacknowledged }
    }

    fn completed(&mut self, published: &Published<Payload>, client: &mut Client) {
        self.source.completed();
        let Published { ack, sequence, payload } = published;
        let entry = self.tally.take(*sequence, payload);
        if ack.reason < self.least_refusal {
            return;
        }
        let name = self.tally.name(entry.number);
        let topic = self.topic(*sequence).map(|topic| format!(" on topic '{topic}'"));
        let topic = topic.unwrap_or_default();
        let explanation = ack.properties.explanation();
        self.response.iter_mut().for_each(|response| response.give_up());
        if ack.reason.is_error() {
            self.tally.refused(entry, ack.reason);
            let reason = ack.reason;
            client.notice(&format!("warning: {name} was refused{topic}: {reason}{explanation}"));
        } else {
            self.tally.unheard(entry);
            client.notice(&format!("warning: {name} has no subscriber{topic}{explanation}"));
        }
    }

    /// Where it went, if there are several topics: they take turns.
    fn topic(&self, sequence: u64) -> Option<&TopicName> {
        let turns = u64::try_from(self.topics.len()).ok().filter(|turns| *turns > 1)?;
        self.topics.get(usize::try_from(sequence % turns).ok()?)
    }

    /// What the run has come to, which ended like that. What was read and never published counts as
    /// well; and where lines are kept, what can still be read, unless a signal has asked for the end.
    pub(crate) fn conclude(mut self, result: &Result<(), PubError>) -> Outcome {
        if let Some(held) = self.held.take() {
            let line = self.tally.copy(&Payload::Memory(held.line));
            self.unpublished = Some(Unpublished { line });
        }
        if let Some(Unpublished { line }) = self.unpublished.take() {
            self.tally.unpublished(line);
        }
        let is_told_to_end = matches!(self.interrupt, Some(Interrupt::Signal(_)))
            || matches!(
                result,
                Err(PubError::Client(
                    ClientError::Interrupted(Interrupt::Signal(_))
                        | ClientError::InterruptedEarly(Interrupt::Signal(_))
                ))
            );
        if self.tally.saves() && !is_told_to_end {
            self.source.end_after(REST);
        } else {
            self.source.end();
        }
        while let Some(left) = self.source.next_left() {
            match left {
                Left::Whole(payload) => self.tally.unpublished(self.tally.copy(&payload)),
                Left::Cut(part) => self.tally.cut(&part),
            }
        }
        let rest = if self.source.is_cut() { Rest::Unread } else { Rest::Read };
        let Self { tally, interrupt, stopped, failure, response, .. } = self;
        let unanswered = response.and_then(|response| response.missing());
        Outcome { tally, rest, interrupt, stopped, failure, unanswered }
    }
}

impl Application for Publisher {
    type Error = PubError;

    fn feed(&mut self, client: &mut Client) -> Result<Flow, PubError> {
        if let Err(error) = self.publish(client) {
            self.state = State::Ended;
            self.failure = Some(error);
        }
        if self.is_done(client) {
            return Ok(Flow::Finish(ReasonCode::SUCCESS));
        }
        Ok(Flow::Continue)
    }

    fn on_event(&mut self, event: Event, client: &mut Client) -> Result<Flow, PubError> {
        match event {
            Event::Published(published) => self.completed(&published, client),
            Event::Connected(connack) => {
                if let Some(note) = self.note.take() {
                    client.tell(note);
                }
                self.subscribe(&connack, client)?;
            }
            Event::Subscribed(suback) => self.subscribed(&suback)?,
            Event::Message(message, receipt) => {
                let Some(response) = &mut self.response else {
                    // It is for whoever takes the kept session up next: the broker shall keep it.
                    if let Some(receipt) = receipt {
                        client.forgo(receipt);
                    }
                    return Ok(Flow::Pending);
                };
                response.receive(message, client);
            }
            Event::UnknownPubRec(_)
            | Event::Forgotten(_)
            | Event::Unsubscribed(..)
            | Event::Pong => {}
        }
        Ok(Flow::Continue)
    }

    fn on_interrupt(
        &mut self,
        interrupt: Interrupt,
        client: &mut Client,
    ) -> Result<Flow, PubError> {
        self.interrupt = Some(interrupt);
        if interrupt == Interrupt::TimeLimit {
            // What is kept for another time is still to be read.
            if !self.tally.saves() {
                self.stopped = self.source.stop();
            }
            self.state = State::Ended;
            return Ok(Flow::Finish(ReasonCode::DISCONNECT_WITH_WILL));
        }
        self.stopped = self.source.stop();
        self.response.iter_mut().for_each(|response| response.give_up());
        if self.state == State::Subscribing {
            self.state = State::Ended;
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
        if self.held.is_some() || self.is_awaiting() {
            std::future::pending::<()>().await;
        }
        self.source.exhausted().await;
    }

    fn on_end(&mut self, client: &Client) {
        for (sequence, payload) in client.unacknowledged_messages() {
            self.tally.unacknowledged(sequence, payload);
        }
    }

    /// Bytes count when the socket has taken them: those before them in the queue are few.
    fn how_far(&self, client: &Client) -> Option<HowFar> {
        match self.source.extent() {
            Extent::Brief => None,
            Extent::Lines => Some(self.lines(client)),
            Extent::Bytes { given, total } => {
                let unwritten = u64::try_from(client.unwritten()).unwrap_or(u64::MAX);
                let done = given.saturating_sub(unwritten);
                Some(HowFar { unit: Unit::Bytes, done, total: Some(total), unacknowledged: None })
            }
        }
    }

    /// It prints nothing but `-d` lines and notices, unless an answer is wanted.
    fn needs_output(&self) -> bool {
        self.response.is_some()
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

impl From<ClientError> for PubError {
    fn from(error: ClientError) -> Self {
        Self::Client(error)
    }
}
