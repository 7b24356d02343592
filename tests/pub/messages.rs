use std::process::Stdio;

use test_support::packet::{self, Delivery, v3};
use test_support::scripted_peer::{Connection, ScriptedPeer};
use test_support::tool::Tool;

use super::publisher;
use super::terminal::Terminal;

/// The three tools, which are built side by side.
fn tools() -> [Tool; 3] {
    [publisher(), publisher().sibling("mqtt-sub"), publisher().sibling("mqtt-passwd")]
}

/// stderr of a run that fails because of an option that there is not.
fn error(tool: &Tool, words: &[&str], variables: &[(&str, &str)]) -> String {
    let mut command = tool.command([&["--no-such-option"], words].concat());
    let output = command.envs(variables.iter().copied()).output().expect("it runs");
    assert_eq!(output.status.code(), Some(1));
    String::from_utf8(output.stderr).expect("text")
}

const PAINTED: &str = "\u{1b}[1;31merror:\u{1b}[0m unknown option '--no-such-option'\n\
    \u{1b}[1;36mhint:\u{1b}[0m ";

#[test]
fn messages_are_in_colour_where_that_is_asked_for() {
    const FORCED: (&str, &str) = ("CLICOLOR_FORCE", "1");
    for tool in tools() {
        for (words, variables) in [
            (&["--color", "always"][..], &[][..]),
            (&["--color=never", "--color=always"], &[]),
            (&["--color=always"], &[("NO_COLOR", "1")]),
            (&[], &[FORCED]),
        ] {
            let said = error(&tool, words, variables);
            assert!(said.starts_with(PAINTED), "{words:?} {variables:?}: {said}");
        }
        for (words, variables) in [
            (&[][..], &[][..]),
            (&["--color=never"], &[FORCED]),
            (&["--color", "sometimes"], &[]),
            (&[], &[FORCED, ("NO_COLOR", "1")]),
        ] {
            let said = error(&tool, words, variables);
            assert!(!said.contains('\u{1b}'), "{words:?} {variables:?}: {said}");
            assert!(said.starts_with("error: unknown option"), "{said}");
        }
    }
    let linked = publisher().called("mosquitto_pub");
    assert!(!error(&linked, &[], &[FORCED]).contains('\u{1b}'));
    assert!(error(&linked, &["--color=always"], &[]).starts_with(PAINTED));
}

#[test]
fn an_options_file_decides_about_colours_as_well() {
    let tool = publisher();
    let file = tool.home().join("options");
    std::fs::write(&file, "--color always\n").expect("a file");
    let file = file.to_str().expect("plain");
    let said = tool.run(["-o", file, "-t", "t", "-m", "x", "-P", "p"]);
    assert!(said.stderr().starts_with("\u{1b}[1;31merror:"), "{said:?}");
    let said = tool.run(["-o", file, "-t", "t", "-m", "x", "-P", "p", "--color=never"]);
    assert!(said.stderr().starts_with("error:"), "{said:?}");
}

#[test]
fn help_is_in_colour_by_the_same_rule() {
    for tool in tools() {
        let help = tool.run(["--help", "--color", "always"]);
        assert!(help.stdout().contains("\u{1b}[1m\u{1b}[4mExamples:\u{1b}[0m\n"), "{help:?}");
        assert!(help.stdout().contains("\u{1b}[1m\u{1b}[4mExit status:"), "{help:?}");
        let plain = tool.run(["--help"]);
        assert!(!plain.stdout().contains('\u{1b}'), "{plain:?}");
    }
}

#[test]
fn colours_are_on_by_themselves_on_a_terminal() {
    let mut terminal = Terminal::start(&publisher(), &["--no-such-option"]);
    terminal.expect("--help");
    assert_eq!(terminal.code(), Some(1));
    assert!(terminal.screen().contains("\u{1b}[1;31merror:\u{1b}[0m unknown"));
    let linked = publisher().called("mosquitto_pub");
    let mut terminal = Terminal::start(&linked, &["--no-such-option"]);
    terminal.expect("--help");
    assert!(terminal.screen().starts_with("error: unknown"), "{}", terminal.screen());
}

#[test]
fn who_types_the_lines_is_told_how_to_end() {
    let peer = ScriptedPeer::listen();
    let port = peer.port().to_string();
    let place = ["--color=never", "-h", "127.0.0.1", "-p", &port, "-t", "t"];
    // A line is read when somebody can take it, and a password is asked for before that.
    let mut terminal = Terminal::start(&publisher(), &[&place[..], &["-l"]].concat());
    let mut client = peer.accept();
    client.read_packet();
    client.send(&v3::connack(0));
    terminal.expect("note: reading lines from the keyboard, Ctrl-D ends\r\n");
    terminal.press("one\n\u{4}");
    client.expect(&v3::publish("t", b"one", Delivery::AtMostOnce));
    assert_ended(client, terminal);

    let mut terminal = Terminal::start(&publisher(), &[&place[..], &["-s"]].concat());
    terminal.expect("note: reading the message from the keyboard, Ctrl-D ends it\r\n");
    terminal.press("one\n\u{4}");
    let mut client = peer.accept();
    client.read_packet();
    client.send(&v3::connack(0));
    client.expect(&v3::publish("t", b"one\n", Delivery::AtMostOnce));
    assert_ended(client, terminal);
}

fn assert_ended(mut client: Connection, mut terminal: Terminal) {
    client.expect(&packet::DISCONNECT);
    client.close();
    assert_eq!(terminal.code(), Some(0));
}

#[test]
fn a_script_is_told_nothing_of_the_kind() {
    let peer = ScriptedPeer::listen();
    let port = peer.port().to_string();
    let words = ["-h", "127.0.0.1", "-p", &port, "-t", "t", "-l", "-u", "u", "-P", "p"];
    let running = std::thread::spawn(move || {
        let mut client = peer.accept();
        client.read_packet();
        client.send(&v3::connack(0));
        client.expect(&packet::DISCONNECT);
    });
    let mut command = publisher().command(words);
    let output = command.stdin(Stdio::null()).output().expect("it runs");
    assert_eq!((output.status.code(), &output.stderr[..]), (Some(0), &b""[..]));
    running.join().expect("the peer saw it all");
}

#[test]
fn who_waits_is_told_for_what() {
    // A proxy that says nothing: the connection does not stand for as long as the test wants.
    let peer = ScriptedPeer::listen();
    let proxy = format!("socks5h://127.0.0.1:{}", peer.port());
    let words = ["--color=never", "--proxy", &proxy, "-h", "broker.test", "-t", "t", "-n"];
    let mut terminal = Terminal::start(&publisher(), &words);
    terminal.expect("note: connecting to broker.test:1883…\r\n");
    peer.accept().reset();
    assert_eq!(terminal.code(), Some(7));
    let mut quiet = Terminal::start(&publisher(), &[&words[..], &["--quiet"]].concat());
    peer.accept().reset();
    assert_eq!(quiet.code(), Some(7));
}

#[test]
fn so_is_who_waits_for_a_broker_that_says_nothing() {
    let peer = ScriptedPeer::listen();
    let port = peer.port().to_string();
    let words = ["--color=never", "-h", "127.0.0.1", "-p", &port, "-t", "t", "-n"];
    let mut terminal = Terminal::start(&publisher(), &words);
    let mut client = peer.accept();
    client.read_packet();
    terminal.expect(&format!("note: connecting to 127.0.0.1:{port}…\r\n"));
    client.send(&v3::connack(0));
    client.expect(&v3::publish("t", b"", Delivery::AtMostOnce));
    client.expect(&packet::DISCONNECT);
    client.close();
    assert_eq!(terminal.code(), Some(0));
}

#[test]
fn a_password_that_everybody_can_see_gets_a_hint() {
    let closed = ["--color=never", "--unix", "/nonexistent", "-t", "t", "-n", "-u", "u"];
    let mut terminal = Terminal::start(&publisher(), &[&closed[..], &["-P", "hunter2"]].concat());
    terminal.expect("error: ");
    let screen = terminal.screen();
    assert!(screen.starts_with("hint: others can see a password"), "{screen}");
    assert!(screen.contains("--password-file FILE") && !screen.contains("hunter2"), "{screen}");
    let linked = publisher().called("mosquitto_pub");
    let mut terminal = Terminal::start(&linked, &[&closed[..], &["-P", "hunter2"]].concat());
    terminal.expect("error: ");
    assert!(!terminal.screen().contains("hint: others"));
}
