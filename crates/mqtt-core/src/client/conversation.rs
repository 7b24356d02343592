//! What happens while one connection stands: the one `select!`.

use std::time::{Duration, Instant};

use tokio::time::Instant as Timer;

use super::connection::{Connection, Progress};
use super::{Application, Client, ClientError, Event, Flow, Loss};
use crate::console::{ConsoleError, HangUp};
use crate::plan::Endpoint;
use crate::protocol::{Disconnect, ReasonCode};
use crate::session::{Reading, Receipt, SessionError};
use crate::signal::{Interrupt, Interrupts, Urgency, until};

/// How long the last bytes may take to reach the socket without any progress.
const LEAVING: Duration = Duration::from_secs(30);

/// How long the broker may take to release the messages of QoS 2 that it was told we have: less
/// than the grace after a signal, so that there is time for DISCONNECT.
const RELEASING: Duration = Duration::from_secs(2);

/// How long the broker may take to close its side after our DISCONNECT.
const CLOSING: Duration = Duration::from_secs(1);

/// How a conversation ended.
pub(super) enum Ended<E> {
    /// The tool is done, well or badly.
    Finished(Result<(), E>),
    /// The connection broke before the tool was done.
    Broken(ClientError),
}

/// One connection's conversation with the broker.
pub(super) struct Conversation<'a, A: Application> {
    client: &'a mut Client,
    interrupts: &'a mut Interrupts,
    hang_up: &'a HangUp,
    endpoint: Endpoint,
    application: &'a mut A,
    stage: Stage,
    result: Result<(), A::Error>,
    output: Printing,
    inflow: Inflow,
}

/// Whether messages are taken from the broker, as far as the tool has a say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Inflow {
    Open,
    /// The tool is full.
    Held,
}

/// How far it has come.
#[derive(Debug)]
enum Stage {
    /// Messages come and go.
    Open,
    /// The tool is done; what is printed is being written, and acknowledged then.
    Settling(ReasonCode),
    /// All of that is done, but exchanges of QoS 2 may be half done. Nothing new is taken then; at
    /// that time we leave in any case.
    Releasing(ReasonCode, Timer),
    /// DISCONNECT is on its way; by then it must have made some progress.
    Leaving(Timer),
    /// Everything is sent and our side closed; so long the broker has to close its own. A close
    /// with unread input would reset the connection, and the broker could lose our last packets.
    Closing(Timer),
}

/// Whether what the tool prints still reaches somebody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Printing {
    Possible,
    Abandoned,
}

/// What woke the loop.
enum Wake<E> {
    Progress(Progress),
    Input,
    Written(Result<Vec<Receipt>, ConsoleError>),
    Deadline,
    Overdue,
    /// A person is to be shown how far the work has come.
    Shown,
    Interrupt(Result<Flow, E>),
    /// There is no time left.
    Cut(Interrupt),
    HungUp,
}

/// Whether the loop goes on.
enum Turn {
    Again,
    Last,
}

impl<'a, A: Application> Conversation<'a, A> {
    pub(super) fn new(
        client: &'a mut Client,
        interrupts: &'a mut Interrupts,
        hang_up: &'a HangUp,
        endpoint: Endpoint,
        application: &'a mut A,
    ) -> Self {
        Self {
            client,
            interrupts,
            hang_up,
            endpoint,
            application,
            stage: Stage::Open,
            result: Ok(()),
            output: Printing::Possible,
            inflow: Inflow::Open,
        }
    }

    /// Goes on until the tool is done or the connection is broken. `connected` is the first event.
    pub(super) async fn run(
        mut self,
        connection: &mut Connection,
        connected: Event,
    ) -> Ended<A::Error> {
        let flow = self.application.on_event(connected, self.client);
        self.follow(flow);
        loop {
            match self.turn(connection).await {
                Ok(Turn::Again) => {}
                Ok(Turn::Last) => return Ended::Finished(self.result),
                Err(error) => return self.broken(error),
            }
        }
    }

    /// The connection cannot go on. A tool that was done before stays done: what it has not sent is
    /// counted, and only what the broker or the user has to say against it makes it a failure.
    fn broken(mut self, error: ClientError) -> Ended<A::Error> {
        let loss = self.application.on_lost(self.client.queue.clear());
        self.client.session.disconnected();
        let telling = matches!(
            error,
            ClientError::Session(SessionError::Disconnected(_)) | ClientError::Interrupted(_)
        );
        match self.stage {
            Stage::Open => return Ended::Broken(error),
            _ if loss == Loss::Passing && self.result.is_ok() => return Ended::Broken(error),
            Stage::Settling(_) | Stage::Releasing(..) | Stage::Leaving(_) | Stage::Closing(_)
                if !telling => {}
            _ if self.result.is_ok() => self.result = Err(error.into()),
            _ => {}
        }
        Ended::Finished(self.result)
    }

    /// Does all that can be done at once, then waits for the next thing to happen.
    async fn turn(&mut self, connection: &mut Connection) -> Result<Turn, ClientError> {
        self.receive(connection)?;
        // What is sent again goes before what is new.
        self.client.collect()?;
        if matches!(self.stage, Stage::Open) {
            let before = std::mem::replace(&mut self.inflow, Inflow::Open);
            let flow = self.application.feed(self.client);
            self.follow(flow);
            if before == Inflow::Held && self.inflow == Inflow::Open {
                // What was read meanwhile comes before what there is to wait for.
                return Ok(Turn::Again);
            }
        }
        self.client.collect()?;
        self.client.flush_console()?;
        self.leave_when_settled(connection)?;
        self.close_when_drained(connection).await?;
        let wake = self.wait(connection).await?;
        self.react(wake, connection).await
    }

    /// Hands the packets that have come to the session and the tool, as far as the console has
    /// room for what they print.
    fn receive(&mut self, connection: &mut Connection) -> Result<(), ClientError> {
        if !self.takes_packets() {
            return Ok(());
        }
        let now = Instant::now();
        loop {
            if self.client.console.is_block_full() {
                self.client.flush_console()?;
                if self.client.console.is_congested() {
                    return Ok(());
                }
            }
            let Some(event) = self.client.next_event(connection, now)? else {
                return Ok(());
            };
            let receipt = match &event {
                Event::Message(_, receipt) => *receipt,
                _ => None,
            };
            let flow = self.application.on_event(event, self.client);
            if let Some(receipt) = receipt {
                match flow {
                    Ok(Flow::Pending | Flow::Full) => {}
                    Ok(Flow::Continue | Flow::Finish(_)) => {
                        self.client.console.want_receipt(receipt);
                    }
                    Err(_) => self.client.session.forgo(receipt),
                }
            }
            if !matches!(flow, Ok(Flow::Continue)) {
                self.follow(flow);
                if !self.takes_packets() {
                    return Ok(());
                }
            }
        }
    }

    fn takes_packets(&self) -> bool {
        !matches!(self.stage, Stage::Settling(_)) && self.inflow == Inflow::Open
    }

    async fn wait(&mut self, connection: &mut Connection) -> Result<Wake<A::Error>, ClientError> {
        let open = matches!(self.stage, Stage::Open);
        let reading = self.reading();
        self.client.session.set_reading(reading, Instant::now());
        let deadline = self.client.session.deadline().map(Timer::from_std);
        let overdue = match self.stage {
            Stage::Releasing(_, overdue) | Stage::Leaving(overdue) | Stage::Closing(overdue) => {
                Some(overdue)
            }
            Stage::Open | Stage::Settling(_) => None,
        };
        let shown = self.client.meter.as_ref().map(|meter| Timer::from_std(meter.due()));
        let Client { queue, console, .. } = &mut *self.client;
        Ok(tokio::select! {
            progress = connection.progress(queue, reading) => {
                let lost = |error| ClientError::from_write(&self.endpoint, error);
                Wake::Progress(progress.map_err(lost)?)
            }
            () = self.application.input(), if open => Wake::Input,
            written = console.written() => Wake::Written(written),
            () = until(deadline) => Wake::Deadline,
            () = until(overdue) => Wake::Overdue,
            () = until(shown) => Wake::Shown,
            (interrupt, urgency) = self.interrupts.next() => match urgency {
                Urgency::Now => Wake::Cut(interrupt),
                Urgency::Soon if !open => Wake::Interrupt(Ok(Flow::Continue)),
                Urgency::Soon => {
                    Wake::Interrupt(self.application.on_interrupt(interrupt, self.client))
                }
            },
            () = self.hang_up.happened(), if self.output == Printing::Possible => Wake::HungUp,
        })
    }

    fn reading(&self) -> Reading {
        match self.stage {
            Stage::Settling(_) => Reading::Off,
            _ if self.client.console.is_congested() || self.inflow == Inflow::Held => Reading::Off,
            Stage::Open | Stage::Releasing(..) | Stage::Leaving(_) | Stage::Closing(_) => {
                Reading::On
            }
        }
    }

    async fn react(
        &mut self,
        wake: Wake<A::Error>,
        connection: &mut Connection,
    ) -> Result<Turn, ClientError> {
        match wake {
            Wake::Progress(progress) => return self.progressed(&progress),
            Wake::Overdue if matches!(self.stage, Stage::Closing(_)) => return Ok(Turn::Last),
            Wake::Overdue if matches!(self.stage, Stage::Releasing(..)) => {}
            Wake::Overdue => return Err(self.lost()),
            Wake::Input => {}
            Wake::Shown => {
                let how_far = self.application.how_far(self.client);
                self.client.show_progress(how_far);
            }
            Wake::Written(Ok(receipts)) => {
                for receipt in receipts {
                    self.client.session.acknowledge(receipt);
                }
            }
            // The reader of our output went away: nothing is wrong, and nothing left to do.
            Wake::Written(Err(error)) if error.is_broken_pipe() => self.abandon(Ok(())),
            Wake::Written(Err(error)) => self.abandon(Err(ClientError::Console(error))),
            Wake::HungUp => self.abandon(Ok(())),
            Wake::Deadline => return self.deadline(connection).await,
            Wake::Interrupt(flow) => self.follow(flow),
            Wake::Cut(interrupt) => return self.cut_short(interrupt),
        }
        Ok(Turn::Again)
    }

    fn progressed(&mut self, progress: &Progress) -> Result<Turn, ClientError> {
        match progress {
            Progress::Closed if matches!(self.stage, Stage::Closing(_)) => return Ok(Turn::Last),
            Progress::Closed => return Err(self.lost()),
            Progress::Read => self.client.session.received(Instant::now()),
            Progress::Written => {
                self.client.session.sent(Instant::now(), self.client.queue.len());
                if let Stage::Leaving(overdue) = &mut self.stage {
                    *overdue = Timer::now() + LEAVING;
                }
            }
        }
        Ok(Turn::Again)
    }

    /// A ping is due, or the broker is to be given up; but not while its bytes lie unread because
    /// the whole program was stopped meanwhile.
    async fn deadline(&mut self, connection: &mut Connection) -> Result<Turn, ClientError> {
        let Err(silence) = self.client.session.handle_deadline(Instant::now()) else {
            return Ok(Turn::Again);
        };
        let progress = tokio::select! {
            biased;
            progress = connection.progress(&mut self.client.queue, Reading::On) => progress,
            () = std::future::ready(()) => return Err(silence.into()),
        };
        let lost = |error| ClientError::from_write(&self.endpoint, error);
        self.progressed(&progress.map_err(lost)?)
    }

    fn lost(&self) -> ClientError {
        ClientError::Lost { endpoint: self.endpoint.clone(), source: None }
    }

    /// Leaves without what is still to be printed or released; DISCONNECT is sent all the same, so
    /// that the broker knows. While messages come and go there is nothing to leave in order.
    fn cut_short(&mut self, interrupt: Interrupt) -> Result<Turn, ClientError> {
        self.client.console.close();
        match self.stage {
            Stage::Open | Stage::Leaving(_) => return Err(ClientError::Interrupted(interrupt)),
            Stage::Closing(_) => return Ok(Turn::Last),
            Stage::Releasing(reason, _) => self.stage = Stage::Releasing(reason, Timer::now()),
            Stage::Settling(reason) => {
                self.output = Printing::Abandoned;
                self.stage = Stage::Releasing(reason, Timer::now());
                // The tool itself tells of its time limit.
                let is_signal = matches!(interrupt, Interrupt::Signal(_));
                if is_signal && self.application.needs_output() && self.result.is_ok() {
                    self.result = Err(ClientError::Interrupted(interrupt).into());
                }
            }
        }
        Ok(Turn::Again)
    }

    /// Nothing can be printed any more.
    fn abandon(&mut self, result: Result<(), ClientError>) {
        self.client.console.abandon();
        if !self.application.needs_output() {
            return;
        }
        self.output = Printing::Abandoned;
        self.follow(result.map(|()| Flow::Finish(ReasonCode::SUCCESS)));
    }

    /// Does what the tool says. An error of its own ends the conversation in good order.
    fn follow(&mut self, flow: Result<Flow, impl Into<A::Error>>) {
        match flow {
            Ok(Flow::Continue | Flow::Pending) => {}
            Ok(Flow::Full) => self.inflow = Inflow::Held,
            Ok(Flow::Finish(reason)) => self.finish(reason),
            Err(error) => {
                if self.result.is_ok() {
                    self.result = Err(error.into());
                }
                self.finish(ReasonCode::SUCCESS);
            }
        }
    }

    fn finish(&mut self, reason: ReasonCode) {
        if matches!(self.stage, Stage::Open) {
            self.inflow = Inflow::Open;
            self.stage = Stage::Settling(reason);
        }
    }

    /// Sends DISCONNECT once all that is printed is written and acknowledged to the end.
    fn leave_when_settled(&mut self, connection: &mut Connection) -> Result<(), ClientError> {
        if let Stage::Settling(reason) = self.stage
            && self.client.console.is_settled()
        {
            self.stage = Stage::Releasing(reason, Timer::now() + RELEASING);
            if self.owes_acknowledgement() {
                self.client.session.stop_receiving();
                // What was read before may hold the release.
                self.receive(connection)?;
                self.client.collect()?;
            }
        }
        match self.stage {
            Stage::Releasing(reason, overdue)
                if !self.owes_acknowledgement() || Timer::now() >= overdue =>
            {
                self.leave(reason)
            }
            _ => Ok(()),
        }
    }

    /// Whether the broker waits for something that we will be able to say.
    fn owes_acknowledgement(&self) -> bool {
        self.output == Printing::Possible && self.client.session.owes_acknowledgement()
    }

    fn leave(&mut self, reason: ReasonCode) -> Result<(), ClientError> {
        let disconnect = Disconnect { reason, properties: self.client.farewell.clone() };
        self.stage = Stage::Leaving(Timer::now() + LEAVING);
        self.client.session.disconnect(disconnect);
        self.client.collect()?;
        self.client.flush_console()?;
        // What still comes is for nobody, and the originals do not show it.
        self.client.debug = None;
        Ok(())
    }

    /// Closes our side once everything is sent.
    async fn close_when_drained(&mut self, connection: &mut Connection) -> Result<(), ClientError> {
        if matches!(self.stage, Stage::Leaving(_)) && connection.is_drained(&self.client.queue) {
            let deadline = Timer::now() + CLOSING;
            self.stage = Stage::Closing(deadline);
            let lost = |error| ClientError::lost(&self.endpoint, error);
            // The deadline also holds for a wrapper that has to say good-bye itself.
            if let Ok(result) = tokio::time::timeout_at(deadline, connection.shut_down()).await {
                result.map_err(lost)?;
            }
        }
        Ok(())
    }
}
