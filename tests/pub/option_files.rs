use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use test_support::packet::{Delivery, v3};
use test_support::scripted_peer::ScriptedPeer;
use test_support::tool::{Output, Running, Tool};

use super::publisher;

/// Writes a file below the tool's home; only its owner may read it.
fn write(tool: &Tool, name: &str, text: &str) -> PathBuf {
    let path = tool.home().join(name);
    fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
    fs::write(&path, text).expect("a file");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("a mode");
    path
}

/// Runs the tool with variables in its environment and nothing on stdin.
fn run_with(tool: &Tool, variables: &[(&str, &str)], arguments: &[&str]) -> Output {
    let mut command = tool.command(arguments);
    command.envs(variables.iter().copied());
    let mut running = Running::start(command);
    running.close_input();
    running.wait()
}

/// What the one message is that the tool publishes to a peer.
fn published(tool: &Tool, peer: &ScriptedPeer, arguments: &[&str]) -> Vec<u8> {
    let running = tool.spawn(arguments);
    let mut client = peer.accept();
    client.read_packet();
    client.send(&v3::connack(0));
    let packet = client.read_packet();
    client.expect(&[0xe0, 0]);
    client.close();
    running.wait().assert_code(0);
    packet
}

fn message(topic: &str, payload: &str) -> Vec<u8> {
    v3::publish(topic, payload.as_bytes(), Delivery::AtMostOnce)
}

#[test]
fn the_users_file_says_where_the_broker_is_under_both_names() {
    for (name, file) in [("mqtt-pub", "mqtt-pub"), ("mosquitto_pub", "mosquitto_pub")] {
        let peer = ScriptedPeer::listen();
        let tool = publisher().called(name);
        let text = format!("# mine\n-h 127.0.0.1\n-p {}\n-t from/file\n-m a  b ", peer.port());
        write(&tool, &format!(".config/{file}"), &text);
        let payload = if name == "mqtt-pub" { "a  b" } else { "a  b " };
        assert_eq!(published(&tool, &peer, &[]), message("from/file", payload));
    }
}

#[test]
fn our_own_name_reads_the_originals_file_if_there_is_no_other() {
    let peer = ScriptedPeer::listen();
    let tool = publisher();
    let text = format!("-p {}\n-h 127.0.0.1\n-t t\n-m \"x\"", peer.port());
    write(&tool, ".config/mosquitto_pub", &text);
    assert_eq!(published(&tool, &peer, &[]), message("t", "\"x\""));
}

#[test]
fn a_named_file_replaces_the_users_and_argv_beats_both() {
    let peer = ScriptedPeer::listen();
    let tool = publisher();
    write(&tool, ".config/mqtt-pub", "--no-such-option\n");
    let text = format!("-h 127.0.0.1\n-p {}\n-t file", peer.port());
    let file = write(&tool, "options", &text);
    let file = file.to_str().expect("UTF-8");
    let sent = published(&tool, &peer, &["-m", "x", "-t", "argv", "-o", file]);
    assert_eq!(sent, message("argv", "x"));
}

#[test]
fn a_url_is_broker_credentials_and_topic() {
    let peer = ScriptedPeer::listen();
    let url = format!("mqtt://u%40:p%2f@127.0.0.1:{}/a%20b/c?d", peer.port());
    let running = publisher().spawn(["-L", &url, "-m", "x"]);
    let mut client = peer.accept();
    let connect = client.read_packet();
    assert!(connect.ends_with(b"\x00\x00\x00\x02u@\x00\x02p/"), "{connect:?}");
    client.send(&v3::connack(0));
    client.expect(&message("a b/c?d", "x"));
    client.expect(&[0xe0, 0]);
    client.close();
    running.wait().assert_code(0);
}

#[test]
fn an_error_names_file_and_line_and_nothing_is_connected() {
    let tool = publisher();
    let file = write(&tool, ".config/mqtt-pub", "-t a\n\n-q 3\n");
    let output = tool.run(["-m", "x"]);
    output.assert_code(1);
    let expected = format!(
        "error: {}:3: invalid value '3' for '--qos <QOS>': 0, 1 or 2 is wanted\n\
         hint: Use 'mqtt-pub --help' to see usage.\n",
        file.display()
    );
    assert_eq!(output.stderr(), expected);
}

#[test]
fn a_property_stands_on_a_line() {
    let tool = publisher();
    let options = ["-t", "a", "-m", "x", "--show-config"];
    let text = "-D publish user-property room the kitchen\n-D connect authentication-data hunter2\n\
                -D connect authentication-method m\n";
    let file = write(&tool, ".config/mosquitto_pub", text);
    let settings = tool.run(options);
    settings.assert_code(0);
    let origin = format!(" {}:1", file.display());
    let stdout = settings.stdout();
    let line = stdout.lines().find(|line| line.ends_with(&origin)).unwrap_or_default();
    assert!(line.contains(" publish user-property room the kitchen "), "{settings:?}");
    assert!(settings.stdout().contains("connect authentication-data ***"), "{settings:?}");
    assert!(!settings.stdout().contains("hunter2"), "{settings:?}");
    write(&tool, ".config/mosquitto_pub", "-D publish user-property room\n-r\n");
    let output = tool.run(options);
    output.assert_code(1);
    let start = format!("error: {}:1: invalid value 'publish user-property room'", file.display());
    assert!(output.stderr().starts_with(&start), "{output:?}");
}

#[test]
fn one_kind_of_message_counts_over_all_sources() {
    let tool = publisher();
    write(&tool, ".config/mqtt-pub", "-m x");
    let output = tool.run(["-t", "a", "-n"]);
    output.assert_code(1);
    assert!(output.stderr().contains("exclude each other"), "{output:?}");
}

#[test]
fn a_broken_rule_says_where_an_option_stands_that_is_not_on_the_command_line() {
    for (file, arguments, places) in [
        ("\n-I pre", &["-i", "a", "-n"][..], "--id-prefix: ~/.config/mqtt-pub:2"),
        ("-m x", &["-f", "/f"], "--message: ~/.config/mqtt-pub:1"),
        ("-c", &["-n"], "--disable-clean-session: ~/.config/mqtt-pub:1"),
        ("--will-payload x", &["-n"], "--will-payload: ~/.config/mqtt-pub:1"),
        ("-h a/b", &["-n"], "--host: ~/.config/mqtt-pub:1"),
    ] {
        let tool = publisher();
        write(&tool, ".config/mqtt-pub", file);
        let output = tool.run([&["-t", "t"], arguments].concat());
        output.assert_code(1);
        let stderr = output.stderr().replace(tool.home().to_str().expect("UTF-8"), "~");
        let first = stderr.lines().next().unwrap_or_default();
        assert!(first.ends_with(&format!(" ({places})")), "{stderr}");
    }
    let output = run_with(&publisher(), &[("MQTT_PASSWORD", "hunter2")], &["-t", "t", "-n"]);
    output.assert_code(1);
    let end = "(--pw: environment variable MQTT_PASSWORD)";
    assert!(output.stderr().contains(end) && !output.stderr().contains("hunter2"), "{output:?}");
}

#[test]
fn a_port_from_elsewhere_does_not_stand_in_the_way_of_a_socket() {
    let tool = publisher();
    write(&tool, ".config/mqtt-pub", "--unix /s\n");
    let output = run_with(&tool, &[("MQTT_PORT", "1884")], &["-t", "t", "-n", "--show-config"]);
    output.assert_code(0);
    let stdout = output.stdout();
    assert!(stdout.contains("/s ") && !stdout.contains("1884"), "{output:?}");
    tool.run(["-t", "t", "-n", "-p", "1884", "--show-config"]).assert_code(1);
}

#[test]
fn a_missing_file_is_an_error_only_if_it_was_named() {
    for tool in [publisher(), publisher().called("mosquitto_pub")] {
        let output = tool.run(["-t", "a", "-m", "x", "-o", "/nonexistent/file"]);
        output.assert_code(1);
        let start = "error: cannot read options file /nonexistent/file: No such file or directory";
        assert!(output.stderr().starts_with(start), "{output:?}");
        tool.run(["-t", "a", "-m", "x", "--show-config"]).assert_code(0);
    }
}

#[test]
fn a_users_file_that_cannot_be_read_is_skipped_as_by_the_original_or_told() {
    let own = publisher();
    fs::create_dir_all(own.home().join(".config/mqtt-pub")).expect("a folder");
    fs::create_dir_all(own.home().join(".config/mosquitto_pub")).expect("a folder");
    let arguments = ["-t", "a", "-m", "x", "--show-config"];
    let output = own.run(arguments);
    output.assert_code(1);
    assert!(output.stderr().contains(".config/mqtt-pub: Is a directory"), "{output:?}");
    own.called("mosquitto_pub").run(arguments).assert_code(0);
}

#[test]
fn show_config_prints_what_is_in_force_and_from_where_without_secrets() {
    let tool = publisher();
    let file = write(&tool, ".config/mqtt-pub", "-h broker.local\n-u joe\n");
    let output = run_with(
        &tool,
        &[("MQTT_PASSWORD", "hunter2"), ("MQTT_PORT", "1884"), ("MQTT_USERNAME", "")],
        &["-L", "mqtt://h:8883/x", "-t", "t", "-s", "-r", "--show-config"],
    );
    output.assert_code(0);
    assert_eq!(output.stderr(), "");
    let stdout = output.stdout();
    let line = |name: &str| {
        let line = stdout.lines().find(|line| line.starts_with(&format!("{name} ")));
        line.map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).unwrap_or_default()
    };
    assert_eq!(line("host"), "host h --url on the command line");
    assert_eq!(line("port"), "port 8883 --url on the command line");
    assert_eq!(line("username"), format!("username joe {}:2", file.display()));
    assert_eq!(line("pw"), "pw *** environment variable MQTT_PASSWORD");
    assert_eq!(line("topic"), "topic t command line");
    assert_eq!(line("retain"), "retain on command line");
    assert_eq!(line("keepalive"), "keepalive 60 default");
    assert_eq!(line("message"), "");
    assert!(!stdout.contains("hunter2"), "{stdout}");
    for (options, port) in [(&[][..], "1883"), (&["--psk", "00", "--psk-identity", "i"], "8883")] {
        let settings = publisher().run([&["-t", "t", "-n", "--show-config"], options].concat());
        let line = format!("port              {port} ");
        assert!(settings.stdout().contains(&line), "{settings:?}");
        assert!(!settings.stdout().contains(" 00 "), "{settings:?}");
    }
}

/// The lines of `--show-config` for these options that begin with one of these names.
fn shown(options: &[&str], names: &[&str]) -> Vec<String> {
    let output = publisher().run([&["-t", "t", "-n", "--show-config"], options].concat());
    output.assert_code(0);
    let stdout = output.stdout();
    let lines = stdout.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
    let wanted = lines.filter(|words| words.first().is_some_and(|name| names.contains(name)));
    wanted.map(|words| words.join(" ")).collect()
}

#[test]
fn show_config_leaves_out_what_other_options_put_out_of_force() {
    let place = ["host", "port", "unix"];
    assert_eq!(shown(&["-h", "h", "--unix", "/s"], &place), ["unix /s command line"]);
    assert_eq!(
        shown(&["--unix", "/s", "-h", "h"], &place),
        ["host h command line", "port 1883 default"]
    );
    let version = ["protocol-version", "session-expiry"];
    assert_eq!(
        shown(&["-V", "311", "-x", "60"], &version),
        [
            "protocol-version mqttv5 --session-expiry, command line",
            "session-expiry 60 command line"
        ]
    );
    assert_eq!(shown(&["-x", "60", "-V", "311"], &version), ["protocol-version 311 command line"]);
    let tls = ["insecure", "tls-version", "port"];
    assert_eq!(shown(&["--insecure"], &tls), ["port 1883 default"]);
    assert_eq!(
        shown(&["--insecure", "-p", "8883"], &tls),
        ["port 8883 command line", "insecure on command line"]
    );
    let by_key = ["--insecure", "--psk", "00", "--psk-identity", "me"];
    assert_eq!(shown(&by_key, &tls), ["port 8883 default"]);
}

#[test]
fn show_config_tells_broken_rules_first() {
    let output = publisher().run(["-t", "a", "--show-config"]);
    output.assert_code(1);
    assert_eq!(output.stdout(), "");
    assert!(output.stderr().starts_with("error: nothing to publish"), "{output:?}");
}

#[test]
fn the_originals_name_does_not_read_the_environment() {
    let tool = publisher();
    let arguments = ["-t", "a", "-m", "x", "--show-config"];
    let variables = [("MQTT_HOST", "from.the.environment")];
    let own = run_with(&tool, &variables, &arguments);
    assert!(own.stdout().contains("from.the.environment"), "{own:?}");
    let linked = run_with(&tool.called("mosquitto_pub"), &variables, &arguments);
    linked.assert_code(0);
    assert!(!linked.stdout().contains("from.the.environment"), "{linked:?}");
}

#[test]
fn an_error_in_a_variable_names_it() {
    let output = run_with(&publisher(), &[("MQTT_PORT", "abc")], &["-t", "a", "-m", "x"]);
    output.assert_code(1);
    let start = "error: environment variable MQTT_PORT: invalid value 'abc' for '--port <PORT>'";
    assert!(output.stderr().starts_with(start), "{output:?}");
}

#[test]
fn a_password_that_others_can_read_is_told_once_and_not_to_the_quiet() {
    let tool = publisher();
    let file = write(&tool, ".config/mosquitto_pub", "-u u\n-P hunter2\n");
    let arguments = ["-t", "a", "-m", "x", "--show-config"];
    for tool in [tool.clone(), tool.called("mosquitto_pub")] {
        fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).expect("a mode");
        let path = file.display();
        let warning = format!(
            "warning: {path} may be read by other users and holds a password; chmod 600 {path}\n"
        );
        assert_eq!(tool.run(arguments).stderr(), warning);
        assert_eq!(tool.run([&arguments[..], &["--quiet"]].concat()).stderr(), "");
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).expect("a mode");
        assert_eq!(tool.run(arguments).stderr(), "");
    }
}

#[test]
fn no_password_of_a_url_is_in_an_error() {
    let output = publisher().run(["-L", "mqtt://u:hunter2@h:0/t", "-m", "x"]);
    output.assert_code(1);
    assert!(output.stderr().starts_with("error: in --url 'mqtt://u:***@h:0/t': the port"));
    assert!(!output.stderr().contains("hunter2"), "{output:?}");
}
