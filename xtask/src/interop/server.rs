//! A server as a child process, on ports that were free a moment ago.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use rustix::process::{Pid, Signal, kill_process};

/// How long a server may take to listen: RabbitMQ needs half a minute on a loaded machine.
const START: Duration = Duration::from_mins(3);

/// How long it may take to end before it is killed.
const END: Duration = Duration::from_secs(20);

/// Between two looks at something that cannot be waited for.
const INTERVAL: Duration = Duration::from_millis(50);

/// How many of the last lines of a server's log tell why it ended.
const LAST_LINES: usize = 3;

/// The command for a server. It is killed when this program dies without a chance to end it.
pub(super) fn command(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "KILL", "--"]).arg(program);
    command
}

/// A running server, which ends when this is dropped.
#[derive(Debug)]
pub(super) struct Server {
    process: Child,
    log: PathBuf,
}

impl Server {
    /// Starts a [`command`]; both of its streams go to the file `log`. Its standard input is a pipe
    /// that ends with this program.
    pub(super) fn start(mut command: Command, log: PathBuf) -> anyhow::Result<Self> {
        let output = File::create(&log).context("cannot make a server's log")?;
        let process = command
            .stdin(Stdio::piped())
            .stdout(output.try_clone()?)
            .stderr(output)
            .spawn()
            .context("cannot run setpriv")?;
        Ok(Self { process, log })
    }

    /// Waits until it accepts connections on all of these ports.
    pub(super) fn wait_for_ports(&mut self, ports: &[u16]) -> anyhow::Result<()> {
        for &port in ports {
            self.wait_until(&format!("a listener on port {port}"), |_| {
                TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok()
            })?;
        }
        Ok(())
    }

    /// Waits until its log has `text`.
    pub(super) fn wait_for_log(&mut self, text: &str) -> anyhow::Result<()> {
        self.wait_until(&format!("{text:?} in the log"), |log| log.contains(text))
    }

    fn wait_until(&mut self, what: &str, seen: impl Fn(&str) -> bool) -> anyhow::Result<()> {
        let deadline = Instant::now() + START;
        loop {
            let ended = self.process.try_wait()?;
            let log = String::from_utf8_lossy(&fs::read(&self.log)?).into_owned();
            if let Some(status) = ended {
                bail!("it ended ({status}): {}", last_lines(&log));
            }
            if seen(&log) {
                return Ok(());
            }
            if Instant::now() > deadline {
                bail!("waited {START:?} in vain for {what}: {}", last_lines(&log));
            }
            thread::sleep(INTERVAL);
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let deadline = Instant::now() + END;
        let _terminated = kill_process(Pid::from_child(&self.process), Signal::TERM);
        while matches!(self.process.try_wait(), Ok(None)) && Instant::now() < deadline {
            thread::sleep(INTERVAL);
        }
        // Neither does anything to a process that has ended.
        let _killed = self.process.kill();
        let _status = self.process.wait();
    }
}

fn last_lines(log: &str) -> String {
    let lines: Vec<_> = log.lines().filter(|line| !line.trim().is_empty()).collect();
    let from = lines.len().saturating_sub(LAST_LINES);
    lines.get(from..).unwrap_or_default().join(" / ")
}

/// Loopback ports that are free now, all different.
pub(super) fn free_ports<const N: usize>() -> anyhow::Result<[u16; N]> {
    let mut listeners = Vec::new();
    let mut ports = [0; N];
    for port in &mut ports {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("no free port")?;
        *port = listener.local_addr()?.port();
        listeners.push(listener);
    }
    Ok(ports)
}
