use super::publisher;

/// The first line on stderr of a run that fails with status 1 and prints nothing on stdout.
fn error(arguments: &[&str]) -> String {
    let output = publisher().run(arguments);
    output.assert_code(1);
    assert_eq!(output.stdout(), "");
    let stderr = output.stderr();
    let (first, rest) = stderr.split_once('\n').expect("a line");
    assert!(rest.starts_with("hint: "), "{stderr}");
    first.to_owned()
}

/// Arguments, and the message they get.
const WRONG: &[(&[&str], &str)] = &[
    (
        &["-t", "t"],
        "nothing to publish: one of --message, --file, --stdin-file, --stdin-line, --json-lines, \
         --replay, --null-message is missing",
    ),
    (&["-m", "x"], "no topic to publish to: --topic is missing"),
    (&["--qox", "1"], "unknown option '--qox'"),
    (&["-z"], "unknown option '-z'"),
    (&["-t", "t", "-m"], "option '--message <TEXT>' needs a value"),
    (&["-q", "3"], "invalid value '3' for '--qos <QOS>': 0, 1 or 2 is wanted"),
    (&["-q", "x"], "invalid value 'x' for '--qos <QOS>': 0, 1 or 2 is wanted"),
    (
        &["-p", "abc"],
        "invalid value 'abc' for '--port <PORT>': a whole number from 0 to 65535 is wanted",
    ),
    (
        &["-p", "65536"],
        "invalid value '65536' for '--port <PORT>': a whole number from 0 to 65535 is wanted",
    ),
    (
        &["-k", "4"],
        "invalid value '4' for '--keepalive <SECONDS>': a whole number from 5 to 65535 is wanted",
    ),
    (
        &["-M", "0"],
        "invalid value '0' for '--max-inflight <COUNT>': a whole number from 1 to 65535 is wanted",
    ),
    (
        &["-t", "a/#"],
        "invalid value 'a/#' for '--topic <TOPIC>': it contains '#', which only a subscription may",
    ),
    (
        &["--connect-timeout", "0"],
        "invalid value '0' for '--connect-timeout <SECONDS>': a number of seconds above 0, at most 1000000000, is wanted",
    ),
    (
        &["--connect-timeout", "1e19"],
        "invalid value '1e19' for '--connect-timeout <SECONDS>': a number of seconds above 0, at most 1000000000, is wanted",
    ),
    (
        &["--connect-timeout=x"],
        "invalid value 'x' for '--connect-timeout <SECONDS>': a number of seconds above 0, at most 1000000000, is wanted",
    ),
    (&["-t", ""], "invalid value '' for '--topic <TOPIC>': it is empty"),
    (
        &["-V", "4"],
        "invalid value '4' for '--protocol-version <VERSION>': it is one of mqttv31, 31, mqttv311, 311, mqttv5, 5",
    ),
    (
        &["-t", "t", "-m", "a", "-m", "b"],
        "'--message' may be given only once: one kind of message at a time",
    ),
    (
        &["-t", "t", "-m", "a", "-n"],
        "'--message' and '--null-message' exclude each other: one kind of message at a time",
    ),
    (
        &["-t", "t", "-l", "-s"],
        "'--stdin-file' and '--stdin-line' exclude each other: one kind of message at a time",
    ),
    (&["-t", "t", "-n", "-i", "a", "-I", "b"], "'--id' and '--id-prefix' exclude each other"),
    (&["-t", "t", "-n", "-i", ""], "invalid value '' for '--id <ID>': it is empty"),
    (
        &["-t", "t", "-n", "-c"],
        "'--disable-clean-session' needs '--id': the broker finds the session by it",
    ),
    (
        &["-t", "t", "-n", "-P", "x"],
        "'--pw' needs '--username': MQTT 3 has no password without a user name",
    ),
    (
        &["--repeat", "0"],
        "invalid value '0' for '--repeat <COUNT>': a whole number from 1 to 4294967295 is wanted",
    ),
    (
        &["--repeat-delay", "-1"],
        "invalid value '-1' for '--repeat-delay <SECONDS>': a number of seconds from 0 to 1000000000 is wanted",
    ),
    (
        &["-t", "t", "-n", "--unix", "/s", "-p", "1883"],
        "'--unix' and '--port' exclude each other: a unix socket has no port",
    ),
    (
        &["-t", "t", "-n", "--psk", "abcdeg", "--psk-identity", "i"],
        "invalid value '***' for '--psk <KEY>': 1 to 1024 hexadecimal digits are wanted, without 0x",
    ),
    (
        &["-t", "t", "-n", "-D", "publish", "topic-alias", "0"],
        "invalid value 'publish topic-alias 0' for '--property <COMMAND PROPERTY VALUE>': topic-alias is a whole number from 1 to 65535",
    ),
    (
        &["-t", "t", "-n", "-D", "publish", "user-property", "k"],
        "invalid value 'publish user-property k' for '--property <COMMAND PROPERTY VALUE>': COMMAND, PROPERTY and VALUE are wanted as words of their own; user-property has a name and a value",
    ),
    (
        &["-t", "t", "-n", "-D", "puback", "reason-string", "x"],
        "invalid value 'puback reason-string x' for '--property <COMMAND PROPERTY VALUE>': COMMAND is one of connect, will, publish, subscribe, unsubscribe, disconnect",
    ),
    (
        &[
            "-t",
            "t",
            "-n",
            "-D",
            "publish",
            "content-type",
            "a",
            "-D",
            "publish",
            "content-type",
            "a",
        ],
        "invalid '--property publish': content-type may be given only once",
    ),
    (
        &["-t", "t", "-n", "-D", "publish", "content-type", "a", "-V", "311"],
        "'--property publish' and '--protocol-version' behind it exclude each other: only MQTT 5 has properties",
    ),
    (
        &["-t", "t", "-n", "-D", "disconnect", "reason-string", "a", "-V", "31"],
        "'--property disconnect' and '--protocol-version' behind it exclude each other: only MQTT 5 has properties",
    ),
    (
        &["-t", "t", "-n", "-x", "5", "-D", "connect", "session-expiry-interval", "5"],
        "'--session-expiry' and '--property connect session-expiry-interval' exclude each other",
    ),
    (
        &["-t", "t", "-n", "-x", "-2"],
        "invalid value '-2' for '--session-expiry <SECONDS>': a whole number from -1 (for ever) to 4294967295 is wanted",
    ),
    (
        &["-t", "t", "-n", "-x", "-1"],
        "'--session-expiry' without an end needs '--id': the broker finds the session by it",
    ),
    (&["-t", "t", "-n", "--will-payload", "x"], "'--will-payload' needs '--will-topic'"),
    (
        &["-t", "t", "-n", "--will-topic", "+"],
        "invalid value '+' for '--will-topic <TOPIC>': it contains '+', which only a subscription may",
    ),
    (&["--debug=x"], "option '--debug' takes no value"),
    (
        &["-t", "t", "-n", "-h", "mqtt://joe:hunter2@h/"],
        "invalid value 'mqtt://joe:***@h/' for '--host <HOST>': a host has no '/' and no '@'",
    ),
    (&["-pw=hunter2"], "invalid value '***' for '--port <PORT>'"),
    (&["word"], "unexpected word 'word': every value belongs behind its option"),
];

#[test]
fn wrong_words_are_named_with_what_would_be_right() {
    for (arguments, message) in WRONG {
        assert_eq!(error(arguments), format!("error: {message}"), "{arguments:?}");
    }
}

#[test]
fn a_topic_that_is_too_long_is_refused() {
    let topic = "x".repeat(65_536);
    let message = error(&["-t", &topic, "-n"]);
    assert!(message.ends_with("it is 65536 bytes long, at most 65535 are possible"));
}

#[test]
fn help_and_version_go_to_stdout_with_status_0_under_both_names() {
    for (tool, name) in
        [(publisher(), "mqtt-pub"), (publisher().called("mosquitto_pub"), "mosquitto_pub")]
    {
        let help = tool.run(["--help"]);
        help.assert_code(0);
        assert!(help.stdout().contains("--topic"), "{help:?}");
        assert!(help.stdout().contains(&format!("Usage: {name} ")), "{help:?}");
        let version = tool.run(["--version"]);
        version.assert_code(0);
        assert!(version.stdout().starts_with("mqtt-pub "), "{version:?}");
    }
}

#[test]
fn help_begins_with_examples_and_fits_the_terminal() {
    for name in ["mqtt-pub", "mosquitto_pub"] {
        let tool = publisher().called(name);
        let mut command = tool.command(["--help"]);
        let output = command.env("COLUMNS", "80").output().expect("it runs");
        let help = String::from_utf8(output.stdout).expect("text");
        let place = |text: &str| help.find(text).unwrap_or_else(|| panic!("no {text} in {help}"));
        let sections = ["Usage:", "Examples:", "Publishing:", "Connection:", "TLS:", "Session:"];
        let rest = ["MQTT 5:", "Will:", "Output:", "Configuration:", "Help:", "Exit status:"];
        let places: Vec<_> = sections.iter().chain(&rest).map(|text| place(text)).collect();
        assert!(places.is_sorted(), "{help}");
        assert!(help.contains(&format!("\n  {name} -t home/lamp -m on  ")), "{help}");
        let longest = help.lines().map(|line| line.chars().count()).max();
        assert!(longest <= Some(80), "{help}");
    }
}

#[test]
fn without_a_word_it_says_what_it_is() {
    let output = publisher().run([""; 0]);
    output.assert_code(1);
    assert_eq!(output.stdout(), "");
    let lines: Vec<_> = output.stderr().lines().map(str::to_owned).collect();
    assert_eq!(lines[0], "mqtt-pub: Publish messages to an MQTT broker");
    assert_eq!(lines.iter().filter(|line| line.starts_with("  mqtt-pub -")).count(), 3);
    assert!(lines.last().is_some_and(|line| line.starts_with("'mqtt-pub --help' ")), "{lines:?}");
    // A script that called the original like that gets a line, as before.
    let linked = publisher().called("mosquitto_pub").run([""; 0]);
    linked.assert_code(1);
    assert!(linked.stderr().starts_with("error: nothing to publish: "), "{linked:?}");
}

#[test]
fn who_has_an_options_file_is_told_what_is_missing() {
    let tool = publisher();
    let folder = tool.home().join(".config");
    std::fs::create_dir(&folder).expect("a folder");
    std::fs::write(folder.join("mqtt-pub"), "# nothing\n").expect("a file");
    assert!(tool.run([""; 0]).stderr().starts_with("mqtt-pub: Publish"));
    std::fs::write(folder.join("mqtt-pub"), "-t t\n").expect("a file");
    assert!(tool.run([""; 0]).stderr().starts_with("error: nothing to publish: "));
}

#[test]
fn a_text_that_cannot_be_written_is_an_error() {
    for words in [&["--help"][..], &["--version"], &["-t", "t", "-n", "--show-config"]] {
        let full = std::fs::OpenOptions::new().write(true).open("/dev/full").expect("a device");
        let mut command = publisher().command(words);
        let child = command.stdout(full).stderr(std::process::Stdio::piped()).spawn();
        let output = child.expect("a child").wait_with_output().expect("its end");
        assert_eq!(output.status.code(), Some(1));
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(stderr.starts_with("error: cannot write to stdout: No space left"), "{stderr}");
    }
}

#[test]
fn the_last_of_a_repeated_value_wins() {
    // Were the first port taken, the error would name it.
    let output = publisher().run(["-p", "1", "-p", "2", "-h", "127.0.0.1", "-t", "t", "-n"]);
    output.assert_code(1);
    assert!(output.stderr().contains("127.0.0.1:2"), "{output:?}");
}
