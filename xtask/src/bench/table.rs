//! How the results are shown: a table for people, or one JSON object per row for programs.

use std::cmp::Ordering;
use std::fmt::Write as _;

use super::row::{Limits, Row};
use super::summary::{End, Ratio, Summary, exceeded, number};

/// What one row gave.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Outcome {
    /// The row.
    pub(super) row: Row,
    /// How many runs of each program.
    pub(super) runs: u32,
    /// Debian's program, where it is installed.
    pub(super) original: Option<Summary>,
    /// Ours.
    pub(super) ours: Summary,
}

impl Outcome {
    /// `None` also if the original did not do the whole work: its costs are those of less.
    fn ratio(&self) -> Option<Ratio> {
        let original = self.original.as_ref().filter(|original| original.complete(&self.row))?;
        Some(Ratio::new(&self.ours, original))
    }

    /// Whether ours did everything and kept the limits.
    pub(super) fn good(&self) -> bool {
        let ratio = self.ratio();
        self.ours.complete(&self.row)
            && exceeded(&self.row.limits, &self.ours, ratio.as_ref()).is_empty()
    }

    /// The rows of the table.
    pub(super) fn table(&self) -> String {
        let mut text =
            format!("{} [{}], medians of {}\n", self.row.title, self.row.name, self.runs);
        let _written = writeln!(
            text,
            "  {:<9}{:>9}{:>9}{:>8}{:>13}{:>11}  end",
            "", "CPU s", "wall s", "RSS MB", "messages/s", "arrived"
        );
        if let Some(original) = &self.original {
            text.push_str(&line("original", original, &self.row));
        }
        text.push_str(&line("ours", &self.ours, &self.row));
        let ratio = self.ratio();
        if let Some(Ratio { cpu, wall, peak_memory, rate }) = ratio {
            let _written = writeln!(
                text,
                "  {:<9}{cpu:>9.3}{wall:>9.3}{peak_memory:>8.2}{rate:>13.2}",
                "ratio"
            );
        } else if self.original.is_some() {
            text.push_str("  ratio    none: the original did not do the whole work\n");
        }
        text.push_str(&limits(&self.row.limits));
        let broken = exceeded(&self.row.limits, &self.ours, ratio.as_ref());
        if !broken.is_empty() {
            let _written = writeln!(text, "  NOT REACHED: {}", broken.join(", "));
        }
        text
    }

    /// One line of JSON.
    pub(super) fn json(&self) -> String {
        let original = self.original.as_ref().map_or("null".to_owned(), json);
        let ratio = self.ratio().map_or("null".to_owned(), |ratio| {
            format!(
                r#"{{"cpu":{:.4},"wall":{:.4},"peak_memory":{:.4},"rate":{:.4}}}"#,
                ratio.cpu, ratio.wall, ratio.peak_memory, ratio.rate
            )
        });
        format!(
            r#"{{"row":"{}","messages":{},"runs":{},"original":{original},"ours":{},"ratio":{ratio},"good":{}}}"#,
            self.row.name,
            self.row.messages,
            self.runs,
            json(&self.ours),
            self.good()
        )
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
    format!("  {:<9}{:>9}{:>9}{memory:>8}\n", "limit", part(limits.cpu), part(limits.wall))
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

fn thousands(count: u64) -> String {
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
