//! A terminal with a tool on it.

use std::fs::File;
use std::io::{Read, Write};
use std::process::{Child, Command, ExitStatus, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{LocalModes, Termios, tcgetattr};
use test_support::patience::until;
use test_support::tool::Tool;

/// A tool on a terminal, which is its stdin and its stderr.
pub(super) struct Terminal {
    keyboard: File,
    line: File,
    screen: String,
    child: Child,
}

impl Terminal {
    pub(super) fn start(tool: &Tool, words: &[&str]) -> Self {
        let controller = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("a terminal");
        grantpt(&controller).expect("a terminal");
        unlockpt(&controller).expect("a terminal");
        let name = ptsname(&controller, Vec::new()).expect("a name");
        let name = name.into_string().expect("plain");
        let line = File::options().read(true).write(true).open(name).expect("a terminal");
        // A session of its own, so that the terminal is what it finds under /dev/tty. Some signals
        // would leave a core file.
        let child = Command::new("sh")
            .args(["-c", "ulimit -c 0; exec setsid --ctty --wait \"$@\"", "sh"])
            .arg(tool.program())
            .args(words)
            .env("HOME", tool.home())
            .env_remove("MQTT_KEY_PASSWORD")
            .env_remove("MQTT_PASSWORD")
            .stdin(Stdio::from(line.try_clone().expect("a terminal")))
            .stdout(Stdio::null())
            .stderr(Stdio::from(line.try_clone().expect("a terminal")))
            .spawn()
            .expect("it is run");
        Self { keyboard: File::from(controller), line, screen: String::new(), child }
    }

    fn modes(&self) -> Termios {
        tcgetattr(&self.line).expect("a terminal")
    }

    pub(super) fn echoes(&self) -> bool {
        self.modes().local_modes.contains(LocalModes::ECHO)
    }

    /// What was on the screen when it was last waited for.
    pub(super) fn screen(&self) -> &str {
        &self.screen
    }

    /// Reads the screen until `text` is there.
    pub(super) fn expect(&mut self, text: &str) {
        while !self.screen.contains(text) {
            let mut block = [0; 1024];
            let count = self.keyboard.read(&mut block).expect("the tool writes");
            self.screen.push_str(&String::from_utf8_lossy(&block[..count]));
        }
    }

    /// The same, and until nothing that is typed would be there.
    pub(super) fn expect_prompt(&mut self, text: &str) {
        self.expect(text);
        until("the echo to be off", || (!self.echoes()).then_some(()));
    }

    pub(super) fn press(&mut self, keys: &str) {
        self.keyboard.write_all(keys.as_bytes()).expect("a terminal");
    }

    pub(super) fn send(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).expect("it runs");
    }

    pub(super) fn code(&mut self) -> Option<i32> {
        self.end().code()
    }

    pub(super) fn end(&mut self) -> ExitStatus {
        until("the tool to end", || self.child.try_wait().expect("a child"))
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
