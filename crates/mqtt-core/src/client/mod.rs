//! The driver: one loop over the stream, the session's clock, the tool's input, the console and
//! whatever asks the program to end.
//!
//! It knows no flags and no formats. A tool is an [`Application`]: the driver calls it when there
//! is room for more messages and when something has happened, and it answers through a
//! [`Client`]. The driver alone decides when to connect again, and sees to it that a message is
//! acknowledged only when the console has written what the tool printed for it.

mod attempt;
mod candidates;
mod connection;
mod conversation;
mod driver;
mod error;
mod password;
mod redirect;
mod write_queue;

pub use driver::run;
pub use error::ClientError;
pub use password::PasswordCommandError;

use std::future::Future;
use std::time::Instant;

use crate::console::{Console, Stream};
use crate::debug_log::DebugLog;
use crate::exit::Failure;
use crate::message;
use crate::payload::Payload;
use crate::plan::{Audience, ConnectPlan, Endpoint, Notices, Progress};
use crate::progress::{HowFar, Meter};
use crate::protocol::codec::Codec;
use crate::protocol::{
    Disconnect, Incoming, Outgoing, PacketId, Properties, Publish, Qos, ReasonCode,
    SubscribeFilter, TopicFilter,
};
use crate::secret::Secret;
use crate::session::{self, Message, Receipt, Send, Session};
use crate::signal::Interrupt;
use connection::Connection;
use write_queue::WriteQueue;

/// What happened on a connection.
pub type Event = session::Event<Payload>;

/// What a tool does with a connection.
pub trait Application {
    /// Why the tool gives up.
    type Error: Failure + From<ClientError>;

    /// Publishes as much as there is and as there is room for; called whenever there is room.
    fn feed(&mut self, client: &mut Client) -> Result<Flow, Self::Error>;

    /// Something happened.
    fn on_event(&mut self, event: Event, client: &mut Client) -> Result<Flow, Self::Error>;

    /// A signal or the time limit, once. `client` may be without a connection: nothing can be
    /// published then.
    fn on_interrupt(
        &mut self,
        interrupt: Interrupt,
        client: &mut Client,
    ) -> Result<Flow, Self::Error>;

    /// The connection is gone, and with it so many messages of QoS 0 that had not reached the
    /// socket. (What was sent at QoS 1 and 2 is sent again if a new connection comes.) Concerns
    /// only who publishes at QoS 0.
    fn on_lost(&mut self, unsent: u64) -> Loss {
        let _ = unsent;
        Loss::Final
    }

    /// While there is no connection: waits until no more messages will come from it, so that only what
    /// is unacknowledged wants another connection; for ever where it wants one in any case. Must be
    /// cancel-safe.
    fn exhausted(&mut self) -> impl Future<Output = ()> {
        std::future::pending()
    }

    /// The run is over, however it ended: what is unacknowledged now stays so.
    fn on_end(&mut self, client: &Client) {
        let _ = client;
    }

    /// How far the work has come, asked now and then while a person waits; `None` where there is
    /// nothing to show.
    fn how_far(&self, client: &Client) -> Option<HowFar> {
        let _ = client;
        None
    }

    /// Whether what it prints is what it is for. Where it is not, a stdout that is full or gone
    /// changes nothing.
    fn needs_output(&self) -> bool;

    /// Waits until [`Self::feed`] has something new to do; for ever where it only has after events.
    /// Must be cancel-safe.
    fn input(&mut self) -> impl Future<Output = ()> {
        std::future::pending()
    }
}

/// Waits until that moment: how a tool lets time pass. Cancel-safe.
pub async fn wait_until(moment: Instant) {
    tokio::time::sleep_until(moment.into()).await;
}

/// How to go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flow {
    /// As before.
    Continue,
    /// The same, but the message is not done with: the tool itself acknowledges it, or gives it up
    /// ([`Client::acknowledge`], [`Client::forgo`]).
    Pending,
    /// The same, and no message is taken until [`Application::feed`] has another answer.
    Full,
    /// All is done: write out what is printed, send DISCONNECT with this reason, leave.
    Finish(ReasonCode),
}

/// What a tool makes of messages that went with a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loss {
    /// They are lost, and counted.
    Final,
    /// They are published once more on the next connection; so it is not done yet, if it was.
    Passing,
}

/// A tool's way to the broker and to the console. It outlives connections.
#[derive(Debug)]
pub struct Client {
    session: Session<Payload>,
    codec: Codec,
    queue: WriteQueue,
    console: Console<Receipt>,
    debug: Option<DebugLog>,
    notices: Notices,
    audience: Audience,
    /// A person knows where we connect to.
    has_said_where: bool,
    /// Where a person is shown how far the work has come.
    meter: Option<Meter>,
    /// For CONNECT, where it is none of the options.
    password: Option<Secret>,
    /// How many messages have got through, either way.
    progress: u64,
    /// Of the DISCONNECT with which the tool leaves.
    farewell: Properties,
}

impl Client {
    fn new(plan: &ConnectPlan, session: Session<Payload>) -> Self {
        Self {
            codec: Codec::new(plan.connect.version, plan.max_packet_size),
            queue: WriteQueue::default(),
            console: Console::new(),
            debug: plan.debug.map(|debug| DebugLog::new(debug, &plan.connect, plan.notices)),
            notices: plan.notices,
            audience: plan.audience,
            has_said_where: false,
            meter: (plan.progress == Progress::Shown).then(|| Meter::new(Instant::now())),
            password: None,
            progress: 0,
            farewell: plan.disconnect.clone(),
            session,
        }
    }

    /// Whether a message of that QoS may be published now.
    #[must_use]
    #[inline]
    pub fn can_publish(&self, qos: Qos) -> bool {
        self.queue.has_room() && self.session.can_publish(qos)
    }

    /// Publishes a message and gives its packet identifier; at QoS 0 there is none. Ask
    /// [`Self::can_publish`] first.
    #[inline]
    pub fn publish(&mut self, message: Message<Payload>) -> Result<Option<PacketId>, ClientError> {
        let length = message.payload.len();
        let (publish, number) = self.session.publish(message, length)?;
        let packet_id = publish.packet_id;
        self.send_publish(publish, number)?;
        Ok(packet_id)
    }

    /// How many messages of QoS 1 and 2 the broker has not acknowledged.
    #[must_use]
    pub fn unacknowledged(&self) -> usize {
        self.session.unacknowledged()
    }

    /// The payloads of these messages, in the order in which they were published, and how many of
    /// QoS 1 and 2 there were before each.
    pub fn unacknowledged_messages(&self) -> impl Iterator<Item = (u64, &Payload)> {
        self.session.unacknowledged_messages()
    }

    /// How many messages of QoS 0 have not reached the socket.
    #[must_use]
    pub fn unsent(&self) -> u64 {
        self.queue.unsent()
    }

    /// Subscribes.
    pub fn subscribe(
        &mut self,
        filters: Vec<SubscribeFilter>,
        properties: Properties,
    ) -> Result<(), ClientError> {
        Ok(self.session.subscribe(filters, properties)?)
    }

    /// Unsubscribes.
    pub fn unsubscribe(
        &mut self,
        filter: TopicFilter,
        properties: Properties,
    ) -> Result<(), ClientError> {
        Ok(self.session.unsubscribe(filter, properties)?)
    }

    /// Takes no message any more: what still comes is neither handed out nor acknowledged.
    pub fn stop_receiving(&mut self) {
        self.session.stop_receiving();
    }

    /// Sends a PINGREQ behind everything else; its answer is [`Event::Pong`].
    pub fn ping(&mut self) {
        self.session.ping();
    }

    /// Whether a message from the broker is not wholly acknowledged.
    #[must_use]
    pub fn owes_acknowledgement(&self) -> bool {
        self.session.owes_acknowledgement()
    }

    /// How many bytes wait to be written to the socket.
    #[must_use]
    pub fn unwritten(&self) -> usize {
        self.queue.len()
    }

    /// The message of this receipt is done with: it is acknowledged once everything printed so far
    /// is written.
    pub fn acknowledge(&mut self, receipt: Receipt) {
        self.console.want_receipt(receipt);
    }

    /// The message of this receipt will not be acknowledged: if the broker sends it again, on
    /// another connection, it is handed out again.
    pub fn forgo(&mut self, receipt: Receipt) {
        self.session.forgo(receipt);
    }

    /// Where to print.
    #[inline]
    pub fn console(&mut self) -> &mut Console<Receipt> {
        &mut self.console
    }

    /// Prints a line on stderr, unless `--quiet` was given.
    pub fn notice(&mut self, text: &str) {
        if self.notices == Notices::Shown {
            let line = message::line(text);
            let line = self.meter.as_ref().map(|meter| meter.above(&line)).unwrap_or(line);
            self.print_error(&line);
        }
    }

    /// Prints a line on stderr if a person reads it.
    pub fn tell(&mut self, text: &str) {
        if self.audience == Audience::Person {
            self.notice(text);
        }
    }

    fn print_error(&mut self, text: &str) {
        self.console.print(Stream::Stderr, |out| out.extend_from_slice(text.as_bytes()));
    }

    /// Shows a person how far the work has come; a tool that has nothing to show is not asked again.
    /// A console that is behind shows nothing new.
    fn show_progress(&mut self, how_far: Option<HowFar>) {
        self.meter = self.meter.take().filter(|_| how_far.is_some());
        let is_behind = self.console.is_congested();
        if let (Some(meter), Some(how_far)) = (&mut self.meter, how_far) {
            let line = meter.draw(how_far, Instant::now(), Stream::Stderr.columns());
            if !is_behind {
                self.print_error(&line);
            }
        }
    }

    /// Takes away what was shown: other lines come where it was.
    fn clear_progress(&mut self) {
        if let Some(mut meter) = self.meter.take() {
            self.print_error(meter.clear());
        }
    }

    /// A connection stands and CONNECT is about to be sent.
    fn connecting(&mut self) -> Result<(), ClientError> {
        self.session.connecting();
        if let Some(debug) = &mut self.debug {
            debug.sending_connect(&mut self.console);
        }
        // A broker that does not answer must not keep the line from being seen.
        self.flush_console()
    }

    /// A candidate has failed, and another one is tried.
    fn turning_to(&mut self, next: &Endpoint, failure: &ClientError) {
        self.session.disconnected();
        if let Some(debug) = &self.debug {
            debug.turning_to(next, &failure.with_causes(), &mut self.console);
        }
    }

    fn flush_console(&mut self) -> Result<(), ClientError> {
        self.console.flush().map_err(ClientError::System)
    }

    /// Handles packets that have come until one of them means something to the tool.
    #[inline]
    fn next_event(
        &mut self,
        connection: &mut Connection,
        now: Instant,
    ) -> Result<Option<Event>, ClientError> {
        loop {
            let packet = connection.next_packet(&self.codec).map_err(|source| {
                if let Some(debug) = &self.debug {
                    debug.undecodable(&source, &mut self.console);
                }
                ClientError::Decode { endpoint: connection.endpoint().clone(), source }
            })?;
            let Some(packet) = packet else {
                return Ok(None);
            };
            if let Some(debug) = &mut self.debug {
                let topic = match &packet {
                    Incoming::Publish(publish) => self.session.topic_of(publish),
                    _ => None,
                };
                debug.received(&packet, topic, &mut self.console);
            }
            match self.session.handle(packet, now)? {
                Some(Event::UnknownPubRec(packet_id)) => {
                    if let Some(debug) = &self.debug {
                        debug.unknown_pubrec(packet_id, &mut self.console);
                    }
                }
                Some(event) => {
                    if matches!(event, Event::Message(..) | Event::Published(_)) {
                        self.progress += 1;
                    }
                    return Ok(Some(event));
                }
                None => {}
            }
        }
    }

    /// Queues a DISCONNECT that says why.
    fn say_goodbye(&mut self, reason: ReasonCode) {
        self.session.disconnect(Disconnect::new(reason));
        // A DISCONNECT without properties always fits.
        let _ = self.collect();
    }

    #[inline]
    fn send_publish(&mut self, publish: Publish<Payload>, number: u16) -> Result<(), ClientError> {
        let length = publish.payload.len();
        let codec = self.codec;
        self.queue.encode(|out| codec.encode_publish(&publish, length, out))?;
        if let Some(debug) = &self.debug {
            debug.sending_publish(&publish, number, length, &mut self.console);
        }
        self.queue.push_payload(publish.payload);
        if publish.qos == Qos::AtMostOnce {
            self.queue.mark_message_end();
            self.progress += 1;
        }
        Ok(())
    }

    #[inline]
    fn send_packet(&mut self, packet: &Outgoing) -> Result<(), ClientError> {
        if let Some(debug) = &self.debug {
            debug.sending(packet, &mut self.console);
        }
        let codec = self.codec;
        Ok(self.queue.encode(|out| codec.encode(packet, out))?)
    }

    /// Encodes what the session wants to send.
    #[inline]
    fn collect(&mut self) -> Result<(), ClientError> {
        while let Some(send) = self.session.poll_send() {
            match send {
                Send::Packet(packet) => self.send_packet(&packet)?,
                Send::Publish(publish, number) => self.send_publish(publish, number)?,
            }
        }
        Ok(())
    }
}
