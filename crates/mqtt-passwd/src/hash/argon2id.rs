//! `$argon2id$`: a PHC string (RFC 9106), with the parameters of mosquitto 2.1.
//!
//! Written and read by hand, because the PHC strings of the argon2 crate stop at 48 bytes of salt
//! and mosquitto writes 64.

use argon2::{Argon2, Params, Version};
use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;

use super::{DIGEST_LENGTH, HashError, are_base64_digits, decimal};

pub(super) const PREFIX: &str = "$argon2id$";

const MEMORY_KIB: u32 = 47_104;
const PASSES: u32 = 1;
const LANES: u32 = 1;

/// `$argon2id$v=19$m=47104,t=1,p=1$SALT$DIGEST`, in base64 without padding.
pub(super) fn encode(password: &[u8], salt: &[u8]) -> Result<String, HashError> {
    let params =
        Params::new(MEMORY_KIB, PASSES, LANES, Some(DIGEST_LENGTH)).map_err(HashError::Argon2)?;
    let mut digest = [0; DIGEST_LENGTH];
    Argon2::new(argon2::Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into(password, salt, &mut digest)
        .map_err(HashError::Argon2)?;
    Ok(format!(
        "{PREFIX}v=19$m={MEMORY_KIB},t={PASSES},p={LANES}${}${}",
        STANDARD_NO_PAD.encode(salt),
        STANDARD_NO_PAD.encode(digest)
    ))
}

/// Whether `rest`, the text behind the prefix, is complete: any parameters, salt and digest.
pub(super) fn is_well_formed(rest: &[u8]) -> bool {
    let mut fields = rest.split(|&byte| byte == b'$');
    let [Some(version), Some(parameters), Some(salt), Some(digest), None] =
        std::array::from_fn(|_| fields.next())
    else {
        return false;
    };
    matches!(version, b"v=16" | b"v=19")
        && are_parameters(parameters)
        && is_unpadded_base64(salt)
        && is_unpadded_base64(digest)
}

/// `m=…,t=…,p=…`.
fn are_parameters(text: &[u8]) -> bool {
    let mut fields = text.split(|&byte| byte == b',');
    let names: [&[u8]; 3] = [b"m=", b"t=", b"p="];
    names.iter().all(|name| {
        fields
            .next()
            .and_then(|field| field.strip_prefix(*name))
            .is_some_and(|number| decimal(number).is_some())
    }) && fields.next().is_none()
}

fn is_unpadded_base64(text: &[u8]) -> bool {
    !text.is_empty() && text.len() % 4 != 1 && are_base64_digits(text)
}

#[cfg(test)]
mod tests {
    use super::super::Kind;
    use super::super::tests::{P1, P2, salt};
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
            assert_eq!(encode(password, &salt(hash, 4)).unwrap(), hash);
        }
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
