//! Any bytes as a password file: an edit changes the lines it was asked to change and no other
//! byte, is found again by the next one, and doing it twice is doing it once. The same bytes as a
//! list of users: what is read stands in it, and all of them are set.
#![no_main]

use libfuzzer_sys::fuzz_target;
use mqtt_passwd::password_file::{Counts, Edited, NewEntry, PasswordFile, Set};
use mqtt_passwd::user_list::{self, Login};
use mqtt_passwd::user_name::UserName;
use zeroize::Zeroizing;

/// As the tool writes it.
const HASH: &str = "$6$uboSEBxtcMaYNWXP$bZKA30IYCwMIQUIQSQQc6QpBlHYvMRoJ3FQGhxL5o/4Oz4mvPD+KKWYISBITF6K5d4v6lMCO39cDZsIsGivWiw==";

fuzz_target!(|bytes: &[u8]| {
    let user = UserName::new(b"u").expect("a name");
    let old = file(bytes);
    setting(&old, bytes, &user);
    deleting(&old, bytes, &user);
    upgrading(&old, bytes);
    setting_all(&old, bytes);
    naming(bytes);
});

fn setting(old: &PasswordFile, bytes: &[u8], user: &UserName) {
    let (edited, set) = old.set(user, HASH);
    let _ = (edited.faults().to_string(), edited.diff());
    let new = content(&edited);
    let (old_lines, new_lines) = (lines(bytes), lines(&new));
    let added = usize::from(set == Set::Added);
    assert_eq!(new_lines.len(), old_lines.len() + added);
    let changed = |(old, new): &(&&[u8], &&[u8])| old != new && [old, &b"\n"[..]].concat() != **new;
    let changed = old_lines.iter().zip(&new_lines).filter(changed).count();
    // A user who has this very hash already is not changed.
    assert!(changed + added <= 1);
    let again = file(&new);
    let (twice, set) = again.set(user, HASH);
    assert_eq!((content(&twice), set), (new, Set::Updated));
    assert!(again.delete(user).is_some());
}

fn deleting(old: &PasswordFile, bytes: &[u8], user: &UserName) {
    let Some(edited) = old.delete(user) else { return };
    let _ = edited.faults().to_string();
    let new = content(&edited);
    let mut old_lines = lines(bytes).into_iter();
    assert!(lines(&new).iter().all(|line| old_lines.any(|old| old == *line)));
    assert!(new.len() < bytes.len() && file(&new).delete(user).is_none());
}

fn upgrading(old: &PasswordFile, bytes: &[u8]) {
    let plain = old.plain();
    let (count, kept) = (plain.passwords().len(), plain.kept());
    let hashes = vec![HASH.to_owned(); count];
    let edited = old.upgrade(&plain, &hashes);
    let _ = edited.faults().to_string();
    let new = content(&edited);
    let (old_lines, new_lines) = (lines(bytes), lines(&new));
    assert_eq!(old_lines.len(), new_lines.len());
    assert_eq!(old_lines.iter().zip(&new_lines).filter(|(old, new)| old != new).count(), count);
    let again = file(&new);
    let plain = again.plain();
    assert_eq!((plain.passwords().len(), plain.kept()), (0, kept + count));
}

/// The list is that of the file: users who are in it, and some whom only the list takes for users.
fn setting_all(old: &PasswordFile, bytes: &[u8]) {
    let Ok(logins) = user_list::logins(bytes) else { return };
    assert!(!logins.is_empty());
    let entry = |Login { user, password }: Login| {
        let line = [user.as_bytes(), b":", password.as_bytes()].concat();
        assert!(bytes.windows(line.len()).any(|window| window == line));
        NewEntry { user, hash: HASH.to_owned() }
    };
    let entries: Vec<_> = logins.into_iter().map(entry).collect();
    let (edited, counts) = old.set_all(&entries);
    assert_eq!(counts.added + counts.updated, entries.len());
    let new = content(&edited);
    assert_eq!(lines(&new).len(), lines(bytes).len() + counts.added);
    assert_eq!(edited.diff().lines().count(), counts.added + 2 * counts.updated);
    let again = file(&new);
    let (twice, counts) = again.set_all(&entries);
    assert_eq!((content(&twice), counts), (new, Counts { added: 0, updated: entries.len() }));
}

fn naming(bytes: &[u8]) {
    let Ok(names) = user_list::names(bytes) else { return };
    assert!(names.iter().all(|name| name.concern().is_none()));
}

fn file(bytes: &[u8]) -> PasswordFile {
    PasswordFile::new(Zeroizing::new(bytes.to_vec()))
}

fn content(edited: &Edited<'_>) -> Vec<u8> {
    edited.pieces().collect::<Vec<_>>().concat()
}

fn lines(bytes: &[u8]) -> Vec<&[u8]> {
    bytes.split_inclusive(|&byte| byte == b'\n').collect()
}
