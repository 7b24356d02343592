//! Many runs in a few numbers: medians, ratios, and whether anything went wrong.

use std::process::ExitStatus;
use std::time::Duration;

use super::measure::{Cost, Run};
use super::row::{Limits, Row};

/// The runs of one program in one row.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Summary {
    /// The median of each cost.
    pub(super) median: Cost,
    /// Messages per second of wall-clock time, at the median.
    pub(super) rate: f64,
    /// The fewest messages that arrived in any run.
    pub(super) arrived: u64,
    /// The worst end of any run.
    pub(super) end: End,
}

/// How the runs ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// All with status 0.
    Success,
    /// At least one with another status.
    Failure(ExitStatus),
    /// At least one had to be ended.
    Hung,
}

impl Summary {
    /// `None` without runs.
    pub(super) fn new(row: &Row, runs: &[Run]) -> Option<Self> {
        let costs = || runs.iter().map(|run| run.cost);
        let median = Cost {
            cpu: median(costs().map(|cost| cost.cpu).collect())?,
            wall: median(costs().map(|cost| cost.wall).collect())?,
            peak_memory: median(costs().map(|cost| cost.peak_memory).collect())?,
        };
        let arrived = runs.iter().map(|run| run.arrived).min()?;
        let rate = number(arrived.min(row.messages)) / median.wall.as_secs_f64();
        Some(Self { median, rate, arrived, end: end(runs) })
    }

    /// Whether every run did all it was asked to, no more and no less.
    pub(super) fn complete(&self, row: &Row) -> bool {
        self.arrived == row.messages && self.end == End::Success
    }
}

fn end(runs: &[Run]) -> End {
    if runs.iter().any(|run| run.status.is_none()) {
        return End::Hung;
    }
    let failed = runs.iter().filter_map(|run| run.status).find(|status| !status.success());
    failed.map_or(End::Success, End::Failure)
}

/// Ours in parts of what it is held against.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Ratio {
    /// CPU time.
    pub(super) cpu: f64,
    /// Wall-clock time.
    pub(super) wall: f64,
    /// Peak resident set.
    pub(super) peak_memory: f64,
    /// Messages per second.
    pub(super) rate: f64,
}

impl Ratio {
    /// Divides one by the other.
    pub(super) fn new(ours: &Summary, reference: &Summary) -> Self {
        let parts = |one: Duration, other: Duration| one.as_secs_f64() / other.as_secs_f64();
        Self {
            cpu: parts(ours.median.cpu, reference.median.cpu),
            wall: parts(ours.median.wall, reference.median.wall),
            peak_memory: number(ours.median.peak_memory) / number(reference.median.peak_memory),
            rate: ours.rate / reference.rate,
        }
    }
}

/// The names of the limits that were not kept. A ratio is held against its limit only where
/// there is one.
pub(super) fn exceeded(
    limits: &Limits,
    ours: &Summary,
    ratio: Option<&Ratio>,
) -> Vec<&'static str> {
    let over = |limit: Option<f64>, value: Option<f64>| {
        limit.zip(value).is_some_and(|(limit, value)| value > limit)
    };
    let memory = limits.peak_memory.is_some_and(|limit| ours.median.peak_memory > limit);
    let slow = limits.rate.zip(ratio).is_some_and(|(limit, ratio)| ratio.rate < limit);
    [
        ("CPU", over(limits.cpu, ratio.map(|ratio| ratio.cpu))),
        ("wall", over(limits.wall, ratio.map(|ratio| ratio.wall))),
        ("messages/s", slow),
        ("peak RSS", memory),
    ]
    .into_iter()
    .filter_map(|(name, exceeded)| exceeded.then_some(name))
    .collect()
}

/// The upper one of the two in the middle, where there are two.
pub(super) fn median<T: Ord + Copy>(mut values: Vec<T>) -> Option<T> {
    values.sort_unstable();
    values.get(values.len() / 2).copied()
}

/// For ratios and rates; counts beyond 2^53 do not occur.
#[expect(clippy::cast_precision_loss, reason = "counts here are far below 2^53")]
pub(super) fn number(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use std::os::unix::process::ExitStatusExt;

    use super::super::row::ROWS;
    use super::*;

    fn run(wall: u64, status: Option<i32>, arrived: u64) -> Run {
        let wall = Duration::from_millis(wall);
        let cost = Cost { cpu: wall / 2, wall, peak_memory: 4 << 20 };
        Run { cost, status: status.map(ExitStatus::from_raw), arrived }
    }

    #[test]
    fn takes_the_median_cost_and_the_worst_outcome() {
        let [row, ..] = ROWS;
        let all = row.messages;
        let runs = [run(300, Some(0), all), run(100, Some(0), all - 1), run(200, Some(0), all)];
        let summary = Summary::new(&row, &runs).unwrap();
        assert_eq!(summary.median.wall, Duration::from_millis(200));
        assert_eq!((summary.arrived, summary.end), (all - 1, End::Success));
        assert!(!summary.complete(&row), "a lost message must show");
    }

    #[test]
    fn one_failed_or_hanging_run_spoils_the_row() {
        let [row, ..] = ROWS;
        let good = run(1, Some(0), row.messages);
        let failed = run(1, Some(1 << 8), row.messages);
        let hung = run(1, None, row.messages);
        assert!(Summary::new(&row, &[good, good]).unwrap().complete(&row));
        assert!(matches!(Summary::new(&row, &[good, failed]).unwrap().end, End::Failure(_)));
        assert_eq!(Summary::new(&row, &[failed, hung]).unwrap().end, End::Hung);
    }

    #[test]
    fn names_the_limits_that_were_not_kept() {
        let [row, ..] = ROWS;
        let original = Summary::new(&row, &[run(1000, Some(0), row.messages)]).unwrap();
        let ours = Summary::new(&row, &[run(90, Some(0), row.messages)]).unwrap();
        let ratio = Ratio::new(&ours, &original);
        assert_eq!(exceeded(&row.limits, &ours, Some(&ratio)), ["CPU"]);
    }
}
