//! The options of mqtt-pub and mqtt-sub that say which broker to talk to, and as whom.

use std::num::NonZeroU16;
use std::time::Duration;

use clap::{ArgAction, Args};

use super::color::{Color, ColorArgs};
use super::password_args::{self, PasswordArgs};
use super::reconnect_args::ReconnectArgs;
use super::route_args::RouteArgs;
use super::session_args::SessionArgs;
use super::source_args::SourceArgs;
use super::value;
use super::{Given, UsageError};
use crate::console::Stream;
use crate::invocation::Behaviour;
use crate::plan::{
    Audience, ConnectPlan, Controls, DebugPlan, Notices, Progress, Reconnect, Summary,
};
use crate::protocol::property::Carrier;
use crate::protocol::{
    Connect, MAX_REMAINING_LENGTH, Properties, PropertyId, ProtocolVersion, Text,
    remaining_length_within,
};

macro_rules! version {
    ($tls:literal) => {
        concat!(
            env!("CARGO_PKG_VERSION"),
            " (MQTT 3.1, 3.1.1, 5; TCP, unix sockets, ",
            $tls,
            ", WebSocket, SOCKS and HTTP proxies, SRV)"
        )
    };
}

/// `--version` of the tools that connect: the workspace's version, and what they can do.
#[cfg(feature = "psk")]
pub const VERSION: &str = version!("TLS, PSK");
/// `--version` of the tools that connect: the workspace's version, and what they can do.
#[cfg(not(feature = "psk"))]
pub const VERSION: &str = version!("TLS");

/// The originals' window of unacknowledged messages, and the receive maximum they announce.
pub const DEFAULT_WINDOW: u16 = 20;

/// The longest packet that MQTT can have, in bytes behind its length.
const LARGEST_PACKET: u32 = 268_435_455;

/// Which broker, and as whom.
#[derive(Args, Debug)]
pub struct ConnectArgs {
    #[command(flatten)]
    route: RouteArgs,

    #[command(flatten)]
    session: SessionArgs,

    /// Log in as this user
    #[arg(short, long, help_heading = "Connection", value_parser = value::text())]
    username: Option<Text>,

    #[command(flatten)]
    password: PasswordArgs,

    /// Test the connection after so many seconds without traffic, 5 to 65535
    #[arg(short, long, help_heading = "Connection", value_name = "SECONDS", default_value_t = 60,
        value_parser = value::two_byte_number(5, u16::MAX))]
    keepalive: u16,

    /// Give up connecting after so many seconds, from the look-up of the name to the broker's
    /// answer; more than 0, at most 1000000000, with decimals if wanted
    #[arg(long, help_heading = "Connection", value_name = "SECONDS", default_value = "30",
        value_parser = value::time_limit())]
    connect_timeout: Duration,

    #[command(flatten)]
    reconnect: ReconnectArgs,

    /// Leave after so many seconds, with status 27 if there was more to do; more than 0, at most
    /// 1000000000, with decimals if wanted; without this the time does not count
    #[arg(short = 'W', long, help_heading = "Ending", value_name = "SECONDS",
        value_parser = value::time_limit())]
    timeout: Option<Duration>,

    /// Send at most so many messages of QoS 1 and 2 that are not yet acknowledged, 1 to 65535
    #[arg(short = 'M', long, help_heading = "Session", value_name = "COUNT",
        default_value_t = DEFAULT_WINDOW, value_parser = value::two_byte_number(1, u16::MAX))]
    max_inflight: u16,

    /// Take no packet from the broker that is larger, in bytes behind its length, 1 to 268435455;
    /// the smaller of this and -D connect maximum-packet-size counts
    #[arg(long, help_heading = "Session", value_name = "BYTES",
        default_value_t = LARGEST_PACKET, value_parser = value::number(1, LARGEST_PACKET))]
    max_packet_size: u32,

    /// Print every packet that is sent and received
    #[arg(short, long, help_heading = "Output", action = ArgAction::SetTrue)]
    debug: bool,

    /// Print at the end, on stderr, how many messages and bytes of payload went through, and in
    /// what time
    #[arg(long, help_heading = "Output", action = ArgAction::SetTrue)]
    stats: bool,

    #[command(flatten)]
    color: ColorArgs,

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
    /// What to do without a connection, where no option says so.
    pub reconnect: Reconnect,
}

impl ConnectArgs {
    /// Whether run-time notices are printed.
    fn notices(&self) -> Notices {
        if self.quiet { Notices::Hidden } else { Notices::Shown }
    }

    /// Whether a person is to be told what a script need not know.
    fn audience(&self, behaviour: Behaviour) -> Audience {
        match behaviour {
            Behaviour::Own if !self.quiet && Stream::Stderr.is_terminal() => Audience::Person,
            Behaviour::Own | Behaviour::Original => Audience::Script,
        }
    }

    /// Whether a person can be shown how far the work has come. The tool knows whether it has
    /// something to show.
    fn progress(&self, behaviour: Behaviour) -> Progress {
        if self.debug || self.quiet { Progress::Hidden } else { Progress::possible(behaviour) }
    }

    /// The properties that were given for a packet, in their order. There are none with MQTT 3.
    pub fn properties(&self, carrier: Carrier, given: &Given) -> Result<Properties, UsageError> {
        self.session.properties(carrier, given)
    }

    /// Settles defaults and checks the rules between options.
    pub fn plan(self, given: &Given, defaults: ConnectDefaults) -> Result<ConnectPlan, UsageError> {
        let connect = self.connect(given, defaults.receive_maximum)?;
        let max_packet_size = self.max_packet_size(&connect.properties);
        let behaviour = given.invocation().behaviour;
        Ok(ConnectPlan {
            disconnect: self.session.disconnect_properties(given, &connect.properties)?,
            connect,
            max_inflight: self.max_inflight,
            max_packet_size,
            connect_timeout: self.connect_timeout,
            reconnect: self.reconnect.plan(defaults.reconnect),
            time_limit: self.timeout,
            debug: self.debug.then(|| debug_plan(behaviour, self.color.color)),
            notices: self.notices(),
            audience: self.audience(behaviour),
            progress: self.progress(behaviour),
            summary: if self.stats { Summary::Printed } else { Summary::Omitted },
            password: self.password.source(given),
            route: self.route.plan(given)?,
        })
    }

    /// As remaining length. What was announced limits whole packets.
    fn max_packet_size(&self, connect: &Properties) -> usize {
        let announced = connect.number(PropertyId::MaximumPacketSize);
        let announced = announced.map_or(MAX_REMAINING_LENGTH, remaining_length_within);
        usize::try_from(self.max_packet_size).map_or(announced, |most| most.min(announced))
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
            password: self.password.password(given),
        })
    }

    /// What the options say that cannot be true of all of them.
    fn broken_rule(&self, given: &Given) -> Option<String> {
        let version = self.session.version(given);
        if version != ProtocolVersion::V5
            && self.username.is_none()
            && let Some(option) = password_args::deciding_name(given)
        {
            return Some(format!(
                "'--{option}' needs '--username': MQTT 3 has no password without a user name"
            ));
        }
        self.session.broken_rule(given).map(str::to_owned)
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
    DebugPlan { stream, palette: color.palette_of(stream, behaviour), controls }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::tests::parsed;

    fn max_packet_size(line: &str) -> Result<usize, String> {
        let words: Vec<_> = line.split_whitespace().collect();
        let given = parsed::<ConnectArgs>(&words).map_err(|error| error.to_string())?;
        let args: ConnectArgs = given.args().unwrap();
        let (receive_maximum, reconnect) = (NonZeroU16::MIN, Reconnect::NEVER);
        let defaults = ConnectDefaults { receive_maximum, reconnect };
        Ok(args.plan(&given, defaults).unwrap().max_packet_size)
    }

    #[test]
    fn the_largest_packet_is_the_smaller_of_two_limits() {
        const PROPERTY: &str = "-D connect maximum-packet-size";
        assert_eq!(max_packet_size(""), Ok(MAX_REMAINING_LENGTH));
        for (line, largest) in [
            ("--max-packet-size 1", 1),
            ("--max-packet-size=268435455", MAX_REMAINING_LENGTH),
            ("--max-packet-size 5 --max-packet-size 100", 100),
        ] {
            assert_eq!(max_packet_size(line), Ok(largest), "{line}");
        }
        // A packet of 20 bytes has 18 behind its type and length.
        for (most, largest) in [(17, 17), (19, 18)] {
            let line = format!("--max-packet-size {most} {PROPERTY} 20");
            assert_eq!(max_packet_size(&line), Ok(largest), "{line}");
        }
        for wrong in ["0", "268435456", "-1", "x", "1k"] {
            let error = max_packet_size(&format!("--max-packet-size {wrong}")).unwrap_err();
            assert_eq!(
                error,
                format!(
                    "invalid value '{wrong}' for '--max-packet-size <BYTES>': \
                     a whole number from 1 to 268435455 is wanted"
                )
            );
        }
    }
}
