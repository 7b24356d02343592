//! The options that say where the broker is and how it is reached.

use std::ffi::OsStr;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use clap::builder::NonEmptyStringValueParser;
use clap::{ArgAction, Args, ValueHint};

use super::proxy_args::ProxyArgs;
use super::tls_args::TlsArgs;
use super::tls_environment::TlsEnvironment;
use super::usage::shortened;
use super::value::{self, ValueError};
use super::websocket_args::WebSocketArgs;
use super::{Given, Origin, UsageError};
use crate::invocation::Behaviour;
use crate::plan::{Endpoint, Route};
use crate::url;

/// The longest path of a unix socket, in bytes (unix(7)).
const LONGEST_SOCKET_PATH: usize = 107;

const DNS_PORT: u16 = 53;

/// Where the broker is and how it is reached.
#[derive(Args, Debug)]
pub(super) struct RouteArgs {
    /// Connect to this host, by name or address. As mqtt-pub and mqtt-sub: several, with commas
    /// between them; the first that lets us in is taken
    #[arg(short = 'h', long, help_heading = "Connection", default_value = "localhost",
        value_parser = NonEmptyStringValueParser::new(), value_hint = ValueHint::Hostname)]
    host: String,

    /// Connect to this port, 1 to 65535 (0: --host is the path of a unix socket); without it 1883,
    /// with --cafile, --capath or --psk 8883
    #[arg(short, long, help_heading = "Connection",
        value_parser = value::two_byte_number(0, u16::MAX))]
    port: Option<u16>,

    /// Connect to the unix socket PATH; the last of --unix and --host counts
    #[arg(long, help_heading = "Connection", value_name = "PATH",
        value_parser = value::from_words(|path| socket_path(path.as_ref())))]
    unix: Option<PathBuf>,

    /// Find brokers by the SRV records of --host
    #[arg(short = 'S', long, help_heading = "Connection", action = ArgAction::SetTrue)]
    srv: bool,

    /// Ask this server for addresses and SRV records, ADDRESS or ADDRESS:PORT (53), instead of the
    /// system's
    #[arg(long, help_heading = "Connection", value_name = "ADDRESS",
        value_parser = value::from_words(|word| dns_server(&word)))]
    dns_server: Option<SocketAddr>,

    /// Connect from this name or address of this machine
    #[arg(short = 'A', long, help_heading = "Connection", value_name = "ADDRESS",
        value_parser = NonEmptyStringValueParser::new())]
    bind_address: Option<String>,

    /// Send small packets at once, as is always done
    #[arg(long, help_heading = "Connection", action = ArgAction::SetTrue)]
    nodelay: bool,

    #[command(flatten)]
    websocket: WebSocketArgs,

    #[command(flatten)]
    proxy: ProxyArgs,

    #[command(flatten)]
    tls: TlsArgs,
}

/// Where the options say the broker is.
enum Place {
    Socket(PathBuf),
    Hosts { names: Vec<String>, port: u16 },
}

impl RouteArgs {
    /// Settles defaults and checks the rules between options.
    pub(super) fn plan(self, given: &Given) -> Result<Route, UsageError> {
        let place = self.place(given)?;
        let port = match &place {
            Place::Socket(_) => None,
            Place::Hosts { port, .. } => Some(*port),
        };
        let proxy = self.proxy.plan(given, |name| std::env::var_os(name))?;
        if proxy.is_some() && matches!(place, Place::Socket(_)) {
            return Err(given.error("'--proxy' and a unix socket exclude each other"));
        }
        let behaviour = given.invocation().behaviour;
        let environment = TlsEnvironment::read(behaviour, |name| std::env::var_os(name));
        let tls = self.tls.plan(given, environment, port)?;
        let candidates = match place {
            Place::Socket(path) => vec![Endpoint::Unix(path)],
            Place::Hosts { names, .. } if self.srv => {
                let service = if tls.is_some() { "_secure-mqtt" } else { "_mqtt" };
                let services = names.into_iter().map(|name| format!("{service}._tcp.{name}"));
                services.map(Endpoint::Service).collect()
            }
            Place::Hosts { names, port } => {
                names.into_iter().map(|host| Endpoint::Tcp { host, port }).collect()
            }
        };
        Ok(Route {
            candidates,
            dns_server: self.dns_server,
            bind_address: self.bind_address,
            proxy,
            tls,
            websocket: self.websocket.plan(given)?,
        })
    }

    /// The last of `--host` and `--unix` counts, and counts whole.
    fn place(&self, given: &Given) -> Result<Place, UsageError> {
        let unix = self.unix.as_ref().filter(|_| given.last_of(&["host", "unix"]) == Some("unix"));
        let path = match (unix, self.port) {
            (Some(path), port) => {
                // A port from elsewhere is for when no socket is asked for.
                let port_comes_later = given.last_of(&["unix", "port"]) == Some("port")
                    && given.origins("port").last() == Some(&Origin::CommandLine);
                if port_comes_later && port != Some(0) {
                    return Err(given.error(
                        "'--unix' and '--port' exclude each other: a unix socket has no port",
                    ));
                }
                path.clone()
            }
            (None, Some(0)) => self.host_as_path(given)?,
            (None, _) => return self.hosts(given),
        };
        if self.srv {
            return Err(given.error("'--srv' and a unix socket exclude each other"));
        }
        Ok(Place::Socket(path))
    }

    fn host_as_path(&self, given: &Given) -> Result<PathBuf, UsageError> {
        if !given.has("host") {
            return Err(given.error("'--port 0' needs '--host', the path of a unix socket"));
        }
        socket_path(self.host.as_ref())
            .map_err(|cause| self.refused_host(given, &cause.to_string()))
    }

    fn refused_host(&self, given: &Given, cause: &str) -> UsageError {
        let host = shortened(&url::masked(self.host.as_bytes()));
        given.error(format!("invalid value '{host}' for '--host <HOST>': {cause}"))
    }

    /// To the original a comma is part of the name.
    fn hosts(&self, given: &Given) -> Result<Place, UsageError> {
        if self.host.contains(['/', '@']) {
            let refused = self.refused_host(given, "a host has no '/' and no '@'");
            return Err(refused.hinting("-L takes URLs"));
        }
        let names: Vec<_> = match given.invocation().behaviour {
            Behaviour::Original => vec![self.host.clone()],
            Behaviour::Own => self.host.split(',').map(str::to_owned).collect(),
        };
        if names.iter().any(String::is_empty) {
            return Err(self.refused_host(given, "a name is missing before or behind a comma"));
        }
        if self.host.split(',').any(has_port_or_brackets) {
            let refused = self.refused_host(given, "a host has no port and no brackets");
            let hint = "-p says the port; an IPv6 address stands without brackets";
            return Err(refused.hinting(hint));
        }
        Ok(Place::Hosts { names, port: self.port.unwrap_or(self.tls.default_port()) })
    }
}

/// Colons are those of an IPv6 address, behind which a zone may stand (RFC 4007 §11).
fn has_port_or_brackets(name: &str) -> bool {
    let address = name.split('%').next().unwrap_or(name);
    name.contains(['[', ']']) || name.contains(':') && address.parse::<Ipv6Addr>().is_err()
}

fn dns_server(word: &OsStr) -> Result<SocketAddr, ValueError> {
    let text = word.to_str().unwrap_or_default();
    let address = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    let with_default_port = |ip: IpAddr| SocketAddr::new(ip, DNS_PORT);
    let server = text.parse().or_else(|_| address.parse().map(with_default_port)).ok();
    server.filter(|server| server.port() > 0).ok_or_else(|| {
        ValueError::new("an IP address is wanted, and a port where it is not 53 ([::1]:5353)")
    })
}

fn socket_path(word: &OsStr) -> Result<PathBuf, ValueError> {
    match word.as_bytes().len() {
        0 => Err(ValueError::new("it is empty")),
        1..=LONGEST_SOCKET_PATH => Ok(Path::new(word).to_owned()),
        length => Err(ValueError::new(format!(
            "it is {length} bytes long, the path of a unix socket has at most 107"
        ))),
    }
}
