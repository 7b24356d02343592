//! Any bytes as a password file, and any edit of it: lines that were not asked for keep every byte,
//! and an edit that is made twice changes nothing more.
#![no_main]

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use mqtt_passwd::{Edit, edited};

/// A hash that every broker takes.
const HASH: &str = "$6$uboSEBxtcMaYNWXP$bZKA30IYCwMIQUIQSQQc6QpBlHYvMRoJ3FQGhxL5o/4Oz4mvPD+KKWYISBITF6K5d4v6lMCO39cDZsIsGivWiw==";

#[derive(Arbitrary, Debug)]
struct Input<'a> {
    kind: Kind,
    user: &'a [u8],
    file: &'a [u8],
}

#[derive(Arbitrary, Debug)]
enum Kind {
    Set,
    Delete,
    Upgrade,
}

fn lines(bytes: &[u8]) -> Vec<&[u8]> {
    bytes.split_inclusive(|&byte| byte == b'\n').collect()
}

fuzz_target!(|input: Input<'_>| {
    let Input { kind, user, file } = input;
    let edit = match kind {
        Kind::Set => Edit::Set(user, HASH),
        Kind::Delete => Edit::Delete(user),
        Kind::Upgrade => Edit::Upgrade(HASH),
    };
    let Some((new, _)) = edited(file, edit) else { return };
    let (before, after) = (lines(file), lines(&new));
    // One that was not ended may have got its end.
    let same = |old: &[u8], new: &[u8]| old == new || [old, b"\n"].concat() == new;
    match kind {
        Kind::Set | Kind::Upgrade => {
            let changed = before.iter().zip(&after).filter(|(old, new)| !same(old, new));
            let hashes = changed.inspect(|(_, new)| assert!(contains(new, HASH.as_bytes())));
            let count = hashes.count();
            match kind {
                Kind::Set => assert_eq!(after.len() - before.len() + count, 1),
                _ => assert_eq!(after.len(), before.len()),
            }
        }
        Kind::Delete => {
            let mut old = before.iter();
            assert!(after.iter().all(|line| old.any(|old| old == line)));
        }
    }
    match (kind, edited(&new, edit)) {
        (Kind::Delete, again) => assert!(again.is_none()),
        (_, again) => assert_eq!(again.unwrap().0, new),
    }
});

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}
