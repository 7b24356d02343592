//! The options of mqtt-pub and mqtt-sub that say which broker to talk to, and as whom.

use std::num::NonZeroU16;
use std::time::Duration;

use clap::{ArgAction, Args};

use super::color::{Color, Surroundings};
use super::route_args::RouteArgs;
use super::session_args::SessionArgs;
use super::source_args::SourceArgs;
use super::value;
use super::{Given, UsageError};
use crate::console::Stream;
use crate::invocation::Behaviour;
use crate::plan::{ConnectPlan, Controls, DebugPlan, Notices, Reconnect};
use crate::protocol::property::Carrier;
use crate::protocol::{
    Connect, MAX_REMAINING_LENGTH, Properties, PropertyId, ProtocolVersion, Text,
    remaining_length_within,
};
use crate::secret::Secret;

/// The originals' window of unacknowledged messages, and the receive maximum they announce.
pub const DEFAULT_WINDOW: u16 = 20;

/// Which broker, and as whom.
#[derive(Args, Debug)]
pub struct ConnectArgs {
    #[command(flatten)]
    route: RouteArgs,

    #[command(flatten)]
    session: SessionArgs,

    /// User name
    #[arg(short, long, help_heading = "Connection", value_parser = value::text())]
    username: Option<Text>,

    /// Password; the system's other users can see it on the command line
    #[arg(short = 'P', long = "pw", visible_alias = "password", help_heading = "Connection",
        value_name = "PASSWORD", value_parser = value::secret())]
    password: Option<Secret>,

    /// Seconds without traffic after which the connection is tested, 5 to 65535
    #[arg(short, long, help_heading = "Connection", value_name = "SECONDS", default_value_t = 60,
        value_parser = value::two_byte_number(5, u16::MAX))]
    keepalive: u16,

    /// Seconds that connecting may take, from the look-up of the name to the broker's answer; more
    /// than 0, at most 1000000000, with decimals if wanted
    #[arg(long, help_heading = "Connection", value_name = "SECONDS", default_value = "30",
        value_parser = value::time_limit())]
    connect_timeout: Duration,

    /// Most messages of QoS 1 and 2 that are sent and not yet acknowledged, 1 to 65535
    #[arg(short = 'M', long, help_heading = "Session", value_name = "COUNT",
        default_value_t = DEFAULT_WINDOW, value_parser = value::two_byte_number(1, u16::MAX))]
    max_inflight: u16,

    /// Print every packet that is sent and received
    #[arg(short, long, help_heading = "Output", action = ArgAction::SetTrue)]
    debug: bool,

    /// Colours in --debug lines: auto (on a terminal, unless the environment says otherwise),
    /// always or never
    #[arg(long, help_heading = "Output", value_name = "WHEN", default_value = "auto",
        value_parser = value::color())]
    color: Color,

    /// Print no warnings and errors while running; the exit status stays
    #[arg(long, help_heading = "Output", action = ArgAction::SetTrue)]
    quiet: bool,

    #[command(flatten)]
    sources: SourceArgs,

    /// Print this help
    #[arg(long, help_heading = "Help", action = ArgAction::Help)]
    help: Option<bool>,

    /// Print the version
    #[arg(long, help_heading = "Help", action = ArgAction::Version)]
    version: Option<bool>,
}

/// What a tool adds to the options to make a plan.
#[derive(Clone, Copy, Debug)]
pub struct ConnectDefaults {
    /// The receive maximum announced in CONNECT (MQTT 5).
    pub receive_maximum: NonZeroU16,
    /// What to do when the connection is lost.
    pub reconnect: Reconnect,
    /// `-W`.
    pub time_limit: Option<Duration>,
}

impl ConnectArgs {
    /// Whether run-time notices are printed.
    fn notices(&self) -> Notices {
        if self.quiet { Notices::Hidden } else { Notices::Shown }
    }

    /// The properties that were given for a packet, in their order. There are none with MQTT 3.
    pub fn properties(&self, carrier: Carrier, given: &Given) -> Result<Properties, UsageError> {
        self.session.properties(carrier, given)
    }

    /// Settles defaults and checks the rules between options.
    pub fn plan(self, given: &Given, defaults: ConnectDefaults) -> Result<ConnectPlan, UsageError> {
        let connect = self.connect(given, defaults.receive_maximum)?;
        let limit = connect.properties.number(PropertyId::MaximumPacketSize);
        Ok(ConnectPlan {
            disconnect: self.session.disconnect_properties(given, &connect.properties)?,
            connect,
            max_inflight: self.max_inflight,
            max_packet_size: limit.map_or(MAX_REMAINING_LENGTH, remaining_length_within),
            connect_timeout: self.connect_timeout,
            reconnect: defaults.reconnect,
            time_limit: defaults.time_limit,
            debug: self.debug.then(|| debug_plan(given.invocation().behaviour, self.color)),
            notices: self.notices(),
            route: self.route.plan(given)?,
        })
    }

    fn connect(&self, given: &Given, receive_maximum: NonZeroU16) -> Result<Connect, UsageError> {
        if let Some(broken) = self.broken_rule(given) {
            return Err(given.error(broken));
        }
        Ok(Connect {
            version: self.session.version(given),
            clean_start: self.session.is_clean_start(),
            keep_alive: self.keepalive,
            client_id: self.session.client_id(given)?,
            will: self.session.will(given)?,
            properties: self.session.connect_properties(given, receive_maximum)?,
            username: self.username.clone(),
            password: self.password.clone(),
        })
    }

    /// What the options say that cannot be true of all of them.
    fn broken_rule(&self, given: &Given) -> Option<&'static str> {
        let version = self.session.version(given);
        if version != ProtocolVersion::V5 && self.password.is_some() && self.username.is_none() {
            return Some("'--pw' needs '--username': MQTT 3 has no password without a user name");
        }
        self.session.broken_rule(given)
    }
}

fn debug_plan(behaviour: Behaviour, color: Color) -> DebugPlan {
    let stream = match behaviour {
        Behaviour::Original => Stream::Stdout,
        Behaviour::Own => Stream::Stderr,
    };
    let controls = match behaviour {
        Behaviour::Original => Controls::Raw,
        Behaviour::Own => Controls::Visible,
    };
    DebugPlan { stream, palette: color.palette(behaviour, &Surroundings::of(stream)), controls }
}
