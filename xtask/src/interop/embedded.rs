//! The embedded broker of this workspace.

use anyhow::Context;

use super::door::{self, Doors, Route};
use super::place::{Place, Running};
use super::server::{self, Server, free_ports};
use crate::cargo::{self, Profile};

/// Starts it.
pub(super) fn start(place: &Place) -> anyhow::Result<Running> {
    let folder = place.folder("embedded-broker")?;
    let ports @ [tcp] = free_ports()?;
    let mut command = server::command(cargo::binary(Profile::Dev, "embedded-broker")?);
    command.args(["--port", &tcp.to_string()]);
    let mut server = Server::start(command, folder.join("log"))?;
    server.wait_for_ports(&ports)?;
    let alone = "it listens on plain TCP only";
    let doors = Doors { tcp: door::tcp(tcp), tls: Err(alone), websocket: Err(alone) };
    let name = format!("embedded broker ({})", library()?);
    Ok(Running::new(name, Route::to(doors), vec![server]))
}

/// The library that does its work, with the version.
fn library() -> anyhow::Result<String> {
    let output = cargo::cargo(&["pkgid", "mqtt5"]).output().context("cannot run cargo")?;
    let identifier = String::from_utf8(output.stdout)?;
    let (_, package) = identifier.trim().rsplit_once('#').context("mqtt5 is not used any more")?;
    Ok(package.replace('@', " "))
}
