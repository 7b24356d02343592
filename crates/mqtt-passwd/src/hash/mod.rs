//! Password hashes as brokers store them: computing one, and telling one from a plain text.
//!
//! This room knows no files and no user names.

mod argon2id;
mod pbkdf2_sha512;
mod sha512;

use std::num::NonZero;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use mqtt_core::exit::{ExitStatus, Failure};

use crate::stack;

/// Every hash of every algorithm is this long.
const DIGEST_LENGTH: usize = 64;

/// Bytes of salt. Brokers before 2.1 refuse every other length, later ones take 12 or 64.
const SALT_LENGTH: usize = 12;

/// What to compute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Algorithm {
    /// `$argon2id$`, with the parameters of mosquitto 2.1.
    Argon2id,
    /// `$7$`: PBKDF2-HMAC-SHA512.
    Pbkdf2Sha512 {
        /// How often the inner hash is applied.
        iterations: NonZero<u32>,
    },
    /// `$6$`: SHA-512, once.
    Sha512,
}

impl Algorithm {
    /// The text that goes behind the user name, over a fresh salt.
    pub(crate) fn hash(self, password: &[u8]) -> Result<String, HashError> {
        let hash = self.encode(password);
        stack::wipe();
        hash
    }

    #[inline(never)]
    fn encode(self, password: &[u8]) -> Result<String, HashError> {
        let mut salt = [0; SALT_LENGTH];
        getrandom::fill(&mut salt)?;
        match self {
            Self::Argon2id => argon2id::encode(password, &salt),
            Self::Pbkdf2Sha512 { iterations } => {
                Ok(pbkdf2_sha512::encode(password, &salt, iterations))
            }
            Self::Sha512 => Ok(sha512::encode(password, &salt)),
        }
    }

    /// The hashes of many passwords, in their order, computed on all cores. `done` counts them.
    pub(crate) fn hash_all(
        self,
        passwords: &[&[u8]],
        done: &AtomicUsize,
    ) -> Result<Vec<String>, HashError> {
        let cores = thread::available_parallelism().map_or(1, NonZero::get);
        let next = AtomicUsize::new(0);
        let hash_share = || {
            let mut share = Vec::new();
            loop {
                let index = next.fetch_add(1, Ordering::Relaxed);
                let Some(password) = passwords.get(index) else {
                    stack::wipe();
                    return Ok(share);
                };
                share.push((index, self.encode(password)?));
                done.fetch_add(1, Ordering::Relaxed);
            }
        };
        let shares: Result<Vec<_>, HashError> = thread::scope(|scope| {
            let workers: Vec<_> =
                (0..cores.min(passwords.len())).map(|_| scope.spawn(hash_share)).collect();
            workers
                .into_iter()
                .map(|worker| match worker.join() {
                    Ok(share) => share,
                    Err(panic) => std::panic::resume_unwind(panic),
                })
                .collect()
        });
        let mut hashes: Vec<_> = shares?.into_iter().flatten().collect();
        hashes.sort_unstable_by_key(|(index, _)| *index);
        Ok(hashes.into_iter().map(|(_, hash)| hash).collect())
    }
}

/// The hash could not be computed. Status 10.
#[derive(Debug, thiserror::Error)]
pub(crate) enum HashError {
    /// argon2 needs 46 MiB and refuses some parameters.
    #[error("cannot compute the argon2id hash: {0}")]
    Argon2(argon2::Error),
    /// The system gives no random bytes for the salt.
    #[error("the system gives no random bytes for the salt")]
    Random(#[from] getrandom::Error),
}

impl Failure for HashError {
    fn status(&self) -> ExitStatus {
        ExitStatus::HASH
    }
}

/// What the text behind a user name is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// It begins like a hash and is none: no broker lets anybody in with it.
    Damaged,
    /// A hash that brokers (for argon2id: some) take.
    Hash,
    /// No hash at all.
    Plain,
}

impl Kind {
    /// Looks at a text. The strictest broker decides what a hash is.
    pub(crate) fn of(text: &[u8]) -> Self {
        let well_formed = if let Some(rest) = text.strip_prefix(sha512::PREFIX.as_bytes()) {
            sha512::is_well_formed(rest)
        } else if let Some(rest) = text.strip_prefix(pbkdf2_sha512::PREFIX.as_bytes()) {
            pbkdf2_sha512::is_well_formed(rest)
        } else if let Some(rest) = text.strip_prefix(argon2id::PREFIX.as_bytes()) {
            argon2id::is_well_formed(rest)
        } else {
            return Self::Plain;
        };
        if well_formed { Self::Hash } else { Self::Damaged }
    }
}

/// `SALT$DIGEST` in padded base64, as `$6$` and `$7$` end.
fn salt_and_digest(salt: &[u8], digest: &[u8]) -> String {
    format!("{}${}", STANDARD.encode(salt), STANDARD.encode(digest))
}

/// Whether `text` is `SALT$DIGEST` with lengths that a broker takes.
fn is_salt_and_digest(text: &[u8]) -> bool {
    let Some(split) = memchr::memchr(b'$', text) else {
        return false;
    };
    let (salt, digest) = (&text[..split], &text[split + 1..]);
    let salt_fits = is_base64_of(salt, SALT_LENGTH) || is_base64_of(salt, 64);
    salt_fits && is_base64_of(digest, DIGEST_LENGTH)
}

/// Whether `text` is the padded base64 of `length` bytes. Files have 100,000 lines, so nothing is
/// decoded into memory of its own.
fn is_base64_of(text: &[u8], length: usize) -> bool {
    let padding = (3 - length % 3) % 3;
    let Some(digits) = text.len().checked_sub(padding) else {
        return false;
    };
    text.len() == length.div_ceil(3) * 4
        && are_base64_digits(&text[..digits])
        && text[digits..].iter().all(|&byte| byte == b'=')
}

/// Looks at every byte, whatever the ones before it were: that way the compiler takes many at once.
fn are_base64_digits(text: &[u8]) -> bool {
    let is_digit = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/');
    text.iter().fold(true, |all, &byte| all & is_digit(byte))
}

/// A decimal number as brokers and we write it: digits, no sign, no leading zero.
fn decimal(text: &[u8]) -> Option<NonZero<u32>> {
    if text.starts_with(b"0") || !text.iter().all(u8::is_ascii_digit) {
        return None;
    }
    str::from_utf8(text).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(super) const P1: &[u8] = b"correct horse";
    pub(super) const P2: &[u8] = "pässwörd".as_bytes();

    /// The salt in field `number` of a `$`-separated hash, padded or not.
    pub(super) fn salt(hash: &str, number: usize) -> Vec<u8> {
        let field = hash.split('$').nth(number).unwrap();
        let padded = format!("{field}{}", "=".repeat((4 - field.len() % 4) % 4));
        STANDARD.decode(padded).unwrap()
    }

    #[test]
    fn each_algorithm_writes_what_it_recognises_over_a_fresh_salt() {
        let iterations = NonZero::new(3).unwrap();
        for algorithm in
            [Algorithm::Argon2id, Algorithm::Pbkdf2Sha512 { iterations }, Algorithm::Sha512]
        {
            let first = algorithm.hash(P1).unwrap();
            assert_eq!(Kind::of(first.as_bytes()), Kind::Hash, "{first}");
            assert_ne!(first, algorithm.hash(P1).unwrap());
        }
    }

    #[test]
    fn many_hashes_come_in_the_order_of_their_passwords() {
        let passwords: Vec<String> = (0..200).map(|number| number.to_string()).collect();
        let bytes: Vec<&[u8]> = passwords.iter().map(String::as_bytes).collect();
        let done = AtomicUsize::new(0);
        let hashes = Algorithm::Sha512.hash_all(&bytes, &done).unwrap();
        assert_eq!(done.into_inner(), bytes.len());
        assert_eq!(hashes.len(), 200);
        for (hash, password) in hashes.iter().zip(bytes) {
            assert_eq!(*hash, sha512::encode(password, &salt(hash, 2)));
        }
    }

    #[test]
    fn no_passwords_have_no_hashes() {
        assert!(Algorithm::Sha512.hash_all(&[], &AtomicUsize::new(0)).unwrap().is_empty());
    }

    #[test]
    fn a_text_is_plain_unless_it_begins_like_a_hash() {
        for text in ["secret", "", "$5$x", "6$x", "$", "$argon2i$v=19", "$07$1"] {
            assert_eq!(Kind::of(text.as_bytes()), Kind::Plain, "{text}");
        }
    }

    #[test]
    fn padding_is_neither_missing_nor_too_much() {
        assert!(is_base64_of(b"AAAAAAAAAAAAAAAA", 12));
        assert!(!is_base64_of(b"AAAAAAAAAAAAAAA=", 12));
        assert!(!is_base64_of(b"AAAAAAAAAAAAAA-_", 12));
        assert!(is_base64_of(b"AA==", 1));
        assert!(!is_base64_of(b"AAA=", 1));
        assert!(!is_base64_of(b"", 1));
    }

    #[test]
    fn numbers_are_strict() {
        assert_eq!(decimal(b"10").map(NonZero::get), Some(10));
        for text in ["", "0", "010", "+10", "-1", "10x", "4294967296"] {
            assert_eq!(decimal(text.as_bytes()), None, "{text}");
        }
    }
}
