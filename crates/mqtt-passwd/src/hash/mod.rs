//! Password hashes as brokers store them: computing one, telling one from a plain text, and holding
//! one against a password.
//!
//! This room knows no files and no user names.

mod argon2id;
pub(crate) mod cores;
mod cost;
mod loose;
mod pbkdf2_sha512;
mod sha512;
mod stored;

use std::num::NonZero;
use std::sync::atomic::{AtomicUsize, Ordering};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use mqtt_core::exit::{ExitStatus, Failure};

pub(crate) use argon2id::Parameters;
pub(crate) use stored::{Broker, Stored};

/// Every hash of every algorithm is this long.
const DIGEST_LENGTH: usize = 64;

/// Bytes of salt. Brokers before 2.1 refuse every other length, later ones take 12 or 64.
const SALT_LENGTH: usize = 12;

/// What `mosquitto_passwd` 2.1 writes.
const LONG_SALT_LENGTH: usize = 64;

/// How a hash is computed, and at what cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Algorithm {
    /// `$argon2id$`.
    Argon2id(Parameters),
    /// `$7$`: PBKDF2-HMAC-SHA512.
    Pbkdf2Sha512 {
        /// How often the inner hash is applied.
        iterations: NonZero<u32>,
    },
    /// `$6$`: SHA-512, once.
    Sha512,
}

impl Algorithm {
    /// As mosquitto 2.1 computes it, where it was built with it.
    pub(crate) const ARGON2ID: Self = Self::Argon2id(Parameters::MOSQUITTO);

    /// The text that goes behind the user name, over a fresh salt.
    fn encode(self, password: &[u8]) -> Result<String, HashError> {
        let mut salt = [0; SALT_LENGTH];
        getrandom::fill(&mut salt)?;
        let digest = self.digest(password, &salt, DIGEST_LENGTH)?;
        Ok(self.text(&salt, &digest))
    }

    // Once in the binary: it is most of the work, and of the code.
    #[inline(never)]
    fn digest(self, password: &[u8], salt: &[u8], length: usize) -> Result<Vec<u8>, HashError> {
        match self {
            Self::Argon2id(parameters) => argon2id::digest(password, salt, parameters, length),
            Self::Pbkdf2Sha512 { iterations } => {
                Ok(pbkdf2_sha512::digest(password, salt, iterations).into())
            }
            Self::Sha512 => Ok(sha512::digest(password, salt).into()),
        }
    }

    fn text(self, salt: &[u8], digest: &[u8]) -> String {
        match self {
            Self::Argon2id(parameters) => argon2id::text(parameters, salt, digest),
            Self::Pbkdf2Sha512 { iterations } => pbkdf2_sha512::text(iterations, salt, digest),
            Self::Sha512 => sha512::text(salt, digest),
        }
    }

    /// The hashes of many passwords, in their order, computed on all cores. `done` counts them.
    pub(crate) fn hash_all(
        self,
        passwords: &[&[u8]],
        done: &AtomicUsize,
    ) -> Result<Vec<String>, HashError> {
        cores::map(passwords, |password| {
            let hash = self.encode(password);
            done.fetch_add(1, Ordering::Relaxed);
            hash
        })
    }

    /// A text of the same form over a salt and digest of zeros: the hash of nothing.
    pub(crate) fn form(self) -> String {
        self.text(&[0; SALT_LENGTH], &[0; DIGEST_LENGTH])
    }
}

/// The hash could not be computed. Status 10.
#[derive(Debug, thiserror::Error)]
pub(crate) enum HashError {
    /// argon2 refuses some parameters.
    #[error("cannot compute the argon2id hash: {0}")]
    Argon2(argon2::Error),
    /// There is not as much, or nobody should ask for it.
    #[error("the argon2id hash needs {kib} KiB of memory, which cannot be had")]
    Memory {
        /// How much.
        kib: u32,
    },
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
    /// It begins like a hash and is none that we know a broker to take.
    Damaged,
    /// A hash that brokers (for argon2id: some) take.
    Hash,
    /// No hash at all.
    Plain,
    /// It begins like a hash of a kind that no broker knows.
    Unknown,
}

impl Kind {
    /// Looks at a text. The strictest broker decides what a hash is.
    pub(crate) fn of(text: &[u8]) -> Self {
        let prefixes = [sha512::PREFIX, pbkdf2_sha512::PREFIX, argon2id::PREFIX];
        if Stored::parse(text).is_some() {
            Self::Hash
        } else if prefixes.iter().any(|prefix| text.starts_with(prefix.as_bytes())) {
            Self::Damaged
        } else if names_a_kind(text) {
            Self::Unknown
        } else {
            Self::Plain
        }
    }
}

/// Whether a text begins like a hash of some kind: `$NAME$`.
fn names_a_kind(text: &[u8]) -> bool {
    let Some(rest) = text.strip_prefix(b"$") else { return false };
    let is_of_name = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'-';
    let length = rest.iter().take_while(|byte| is_of_name(byte)).count();
    length > 0 && rest.get(length) == Some(&b'$')
}

/// `SALT$DIGEST` in padded base64, as `$6$` and `$7$` end.
fn salt_and_digest(salt: &[u8], digest: &[u8]) -> String {
    format!("{}${}", STANDARD.encode(salt), STANDARD.encode(digest))
}

/// The halves of `SALT$DIGEST`, if both have lengths that a broker takes.
fn split_salt_and_digest(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let ends = |length: &usize| text.get(encoded(*length)) == Some(&b'$');
    let length = [SALT_LENGTH, LONG_SALT_LENGTH].into_iter().find(ends)?;
    let (salt, digest) = (&text[..encoded(length)], &text[encoded(length) + 1..]);
    (is_base64_of(salt, length) && is_base64_of(digest, DIGEST_LENGTH)).then_some((salt, digest))
}

/// What brokers take for a blank, in a hash and around it: C's `isspace`.
pub(crate) fn is_blank(byte: u8) -> bool {
    byte.is_ascii_whitespace() || byte == 0x0b
}

/// How many characters of padded base64 so many bytes are.
fn encoded(length: usize) -> usize {
    length.div_ceil(3) * 4
}

/// Whether `text` is the padded base64 of `length` bytes. Files have 100,000 lines, so nothing is
/// decoded into memory of its own.
fn is_base64_of(text: &[u8], length: usize) -> bool {
    let padding = (3 - length % 3) % 3;
    let Some(digits) = text.len().checked_sub(padding) else {
        return false;
    };
    text.len() == encoded(length)
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
    if text.starts_with(b"0") {
        return None;
    }
    let number = text.iter().try_fold(0_u32, |number, &digit| {
        let value = digit.is_ascii_digit().then(|| u32::from(digit - b'0'))?;
        number.checked_mul(10)?.checked_add(value)
    });
    number.and_then(NonZero::new)
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
            [Algorithm::ARGON2ID, Algorithm::Pbkdf2Sha512 { iterations }, Algorithm::Sha512]
        {
            let first = algorithm.encode(P1).unwrap();
            assert_eq!(Kind::of(first.as_bytes()), Kind::Hash, "{first}");
            assert_ne!(first, algorithm.encode(P1).unwrap());
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
            let salt = salt(hash, 2);
            assert_eq!(*hash, sha512::text(&salt, &sha512::digest(password, &salt)));
        }
    }

    #[test]
    fn no_passwords_have_no_hashes() {
        assert!(Algorithm::Sha512.hash_all(&[], &AtomicUsize::new(0)).unwrap().is_empty());
    }

    #[test]
    fn a_text_is_plain_unless_it_begins_like_a_hash() {
        for text in ["secret", "", "6$x", "$", "$$", "$5", "$x y$z", "$5x"] {
            assert_eq!(Kind::of(text.as_bytes()), Kind::Plain, "{text}");
        }
        for text in ["$5$x", "$argon2i$v=19", "$07$1", "$2b$10$x", "$scrypt-x$"] {
            assert_eq!(Kind::of(text.as_bytes()), Kind::Unknown, "{text}");
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
