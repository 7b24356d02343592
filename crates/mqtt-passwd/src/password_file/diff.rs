//! What an edit would change, line by line, without a hash or a text that may be a password.

use std::fmt::Write as _;

use super::Edited;
use super::faults::Fault;
use super::line::{Content, Entry, Line, lines};
use crate::hash::Stored;
use crate::user_name;

impl Edited<'_> {
    /// The lines that go, each behind `-` and its number, and those that come, behind `+`.
    pub fn diff(&self) -> String {
        let mut diff = String::new();
        let (mut old_number, mut new_number, mut end) = (1, 1, 0);
        for change in &self.changes {
            let kept = memchr::memchr_iter(b'\n', &self.old[end..change.range.start]).count();
            // A line feed in front is the end of a line that had none.
            let (ended, with) = match change.with.strip_prefix(b"\n") {
                Some(with) => (1, with),
                None => (0, change.with.as_slice()),
            };
            old_number += kept + ended;
            new_number += kept + ended;
            for line in lines(&self.old[change.range.clone()]) {
                let _ = writeln!(diff, "-{old_number} {}", described(&line));
                old_number += 1;
            }
            for line in lines(with) {
                let _ = writeln!(diff, "+{new_number} {}", described(&line));
                new_number += 1;
            }
            end = change.range.end;
        }
        diff
    }
}

fn described(line: &Line<'_>) -> String {
    match line.content {
        Content::Entry(entry) => {
            format!("{}: {}", user_name::visible(entry.name), hash_of(entry))
        }
        Content::NoColon => "(no ':')".to_owned(),
        Content::Nothing => "(comment or blank)".to_owned(),
    }
}

fn hash_of(entry: Entry<'_>) -> String {
    match (Fault::of(entry), Stored::parse(entry.hash())) {
        (None, Some(hash)) => {
            let algorithm = hash.algorithm();
            format!("{}, {}", algorithm.name(), algorithm.cost())
        }
        (fault, _) => fault.unwrap_or(Fault::Damaged).to_string(),
    }
}

#[cfg(test)]
mod tests {
    use crate::password_file::{NewEntry, PasswordFile};
    use crate::user_name::UserName;
    use zeroize::Zeroizing;

    const HASH: &str = "$6$uboSEBxtcMaYNWXP$bZKA30IYCwMIQUIQSQQc6QpBlHYvMRoJ3FQGhxL5o/4Oz4mvPD+KKWYISBITF6K5d4v6lMCO39cDZsIsGivWiw==";

    fn file(text: &str) -> PasswordFile {
        PasswordFile::new(Zeroizing::new(text.as_bytes().to_vec()))
    }

    fn user(name: &str) -> UserName {
        UserName::new(name.as_bytes()).unwrap()
    }

    #[test]
    fn a_new_line_and_a_changed_one_are_told_by_number() {
        let old = file("# c\na:pw\nb:$7$1\n");
        assert_eq!(old.set(&user("u"), HASH).0.diff(), "+4 u: sha512, once\n");
        assert_eq!(old.set(&user("b"), HASH).0.diff(), "-3 b: damaged hash\n+3 b: sha512, once\n");
    }

    #[test]
    fn a_line_that_was_not_ended_is_none_of_it() {
        assert_eq!(file("a:pw\nb:pw").set(&user("u"), HASH).0.diff(), "+3 u: sha512, once\n");
        let old = file("a:pw\nb:pw");
        assert_eq!(
            old.set(&user("b"), HASH).0.diff(),
            "-2 b: password not hashed\n+2 b: sha512, once\n"
        );
    }

    #[test]
    fn many_lines_have_their_numbers() {
        let entry = |name| NewEntry { user: user(name), hash: HASH.to_owned() };
        let old = file("b:1\na:1");
        let entries = ["u", "a", "v", "b"].map(entry);
        assert_eq!(
            old.set_all(&entries).0.diff(),
            "-1 b: password not hashed\n+1 b: sha512, once\n\
             -2 a: password not hashed\n+2 a: sha512, once\n\
             +3 u: sha512, once\n+4 v: sha512, once\n"
        );
    }

    #[test]
    fn lines_behind_removed_ones_move_up() {
        let old = file(&format!("u:{HASH}\n# c\nu:x\nb:{HASH}\n"));
        let edited = old.delete(&user("u")).unwrap();
        assert_eq!(edited.diff(), "-1 u: sha512, once\n-3 u: password not hashed\n");
    }

    #[test]
    fn all_lines_go_where_all_are_overwritten() {
        let old = file("# bob:secret\n\nsecret\nb:secret\n");
        assert_eq!(
            old.overwritten(&[NewEntry { user: user("u"), hash: HASH.to_owned() }]).diff(),
            "-1 (comment or blank)\n-2 (comment or blank)\n-3 (no ':')\n-4 b: password not hashed\n\
             +1 u: sha512, once\n"
        );
    }
}
