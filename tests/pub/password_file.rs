use std::os::unix::process::ExitStatusExt;

use rustix::process::Signal;
use test_support::packet::{self, v3};
use test_support::patience::until;
use test_support::scripted_peer::{Connection, ScriptedPeer};
use test_support::tool::Tool;

use super::publisher;
use super::terminal::Terminal;

/// Fields of CONNECT at its end: each with its length in front.
fn ends_with_credentials(connect: &[u8], username: &str, password: Option<&str>) -> bool {
    let field = |text: &str| {
        let length = u16::try_from(text.len()).expect("short");
        [&length.to_be_bytes(), text.as_bytes()].concat()
    };
    let password = password.map(field).unwrap_or_default();
    connect.ends_with(&[field(username), password].concat())
}

fn serve(mut client: Connection, username: &str, password: Option<&str>) {
    let connect = client.read_packet();
    assert!(ends_with_credentials(&connect, username, password), "{}", connect.escape_ascii());
    client.send(&v3::connack(0));
    client.expect(&v3::publish("t", b"x", packet::Delivery::AtMostOnce));
    client.expect(&packet::DISCONNECT);
    client.close();
}

fn words<'a>(port: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    [&["-h", "127.0.0.1", "-p", port, "-t", "t", "-m", "x", "-u", "joe"], more].concat()
}

fn file(tool: &Tool, content: &str) -> String {
    let file = tool.home().join("password");
    std::fs::write(&file, content).expect("a file");
    file.to_str().expect("plain").to_owned()
}

#[test]
fn the_first_line_of_a_file_or_of_stdin_is_the_password() {
    let (tool, peer) = (publisher(), ScriptedPeer::listen());
    let port = peer.port().to_string();
    let file = file(&tool, "hunt er2\r\nmore\n");
    let running = tool.spawn(words(&port, &["--password-file", &file]));
    serve(peer.accept(), "joe", Some("hunt er2"));
    assert_eq!(running.wait().code(), Some(0));
    // Who writes it need not leave.
    let mut running = tool.called("mosquitto_pub").spawn(words(&port, &["--password-file=-"]));
    running.write_input("hunt\rer3\r\r\n");
    serve(peer.accept(), "joe", Some("hunt\rer3"));
    assert_eq!(running.wait().code(), Some(0));
}

#[test]
fn a_line_that_no_packet_can_carry_is_no_password() {
    let tool = publisher();
    let file = file(&tool, &"x".repeat(65_536));
    let output = tool.run(words("1", &["--password-file", &file]));
    output.assert_code(1);
    let error = "(--password-file): its first line is longer than 65535 bytes";
    assert!(output.stderr().contains(error), "{output:?}");
}

#[test]
fn the_last_of_password_and_file_counts_and_the_environment_least() {
    let (tool, peer) = (publisher(), ScriptedPeer::listen());
    let port = peer.port().to_string();
    let file = file(&tool, "filed");
    for (more, password) in [
        (&["--password-file", &file, "-P", "given"][..], "given"),
        (&["-P", "given", "--password-file", &file], "filed"),
        (&["--password-file", &file], "filed"),
        (&[], "named"),
    ] {
        let mut command = tool.command(words(&port, more));
        let mut child = command.env("MQTT_PASSWORD", "named").spawn().expect("it runs");
        serve(peer.accept(), "joe", Some(password));
        assert!(child.wait().expect("its end").success());
    }
    let shown = tool.run(words(&port, &["-P", "given", "--password-file", &file, "--show-config"]));
    assert!(shown.stdout().contains("\npassword-file "), "{shown:?}");
    assert!(!shown.stdout().contains("\npw "), "{shown:?}");
}

#[test]
fn the_first_line_that_a_command_prints_is_the_password() {
    let (tool, peer) = (publisher(), ScriptedPeer::listen());
    let port = peer.port().to_string();
    for (command, password) in [
        (r"printf 'hunt er2\r\nmore\n'", "hunt er2"),
        (r#"printf "%s" "a  'b'" "c""#, "a  'b'c"),
        // It may print as much as it likes, and ends by itself.
        ("sh -c 'echo hunter2; yes | head -c 200000'", "hunter2"),
        // It is given no secret of ours.
        ("sh -c 'echo \"<$MQTT_PASSWORD$MQTT_KEY_PASSWORD>\"'", "<>"),
        // No shell: nothing is put in its place.
        ("echo $HOME `id`;", "$HOME `id`;"),
    ] {
        let mut words = tool.command(words(&port, &["-P", "given", "--password-command", command]));
        words.env("MQTT_PASSWORD", "named").env("MQTT_KEY_PASSWORD", "named");
        let mut running = words.spawn().expect("it runs");
        serve(peer.accept(), "joe", Some(password));
        assert!(running.wait().expect("its end").success());
    }
}

#[test]
fn a_command_that_prints_no_password_ends_the_run_before_anything_is_connected() {
    for (command, error) in [
        ("/nonexistent/c", "No such file or directory (os error 2)"),
        ("sh -c 'echo hunter2; exit 3'", "exit status: 3"),
        ("true", "its first line is empty"),
    ] {
        let output = publisher().run(words("1", &["--password-command", command]));
        output.assert_code(1);
        let program = command.split(' ').next().expect("a word");
        let wanted = format!("error: no password from '{program}' (--password-command): {error}\n");
        assert_eq!(output.stderr(), wanted);
    }
    for (command, error) in [("", "it is empty"), ("echo 'hunter2", "a quote is not closed")] {
        let output = publisher().run(words("1", &["--password-command", command]));
        output.assert_code(1);
        let wanted =
            format!("error: invalid value '***' for '--password-command <COMMAND>': {error}\n");
        assert!(output.stderr().starts_with(&wanted), "{output:?}");
    }
}

#[test]
fn a_command_reads_nothing_of_stdin() {
    let (tool, peer) = (publisher(), ScriptedPeer::listen());
    let port = peer.port().to_string();
    let command = "sh -c 'cat; echo hunter2'";
    let words = ["-h", "127.0.0.1", "-p", &port, "-t", "t", "-s", "-u", "joe"];
    let mut running = tool.spawn([&words[..], &["--password-command", command]].concat());
    running.write_input("x");
    running.close_input();
    serve(peer.accept(), "joe", Some("hunter2"));
    assert_eq!(running.wait().code(), Some(0));
}

#[test]
fn a_command_that_nobody_waits_for_any_more_has_ended() {
    let tool = publisher();
    let (mut held, holding) = std::io::pipe().expect("there are pipes");
    // Whoever runs holds the pipe, as its stderr.
    let mut command = tool.command(words("1", &["--password-command", "sleep 1000", "-W", "1"]));
    command.stderr(holding);
    let mut running = command.spawn().expect("it runs");
    drop(command);
    assert_eq!(running.wait().expect("it ends").code(), Some(27));
    let reading = std::thread::spawn(move || {
        let mut said = String::new();
        std::io::Read::read_to_string(&mut held, &mut said).map(|_| said)
    });
    until("the command to end", || reading.is_finished().then_some(()));
    let said = reading.join().expect("no panic").expect("text");
    assert_eq!(said, "error: timed out before the broker answered\n");
}

#[test]
fn what_cannot_be_is_told_before_anything_is_connected() {
    let tool = publisher();
    for (more, error) in [
        (
            &["--password-file", "/nonexistent/p"][..],
            "error: cannot read '/nonexistent/p' (--password-file): No such file or directory",
        ),
        (
            &["--password-file", "-", "-V", "5", "-m", "x", "-m", "y"],
            "error: '--message' may be given only once",
        ),
    ] {
        let output = tool.run(words("1", more));
        output.assert_code(1);
        assert!(output.stderr().starts_with(error), "{output:?}");
    }
    for option in ["--password-file", "--password-command", "--pw"] {
        let output = tool.run(["-t", "t", "-m", "x", option, "f"]);
        let error = format!("error: '{option}' needs '--username'");
        assert!(output.stderr().starts_with(&error), "{output:?}");
    }
    for kind in ["-l", "-s"] {
        let output = tool.run(["-t", "t", "-u", "u", kind, "--password-file", "-"]);
        output.assert_code(1);
        assert!(output.stderr().starts_with("error: '--password-file -' and a message"));
    }
}

#[test]
fn on_a_terminal_a_user_without_a_password_is_asked_for_it() {
    let peer = ScriptedPeer::listen();
    let port = peer.port().to_string();
    for (typed, password) in [("hunter2\n", Some("hunter2")), ("\n", None)] {
        let mut terminal = Terminal::start(&publisher(), &words(&port, &[]));
        terminal.expect_prompt("Password: ");
        terminal.press(typed);
        serve(peer.accept(), "joe", password);
        assert_eq!(terminal.code(), Some(0));
        assert!(terminal.echoes());
    }
    let mut terminal = Terminal::start(&publisher(), &words(&port, &[]));
    terminal.expect_prompt("Password: ");
    terminal.press("hun\u{3}");
    assert_eq!(terminal.code(), Some(130));
    assert!(terminal.echoes());
}

#[test]
fn any_end_at_the_prompt_leaves_a_terminal_that_echoes() {
    for signal in [Signal::HUP, Signal::QUIT, Signal::USR1, Signal::ALARM] {
        let mut terminal = Terminal::start(&publisher(), &words("1", &[]));
        terminal.expect_prompt("Password: ");
        terminal.send(signal);
        assert_eq!(terminal.end().signal(), Some(signal.as_raw()));
        assert!(terminal.echoes());
    }
}

#[test]
fn a_signal_after_the_prompt_ends_it_as_it_would_have_without() {
    let peer = ScriptedPeer::listen();
    let port = peer.port().to_string();
    let mut terminal = Terminal::start(&publisher(), &words(&port, &[]));
    terminal.expect_prompt("Password: ");
    terminal.press("hunter2\n");
    let mut client = peer.accept();
    client.read_packet();
    terminal.send(Signal::HUP);
    assert_eq!(terminal.end().signal(), Some(Signal::HUP.as_raw()));
}

/// The tool leads the session here, as behind `ssh -t`: nobody could continue it.
#[test]
fn after_the_prompt_it_is_not_stopped_where_the_system_would_not_stop_it() {
    let peer = ScriptedPeer::listen();
    let port = peer.port().to_string();
    let mut terminal = Terminal::start(&publisher(), &words(&port, &[]));
    terminal.expect_prompt("Password: ");
    terminal.press("hunter2\n");
    let mut client = peer.accept();
    client.read_packet();
    terminal.press("\u{1a}");
    client.send(&v3::connack(0));
    client.expect(&v3::publish("t", b"x", packet::Delivery::AtMostOnce));
    client.expect(&packet::DISCONNECT);
    client.close();
    assert_eq!(terminal.code(), Some(0));
}

#[test]
fn a_key_that_is_no_character_makes_no_password() {
    let mut terminal = Terminal::start(&publisher(), &words("1", &[]));
    terminal.expect_prompt("Password: ");
    terminal.press("hunt\ter2\n");
    terminal.expect("cannot read the password: a key was pressed that is no character: Tab");
    assert_eq!(terminal.code(), Some(1));
    assert!(terminal.echoes());
}

#[test]
fn nobody_is_asked_under_the_originals_name_or_without_a_terminal() {
    let (tool, peer) = (publisher(), ScriptedPeer::listen());
    let port = peer.port().to_string();
    let mut terminal = Terminal::start(&tool.called("mosquitto_pub"), &words(&port, &[]));
    serve(peer.accept(), "joe", None);
    assert_eq!(terminal.code(), Some(0));
    let running = tool.spawn(words(&port, &[]));
    serve(peer.accept(), "joe", None);
    assert_eq!(running.wait().code(), Some(0));
}
