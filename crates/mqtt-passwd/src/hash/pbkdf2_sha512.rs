//! `$7$`: PBKDF2 over HMAC-SHA512 (RFC 8018 §5.2).

use std::num::NonZero;

use sha2::Sha512;

use super::{DIGEST_LENGTH, decimal, salt_and_digest, split_salt_and_digest};

pub(super) const PREFIX: &str = "$7$";

/// As often as that, over password and salt.
pub(super) fn digest(
    password: &[u8],
    salt: &[u8],
    iterations: NonZero<u32>,
) -> [u8; DIGEST_LENGTH] {
    let mut digest = [0; DIGEST_LENGTH];
    pbkdf2::pbkdf2_hmac::<Sha512>(password, salt, iterations.get(), &mut digest);
    digest
}

/// `$7$ITERATIONS$SALT$DIGEST`.
pub(super) fn text(iterations: NonZero<u32>, salt: &[u8], digest: &[u8]) -> String {
    format!("{PREFIX}{iterations}${}", salt_and_digest(salt, digest))
}

/// Iterations, salt and digest in `rest`, the text behind the prefix, if it is complete.
pub(super) fn parse(rest: &[u8]) -> Option<(NonZero<u32>, &[u8], &[u8])> {
    let split = memchr::memchr(b'$', rest)?;
    let iterations = decimal(&rest[..split])?;
    let (salt, digest) = split_salt_and_digest(&rest[split + 1..])?;
    Some((iterations, salt, digest))
}

#[cfg(test)]
mod tests {
    use super::super::Kind;
    use super::super::tests::{P1, P2, salt};
    use super::*;

    /// Made by `mosquitto_passwd` 2.0.11 (12 bytes of salt) and 2.1.2 (64).
    const VECTORS: [(&[u8], u32, &str); 5] = [
        (
            P1,
            101,
            "$7$101$8yVbEekvFr5MQXDr$LxP+9uqAtoAU3VNZmiBuMMHTtC6c051lMsS+tFReVD3F4DAGlfjrBB0sFwUyh7NbP1qvYkx8E7EVDPZ2EigkSA==",
        ),
        (
            P2,
            25_000,
            "$7$25000$llS/Jr0fI9IKqU7z$PlZGrL81LaDSOchVenALye7b6AD2RT0WZJTK+z63P/a/GzeEexH9a9U4sbJ2j2TYCbkAmhFOjDJV8sqgqDZ9RA==",
        ),
        (
            P1,
            1000,
            "$7$1000$8ZyywUUTK8QrMDw6qjp0NXZZscoN3NMAUHWnwCfT8/m0zjkOz4MeoPfA8ngkMmdc6vBcI3jMdKgMAi9LpovGGA==$aG2lMJshlBdNqQgNN8DxW8YfWn8WtOPFZ2xQCsoNV3NB+M8qGFwadr1fIyMyYuW0C4fiv++j6e6Yy8G3g2tLSw==",
        ),
        (
            P2,
            25_000,
            "$7$25000$2dZV02nhQyYYS168iYVVC7wK1tW4yngmJZXEE/XRGgLFeLl3Ttb/KdXlJUXAnsAq/+V6rMWGN4PmGA/LAFjdTw==$qZps0iPZgAytdxmDQnyH47LlxwNOE5/InbQlgt7oHo1Jv27PPML9Mn9TOkBlJzCYw01NPm5CWoQPbEno0GpOXg==",
        ),
        (
            b"",
            1000,
            "$7$1000$dTxNEM6SZ8OzgtsPvwfMwrqHWBffFguAekEbDNDK4SjESnox+w2Dxcan5223XSq6v1VgHjiKHyM9xfxscQpVTg==$H1D34SUYqxBa3cdtphmpX3rWbJJ/rwhTN7SiVZ25SUNfC9zlaxY1CCwKE4zoTNScYoVYmzpxQbDZ89vKd0G5Xw==",
        ),
    ];

    #[test]
    fn hashes_are_those_of_the_original() {
        for (password, iterations, hash) in VECTORS {
            let iterations = NonZero::new(iterations).unwrap();
            let salt = salt(hash, 3);
            let digest = digest(password, &salt, iterations);
            assert_eq!(text(iterations, &salt, &digest), hash);
        }
    }

    #[test]
    fn hashes_are_told_from_damaged_ones() {
        let (_, _, hash) = VECTORS[0];
        assert_eq!(Kind::of(hash.as_bytes()), Kind::Hash);
        assert_eq!(Kind::of(VECTORS[2].2.as_bytes()), Kind::Hash);
        for damaged in [
            hash.replace("$101$", "$0$"),
            hash.replace("$101$", "$"),
            hash.replace("8yVbEekvFr5MQXDr", "8yVbEekvFr5MQXD="),
            hash.replace("==", ""),
        ] {
            assert_eq!(Kind::of(damaged.as_bytes()), Kind::Damaged, "{damaged}");
        }
    }
}
