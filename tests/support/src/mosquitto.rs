//! Debian's mosquitto, as an ordinary process on a free loopback port with its own folder.
//!
//! ```no_run
//! use test_support::mosquitto::Mosquitto;
//!
//! let mut broker = Mosquitto::walk_through().start();
//! // ... run clients on broker.port() ...
//! broker.write("conf.d/default.conf", "allow_anonymous false\n");
//! broker.restart();
//! ```

use std::fs::{self, File};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use rustix::process::{Pid, Signal, geteuid, kill_process};
use tempfile::TempDir;

use crate::certificates::Identity;
use crate::patience::until;

/// How often another port is tried when one was taken between finding and using it.
const PORTS: usize = 10;

/// What the log says when all listeners are open.
const RUNNING: &str = " running\n";

/// What the log says when a SIGHUP was heard. The broker has one thread: whoever connects after
/// this line meets the new configuration.
const RELOADING: &str = "Reloading config.\n";

/// The configuration of the walk-through. The first two lines are what a broker needs so that
/// `allow_anonymous false` in `conf.d` means anything: without a listener of its own 2.0.11 runs
/// in local-only mode and lets everyone in, whatever is said.
const WALK_THROUGH: &str = "\
listener {port} 127.0.0.1
allow_anonymous true
pid_file {folder}/mosquitto.pid
persistence true
persistence_location {folder}/
log_dest file {folder}/mosquitto.log
log_type error
log_type warning
log_type notice
log_type information
connection_messages true
log_timestamp true
include_dir {folder}/conf.d
";

/// What a package brings: everything else stands in `conf.d`.
const INSTALLED: &str = "\
persistence false
log_dest file {folder}/mosquitto.log
log_type all
include_dir {folder}/conf.d
";

/// What every other broker begins with.
const DEFAULT: &str = "\
listener {port} 127.0.0.1
allow_anonymous true
persistence false
log_dest file {folder}/mosquitto.log
log_type all
";

/// What a broker begins with that floods are sent through: it logs little and drops nothing.
const UNLIMITED: &str = "\
listener {port} 127.0.0.1
allow_anonymous true
persistence_location {folder}/
log_dest file {folder}/mosquitto.log
log_type error
log_type warning
log_type notice
log_type information
connection_messages false
max_queued_messages 0
queue_qos0_messages true
";

/// The configuration of the broker's OpenSSL, in its folder. Where there is none, that of the system
/// does not count.
const OPENSSL: &str = "openssl.cnf";

const TLS_1_2_ALONE: &str = "\
openssl_conf = all
[all]
ssl_conf = ssl
[ssl]
system_default = limits
[limits]
MaxProtocol = TLSv1.2
";

/// A broker's configuration, before it is started.
#[derive(Clone, Debug)]
pub struct Builder {
    configuration: String,
    files: Vec<(&'static str, String)>,
    openssl: Option<&'static str>,
}

impl Builder {
    fn of(configuration: &str) -> Self {
        Self { configuration: configuration.to_owned(), files: Vec::new(), openssl: None }
    }

    /// Adds a line to the configuration. In it `{folder}` stands for the broker's own folder and
    /// `{port}` for its port. The line applies to the listener on that port, unless it comes
    /// after a `listener` line of its own.
    #[must_use]
    pub fn line(mut self, line: &str) -> Self {
        self.configuration.push_str(line);
        self.configuration.push('\n');
        self
    }

    /// Adds a file to the broker's folder before it starts.
    #[must_use]
    pub fn file(mut self, name: &'static str, text: impl Into<String>) -> Self {
        self.files.push((name, text.into()));
        self
    }

    /// Sessions and messages outlive the broker: its database is written after every change.
    #[must_use]
    pub fn persistent(self) -> Self {
        self.line("persistence true").line("autosave_on_changes true").line("autosave_interval 1")
    }

    /// TLS on the listener, with this certificate.
    #[must_use]
    pub fn tls(self, server: &Identity) -> Self {
        self.line(&format!("certfile {}", server.certificate()))
            .line(&format!("keyfile {}", server.key()))
    }

    /// No version of TLS above 1.2. (`tls_version tlsv1.2` lets 2.0.11 speak 1.3 all the same.)
    #[must_use]
    pub fn tls_1_2_alone(mut self) -> Self {
        self.openssl = Some(TLS_1_2_ALONE);
        self
    }

    /// Clients must show a certificate of the authorities in a file.
    #[must_use]
    pub fn require_certificate(self, cafile: &str) -> Self {
        self.line(&format!("cafile {cafile}")).line("require_certificate true")
    }

    /// TLS with pre-shared keys on the listener: those of these identities, in hexadecimal digits.
    #[must_use]
    pub fn pre_shared_keys(self, keys: &[(&str, &str)]) -> Self {
        let lines: Vec<_> =
            keys.iter().map(|(identity, key)| format!("{identity}:{key}")).collect();
        self.file("keys", lines.join("\n")).line("psk_hint test").line("psk_file {folder}/keys")
    }

    /// Starts the broker and waits until it accepts connections.
    #[must_use]
    #[track_caller]
    pub fn start(self) -> Mosquitto {
        let folder = tempfile::tempdir().expect("a temporary folder");
        fs::create_dir(folder.path().join("conf.d")).unwrap();
        if let Some(openssl) = self.openssl {
            fs::write(folder.path().join(OPENSSL), openssl).unwrap();
        }
        let mut broker =
            Mosquitto { folder, configuration: self.configuration, port: 0, process: None };
        for _ in 0..PORTS {
            broker.port = free_port();
            for (name, text) in &self.files {
                broker.write(name, text);
            }
            if broker.try_resume() {
                return broker;
            }
        }
        panic!("mosquitto did not start:\n{}", broker.complaints());
    }
}

/// A running broker; it ends, with all its files, when this is dropped.
#[derive(Debug)]
pub struct Mosquitto {
    folder: TempDir,
    configuration: String,
    port: u16,
    process: Option<Child>,
}

impl Mosquitto {
    /// A broker that keeps nothing and lets everyone in.
    #[must_use]
    pub fn builder() -> Builder {
        Builder::of(DEFAULT)
    }

    /// A broker for floods: it logs little, drops nothing and lets everyone in.
    #[must_use]
    pub fn unlimited() -> Builder {
        Builder::of(UNLIMITED)
    }

    /// A broker with the walk-through's configuration: what is written to `conf.d/` is read at
    /// the next [`restart`](Self::restart).
    #[must_use]
    pub fn walk_through() -> Builder {
        Builder::of(WALK_THROUGH)
    }

    /// A broker as a package brings it, with no listener but those in the files of `conf.d/`: one on
    /// `{port}` of 127.0.0.1 has to be among them.
    #[must_use]
    pub fn installed() -> Builder {
        Builder::of(INSTALLED)
    }

    /// The port.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The folder with the broker's files; tests may put theirs there.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The process identifier.
    #[must_use]
    #[track_caller]
    pub fn id(&self) -> u32 {
        self.process.as_ref().expect("the broker is running").id()
    }

    /// Writes a file in the broker's folder and returns its path.
    #[track_caller]
    #[expect(clippy::must_use_candidate, reason = "the path is rarely of use")]
    pub fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.folder().join(name);
        fs::write(&path, self.filled_in(text)).unwrap();
        path
    }

    /// The log so far, over all restarts.
    #[must_use]
    pub fn log(&self) -> String {
        // Not there until the broker wrote its first line.
        fs::read(self.folder().join("mosquitto.log"))
            .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
            .unwrap_or_default()
    }

    /// Waits until the log has `text`.
    #[track_caller]
    pub fn wait_for_log(&self, text: &str) {
        until(&format!("{text:?} in mosquitto's log"), || self.log().contains(text).then_some(()));
    }

    /// Ends the broker in order and starts it again on the same port.
    #[track_caller]
    pub fn restart(&mut self) {
        self.stop();
        self.resume();
    }

    /// Makes the broker read its configuration and password file again.
    #[track_caller]
    pub fn reload(&self) {
        let reloads = self.count(RELOADING);
        self.signal(Signal::HUP);
        until("mosquitto to reload", || (self.count(RELOADING) > reloads).then_some(()));
    }

    /// Ends the broker in order: it says goodbye to its clients and writes its database.
    #[track_caller]
    pub fn stop(&mut self) {
        self.signal(Signal::TERM);
        self.wait();
    }

    /// Ends the broker without a chance to do anything.
    #[track_caller]
    pub fn kill(&mut self) {
        self.signal(Signal::KILL);
        self.wait();
    }

    /// Starts a broker that was stopped or killed, on the same port.
    #[track_caller]
    pub fn resume(&mut self) {
        assert!(self.process.is_none(), "the broker is running");
        assert!(self.try_resume(), "mosquitto did not start again:\n{}", self.complaints());
    }

    /// Sends the broker a signal.
    #[track_caller]
    pub fn signal(&self, signal: Signal) {
        let process = self.process.as_ref().expect("the broker is running");
        kill_process(Pid::from_child(process), signal).expect("the broker is running");
    }

    /// `false` if the broker ended instead of listening, as it does when its port is taken.
    fn try_resume(&mut self) -> bool {
        let starts = self.count(RUNNING);
        // It ends with us, even where it is waited for in vain.
        self.process = Some(self.spawn());
        let listening = until("mosquitto to listen or to end", || {
            if self.has_ended() {
                return Some(false);
            }
            (self.count(RUNNING) > starts && self.accepts()).then_some(true)
        });
        if !listening {
            self.process = None;
        }
        listening
    }

    fn spawn(&self) -> Child {
        let mut configuration = self.filled_in(&self.configuration);
        if geteuid().is_root() {
            // Otherwise it becomes the user `mosquitto`, who may not write here.
            configuration.push_str("user root\n");
        }
        let file = self.folder().join("mosquitto.conf");
        fs::write(&file, configuration).unwrap();
        let complaints = File::create(self.folder().join("stderr")).unwrap();
        Command::new(program())
            .arg("-c")
            .arg(file)
            .env("OPENSSL_CONF", self.folder().join(OPENSSL))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(complaints)
            .spawn()
            .expect("mosquitto can be run")
    }

    fn accepts(&self) -> bool {
        TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).is_ok()
    }

    fn count(&self, text: &str) -> usize {
        self.log().matches(text).count()
    }

    fn filled_in(&self, text: &str) -> String {
        let folder = self.folder().to_str().expect("temporary folders have plain names");
        text.replace("{folder}", folder).replace("{port}", &self.port.to_string())
    }

    fn complaints(&self) -> String {
        let stderr = fs::read_to_string(self.folder().join("stderr")).unwrap_or_default();
        format!("{stderr}{}", self.log())
    }

    fn has_ended(&mut self) -> bool {
        self.process.as_mut().is_none_or(|process| process.try_wait().unwrap().is_some())
    }

    #[track_caller]
    fn wait(&mut self) {
        assert!(self.process.is_some(), "the broker is running");
        until("mosquitto to end", || self.has_ended().then_some(()));
        self.process = None;
    }
}

impl Drop for Mosquitto {
    fn drop(&mut self) {
        if let Some(mut process) = self.process.take() {
            // A test that fails must not fail again here.
            let _killed = process.kill();
            let _status = process.wait();
        }
    }
}

/// A loopback port that is free now.
#[must_use]
pub fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    listener.local_addr().unwrap().port()
}

/// Debian keeps it where a user's PATH does not look.
fn program() -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain([PathBuf::from("/usr/sbin")]);
    folders
        .map(|folder| folder.join("mosquitto"))
        .find(|program| program.is_file())
        .expect("mosquitto is installed; `cargo xtask test` does it, or apt-get install mosquitto")
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};

    use super::*;
    use crate::packet::v3;

    /// The code in the CONNACK an anonymous client gets.
    fn anonymous(broker: &Mosquitto) -> u8 {
        let mut client = TcpStream::connect((Ipv4Addr::LOCALHOST, broker.port())).unwrap();
        client.write_all(&v3::connect("anonymous", 60)).unwrap();
        let mut connack = [0; 4];
        client.read_exact(&mut connack).unwrap();
        *connack.last().unwrap()
    }

    #[test]
    fn the_walk_through_refuses_anonymous_clients_after_a_restart() {
        let mut broker = Mosquitto::walk_through().start();
        assert_eq!(anonymous(&broker), 0);
        broker.write("conf.d/default.conf", "allow_anonymous false\n");
        broker.restart();
        assert_eq!(anonymous(&broker), 5);
        let id = fs::read_to_string(broker.folder().join("mosquitto.pid")).unwrap();
        assert_eq!(id.trim(), broker.id().to_string());
    }

    #[test]
    fn a_reload_takes_effect_before_the_next_client() {
        let broker = Mosquitto::builder().line("include_dir {folder}/conf.d").start();
        assert_eq!(anonymous(&broker), 0);
        broker.write("conf.d/default.conf", "allow_anonymous false\n");
        broker.reload();
        assert_eq!(anonymous(&broker), 5);
    }

    #[test]
    fn a_killed_broker_comes_back_on_its_port() {
        let mut broker = Mosquitto::builder().start();
        let port = broker.port();
        broker.kill();
        assert!(!broker.accepts());
        broker.resume();
        assert_eq!((anonymous(&broker), broker.port()), (0, port));
    }

    #[test]
    #[should_panic(expected = "no_such_option")]
    fn a_configuration_it_refuses_is_shown() {
        let _never = Mosquitto::builder().line("no_such_option 1").start();
    }
}
