//! Whether the broker is who it should be.

use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::WebPkiSupportedAlgorithms;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, DigitallySignedStruct, Error, SignatureScheme};

use super::legacy::{self, Chain};

/// Whether the broker's certificate must be for the name or address that was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NameCheck {
    /// It must.
    On,
    /// A unix socket has no name: that it lies where it does is all there is to check.
    Off,
}

/// Looks at certificates as webpki does, and at those that webpki does not know what to do with as
/// [`legacy`] does.
#[derive(Clone, Debug)]
pub(super) struct Verifier {
    pub(super) webpki: Arc<WebPkiServerVerifier>,
    /// The authorities that the user has named. Only they can vouch for what is legacy.
    pub(super) named: Arc<[CertificateDer<'static>]>,
    pub(super) algorithms: WebPkiSupportedAlgorithms,
    pub(super) name_check: NameCheck,
}

impl Verifier {
    /// What is to be said where webpki has refused a certificate for `refusal`.
    fn reconsidered(
        &self,
        chain: &Chain<'_>,
        refusal: CertificateError,
    ) -> Result<(), CertificateError> {
        let wrong_name = matches!(
            refusal,
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. }
        );
        // The name is what webpki looks at last.
        if wrong_name && self.name_check == NameCheck::Off {
            return Ok(());
        }
        let Some(certificate) = legacy::Certificate::read(chain.leaf) else {
            return Err(refusal);
        };
        let for_its_form = wrong_name || matches!(refusal, CertificateError::Other(_));
        let is_ours_to_judge = certificate.is_its_own_authority(&self.named)
            || for_its_form && certificate.is_legacy();
        if !is_ours_to_judge {
            if wrong_name {
                return Err(certificate.wrong_name(chain.name));
            }
            if refusal == CertificateError::BadSignature {
                legacy::check_keys(chain, &self.named)?;
            }
            return Err(refusal);
        }
        match legacy::verify(&certificate, chain, &self.named, &self.algorithms, self.name_check) {
            // Somebody does believe it: only the name was wrong.
            Err(CertificateError::UnknownIssuer) if wrong_name => {
                Err(certificate.wrong_name(chain.name))
            }
            verdict => verdict,
        }
    }
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        leaf: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        match self.webpki.verify_server_cert(leaf, intermediates, name, ocsp_response, now) {
            Err(Error::InvalidCertificate(refusal)) => {
                let chain = Chain { leaf, intermediates, name, now };
                self.reconsidered(&chain, refusal)?;
                Ok(ServerCertVerified::assertion())
            }
            verdict => verdict,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        leaf: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let verdict = match legacy::v1_public_key(leaf) {
            None => self.webpki.verify_tls12_signature(message, leaf, signed),
            Some(key) => legacy::verify_tls12(&self.algorithms, &key, message, signed),
        };
        told_apart(verdict, leaf)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        leaf: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let verdict = match legacy::v1_public_key(leaf) {
            None => self.webpki.verify_tls13_signature(message, leaf, signed),
            Some(key) => legacy::verify_tls13(&self.algorithms, &key, message, signed),
        };
        told_apart(verdict, leaf)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}

/// A handshake that the owner of the certificate has not signed is not a certificate that its
/// authority has not signed, though the library calls both the same; nor is one that was signed with a
/// key of the wrong size.
fn told_apart(
    verdict: Result<HandshakeSignatureValid, Error>,
    leaf: &CertificateDer<'_>,
) -> Result<HandshakeSignatureValid, Error> {
    verdict.map_err(|error| match error {
        Error::InvalidCertificate(CertificateError::BadSignature) => {
            let key = legacy::Certificate::read(leaf).map_or(Ok(()), |leaf| leaf.check_key());
            key.err().unwrap_or(CertificateError::ApplicationVerificationFailure).into()
        }
        other => other,
    })
}

/// `--insecure`: whoever answers is the broker.
#[derive(Debug)]
pub(super) struct NoVerifier(pub(super) WebPkiSupportedAlgorithms);

impl ServerCertVerifier for NoVerifier {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.supported_schemes()
    }
}
