//! `-x`: how long a session outlives its connection (reference §1.2).

use super::case::Version::V5;
use super::case::{Case, compare, publisher, subscriber};

fn both(words: &str) -> [Case; 2] {
    [publisher(&format!("-t a -m x {words}")), subscriber(&format!("-t a -E {words}"))]
}

#[test]
fn how_long_a_session_outlives_its_connection() {
    let words = ["-x 60", "-x 0", "-x 0x10", "-x 010", "-x 4294967294", "-x 1 -x 2"];
    compare(words.into_iter().flat_map(both).map(|case| case.only([V5])));
    let for_ever = [
        "-i x -x -1",
        "-i x -x 4294967295",
        "-i x -x ∞",
        "-i x -c",
        "-i x -c -x 60",
        "-c -i x -x 0",
    ];
    compare(for_ever.into_iter().flat_map(both).map(|case| case.only([V5])));
    let wrong = ["-x ''", "-x abc", "-x 1x", "-x -2", "-x 4294967296", "-x -1", "-x ∞ -I me"];
    compare(wrong.into_iter().flat_map(both).map(|case| case.only([V5])));
}

#[test]
fn a_session_expiry_chooses_mqtt_5() {
    let reason = "reference §13: -x selects MQTT 5 since 2.1";
    let chooses = |line: &str| line.to_owned() + " -V 5";
    compare([
        publisher("-t a -m x -x 60").instead(&chooses("-t a -m x -x 60"), reason).without_version(),
        subscriber("-t a -E -x 60").instead(&chooses("-t a -E -x 60"), reason).without_version(),
        publisher("-t a -m x -V 31 -x 60")
            .instead(&chooses("-t a -m x -x 60"), reason)
            .without_version(),
        publisher("-t a -m x -x 60 -V 311").without_version(),
        publisher("-t a -m x -x 60 -V 31").without_version(),
    ]);
}
