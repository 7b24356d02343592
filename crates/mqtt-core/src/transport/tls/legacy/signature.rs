//! Signatures, by the algorithms that the library has and accepts.

use rustls::client::danger::HandshakeSignatureValid;
use rustls::crypto::{WebPkiSupportedAlgorithms, verify_tls13_signature_with_raw_key};
use rustls::pki_types::{SignatureVerificationAlgorithm, SubjectPublicKeyInfoDer};
use rustls::{CertificateError, DigitallySignedStruct, Error, PeerMisbehaved};

use super::certificate::{Certificate, PublicKey};

type Algorithm = &'static dyn SignatureVerificationAlgorithm;

/// Whether `issuer` has signed `certificate`.
pub(super) fn verify(
    algorithms: &WebPkiSupportedAlgorithms,
    issuer: &Certificate<'_>,
    certificate: &Certificate<'_>,
) -> Result<(), CertificateError> {
    issuer.check_key()?;
    let signed = certificate.signed().ok_or(CertificateError::BadEncoding)?;
    let key = issuer.public_key().ok_or(CertificateError::BadEncoding)?;
    let fits = |algorithm: &&Algorithm| {
        algorithm.signature_alg_id().as_ref() == signed.algorithm
            && algorithm.public_key_alg_id().as_ref() == key.algorithm
    };
    let Some(algorithm) = algorithms.all.iter().find(fits) else {
        return Err(CertificateError::UnsupportedSignatureAlgorithmContext {
            signature_algorithm_id: signed.algorithm.to_vec(),
            supported_algorithms: algorithms.all.iter().map(|all| all.signature_alg_id()).collect(),
        });
    };
    algorithm
        .verify_signature(key.bits, signed.message, signed.signature)
        .map_err(|_| CertificateError::BadSignature)
}

/// Whether the owner of `key` has signed a handshake of TLS 1.2 (RFC 5246 §7.4.3).
pub(in crate::transport::tls) fn verify_tls12(
    algorithms: &WebPkiSupportedAlgorithms,
    key: &SubjectPublicKeyInfoDer<'_>,
    message: &[u8],
    signed: &DigitallySignedStruct,
) -> Result<HandshakeSignatureValid, Error> {
    let key = PublicKey::read(key).ok_or(CertificateError::BadEncoding)?;
    let scheme = algorithms.mapping.iter().find(|(scheme, _)| *scheme == signed.scheme);
    let (_, possible) = scheme.ok_or(PeerMisbehaved::SignedHandshakeWithUnadvertisedSigScheme)?;
    let mut fitting =
        possible.iter().filter(|one| one.public_key_alg_id().as_ref() == key.algorithm);
    let is_signed =
        fitting.any(|one| one.verify_signature(key.bits, message, signed.signature()).is_ok());
    if is_signed {
        Ok(HandshakeSignatureValid::assertion())
    } else {
        Err(CertificateError::BadSignature.into())
    }
}

/// Whether the owner of `key` has signed a handshake of TLS 1.3 (RFC 8446 §4.4.3).
pub(in crate::transport::tls) fn verify_tls13(
    algorithms: &WebPkiSupportedAlgorithms,
    key: &SubjectPublicKeyInfoDer<'_>,
    message: &[u8],
    signed: &DigitallySignedStruct,
) -> Result<HandshakeSignatureValid, Error> {
    verify_tls13_signature_with_raw_key(message, key, signed, algorithms)
}
