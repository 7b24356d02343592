//! Cipher suites by name.

use rustls::crypto::ring;
use rustls::{CipherSuite, SupportedCipherSuite};

use super::SetupError;

/// The names of the suites there are: OpenSSL's, IANA's. (Those of TLS 1.3 have only one.)
const NAMES: [(CipherSuite, &str, &str); 9] = [
    (CipherSuite::TLS13_AES_256_GCM_SHA384, "TLS_AES_256_GCM_SHA384", "TLS_AES_256_GCM_SHA384"),
    (CipherSuite::TLS13_AES_128_GCM_SHA256, "TLS_AES_128_GCM_SHA256", "TLS_AES_128_GCM_SHA256"),
    (
        CipherSuite::TLS13_CHACHA20_POLY1305_SHA256,
        "TLS_CHACHA20_POLY1305_SHA256",
        "TLS_CHACHA20_POLY1305_SHA256",
    ),
    (
        CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
        "ECDHE-ECDSA-AES256-GCM-SHA384",
        "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
    ),
    (
        CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
        "ECDHE-ECDSA-AES128-GCM-SHA256",
        "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
    ),
    (
        CipherSuite::TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
        "ECDHE-ECDSA-CHACHA20-POLY1305",
        "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
    ),
    (
        CipherSuite::TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
        "ECDHE-RSA-AES256-GCM-SHA384",
        "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
    ),
    (
        CipherSuite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
        "ECDHE-RSA-AES128-GCM-SHA256",
        "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
    ),
    (
        CipherSuite::TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
        "ECDHE-RSA-CHACHA20-POLY1305",
        "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
    ),
];

/// The suites of these names, in the order of the list; either spelling, in any case.
pub(super) fn named(names: &[String]) -> Result<Vec<SupportedCipherSuite>, SetupError> {
    names.iter().map(|name| suite(name)).collect()
}

fn suite(name: &str) -> Result<SupportedCipherSuite, SetupError> {
    let entry = NAMES.iter().find(|(_, openssl, iana)| {
        name.eq_ignore_ascii_case(openssl) || name.eq_ignore_ascii_case(iana)
    });
    let suite = entry.and_then(|(id, ..)| {
        ring::ALL_CIPHER_SUITES.iter().find(|suite| suite.suite() == *id).copied()
    });
    suite.ok_or_else(|| SetupError::UnknownCipher {
        name: name.to_owned(),
        known: NAMES.iter().map(|(_, openssl, _)| *openssl).collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_suite_of_the_library_goes_by_both_names() {
        assert_eq!(ring::ALL_CIPHER_SUITES.len(), NAMES.len());
        for (id, openssl, iana) in NAMES {
            for name in [openssl, iana, &openssl.to_lowercase()] {
                assert_eq!(suite(name).unwrap().suite(), id, "{name}");
            }
            let library = format!("{id:?}").replace("TLS13_", "TLS_");
            assert_eq!(iana, library);
        }
    }

    #[test]
    fn the_order_of_the_list_is_kept() {
        let names = [NAMES[4].1, NAMES[0].2].map(str::to_owned);
        let suites: Vec<_> =
            named(&names).unwrap().iter().map(SupportedCipherSuite::suite).collect();
        assert_eq!(suites, [NAMES[4].0, NAMES[0].0]);
    }

    #[test]
    fn a_name_that_means_nothing_is_told_with_those_there_are() {
        let names = [NAMES[0].1, "RC4-MD5"].map(str::to_owned);
        let error = named(&names).unwrap_err().to_string();
        assert!(error.starts_with("there is no cipher suite 'RC4-MD5' (--ciphers); "), "{error}");
        assert!(NAMES.iter().all(|(_, openssl, _)| error.contains(openssl)), "{error}");
    }
}
