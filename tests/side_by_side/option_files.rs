//! `-o`, the user's file and the environment (reference §2).

use super::broker::{Reply, broker};
use super::case::{Case, Expected, compare, publisher, showing, subscriber};
use super::decode::Kind;

/// The file that each tool reads without being asked.
fn with_file(line: &str, content: &str) -> Case {
    publisher(line).without_version().file(".config/mosquitto_pub", content)
}

#[test]
fn the_users_file() {
    showing(["§2.1 HOME", "§2.4 XDG_CONFIG_HOME, HOME"]).compare([
        with_file("-m x", "-h 127.0.0.1\n-p {port}\n-t a\n"),
        with_file("-m x", "# comment\n\n-h 127.0.0.1\n--port {port}\r\n--topic a")
            .shows("§2.2 comment: # in column 1")
            .shows("§2.2 empty line")
            .shows("§2.2 CR LF")
            .shows("§2.2 last line without LF"),
        with_file("-m x", "-h 127.0.0.1\n  -p {port}\n-t  a\n")
            .shows("§2.2 leading blanks")
            .shows("§2.2 value: all but the first blank"),
        with_file("-t a", "-h 127.0.0.1\n-p {port}\n-m hello \"world\"  \n-q 1\n-r\n")
            .shows("§2.2 a line is an option and one value")
            .shows("§2.2 value: all but the first blank")
            .shows("§2.2 no quotes"),
        with_file("-t a -m x -q 2 -t b", "-h 127.0.0.1\n-p {port}\n-q 1\n-t c\n-i me\n")
            .shows("§2.3 argv beats the file"),
        with_file(
            "-t a -m x",
            "-p {port}\n-h 127.0.0.1\n-u joe\n-P secret # word\n-V mqttv5\n-d\n-i me\n",
        )
        .shows("§11 no prompt, but an options file"),
        subscriber("-t b -E")
            .without_version()
            .file(".config/mosquitto_sub", "-h 127.0.0.1\n-p {port}\n-t a\n-U c\n-q 1\n")
            // Answered last, so that nothing is on its way when the client leaves.
            .at(broker()
                .on(Kind::Subscribe, [])
                .on(Kind::Unsubscribe, [Reply::Usual, Reply::Suback(1, vec![1, 1])]))
            .shows("§2.3 additive options add up, file first"),
        // Each tool has its own.
        publisher("-t a -m x -h 127.0.0.1 -p {port}")
            .without_version()
            .file(".config/mosquitto_sub", "-q 2\n"),
    ]);
}

#[test]
fn the_folder_of_the_users_file() {
    let content = "-h 127.0.0.1\n-p {port}\n-i xdg\n";
    showing(["§2.1 XDG_CONFIG_HOME, HOME not consulted", "§2.4 XDG_CONFIG_HOME, HOME"]).compare([
        publisher("-t a -m x")
            .without_version()
            .environment("XDG_CONFIG_HOME", "{folder}/xdg")
            .file("xdg/mosquitto_pub", content)
            .file(".config/mosquitto_pub", "-i home\n"),
        publisher("-t a -m x -h 127.0.0.1 -p {port}")
            .without_version()
            .environment("XDG_CONFIG_HOME", "{folder}/xdg")
            .file(".config/mosquitto_pub", "-i home\n"),
        subscriber("-t a -E")
            .without_version()
            .environment("XDG_CONFIG_HOME", "{folder}/xdg")
            .file("xdg/mosquitto_sub", content),
    ]);
}

#[test]
fn lines_that_are_none() {
    const PLACE: &str = "-h 127.0.0.1\n-p {port}\n";
    let rows: &[(&str, &[&str])] = &[
        ("§2.2 separator is a blank", &["-p\t1\n"]),
        ("§2.2 comment: # in column 1", &[" # indented\n", "-r # flag\n"]),
        ("§2.2 errors", &["foo\n", "-q 3\n", "-t\n"]),
        ("docs/differences.md: options file: errors", &["foo\n"]),
        ("§2.3 options of the other tool", &["-C 1\n"]),
        ("§2.3 payload in both", &["-m x\n"]),
        ("§1.3 two of them, one from a file", &["-n\n", "-l\n"]),
        ("§2.3 -i in one and -I in the other", &["-I me\n"]),
    ];
    compare(rows.iter().flat_map(|(row, lines)| {
        lines.iter().map(|line| with_file("-t a -m x -i me", &(PLACE.to_owned() + line)).shows(row))
    }));
}

#[test]
fn lines_that_only_ours_takes() {
    // The original gets the same on the command line.
    let line = |line: &str, row: &str| {
        publisher("-t a -m x -o {folder}/options")
            .without_version()
            .file("options", format!("-h 127.0.0.1\n-p {{port}}\n-V 5\n{line}\n"))
            .instead(&format!("-h 127.0.0.1 -p {{port}} -V 5 -t a -m x {line}"), row)
    };
    let long = format!("-i {}", "x".repeat(2000));
    compare([
        line(&long, "docs/differences.md: options file: long lines, NUL bytes")
            .shows("§2.2 long line"),
        line("-D publish content-type text", "docs/differences.md: options file: `-D`")
            .shows("§2.2 options with several values"),
        publisher("-t a -m x -o {folder}/options")
            .without_version()
            .file("options", "-h 127.0.0.1\n-p {port}\n-q 1\n-o {folder}/other\n")
            .instead("-h 127.0.0.1 -p {port} -t a -m x -q 1", "2.0.11 has no -o")
            .shows("§2.1 -o in a file"),
    ]);
    let help = "docs/differences.md: `--help`, `--version`";
    compare([with_file("-t a -m x", "-h 127.0.0.1\n-p {port}\n--version\n")
        .differs(Expected::Status(0), help)
        .differs(Expected::PrintsAmongOthers("mqtt-pub"), help)
        .shows("§2.2 --help, --version")]);
}

#[test]
fn no_file_and_no_home() {
    let nowhere = publisher("-t a -m x").without_version();
    compare([
        nowhere.clone().without("HOME").shows("§2.1 neither"),
        nowhere
            .clone()
            .file("elsewhere/.config/mosquitto_pub/folder", "")
            .environment("HOME", "{folder}/elsewhere")
            .shows("§2.1 missing or unreadable"),
        nowhere
            .environment("MQTT_HOST", "no.such.host.invalid")
            .environment("MQTT_USERNAME", "joe")
            .environment("MQTT_PASSWORD", "secret")
            .shows("§2.4 no variable has host, user or password"),
    ]);
}

#[test]
fn a_file_that_is_named() {
    let reason = "2.0.11 has no -o";
    let row = "docs/differences.md: `-o`";
    let content = "-h 127.0.0.1\n-p {port}\n-t a\n-q 1\n";
    let missing = [Expected::Status(1), Expected::Connects(&[]), Expected::Sends(&[])];
    let missing = missing.into_iter().fold(
        publisher("-t a -m x -o {folder}/missing").instead("-t a -m x", reason).without_version(),
        |case, expected| case.differs(expected, row),
    );
    showing(["§1.2 -o"]).compare([
        publisher("-m x -o {folder}/options")
            .instead("-m x", reason)
            .shows("§2.1 -o replaces the default file")
            .without_version()
            .file("options", content)
            .file(".config/mosquitto_pub", content),
        subscriber("-o {folder}/options -t b -E")
            .instead("-t b -E", reason)
            .without_version()
            .file("options", content)
            .file(".config/mosquitto_sub", content),
        missing.shows("§1.2 -o missing file"),
        publisher("-t a -m x -o {folder}/x -o {folder}/x").file("x", "").shows("§1.2 -o twice"),
        // The word behind -m is a payload, whatever it is.
        publisher("-t a -m -o -d -i me")
            .file(".config/mosquitto_pub", "-q 1\n")
            .instead("-t a -m -o -d -i me", row)
            .shows("§2.1 -o is looked for among values"),
        publisher("-t a -m x -o"),
    ]);
}
