//! What the publisher does for `--wait-response`.

use mqtt_core::client::Client;
use mqtt_core::protocol::{ConnAck, SubAck};

use super::{Publisher, State};
use crate::error::PubError;
use crate::response::Response;

impl Publisher {
    /// For a message that is answered: it waits for the subscription.
    pub(crate) fn awaiting(mut self, response: Response) -> Self {
        self.state = State::Subscribing;
        self.response = Some(Box::new(response));
        self
    }

    pub(super) fn is_awaiting(&self) -> bool {
        self.response.as_ref().is_some_and(|response| response.is_waited_for())
    }

    /// The broker has let us in: what is not published yet waits for the subscription.
    pub(super) fn subscribe(
        &mut self,
        connack: &ConnAck,
        client: &mut Client,
    ) -> Result<(), PubError> {
        let Some(response) = self.response.as_mut().filter(|response| response.is_waited_for())
        else {
            return Ok(());
        };
        response.connected(connack, client)?;
        if self.state != State::Ended {
            self.state = State::Subscribing;
        }
        self.begin();
        Ok(())
    }

    /// Publishes from now on, if the answer would come.
    fn begin(&mut self) {
        if let Some(response) = &mut self.response
            && response.is_subscribed()
            && self.state == State::Subscribing
        {
            response.begin();
            self.state = State::Flowing;
        }
    }

    /// An error leaves what was not published where it is.
    pub(super) fn subscribed(&mut self, suback: &SubAck) -> Result<(), PubError> {
        if let Some(response) = &mut self.response {
            response.subscribed(suback)?;
            self.begin();
        }
        Ok(())
    }
}
