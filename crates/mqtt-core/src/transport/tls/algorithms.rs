//! What the algorithms of keys and signatures are called.

use rustls::pki_types::PrivateKeyDer;
use x509_parser::asn1_rs::{FromDer, Oid};

use super::der;

/// `rsaEncryption`, the algorithm of a key (RFC 8017 §A.1).
const RSA: &[u8] = b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01";

/// `id-ecPublicKey` (RFC 5480 §2.1.1): the curve stands behind it.
const EC: &[u8] = b"\x06\x07\x2a\x86\x48\xce\x3d\x02\x01";

/// Those that people have, and that TLS does not accept here.
const NAMES: [(&[u8], &str); 16] = [
    (b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x04", "MD5 and RSA"),
    (b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x05", "SHA-1 and RSA"),
    (b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0a", "RSA-PSS"),
    (b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0e", "SHA-224 and RSA"),
    (b"\x06\x07\x2a\x86\x48\xce\x3d\x04\x01", "SHA-1 and ECDSA"),
    (b"\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x01", "SHA-224 and ECDSA"),
    (b"\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x04", "SHA-512 and ECDSA"),
    (b"\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07", "P-256"),
    (b"\x06\x05\x2b\x81\x04\x00\x22", "P-384"),
    (b"\x06\x05\x2b\x81\x04\x00\x23", "P-521"),
    (b"\x06\x05\x2b\x81\x04\x00\x0a", "secp256k1"),
    (b"\x06\x03\x2b\x65\x70", "Ed25519"),
    (b"\x06\x03\x2b\x65\x71", "Ed448"),
    (b"\x06\x07\x2a\x86\x48\xce\x38\x04\x01", "DSA"),
    (b"\x06\x07\x2a\x86\x48\xce\x38\x04\x03", "SHA-1 and DSA"),
    (b"\x06\x09\x60\x86\x48\x01\x65\x03\x04\x03\x02", "SHA-256 and DSA"),
];

/// What the content of an `AlgorithmIdentifier` is called; of a curve, its own name.
pub(super) fn name(algorithm: &[u8]) -> String {
    let id = algorithm.strip_prefix(EC).unwrap_or(algorithm);
    if id.starts_with(RSA) {
        return "RSA".to_owned();
    }
    if let Some((_, name)) = NAMES.iter().find(|(known, _)| id.starts_with(known)) {
        return (*name).to_owned();
    }
    let number = Oid::from_der(id).map(|(_, id)| id.to_id_string()).unwrap_or_default();
    if number.is_empty() { "an unknown algorithm".to_owned() } else { number }
}

/// How many bits an RSA key has that stands in a certificate; `None`: it is no such key.
pub(super) fn rsa_bits(algorithm: &[u8], key: &[u8]) -> Option<usize> {
    let modulus = der::elements(key)?.into_iter().next()?;
    algorithm.starts_with(RSA).then(|| der::bits(&modulus))
}

/// What kind of key this is.
pub(super) fn kind(key: &PrivateKeyDer<'_>) -> Option<String> {
    match key {
        PrivateKeyDer::Pkcs1(key) => kind_of_rsa(key.secret_pkcs1_der()),
        PrivateKeyDer::Sec1(key) => {
            // The version, the key, and then the curve (RFC 5915 §3).
            Some(name(der::elements(key.secret_sec1_der())?.get(2)?.data))
        }
        PrivateKeyDer::Pkcs8(key) => {
            let elements = der::elements(key.secret_pkcs8_der())?;
            let (algorithm, key) = (elements.get(1)?.data, elements.get(2)?.data);
            if algorithm.starts_with(RSA) { kind_of_rsa(key) } else { Some(name(algorithm)) }
        }
        _ => None,
    }
}

/// The modulus stands behind the version (RFC 8017 §A.1.2).
fn kind_of_rsa(key: &[u8]) -> Option<String> {
    Some(format!("RSA with {} bits", der::bits(der::elements(key)?.get(1)?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_no_name_has_its_number() {
        assert_eq!(name(b"\x06\x03\x2a\x03\x04"), "1.2.3.4");
        assert_eq!(name(b"\x05\x00"), "an unknown algorithm");
        assert_eq!(name(&[EC, b"\x06\x05\x2b\x81\x04\x00\x23"].concat()), "P-521");
    }
}
