//! What a run brings to TLS: where it fails, it depends on that which option would help.

use rustls::SupportedCipherSuite;

use super::suites;
use crate::plan::{Authentication, Tls, TlsVersions};

/// What was offered to a broker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Offer {
    pub(super) suites: Suites,
    pub(super) versions: TlsVersions,
    pub(super) proof: Proof,
}

/// The cipher suites that were offered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Suites {
    /// All there are.
    All,
    /// Those of `--ciphers`, some of TLS 1.2 and some of 1.3.
    Some,
    /// Those of `--ciphers`, all of TLS 1.2.
    Only12,
    /// Those of `--ciphers`, all of TLS 1.3.
    Only13,
}

/// What was to prove who we are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Proof {
    /// Nothing.
    Nothing,
    /// A certificate.
    Certificate,
    /// A pre-shared key.
    Key,
}

impl Offer {
    pub(super) fn of(tls: &Tls) -> Self {
        let (versions, proof) = match &tls.authentication {
            Authentication::PreSharedKey { .. } => (TlsVersions::From12, Proof::Key),
            Authentication::Certificates(certificates) => match certificates.client {
                Some(_) => (certificates.versions, Proof::Certificate),
                None => (certificates.versions, Proof::Nothing),
            },
        };
        Self { suites: Suites::of(tls.ciphers.as_deref()), versions, proof }
    }
}

impl Suites {
    fn of(names: Option<&[String]>) -> Self {
        let Some(names) = names else { return Self::All };
        // Those with a pre-shared key, which the library does not have, are all of TLS 1.2.
        let suites = suites::named(names).unwrap_or_default();
        let is_tls13 = |suite: &SupportedCipherSuite| suite.tls13().is_some();
        match (suites.iter().any(is_tls13), suites.iter().all(is_tls13)) {
            (false, _) => Self::Only12,
            (true, false) => Self::Some,
            (true, true) => Self::Only13,
        }
    }
}
