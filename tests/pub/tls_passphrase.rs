//! The prompt for the passphrase of a key, on a terminal of its own.

use std::fs::File;
use std::io::{Read, Write};
use std::process::{Child, Command, Stdio};

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{LocalModes, Termios, tcgetattr};
use test_support::certificates::{Identity, OldAuthority};
use test_support::mosquitto::Mosquitto;
use test_support::patience::until;

use super::publisher;

/// A tool on a terminal.
struct Terminal {
    keyboard: File,
    line: File,
    screen: String,
    child: Child,
}

impl Terminal {
    fn start(words: &[&str]) -> Self {
        let controller = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("a terminal");
        grantpt(&controller).expect("a terminal");
        unlockpt(&controller).expect("a terminal");
        let name = ptsname(&controller, Vec::new()).expect("a name");
        let name = name.into_string().expect("plain");
        let line = File::options().read(true).write(true).open(name).expect("a terminal");
        let tool = publisher();
        // A session of its own, so that the terminal is what it finds under /dev/tty.
        let child = Command::new("setsid")
            .args(["--ctty", "--wait"])
            .arg(tool.program())
            .args(words)
            .env_remove("MQTT_KEY_PASSWORD")
            .stdin(Stdio::from(line.try_clone().expect("a terminal")))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("it is run");
        Self { keyboard: File::from(controller), line, screen: String::new(), child }
    }

    fn modes(&self) -> Termios {
        tcgetattr(&self.line).expect("a terminal")
    }

    fn echoes(&self) -> bool {
        self.modes().local_modes.contains(LocalModes::ECHO)
    }

    /// Reads the screen until `text` is there and nothing that is typed would be.
    fn expect_prompt(&mut self, text: &str) {
        while !self.screen.contains(text) {
            let mut block = [0; 1024];
            let count = self.keyboard.read(&mut block).expect("the tool writes");
            self.screen.push_str(&String::from_utf8_lossy(&block[..count]));
        }
        until("the echo to be off", || (!self.echoes()).then_some(()));
    }

    fn press(&mut self, keys: &str) {
        self.keyboard.write_all(keys.as_bytes()).expect("a terminal");
    }

    fn code(&mut self) -> Option<i32> {
        until("the tool to end", || self.child.try_wait().expect("a child")).code()
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

struct Scene {
    authority: OldAuthority,
    client: Identity,
    broker: Mosquitto,
}

impl Scene {
    fn new() -> Self {
        let authority = OldAuthority::new("ours");
        let client = authority.identity("client", "client");
        authority.openssl("pkcs8 -topk8 -in client.key -out sealed.key -passout pass:hunter2");
        let broker = Mosquitto::builder()
            .tls(&authority.identity("server", "localhost"))
            .require_certificate(&authority.file())
            .start();
        Self { authority, client, broker }
    }

    fn start(&self) -> Terminal {
        let sealed = self.authority.folder().join("sealed.key");
        let sealed = sealed.to_str().expect("plain");
        let (port, file) = (self.broker.port().to_string(), self.authority.file());
        let place = ["-h", "localhost", "-p", &port, "--cafile", &file];
        let key = ["--cert", self.client.certificate(), "--key", sealed];
        let mut terminal = Terminal::start(&[&place[..], &key, &["-t", "t", "-m", "x"]].concat());
        terminal.expect_prompt(&format!("Passphrase for {sealed}: "));
        terminal
    }
}

#[test]
fn a_passphrase_is_asked_for_without_being_shown() {
    let scene = Scene::new();
    for (typed, status) in [("hunter2\n", 0), ("hunter3\n", 1)] {
        let mut terminal = scene.start();
        terminal.press(typed);
        assert_eq!(terminal.code(), Some(status));
        assert!(terminal.echoes());
        assert!(!terminal.screen.contains("hunter"), "{}", terminal.screen);
    }
}

#[test]
fn control_c_at_the_prompt_ends_it_and_the_terminal_echoes_again() {
    let mut terminal = Scene::new().start();
    terminal.press("hun\u{3}");
    assert_eq!(terminal.code(), Some(130));
    assert!(terminal.echoes());
}
