use std::fs;

use test_support::packet::{hex, v3};
use test_support::scripted_peer::ScriptedPeer;

use super::subscriber;

/// The SUBSCRIBE that the tool sends with such a file and such arguments.
fn subscribe(name: &str, file: &str, text: &str, arguments: &[&str]) -> String {
    let peer = ScriptedPeer::listen();
    let tool = subscriber().called(name);
    let folder = tool.home().join(".config");
    fs::create_dir_all(&folder).expect("a folder");
    let text = text.replace("PORT", &peer.port().to_string());
    fs::write(folder.join(file), text).expect("a file");
    let _running = tool.spawn(arguments);
    let mut client = peer.accept();
    client.read_packet();
    client.send(&v3::connack(0));
    hex(&client.read_packet())
}

#[test]
fn topics_of_file_and_url_and_argv_add_up_in_this_order() {
    for name in ["mqtt-sub", "mosquitto_sub"] {
        let text = "-t a\n-L mqtt://127.0.0.1:PORT/b/#\n-q 1\n";
        let sent = subscribe(name, name, text, &["-t", "c"]);
        assert_eq!(sent, "82100001000161010003622f2301000163".to_owned() + "01", "{name}");
    }
}

#[test]
fn our_own_file_may_quote() {
    let text = "-h 127.0.0.1\n\t-p\tPORT\n  # a comment\n-t ' a' # another\n";
    assert_eq!(subscribe("mqtt-sub", "mqtt-sub", text, &[]), "820700010002206100");
}

#[test]
fn an_option_of_the_other_tool_is_an_error_with_its_line() {
    let tool = subscriber();
    fs::create_dir_all(tool.home().join("xdg")).expect("a folder");
    let file = tool.home().join("xdg/mqtt-sub");
    fs::write(&file, "-t a\n-m x\n").expect("a file");
    let mut command = tool.command(["-E"]);
    command.env("XDG_CONFIG_HOME", tool.home().join("xdg"));
    let mut running = test_support::tool::Running::start(command);
    running.close_input();
    let output = running.wait();
    output.assert_code(1);
    let start = format!("error: {}:2: unknown option '-m'\n", file.display());
    assert!(output.stderr().starts_with(&start), "{output:?}");
}

/// The lines of `--show-config` for these options that begin with one of these names.
fn shown(options: &[&str], names: &[&str]) -> Vec<String> {
    let output = subscriber().run([&["-t", "t", "--show-config"], options].concat());
    output.assert_code(0);
    let stdout = output.stdout();
    let lines = stdout.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
    let wanted = lines.filter(|words| words.first().is_some_and(|name| names.contains(name)));
    wanted.map(|words| words.join(" ")).collect()
}

#[test]
fn show_config_leaves_out_what_other_options_put_out_of_force() {
    let names = ["retain-handling", "no-retained", "verbose", "count", "ws-path"];
    assert_eq!(shown(&["--retain-handling", "new", "-R"], &names), ["no-retained on command line"]);
    assert_eq!(
        shown(&["-R", "--retain-handling", "new"], &names),
        ["no-retained on command line", "retain-handling new command line"]
    );
    assert!(shown(&["-v", "-F", "%p", "-C", "1", "-E"], &names).is_empty());
    let kept = ["count 1 command line", "verbose on command line"];
    assert_eq!(shown(&["-v", "-C", "1"], &names), kept);
}

#[test]
fn show_config_has_a_line_for_each_topic() {
    let output = subscriber().run(["-t", "a", "-t", "b/#", "--show-config"]);
    output.assert_code(0);
    let topics: Vec<_> = output
        .stdout()
        .lines()
        .filter(|line| line.starts_with("topic"))
        .map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "))
        .collect();
    assert_eq!(topics, ["topic a command line", "topic b/# command line"]);
}
