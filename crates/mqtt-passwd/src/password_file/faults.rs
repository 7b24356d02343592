//! What brokers would refuse in the lines that nobody asked to change.

use std::collections::HashMap;
use std::fmt;

use super::line::{Content, Line};
use crate::hash::Kind;

/// How many faults are told one by one.
const SHOWN: usize = 5;

/// The faults of a file, in the order of its lines.
#[derive(Default)]
pub struct Faults<'a> {
    found: Vec<(usize, Fault)>,
    names: HashMap<&'a [u8], usize>,
}

impl<'a> Faults<'a> {
    /// Whether there is nothing to tell.
    pub fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    /// Takes note of what is wrong with a line.
    pub(super) fn examine(&mut self, line: &Line<'a>) {
        let entry = match line.content {
            Content::Nothing => return,
            Content::NoColon => return self.found.push((line.number, Fault::NoColon)),
            Content::Entry(entry) => entry,
        };
        let fault = if entry.has_nul() {
            Some(Fault::Nul)
        } else if entry.name.is_empty() {
            Some(Fault::NoName)
        } else if entry.is_too_long() {
            Some(Fault::TooLong)
        } else if entry.hash().is_empty() {
            Some(Fault::NoHash)
        } else {
            match Kind::of(entry.hash()) {
                Kind::Hash => None,
                Kind::Plain => Some(Fault::Plain),
                Kind::Damaged => Some(Fault::Damaged),
            }
        };
        if let Some(fault) = fault {
            self.found.push((line.number, fault));
        }
        self.count_name(line.number, entry.name);
    }

    /// Takes note of a name that a line about to be rewritten has.
    pub(super) fn count_name(&mut self, number: usize, name: &'a [u8]) {
        if name.is_empty() {
            return;
        }
        let first = *self.names.entry(name).or_insert(number);
        if first != number {
            self.found.push((number, Fault::SameName(first)));
        }
    }
}

impl fmt::Display for Faults<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (number, fault)) in self.found.iter().take(SHOWN).enumerate() {
            let separator = if index == 0 { "" } else { "; " };
            write!(formatter, "{separator}line {number}: {fault}")?;
        }
        match self.found.len().saturating_sub(SHOWN) {
            0 => Ok(()),
            more => write!(formatter, "; and {more} more"),
        }
    }
}

/// Why a broker drops a line, or refuses the file over it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    Damaged,
    NoColon,
    NoHash,
    NoName,
    Nul,
    Plain,
    SameName(usize),
    TooLong,
}

impl fmt::Display for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Damaged => "damaged hash",
            Self::NoColon => "no ':'",
            Self::NoHash => "no hash",
            Self::NoName => "no user name",
            Self::Nul => "NUL byte",
            Self::Plain => "password not hashed",
            Self::SameName(first) => return write!(formatter, "same user as line {first}"),
            Self::TooLong => "too long",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::line::lines;
    use super::*;

    const HASH: &str = "$6$uboSEBxtcMaYNWXP$bZKA30IYCwMIQUIQSQQc6QpBlHYvMRoJ3FQGhxL5o/4Oz4mvPD+KKWYISBITF6K5d4v6lMCO39cDZsIsGivWiw==";

    fn faults(text: &str) -> String {
        let mut faults = Faults::default();
        for line in lines(text.as_bytes()) {
            faults.examine(&line);
        }
        faults.to_string()
    }

    #[test]
    fn comments_blank_lines_and_hashes_are_no_faults() {
        let text = format!("# c\n#d:x\n\n \t\r\na:{HASH}\r\n b : {HASH} :more\nc::{HASH}");
        assert_eq!(faults(&text), "");
    }

    #[test]
    fn each_fault_is_told_with_its_line() {
        assert_eq!(faults("# c\na:pw\n"), "line 2: password not hashed");
        assert_eq!(faults("a:$7$1\n"), "line 1: damaged hash");
        assert_eq!(faults("a\n"), "line 1: no ':'");
        assert_eq!(faults("a: \n"), "line 1: no hash");
        assert_eq!(faults(":a\n"), "line 1: no user name");
        assert_eq!(faults("a:x\0\n"), "line 1: NUL byte");
        let long = "x".repeat(65_536);
        assert_eq!(faults(&format!("{long}:{HASH}")), "line 1: too long");
        let twice = format!("a:{HASH}\n a :{HASH}\n");
        assert_eq!(faults(&twice), "line 2: same user as line 1");
    }

    #[test]
    fn many_faults_are_counted() {
        let text = "a\n".repeat(8);
        let told = faults(&text);
        assert!(told.starts_with("line 1: no ':'; line 2: "), "{told}");
        assert!(told.ends_with("line 5: no ':'; and 3 more"), "{told}");
    }
}
