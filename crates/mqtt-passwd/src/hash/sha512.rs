//! `$6$`: SHA-512 of password and salt, once. Not the `$6$` of crypt(3).

use sha2::{Digest, Sha512};

use super::{DIGEST_LENGTH, salt_and_digest, split_salt_and_digest};

pub(super) const PREFIX: &str = "$6$";

/// The password goes into the digest before the salt.
pub(super) fn digest(password: &[u8], salt: &[u8]) -> [u8; DIGEST_LENGTH] {
    Sha512::new().chain_update(password).chain_update(salt).finalize().into()
}

/// `$6$SALT$DIGEST`.
pub(super) fn text(salt: &[u8], digest: &[u8]) -> String {
    format!("{PREFIX}{}", salt_and_digest(salt, digest))
}

/// Salt and digest in `rest`, the text behind the prefix, if it is complete.
pub(super) fn parse(rest: &[u8]) -> Option<(&[u8], &[u8])> {
    split_salt_and_digest(rest)
}

#[cfg(test)]
mod tests {
    use super::super::Kind;
    use super::super::tests::{P1, P2, salt};
    use super::*;

    /// Made by `mosquitto_passwd` 2.0.11 (12 bytes of salt) and 2.1.2 (64).
    const VECTORS: [(&[u8], &str); 4] = [
        (
            P1,
            "$6$uboSEBxtcMaYNWXP$bZKA30IYCwMIQUIQSQQc6QpBlHYvMRoJ3FQGhxL5o/4Oz4mvPD+KKWYISBITF6K5d4v6lMCO39cDZsIsGivWiw==",
        ),
        (
            P2,
            "$6$rd+HAZHDQE/O9chL$BZVNxo2yFgQ2zX/dl48iMZg/DebD7M/OBy83Z2p+tfJ8KtT5owXHbFYnlK7mTG1vRkjDgcQcM75+BsXI5GkVeg==",
        ),
        (
            P1,
            "$6$fbl0vXWd5F6wgvGOshHfWkSrMUtq5Mh1RVT6ASnr6CI3AiGtg1rEbtrFeyxT2dDG1zYE1z/pzxqTF2+0WqWjkw==$kd/VIFHZ7gVDljSvo21138mWa51cRuI4UiZ0jso40UxQTjVhifyQuSvD/iUh9awPMTORZ5huMS9Pyaw6pKJoJg==",
        ),
        (
            P2,
            "$6$7xKL3SKT0JQsUGISYLY57Ev1jfBJdSSq7+5bEMvKkFLyHK1fFRSFseUCfoD0MC0772bh56MF5O3NLZgQFdT6vw==$oc7MiW+7kPyvKy60PfNnq61BZ06Kjd/H450Il1aA1YBQu89kuiKomhOaIpf/ayulmxZd3e79btOHUtEfjbmIOQ==",
        ),
    ];

    #[test]
    fn hashes_are_those_of_the_original() {
        for (password, hash) in VECTORS {
            let salt = salt(hash, 2);
            assert_eq!(text(&salt, &digest(password, &salt)), hash);
        }
    }

    #[test]
    fn hashes_are_told_from_damaged_ones() {
        for (_, hash) in VECTORS {
            assert_eq!(Kind::of(hash.as_bytes()), Kind::Hash);
            let cut = &hash[..hash.len() - 1];
            assert_eq!(Kind::of(cut.as_bytes()), Kind::Damaged);
        }
        assert_eq!(Kind::of(b"$6$"), Kind::Damaged);
        assert_eq!(Kind::of(b"$6$secret"), Kind::Damaged);
    }
}
