//! aMQTT, a broker in Python.

use std::fs;

use super::certificates::Certificates;
use super::door::{Doors, Route};
use super::place::{Place, Running, installed, run_in};
use super::server::{self, Server, free_ports};

const VERSION: &str = "0.12.1";

/// Installs it into a virtual environment where it is missing, and starts it.
pub(super) fn start(place: &Place) -> anyhow::Result<Running> {
    let home = installed(&format!("amqtt-{VERSION}"), |folder| {
        run_in(folder, &["python3", "-m", "venv", "."])?;
        let pip = ["bin/pip", "install", "--quiet", "--disable-pip-version-check"];
        run_in(folder, &[&pip[..], &[&format!("amqtt=={VERSION}")]].concat())
    })?;
    let folder = place.folder("amqtt")?;
    let ports = free_ports()?;
    let configuration = folder.join("broker.yaml");
    fs::write(&configuration, self::configuration(ports, &place.certificates))?;
    let mut command = server::command(home.join("bin/amqtt"));
    command.arg("-c").arg(configuration).current_dir(&folder);
    let mut server = Server::start(command, folder.join("log"))?;
    server.wait_for_ports(&ports)?;
    let doors = Doors::all(ports, &place.certificates, "/mqtt");
    Ok(Running::new(format!("aMQTT {VERSION}"), Route::to(doors), vec![server]))
}

fn configuration([tcp, tls, websocket]: [u16; 3], certificates: &Certificates) -> String {
    format!(
        "listeners:
  default:
    type: tcp
    bind: 127.0.0.1:{tcp}
  tls:
    bind: 127.0.0.1:{tls}
    ssl: true
    cafile: {}
    certfile: {}
    keyfile: {}
  websocket:
    type: ws
    bind: 127.0.0.1:{websocket}
plugins:
  amqtt.plugins.authentication.AnonymousAuthPlugin:
    allow_anonymous: true
",
        certificates.authority.display(),
        certificates.certificate.display(),
        certificates.key.display(),
    )
}
