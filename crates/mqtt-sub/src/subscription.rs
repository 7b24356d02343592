//! What the broker is asked for on every connection, and what it answers.

use mqtt_core::client::Client;
use mqtt_core::protocol::{ConnAck, ReasonCode, SubAck, TopicFilter, UnsubAck};

use crate::error::SubError;
use crate::plan::Requests;

/// The SUBSCRIBE and the UNSUBSCRIBEs of a run.
#[derive(Debug)]
pub(crate) struct Subscription {
    requests: Requests,
    stage: Stage,
    /// UNSUBSCRIBEs without an answer.
    unanswered: usize,
    /// How many of them were refused, and the first reason for it.
    refused: Option<(usize, ReasonCode)>,
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
        Self { requests, stage: Stage::New, unanswered: 0, refused: None }
    }

    /// The broker has let us in.
    pub(crate) fn connected(
        &mut self,
        connack: &ConnAck,
        client: &mut Client,
    ) -> Result<(), SubError> {
        if self.stage == Stage::Answered && connack.session_present {
            return Ok(());
        }
        let Requests { subscribe, unsubscribe, properties } = &self.requests;
        self.unanswered = unsubscribe.len();
        self.refused = None;
        if !subscribe.is_empty() {
            self.stage = Stage::Asked;
            client.subscribe(subscribe.clone(), properties.subscribe.clone())?;
        }
        for filter in unsubscribe {
            client.unsubscribe(filter.clone(), properties.unsubscribe.clone())?;
        }
        Ok(())
    }

    /// SUBACK: an error where not one filter was granted.
    pub(crate) fn subscribed(
        &mut self,
        suback: &SubAck,
        client: &mut Client,
    ) -> Result<(), SubError> {
        self.stage = Stage::Answered;
        let Some(reason) = refusal(&suback.reasons) else {
            return Ok(());
        };
        let filters = self.filters(suback);
        if suback.reasons.iter().all(|reason| reason.is_error()) {
            return Err(SubError::Refused { filters, reason });
        }
        client.notice(&format!("warning: the broker refused to subscribe to {filters}"));
        Ok(())
    }

    /// UNSUBACK: an error where that was all there was to ask for, and all of it is refused.
    pub(crate) fn unsubscribed(
        &mut self,
        filter: &TopicFilter,
        unsuback: &UnsubAck,
        client: &mut Client,
    ) -> Result<(), SubError> {
        self.unanswered = self.unanswered.saturating_sub(1);
        if let Some(reason) = refusal(&unsuback.reasons) {
            let (count, first) = self.refused.unwrap_or((0, reason));
            self.refused = Some((count + 1, first));
            let explanation = unsuback.properties.explanation();
            client.notice(&format!(
                "warning: the broker refused to unsubscribe from '{filter}' ({reason}){explanation}"
            ));
        }
        match self.refused {
            Some((count, reason))
                if count == self.requests.unsubscribe.len()
                    && self.requests.subscribe.is_empty() =>
            {
                Err(SubError::NotUnsubscribed { reason })
            }
            _ => Ok(()),
        }
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
        refused.join(", ") + &suback.properties.explanation()
    }
}

/// The first reason that is none to be glad of.
fn refusal(reasons: &[ReasonCode]) -> Option<ReasonCode> {
    reasons.iter().find(|reason| reason.is_error()).copied()
}
