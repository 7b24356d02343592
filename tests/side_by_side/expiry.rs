//! `-x`: how long a session outlives its connection (reference §1.2).

use super::case::Version::V5;
use super::case::{by_row, compare, publisher, showing, subscriber};

#[test]
fn how_long_a_session_outlives_its_connection() {
    let of_mqtt_5: &[(&str, &[&str])] = &[
        ("§1.2 -x", &["-x 60", "-x 4294967294", "-x 1 -x 2"]),
        ("§1.2 -x base 0", &["-x 0x10", "-x 010"]),
        ("§1.2 -x 0", &["-x 0"]),
        ("§1.2 -x never", &["-i x -x -1", "-i x -x 4294967295", "-i x -x ∞", "-i x -c"]),
        ("§12.1 -c; -x -1; -c -x 0", &["-i x -x -1", "-i x -c", "-i x -c -x 60", "-c -i x -x 0"]),
        ("§1.2 -c", &["-i x -c"]),
        (
            "§1.2 -x not a number, out of range",
            &["-x ''", "-x abc", "-x 1x", "-x -2", "-x 4294967296"],
        ),
        ("§1.1 numbers: -x is strict", &["-x 1x", "-x abc"]),
        ("§1.2 -x never without -i", &["-x -1", "-x ∞ -I me", "-c"]),
        ("§1.4 8 never expiring, or -c, without -i", &["-x -1"]),
    ];
    let publishers = by_row(publisher, "-t a -m x", of_mqtt_5);
    let cases = publishers.into_iter().chain(by_row(subscriber, "-t a -E", of_mqtt_5));
    compare(cases.map(|case| case.only([V5])));
}

#[test]
fn a_session_expiry_chooses_mqtt_5() {
    let reason = "reference §13: -x selects MQTT 5 since 2.1";
    let chooses = |line: &str| line.to_owned() + " -V 5";
    showing(["§1.2 -x selects MQTT 5"]).compare([
        publisher("-t a -m x -x 60").instead(&chooses("-t a -m x -x 60"), reason).without_version(),
        subscriber("-t a -E -x 60").instead(&chooses("-t a -E -x 60"), reason).without_version(),
        publisher("-t a -m x -V 31 -x 60")
            .instead(&chooses("-t a -m x -x 60"), reason)
            .without_version(),
        publisher("-t a -m x -x 60 -V 311").without_version().shows("§1.2 -x, then -V 311"),
        publisher("-t a -m x -x 60 -V 31").without_version().shows("§1.2 -x, then -V 311"),
    ]);
}
