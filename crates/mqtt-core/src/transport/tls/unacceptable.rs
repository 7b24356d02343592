//! Why a certificate is not accepted that has the right name, the right dates and a known authority.

use std::ops::RangeInclusive;
use std::sync::Arc;

use rustls::{CertificateError, OtherError};

use super::{algorithms, words};

/// The bits of RSA keys whose signatures are verified.
pub(super) const RSA_BITS: RangeInclusive<usize> = 2048..=8192;

/// What is wrong with a certificate, or with one that vouches for it.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Unacceptable {
    /// The signature is of a kind that proves too little, or is not known.
    #[error("it, or one that vouches for it, is signed with {0}")]
    Signature(String),
    /// The signature is by a key of a kind that is not known.
    #[error("it, or one that vouches for it, is signed by a key of the kind {0}")]
    Key(String),
    /// An RSA key is too short, or too long.
    #[error("the RSA key of '{owner}' has {bits} bits")]
    KeySize {
        /// Whose it is, as the certificate says.
        owner: String,
        /// Its size.
        bits: usize,
    },
    /// It says that it is for something else.
    #[error("it, or one that vouches for it, is not meant for that")]
    Purpose,
    /// It says that whoever does not understand a part of it must refuse it, or for which names it counts.
    #[error(
        "it, or one that vouches for it, has a critical extension or a limit on names, which is not understood here"
    )]
    Extension,
    /// It cannot be read.
    #[error("it, or one that vouches for it, is damaged")]
    Damaged,
    /// Anything else.
    #[error("{0}")]
    Other(String),
}

impl Unacceptable {
    pub(super) fn of(cause: &CertificateError) -> Self {
        match cause {
            CertificateError::UnsupportedSignatureAlgorithmContext {
                signature_algorithm_id,
                ..
            } => Self::Signature(algorithms::name(signature_algorithm_id)),
            CertificateError::UnsupportedSignatureAlgorithmForPublicKeyContext {
                public_key_algorithm_id,
                ..
            } => Self::Key(algorithms::name(public_key_algorithm_id)),
            CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. } => {
                Self::Purpose
            }
            CertificateError::UnhandledCriticalExtension => Self::Extension,
            CertificateError::BadEncoding => Self::Damaged,
            CertificateError::Other(OtherError(source)) => match source.downcast_ref::<Self>() {
                Some(ours) => ours.clone(),
                // The library's own names for what is rare.
                None => Self::Other(words(&source.to_string())),
            },
            other => Self::Other(words(&format!("{other:?}"))),
        }
    }

    /// What would help.
    pub(super) fn hint(&self) -> Option<&'static str> {
        Some(match self {
            Self::Signature(_) | Self::Key(_) => {
                "the broker needs a certificate that is signed with SHA-256 or SHA-384, by a key of \
                 RSA, P-256 or P-384, or by one of Ed25519"
            }
            Self::KeySize { .. } => {
                "RSA keys of 2048 to 8192 bits are accepted: that one needs a new key and a new \
                 certificate"
            }
            Self::Purpose => {
                "a broker's needs the key usage 'digitalSignature', and where it has an extended one, \
                 'serverAuth'; an authority's needs 'CA:TRUE' and 'keyCertSign'"
            }
            Self::Extension | Self::Damaged | Self::Other(_) => return None,
        })
    }
}

/// The library hands it through.
impl From<Unacceptable> for CertificateError {
    fn from(cause: Unacceptable) -> Self {
        Self::Other(OtherError(Arc::new(cause)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(cause: &CertificateError) -> String {
        Unacceptable::of(cause).to_string()
    }

    #[test]
    fn what_the_library_finds_is_told_in_words() {
        let algorithm = b"\x06\x03\x2b\x65\x71".to_vec();
        let key = CertificateError::UnsupportedSignatureAlgorithmForPublicKeyContext {
            signature_algorithm_id: algorithm.clone(),
            public_key_algorithm_id: algorithm.clone(),
        };
        let key_told = "it, or one that vouches for it, is signed by a key of the kind Ed448";
        assert_eq!(told(&key), key_told);
        assert!(Unacceptable::of(&key).hint().is_some_and(|hint| hint.contains("Ed25519")));
        let signature = CertificateError::UnsupportedSignatureAlgorithmContext {
            signature_algorithm_id: algorithm,
            supported_algorithms: Vec::new(),
        };
        assert_eq!(told(&signature), "it, or one that vouches for it, is signed with Ed448");
        let damaged = "it, or one that vouches for it, is damaged";
        assert_eq!(told(&CertificateError::BadEncoding), damaged);
        assert_eq!(told(&CertificateError::UnknownRevocationStatus), "Unknown Revocation Status");
        let rare = CertificateError::Other(OtherError(Arc::new(rustls::Error::DecryptError)));
        assert_eq!(told(&rare), "cannot decrypt peer's message");
    }
}
