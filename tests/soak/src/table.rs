//! The table of docs/reliability.md.

use std::fmt::Write as _;

use test_support::faults::{Figures, Row};

const HEADER: &str = "\
| row | fault | tried | survived | lost | counted besides |
|---|---|---:|---:|---:|---|
";

/// A line for each row.
pub(crate) fn of(outcomes: &[(&Row, Figures)]) -> String {
    let mut table = HEADER.to_owned();
    for (row, figures) in outcomes {
        let Figures { tried, survived, lost, .. } = figures;
        let _written = writeln!(
            table,
            "| `{}` | {} | {tried} | {survived} | {lost} | {} |",
            row.name,
            row.fault,
            figures.note()
        );
    }
    table
}
