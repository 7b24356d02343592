//! A row of the terminal for each topic, which always shows its latest message (`--watch`).

use std::collections::HashMap;
use std::io::Write;

use mqtt_core::console::{Console, Stream};
use mqtt_core::protocol::TopicName;

/// Erases the screen and goes to its top left corner.
const CLEAR: &str = "\x1b[2J\x1b[1;1H";

/// Erases from the cursor to the end of its row.
const ERASE: &[u8] = b"\x1b[K";

/// The row of the first topic; the one above has the broker's name.
const FIRST: usize = 2;

/// The rows of the topics that were seen.
#[derive(Debug)]
pub(crate) struct Screen {
    /// What the user calls the broker, until it is written.
    broker: Option<String>,
    rows: HashMap<Box<str>, usize>,
}

/// Whether what stands in a row goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Row {
    Erased,
    Kept,
}

impl Screen {
    pub(crate) fn new(broker: String) -> Self {
        Self { broker: Some(broker), rows: HashMap::new() }
    }

    /// Clears the screen, once.
    pub(super) fn begin<R>(&mut self, console: &mut Console<R>) {
        if let Some(broker) = self.broker.take() {
            console.print(Stream::Stdout, |out| {
                let _ = writeln!(out, "{CLEAR}Broker: {broker}");
            });
        }
    }

    /// Goes to the row of a topic, a new one below the others if it has none.
    pub(super) fn go_to<R>(&mut self, topic: &TopicName, row: Row, console: &mut Console<R>) {
        let next = self.rows.len() + FIRST;
        let number = match self.rows.get(topic.as_str()) {
            Some(number) => *number,
            None => *self.rows.entry(topic.as_str().into()).or_insert(next),
        };
        console.print(Stream::Stdout, |out| {
            let _ = write!(out, "\x1b[{number};1H");
            if row == Row::Erased {
                out.extend_from_slice(ERASE);
            }
        });
    }

    /// Goes below the rows, where `-d` lines and a shell do no harm.
    pub(super) fn leave<R>(&self, console: &mut Console<R>) {
        let last = self.rows.len() + FIRST - 1;
        console.print(Stream::Stdout, |out| {
            let _ = writeln!(out, "\x1b[{last};1H");
        });
    }
}
