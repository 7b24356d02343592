//! `cargo xtask broker`: the embedded broker, for a user who has none.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};

use anyhow::{Context, ensure};
use lexopt::Arg;

use crate::cargo::{self, Profile};
use crate::number;

const HELP: &str = "\
Builds the tools and an embedded MQTT broker, and runs the broker on 127.0.0.1 until Ctrl-C.

Usage: cargo xtask broker [OPTIONS]

Options:
  --port N              port to listen on, 0 for a free one (default 1883)
  --password-file FILE  let in only the users of FILE, as mqtt-passwd writes it
";

/// What has to be built for it, and to be used with it.
pub(crate) const PACKAGES: [&str; 4] = ["embedded-broker", "mqtt-pub", "mqtt-sub", "mqtt-passwd"];

/// Runs the broker until it ends.
pub(crate) fn run(mut options: lexopt::Parser) -> anyhow::Result<()> {
    let mut port = 1883;
    let mut password_file = None;
    while let Some(argument) = options.next()? {
        match argument {
            Arg::Long("port") => port = number(&options.value()?, "--port")?,
            Arg::Long("password-file") => {
                password_file = Some(std::path::absolute(options.value()?)?);
            }
            Arg::Long("help") | Arg::Short('h') => {
                print!("{HELP}");
                return Ok(());
            }
            other => return Err(other.unexpected().into()),
        }
    }
    cargo::build(Profile::Dev, &PACKAGES)?;
    let mut broker = Broker::start(port, password_file.as_deref())?;
    show_what_to_try(broker.port)?;
    let status = broker.process.wait()?;
    ensure!(status.success(), "the broker ended: {status}");
    Ok(())
}

fn show_what_to_try(port: u16) -> anyhow::Result<()> {
    let port_option = if port == 1883 { String::new() } else { format!(" -p {port}") };
    let subscriber = cargo::binary(Profile::Dev, "mqtt-sub")?;
    let publisher = cargo::binary(Profile::Dev, "mqtt-pub")?;
    println!("The embedded broker listens on 127.0.0.1:{port}. Ctrl-C ends it.\n");
    println!("In a second terminal:  {} -d{port_option} -t hello/world", subscriber.display());
    println!(
        "In a third one:        {} -d{port_option} -t hello/world -m \"Test Message\"",
        publisher.display()
    );
    Ok(())
}

/// A running embedded broker, which ends when this is dropped, or with this program.
#[derive(Debug)]
pub(crate) struct Broker {
    process: Child,
    /// Ends the broker when it is closed. Apart from the process, because `Child::wait` closes
    /// what it has.
    lifeline: Option<ChildStdin>,
    port: u16,
}

impl Broker {
    /// Starts it on a port, 0 for a free one, and waits until it listens.
    pub(crate) fn start(port: u16, password_file: Option<&Path>) -> anyhow::Result<Self> {
        let mut command = Command::new(cargo::binary(Profile::Dev, "embedded-broker")?);
        command.args(["--port", &port.to_string()]);
        if let Some(file) = password_file {
            command.arg("--password-file").arg(file);
        }
        // The pipe on its standard input ends it when this program ends, however that happens.
        let mut process = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("cannot start the embedded broker")?;
        let stdout = process.stdout.take().context("the broker has no standard output")?;
        let lifeline = process.stdin.take();
        let mut broker = Self { process, lifeline, port };
        let mut line = String::new();
        BufReader::new(stdout).read_line(&mut line)?;
        let (_, bound) = line
            .trim_end()
            .rsplit_once(':')
            .context("the embedded broker did not start; its own words are above")?;
        broker.port = bound.parse().context("the embedded broker named no port")?;
        Ok(broker)
    }

    /// The port it listens on.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        drop(self.lifeline.take());
        let _status = self.process.wait();
    }
}
