//! The password file: bytes to lines, and changes to lines that leave all other bytes alone.
//!
//! Nothing is converted on the way: a line is a range of the file's bytes, whatever they are. This
//! room knows no prompts and computes no hashes.

mod create;
mod diff;
mod error;
mod faults;
mod folder;
mod in_place;
mod line;
mod mark;
mod numbers;
mod record;
mod replace;
mod rights;
mod undo_copy;

use std::collections::HashMap;
use std::ops::Range;

use foldhash::fast::RandomState;
use zeroize::Zeroizing;

use crate::hash::Kind;
use crate::user_name::UserName;
pub(crate) use create::{NewFile, refuse_existing};
pub(crate) use error::PasswordFileError;
pub(crate) use faults::Fault;
pub use faults::Faults;
use line::{Content, Line, lines, lines_of};
pub(crate) use numbers::Numbers;
pub(crate) use record::Record;
pub(crate) use replace::{Before, InPlaceReason, LockedFile, Remedy, Replaced, check, read};

/// What stands in a password file. Wiped when dropped: it may hold plain passwords.
pub struct PasswordFile {
    bytes: Zeroizing<Vec<u8>>,
}

impl Drop for PasswordFile {
    /// As a whole: `Zeroizing` goes byte by byte, which takes ten times as long.
    fn drop(&mut self) {
        let mut bytes = std::mem::take(&mut *self.bytes);
        bytes.fill(0);
        zeroize::optimization_barrier(bytes.as_slice());
    }
}

impl PasswordFile {
    /// Takes over what was read.
    pub fn new(bytes: Zeroizing<Vec<u8>>) -> Self {
        Self { bytes }
    }

    /// Gives `user` a new hash: in the first line of that name, in a new last line where there is
    /// none.
    pub fn set(&self, user: &UserName, hash: &str) -> (Edited<'_>, Set) {
        let (change, set) = match lines_of(&self.bytes, user.as_bytes()).next() {
            Some(line) => (line.rewritten(user.as_bytes(), hash), Set::Updated),
            None => (self.appended(user, hash), Set::Added),
        };
        (self.edited(vec![change]), set)
    }

    /// The file as it is.
    pub(crate) fn unchanged(&self) -> Edited<'_> {
        self.edited(Vec::new())
    }

    /// Drops every line of `user`; `None` where there is none.
    pub fn delete(&self, user: &UserName) -> Option<Edited<'_>> {
        let gone = lines_of(&self.bytes, user.as_bytes());
        let changes: Vec<_> =
            gone.map(|line| Change { range: line.range, with: Vec::new() }).collect();
        (!changes.is_empty()).then(|| self.edited(changes))
    }

    /// The passwords that are not hashed yet, each with its line.
    pub fn plain(&self) -> Plain<'_> {
        let mut plain = Plain::default();
        for (line, number) in lines(&self.bytes).zip(1..) {
            let Content::Entry(entry) = line.content else { continue };
            match Kind::of(entry.hash()) {
                Kind::Plain if entry.can_be_hashed() => {
                    plain.passwords.push(entry.password());
                    plain.lines.push(line);
                    continue;
                }
                Kind::Unknown => plain.unknown.push(number),
                _ => {}
            }
            plain.kept += 1;
        }
        plain
    }

    /// Puts `hashes` in the place of the `plain` passwords of this file, one for each.
    pub fn upgrade(&self, plain: &Plain<'_>, hashes: &[String]) -> Edited<'_> {
        let changes = plain.lines.iter().zip(hashes).filter_map(|(line, hash)| {
            let Content::Entry(entry) = line.content else {
                return None;
            };
            Some(line.rewritten(entry.name, hash))
        });
        self.edited(changes.collect())
    }

    /// Does the same for many users, of whom each is there once.
    pub fn set_all(&self, entries: &[NewEntry]) -> (Edited<'_>, Counts) {
        let by_name = entries.iter().zip(0..).map(|(entry, index)| (entry.user.as_bytes(), index));
        let mut missing: HashMap<&[u8], usize, RandomState> = by_name.collect();
        let mut changes = Vec::new();
        for line in lines(&self.bytes) {
            if let Content::Entry(entry) = line.content
                && let Some(index) = missing.remove(entry.name)
            {
                changes.push(line.rewritten(entry.name, &entries[index].hash));
            }
        }
        let counts = Counts { added: missing.len(), updated: changes.len() };
        let mut added: Vec<u8> = entries
            .iter()
            .filter(|entry| missing.contains_key(entry.user.as_bytes()))
            .flat_map(|entry| Self::of_one(&entry.user, &entry.hash))
            .collect();
        if !added.is_empty() {
            let end = self.bytes.len();
            // A line that is rewritten gets its ending there.
            let is_rewritten = changes.last().is_some_and(|change| change.range.end == end);
            if !is_rewritten && self.lacks_ending() {
                added.insert(0, b'\n');
            }
            changes.push(Change { range: end..end, with: added });
        }
        (self.edited(changes), counts)
    }

    /// A file of these users.
    pub(crate) fn of(entries: &[NewEntry]) -> Vec<u8> {
        entries.iter().flat_map(|entry| Self::of_one(&entry.user, &entry.hash)).collect()
    }

    /// A file of one user.
    fn of_one(user: &UserName, hash: &str) -> Vec<u8> {
        let mut line = Vec::with_capacity(user.as_bytes().len() + hash.len() + 2);
        line.extend_from_slice(user.as_bytes());
        line.push(b':');
        line.extend_from_slice(hash.as_bytes());
        line.push(b'\n');
        line
    }

    /// A new last line; it gets a line of its own also where the last one was not ended.
    fn appended(&self, user: &UserName, hash: &str) -> Change {
        let mut with = Self::of_one(user, hash);
        if self.lacks_ending() {
            with.insert(0, b'\n');
        }
        let end = self.bytes.len();
        Change { range: end..end, with }
    }

    fn lacks_ending(&self) -> bool {
        self.bytes.last().is_some_and(|&byte| byte != b'\n')
    }

    /// Everything replaced by these users.
    pub(crate) fn overwritten(&self, entries: &[NewEntry]) -> Edited<'_> {
        let change = Change { range: 0..self.bytes.len(), with: Self::of(entries) };
        self.edited(vec![change])
    }

    fn edited(&self, changes: Vec<Change>) -> Edited<'_> {
        Edited { old: &self.bytes, changes }
    }
}

/// A user and the hash to give him.
pub struct NewEntry {
    /// Who.
    pub user: UserName,
    /// The text behind the name.
    pub hash: String,
}

/// What became of many users.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counts {
    /// So many are new.
    pub added: usize,
    /// So many had a line.
    pub updated: usize,
}

/// What became of the user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Set {
    /// The file had no such user.
    Added,
    /// The user's first line has the new hash.
    Updated,
}

/// The lines of a file that hold a password in plain text.
#[derive(Default)]
pub struct Plain<'a> {
    lines: Vec<Line<'a>>,
    passwords: Vec<&'a [u8]>,
    kept: usize,
    unknown: Numbers,
}

impl<'a> Plain<'a> {
    /// The passwords, in the order of their lines.
    pub fn passwords(&self) -> &[&'a [u8]] {
        &self.passwords
    }

    /// How many lines of users stay as they are.
    pub fn kept(&self) -> usize {
        self.kept
    }

    /// Those of them that may hold a password all the same: it begins like a hash of a kind that no
    /// broker knows.
    pub(crate) fn into_unknown(self) -> Numbers {
        self.unknown
    }
}

/// Bytes to put in the place of others.
struct Change {
    range: Range<usize>,
    with: Vec<u8>,
}

impl Change {
    /// Whether it puts another line in the place of that one.
    fn rewrites(&self, line: &Range<usize>) -> bool {
        self.range == *line && !self.with.is_empty()
    }
}

/// A file with changes: the old bytes, but for the changed ones.
pub struct Edited<'a> {
    old: &'a [u8],
    changes: Vec<Change>,
}

impl Edited<'_> {
    /// What is wrong with the lines that were not asked for.
    pub fn faults(&self) -> Faults {
        Faults::of(self.old, &self.changes)
    }

    /// Whether nothing changes.
    pub(crate) fn is_unchanged(&self) -> bool {
        self.changes.is_empty()
    }

    /// What the file held before.
    fn old(&self) -> &[u8] {
        self.old
    }

    /// The new file, in pieces: what stays is not copied.
    pub fn pieces(&self) -> impl Iterator<Item = &[u8]> {
        let starts = std::iter::once(0).chain(self.changes.iter().map(|change| change.range.end));
        let kept_until = self.changes.iter().map(|change| change.range.start);
        let ends = kept_until.chain(std::iter::once(self.old.len()));
        let kept = starts.zip(ends).map(|(start, end)| &self.old[start..end]);
        let new = self.changes.iter().map(|change| change.with.as_slice());
        kept.zip(new.chain(std::iter::once(&[] as &[u8]))).flat_map(|(kept, new)| [kept, new])
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;

    use super::*;
    use crate::hash::Algorithm;
    use proptest::prelude::{any, prop};
    use proptest::{prop_assert, prop_assert_eq, proptest};

    const HASH: &str = "$6$uboSEBxtcMaYNWXP$bZKA30IYCwMIQUIQSQQc6QpBlHYvMRoJ3FQGhxL5o/4Oz4mvPD+KKWYISBITF6K5d4v6lMCO39cDZsIsGivWiw==";

    fn file(bytes: &[u8]) -> PasswordFile {
        PasswordFile::new(Zeroizing::new(bytes.to_vec()))
    }

    fn user(name: &str) -> UserName {
        UserName::new(name.as_bytes()).unwrap()
    }

    fn text(edited: &Edited) -> String {
        String::from_utf8(edited.pieces().collect::<Vec<_>>().concat()).unwrap()
    }

    fn set(old: &str, name: &str) -> (String, Set) {
        let file = file(old.as_bytes());
        let (edited, set) = file.set(&user(name), "NEW");
        (text(&edited), set)
    }

    fn delete(old: &str, name: &str) -> Option<String> {
        file(old.as_bytes()).delete(&user(name)).map(|edited| text(&edited))
    }

    fn upgrade(old: &str) -> String {
        let file = file(old.as_bytes());
        let plain = file.plain();
        let hashes: Vec<String> = plain
            .passwords()
            .iter()
            .map(|password| format!("<{}>", String::from_utf8_lossy(password)))
            .collect();
        text(&file.upgrade(&plain, &hashes))
    }

    #[test]
    fn a_new_user_gets_the_last_line() {
        assert_eq!(set("", "u"), ("u:NEW\n".into(), Set::Added));
        assert_eq!(set("# c\n\na:1\n", "u"), ("# c\n\na:1\nu:NEW\n".into(), Set::Added));
    }

    #[test]
    fn a_new_user_gets_a_line_of_its_own_where_the_last_is_not_ended() {
        assert_eq!(set("a:1", "u").0, "a:1\nu:NEW\n");
    }

    #[test]
    fn a_known_user_is_changed_in_its_first_line() {
        let (text, set) = set("# c\na:1\nu:2:x\nb:3\nu:4\n", "u");
        assert_eq!(text, "# c\na:1\nu:NEW\nb:3\nu:4\n");
        assert_eq!(set, Set::Updated);
    }

    #[test]
    fn a_changed_line_keeps_its_ending_and_gets_one() {
        assert_eq!(set("u:1\r\na:2\r\n", "u").0, "u:NEW\r\na:2\r\n");
        assert_eq!(set("a:1\nu:2", "u").0, "a:1\nu:NEW\n");
    }

    #[test]
    fn names_are_compared_as_brokers_read_them() {
        assert_eq!(set(" u\t: 1\n", "u").0, "u:NEW\n");
        assert_eq!(set("::u:1\n", "u").0, "u:NEW\n");
        assert_eq!(set("U:1\n", "u").1, Set::Added);
        assert_eq!(set("#u:1\n", "#u").1, Set::Added);
        assert_eq!(set("u\n", "u").1, Set::Added);
    }

    fn set_all(old: &str, names: &[&str]) -> (String, Counts) {
        let file = file(old.as_bytes());
        let entry = |name: &&str| NewEntry { user: user(name), hash: format!("NEW{name}") };
        let entries: Vec<_> = names.iter().map(entry).collect();
        let (edited, counts) = file.set_all(&entries);
        (text(&edited), counts)
    }

    #[test]
    fn many_users_are_changed_in_their_lines_and_added_in_their_order() {
        let (text, counts) = set_all("# c\nb:1\na:1\r\nc:1\nb:2\n", &["z", "a", "y", "b"]);
        assert_eq!(text, "# c\nb:NEWb\na:NEWa\r\nc:1\nb:2\nz:NEWz\ny:NEWy\n");
        assert_eq!(counts, Counts { added: 2, updated: 2 });
    }

    #[test]
    fn of_many_users_too_each_gets_a_line_of_its_own() {
        assert_eq!(set_all("", &["u"]).0, "u:NEWu\n");
        assert_eq!(set_all("a:1", &["u", "v"]).0, "a:1\nu:NEWu\nv:NEWv\n");
        assert_eq!(set_all("b:1\na:1", &["u", "a"]).0, "b:1\na:NEWa\nu:NEWu\n");
    }

    #[test]
    fn deleting_drops_every_line_of_the_user() {
        assert_eq!(delete("u:1\n# c\nuu:2\n u :3\n", "u").unwrap(), "# c\nuu:2\n");
        assert_eq!(delete("a:1\nu:2", "u").unwrap(), "a:1\n");
        assert_eq!(delete("u:1\n", "u").unwrap(), "");
    }

    #[test]
    fn deleting_nobody_is_told() {
        assert_eq!(delete("a:1\n# u:1\n", "u"), None);
        assert_eq!(delete("", "u"), None);
    }

    #[test]
    fn upgrading_hashes_plain_lines_only() {
        let kept = format!("# c: x\n\nnobody\nh:{HASH}\ni: {HASH} :more\nj::{HASH}\nk:$7$broken\n");
        assert_eq!(upgrade(&format!("{kept}a:pw\n")), format!("{kept}a:<pw>\n"));
    }

    #[test]
    fn a_plain_password_reaches_to_the_end_of_its_line() {
        assert_eq!(upgrade("a:p:q\n"), "a:<p:q>\n");
        assert_eq!(upgrade("a: p q \r\n"), "a:<p q>\r\n");
        assert_eq!(upgrade("a::p"), "a:<:p>\n");
    }

    #[test]
    fn a_password_no_broker_could_check_is_left_alone() {
        for line in [" #a:p\n", ":#a:p\n", "a:\n", "a:  \n", "a:p\0q\n", ":p\n", " :p\n"] {
            assert_eq!(upgrade(line), line);
        }
        let long = format!("a:{}\n", "x".repeat(65_536));
        assert_eq!(upgrade(&long), long);
    }

    #[test]
    fn upgrading_counts_what_it_keeps() {
        let file = file(format!("a:1\nb:{HASH}\n# c\nd:{HASH}\n").as_bytes());
        assert_eq!(file.plain().kept(), 2);
        assert_eq!(file.plain().passwords(), [b"1"]);
    }

    /// Lines that are likely to be wrong: a few bytes, many of them special.
    fn bytes() -> impl proptest::strategy::Strategy<Value = Vec<u8>> {
        let special = proptest::sample::select(b"\n\n::#u \r\t\0$67=".as_slice());
        prop::collection::vec(proptest::prop_oneof![3 => special, 1 => any::<u8>()], 0..200)
    }

    proptest! {
        #[test]
        fn lines_are_all_the_bytes(bytes in bytes()) {
            let joined: Vec<u8> = lines(&bytes).flat_map(|line| bytes[line.range].to_vec()).collect();
            prop_assert_eq!(joined, bytes);
        }

        #[test]
        fn adding_or_updating_keeps_every_other_byte(bytes in bytes()) {
            let file = file(&bytes);
            let (edited, set) = file.set(&user("u"), HASH);
            let new = edited.pieces().collect::<Vec<_>>().concat();
            let old_lines: Vec<&[u8]> = bytes.split_inclusive(|&byte| byte == b'\n').collect();
            let new_lines: Vec<&[u8]> = new.split_inclusive(|&byte| byte == b'\n').collect();
            match set {
                Set::Added => prop_assert_eq!(new_lines.len(), old_lines.len() + 1),
                Set::Updated => prop_assert_eq!(new_lines.len(), old_lines.len()),
            }
            let changed = old_lines.iter().zip(&new_lines).filter(|(old, new)| {
                let ended = [old, b"\n".as_slice()].concat();
                old != new && (set == Set::Updated || ended.as_slice() != **new)
            });
            prop_assert_eq!(changed.count(), usize::from(set == Set::Updated));
            let file = PasswordFile::new(Zeroizing::new(new.clone()));
            prop_assert_eq!(file.set(&user("u"), HASH).1, Set::Updated);
        }

        #[test]
        fn setting_many_is_setting_one_after_the_other(bytes in bytes()) {
            let names = ["u", "v", "6"];
            let entries = names.map(|name| NewEntry { user: user(name), hash: HASH.to_owned() });
            let file = file(&bytes);
            let at_once = file.set_all(&entries).0.pieces().collect::<Vec<_>>().concat();
            let one_by_one = names.iter().fold(bytes, |bytes, name| {
                let file = PasswordFile::new(Zeroizing::new(bytes));
                let (edited, _) = file.set(&user(name), HASH);
                edited.pieces().collect::<Vec<_>>().concat()
            });
            prop_assert_eq!(at_once, one_by_one);
        }

        #[test]
        fn deleting_keeps_every_other_line(bytes in bytes()) {
            let file = file(&bytes);
            let Some(edited) = file.delete(&user("u")) else { return Ok(()) };
            let new = edited.pieces().collect::<Vec<_>>().concat();
            let mut old_lines = bytes.split_inclusive(|&byte| byte == b'\n');
            for line in new.split_inclusive(|&byte| byte == b'\n') {
                prop_assert!(old_lines.any(|old| old == line));
            }
            prop_assert!(PasswordFile::new(Zeroizing::new(new)).delete(&user("u")).is_none());
        }

        #[test]
        fn upgrading_twice_changes_nothing_more(bytes in bytes()) {
            let file = file(&bytes);
            let plain = file.plain();
            let hashes = Algorithm::Sha512.hash_all(plain.passwords(), &AtomicUsize::new(0)).unwrap();
            let edited = file.upgrade(&plain, &hashes);
            let new = edited.pieces().collect::<Vec<_>>().concat();
            let file = PasswordFile::new(Zeroizing::new(new));
            prop_assert!(file.plain().passwords().is_empty());
        }
    }
}
