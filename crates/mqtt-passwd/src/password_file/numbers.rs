//! Numbers of lines, as people write them.

use std::fmt;

/// How many are told, of lines in a row two.
const SHOWN: usize = 100;

/// Lines of a file, in their order.
#[derive(Debug, Default)]
pub(crate) struct Numbers(Vec<usize>);

impl FromIterator<usize> for Numbers {
    fn from_iter<I: IntoIterator<Item = usize>>(numbers: I) -> Self {
        Self(numbers.into_iter().collect())
    }
}

impl Numbers {
    pub(super) fn push(&mut self, number: usize) {
        self.0.push(number);
    }

    /// Whether there are none.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// `line 3`, or `lines 3, 7-9`.
impl fmt::Display for Numbers {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(if self.0.len() == 1 { "line " } else { "lines " })?;
        let rows: Vec<_> = self.0.chunk_by(|one, next| one + 1 == *next).collect();
        let mut separator = "";
        for row in rows.iter().take(SHOWN) {
            match row {
                [first, .., last] => write!(formatter, "{separator}{first}-{last}")?,
                _ => write!(formatter, "{separator}{}", row[0])?,
            }
            separator = ", ";
        }
        match rows.iter().skip(SHOWN).map(|row| row.len()).sum() {
            0_usize => Ok(()),
            more => write!(formatter, " and {more} more, which --list shows"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(numbers: impl IntoIterator<Item = usize>) -> String {
        numbers.into_iter().collect::<Numbers>().to_string()
    }

    #[test]
    fn lines_in_a_row_are_told_by_the_first_and_the_last() {
        assert_eq!(told([3]), "line 3");
        assert_eq!(told([1, 3, 7, 8, 9, 11, 12]), "lines 1, 3, 7-9, 11-12");
        assert_eq!(told(1..=100_000), "lines 1-100000");
    }

    #[test]
    fn there_is_an_end_to_it() {
        let odd = || (0..1000).map(|number| 2 * number + 1);
        assert!(told(odd()).ends_with(", 197, 199 and 900 more, which --list shows"));
        assert!(told(odd().take(100)).ends_with(", 197, 199"));
    }
}
