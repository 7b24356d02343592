//! What will be subscribed to, and what is done with the messages.

use std::num::NonZeroU32;
use std::time::Duration;

use mqtt_core::plan::ConnectPlan;
use mqtt_core::protocol::{Properties, SubscribeFilter, TopicFilter};

use crate::changes::Changes;
use crate::exec::CommandPlan;
use crate::filter::{MessageFilter, Stored};
use crate::output::{Display, FolderPlan};
use crate::sampling::Sampling;

/// Everything mqtt-sub needs to know.
#[derive(Debug)]
pub(crate) struct SubscribePlan {
    pub(crate) connect: ConnectPlan,
    pub(crate) requests: Requests,
    pub(crate) task: Task,
    pub(crate) end: End,
}

/// What is done with the messages.
#[derive(Debug)]
pub(crate) enum Task {
    Show(Box<ShowPlan>),
    /// They are counted, second by second.
    Measure,
}

/// Which messages are shown, and how.
#[derive(Debug)]
pub(crate) struct ShowPlan {
    pub(crate) filter: MessageFilter,
    pub(crate) stored: Stored,
    /// `None`: what is the same as before is shown as well.
    pub(crate) changes: Option<Changes>,
    /// `None`: every message is shown.
    pub(crate) sampling: Option<Sampling>,
    pub(crate) display: Display,
    pub(crate) destination: Destination,
    /// `None`: however long nothing comes, it goes on.
    pub(crate) idle_limit: Option<Duration>,
}

/// Where messages go.
#[derive(Debug)]
pub(crate) enum Destination {
    Stdout,
    Folder(FolderPlan),
    Command(CommandPlan),
}

/// What the broker is asked for once it has let us in.
#[derive(Debug)]
pub(crate) struct Requests {
    /// One SUBSCRIBE for all of them.
    pub(crate) subscribe: Vec<SubscribeFilter>,
    /// One UNSUBSCRIBE for each.
    pub(crate) unsubscribe: Vec<TopicFilter>,
    pub(crate) properties: RequestProperties,
}

/// What the requests carry (MQTT 5).
#[derive(Debug)]
pub(crate) struct RequestProperties {
    pub(crate) subscribe: Properties,
    /// Every UNSUBSCRIBE carries them.
    pub(crate) unsubscribe: Properties,
}

/// When to leave, unless asked to before.
#[derive(Clone, Copy, Debug)]
pub(crate) enum End {
    /// Never.
    Never,
    /// After that many messages.
    Count(NonZeroU32),
    /// When the broker has answered the subscription.
    Answered,
}
