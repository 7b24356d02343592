//! From one connection to the next: connect, converse, connect again as the plan says.

use std::time::{Duration, Instant};

use bytes::BytesMut;
use tokio::time::timeout;

use super::connection::{CLOSING, Connection, Progress, Reading};
use super::conversation::{Conversation, Ended};
use super::{Application, Client, ClientError, Flow};
use crate::console::HangUp;
use crate::plan::{ConnectPlan, Reconnect};
use crate::protocol::codec::Codec;
use crate::protocol::{PropertyId, ProtocolVersion};
use crate::session::{Backoff, Event, Session, SessionConfig};
use crate::signal::{Interrupt, Interrupts, Urgency};
use crate::transport;

/// Carries out a plan with a tool, until the tool is done or nothing more can be done.
///
/// `hang_up` is made once the runtime stands: a tool whose stdout matters watches it.
pub fn run<A: Application>(
    plan: &ConnectPlan,
    hang_up: fn() -> HangUp,
    application: &mut A,
) -> Result<(), A::Error> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .enable_time()
        .build()
        .map_err(ClientError::System)?;
    let result = runtime.block_on(async {
        let interrupts = Interrupts::new(plan.time_limit).map_err(ClientError::System)?;
        let mut driver = Driver {
            plan,
            client: Client::new(plan, session(plan)),
            interrupts,
            hang_up: hang_up(),
        };
        let result = driver.run(application).await;
        driver.settle().await;
        result
    });
    // A name that is still being looked up must not hold up the end.
    runtime.shutdown_background();
    result
}

fn session<P: Clone>(plan: &ConnectPlan) -> Session<P> {
    let connect = &plan.connect;
    let aliases = connect.properties.number(PropertyId::TopicAliasMaximum).unwrap_or_default();
    let config = SessionConfig {
        version: connect.version,
        clean_start: connect.clean_start,
        client_id: connect.client_id.clone(),
        keep_alive: connect.keep_alive,
        max_inflight: plan.max_inflight,
        topic_alias_maximum: u16::try_from(aliases).unwrap_or(u16::MAX),
    };
    Session::new(config, Instant::now())
}

struct Driver<'a> {
    plan: &'a ConnectPlan,
    client: Client,
    interrupts: Interrupts,
    hang_up: HangUp,
}

impl Driver<'_> {
    async fn run<A: Application>(&mut self, application: &mut A) -> Result<(), A::Error> {
        let (mut connection, mut connected) = self.first_connection().await?;
        loop {
            let conversation = Conversation::new(
                &mut self.client,
                &mut self.interrupts,
                &self.hang_up,
                &self.plan.endpoint,
                application,
            );
            let failure = match conversation.run(&mut connection, connected).await {
                Ended::Finished(result) => {
                    connection.close().await;
                    return result;
                }
                Ended::Broken(failure) => failure,
            };
            application.on_lost(self.client.queue.clear());
            self.farewell(connection, &failure).await;
            if self.plan.reconnect == Reconnect::Never || !failure.is_loss() {
                return Err(failure.into());
            }
            self.client.notice(&format!("warning: {}; connecting again", failure.with_causes()));
            match self.reconnect(application).await? {
                Some(again) => (connection, connected) = again,
                None => return Ok(()),
            }
            self.client.notice(&format!("note: connected to {} again", self.plan.endpoint));
        }
    }

    async fn first_connection(&mut self) -> Result<(Connection, Event), ClientError> {
        tokio::select! {
            result = establish(self.plan, &mut self.client) => result,
            (interrupt, _) = self.interrupts.next() => Err(ClientError::Interrupted(interrupt)),
        }
    }

    /// Tries until a connection stands; `None` when the tool was asked to end and has nothing left
    /// to do.
    async fn reconnect<A: Application>(
        &mut self,
        application: &mut A,
    ) -> Result<Option<(Connection, Event)>, A::Error> {
        let mut backoff = Backoff::new();
        loop {
            let random = getrandom::u32().unwrap_or_default();
            let delay = backoff.delay(u16::try_from(random >> 16).unwrap_or_default());
            let interrupt = match self.pause(delay).await {
                Pause::Over => tokio::select! {
                    attempt = establish(self.plan, &mut self.client) => match attempt {
                        Ok(connected) => return Ok(Some(connected)),
                        Err(error) if error.may_pass() => continue,
                        Err(error) => return Err(error.into()),
                    },
                    interrupt = self.interrupts.next() => interrupt,
                    () = self.hang_up.happened() => return Ok(None),
                },
                Pause::Interrupted(interrupt) => interrupt,
                Pause::HungUp => return Ok(None),
            };
            match interrupt {
                (interrupt, Urgency::Now) => return Err(ClientError::Interrupted(interrupt).into()),
                (interrupt, Urgency::Soon) => {
                    let flow = application.on_interrupt(interrupt, &mut self.client)?;
                    if let Flow::Finish(_) = flow {
                        return Ok(None);
                    }
                }
            }
        }
    }

    /// Waits, and writes out what is printed meanwhile.
    async fn pause(&mut self, delay: Duration) -> Pause {
        let sleep = tokio::time::sleep(delay);
        tokio::pin!(sleep);
        loop {
            // A console that cannot be started is found out when there is a connection again.
            let _ = self.client.console.flush();
            tokio::select! {
                () = &mut sleep => return Pause::Over,
                written = self.client.console.written() => match written {
                    Ok(receipts) => {
                        for receipt in receipts {
                            self.client.session.acknowledge(receipt);
                        }
                    }
                    Err(_) => return Pause::HungUp,
                },
                interrupt = self.interrupts.next() => return Pause::Interrupted(interrupt),
                () = self.hang_up.happened() => return Pause::HungUp,
            }
        }
    }

    /// Tells an MQTT 5 broker why we leave, if it is to blame, and closes.
    async fn farewell(&mut self, mut connection: Connection, failure: &ClientError) {
        if let Some(reason) = failure.reason()
            && self.plan.connect.version == ProtocolVersion::V5
        {
            self.client.say_goodbye(reason);
            while !self.client.queue.is_empty() {
                let progress = connection.progress(&mut self.client.queue, Reading::Off);
                match timeout(CLOSING, progress).await {
                    Ok(Ok(Progress::Written)) => {}
                    _ => return,
                }
            }
            connection.close().await;
        }
    }

    /// Writes out what is printed, however the run ended; a signal cuts it short.
    async fn settle(&mut self) {
        while !self.client.console.is_settled() {
            if self.client.console.flush().is_err() {
                return;
            }
            tokio::select! {
                written = self.client.console.written() => {
                    if written.is_err() {
                        return;
                    }
                }
                (_, urgency) = self.interrupts.next() => {
                    if urgency == Urgency::Now {
                        return;
                    }
                }
                () = self.hang_up.happened() => return,
            }
        }
    }
}

/// How a pause ended.
enum Pause {
    Over,
    Interrupted((Interrupt, Urgency)),
    HungUp,
}

/// Connects, sends CONNECT and waits for CONNACK, all within the plan's time limit.
async fn establish(
    plan: &ConnectPlan,
    client: &mut Client,
) -> Result<(Connection, Event), ClientError> {
    let limit = plan.connect_timeout;
    let attempt = timeout(limit, introduce(plan, client));
    attempt.await.unwrap_or_else(|_| {
        Err(ClientError::ConnectTimeout { endpoint: plan.endpoint.clone(), limit })
    })
}

async fn introduce(
    plan: &ConnectPlan,
    client: &mut Client,
) -> Result<(Connection, Event), ClientError> {
    let stream = transport::connect(&plan.endpoint).await?;
    let mut connection = Connection::new(stream);
    client.connecting();
    let mut connect = plan.connect.clone();
    connect.client_id = client.session.client_id().clone();
    let lost = |error| ClientError::from_write(&plan.endpoint, error);
    let mut bytes = BytesMut::new();
    Codec::encode_connect(&connect, &mut bytes)?;
    connection.send_secret(bytes).await.map_err(lost)?;
    loop {
        match connection.progress(&mut client.queue, Reading::On).await.map_err(lost)? {
            Progress::Closed => {
                return Err(ClientError::Lost { endpoint: plan.endpoint.clone(), source: None });
            }
            Progress::Written | Progress::Read => {}
        }
        if let Some(event) = client.next_event(&mut connection, &plan.endpoint, Instant::now())? {
            return Ok((connection, event));
        }
    }
}
