//! What a run was seen to do, and how two runs differ.

use std::fmt::Write as _;

use test_support::tool::Output;

/// In place of a status.
pub(crate) const BY_A_SIGNAL: &str = "ended by a signal";

/// What is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Aspect {
    Status,
    Connects,
    Sends,
    Prints,
}

/// Text as it is, everything else as `\xhh`.
fn readable(bytes: &[u8]) -> String {
    let text = bytes.escape_ascii().to_string();
    text.replace("\\'", "'").replace("\\\"", "\"")
}

/// MQTT 3.1 makes an identifier up: `mosq-` and 18 letters and digits.
pub(crate) fn without_random_part(line: &str) -> String {
    const LENGTH: usize = 18;
    let Some((before, rest)) = line.split_once("mosq-") else { return line.to_owned() };
    match rest.split_at_checked(LENGTH) {
        Some((random, after)) if random.bytes().all(|byte| byte.is_ascii_alphanumeric()) => {
            format!("{before}mosq-<random>{after}")
        }
        _ => line.to_owned(),
    }
}

/// The time of a JSON object.
pub(crate) fn without_time(line: &str) -> String {
    let Some((before, rest)) = line.split_once("\"tst\":") else { return line.to_owned() };
    let mut parts = rest.splitn(3, '"');
    match (parts.next(), parts.next(), parts.next()) {
        (Some(blank), Some(_time), Some(after)) => format!("{before}\"tst\":{blank}<time>{after}"),
        _ => line.to_owned(),
    }
}

/// What one run did, as lines.
#[derive(Debug)]
pub(crate) struct Seen {
    status: Vec<String>,
    connects: Vec<String>,
    sends: Vec<String>,
    prints: Vec<String>,
}

impl Seen {
    pub(crate) fn new(
        connections: Vec<Vec<String>>,
        output: &Output,
        mask: impl Fn(&str) -> String,
    ) -> Self {
        let status = output.code().map_or(BY_A_SIGNAL.to_owned(), |code| code.to_string());
        let lines = output.stdout.split_inclusive(|&byte| byte == b'\n');
        let prints = lines.map(|line| {
            let text = readable(line.strip_suffix(b"\n").unwrap_or(line));
            mask(&if line.ends_with(b"\n") { text } else { text + "<no newline>" })
        });
        let mut seen = Self {
            status: vec![status],
            connects: Vec::new(),
            sends: Vec::new(),
            prints: prints.collect(),
        };
        for (index, lines) in connections.into_iter().enumerate() {
            let number = if index == 0 { String::new() } else { format!("{}: ", index + 1) };
            for line in lines {
                let line = mask(&line);
                if line.starts_with("CONNECT") { &mut seen.connects } else { &mut seen.sends }
                    .push(number.clone() + &line);
            }
        }
        seen
    }

    pub(crate) fn take(&mut self, aspect: Aspect) -> Vec<String> {
        std::mem::take(match aspect {
            Aspect::Status => &mut self.status,
            Aspect::Connects => &mut self.connects,
            Aspect::Sends => &mut self.sends,
            Aspect::Prints => &mut self.prints,
        })
    }
}

/// The lines that are not the same, between those that are; empty if all are.
pub(crate) fn changes(aspect: Aspect, who: &str, expected: &[String], ours: &[String]) -> String {
    if expected == ours {
        return String::new();
    }
    let same = |pairs: &mut dyn Iterator<Item = (&String, &String)>| {
        pairs.take_while(|(expected, ours)| expected == ours).count()
    };
    let before = same(&mut expected.iter().zip(ours));
    let shorter = expected.len().min(ours.len()) - before;
    let after = same(&mut expected.iter().rev().zip(ours.iter().rev())).min(shorter);
    let mut text = format!("{aspect:?} (- {who}, + ours):\n");
    let mut add = |sign, lines: &[String]| {
        for line in lines {
            writeln!(text, "  {sign} {line}").expect("a String takes all");
        }
    };
    add(' ', &ours[..before]);
    add('-', &expected[before..expected.len() - after]);
    add('+', &ours[before..ours.len() - after]);
    add(' ', &ours[ours.len() - after..]);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_is_taken_out_of_json() {
        assert_eq!(
            without_time(r#"x {"tst":"2026-11-22T17:23:40.105631+0000","topic":"a"}"#),
            r#"x {"tst":<time>,"topic":"a"}"#
        );
    }

    #[test]
    fn only_random_identifiers_are_masked() {
        let line = "Client mosq-vchVJgPibaKSLaFnOS sending CONNECT";
        assert_eq!(without_random_part(line), "Client mosq-<random> sending CONNECT");
        assert_eq!(without_random_part("Client mosq-short"), "Client mosq-short");
    }
}
