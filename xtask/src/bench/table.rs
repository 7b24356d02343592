//! How the results are shown: a table for people, rows of Markdown for the documentation, or one
//! JSON object per row for programs.

use std::cmp::Ordering;
use std::fmt::Write as _;
use std::time::Duration;

use super::row::{Against, Limits, Row};
use super::summary::{End, Ratio, Summary, exceeded, number};

/// The head of the rows of Markdown.
pub(super) const MARKDOWN_HEAD: &str = "\
| row | held against | ours | ratio | limit | bare loop |
|---|---|---|---|---|---|";

/// How results are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    Table,
    Markdown,
    Json,
}

/// What a measurement gave.
pub(super) trait Findings {
    /// Whether everything was done and the limits were kept.
    fn good(&self) -> bool;

    /// Lines for people.
    fn table(&self) -> String;

    /// Rows for the documentation.
    fn markdown(&self) -> String;

    /// One line for programs.
    fn json(&self) -> String;

    fn shown(&self, format: Format) -> String {
        match format {
            Format::Table => self.table(),
            Format::Markdown => self.markdown(),
            Format::Json => self.json(),
        }
    }
}

/// What one row gave.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Outcome {
    /// The row.
    pub(super) row: Row,
    /// How many runs of each program.
    pub(super) runs: u32,
    /// What ours is held against: where that is Debian's program, only if it is installed.
    pub(super) reference: Option<Summary>,
    /// Ours.
    pub(super) ours: Summary,
    /// The loop that only moves the same bytes.
    pub(super) bare: Option<Summary>,
}

impl Outcome {
    /// `None` also if the reference did not do the whole work: its costs are those of less.
    fn ratio(&self) -> Option<Ratio> {
        let reference = self.reference.as_ref().filter(|other| other.complete(&self.row))?;
        Some(Ratio::new(&self.ours, reference))
    }

    fn exceeded(&self) -> Vec<&'static str> {
        exceeded(&self.row.limits, &self.ours, self.ratio().as_ref())
    }
}

impl Findings for Outcome {
    fn good(&self) -> bool {
        self.ours.complete(&self.row) && self.exceeded().is_empty()
    }

    fn table(&self) -> String {
        let mut text =
            format!("{} [{}], medians of {}\n", self.row.title, self.row.name, self.runs);
        let _written = writeln!(
            text,
            "  {:<9}{:>9}{:>9}{:>8}{:>13}{:>11}  end",
            "", "CPU s", "wall s", "RSS MB", "messages/s", "arrived"
        );
        if let Some(reference) = &self.reference {
            text.push_str(&line(reference_name(&self.row), reference, &self.row));
        }
        text.push_str(&line("ours", &self.ours, &self.row));
        if let Some(bare) = &self.bare {
            text.push_str(&line("bare loop", bare, &self.row));
        }
        if let Some(Ratio { cpu, wall, peak_memory, rate }) = self.ratio() {
            let _written = writeln!(
                text,
                "  {:<9}{cpu:>9.3}{wall:>9.3}{peak_memory:>8.2}{rate:>13.2}",
                "ratio"
            );
        } else if self.reference.is_some() {
            text.push_str("  ratio    none: the original did not do the whole work\n");
        }
        text.push_str(&limits(&self.row.limits));
        let broken = self.exceeded();
        if !broken.is_empty() {
            let _written = writeln!(text, "  NOT REACHED: {}", broken.join(", "));
        }
        text
    }

    fn markdown(&self) -> String {
        let missing = || "–".to_owned();
        let reference = match (&self.reference, self.row.against) {
            (Some(other), Against::Original) if !other.complete(&self.row) => {
                let arrived = thousands(other.arrived);
                format!("**{arrived} arrive, status {}**", end(other.end))
            }
            (Some(other), _) => costs(other),
            (None, _) => missing(),
        };
        let ratio = self.ratio().map_or_else(missing, |ratio| {
            let Ratio { cpu, wall, rate, .. } = ratio;
            match self.row.limits.rate {
                Some(_) => format!("CPU {cpu:.2}, messages/s {rate:.1}"),
                None => format!("CPU {cpu:.2}, wall {wall:.2}"),
            }
        });
        let bare = self.bare.as_ref().map_or_else(missing, |bare| {
            let (cpu, wall) = (seconds(bare.median.cpu), seconds(bare.median.wall));
            format!("CPU {cpu}, wall {wall}")
        });
        let (title, ours, limits) =
            (self.row.title, costs(&self.ours), limits_in_words(&self.row.limits));
        let verdict = if self.good() { "" } else { " **missed**" };
        format!("| {title} | {reference} | {ours} | {ratio} | {limits}{verdict} | {bare} |")
    }

    fn json(&self) -> String {
        let optional = |summary: &Option<Summary>| summary.as_ref().map_or("null".to_owned(), json);
        let ratio = self.ratio().map_or("null".to_owned(), |ratio| {
            format!(
                r#"{{"cpu":{:.4},"wall":{:.4},"peak_memory":{:.4},"rate":{:.4}}}"#,
                ratio.cpu, ratio.wall, ratio.peak_memory, ratio.rate
            )
        });
        format!(
            r#"{{"row":"{}","messages":{},"runs":{},"{}":{},"ours":{},"bare":{},"ratio":{ratio},"good":{}}}"#,
            self.row.name,
            self.row.messages,
            self.runs,
            reference_name(&self.row),
            optional(&self.reference),
            json(&self.ours),
            optional(&self.bare),
            self.good()
        )
    }
}

fn reference_name(row: &Row) -> &'static str {
    match row.against {
        Against::Original => "original",
        Against::Own(_) => "plain",
    }
}

fn line(name: &str, summary: &Summary, row: &Row) -> String {
    let lost = match summary.arrived.cmp(&row.messages) {
        Ordering::Less => format!("  LOST {}", thousands(row.messages - summary.arrived)),
        Ordering::Equal => String::new(),
        Ordering::Greater => format!("  {} TOO MANY", thousands(summary.arrived - row.messages)),
    };
    format!(
        "  {name:<9}{:>9.4}{:>9.4}{:>8.1}{:>13}{:>11}  {}{lost}\n",
        summary.median.cpu.as_secs_f64(),
        summary.median.wall.as_secs_f64(),
        megabytes(summary.median.peak_memory),
        thousands_of(summary.rate),
        thousands(summary.arrived),
        end(summary.end),
    )
}

fn limits(limits: &Limits) -> String {
    if *limits == Limits::default() {
        return String::new();
    }
    let part = |limit: Option<f64>| limit.map_or("-".to_owned(), |limit| format!("{limit:.2}"));
    let memory =
        limits.peak_memory.map_or("-".to_owned(), |limit| format!("{:.1}", megabytes(limit)));
    let (cpu, wall, rate) = (part(limits.cpu), part(limits.wall), part(limits.rate));
    format!("  {:<9}{cpu:>9}{wall:>9}{memory:>8}{rate:>13}\n", "limit")
}

fn limits_in_words(limits: &Limits) -> String {
    let at_most = |name: &str, limit: f64| format!("{name} ≤ {limit}");
    let words: Vec<_> = [
        limits.cpu.map(|limit| at_most("CPU", limit)),
        limits.wall.map(|limit| at_most("wall", limit)),
        limits.rate.map(|limit| format!("messages/s ≥ {limit}")),
        limits.peak_memory.map(|limit| format!("RSS ≤ {:.0} MB", megabytes(limit))),
    ]
    .into_iter()
    .flatten()
    .collect();
    if words.is_empty() { "all arrive".to_owned() } else { words.join(", ") }
}

fn costs(summary: &Summary) -> String {
    let Summary { median, .. } = summary;
    let memory = megabytes(median.peak_memory);
    format!("CPU {}, wall {}, {memory:.1} MB", seconds(median.cpu), seconds(median.wall))
}

/// In milliseconds where it is short.
pub(super) fn seconds(time: Duration) -> String {
    let seconds = time.as_secs_f64();
    if seconds < 0.02 { format!("{:.2} ms", seconds * 1e3) } else { format!("{seconds:.2} s") }
}

fn end(end: End) -> String {
    match end {
        End::Success => "0".to_owned(),
        End::Failure(status) => status
            .code()
            .map_or_else(|| format!("FAILED: {status}"), |code| format!("FAILED: {code}")),
        End::Hung => "HUNG".to_owned(),
    }
}

fn json(summary: &Summary) -> String {
    format!(
        r#"{{"cpu":{:.6},"wall":{:.6},"peak_memory":{},"rate":{:.1},"arrived":{},"end":"{}"}}"#,
        summary.median.cpu.as_secs_f64(),
        summary.median.wall.as_secs_f64(),
        summary.median.peak_memory,
        summary.rate,
        summary.arrived,
        end(summary.end)
    )
}

/// Bytes in units of 2^20, as `ps` and `top` show them.
pub(super) fn megabytes(bytes: u64) -> f64 {
    number(bytes) / number(1 << 20)
}

fn thousands_of(rate: f64) -> String {
    let digits = format!("{rate:.0}");
    grouped(&digits)
}

/// A number with a comma every three digits.
pub(super) fn thousands(count: u64) -> String {
    grouped(&count.to_string())
}

fn grouped(digits: &str) -> String {
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_digits_by_three() {
        let grouped: Vec<_> = [0, 999, 1_000, 12_345, 1_000_000].map(thousands).into();
        assert_eq!(grouped, ["0", "999", "1,000", "12,345", "1,000,000"]);
    }
}
