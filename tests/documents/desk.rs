//! Where a reader tries a document: a home, a broker, the tools in PATH under both names.

use std::fs::{self, File};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, ExitStatus};

use rustix::process::{WaitId, WaitIdOptions, kill_process_group, waitid};
use test_support::mosquitto::{Mosquitto, free_port};
use test_support::patience::until;
use test_support::tool::{Pid, Signal, Tool};

/// What the broker does until a document configures it.
const CONFIGURATION: &str = "\
listener {port} 127.0.0.1
allow_anonymous true
acl_file {folder}/acl
";

/// Everyone may do everything, but for what some documents want to be refused.
const RIGHTS: &str = "topic readwrite #\ntopic deny secret/#\n";

/// Runs what follows, if it does not take an administrator. The files belong to us anyway.
const SUDO: &str = "#!/bin/sh\n[ \"$1\" = chown ] || exec \"$@\"\n";

/// One document's broker and files.
#[derive(Debug)]
pub(crate) struct Desk {
    /// In a clean environment, as a tool would be.
    shell: Tool,
    broker: Mosquitto,
    tls_port: u16,
    /// How many scripts were started.
    scripts: usize,
}

impl Desk {
    pub(crate) fn new() -> Self {
        let broker = Mosquitto::installed()
            .file("acl", RIGHTS)
            .file("conf.d/desk.conf", CONFIGURATION)
            .start();
        fs::create_dir(broker.folder().join("certs")).unwrap();
        let shell = Tool::at("/bin/sh");
        let desk = Self { shell, broker, tls_port: free_port(), scripts: 0 };
        desk.furnish();
        desk
    }

    /// The tools in PATH, and the broker's port where scripts of the originals look for it.
    fn furnish(&self) {
        let bin = self.home().join("bin");
        let config = self.home().join(".config");
        let target = self.home().join("target");
        for folder in [&bin, &config, &target] {
            fs::create_dir(folder).unwrap();
        }
        let subscriber = Tool::at(env!("CARGO_BIN_EXE_mqtt-sub"));
        for (own, original) in [
            ("mqtt-pub", "mosquitto_pub"),
            ("mqtt-sub", "mosquitto_sub"),
            ("mqtt-passwd", "mosquitto_passwd"),
        ] {
            let program = subscriber.sibling(own).program().to_path_buf();
            symlink(&program, bin.join(own)).unwrap();
            symlink(&program, bin.join(original)).unwrap();
            fs::write(config.join(original), format!("-p {}\n", self.broker.port())).unwrap();
        }
        fs::write(bin.join("sudo"), SUDO).unwrap();
        fs::set_permissions(bin.join("sudo"), fs::Permissions::from_mode(0o755)).unwrap();
        // Where cargo puts them.
        symlink(&bin, target.join("debug")).unwrap();
        symlink(&bin, target.join("release")).unwrap();
    }

    fn home(&self) -> PathBuf {
        self.shell.home()
    }

    /// A text of a document with this broker's folder and ports in place of a system's.
    pub(crate) fn here(&self, text: &str) -> String {
        let folder = self.broker.folder().to_str().expect("temporary folders have plain names");
        text.replace("/etc/mosquitto", folder)
            .replace("8883", &self.tls_port.to_string())
            .replace("1883", &self.broker.port().to_string())
    }

    /// Runs a script to its end: its output if it fails.
    pub(crate) fn run(&mut self, script: &str, typed: Option<&str>) -> Result<(), String> {
        let mut commands = String::new();
        for line in script.lines().chain(["sudo systemctl status mosquitto"]) {
            let Some(action) = line.strip_prefix("sudo systemctl ") else {
                commands.push_str(line);
                commands.push('\n');
                continue;
            };
            let mut terminal = self.start(&commands, typed);
            let status = terminal.wait();
            if !status.success() {
                return Err(format!("{status}:\n{}", terminal.output()));
            }
            commands.clear();
            match action {
                "restart mosquitto" => self.restart(),
                "reload mosquitto" => self.broker.reload(),
                _ => {}
            }
        }
        Ok(())
    }

    /// Starts a script in a terminal of its own.
    pub(crate) fn start(&mut self, script: &str, typed: Option<&str>) -> Terminal {
        self.scripts += 1;
        let place = self.broker.folder().join(format!("script{}", self.scripts));
        let (input, output) = (place.with_extension("in"), place.with_extension("out"));
        fs::write(&input, typed.unwrap_or_default()).unwrap();
        let stream = File::create(&output).unwrap();
        let path = std::env::var("PATH").expect("there is one");
        let mut command = self.shell.command(["-e", "-c", &self.here(script)]);
        command
            .current_dir(self.home())
            .env("PATH", format!("{}:{path}", self.home().join("bin").display()))
            .env("MQTT_PORT", self.broker.port().to_string())
            .env("TZ", "UTC")
            .stdin(File::open(&input).unwrap())
            .stdout(stream.try_clone().unwrap())
            .stderr(stream)
            .process_group(0);
        Terminal { child: command.spawn().expect("there is a shell"), output, status: None }
    }

    /// Starts a command that subscribes, and waits until it has.
    pub(crate) fn subscribe(&mut self, script: &str) -> Terminal {
        let subscriptions = self.subscriptions();
        let terminal = self.start(script, None);
        until("a subscription", || (self.subscriptions() > subscriptions).then_some(()));
        terminal
    }

    fn subscriptions(&self) -> usize {
        self.broker.log().matches("Sending SUBACK").count()
    }

    /// As the system would, with what the document has written.
    fn restart(&mut self) {
        let desk = self.broker.folder().join("conf.d/desk.conf");
        if desk.exists() {
            fs::remove_file(desk).unwrap();
        }
        self.broker.restart();
    }
}

/// A shell with what it started; all of it ends when this is dropped.
#[derive(Debug)]
pub(crate) struct Terminal {
    child: Child,
    output: PathBuf,
    status: Option<ExitStatus>,
}

impl Terminal {
    /// What stands in it.
    pub(crate) fn output(&self) -> String {
        String::from_utf8_lossy(&fs::read(&self.output).unwrap()).into_owned()
    }

    /// Whether the shell has ended. It is not waited for: its identifier, which is also that of all
    /// that it started, must not become another's.
    pub(crate) fn has_ended(&self) -> bool {
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        let shell = WaitId::Pid(Pid::from_child(&self.child));
        self.status.is_some() || waitid(shell, options).unwrap().is_some()
    }

    /// Waits for the end of the shell, and ends what it left behind.
    pub(crate) fn wait(&mut self) -> ExitStatus {
        until("a script to end", || self.has_ended().then_some(()));
        self.end()
    }

    fn end(&mut self) -> ExitStatus {
        if let Some(status) = self.status {
            return status;
        }
        let _killed = kill_process_group(Pid::from_child(&self.child), Signal::KILL);
        let status = self.child.wait().unwrap();
        self.status = Some(status);
        status
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        self.end();
    }
}
