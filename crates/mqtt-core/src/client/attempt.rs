//! One attempt to connect: the candidates in turn, until one lets us in.

use std::future::Future;
use std::pin::{Pin, pin};
use std::time::{Duration, Instant};

use tokio::time::{sleep, timeout};

use super::connection::{Connection, Progress};
use super::redirect::Way;
use super::{Client, ClientError, Event};
use crate::plan::{Audience, ConnectPlan, Endpoint, Route};
use crate::session::Reading;
use crate::transport::{self, Deadline, Prepared};

/// After that time a person wants to know what is waited for.
const PATIENCE: Duration = Duration::from_millis(300);

/// A connection that stands, and the event that says so.
pub(super) type Connected = (Connection, Event);

/// Connects to the first candidate that lets us in, all within the plan's time limit: each that is
/// tried has its part of what is left of it, so that a silent one leaves time for the others. What
/// none of them would answer otherwise is the end.
pub(super) async fn establish(
    plan: &ConnectPlan,
    prepared: &Prepared,
    way: &Way,
    client: &mut Client,
) -> Result<Connected, ClientError> {
    let deadline = Deadline::within(plan.connect_timeout);
    let mut attempt = Attempt { plan, prepared, route: way.route(), client };
    let mut candidates = way.candidates();
    let mut failures = Vec::new();
    while let Some(candidate) = candidates.take_next() {
        let deadline = deadline.part_of(1 + candidates.left());
        let failure = match candidate {
            Endpoint::Service(name) => match attempt.look_up(&name, deadline).await {
                Ok(places) => {
                    candidates.insert(&places);
                    continue;
                }
                Err(failure) => failure,
            },
            endpoint => match attempt.connect(endpoint, deadline).await {
                Ok(connected) => return Ok(connected),
                Err(failure) => failure,
            },
        };
        if !failure.is_of_one_broker() {
            return Err(failure);
        }
        if let Some(next) = candidates.peek() {
            attempt.client.turning_to(next, &failure);
        }
        failures.push(failure);
    }
    Err(ClientError::of_candidates(failures))
}

struct Attempt<'a> {
    plan: &'a ConnectPlan,
    prepared: &'a Prepared,
    route: &'a Route,
    client: &'a mut Client,
}

impl Attempt<'_> {
    /// The places of a service.
    async fn look_up(
        &mut self,
        service: &str,
        deadline: Deadline,
    ) -> Result<Vec<Endpoint>, ClientError> {
        let looking = pin!(transport::services(self.route, service, deadline));
        Ok(patiently(looking, self.route, self.client).await?)
    }

    /// Connects, sends CONNECT and waits for CONNACK.
    async fn connect(
        &mut self,
        endpoint: Endpoint,
        deadline: Deadline,
    ) -> Result<Connected, ClientError> {
        let connecting = pin!(transport::connect(self.prepared, self.route, endpoint, deadline));
        let reached = patiently(connecting, self.route, self.client).await?;
        let mut connection = Connection::new(reached);
        let introduced = deadline.wait_for(self.introduce(&mut connection)).await;
        let endpoint = || connection.endpoint().clone();
        let introduced = introduced.map_err(|limit| {
            let wrapping = self.route.wrapping();
            ClientError::NoConnAck { endpoint: endpoint(), limit, wrapping }
        })?;
        let event = introduced.map_err(|error| error.before_connack(self.route))?;
        Ok((connection, event))
    }

    /// Sends CONNECT and waits for the answer that lets us in.
    async fn introduce(&mut self, connection: &mut Connection) -> Result<Event, ClientError> {
        let client = &mut *self.client;
        let endpoint = connection.endpoint().clone();
        client.connecting()?;
        let mut connect = self.plan.connect.clone();
        connect.client_id = client.session.client_id().clone();
        connect.password.clone_from(&client.password);
        let lost = |error| ClientError::from_write(&endpoint, error);
        connection.send_connect(&connect).await?;
        let mut patience = pin!(sleep(PATIENCE));
        loop {
            let progress = tokio::select! {
                progress = connection.progress(&mut client.queue, Reading::On) => progress,
                () = &mut patience, if client.wonders_where() => {
                    client.say_where(self.route);
                    continue;
                }
            };
            match progress.map_err(lost)? {
                Progress::Closed => {
                    return Err(ClientError::Lost { endpoint: endpoint.clone(), source: None });
                }
                Progress::Written | Progress::Read => {}
            }
            if let Some(event) = client.next_event(connection, Instant::now())? {
                return Ok(event);
            }
        }
    }
}

/// Says to a person what is waited for, if it takes long. It is said once.
async fn patiently<T>(
    mut work: Pin<&mut impl Future<Output = T>>,
    route: &Route,
    client: &mut Client,
) -> T {
    if client.wonders_where() {
        if let Ok(done) = timeout(PATIENCE, work.as_mut()).await {
            return done;
        }
        client.say_where(route);
    }
    work.await
}

impl Client {
    /// Whether somebody waits who has not been told what for.
    fn wonders_where(&self) -> bool {
        self.audience == Audience::Person && !self.has_said_where
    }

    fn say_where(&mut self, route: &Route) {
        self.has_said_where = true;
        self.tell(&format!("note: connecting to {route}…"));
        // What cannot be printed now is reported when it is printed next.
        let _ = self.flush_console();
    }
}
