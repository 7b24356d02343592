//! From one connection to the next: connect, converse, connect again as the plan says.

use std::future::Future;
use std::time::{Duration, Instant};

use tokio::time::timeout;

use super::attempt::{self, Connected};
use super::connection::{Connection, Progress};
use super::conversation::{Conversation, Ended};
use super::password;
use super::redirect::Way;
use super::write_queue::WriteError;
use super::{Application, Client, ClientError, Flow};
use crate::console::HangUp;
use crate::exit::Failure;
use crate::plan::{ConnectPlan, Reconnect, Retries, Tls};
use crate::protocol::{PropertyId, ProtocolVersion};
use crate::secret::Secret;
use crate::session::{Backoff, Reading, Session, SessionConfig};
use crate::signal::{Interrupt, Interrupts, Urgency};
use crate::transport::{self, Prepared};

/// A connection that held so long was a good one: the next attempts begin afresh.
const STEADY: Duration = Duration::from_secs(30);

/// How long a DISCONNECT that says what was wrong may take to go out.
const FAREWELL: Duration = Duration::from_secs(1);

/// What is said where the broker has closed two young connections in a row, which is all that a
/// client of MQTT 3 sees of another one with its identifier.
const RIVAL: &str = "hint: another client may use the same client identifier (-i): \
    a broker closes the older connection of two";

/// What is said where anyone can be the broker.
const UNVERIFIED: &str = "warning: --insecure: the broker's certificate is not looked at; \
    whoever answers reads and writes everything";

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
    let result = runtime.block_on(drive(plan, hang_up, application));
    // A name that is still being looked up must not hold up the end.
    runtime.shutdown_background();
    result
}

async fn drive<A: Application>(
    plan: &ConnectPlan,
    hang_up: fn() -> HangUp,
    application: &mut A,
) -> Result<(), A::Error> {
    let mut interrupts = Interrupts::new(plan.time_limit).map_err(ClientError::System)?;
    let hang_up = hang_up();
    let prepare = prepare(plan);
    let (prepared, password) = match unless_asked_to_end(&mut interrupts, &hang_up, prepare).await {
        Outcome::Done(prepared) => prepared?,
        Outcome::Interrupted(interrupt, _) => {
            return Err(ClientError::InterruptedEarly(interrupt).into());
        }
        Outcome::HungUp => return Ok(()),
    };
    let mut client = Client::new(plan, session(plan));
    client.password = password;
    let backoff = Backoff::new();
    let way = Way::new(&plan.route);
    let retries = 0;
    let mut driver = Driver { plan, prepared, way, client, interrupts, hang_up, backoff, retries };
    let result = driver.run(application).await;
    application.on_end(&driver.client);
    driver.client.clear_progress();
    let settled = match driver.settle().await {
        Err(ClientError::Console(_)) if !application.needs_output() => Ok(()),
        settled => settled.map_err(A::Error::from),
    };
    // What went wrong first is what is told.
    result.and(settled)
}

/// What is needed before anything is connected.
async fn prepare(plan: &ConnectPlan) -> Result<(Prepared, Option<Secret>), ClientError> {
    Ok((transport::prepare(&plan.route).await?, password::obtain(plan).await?))
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
    prepared: Prepared,
    way: Way,
    client: Client,
    interrupts: Interrupts,
    hang_up: HangUp,
    backoff: Backoff,
    /// Attempts in a row in which nothing got through.
    retries: u32,
}

impl Driver<'_> {
    async fn run<A: Application>(&mut self, application: &mut A) -> Result<(), A::Error> {
        if self.plan.route.tls.as_ref().is_some_and(Tls::is_unverified) {
            self.client.notice(UNVERIFIED);
        }
        let Some((mut connection, mut connected)) = self.first_connection().await? else {
            return Ok(());
        };
        let mut closed_in_a_row = 0_u32;
        loop {
            let (since, progress) = (Instant::now(), self.client.progress);
            let conversation = Conversation::new(
                &mut self.client,
                &mut self.interrupts,
                &self.hang_up,
                connection.endpoint().clone(),
                application,
            );
            let failure = match conversation.run(&mut connection, connected).await {
                Ended::Finished(result) => return result,
                Ended::Broken(failure) => failure,
            };
            self.way.lost(connection.endpoint());
            self.farewell(connection, &failure).await;
            let was_steady = since.elapsed() >= STEADY;
            if was_steady {
                self.backoff = Backoff::new();
                self.way.settle();
            }
            if was_steady || self.client.progress > progress {
                self.retries = 0;
            }
            if !self.is_referred(&failure) {
                if !self.may_try_again(&failure, self.plan.reconnect.later) {
                    return Err(failure.into());
                }
                self.connecting_again(&failure);
            }
            closed_in_a_row = match failure {
                ClientError::Lost { source: None, .. } if !was_steady => closed_in_a_row + 1,
                _ => 0,
            };
            if closed_in_a_row == 2 {
                self.client.notice(RIVAL);
            }
            match self.reconnect(application).await? {
                Some(again) => (connection, connected) = again,
                None => return Ok(()),
            }
            self.client.notice(&format!("note: connected again, to {}", connection.endpoint()));
        }
    }

    fn may_try_again(&self, failure: &ClientError, retries: Retries) -> bool {
        failure.may_pass() && retries.allow_more_than(self.retries)
    }

    /// Whether the broker refers us to another one, where to go at once.
    fn is_referred(&mut self, failure: &ClientError) -> bool {
        let notice = self.way.follow(failure);
        if let Some(notice) = &notice {
            self.client.session.disconnected();
            self.client.notice(notice);
        }
        notice.is_some()
    }

    /// How long to wait before the next attempt.
    fn delay(&mut self) -> Duration {
        if self.way.take_fresh() {
            return Duration::ZERO;
        }
        self.way.settle();
        self.retries = self.retries.saturating_add(1);
        let random = getrandom::u32().unwrap_or_default();
        self.backoff.delay(u16::try_from(random >> 16).unwrap_or_default())
    }

    /// `None` when nobody reads our output. Who would connect again later does so as soon as a
    /// broker was reached once, even if it did not let us in.
    async fn first_connection(&mut self) -> Result<Option<Connected>, ClientError> {
        let Reconnect { first, later } = self.plan.reconnect;
        let (mut delay, mut retries, mut was_told) = (Duration::ZERO, first, false);
        loop {
            let failure = match self.attempt(delay).await? {
                Outcome::Done(Ok(connected)) => return Ok(Some(connected)),
                Outcome::Done(Err(failure)) => failure,
                Outcome::Interrupted(interrupt, _) => {
                    return Err(ClientError::InterruptedEarly(interrupt));
                }
                Outcome::HungUp => return Ok(None),
            };
            let is_referred = self.is_referred(&failure);
            if is_referred || failure.is_silence() {
                retries = first.max(later);
            }
            if !is_referred {
                if !self.may_try_again(&failure, retries) {
                    return Err(failure);
                }
                if !was_told {
                    self.connecting_again(&failure);
                    if let Some(hint) = failure.hint() {
                        self.client.notice(&format!("hint: {hint}"));
                    }
                }
                was_told = true;
                self.client.session.disconnected();
            }
            delay = self.delay();
        }
    }

    /// One attempt to connect, after that time.
    async fn attempt(
        &mut self,
        delay: Duration,
    ) -> Result<Outcome<Result<Connected, ClientError>>, ClientError> {
        self.client.flush_console()?;
        let attempt = async {
            // Even no time at all would be rounded up to a millisecond.
            if !delay.is_zero() {
                tokio::time::sleep(delay).await;
            }
            attempt::establish(self.plan, &self.prepared, &self.way, &mut self.client).await
        };
        Ok(unless_asked_to_end(&mut self.interrupts, &self.hang_up, attempt).await)
    }

    fn connecting_again(&mut self, failure: &ClientError) {
        let why = failure.with_causes();
        self.client.notice(&format!("warning: {why}; connecting again"));
    }

    /// Tries until a connection stands; `None` when there is nobody to do it for any more: the
    /// tool has nothing left to do, or nobody reads our output.
    async fn reconnect<A: Application>(
        &mut self,
        application: &mut A,
    ) -> Result<Option<Connected>, A::Error> {
        loop {
            let delay = self.delay();
            let has_messages = self.client.unacknowledged() > 0;
            let attempt = tokio::select! {
                // Who has nothing to do by now is not connected for a moment.
                biased;
                () = application.exhausted(), if !has_messages => return Ok(None),
                attempt = self.attempt(delay) => attempt?,
            };
            match attempt {
                Outcome::Done(Ok(connected)) => return Ok(Some(connected)),
                Outcome::Done(Err(error)) if self.is_referred(&error) => {}
                Outcome::Done(Err(error))
                    if self.may_try_again(&error, self.plan.reconnect.later) =>
                {
                    self.client.session.disconnected();
                }
                Outcome::Done(Err(error)) => return Err(error.into()),
                Outcome::HungUp => return Ok(None),
                Outcome::Interrupted(interrupt, Urgency::Now) => {
                    self.client.console.close();
                    return Err(ClientError::Interrupted(interrupt).into());
                }
                Outcome::Interrupted(interrupt, Urgency::Soon) => {
                    self.client.session.disconnected();
                    let flow = application.on_interrupt(interrupt, &mut self.client)?;
                    if let Flow::Finish(_) = flow {
                        return Ok(None);
                    }
                }
            }
        }
    }

    /// Tells an MQTT 5 broker why we leave, if it is to blame.
    async fn farewell(&mut self, mut connection: Connection, failure: &ClientError) {
        let Some(reason) = failure.reason() else {
            return;
        };
        if self.plan.connect.version != ProtocolVersion::V5 {
            return;
        }
        self.client.say_goodbye(reason);
        let queue = &mut self.client.queue;
        let _ = timeout(FAREWELL, async {
            while !connection.is_drained(queue) {
                connection.progress(queue, Reading::Off).await?;
            }
            connection.shut_down().await.map_err(WriteError::Stream)?;
            while !matches!(connection.progress(queue, Reading::On).await?, Progress::Closed) {}
            Ok::<(), WriteError>(())
        })
        .await;
        queue.clear();
    }

    /// Writes out what is printed, however the run ended; a signal cuts it short.
    async fn settle(&mut self) -> Result<(), ClientError> {
        loop {
            self.client.flush_console()?;
            if self.client.console.is_settled() {
                return Ok(());
            }
            let written = self.client.console.written();
            match unless_asked_to_end(&mut self.interrupts, &self.hang_up, written).await {
                Outcome::Done(Ok(_)) | Outcome::Interrupted(_, Urgency::Soon) => {}
                Outcome::Done(Err(error)) if error.is_broken_pipe() => return Ok(()),
                Outcome::Done(Err(error)) => return Err(ClientError::Console(error)),
                Outcome::HungUp => return Ok(()),
                Outcome::Interrupted(interrupt, Urgency::Now) => {
                    return Err(ClientError::Interrupted(interrupt));
                }
            }
        }
    }
}

/// How a wait ended.
enum Outcome<T> {
    Done(T),
    Interrupted(Interrupt, Urgency),
    HungUp,
}

/// Waits for `work`, a signal, the time limit, or the end of our reader.
async fn unless_asked_to_end<T>(
    interrupts: &mut Interrupts,
    hang_up: &HangUp,
    work: impl Future<Output = T>,
) -> Outcome<T> {
    tokio::select! {
        done = work => Outcome::Done(done),
        (interrupt, urgency) = interrupts.next() => Outcome::Interrupted(interrupt, urgency),
        () = hang_up.happened() => Outcome::HungUp,
    }
}
