//! What the commands of a run mean for its messages: when they are acknowledged, when no more is
//! taken, and what a failure does (`--exec`).

use mqtt_core::client::{Client, Flow};
use mqtt_core::session::{Receipt, ReceivedMessage};

use crate::exec::{Cause, CommandError, CommandPlan, Jobs, OnFailure};

/// The commands, and how far the run is from its end.
#[derive(Debug)]
pub(crate) struct Commands {
    jobs: Jobs,
    on_failure: OnFailure,
    stage: Stage,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Open,
    /// Somebody wants the run to end.
    Ending,
}

impl Commands {
    pub(crate) fn new(plan: CommandPlan) -> Self {
        let on_failure = plan.on_failure;
        Self { jobs: Jobs::new(plan), on_failure, stage: Stage::Open }
    }

    /// Whether none runs.
    pub(crate) fn is_idle(&self) -> bool {
        self.jobs.running() == 0
    }

    /// Runs the command for a message.
    pub(crate) fn take(&mut self, message: ReceivedMessage, receipt: Option<Receipt>) -> Flow {
        self.jobs.start(message, receipt);
        if self.jobs.is_full() { Flow::Full } else { Flow::Pending }
    }

    /// A message that no command is run for, which is acknowledged behind those before it.
    pub(crate) fn pass(&mut self, receipt: Receipt) -> Flow {
        match self.jobs.pass(receipt) {
            Some(_) => Flow::Continue,
            None => Flow::Pending,
        }
    }

    /// Looks at what has ended: acknowledges, warns, or gives the failure that ends the run. Then
    /// what is left stays unacknowledged.
    pub(crate) fn settle(&mut self, client: &mut Client) -> Result<Flow, CommandError> {
        while let Some(outcome) = self.jobs.ended() {
            let failure = outcome.err();
            if failure.as_ref().is_none_or(|failure| self.is_done_with(failure)) {
                while let Some(receipt) = self.jobs.next_done() {
                    client.acknowledge(receipt);
                }
            }
            if let Some(failure) = failure {
                self.judge(failure, client)?;
            }
        }
        Ok(if self.jobs.is_full() { Flow::Full } else { Flow::Continue })
    }

    /// Whether a message is done with although its command has failed.
    fn is_done_with(&self, failure: &CommandError) -> bool {
        let is_its_own = !failure.is_final() && !matches!(failure.cause, Cause::CutShort);
        is_its_own && self.on_failure != OnFailure::StopUnacknowledged
    }

    fn judge(&mut self, failure: CommandError, client: &mut Client) -> Result<(), CommandError> {
        let is_warning = match self.on_failure {
            OnFailure::GoOn => !failure.is_final(),
            OnFailure::Stop | OnFailure::StopUnacknowledged => {
                matches!(failure.cause, Cause::CutShort)
            }
        };
        if !self.is_done_with(&failure) || !is_warning {
            self.jobs.take_receipts().for_each(|receipt| client.forgo(receipt));
        }
        if !is_warning {
            return Err(failure);
        }
        client.notice(&format!("warning: {failure}"));
        Ok(())
    }

    /// Somebody wants the run to end: what runs may go on for a while.
    pub(crate) fn end_soon(&mut self) {
        self.stage = Stage::Ending;
        self.jobs.end_soon();
    }

    /// The run is over.
    pub(crate) fn finish(&mut self) {
        match self.stage {
            Stage::Open => self.jobs.finish(),
            Stage::Ending => self.jobs.end_now(),
        }
    }

    /// Waits until [`Self::settle`] has something to do. Cancel-safe.
    pub(crate) async fn input(&mut self) {
        self.jobs.input().await;
    }
}
