//! One certificate: what it says about itself (RFC 5280 §4), and whether that is enough.

use rustls::CertificateError;
use rustls::pki_types::{CertificateDer, ServerName, SubjectPublicKeyInfoDer, UnixTime};
use x509_parser::asn1_rs::{Any, FromDer, Tag};
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::{ExtendedKeyUsage, KeyUsage, ParsedExtension};
use x509_parser::x509::X509Version;

use super::names::Names;
use crate::transport::tls::unacceptable::{RSA_BITS, Unacceptable};
use crate::transport::tls::{algorithms, der};

/// A certificate that could be read.
pub(in crate::transport::tls) struct Certificate<'a> {
    der: &'a [u8],
    parsed: X509Certificate<'a>,
}

/// The parts of a signed certificate.
pub(super) struct Signed<'a> {
    /// The content of the `AlgorithmIdentifier`.
    pub(super) algorithm: &'a [u8],
    pub(super) message: &'a [u8],
    pub(super) signature: &'a [u8],
}

/// The parts of a public key.
pub(super) struct PublicKey<'a> {
    /// The content of the `AlgorithmIdentifier`.
    pub(super) algorithm: &'a [u8],
    pub(super) bits: &'a [u8],
}

/// The public key of a certificate, if it can be read.
pub(in crate::transport::tls) fn public_key<'a>(
    certificate: &'a CertificateDer<'_>,
) -> Option<SubjectPublicKeyInfoDer<'a>> {
    Some(Certificate::read(certificate)?.key_info())
}

/// The same, only for a certificate of X.509 v1, which webpki does not read.
pub(in crate::transport::tls) fn v1_public_key<'a>(
    certificate: &'a CertificateDer<'_>,
) -> Option<SubjectPublicKeyInfoDer<'a>> {
    let certificate = Certificate::read(certificate)?;
    (certificate.parsed.version() == X509Version::V1).then(|| certificate.key_info())
}

impl<'a> PublicKey<'a> {
    pub(super) fn read(key: &'a SubjectPublicKeyInfoDer<'_>) -> Option<Self> {
        let [algorithm, bits] = elements(key.as_ref())?;
        Some(Self { algorithm: algorithm.data, bits: bit_string(&bits)? })
    }
}

impl<'a> Certificate<'a> {
    /// `None` where it is none.
    pub(in crate::transport::tls) fn read(der: &'a CertificateDer<'_>) -> Option<Self> {
        let (rest, parsed) = X509Certificate::from_der(der.as_ref()).ok()?;
        rest.is_empty().then_some(Self { der: der.as_ref(), parsed })
    }

    /// Whether it is of a form that webpki refuses for what it is, not for what it says.
    pub(in crate::transport::tls) fn is_legacy(&self) -> bool {
        let is_authority = self.authority().is_ok_and(|authority| authority.is_some_and(|it| it.0));
        self.parsed.version() == X509Version::V1 || is_authority || self.names().only_common()
    }

    /// Whether it signed itself and is one of those that the user has named: who has signed it does not
    /// matter then, nor how.
    pub(in crate::transport::tls) fn is_its_own_authority(
        &self,
        named: &[CertificateDer<'_>],
    ) -> bool {
        self.is_issuer_of(self) && named.iter().any(|named| named.as_ref() == self.der)
    }

    /// Refuses a key whose signatures cannot be verified for its size.
    pub(in crate::transport::tls) fn check_key(&self) -> Result<(), CertificateError> {
        let key = self.public_key();
        match key.and_then(|key| algorithms::rsa_bits(key.algorithm, key.bits)) {
            Some(bits) if !RSA_BITS.contains(&bits) => {
                Err(Unacceptable::KeySize { owner: self.parsed.subject().to_string(), bits }.into())
            }
            _ => Ok(()),
        }
    }

    pub(super) fn is_issuer_of(&self, other: &Certificate<'_>) -> bool {
        self.parsed.subject().as_raw() == other.parsed.issuer().as_raw()
    }

    /// `None` where its two statements about the algorithm differ (RFC 5280 §4.1.1.2).
    pub(super) fn signed(&self) -> Option<Signed<'_>> {
        if self.parsed.signature_algorithm != self.parsed.tbs_certificate.signature {
            return None;
        }
        let [_, algorithm, signature] = elements(self.der)?;
        Some(Signed {
            algorithm: algorithm.data,
            message: self.parsed.tbs_certificate.as_ref(),
            signature: bit_string(&signature)?,
        })
    }

    pub(super) fn public_key(&self) -> Option<PublicKey<'a>> {
        let [algorithm, bits] = elements(self.parsed.tbs_certificate.subject_pki.raw)?;
        Some(PublicKey { algorithm: algorithm.data, bits: bit_string(&bits)? })
    }

    fn key_info(&self) -> SubjectPublicKeyInfoDer<'a> {
        self.parsed.tbs_certificate.subject_pki.raw.into()
    }

    pub(super) fn check_dates(&self, now: UnixTime) -> Result<(), CertificateError> {
        let seconds = i64::try_from(now.as_secs()).unwrap_or(i64::MAX);
        let validity = self.parsed.validity();
        let moment = |timestamp: i64| {
            let seconds = u64::try_from(timestamp).unwrap_or_default();
            UnixTime::since_unix_epoch(std::time::Duration::from_secs(seconds))
        };
        let (begin, end) = (validity.not_before.timestamp(), validity.not_after.timestamp());
        if seconds < begin {
            return Err(CertificateError::NotValidYetContext {
                time: now,
                not_before: moment(begin),
            });
        }
        if seconds > end {
            return Err(CertificateError::ExpiredContext { time: now, not_after: moment(end) });
        }
        Ok(())
    }

    /// Whether it may stand for a server, whatever else it may do.
    pub(super) fn check_use_as_server(&self) -> Result<(), CertificateError> {
        self.check_extensions()?;
        let agrees = self.key_usage()?.is_none_or(|usage| {
            usage.digital_signature() || usage.key_encipherment() || usage.key_agreement()
        });
        if agrees && self.is_for_servers()? {
            Ok(())
        } else {
            Err(CertificateError::InvalidPurpose)
        }
    }

    /// Whether it may vouch for others, with `below` authorities between it and the server's own.
    pub(super) fn check_use_as_authority(&self, below: usize) -> Result<(), CertificateError> {
        match self.authority()? {
            Some((true, _)) => self.check_use_as_anchor(below),
            _ => Err(CertificateError::InvalidPurpose),
        }
    }

    /// The same for one that the user has named, which need not say that it is an authority; only
    /// not the contrary.
    pub(super) fn check_use_as_anchor(&self, below: usize) -> Result<(), CertificateError> {
        self.check_extensions()?;
        let may_vouch = match self.authority()? {
            None => true,
            Some((is_authority, most)) => {
                is_authority && most.is_none_or(|most| below <= usize::try_from(most).unwrap_or(0))
            }
        };
        let may_sign = self.key_usage()?.is_none_or(KeyUsage::key_cert_sign);
        if may_vouch && may_sign && self.is_for_servers()? {
            Ok(())
        } else {
            Err(CertificateError::InvalidPurpose)
        }
    }

    /// Refuses what would have to be understood and is not.
    fn check_extensions(&self) -> Result<(), CertificateError> {
        let understood =
            self.parsed.iter_extensions().all(|extension| match extension.parsed_extension() {
                ParsedExtension::BasicConstraints(_)
                | ParsedExtension::KeyUsage(_)
                | ParsedExtension::ExtendedKeyUsage(_)
                | ParsedExtension::SubjectAlternativeName(_) => true,
                ParsedExtension::NameConstraints(_) => false,
                _ => !extension.critical,
            });
        if understood { Ok(()) } else { Err(CertificateError::UnhandledCriticalExtension) }
    }

    /// Whether it is an authority, and how many more may follow below it; `None`: it does not say.
    fn authority(&self) -> Result<Option<(bool, Option<u32>)>, CertificateError> {
        let constraints =
            self.parsed.basic_constraints().map_err(|_| CertificateError::BadEncoding)?;
        Ok(constraints.map(|found| (found.value.ca, found.value.path_len_constraint)))
    }

    fn key_usage(&self) -> Result<Option<&KeyUsage>, CertificateError> {
        let usage = self.parsed.key_usage().map_err(|_| CertificateError::BadEncoding)?;
        Ok(usage.map(|found| found.value))
    }

    fn is_for_servers(&self) -> Result<bool, CertificateError> {
        let usage = self.parsed.extended_key_usage().map_err(|_| CertificateError::BadEncoding)?;
        let allows = |usage: &ExtendedKeyUsage<'_>| usage.server_auth || usage.any;
        Ok(usage.is_none_or(|found| allows(found.value)))
    }

    pub(super) fn check_name(&self, name: &ServerName<'_>) -> Result<(), CertificateError> {
        if self.names().have(name) { Ok(()) } else { Err(self.wrong_name(name)) }
    }

    /// The error that tells which names it has.
    pub(in crate::transport::tls) fn wrong_name(&self, name: &ServerName<'_>) -> CertificateError {
        CertificateError::NotValidForNameContext {
            expected: name.to_owned(),
            presented: self.names().shown(),
        }
    }

    fn names(&self) -> Names {
        Names::of(&self.parsed)
    }
}

/// The elements of a DER sequence of exactly so many.
fn elements<const N: usize>(sequence: &[u8]) -> Option<[Any<'_>; N]> {
    der::elements(sequence)?.try_into().ok()
}

/// The bytes of a bit string that has whole ones.
fn bit_string<'a>(element: &Any<'a>) -> Option<&'a [u8]> {
    element.header.assert_tag(Tag::BitString).ok()?;
    match element.data.split_first() {
        Some((0, bytes)) => Some(bytes),
        _ => None,
    }
}
