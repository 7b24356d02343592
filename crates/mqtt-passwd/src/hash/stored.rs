//! A hash as it stands in a file: taken apart, held against a password, and judged.

use base64::Engine;
use base64::alphabet;
use base64::engine::general_purpose::{GeneralPurpose, PAD, STANDARD_NO_PAD};
use subtle::ConstantTimeEq;

use super::{
    Algorithm, HashError, LONG_SALT_LENGTH, SALT_LENGTH, argon2id, encoded, loose, pbkdf2_sha512,
    sha512,
};
use crate::stack;

/// As brokers decode `$6$` and `$7$`: the bits behind the last byte mean nothing.
const PADDED: GeneralPurpose =
    GeneralPurpose::new(&alphabet::STANDARD, PAD.with_decode_allow_trailing_bits(true));

/// A hash that some broker takes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stored<'a> {
    form: Form,
    algorithm: Algorithm,
    /// In base64, as the digest.
    salt: &'a [u8],
    digest: &'a [u8],
}

/// How a hash is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// Without the one `$` in front: only brokers 2.0 take it.
    Bare,
    /// With something that brokers read over.
    Loose,
    /// As it should be.
    Strict,
}

impl<'a> Stored<'a> {
    /// Takes a text apart; `None` if it is no hash, or a damaged one.
    pub(crate) fn parse(text: &'a [u8]) -> Option<Self> {
        Self::parse_strict(text).or_else(|| {
            let (form, algorithm, salt, digest) = loose::parse(text)?;
            Some(Self { form, algorithm, salt, digest })
        })
    }

    fn parse_strict(text: &'a [u8]) -> Option<Self> {
        let (algorithm, salt, digest) = if let Some(rest) = behind(sha512::PREFIX, text) {
            let (salt, digest) = sha512::parse(rest)?;
            (Algorithm::Sha512, salt, digest)
        } else if let Some(rest) = behind(pbkdf2_sha512::PREFIX, text) {
            let (iterations, salt, digest) = pbkdf2_sha512::parse(rest)?;
            (Algorithm::Pbkdf2Sha512 { iterations }, salt, digest)
        } else {
            let rest = behind(argon2id::PREFIX, text)?;
            let (parameters, salt, digest) = argon2id::parse(rest)?;
            (Algorithm::Argon2id(parameters), salt, digest)
        };
        Some(Self { form: Form::Strict, algorithm, salt, digest })
    }

    /// How it was computed.
    pub(crate) fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// Whether it is the hash of this password. How long that takes says nothing about how much of
    /// it is right.
    pub(crate) fn verifies(&self, password: &[u8]) -> Result<bool, HashError> {
        let verified = self.compare(password);
        stack::wipe();
        verified
    }

    #[inline(never)]
    fn compare(&self, password: &[u8]) -> Result<bool, HashError> {
        // What is no base64 after all, by bits that argon2 wants to be zero, no broker takes either.
        let (Some(salt), Some(digest)) = (self.decode(self.salt), self.decode(self.digest)) else {
            return Ok(false);
        };
        let computed = self.algorithm.digest(password, &salt, digest.len())?;
        Ok(computed.ct_eq(&digest).into())
    }

    fn decode(&self, text: &[u8]) -> Option<Vec<u8>> {
        match self.algorithm {
            Algorithm::Argon2id(_) => STANDARD_NO_PAD.decode(text).ok(),
            Algorithm::Pbkdf2Sha512 { .. } | Algorithm::Sha512 => PADDED.decode(text).ok(),
        }
    }

    /// The brokers that do not take it.
    pub(crate) fn refused_by(&self) -> &'static [Broker] {
        let is_salt_long = self.salt.len() == encoded(LONG_SALT_LENGTH);
        match (self.algorithm, self.form) {
            (Algorithm::Argon2id(_), _) => &[Broker::V2_0, Broker::V2_1],
            (_, Form::Bare) if is_salt_long => Broker::ALL,
            (_, Form::Bare) => &[Broker::V2_1, Broker::V2_1Argon2],
            _ if is_salt_long => &[Broker::V2_0],
            _ => &[],
        }
    }

    /// Whether it is what would be written today: the algorithm, its cost, and a salt of the length
    /// that every broker takes.
    pub(crate) fn is_as_written_by(&self, algorithm: Algorithm) -> bool {
        self.form == Form::Strict
            && self.algorithm == algorithm
            && self.salt.len() == encoded(SALT_LENGTH)
    }
}

fn behind<'a>(prefix: &str, text: &'a [u8]) -> Option<&'a [u8]> {
    text.strip_prefix(prefix.as_bytes())
}

/// A kind of broker, by what it takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Broker {
    /// mosquitto 2.0.
    V2_0,
    /// mosquitto 2.1, as it is usually built.
    V2_1,
    /// mosquitto 2.1, built with argon2.
    V2_1Argon2,
}

impl Broker {
    /// All there are.
    pub(crate) const ALL: &[Self] = &[Self::V2_0, Self::V2_1, Self::V2_1Argon2];

    /// What it is called, for people.
    pub(crate) fn described(self) -> &'static str {
        match self {
            Self::V2_0 => "2.0",
            Self::V2_1 => "2.1 without argon2",
            Self::V2_1Argon2 => "2.1 with argon2",
        }
    }

    /// What it is called, for programs.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::V2_0 => "2.0",
            Self::V2_1 => "2.1",
            Self::V2_1Argon2 => "2.1+argon2",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{P1, P2};
    use super::*;
    use crate::hash::Parameters;
    use std::num::NonZero;

    /// Made by `mosquitto_passwd` 2.0.11, 2.1.2, and 2.1.2 built with argon2, all of P1.
    const HASHES: [(&str, &[Broker]); 5] = [
        (
            "$6$uboSEBxtcMaYNWXP$bZKA30IYCwMIQUIQSQQc6QpBlHYvMRoJ3FQGhxL5o/4Oz4mvPD+KKWYISBITF6K5d4v6lMCO39cDZsIsGivWiw==",
            &[],
        ),
        (
            "$6$fbl0vXWd5F6wgvGOshHfWkSrMUtq5Mh1RVT6ASnr6CI3AiGtg1rEbtrFeyxT2dDG1zYE1z/pzxqTF2+0WqWjkw==$kd/VIFHZ7gVDljSvo21138mWa51cRuI4UiZ0jso40UxQTjVhifyQuSvD/iUh9awPMTORZ5huMS9Pyaw6pKJoJg==",
            &[Broker::V2_0],
        ),
        (
            "$7$101$8yVbEekvFr5MQXDr$LxP+9uqAtoAU3VNZmiBuMMHTtC6c051lMsS+tFReVD3F4DAGlfjrBB0sFwUyh7NbP1qvYkx8E7EVDPZ2EigkSA==",
            &[],
        ),
        (
            "$7$1000$8ZyywUUTK8QrMDw6qjp0NXZZscoN3NMAUHWnwCfT8/m0zjkOz4MeoPfA8ngkMmdc6vBcI3jMdKgMAi9LpovGGA==$aG2lMJshlBdNqQgNN8DxW8YfWn8WtOPFZ2xQCsoNV3NB+M8qGFwadr1fIyMyYuW0C4fiv++j6e6Yy8G3g2tLSw==",
            &[Broker::V2_0],
        ),
        (
            "$argon2id$v=19$m=47104,t=1,p=1$D9fXQm6hXJx7NDR1eIYuK+8aZsWXSfN3Ehm/Apan6CU/NHMKAEoAhqH+nXiAahZu5BFZY5DZiFSmuGL+1gG8vA$mymo8IxTfk1yh39BTHxpwK1vkZ7GbW/1KtTbnK0Dhv+lbB/ARNQL7iKWyiw9T/i50HTC6gTit25wL1Ax22+rYw",
            &[Broker::V2_0, Broker::V2_1],
        ),
    ];

    fn stored(text: &str) -> Stored<'_> {
        Stored::parse(text.as_bytes()).unwrap()
    }

    #[test]
    fn a_hash_verifies_its_password_and_no_other() {
        for (text, _) in HASHES {
            assert!(stored(text).verifies(P1).unwrap(), "{text}");
            for wrong in [P2, b"", b"correct hors", b"correct horse "] {
                assert!(!stored(text).verifies(wrong).unwrap(), "{text}");
            }
        }
    }

    #[test]
    fn what_is_written_verifies_and_is_as_written() {
        let iterations = NonZero::new(3).unwrap();
        let other = Algorithm::Pbkdf2Sha512 { iterations: NonZero::new(4).unwrap() };
        for algorithm in
            [Algorithm::ARGON2ID, Algorithm::Pbkdf2Sha512 { iterations }, Algorithm::Sha512]
        {
            let text = algorithm.encode(P2).unwrap();
            assert!(stored(&text).verifies(P2).unwrap(), "{text}");
            assert!(stored(&text).is_as_written_by(algorithm), "{text}");
            assert!(!stored(&text).is_as_written_by(other), "{text}");
        }
    }

    #[test]
    fn a_long_salt_is_not_as_written() {
        for (text, refused_by) in HASHES {
            let stored = stored(text);
            assert_eq!(stored.refused_by(), refused_by, "{text}");
            assert_eq!(
                stored.is_as_written_by(stored.algorithm()),
                refused_by.is_empty(),
                "{text}"
            );
        }
    }

    #[test]
    fn a_hash_that_is_written_oddly_verifies_and_is_not_as_written() {
        let hash = HASHES[2].0;
        let odd: [(String, &[Broker]); 4] = [
            (hash.replace("$101$", "$0101$"), &[]),
            (hash.replace("kSA==", "kSB==!!"), &[]),
            (hash[1..].to_owned(), &[Broker::V2_1, Broker::V2_1Argon2]),
            (HASHES[3].0[1..].to_owned(), Broker::ALL),
        ];
        for (text, refused_by) in &odd {
            let stored = stored(text);
            assert!(stored.verifies(P1).unwrap(), "{text}");
            assert!(!stored.verifies(P2).unwrap(), "{text}");
            assert!(!stored.is_as_written_by(stored.algorithm()), "{text}");
            assert_eq!(stored.refused_by(), *refused_by, "{text}");
        }
    }

    #[test]
    fn argon2id_of_other_costs_and_lengths_verifies() {
        // By argon2-cffi 25.1.0: 16 bytes of salt, 32 of digest.
        let text = "$argon2id$v=19$m=64,t=2,p=2$MDEyMzQ1Njc4OWFiY2RlZg$ehqGRlXhNY90u1mXokuaGpor9OaG4WSZVb4jCfev4ys";
        let stored = stored(text);
        assert!(stored.verifies(P1).unwrap());
        let Algorithm::Argon2id(Parameters { memory, passes, lanes, .. }) = stored.algorithm()
        else {
            panic!("no argon2id");
        };
        assert_eq!([memory, passes, lanes].map(NonZero::get), [64, 2, 2]);
    }
}
