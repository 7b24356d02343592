//! Real proxies as ordinary processes on free loopback ports: microsocks and tinyproxy.

use std::net::{Ipv4Addr, TcpStream};
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

use crate::mosquitto::free_port;
use crate::patience::until;

/// How often another port is tried when one was taken between finding and using it.
const PORTS: usize = 10;

/// A running proxy; it ends when this is dropped.
#[derive(Debug)]
pub struct Proxy {
    process: Child,
    port: u16,
    /// Where its configuration lies.
    _folder: TempDir,
}

/// A user name and a password.
pub type Login<'a> = (&'a str, &'a str);

impl Proxy {
    /// microsocks: SOCKS 5. With a login it lets nobody else in.
    #[must_use]
    #[track_caller]
    pub fn socks5(login: Option<Login<'_>>) -> Self {
        Self::start(|port, _folder| {
            let mut command = Command::new("microsocks");
            command.args(["-i", "127.0.0.1", "-p", &port.to_string()]);
            if let Some((user, password)) = login {
                command.args(["-u", user, "-P", password]);
            }
            command
        })
    }

    /// tinyproxy: HTTP. With a login it lets nobody else in.
    #[must_use]
    #[track_caller]
    pub fn http(login: Option<Login<'_>>) -> Self {
        Self::start(|port, folder| {
            let login = login.map(|(user, password)| format!("BasicAuth {user} {password}\n"));
            let configuration = format!(
                "Port {port}\nListen 127.0.0.1\nLogLevel Critical\nTimeout 60\n{}",
                login.unwrap_or_default()
            );
            let path = folder.path().join("tinyproxy.conf");
            std::fs::write(&path, configuration).unwrap();
            let mut command = Command::new("tinyproxy");
            command.arg("-d").arg("-c").arg(path);
            command
        })
    }

    /// The port.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    #[track_caller]
    fn start(command: impl Fn(u16, &TempDir) -> Command) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        for _ in 0..PORTS {
            let port = free_port();
            let mut command = command(port, &folder);
            command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
            let mut process = command.spawn().unwrap_or_else(|error| {
                panic!("cannot run {}: {error}", command.get_program().display())
            });
            let listens = until("a proxy to listen", || {
                let ended = process.try_wait().unwrap().is_some();
                let listens = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok();
                (ended || listens).then_some(!ended)
            });
            if listens {
                return Self { process, port, _folder: folder };
            }
        }
        panic!("no proxy could be started");
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        // Neither does anything to a process that has ended.
        let _killed = self.process.kill();
        let _status = self.process.wait();
    }
}
