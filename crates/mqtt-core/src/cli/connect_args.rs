//! The options of mqtt-pub and mqtt-sub that say which broker to talk to, and as whom.

use std::num::NonZeroU16;
use std::time::Duration;

use clap::{ArgAction, Args};

use super::color::{Color, Surroundings};
use super::route_args::RouteArgs;
use super::value;
use super::{Given, UsageError};
use crate::console::Stream;
use crate::invocation::Behaviour;
use crate::plan::{ConnectPlan, Controls, DebugPlan, Notices, Reconnect};
use crate::protocol::property::Carrier;
use crate::protocol::{
    Connect, MAX_REMAINING_LENGTH, Properties, Property, PropertyId, ProtocolVersion, Text, Value,
};
use crate::secret::Secret;

/// The originals' window of unacknowledged messages, and the receive maximum they announce.
pub const DEFAULT_WINDOW: u16 = 20;

/// From the look-up of the name to CONNACK.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(30);

const NEVER_EXPIRES: u32 = u32::MAX;

/// Which broker, and as whom.
#[derive(Args, Debug)]
pub struct ConnectArgs {
    #[command(flatten)]
    route: RouteArgs,

    /// Client identifier; without it the broker chooses one
    #[arg(short, long, help_heading = "Session", value_parser = value::text())]
    id: Option<Text>,

    /// Client identifier is PREFIX followed by the process id
    #[arg(short = 'I', long, help_heading = "Session", value_name = "PREFIX",
        value_parser = value::text())]
    id_prefix: Option<Text>,

    /// User name
    #[arg(short, long, help_heading = "Connection", value_parser = value::text())]
    username: Option<Text>,

    /// Password; the system's other users can see it on the command line
    #[arg(short = 'P', long = "pw", visible_alias = "password", help_heading = "Connection",
        value_name = "PASSWORD", value_parser = value::secret())]
    password: Option<Secret>,

    /// Version of MQTT: mqttv31 (31), mqttv311 (311) or mqttv5 (5)
    #[arg(short = 'V', long, help_heading = "Connection", value_name = "VERSION",
        default_value = "mqttv311", value_parser = value::protocol_version())]
    protocol_version: ProtocolVersion,

    /// Seconds without traffic after which the connection is tested, 5 to 65535
    #[arg(short, long, help_heading = "Connection", value_name = "SECONDS", default_value_t = 60,
        value_parser = value::two_byte_number(5, u16::MAX))]
    keepalive: u16,

    /// Keep the session at the broker when this client leaves; needs --id
    #[arg(short = 'c', long, help_heading = "Session", action = ArgAction::SetTrue)]
    disable_clean_session: bool,

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

    /// Settles defaults and checks the rules between options.
    pub fn plan(self, given: &Given, defaults: ConnectDefaults) -> Result<ConnectPlan, UsageError> {
        if let Some(broken) = self.broken_rule() {
            return Err(given.error(broken));
        }
        let version = self.protocol_version;
        let properties = self
            .properties(defaults.receive_maximum)
            .map_err(|cause| given.error(format!("invalid CONNECT property: {cause}")))?;
        Ok(ConnectPlan {
            connect: Connect {
                version,
                clean_start: !self.disable_clean_session,
                keep_alive: self.keepalive,
                client_id: self.client_id(given)?,
                will: None,
                properties,
                username: self.username.clone(),
                password: self.password.clone(),
            },
            max_inflight: self.max_inflight,
            max_packet_size: MAX_REMAINING_LENGTH,
            connect_timeout: CONNECT_TIMEOUT,
            reconnect: defaults.reconnect,
            time_limit: defaults.time_limit,
            debug: self.debug.then(|| debug_plan(given.invocation().behaviour, self.color)),
            notices: self.notices(),
            route: self.route.plan(given)?,
        })
    }

    /// What the options say that cannot be true of all of them.
    fn broken_rule(&self) -> Option<&'static str> {
        let version = self.protocol_version;
        if self.id.as_ref().is_some_and(Text::is_empty) {
            return Some("invalid value '' for '--id <ID>': it is empty");
        }
        if self.id.is_some() && self.id_prefix.is_some() {
            return Some("'--id' and '--id-prefix' exclude each other");
        }
        if self.disable_clean_session && self.id.is_none() {
            return Some(
                "'--disable-clean-session' needs '--id': the broker finds the session by it",
            );
        }
        if version != ProtocolVersion::V5 && self.password.is_some() && self.username.is_none() {
            return Some("'--pw' needs '--username': MQTT 3 has no password without a user name");
        }
        None
    }

    /// The CONNECT properties of MQTT 5, in the original's order.
    fn properties(
        &self,
        receive_maximum: NonZeroU16,
    ) -> Result<Properties, crate::protocol::property::PropertyError> {
        let mut list = Vec::new();
        if self.protocol_version == ProtocolVersion::V5 {
            if self.disable_clean_session {
                let id = PropertyId::SessionExpiryInterval;
                list.push(Property { id, value: Value::FourByte(NEVER_EXPIRES) });
            }
            let value = Value::TwoByte(receive_maximum.get());
            list.push(Property { id: PropertyId::ReceiveMaximum, value });
        }
        Properties::checked(Carrier::Connect, list)
    }

    fn client_id(&self, given: &Given) -> Result<Text, UsageError> {
        let id = match (&self.id, &self.id_prefix) {
            (Some(id), _) => Ok(id.clone()),
            (None, Some(prefix)) => Text::new(format!("{prefix}{}", std::process::id())),
            // MQTT 3.1 has no empty identifier; 23 bytes are the most it has.
            (None, None) if self.protocol_version == ProtocolVersion::V31 => Text::new(random_id()),
            (None, None) => Ok(Text::default()),
        };
        id.map_err(|error| given.error(format!("invalid client identifier: {error}")))
    }
}

/// `mosq-` and 18 random letters and digits, as the original makes it.
fn random_id() -> String {
    const LETTERS: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    let mut random = [0_u8; 18];
    // Without randomness the identifier is still one, only more likely to clash.
    if getrandom::fill(&mut random).is_err() {
        random[..4].copy_from_slice(&std::process::id().to_ne_bytes());
    }
    let letters = random.iter().map(|byte| char::from(LETTERS[usize::from(byte % 62)]));
    "mosq-".chars().chain(letters).collect()
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
