//! aedes, a broker for Node.js.

use std::fs;

use super::door::{Doors, Route};
use super::place::{Place, Running, installed, run_in};
use super::server::{self, Server, free_ports};

const VERSION: &str = "1.2.0";
const PACKAGES: [&str; 2] = ["aedes@1.2.0", "ws@8.23.0"];

/// aedes is a library: this makes a server of it.
const SERVER: &str = include_str!("aedes.mjs");

/// Installs it with npm where it is missing, and starts it.
pub(super) fn start(place: &Place) -> anyhow::Result<Running> {
    let home = installed(&format!("aedes-{VERSION}"), |folder| {
        let options = ["npm", "install", "--prefix", ".", "--no-audit", "--no-fund"];
        run_in(folder, &[&options[..], &PACKAGES].concat())
    })?;
    // Beside node_modules, where Node.js looks for what is imported.
    fs::write(home.join("server.mjs"), SERVER)?;
    let folder = place.folder("aedes")?;
    let ports = free_ports()?;
    let mut command = server::command("node");
    command.arg("server.mjs").current_dir(home);
    command.args(ports.map(|port| port.to_string()));
    command.arg(&place.certificates.certificate).arg(&place.certificates.key);
    let mut server = Server::start(command, folder.join("log"))?;
    server.wait_for_ports(&ports)?;
    let doors = Doors::all(ports, &place.certificates, "/mqtt");
    Ok(Running::new(format!("aedes {VERSION}"), Route::to(doors), vec![server]))
}
