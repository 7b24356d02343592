//! How the bytes on their way to a broker are protected, and how each side proves who it is.

use std::path::PathBuf;

use crate::secret::Secret;

/// TLS over the stream below it. The files are named here, not read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tls {
    /// How the sides prove who they are.
    pub authentication: Authentication,
    /// Names of the cipher suites allowed, at least one, as OpenSSL or IANA spells them; `None`: the library's
    /// own choice.
    pub ciphers: Option<Box<[String]>>,
    /// The protocol offered (ALPN, RFC 7301), 1 to 255 bytes.
    pub alpn: Option<String>,
    /// Where the keys of each connection are written down.
    pub key_log: Option<PathBuf>,
}

impl Tls {
    /// Whether a pre-shared key proves who the sides are, and no certificate.
    #[must_use]
    pub fn is_by_key(&self) -> bool {
        matches!(self.authentication, Authentication::PreSharedKey { .. })
    }

    /// Whether anyone can be the broker.
    #[must_use]
    pub fn is_unverified(&self) -> bool {
        match &self.authentication {
            Authentication::Certificates(certificates) => {
                certificates.verification == Verification::Off
            }
            Authentication::PreSharedKey { .. } => false,
        }
    }
}

/// How the sides prove who they are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Authentication {
    /// By certificates.
    Certificates(Certificates),
    /// By a key that both have, in TLS 1.2 (RFC 4279).
    PreSharedKey {
        /// Which key.
        identity: String,
        /// The key, 1 to 512 bytes.
        key: Secret,
    },
}

/// What is wanted of the broker's certificate, and which is shown to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificates {
    /// Who is believed. At least one.
    pub trust: Vec<Trust>,
    /// Ours.
    pub client: Option<ClientCertificate>,
    /// Which versions of TLS are spoken.
    pub versions: TlsVersions,
    /// Whether the broker must prove anything at all.
    pub verification: Verification,
}

/// Certificates of authorities that are believed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trust {
    /// Those of the operating system.
    System,
    /// Those in a PEM file.
    File(PathBuf),
    /// Those in the PEM files of a folder.
    Folder(PathBuf),
}

/// The certificate shown to the broker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientCertificate {
    /// The certificate and those that lead to its authority, a PEM file.
    pub chain: PathBuf,
    /// Its key, a PEM file.
    pub key: PathBuf,
    /// What opens the key, where it is encrypted.
    pub passphrase: Passphrase,
}

/// Where the passphrase of a key comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Passphrase {
    /// The user is asked for it.
    Terminal,
    /// It is the first line of a file.
    File(PathBuf),
    /// It was given.
    Known(Secret),
}

/// Versions of TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TlsVersions {
    /// 1.2 and newer.
    From12,
    /// 1.3 alone.
    Only13,
}

/// Whether the broker's certificate is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verification {
    /// Its authority, dates and name.
    Full,
    /// Not at all: anyone can be the broker.
    Off,
}
