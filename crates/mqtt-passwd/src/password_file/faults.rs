//! What brokers would refuse in the lines that nobody asked to change.

use std::collections::HashMap;
use std::fmt;

use foldhash::fast::RandomState;

use super::Change;
use super::line::{Content, Entry, MAX_FIELD, lines};
use crate::hash::{self, Kind};

/// How many faults are told one by one.
const SHOWN: usize = 5;

/// The faults of a file, in the order of its lines.
#[derive(Default)]
pub struct Faults<'a> {
    found: Vec<(usize, Fault)>,
    /// The first line of each name.
    names: HashMap<&'a [u8], usize, RandomState>,
}

impl<'a> Faults<'a> {
    /// Looks at the lines of a file that stay. One that is rewritten has but a name; one that goes
    /// has nothing.
    pub(super) fn of(bytes: &'a [u8], changes: &[Change]) -> Self {
        let mut faults = Self::default();
        // A table that grew would cost as much as all the rest.
        faults.names.reserve(memchr::memchr_iter(b'\n', bytes).count());
        let mut changes = changes.iter().peekable();
        for (line, number) in lines(bytes).zip(1..) {
            while changes.next_if(|change| change.range.end <= line.range.start).is_some() {}
            match (changes.peek(), line.content) {
                (Some(change), content) if change.range.start <= line.range.start => {
                    if let Content::Entry(entry) = content
                        && change.rewrites(&line.range)
                    {
                        faults.count_name(number, entry.name);
                    }
                }
                (_, Content::Nothing) => {}
                (_, Content::NoColon) => faults.found.push((number, Fault::NoColon)),
                (_, Content::Entry(entry)) => faults.examine(number, entry),
            }
        }
        faults
    }

    /// Whether there is nothing to tell.
    pub fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    fn examine(&mut self, number: usize, entry: Entry<'a>) {
        if let Some(fault) = Fault::of(entry) {
            self.found.push((number, fault));
        }
        self.count_name(number, entry.name);
    }

    fn count_name(&mut self, number: usize, name: &'a [u8]) {
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
pub(crate) enum Fault {
    Damaged,
    NoColon,
    NoHash,
    NoName,
    Nul,
    Plain,
    SameName(usize),
    TooLong,
    UnknownHash,
}

impl Fault {
    /// What is wrong with a line of its own, whatever the others are.
    pub(super) fn of(entry: Entry<'_>) -> Option<Self> {
        let (name, text) = (entry.name, entry.hash());
        if entry.has_nul() {
            Some(Self::Nul)
        } else if name.is_empty() {
            Some(Self::NoName)
        } else if name.len().max(text.len()) > MAX_FIELD {
            Some(Self::TooLong)
        } else if text.is_empty() {
            Some(Self::NoHash)
        } else {
            match Kind::of(text) {
                Kind::Hash => None,
                Kind::Plain if hash::names_a_kind(text) => Some(Self::UnknownHash),
                Kind::Plain => Some(Self::Plain),
                Kind::Damaged => Some(Self::Damaged),
            }
        }
    }
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
            Self::UnknownHash => "unknown kind of hash",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HASH: &str = "$6$uboSEBxtcMaYNWXP$bZKA30IYCwMIQUIQSQQc6QpBlHYvMRoJ3FQGhxL5o/4Oz4mvPD+KKWYISBITF6K5d4v6lMCO39cDZsIsGivWiw==";

    fn faults(text: &str) -> String {
        Faults::of(text.as_bytes(), &[]).to_string()
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
        assert_eq!(faults("a:$2b$10$x\n"), "line 1: unknown kind of hash");
        assert_eq!(faults("a:$$x\n"), "line 1: password not hashed");
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
    fn of_changed_lines_nothing_but_the_names_of_new_ones_counts() {
        let text = b"a:1\na:2\na:3\n";
        let change = |range, with: &str| Change { range, with: with.into() };
        let told = |changes: &[Change]| Faults::of(text, changes).to_string();
        assert_eq!(
            told(&[change(4..8, "a:x\n")]),
            "line 1: password not hashed; line 2: same user as line 1; line 3: password not \
             hashed; line 3: same user as line 1"
        );
        assert_eq!(told(&[change(0..4, ""), change(4..8, "")]), "line 3: password not hashed");
        assert_eq!(told(&[change(0..12, "u:x\n")]), "");
        assert!(
            told(&[change(12..12, "u:x\n")]).starts_with("line 1: password not hashed; line 2")
        );
    }

    #[test]
    fn many_faults_are_counted() {
        let text = "a\n".repeat(8);
        let told = faults(&text);
        assert!(told.starts_with("line 1: no ':'; line 2: "), "{told}");
        assert!(told.ends_with("line 5: no ':'; and 3 more"), "{told}");
    }
}
