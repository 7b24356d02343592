//! `$argon2id$`: a PHC string (RFC 9106), with the parameters of mosquitto 2.1.
//!
//! Written and read by hand, because the PHC strings of the argon2 crate stop at 48 bytes of salt
//! and mosquitto writes 64.

use std::num::NonZero;

use argon2::{Argon2, Block, Params, Version};
use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;

use super::{HashError, are_base64_digits, decimal};

pub(super) const PREFIX: &str = "$argon2id$";

/// The most memory that a hash may ask for: what RFC 9106 recommends first. A file can ask for
/// terabytes, which ends programs and not only this one.
const MOST_MEMORY_KIB: u32 = 2 * 1024 * 1024;

/// What a hash costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Parameters {
    version: Version,
    /// In KiB.
    pub(crate) memory: NonZero<u32>,
    /// How often the memory is gone through.
    pub(crate) passes: NonZero<u32>,
    /// Into how many parts it is cut.
    pub(crate) lanes: NonZero<u32>,
}

impl Parameters {
    /// Those of mosquitto 2.1.
    pub(crate) const MOSQUITTO: Self = Self {
        version: Version::V0x13,
        memory: NonZero::new(47_104).expect("it is not zero"),
        passes: NonZero::<u32>::MIN,
        lanes: NonZero::<u32>::MIN,
    };
}

/// As many bytes as are asked for.
pub(super) fn digest(
    password: &[u8],
    salt: &[u8],
    parameters: Parameters,
    length: usize,
) -> Result<Vec<u8>, HashError> {
    let Parameters { version, memory, passes, lanes } = parameters;
    if memory.get() > MOST_MEMORY_KIB {
        return Err(HashError::Memory { kib: memory.get() });
    }
    let params = Params::new(memory.get(), passes.get(), lanes.get(), Some(length))
        .map_err(HashError::Argon2)?;
    let mut blocks = Vec::new();
    let no_memory = |_| HashError::Memory { kib: memory.get() };
    blocks.try_reserve_exact(params.block_count()).map_err(no_memory)?;
    blocks.resize(params.block_count(), Block::default());
    let mut digest = vec![0; length];
    Argon2::new(argon2::Algorithm::Argon2id, version, params)
        .hash_password_into_with_memory(password, salt, &mut digest, &mut blocks)
        .map_err(HashError::Argon2)?;
    Ok(digest)
}

/// `$argon2id$v=19$m=47104,t=1,p=1$SALT$DIGEST`, in base64 without padding.
pub(super) fn text(parameters: Parameters, salt: &[u8], digest: &[u8]) -> String {
    let Parameters { version, memory, passes, lanes } = parameters;
    format!(
        "{PREFIX}v={}$m={memory},t={passes},p={lanes}${}${}",
        u32::from(version),
        STANDARD_NO_PAD.encode(salt),
        STANDARD_NO_PAD.encode(digest)
    )
}

/// Parameters, salt and digest in `rest`, the text behind the prefix, if it is complete: any of
/// them will do.
pub(super) fn parse(rest: &[u8]) -> Option<(Parameters, &[u8], &[u8])> {
    let mut fields = rest.split(|&byte| byte == b'$');
    let [Some(version), Some(costs), Some(salt), Some(digest), None] =
        std::array::from_fn(|_| fields.next())
    else {
        return None;
    };
    let version = match version {
        b"v=16" => Version::V0x10,
        b"v=19" => Version::V0x13,
        _ => return None,
    };
    let [memory, passes, lanes] = costs_of(costs)?;
    let are_whole = is_unpadded_base64(salt) && is_unpadded_base64(digest);
    are_whole.then_some((Parameters { version, memory, passes, lanes }, salt, digest))
}

/// `m=…,t=…,p=…`.
fn costs_of(text: &[u8]) -> Option<[NonZero<u32>; 3]> {
    let mut fields = text.split(|&byte| byte == b',');
    let mut cost = |name: &[u8]| decimal(fields.next()?.strip_prefix(name)?);
    let costs = [cost(b"m=")?, cost(b"t=")?, cost(b"p=")?];
    fields.next().is_none().then_some(costs)
}

fn is_unpadded_base64(text: &[u8]) -> bool {
    !text.is_empty() && text.len() % 4 != 1 && are_base64_digits(text)
}

#[cfg(test)]
mod tests {
    use super::super::tests::{P1, P2, salt};
    use super::super::{DIGEST_LENGTH, Kind};
    use super::*;

    /// Made by `mosquitto_passwd` 2.1.2 built with argon2.
    const VECTORS: [(&[u8], &str); 2] = [
        (
            P1,
            "$argon2id$v=19$m=47104,t=1,p=1$D9fXQm6hXJx7NDR1eIYuK+8aZsWXSfN3Ehm/Apan6CU/NHMKAEoAhqH+nXiAahZu5BFZY5DZiFSmuGL+1gG8vA$mymo8IxTfk1yh39BTHxpwK1vkZ7GbW/1KtTbnK0Dhv+lbB/ARNQL7iKWyiw9T/i50HTC6gTit25wL1Ax22+rYw",
        ),
        (
            P2,
            "$argon2id$v=19$m=47104,t=1,p=1$yL1isfmQf7Uvkg7sNj0/ct++ETnLeoc1jqq1GzWC+3+Pp/LOZdrKNjJcKKkEtHdrSL+IjZyiYLyg76oc9/2Pfw$FN/PqZuJbXUCIYesvdFfyfTE0pPpM1blElIj9yccSjDLBVDLZIKAZ1OVGkw+Dxnqg/EaSm0YbA+iXYxKuYomRw",
        ),
    ];

    #[test]
    fn hashes_are_those_of_the_original() {
        for (password, hash) in VECTORS {
            let (salt, parameters) = (salt(hash, 4), Parameters::MOSQUITTO);
            let digest = digest(password, &salt, parameters, DIGEST_LENGTH).unwrap();
            assert_eq!(text(parameters, &salt, &digest), hash);
        }
    }

    #[test]
    fn memory_that_nobody_has_is_not_asked_for() {
        let memory = NonZero::new(MOST_MEMORY_KIB + 1).unwrap();
        let parameters = Parameters { memory, ..Parameters::MOSQUITTO };
        let error = digest(P1, b"saltsalt", parameters, DIGEST_LENGTH).unwrap_err();
        assert!(matches!(error, HashError::Memory { kib: 2_097_153 }));
    }

    #[test]
    fn hashes_are_told_from_damaged_ones() {
        let (_, hash) = VECTORS[0];
        assert_eq!(Kind::of(hash.as_bytes()), Kind::Hash);
        for damaged in [
            hash.replace("v=19", "v=20"),
            hash.replace("m=47104,", ""),
            hash.replace("t=1", "t=x"),
            hash.replace("p=1$", "p=1,x=1$"),
            format!("{hash}=="),
            format!("{hash}$x"),
            hash[..hash.len() - 88].to_owned(),
        ] {
            assert_eq!(Kind::of(damaged.as_bytes()), Kind::Damaged, "{damaged}");
        }
    }
}
