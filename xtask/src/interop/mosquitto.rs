//! Debian's mosquitto.

use std::fs;
use std::process::Command;

use anyhow::Context;
use rustix::process::geteuid;

use super::door::{self, Doors, Route};
use super::place::{Place, Running};
use super::server::{self, Server, free_ports};
use crate::cargo;

/// Starts it.
pub(super) fn start(place: &Place) -> anyhow::Result<Running> {
    let missing = "mosquitto is not installed; `cargo xtask test` does it";
    let program = cargo::installed("mosquitto").context(missing)?;
    let version = first_line(Command::new(&program).arg("-h"))?;
    let folder = place.folder("mosquitto")?;
    let ports @ [tcp, tls] = free_ports()?;
    let configuration = folder.join("mosquitto.conf");
    let mut text = format!(
        "listener {tcp} 127.0.0.1\nlistener {tls} 127.0.0.1\ncertfile {}\nkeyfile {}\n\
         allow_anonymous true\npersistence false\n",
        place.certificates.certificate.display(),
        place.certificates.key.display()
    );
    if geteuid().is_root() {
        // Otherwise it becomes the user `mosquitto`, who may not read the key.
        text.push_str("user root\n");
    }
    fs::write(&configuration, text)?;
    let mut command = server::command(program);
    command.arg("-c").arg(configuration);
    let mut server = Server::start(command, folder.join("log"))?;
    server.wait_for_ports(&ports)?;
    let doors = Doors {
        tcp: door::tcp(tcp),
        tls: Ok(door::tls(tls, &place.certificates)),
        websocket: Err("Debian builds it without WebSocket"),
    };
    let name = version.replace(" version", "");
    Ok(Running::new(name, Route::to(doors), vec![server]))
}

/// The first line that a command prints, whatever its status.
pub(super) fn first_line(command: &mut Command) -> anyhow::Result<String> {
    let program = command.get_program().to_string_lossy().into_owned();
    let output = command.output().with_context(|| format!("cannot run {program}"))?;
    let text = String::from_utf8_lossy(&output.stdout);
    Ok(text.lines().next().unwrap_or_default().to_owned())
}
