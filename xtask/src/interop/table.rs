//! docs/interop.md, as it is printed.

use std::fmt::Write as _;

use super::checks::Feature;
use super::verdict::{Evidence, Verdict};

/// What stands before the table.
const INTRODUCTION: &str = "\
# Interoperability

What works with which broker. `cargo xtask interop` prints this page: it installs and starts each broker on
loopback, with a configuration that lets everyone in, and runs `mqtt-pub` and `mqtt-sub` against it. What
counts is what arrives, and the exit statuses. It takes some minutes and is not part of CI.

- **yes**: it works.
- **no**: the broker cannot. Debian's `mosquitto_pub` and `mosquitto_sub` were tried in the same way, and
  fail as well.
- **OURS**: we cannot. Debian's clients do it: a bug of these tools.
- **?**: it does not work, and Debian's clients have no way to try it.
- **–**: nothing was tried.

The columns: two messages arrive once each, in order, with the QoS they were published with (QoS 0, 1, 2);
a retained message is there for who subscribes later, until it is removed; the will of a killed client is
published; of ten messages to a shared subscription each goes to one of two subscribers; a message of
10 MB arrives whole; QoS 1 over TLS, its certificate checked (`--cafile`); QoS 1 over WebSocket (`--ws`).
With two nodes, everything is published at one and subscribed to at the other.
";

/// One broker and one version of MQTT.
#[derive(Clone, Debug)]
pub(super) struct Row {
    /// The broker, with its version.
    pub(super) broker: String,
    /// The version of MQTT.
    pub(super) version: &'static str,
    /// One for each feature, in their order.
    pub(super) verdicts: Vec<Verdict>,
}

impl Row {
    /// Of a broker that is not there to be tried.
    pub(super) fn untried(broker: &str, reason: &str) -> Self {
        let verdict = Verdict::Untried(reason.to_owned());
        let verdicts = vec![verdict; Feature::ALL.len()];
        Self { broker: broker.to_owned(), version: "–", verdicts }
    }

    /// What to know of a verdict.
    fn note(&self, feature: Feature, verdict: &Verdict) -> Option<String> {
        let place = format!("{}, MQTT {}, {}", self.broker, self.version, feature.title());
        match verdict {
            Verdict::Works => None,
            Verdict::Untried(reason) => Some(format!("{}: {reason}", self.broker)),
            Verdict::Unspoken(evidence) => {
                let place = format!("{} does not speak MQTT {}", self.broker, self.version);
                Some(compared(&place, evidence))
            }
            Verdict::Brokers(evidence) => Some(compared(&place, evidence)),
            Verdict::Ours(error) | Verdict::Untold(error) => Some(format!("{place}: {error}")),
        }
    }
}

fn compared(place: &str, Evidence { ours, debians }: &Evidence) -> String {
    format!("{place}: {ours}. With Debian's clients: {debians}")
}

/// The page. `clients` are Debian's, with their version.
pub(super) fn page(rows: &[Row], clients: &str) -> String {
    let mut text = format!("{INTRODUCTION}\nDebian's clients: {clients}\n\n| broker | MQTT |");
    for feature in Feature::ALL {
        let _written = write!(text, " {} |", feature.title());
    }
    text.push_str("\n|---|---|");
    text.push_str(&"---|".repeat(Feature::ALL.len()));
    text.push('\n');
    let mut notes = Vec::new();
    for row in rows {
        let _written = write!(text, "| {} | {} |", row.broker, row.version);
        for (feature, verdict) in Feature::ALL.into_iter().zip(&row.verdicts) {
            let _written = write!(text, " {}", word(verdict));
            if let Some(note) = row.note(feature, verdict) {
                let _written = write!(text, " ({})", number(&mut notes, note));
            }
            text.push_str(" |");
        }
        text.push('\n');
    }
    for (index, note) in notes.iter().enumerate() {
        let gap = if index == 0 { "\n" } else { "" };
        let _written = writeln!(text, "{gap}{}. {note}", index + 1);
    }
    text
}

/// What stands in a cell.
pub(super) fn word(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::Works => "yes",
        Verdict::Untried(_) => "–",
        Verdict::Unspoken(_) | Verdict::Brokers(_) => "no",
        Verdict::Ours(_) => "**OURS**",
        Verdict::Untold(_) => "?",
    }
}

/// The number of a note, which is added if it is not there yet.
fn number(notes: &mut Vec<String>, note: String) -> usize {
    let place = notes.iter().position(|known| *known == note);
    1 + place.unwrap_or_else(|| {
        notes.push(note);
        notes.len() - 1
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The rows of the table and the notes.
    fn printed(rows: &[Row]) -> Vec<String> {
        let page = page(rows, "mosquitto_pub 2");
        let (_, table) = page.split_once("---|\n").unwrap();
        table.lines().map(str::to_owned).collect()
    }

    fn row(verdicts: [Verdict; 9]) -> Row {
        Row { broker: "some broker 1".to_owned(), version: "5", verdicts: verdicts.into() }
    }

    #[test]
    fn what_works_needs_no_note() {
        let row = row([const { Verdict::Works }; 9]);
        let yes = " yes |".repeat(9);
        assert_eq!(printed(&[row]), [format!("| some broker 1 | 5 |{yes}")]);
    }

    #[test]
    fn tells_the_brokers_fault_from_ours() {
        let mut verdicts = [const { Verdict::Works }; 9];
        let evidence = Evidence { ours: "nothing".to_owned(), debians: "neither".to_owned() };
        verdicts[2] = Verdict::Brokers(evidence);
        verdicts[4] = Verdict::Ours("status 7".to_owned());
        verdicts[8] = Verdict::Untold("status 13".to_owned());
        let expected = [
            "| some broker 1 | 5 | yes | yes | no (1) | yes | **OURS** (2) | yes | yes | yes | ? (3) |",
            "",
            "1. some broker 1, MQTT 5, QoS 2: nothing. With Debian's clients: neither",
            "2. some broker 1, MQTT 5, will: status 7",
            "3. some broker 1, MQTT 5, WebSocket: status 13",
        ];
        assert_eq!(printed(&[row(verdicts)]), expected);
    }

    #[test]
    fn a_note_stands_once_however_often_it_is_referred_to() {
        let rows = [Row::untried("some broker", "no such package"), Row::untried("other", "why")];
        let cells = |number| format!(" – ({number}) |").repeat(9);
        let expected = [
            format!("| some broker | – |{}", cells(1)),
            format!("| other | – |{}", cells(2)),
            String::new(),
            "1. some broker: no such package".to_owned(),
            "2. other: why".to_owned(),
        ];
        assert_eq!(printed(&rows), expected);
    }
}
