//! What is said on stderr to who sits at a terminal, and to nobody else.

use std::process::Stdio;

use test_support::mosquitto::Mosquitto;
use test_support::packet::v3;
use test_support::scripted_peer::ScriptedPeer;
use test_support::terminal::Terminal;
use test_support::tool::Tool;

use super::{start_at, subscriber};

/// stderr of a run that ends well, on a terminal.
fn told(tool: &Tool, words: &[&str]) -> String {
    let mut terminal = Terminal::open();
    let mut command = tool.command([words, &["--color=never"]].concat());
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(terminal.stdio());
    let mut child = command.spawn().unwrap();
    assert!(child.wait().unwrap().success());
    terminal.read_all()
}

#[test]
fn nothing_retained_is_said_to_a_person() {
    let broker = Mosquitto::builder().start();
    let port = broker.port().to_string();
    let words = ["-h", "127.0.0.1", "-p", &port, "-t", "t/#", "--retained-only"];
    let note = "note: the broker has nothing retained for that\r\n";
    assert_eq!(told(&subscriber(), &words), note);
    assert_eq!(told(&subscriber().called("mosquitto_sub"), &words), "");
    assert_eq!(told(&subscriber(), &[&words[..], &["--quiet"]].concat()), "");
    assert_eq!(&*subscriber().run(words).stderr(), "");
    let publisher = subscriber().sibling("mqtt-pub");
    publisher.run(["-p", &port, "-t", "t/1", "-m", "x", "-r"]).assert_code(0);
    assert_eq!(told(&subscriber(), &words), "");
}

#[test]
fn a_filter_that_a_shell_has_changed_is_noticed() {
    let broker = Mosquitto::builder().start();
    let port = broker.port().to_string();
    let words = |filter| ["-h", "127.0.0.1", "-p", &port, "-E", "-t", filter].map(str::to_owned);
    for (filter, is_noticed) in
        [("/#", true), ("/broker/version", true), ("$SYS/#", false), ("#", false), ("/a", false)]
    {
        let words = words(filter);
        let told = told(&subscriber(), &words.each_ref().map(String::as_str));
        assert_eq!(told.contains("note: outside single quotes a shell takes the $SYS"), is_noticed);
        assert_eq!(told.is_empty(), !is_noticed, "{told}");
    }
}

#[test]
fn two_clients_with_one_identifier_are_told_of_each_other() {
    let peer = ScriptedPeer::listen();
    let running = start_at(&peer, &["-t", "t", "-i", "same"]);
    for _ in 0..2 {
        let mut client = peer.accept();
        client.read_packet();
        client.send(&v3::connack(0));
        client.read_packet();
        client.close();
    }
    running.wait_for_stderr("hint: another client may use the same client identifier (-i)");
}

#[test]
fn options_that_have_no_effect_are_named() {
    let words = ["--unix", "/nonexistent", "-t", "t", "--retain-as-published", "--pretty"];
    let output = subscriber().run([&words[..], &["--retain-handling", "new"]].concat());
    output.assert_code(1);
    let said = "warning: --retain-as-published has no effect: only MQTT 5 has it (-V 5)\n\
                warning: --retain-handling has no effect: only MQTT 5 has it (-V 5)\n\
                warning: --pretty has no effect: it is for %j and %J (-F)\nerror: ";
    assert!(output.stderr().starts_with(said), "{output:?}");
}
