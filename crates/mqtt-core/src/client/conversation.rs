//! What happens while one connection stands: the one `select!`.

use std::time::{Duration, Instant};

use tokio::time::Instant as Timer;

use super::connection::{Connection, Progress, Reading};
use super::{Application, Client, ClientError, Flow};
use crate::console::{ConsoleError, HangUp};
use crate::plan::Endpoint;
use crate::protocol::{Disconnect, ReasonCode};
use crate::session::{Event, Receipt};
use crate::signal::{Interrupts, Urgency, until};

/// How long the last bytes may take to reach the socket without any progress.
const LEAVING: Duration = Duration::from_secs(30);

/// How a conversation ended.
pub(super) enum Ended<E> {
    /// The tool is done, well or badly; the broker was told.
    Finished(Result<(), E>),
    /// The connection cannot go on.
    Broken(ClientError),
}

/// One connection's conversation with the broker.
pub(super) struct Conversation<'a, A: Application> {
    client: &'a mut Client,
    interrupts: &'a mut Interrupts,
    hang_up: &'a HangUp,
    endpoint: &'a Endpoint,
    application: &'a mut A,
    stage: Stage,
    result: Result<(), A::Error>,
}

/// How far it has come.
enum Stage {
    /// Messages come and go.
    Open,
    /// The tool is done; what is printed is being written, and acknowledged then.
    Settling(Disconnect),
    /// DISCONNECT is on its way; by then it must have made some progress.
    Leaving(Timer),
}

/// What woke the loop.
enum Wake<E> {
    Progress(Progress),
    Input,
    Written(Result<Vec<Receipt>, ConsoleError>),
    Deadline,
    Overdue,
    Interrupt(Result<Flow, E>),
    HungUp,
}

impl<'a, A: Application> Conversation<'a, A> {
    pub(super) fn new(
        client: &'a mut Client,
        interrupts: &'a mut Interrupts,
        hang_up: &'a HangUp,
        endpoint: &'a Endpoint,
        application: &'a mut A,
    ) -> Self {
        let (stage, result) = (Stage::Open, Ok(()));
        Self { client, interrupts, hang_up, endpoint, application, stage, result }
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
                Err(error) => return Ended::Broken(error),
            }
        }
    }

    /// Does all that can be done at once, then waits for the next thing to happen.
    async fn turn(&mut self, connection: &mut Connection) -> Result<Turn, ClientError> {
        self.receive(connection)?;
        if matches!(self.stage, Stage::Open) {
            let flow = self.application.feed(self.client);
            self.follow(flow);
        }
        self.client.collect()?;
        self.client.console.flush().map_err(ClientError::System)?;
        self.leave_when_settled()?;
        if matches!(self.stage, Stage::Leaving(_)) && self.client.queue.is_empty() {
            return Ok(Turn::Last);
        }
        let wake = self.wait(connection).await?;
        self.react(wake)?;
        Ok(Turn::Again)
    }

    /// Hands the packets that have come to the session and the tool, as far as the console has
    /// room for what they print.
    fn receive(&mut self, connection: &mut Connection) -> Result<(), ClientError> {
        let now = Instant::now();
        while matches!(self.stage, Stage::Open) {
            if self.client.console.is_block_full() {
                self.client.console.flush().map_err(ClientError::System)?;
                if self.client.console.is_congested() {
                    return Ok(());
                }
            }
            let Some(event) = self.client.next_event(connection, self.endpoint, now)? else {
                return Ok(());
            };
            let receipt = match &event {
                Event::Message(_, receipt) => *receipt,
                _ => None,
            };
            let flow = self.application.on_event(event, self.client);
            if let Some(receipt) = receipt {
                self.client.console.want_receipt(receipt);
            }
            self.follow(flow);
        }
        Ok(())
    }

    async fn wait(&mut self, connection: &mut Connection) -> Result<Wake<A::Error>, ClientError> {
        let open = matches!(self.stage, Stage::Open);
        let reading =
            if open && !self.client.console.is_congested() { Reading::On } else { Reading::Off };
        self.client.session.set_reading(reading == Reading::On, Instant::now());
        let deadline = self.client.session.deadline().map(Timer::from_std);
        let overdue = match self.stage {
            Stage::Leaving(overdue) => Some(overdue),
            _ => None,
        };
        let Client { queue, console, .. } = &mut *self.client;
        Ok(tokio::select! {
            progress = connection.progress(queue, reading) => {
                let lost = |error| ClientError::from_write(self.endpoint, error);
                Wake::Progress(progress.map_err(lost)?)
            }
            () = self.application.input(), if open => Wake::Input,
            written = console.written() => Wake::Written(written),
            () = until(deadline) => Wake::Deadline,
            () = until(overdue) => Wake::Overdue,
            (interrupt, urgency) = self.interrupts.next() => match urgency {
                Urgency::Now => return Err(ClientError::Interrupted(interrupt)),
                Urgency::Soon if !open => Wake::Interrupt(Ok(Flow::Continue)),
                Urgency::Soon => {
                    Wake::Interrupt(self.application.on_interrupt(interrupt, self.client))
                }
            },
            () = self.hang_up.happened() => Wake::HungUp,
        })
    }

    fn react(&mut self, wake: Wake<A::Error>) -> Result<(), ClientError> {
        let lost = || ClientError::Lost { endpoint: self.endpoint.clone(), source: None };
        match wake {
            Wake::Progress(Progress::Closed) | Wake::Overdue => return Err(lost()),
            Wake::Progress(Progress::Read) => self.client.session.received(Instant::now()),
            Wake::Progress(Progress::Written) => {
                self.client.session.sent(Instant::now());
                if let Stage::Leaving(overdue) = &mut self.stage {
                    *overdue = Timer::now() + LEAVING;
                }
            }
            Wake::Input => {}
            Wake::Written(Ok(receipts)) => {
                for receipt in receipts {
                    self.client.session.acknowledge(receipt);
                }
            }
            // The reader of our output went away: nothing is wrong, and nothing left to do.
            Wake::Written(Err(error)) if error.is_broken_pipe() => self.abandon(Ok(())),
            Wake::Written(Err(error)) => self.abandon(Err(ClientError::Console(error))),
            Wake::HungUp => self.abandon(Ok(())),
            Wake::Deadline => self.client.session.handle_deadline(Instant::now())?,
            Wake::Interrupt(flow) => self.follow(flow),
        }
        Ok(())
    }

    /// Nothing can be printed any more.
    fn abandon(&mut self, result: Result<(), ClientError>) {
        self.client.console.abandon();
        self.follow(result.map(|()| Flow::Finish(Disconnect::new(ReasonCode::SUCCESS))));
    }

    /// Does what the tool says. An error of its own ends the conversation in good order.
    fn follow(&mut self, flow: Result<Flow, impl Into<A::Error>>) {
        match flow {
            Ok(Flow::Continue) => {}
            Ok(Flow::Finish(disconnect)) => self.finish(disconnect),
            Err(error) => {
                self.result = Err(error.into());
                self.finish(Disconnect::new(ReasonCode::SUCCESS));
            }
        }
    }

    fn finish(&mut self, disconnect: Disconnect) {
        if matches!(self.stage, Stage::Open) {
            self.stage = Stage::Settling(disconnect);
        }
    }

    /// Sends DISCONNECT once all that is printed is written and acknowledged.
    fn leave_when_settled(&mut self) -> Result<(), ClientError> {
        if let Stage::Settling(disconnect) = &self.stage
            && self.client.console.is_settled()
        {
            let disconnect = disconnect.clone();
            self.stage = Stage::Leaving(Timer::now() + LEAVING);
            self.client.session.disconnect(disconnect);
            self.client.collect()?;
            self.client.console.flush().map_err(ClientError::System)?;
        }
        Ok(())
    }
}

/// Whether the loop goes on.
enum Turn {
    Again,
    Last,
}
