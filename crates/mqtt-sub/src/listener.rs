//! Whoever takes the messages, as one [`Application`]: the client is made once for each type it is
//! given, and is a tenth of the binary.

use mqtt_core::client::{Application, Client, Event, Flow, Loss};
use mqtt_core::progress::HowFar;
use mqtt_core::signal::Interrupt;
use mqtt_core::stats::Totals;

use crate::error::SubError;
use crate::rate::RateMeter;
use crate::subscriber::Subscriber;

/// Who takes the messages.
#[derive(Debug)]
pub(crate) enum Listener {
    RateMeter(RateMeter),
    Subscriber(Box<Subscriber>),
}

impl Listener {
    /// What a run that ended in order comes to.
    pub(crate) fn outcome(&self) -> Result<(), SubError> {
        match self {
            Self::RateMeter(meter) => meter.outcome(),
            Self::Subscriber(subscriber) => subscriber.outcome(),
        }
    }

    /// What has come.
    pub(crate) fn totals(&self) -> Totals {
        match self {
            Self::RateMeter(meter) => meter.totals(),
            Self::Subscriber(subscriber) => subscriber.totals(),
        }
    }
}

impl Application for Listener {
    type Error = SubError;

    fn feed(&mut self, client: &mut Client) -> Result<Flow, SubError> {
        match self {
            Self::RateMeter(meter) => meter.feed(client),
            Self::Subscriber(subscriber) => subscriber.feed(client),
        }
    }

    fn on_event(&mut self, event: Event, client: &mut Client) -> Result<Flow, SubError> {
        match self {
            Self::RateMeter(meter) => meter.on_event(event, client),
            Self::Subscriber(subscriber) => subscriber.on_event(event, client),
        }
    }

    fn on_interrupt(
        &mut self,
        interrupt: Interrupt,
        client: &mut Client,
    ) -> Result<Flow, SubError> {
        match self {
            Self::RateMeter(meter) => meter.on_interrupt(interrupt, client),
            Self::Subscriber(subscriber) => subscriber.on_interrupt(interrupt, client),
        }
    }

    fn how_far(&self, client: &Client) -> Option<HowFar> {
        match self {
            Self::RateMeter(meter) => meter.how_far(client),
            Self::Subscriber(subscriber) => subscriber.how_far(client),
        }
    }

    fn on_lost(&mut self, unsent: u64) -> Loss {
        match self {
            Self::RateMeter(meter) => meter.on_lost(unsent),
            Self::Subscriber(subscriber) => subscriber.on_lost(unsent),
        }
    }

    fn on_end(&mut self, client: &Client) {
        match self {
            Self::RateMeter(meter) => meter.on_end(client),
            Self::Subscriber(subscriber) => subscriber.on_end(client),
        }
    }

    fn needs_output(&self) -> bool {
        match self {
            Self::RateMeter(meter) => meter.needs_output(),
            Self::Subscriber(subscriber) => subscriber.needs_output(),
        }
    }

    async fn input(&mut self) {
        match self {
            Self::RateMeter(meter) => meter.input().await,
            Self::Subscriber(subscriber) => subscriber.input().await,
        }
    }
}
