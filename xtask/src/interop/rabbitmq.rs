//! Debian's RabbitMQ with its MQTT plugins: one node, and a cluster of two.
//!
//! The packages are unpacked and not installed: that needs no root, and starts no service.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context;

use super::certificates::Certificates;
use super::door::{Doors, Route};
use super::place::{Place, Running, installed, run_in};
use super::server::{self, Server, free_ports};

/// The broker and the parts of Erlang that it needs.
const PACKAGES: [&str; 18] = [
    "rabbitmq-server",
    "erlang-asn1",
    "erlang-base",
    "erlang-crypto",
    "erlang-eldap",
    "erlang-ftp",
    "erlang-inets",
    "erlang-mnesia",
    "erlang-os-mon",
    "erlang-parsetools",
    "erlang-public-key",
    "erlang-runtime-tools",
    "erlang-snmp",
    "erlang-ssl",
    "erlang-syntax-tools",
    "erlang-tftp",
    "erlang-tools",
    "erlang-xmerl",
];

/// Where Erlang lies below the root of its packages.
const ERLANG: &str = "usr/lib/erlang";

/// Where RabbitMQ lies below the root of its package; its version is in the name of a folder here.
const RABBITMQ: &str = "usr/lib/rabbitmq";

const PLUGINS: &str = "[rabbitmq_mqtt,rabbitmq_web_mqtt].\n";

/// Starts one node.
pub(super) fn start_node(place: &Place) -> anyhow::Result<Running> {
    let cluster = Cluster::new(place, "rabbitmq")?;
    let mut servers = vec![cluster.mapper()?];
    let (node, doors) = cluster.node("a")?;
    servers.push(node);
    let name = format!("RabbitMQ {}, one node", cluster.version()?);
    Ok(Running::new(name, Route::to(doors), servers))
}

/// Starts two nodes: what is published at one is subscribed to at the other.
pub(super) fn start_cluster(place: &Place) -> anyhow::Result<Running> {
    let cluster = Cluster::new(place, "rabbitmq-cluster")?;
    let mut servers = vec![cluster.mapper()?];
    let (mut first, publisher) = cluster.node("a")?;
    let (second, subscriber) = cluster.node("b")?;
    first.wait_for_log("rabbit on node b@localhost up")?;
    servers.extend([first, second]);
    let name = format!("RabbitMQ {}, two nodes", cluster.version()?);
    Ok(Running::new(name, Route { publisher, subscriber }, servers))
}

/// What the nodes share: a folder, and the port of the daemon through which they find each other.
struct Cluster<'a> {
    root: PathBuf,
    folder: PathBuf,
    mapper: u16,
    certificates: &'a Certificates,
}

impl<'a> Cluster<'a> {
    fn new(place: &'a Place, name: &str) -> anyhow::Result<Self> {
        let root = installed("rabbitmq", unpack)?;
        let [mapper] = free_ports()?;
        Ok(Self { root, folder: place.folder(name)?, mapper, certificates: &place.certificates })
    }

    fn version(&self) -> anyhow::Result<String> {
        let folder = fs::read_dir(self.root.join(RABBITMQ).join("lib"))?.next();
        let name = folder.context("RabbitMQ's package is empty")??.file_name();
        Ok(name.to_string_lossy().replace("rabbitmq_server-", ""))
    }

    /// Erlang's port mapper. A node would start one itself, and leave it running.
    fn mapper(&self) -> anyhow::Result<Server> {
        let mut command = server::command(self.root.join(ERLANG).join("bin/epmd"));
        command.args(["-address", "127.0.0.1", "-port", &self.mapper.to_string()]);
        let mut server = Server::start(command, self.folder.join("epmd.log"))?;
        server.wait_for_ports(&[self.mapper])?;
        Ok(server)
    }

    fn node(&self, name: &str) -> anyhow::Result<(Server, Doors)> {
        let folder = self.folder.join(name);
        fs::create_dir(&folder)?;
        let [tcp, tls, websocket, amqp, distribution] = free_ports()?;
        fs::write(folder.join("plugins"), PLUGINS)?;
        let text = configuration([tcp, tls, websocket, amqp], self.certificates);
        fs::write(folder.join("rabbitmq.conf"), text)?;
        let command = self.command(name, &folder, distribution)?;
        let mut server = Server::start(command, folder.join("log"))?;
        server.wait_for_log("Server startup complete")?;
        Ok((server, Doors::all([tcp, tls, websocket], self.certificates, "/ws")))
    }

    fn command(&self, name: &str, folder: &Path, distribution: u16) -> anyhow::Result<Command> {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let erlang = [self.root.join(ERLANG).join("bin")];
        let path = std::env::join_paths(erlang.into_iter().chain(std::env::split_paths(&path)))?;
        let mut command = server::command(self.root.join(RABBITMQ).join("bin/rabbitmq-server"));
        command
            .env("PATH", path)
            // For the cookie that lets the nodes talk to each other.
            .env("HOME", &self.folder)
            .env("ERL_EPMD_PORT", self.mapper.to_string())
            .env("ERL_EPMD_ADDRESS", "127.0.0.1")
            .env("RABBITMQ_NODENAME", format!("{name}@localhost"))
            .env("RABBITMQ_DIST_PORT", distribution.to_string())
            .env(
                "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS",
                "-kernel inet_dist_use_interface {127,0,0,1}",
            )
            .env("RABBITMQ_CONF_ENV_FILE", "/dev/null")
            .env("RABBITMQ_CONFIG_FILE", folder.join("rabbitmq.conf"))
            .env("RABBITMQ_ENABLED_PLUGINS_FILE", folder.join("plugins"))
            .env("RABBITMQ_MNESIA_BASE", folder.join("mnesia"))
            .env("RABBITMQ_LOG_BASE", folder.join("logs"))
            .env("RABBITMQ_LOGS", "-")
            // The script then becomes the node, so that signals reach it.
            .env("RUNNING_UNDER_SYSTEMD", "1");
        Ok(command)
    }
}

/// The second node finds the first, and joins it.
fn configuration([tcp, tls, websocket, amqp]: [u16; 4], certificates: &Certificates) -> String {
    format!(
        "listeners.tcp.1 = 127.0.0.1:{amqp}
mqtt.listeners.tcp.1 = 127.0.0.1:{tcp}
mqtt.listeners.ssl.1 = 127.0.0.1:{tls}
mqtt.allow_anonymous = true
web_mqtt.tcp.ip = 127.0.0.1
web_mqtt.tcp.port = {websocket}
ssl_options.cacertfile = {}
ssl_options.certfile = {}
ssl_options.keyfile = {}
ssl_options.verify = verify_none
cluster_formation.peer_discovery_backend = classic_config
cluster_formation.classic_config.nodes.1 = a@localhost
cluster_formation.classic_config.nodes.2 = b@localhost
",
        certificates.authority.display(),
        certificates.certificate.display(),
        certificates.key.display(),
    )
}

/// Fetches the packages from Debian and unpacks them.
fn unpack(root: &Path) -> anyhow::Result<()> {
    let packages = root.join("packages");
    fs::create_dir(&packages)?;
    run_in(&packages, &[&["apt-get", "download"], &PACKAGES[..]].concat())?;
    for package in fs::read_dir(&packages)? {
        let package = package?.path();
        run_in(root, &["dpkg-deb", "-x", &package.to_string_lossy(), "."])?;
    }
    move_erlang(root)
}

/// Debian has written into this script where Erlang is installed.
fn move_erlang(root: &Path) -> anyhow::Result<()> {
    let script = root.join(ERLANG).join("bin/erl");
    let text = fs::read_to_string(&script).context("erlang-base has no erl")?;
    let place = root.join(ERLANG);
    fs::write(script, text.replace(&format!("/{ERLANG}"), &place.to_string_lossy()))?;
    Ok(())
}
