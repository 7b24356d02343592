//! Why there is no TLS connection, in words, with the option that would help.

use std::error::Error;
use std::{fmt, io};

use rustls::{AlertDescription, CertificateError, InvalidMessage, PeerIncompatible};
use x509_parser::time::ASN1Time;

use super::offer::{Offer, Proof, Suites};
use super::{Unacceptable, legacy, pre_shared_key};
use crate::plan::TlsVersions;

/// Why TLS with the broker failed. What is wrong with our own files and options is a
/// [`SetupError`](super::SetupError).
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// What the broker is called is no name that a certificate can have.
    #[error("'{0}' is neither a host name nor an address, so no certificate can be for it")]
    NoName(String),
    /// The certificate is for somebody else.
    #[error("its certificate is for {}, not for {asked}", listed(.names))]
    WrongName {
        /// The name or address asked for.
        asked: String,
        /// Those in the certificate.
        names: Vec<String>,
    },
    /// Nobody we believe vouches for the certificate.
    #[error("its certificate is from an authority that is not believed")]
    UnknownAuthority,
    /// The certificate is too old.
    #[error("its certificate expired on {0}")]
    Expired(ASN1Time),
    /// The certificate is too young.
    #[error("its certificate is not valid before {0}")]
    NotYetValid(ASN1Time),
    /// The certificate is not signed by who it says.
    #[error("its certificate is not signed by the authority of that name which is believed")]
    WrongSignature,
    /// Somebody else's certificate.
    #[error("it does not have the key of its certificate: it is not who it says")]
    NotTheOwner,
    /// Anything else that is wrong with the certificate.
    #[error("its certificate is not acceptable")]
    Certificate(#[source] Unacceptable),
    /// The bytes that came are not TLS.
    #[error("what it sent is not TLS")]
    NotTls,
    /// The broker closed the connection before TLS stood.
    #[error("it closed the connection when TLS began")]
    Closed,
    /// The broker wants a certificate of ours.
    #[error("it wants a certificate of ours")]
    CertificateWanted,
    /// The broker does not accept the certificate we showed.
    #[error("it does not accept our certificate: {}", in_words(*.0))]
    CertificateRefused(AlertDescription),
    /// There is no version of TLS that both speak.
    #[error("it speaks no version of TLS that we do")]
    NoCommonVersion,
    /// There is no cipher suite, certificate or key exchange that suits both.
    #[error("it found nothing in common with us (handshake failure)")]
    NothingInCommon,
    /// The broker has no protocol of the name we offered.
    #[error("it does not have the protocol we offered")]
    NoProtocol,
    /// The broker does not know our identity.
    #[error("it does not know the identity of our key (--psk-identity)")]
    UnknownIdentity,
    /// The broker's key is not ours.
    #[error("it has another key for that identity (--psk)")]
    OtherKey,
    /// The broker has no pre-shared keys, or none of the cipher suites.
    #[error("it takes no pre-shared key, or has none of our cipher suites (handshake failure)")]
    NoPreSharedKey,
    /// The broker does not speak the one version that has pre-shared keys.
    #[error("it does not speak TLS 1.2, and there is no other with --psk")]
    NoTls12,
    /// The broker said something else against it.
    #[error("it ended TLS: {}", in_words(*.0))]
    Alert(AlertDescription),
    /// The broker broke the protocol, or something of TLS is not possible here.
    #[error("TLS failed")]
    Protocol(#[source] Box<dyn Error + Send + Sync>),
    /// The stream below broke.
    #[error("the connection broke when TLS began")]
    Stream(#[source] io::Error),
}

impl TlsError {
    /// What ended the handshake.
    pub(super) fn of_handshake(error: io::Error) -> Self {
        match of_library(error) {
            Ok(failure) => failure,
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Self::Closed,
            // What a broker does with bytes of which it does not want to know more.
            Err(error) if error.kind() == io::ErrorKind::ConnectionReset => Self::Closed,
            Err(error) => Self::Stream(error),
        }
    }

    fn of(error: rustls::Error) -> Self {
        match error {
            rustls::Error::InvalidCertificate(cause) => Self::of_certificate(cause),
            rustls::Error::AlertReceived(alert) => Self::of_alert(alert),
            rustls::Error::InvalidMessage(
                InvalidMessage::InvalidContentType
                | InvalidMessage::UnknownProtocolVersion
                | InvalidMessage::MessageTooLarge
                | InvalidMessage::InvalidEmptyPayload,
            ) => Self::NotTls,
            rustls::Error::PeerIncompatible(
                PeerIncompatible::ServerDoesNotSupportTls12Or13
                | PeerIncompatible::ServerTlsVersionIsDisabledByOurConfig,
            ) => Self::NoCommonVersion,
            other => Self::Protocol(other.into()),
        }
    }

    fn of_certificate(cause: CertificateError) -> Self {
        match cause {
            CertificateError::NotValidForNameContext { expected, presented } => {
                Self::WrongName { asked: expected.to_str().into_owned(), names: presented }
            }
            CertificateError::UnknownIssuer => Self::UnknownAuthority,
            CertificateError::ExpiredContext { not_after, .. } => {
                legacy::time(not_after).map_or_else(|| Self::other(&cause), Self::Expired)
            }
            CertificateError::NotValidYetContext { not_before, .. } => {
                legacy::time(not_before).map_or_else(|| Self::other(&cause), Self::NotYetValid)
            }
            CertificateError::BadSignature => Self::WrongSignature,
            CertificateError::ApplicationVerificationFailure => Self::NotTheOwner,
            other => Self::other(&other),
        }
    }

    fn other(cause: &CertificateError) -> Self {
        Self::Certificate(Unacceptable::of(cause))
    }

    pub(super) fn of_alert(alert: AlertDescription) -> Self {
        match alert {
            AlertDescription::CertificateRequired => Self::CertificateWanted,
            AlertDescription::BadCertificate
            | AlertDescription::UnsupportedCertificate
            | AlertDescription::CertificateRevoked
            | AlertDescription::CertificateExpired
            | AlertDescription::CertificateUnknown
            | AlertDescription::UnknownCA => Self::CertificateRefused(alert),
            AlertDescription::ProtocolVersion => Self::NoCommonVersion,
            AlertDescription::HandshakeFailure | AlertDescription::InsufficientSecurity => {
                Self::NothingInCommon
            }
            AlertDescription::NoApplicationProtocol => Self::NoProtocol,
            other => Self::Alert(other),
        }
    }

    /// What would help, after this offer.
    fn hint(&self, offer: Offer) -> Option<&'static str> {
        Some(match self {
            Self::WrongName { .. } => "-h must be a name or an address that the certificate has",
            Self::UnknownAuthority => {
                "--cafile FILE believes the authority whose certificate is in FILE"
            }
            Self::Expired(_) => {
                "the broker needs a new certificate, unless this machine's clock is wrong"
            }
            Self::NotYetValid(_) => "is this machine's clock right?",
            Self::WrongSignature => {
                "it is a forgery, or the authority has a new key: then --cafile needs its new \
                 certificate"
            }
            Self::Certificate(cause) => cause.hint()?,
            Self::NotTls | Self::Closed => {
                "does the broker speak TLS on that port (-p)? Where it does not, leave out the \
                 options for TLS, or give --no-tls"
            }
            Self::CertificateWanted => "--cert and --key show one",
            Self::CertificateRefused(_) if offer.proof == Proof::Nothing => {
                "it may want one: --cert and --key show it"
            }
            Self::CertificateRefused(alert) => another_certificate(*alert),
            Self::NoCommonVersion => another_version(offer),
            Self::NothingInCommon => something_in_common(offer.suites),
            Self::NoProtocol => "--tls-alpn names a protocol that the broker has",
            Self::UnknownIdentity => "identities are told apart by their case, too",
            Self::OtherKey => "--psk is the key in hexadecimal digits, as the broker has it",
            Self::NoPreSharedKey if offer.suites == Suites::All => {
                "a listener has either keys or certificates: --cafile is for those, and -p says which \
                 listener"
            }
            Self::NoPreSharedKey => {
                "--ciphers must have a suite of the broker's. A listener for certificates has none: \
                 --cafile is for those, and -p says which listener"
            }
            Self::NoName(_)
            | Self::NotTheOwner
            | Self::Alert(_)
            | Self::Protocol(_)
            | Self::NoTls12
            | Self::Stream(_) => return None,
        })
    }
}

/// What helps where our certificate is not accepted.
fn another_certificate(alert: AlertDescription) -> &'static str {
    match alert {
        AlertDescription::UnknownCA => "--cert must be from an authority that the broker believes",
        AlertDescription::CertificateExpired => {
            "--cert needs a new certificate, unless the broker's clock is wrong"
        }
        AlertDescription::CertificateRevoked => {
            "its authority has taken it back: --cert needs a new certificate"
        }
        AlertDescription::UnsupportedCertificate => {
            "--cert must be a certificate that may be used by clients (extended key usage \
             'clientAuth')"
        }
        _ => "the broker's log may say what it has against --cert",
    }
}

/// What helps where there is no version of TLS that both speak.
fn another_version(offer: Offer) -> &'static str {
    match offer {
        Offer { versions: TlsVersions::Only13, .. } => {
            "there are TLS 1.2 and 1.3 here; --tls-version tlsv1.3 leaves out 1.2"
        }
        Offer { suites: Suites::Only12, .. } => {
            "--ciphers leaves out TLS 1.3: it has no suite of it, such as TLS_AES_256_GCM_SHA384"
        }
        Offer { suites: Suites::Only13, .. } => {
            "--ciphers leaves out TLS 1.2: it has no suite of it, such as \
             ECDHE-RSA-AES256-GCM-SHA384"
        }
        _ => "there are TLS 1.2 and 1.3 here, so the broker needs one of them",
    }
}

/// What helps where the broker does not say what it misses. A certificate of ours it is not: who wants one
/// asks for it.
fn something_in_common(suites: Suites) -> &'static str {
    match suites {
        Suites::All => {
            "a listener for pre-shared keys wants --psk and --psk-identity. Else the broker has only \
             what is not accepted here: suites without ECDHE, or a certificate of the kind RSA-PSS, \
             P-521 or Ed448"
        }
        _ => {
            "it may have none of the cipher suites of --ciphers, or none that suits its certificate; \
             a listener for pre-shared keys wants --psk and --psk-identity"
        }
    }
}

/// A [`TlsError`], and what we had brought to TLS, which says what would help.
#[derive(Debug)]
pub struct TlsFailure {
    error: TlsError,
    offer: Offer,
}

impl TlsFailure {
    pub(super) fn new(error: TlsError, offer: Offer) -> Self {
        Self { error, offer }
    }

    /// What would help.
    pub(in crate::transport) fn hint(&self) -> Option<&'static str> {
        self.error.hint(self.offer)
    }
}

impl fmt::Display for TlsFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error.fmt(f)
    }
}

impl Error for TlsFailure {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.error.source()
    }
}

/// The TLS failure that an error of our stream stands for; any other error comes back.
pub(in crate::transport) fn of_stream(error: io::Error) -> Result<TlsFailure, io::Error> {
    error.downcast()
}

/// The same for an error of the library's stream. An [`io::Error`] is all that a stream can give, and this
/// the one place that looks into it.
pub(super) fn of_library(error: io::Error) -> Result<TlsError, io::Error> {
    error.downcast::<rustls::Error>().map(TlsError::of).or_else(pre_shared_key::of_library)
}

fn listed(names: &[String]) -> String {
    if names.is_empty() { "nobody".to_owned() } else { names.join(", ") }
}

/// The alert's name (RFC 8446 §6) with blanks: `unknown CA`, `decrypt error`.
fn in_words(alert: AlertDescription) -> String {
    words(&format!("{alert:?}"))
}

/// A name in the library's code, with blanks.
pub(super) fn words(name: &str) -> String {
    let mut words = String::new();
    let mut before = None;
    for c in name.chars() {
        let starts = before.is_some_and(char::is_lowercase) && c.is_uppercase();
        if starts {
            words.push(' ');
        }
        before = Some(c);
        words.push(c);
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_alert_is_told_in_words() {
        assert_eq!(in_words(AlertDescription::UnknownCA), "Unknown CA");
        assert_eq!(in_words(AlertDescription::BadRecordMac), "Bad Record Mac");
    }

    const PLAIN: Offer =
        Offer { suites: Suites::All, versions: TlsVersions::From12, proof: Proof::Certificate };

    #[test]
    fn each_alert_against_our_certificate_has_its_cure() {
        for (alert, cure) in [
            (AlertDescription::UnknownCA, "from an authority that the broker believes"),
            (AlertDescription::CertificateExpired, "unless the broker's clock is wrong"),
            (AlertDescription::CertificateRevoked, "its authority has taken it back"),
            (AlertDescription::UnsupportedCertificate, "may be used by clients"),
            (AlertDescription::BadCertificate, "the broker's log may say"),
        ] {
            let refused = TlsError::of_alert(alert);
            assert!(refused.hint(PLAIN).is_some_and(|hint| hint.contains(cure)), "{alert:?}");
            let without = Offer { proof: Proof::Nothing, ..PLAIN };
            assert_eq!(refused.hint(without), Some("it may want one: --cert and --key show it"));
        }
    }

    #[test]
    fn what_leaves_out_a_version_is_named() {
        for (suites, versions, cure) in [
            (Suites::All, TlsVersions::From12, "so the broker needs one of them"),
            (Suites::Some, TlsVersions::From12, "so the broker needs one of them"),
            (Suites::All, TlsVersions::Only13, "--tls-version tlsv1.3 leaves out 1.2"),
            (Suites::Only12, TlsVersions::From12, "--ciphers leaves out TLS 1.3"),
            (Suites::Only13, TlsVersions::From12, "--ciphers leaves out TLS 1.2"),
        ] {
            let hint = TlsError::NoCommonVersion.hint(Offer { suites, versions, ..PLAIN });
            assert!(hint.is_some_and(|hint| hint.contains(cure)), "{suites:?} {versions:?}");
        }
    }

    #[test]
    fn an_error_of_the_stream_that_is_not_of_tls_comes_back() {
        let error = of_library(io::ErrorKind::BrokenPipe.into()).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::BrokenPipe);
        let alert = rustls::Error::AlertReceived(AlertDescription::CertificateRequired);
        let error = io::Error::new(io::ErrorKind::InvalidData, alert);
        assert!(matches!(of_library(error), Ok(TlsError::CertificateWanted)));
    }
}
