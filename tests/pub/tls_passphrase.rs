//! The prompt for the passphrase of a key, on a terminal of its own.

use std::os::unix::process::ExitStatusExt;

use rustix::process::Signal;
use test_support::certificates::{Identity, OldAuthority};
use test_support::mosquitto::Mosquitto;

use super::publisher;
use super::terminal::Terminal;

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
        let mut terminal =
            Terminal::start(&publisher(), &[&place[..], &key, &["-t", "t", "-m", "x"]].concat());
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
        assert!(!terminal.screen().contains("hunter"), "{}", terminal.screen());
    }
}

#[test]
fn a_key_that_is_no_character_makes_no_passphrase() {
    let mut terminal = Scene::new().start();
    terminal.press("hun\tter2\n");
    terminal.expect("no passphrase for the key in '");
    terminal.expect("a key was pressed that is no character: Tab");
    assert_eq!(terminal.code(), Some(1));
    assert!(terminal.echoes());
}

#[test]
fn any_end_at_the_prompt_leaves_a_terminal_that_echoes() {
    let mut terminal = Scene::new().start();
    terminal.press("hun\u{1c}");
    assert_eq!(terminal.end().signal(), Some(Signal::QUIT.as_raw()));
    assert!(terminal.echoes());
}

#[test]
fn control_c_at_the_prompt_ends_it_and_the_terminal_echoes_again() {
    let mut terminal = Scene::new().start();
    terminal.press("hun\u{3}");
    assert_eq!(terminal.code(), Some(130));
    assert!(terminal.echoes());
}
