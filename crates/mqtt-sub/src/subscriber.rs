//! The subscriber: what mqtt-sub does with a connection.

use std::time::{Instant, SystemTime};

use mqtt_core::client::{Application, Client, Event, Flow, Loss};
use mqtt_core::progress::{HowFar, Unit};
use mqtt_core::protocol::{Ack, ReasonCode};
use mqtt_core::session::{Receipt, ReceivedMessage};
use mqtt_core::signal::Interrupt;
use mqtt_core::stats::Totals;

use crate::changes::Changes;
use crate::commands::Commands;
use crate::error::SubError;
use crate::fence::Fence;
use crate::filter::{MessageFilter, Retained, Stored, Verdict};
use crate::idle::Idle;
use crate::output::{Display, Folder, Problem};
use crate::plan::{Destination, End, Requests, ShowPlan};
use crate::removal::Removal;
use crate::sampling::Sampling;
use crate::subscription::Subscription;

/// Subscribes, and prints the messages that come.
#[derive(Debug)]
pub(crate) struct Subscriber {
    subscription: Subscription,
    path: Path,
    filter: MessageFilter,
    /// Where only what is new is shown.
    changes: Option<Changes>,
    sampling: Option<Sampling>,
    display: Display,
    /// Where messages are not written to stdout.
    folder: Option<Folder>,
    /// Where they are not written at all.
    commands: Option<Commands>,
    /// What time it is: messages are stamped when they are shown.
    clock: fn() -> SystemTime,
    end: End,
    /// Where only retained messages are wanted.
    fence: Option<Fence>,
    /// Where it leaves when nothing comes any more.
    idle: Option<Idle>,
    /// Where retained messages are taken off the broker.
    removal: Option<Removal>,
    link: Link,
    stage: Stage,
    /// Of the messages that count, shown or not.
    totals: Totals,
    timed_out: bool,
}

/// What a message goes through. Nearly all go the short way, of which each step counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Path {
    /// The filter, and it is shown.
    Short,
    /// All that there is.
    Long,
}

/// How far it has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// Messages are taken.
    Open,
    /// Nothing is taken any more: the broker has yet to acknowledge removals, or commands to end. Then
    /// it leaves with this reason.
    Leaving(ReasonCode),
}

/// Whether there is a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Link {
    Up,
    Down,
}

impl Subscriber {
    pub(crate) fn new(
        requests: Requests,
        show: ShowPlan,
        end: End,
        clock: fn() -> SystemTime,
    ) -> Result<Self, SubError> {
        let ShowPlan { filter, stored, changes, sampling, display, destination, idle_limit } = show;
        let (folder, commands) = match destination {
            Destination::Stdout => (None, None),
            Destination::Folder(plan) => (Some(Folder::open(plan)?), None),
            Destination::Command(plan) => (None, Some(Commands::new(plan))),
        };
        let is_long = filter.retained == Retained::Only
            || stored == Stored::Removed
            || changes.is_some()
            || sampling.is_some()
            || folder.is_some()
            || commands.is_some()
            || idle_limit.is_some();
        Ok(Self {
            subscription: Subscription::new(requests),
            path: if is_long { Path::Long } else { Path::Short },
            fence: (filter.retained == Retained::Only).then(Fence::new),
            idle: idle_limit.map(|limit| Idle::new(limit, Instant::now)),
            removal: (stored == Stored::Removed).then(Removal::default),
            link: Link::Down,
            stage: Stage::Open,
            filter,
            changes,
            sampling,
            display,
            folder,
            commands,
            clock,
            end,
            totals: Totals::default(),
            timed_out: false,
        })
    }

    /// What a run that ended in order comes to.
    pub(crate) fn outcome(&self) -> Result<(), SubError> {
        if self.timed_out {
            return Err(SubError::TimedOut);
        }
        self.removal.as_ref().map_or(Ok(()), Removal::outcome)
    }

    /// What has come.
    pub(crate) fn totals(&self) -> Totals {
        self.totals
    }

    fn receive(&mut self, message: ReceivedMessage, client: &mut Client) -> Flow {
        if self.filter.judge(&message) != Verdict::Shown {
            return Flow::Continue;
        }
        let length = message.payload.len();
        self.print(message, client);
        self.count(length, client)
    }

    fn receive_the_long_way(
        &mut self,
        message: ReceivedMessage,
        receipt: Option<Receipt>,
        client: &mut Client,
    ) -> Result<Flow, SubError> {
        let flow = self.sift(message, receipt, client)?;
        match (&mut self.commands, receipt) {
            (Some(commands), Some(receipt)) if flow == Flow::Continue => Ok(commands.pass(receipt)),
            _ => Ok(flow),
        }
    }

    fn sift(
        &mut self,
        message: ReceivedMessage,
        receipt: Option<Receipt>,
        client: &mut Client,
    ) -> Result<Flow, SubError> {
        if let Some(fence) = &mut self.fence {
            fence.message(&message);
        }
        self.idle.iter_mut().for_each(Idle::begin);
        let verdict = self.filter.judge(&message);
        if let Some(removal) = &mut self.removal {
            match verdict {
                Verdict::Shown | Verdict::Retained => removal.message(&message),
                // The broker tells us, too, that a message of ours has removed something.
                Verdict::NotRetained if message.payload.is_empty() => return Ok(Flow::Continue),
                Verdict::FilteredOut | Verdict::NotRetained => {}
            }
        }
        match verdict {
            Verdict::Shown if self.changes.as_mut().is_some_and(|last| !last.is_new(&message)) => {
                Ok(Flow::Continue)
            }
            Verdict::Shown => self.show_by_chance(message, receipt, client),
            Verdict::FilteredOut | Verdict::Retained => Ok(Flow::Continue),
            Verdict::NotRetained => Ok(self.leave_retained(client)),
        }
    }

    /// Shows a message, unless chance is against it, and counts it all the same.
    fn show_by_chance(
        &mut self,
        message: ReceivedMessage,
        receipt: Option<Receipt>,
        client: &mut Client,
    ) -> Result<Flow, SubError> {
        let (mut flow, length) = (Flow::Continue, message.payload.len());
        if !self.sampling.as_mut().is_none_or(Sampling::shows_next) {
            self.display.pass(&message, client.console());
        } else if let Some(folder) = &mut self.folder {
            warn(folder.write(message, &self.display.format, self.clock)?, client);
        } else if let Some(commands) = &mut self.commands {
            flow = commands.take(message, receipt)?;
        } else {
            self.print(message, client);
        }
        match self.count(length, client) {
            Flow::Continue => Ok(flow),
            other => Ok(other),
        }
    }

    fn print(&mut self, message: ReceivedMessage, client: &mut Client) {
        warn(self.display.show(message, self.clock, client.console()), client);
    }

    /// One message more, of such a length.
    fn count(&mut self, length: usize, client: &mut Client) -> Flow {
        self.totals.add(length);
        match self.end {
            End::Count(count) if self.totals.messages >= count.get().into() => self.leave(client),
            _ => Flow::Continue,
        }
    }

    /// What is subscribed to may come from now on.
    fn begin_idle(&mut self) {
        if self.subscription.is_answered() {
            self.idle.iter_mut().for_each(Idle::begin);
        }
    }

    /// The broker has answered a request.
    fn answered(&mut self, client: &mut Client) -> Flow {
        self.begin_idle();
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

    /// The normal end: at once, unless removals are to be acknowledged, or commands to end first.
    fn leave(&mut self, client: &mut Client) -> Flow {
        if self.removal.is_none() && self.commands.as_ref().is_none_or(Commands::is_idle) {
            return done();
        }
        client.stop_receiving();
        self.stage = Stage::Leaving(ReasonCode::SUCCESS);
        Flow::Continue
    }

    /// Whether nothing is left to wait for.
    fn is_settled(&self) -> bool {
        self.removal.as_ref().is_none_or(|removal| removal.unfinished() == 0)
            && self.commands.as_ref().is_none_or(Commands::is_idle)
    }
}

fn warn(problems: Vec<Problem>, client: &mut Client) {
    for problem in problems {
        client.notice(&format!("warning: {problem}"));
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
    type Error = SubError;

    fn feed(&mut self, client: &mut Client) -> Result<Flow, SubError> {
        self.folder.iter_mut().for_each(Folder::close_files);
        let flow = match &mut self.commands {
            Some(commands) => commands.settle(client)?,
            None => Flow::Continue,
        };
        if let Some(removal) = &mut self.removal {
            removal.publish(client)?;
        }
        if let Stage::Leaving(reason) = self.stage {
            return Ok(if self.is_settled() { Flow::Finish(reason) } else { flow });
        }
        self.idle.iter_mut().for_each(|idle| idle.look(client));
        if let Some(fence) = &mut self.fence
            && self.subscription.is_answered()
        {
            fence.ask(client);
        }
        Ok(flow)
    }

    fn on_event(&mut self, event: Event, client: &mut Client) -> Result<Flow, SubError> {
        match event {
            Event::Message(message, receipt) if self.path == Path::Long => {
                return self.receive_the_long_way(message, receipt, client);
            }
            Event::Message(message, _) => return Ok(self.receive(message, client)),
            Event::Connected(_) if self.stage != Stage::Open => self.link = Link::Up,
            Event::Connected(connack) => {
                self.link = Link::Up;
                self.display.begin(client.console());
                self.subscription.connected(&connack, client)?;
                self.fence.iter_mut().for_each(Fence::connected);
                self.idle.iter_mut().for_each(Idle::stop);
                self.begin_idle();
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
                if self.idle.as_ref().is_some_and(Idle::answered) {
                    return Ok(self.leave(client));
                }
            }
            Event::Forgotten(ack) => forgotten(&ack, client),
            Event::UnknownPubRec(_) => {}
        }
        Ok(Flow::Continue)
    }

    /// Leaves at once, or when the commands that run have ended: what was received is written out by
    /// the client. An MQTT 5 broker is told to
    /// publish the will all the same, as the original does.
    fn on_interrupt(
        &mut self,
        interrupt: Interrupt,
        client: &mut Client,
    ) -> Result<Flow, SubError> {
        let unfinished = self.removal.as_ref().map_or(0, Removal::unfinished);
        if unfinished > 0 {
            client.notice(&format!(
                "warning: the broker has not acknowledged the removal of {unfinished} retained \
                 messages"
            ));
        }
        self.timed_out = interrupt == Interrupt::TimeLimit;
        let reason = ReasonCode::DISCONNECT_WITH_WILL;
        if let Some(commands) = &mut self.commands {
            commands.end_soon();
            if self.link == Link::Up && !commands.is_idle() {
                client.stop_receiving();
                self.stage = Stage::Leaving(reason);
                return Ok(Flow::Continue);
            }
        }
        Ok(Flow::Finish(reason))
    }

    fn on_lost(&mut self, _unsent: u64) -> Loss {
        self.link = Link::Down;
        Loss::Final
    }

    fn on_end(&mut self, _client: &Client) {
        self.commands.iter_mut().for_each(Commands::finish);
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

    async fn input(&mut self) {
        let idle = async {
            match &self.idle {
                Some(idle) => idle.due().await,
                None => std::future::pending().await,
            }
        };
        let commands = async {
            match &mut self.commands {
                Some(commands) => commands.input().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = idle => {}
            () = commands => {}
        }
    }
}
