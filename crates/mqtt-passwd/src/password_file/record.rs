//! The lines of a file that say something, each as brokers judge it.

use std::collections::HashMap;

use foldhash::fast::RandomState;

use super::PasswordFile;
use super::faults::Fault;
use super::line::{Content, lines};
use crate::hash::Stored;

/// A line that is neither blank nor a comment.
pub(crate) struct Record<'a> {
    /// Which line, from 1.
    pub(crate) number: usize,
    /// Whose it is; empty where the line names nobody.
    pub(crate) user: &'a [u8],
    /// Its hash, or why no broker lets anybody in with the line.
    pub(crate) hash: Result<Stored<'a>, Fault>,
    /// The first line of the same user, if that is another one.
    pub(crate) first: Option<usize>,
}

impl PasswordFile {
    /// The line from which on brokers 2.0 read nothing, be it a comment: the first with a NUL byte.
    pub(crate) fn unread_from(&self) -> Option<usize> {
        let nul = memchr::memchr(0, &self.bytes)?;
        Some(memchr::memchr_iter(b'\n', &self.bytes[..nul]).count() + 1)
    }

    /// All there are, in the order of their lines.
    pub(crate) fn records(&self) -> Vec<Record<'_>> {
        let mut first_lines: HashMap<&[u8], usize, RandomState> = HashMap::default();
        let mut records = Vec::new();
        for (line, number) in lines(&self.bytes).zip(1..) {
            let (user, hash): (&[u8], _) = match line.content {
                Content::Nothing => continue,
                Content::NoColon => (&[], Err(Fault::NoColon)),
                Content::Entry(entry) => (
                    entry.name,
                    Fault::of(entry)
                        .map_or_else(|| Stored::parse(entry.hash()).ok_or(Fault::Damaged), Err),
                ),
            };
            let first =
                if user.is_empty() { number } else { *first_lines.entry(user).or_insert(number) };
            let first = (first != number).then_some(first);
            records.push(Record { number, user, hash, first });
        }
        records
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hash::Algorithm;
    use zeroize::Zeroizing;

    const HASH: &str = "$6$uboSEBxtcMaYNWXP$bZKA30IYCwMIQUIQSQQc6QpBlHYvMRoJ3FQGhxL5o/4Oz4mvPD+KKWYISBITF6K5d4v6lMCO39cDZsIsGivWiw==";

    #[test]
    fn each_line_that_says_something_is_one_record() {
        let text = format!("# c\n\na:{HASH}\nnobody\n a :{HASH}:x\n:y\nb:plain\nc:$5$x$y\n:z\n");
        let file = PasswordFile::new(Zeroizing::new(text.into_bytes()));
        let records = file.records();
        let told: Vec<_> = records
            .iter()
            .map(|record| {
                let hash = record.hash.as_ref().map(Stored::algorithm).map_err(|fault| *fault);
                (record.number, str::from_utf8(record.user).unwrap(), hash, record.first)
            })
            .collect();
        assert_eq!(
            told,
            [
                (3, "a", Ok(Algorithm::Sha512), None),
                (4, "", Err(Fault::NoColon), None),
                (5, "a", Ok(Algorithm::Sha512), Some(3)),
                (6, "", Err(Fault::NoName), None),
                (7, "b", Err(Fault::Plain), None),
                (8, "c", Err(Fault::UnknownHash), None),
                (9, "", Err(Fault::NoName), None),
            ]
        );
    }
}
