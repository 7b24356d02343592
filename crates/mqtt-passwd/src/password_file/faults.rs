//! What brokers would refuse in the lines that nobody asked to change.

use std::collections::HashMap;
use std::fmt;
use std::thread;

use foldhash::fast::RandomState;
use mqtt_core::limit::MAX_FIELD;

use super::line::{Content, Entry, lines};
use super::{Change, Numbers};
use crate::hash::Kind;
use crate::stack;

/// How many faults are told one by one; of the rest, which lines have the same.
const SHOWN: usize = 5;

/// The faults of a file, in the order of its lines.
pub struct Faults {
    found: Vec<(usize, Fault)>,
}

impl Faults {
    /// Looks at the lines of a file that stay. One that is rewritten has but a name; one that goes
    /// has nothing.
    pub(super) fn of(bytes: &[u8], changes: &[Change]) -> Self {
        // In a file of 100,000 users they take as long as each other, and longer than the disk.
        let (mut found, same) = thread::scope(|scope| {
            let same = scope.spawn(|| {
                let same = same_names(bytes, changes);
                stack::wipe();
                same
            });
            (refused(bytes, changes), same.join())
        });
        match same {
            Ok(same) => found.extend(same),
            Err(panic) => std::panic::resume_unwind(panic),
        }
        found.sort_by_key(|(number, _)| *number);
        Self { found }
    }

    /// Whether there is nothing to tell.
    pub fn is_empty(&self) -> bool {
        self.found.is_empty()
    }
}

/// The lines that say what no broker takes, each by itself.
fn refused(bytes: &[u8], changes: &[Change]) -> Vec<(usize, Fault)> {
    let fault = |(number, line): (usize, Staying)| match line {
        Staying::AsItIs(Content::NoColon) => Some((number, Fault::NoColon)),
        Staying::AsItIs(Content::Entry(entry)) => Some((number, Fault::of(entry)?)),
        Staying::AsItIs(Content::Nothing) | Staying::Rewritten(_) => None,
    };
    staying(bytes, changes).filter_map(fault).collect()
}

/// The lines of users whom a line before names.
fn same_names(bytes: &[u8], changes: &[Change]) -> Vec<(usize, Fault)> {
    let mut first_lines = HashMap::with_hasher(RandomState::default());
    // A table that grew would cost as much as all the rest.
    first_lines.reserve(memchr::memchr_iter(b'\n', bytes).count());
    let mut same = Vec::new();
    for (number, line) in staying(bytes, changes) {
        let (Staying::AsItIs(content) | Staying::Rewritten(content)) = line;
        let Content::Entry(Entry { name: name @ [_, ..], .. }) = content else { continue };
        let first = *first_lines.entry(name).or_insert(number);
        if first != number {
            same.push((number, Fault::SameName(first)));
        }
    }
    same
}

/// A line that the new file has, too.
enum Staying<'a> {
    AsItIs(Content<'a>),
    /// With another hash.
    Rewritten(Content<'a>),
}

/// The lines that stay, with their numbers in the new file: what is added comes behind them.
fn staying<'a>(
    bytes: &'a [u8],
    changes: &'a [Change],
) -> impl Iterator<Item = (usize, Staying<'a>)> {
    let mut changes = changes.iter().peekable();
    let staying = lines(bytes).filter_map(move |line| {
        while changes.next_if(|change| change.range.end <= line.range.start).is_some() {}
        match changes.peek() {
            Some(change) if change.rewrites(&line.range) => Some(Staying::Rewritten(line.content)),
            Some(change) if change.range.start <= line.range.start => None,
            _ => Some(Staying::AsItIs(line.content)),
        }
    });
    (1..).zip(staying)
}

impl fmt::Display for Faults {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (one_by_one, rest) = self.found.split_at(self.found.len().min(SHOWN));
        let mut separator = "";
        for (number, fault) in one_by_one {
            write!(formatter, "{separator}line {number}: {fault}")?;
            separator = "; ";
        }
        for (name, numbers) in by_name(rest) {
            write!(formatter, "{separator}{numbers}: {name}")?;
        }
        Ok(())
    }
}

/// Which lines have the same fault, in the order in which the faults come first.
fn by_name(found: &[(usize, Fault)]) -> Vec<(&'static str, Numbers)> {
    let mut groups: Vec<(_, Numbers)> = Vec::new();
    for (number, fault) in found {
        let name = fault.name();
        let index = groups.iter().position(|(known, _)| *known == name).unwrap_or_else(|| {
            groups.push((name, Numbers::default()));
            groups.len() - 1
        });
        groups[index].1.push(*number);
    }
    groups
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
                Kind::Unknown => Some(Self::UnknownHash),
                Kind::Plain => Some(Self::Plain),
                Kind::Damaged => Some(Self::Damaged),
            }
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Damaged => "damaged hash",
            Self::NoColon => "no ':'",
            Self::NoHash => "no hash",
            Self::NoName => "no user name",
            Self::Nul => "NUL byte",
            Self::Plain => "password not hashed",
            Self::SameName(_) => "same user as a line before",
            Self::TooLong => "too long",
            Self::UnknownHash => "unknown kind of hash",
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SameName(first) => write!(formatter, "same user as line {first}"),
            fault => formatter.write_str(fault.name()),
        }
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
        // Numbers are those of the new file.
        assert_eq!(told(&[change(0..4, ""), change(4..8, "")]), "line 1: password not hashed");
        assert_eq!(
            told(&[change(4..8, "")]),
            "line 1: password not hashed; line 2: password not hashed; line 2: same user as line 1"
        );
        assert_eq!(told(&[change(0..12, "u:x\n")]), "");
        assert!(
            told(&[change(12..12, "u:x\n")]).starts_with("line 1: password not hashed; line 2")
        );
    }

    #[test]
    fn of_many_faults_the_lines_are_told_together() {
        let text = "a\n".repeat(8) + "a:x\na\n\na:y\nb\n";
        let told = faults(&text);
        assert!(told.starts_with("line 1: no ':'; line 2: "), "{told}");
        assert!(
            told.ends_with(
                "line 5: no ':'; lines 6-8, 10, 13: no ':'; lines 9, 12: password not hashed; \
                 line 12: same user as a line before"
            ),
            "{told}"
        );
    }
}
