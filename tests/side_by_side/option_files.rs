//! `-o`, the user's file and the environment (reference §2).

use super::broker::{Reply, broker};
use super::case::{Case, Expected, compare, publisher, subscriber};
use super::decode::Kind;

/// The file that each tool reads without being asked.
fn with_file(line: &str, content: &str) -> Case {
    publisher(line).without_version().file(".config/mosquitto_pub", content)
}

#[test]
fn the_users_file() {
    compare([
        with_file("-m x", "-h 127.0.0.1\n-p {port}\n-t a\n"),
        with_file("-m x", "# comment\n\n-h 127.0.0.1\n--port {port}\r\n--topic a"),
        with_file("-m x", "-h 127.0.0.1\n-p {port}\n-t  a\n"),
        with_file("-t a", "-h 127.0.0.1\n-p {port}\n-m hello \"world\"  \n-q 1\n-r\n"),
        with_file("-t a -m x -q 2 -t b", "-h 127.0.0.1\n-p {port}\n-q 1\n-t c\n-i me\n"),
        with_file(
            "-t a -m x",
            "-p {port}\n-h 127.0.0.1\n-u joe\n-P secret # word\n-V mqttv5\n-d\n-i me\n",
        ),
        subscriber("-t b -E")
            .without_version()
            .file(".config/mosquitto_sub", "-h 127.0.0.1\n-p {port}\n-t a\n-U c\n-q 1\n")
            // Answered last, so that nothing is on its way when the client leaves.
            .at(broker()
                .on(Kind::Subscribe, [])
                .on(Kind::Unsubscribe, [Reply::Usual, Reply::Suback(1, vec![1, 1])])),
        // Each tool has its own.
        publisher("-t a -m x -h 127.0.0.1 -p {port}")
            .without_version()
            .file(".config/mosquitto_sub", "-q 2\n"),
    ]);
}

#[test]
fn the_folder_of_the_users_file() {
    let content = "-h 127.0.0.1\n-p {port}\n-i xdg\n";
    compare([
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
    let files = [
        "-h 127.0.0.1\n-p {port}\n-p\t1\n",
        "-h 127.0.0.1\n-p {port}\n # indented\n",
        "-h 127.0.0.1\n-p {port}\n-r # flag\n",
        "-h 127.0.0.1\n-p {port}\nfoo\n",
        "-h 127.0.0.1\n-p {port}\n-C 1\n",
        "-h 127.0.0.1\n-p {port}\n-q 3\n",
        "-h 127.0.0.1\n-p {port}\n-t\n",
        "-h 127.0.0.1\n-p {port}\n-m x\n",
        "-h 127.0.0.1\n-p {port}\n-I me\n",
    ];
    compare(files.map(|file| with_file("-t a -m x -i me", file)));
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
    compare([
        publisher("-m x -o {folder}/options")
            .instead("-m x", reason)
            .without_version()
            .file("options", content)
            .file(".config/mosquitto_pub", content),
        subscriber("-o {folder}/options -t b -E")
            .instead("-t b -E", reason)
            .without_version()
            .file("options", content)
            .file(".config/mosquitto_sub", content),
        missing,
        publisher("-t a -m x -o {folder}/x -o {folder}/x").file("x", ""),
        publisher("-t a -m x -o"),
    ]);
}
