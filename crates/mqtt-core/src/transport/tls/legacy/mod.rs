//! Certificates as people have made them for their brokers for twenty years, which webpki refuses:
//! X.509 v1, the name in the subject's common name only, and an authority's certificate (or one that
//! signed itself) on the broker.
//!
//! They count only where the user has named who is believed (`--cafile`, `--capath`), never with the
//! system's authorities. Everything else about them is checked: signatures up to a named certificate,
//! by the algorithms that TLS itself accepts here; dates; names; what each certificate may be used
//! for. What cannot be judged here is refused: critical extensions, and limits on names.

mod certificate;
mod names;
mod signature;

use rustls::CertificateError;
use rustls::crypto::WebPkiSupportedAlgorithms;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use x509_parser::time::ASN1Time;

pub(super) use certificate::{Certificate, public_key, v1_public_key};
pub(super) use signature::{verify_tls12, verify_tls13};

use super::verifier::NameCheck;

/// A chain longer than that is not followed.
const LONGEST_CHAIN: usize = 8;

/// What the broker has shown, and what it is held against.
pub(super) struct Chain<'a> {
    pub(super) leaf: &'a CertificateDer<'a>,
    pub(super) intermediates: &'a [CertificateDer<'a>],
    pub(super) name: &'a ServerName<'a>,
    pub(super) now: UnixTime,
}

/// Checks a broker's certificate, `leaf` of `chain`, all by itself.
pub(super) fn verify(
    leaf: &Certificate<'_>,
    chain: &Chain<'_>,
    named: &[CertificateDer<'_>],
    algorithms: &WebPkiSupportedAlgorithms,
    name_check: NameCheck,
) -> Result<(), CertificateError> {
    leaf.check_dates(chain.now)?;
    leaf.check_use_as_server()?;
    if !leaf.is_its_own_authority(named) {
        Path { chain, algorithms, anchors: read_all(named) }.follow(leaf)?;
    }
    match name_check {
        NameCheck::Off => Ok(()),
        NameCheck::On => leaf.check_name(chain.name),
    }
}

/// Refuses a chain in which a key is of a size with which nothing can be verified: what it has signed looks
/// like a forgery.
pub(super) fn check_keys(
    chain: &Chain<'_>,
    named: &[CertificateDer<'_>],
) -> Result<(), CertificateError> {
    let sent = read_all(chain.intermediates);
    let named = read_all(named);
    let leaf = Certificate::read(chain.leaf);
    for signed in leaf.iter().chain(&sent) {
        for issuer in sent.iter().chain(&named).filter(|issuer| issuer.is_issuer_of(signed)) {
            issuer.check_key()?;
        }
    }
    Ok(())
}

/// What cannot be read cannot sign anything.
fn read_all<'a>(certificates: &'a [CertificateDer<'_>]) -> Vec<Certificate<'a>> {
    certificates.iter().filter_map(|der| Certificate::read(der)).collect()
}

/// The way from a certificate up to one that the user has named.
struct Path<'a> {
    chain: &'a Chain<'a>,
    algorithms: &'a WebPkiSupportedAlgorithms,
    anchors: Vec<Certificate<'a>>,
}

impl Path<'_> {
    /// Goes from each certificate to the one that signed it. Who has two ways to go, because two
    /// authorities have one name and one key, goes the first.
    fn follow(&self, leaf: &Certificate<'_>) -> Result<(), CertificateError> {
        let sent = read_all(self.chain.intermediates);
        let mut current = leaf;
        for below in 0..LONGEST_CHAIN {
            let anchor = self.issuer(current, &self.anchors)?;
            if let Some(anchor) = anchor {
                anchor.check_use_as_anchor(below)?;
                return anchor.check_dates(self.chain.now);
            }
            let Some(next) = self.issuer(current, &sent)? else {
                return Err(CertificateError::UnknownIssuer);
            };
            next.check_dates(self.chain.now)?;
            next.check_use_as_authority(below)?;
            current = next;
        }
        Err(CertificateError::UnknownIssuer)
    }

    /// The one of `candidates` that has signed `certificate`. One that is named as its issuer, but
    /// has not signed it, makes it a forgery.
    fn issuer<'c, 'd>(
        &self,
        certificate: &Certificate<'_>,
        candidates: &'c [Certificate<'d>],
    ) -> Result<Option<&'c Certificate<'d>>, CertificateError> {
        let mut verdict = Ok(None);
        for candidate in candidates.iter().filter(|candidate| candidate.is_issuer_of(certificate)) {
            match signature::verify(self.algorithms, candidate, certificate) {
                Ok(()) => return Ok(Some(candidate)),
                Err(error) => verdict = Err(error),
            }
        }
        verdict
    }
}

/// A moment as it is shown; `None` where it lies beyond the year 9999.
pub(super) fn time(time: UnixTime) -> Option<ASN1Time> {
    i64::try_from(time.as_secs()).ok().and_then(|seconds| ASN1Time::from_timestamp(seconds).ok())
}
