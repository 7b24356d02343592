//! What the broker is asked for on every connection, and what it answers.

use mqtt_core::client::Client;
use mqtt_core::protocol::{ConnAck, Properties, SubAck};

use crate::plan::Requests;
use crate::run::RunError;

/// The SUBSCRIBE and the UNSUBSCRIBEs of a run.
#[derive(Debug)]
pub(crate) struct Subscription {
    requests: Requests,
    stage: Stage,
    /// UNSUBSCRIBEs without an answer.
    unanswered: usize,
}

/// How far the SUBSCRIBE is. Only what was answered needs no second one in a kept session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    New,
    Asked,
    Answered,
}

impl Subscription {
    pub(crate) fn new(requests: Requests) -> Self {
        Self { requests, stage: Stage::New, unanswered: 0 }
    }

    /// The broker has let us in.
    pub(crate) fn connected(
        &mut self,
        connack: &ConnAck,
        client: &mut Client,
    ) -> Result<(), RunError> {
        if self.stage == Stage::Answered && connack.session_present {
            return Ok(());
        }
        let Requests { subscribe, unsubscribe } = &self.requests;
        self.unanswered = unsubscribe.len();
        if !subscribe.is_empty() {
            self.stage = Stage::Asked;
            client.subscribe(subscribe.clone(), Properties::new())?;
        }
        for filter in unsubscribe {
            client.unsubscribe(filter.clone(), Properties::new())?;
        }
        Ok(())
    }

    /// SUBACK: an error where not one filter was granted.
    pub(crate) fn subscribed(
        &mut self,
        suback: &SubAck,
        client: &mut Client,
    ) -> Result<(), RunError> {
        self.stage = Stage::Answered;
        let refused = suback.reasons.iter().filter(|reason| reason.is_error()).count();
        let first = suback.reasons.iter().find(|reason| reason.is_error()).copied();
        if let Some(reason) = first
            && refused == suback.reasons.len()
        {
            return Err(RunError::Refused { filters: self.filters(suback), reason });
        }
        if refused > 0 {
            let filters = self.filters(suback);
            client.notice(&format!("warning: the broker refused to subscribe to {filters}"));
        }
        Ok(())
    }

    /// UNSUBACK.
    pub(crate) fn unsubscribed(&mut self) {
        self.unanswered = self.unanswered.saturating_sub(1);
    }

    /// Whether SUBACK has come; with nothing to subscribe to, every UNSUBACK.
    pub(crate) fn is_answered(&self) -> bool {
        match self.stage {
            Stage::New => self.unanswered == 0,
            Stage::Asked => false,
            Stage::Answered => true,
        }
    }

    /// The refused filters with the reasons.
    fn filters(&self, suback: &SubAck) -> String {
        let answers = self.requests.subscribe.iter().zip(&suback.reasons);
        let refused: Vec<_> = answers
            .filter(|(_, reason)| reason.is_error())
            .map(|(filter, reason)| format!("'{}' ({reason})", filter.filter))
            .collect();
        refused.join(", ")
    }
}
