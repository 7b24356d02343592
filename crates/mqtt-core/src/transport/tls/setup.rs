//! What is wrong with the files and options that TLS is made from, before anything is connected.

use std::io;
use std::path::PathBuf;

/// Why TLS cannot even begin. What fails with a broker is a [`TlsError`](super::TlsError).
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// Nothing in a file or folder is a certificate.
    #[error("there is no certificate in '{}' ({option})", .path.display())]
    NoCertificate {
        /// The option that names it.
        option: &'static str,
        /// The file or folder.
        path: PathBuf,
    },
    /// A certificate that cannot be read as one.
    #[error("a certificate in '{}' ({option}) is damaged", .path.display())]
    BadCertificate {
        /// The option that names it.
        option: &'static str,
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A certificate in the form of OpenSSL that says what it is believed for.
    #[error("a certificate in '{}' ({option}) is in a form that is not read here: TRUSTED CERTIFICATE", .path.display())]
    TrustedCertificate {
        /// The option that names it.
        option: &'static str,
        /// The file.
        path: PathBuf,
    },
    /// The operating system has no certificates of authorities.
    #[error("the system has no certificates of authorities")]
    NoSystemCertificates,
    /// Nothing in a file is a key.
    #[error("there is no key in '{}' (--key)", .0.display())]
    NoKey(PathBuf),
    /// A key that cannot be used.
    #[error("the key in '{}' (--key) cannot be used", .path.display())]
    BadKey {
        /// The file.
        path: PathBuf,
        /// Why.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The key is encrypted in the way of OpenSSL before 1.0.
    #[error("the key in '{}' (--key) is encrypted in an old form", .0.display())]
    OldEncryption(PathBuf),
    /// The key is encrypted in a way that we do not know.
    #[error("the key in '{}' (--key) is encrypted in a form that is not read here", .0.display())]
    OtherEncryption(PathBuf),
    /// The key is of a kind that TLS does not accept here.
    #[error("the key in '{}' (--key) is of a kind that cannot be used: {kind}", .path.display())]
    KeyKind {
        /// The file.
        path: PathBuf,
        /// The kind.
        kind: String,
    },
    /// The passphrase does not fit.
    #[error("the key in '{}' (--key) cannot be decrypted with that passphrase", .0.display())]
    WrongPassphrase(PathBuf),
    /// The key is encrypted, and there is nobody to ask.
    #[error("the key in '{}' (--key) is encrypted, and there is no terminal to ask on", .path.display())]
    NoTerminal {
        /// The key's file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// What was typed is none.
    #[error("no passphrase for the key in '{}' (--key)", .path.display())]
    UselessPassphrase {
        /// The key's file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// The certificate is that of another key.
    #[error("the certificate in '{}' (--cert) does not belong to the key in '{}' (--key)", .chain.display(), .key.display())]
    KeyMismatch {
        /// The certificate's file.
        chain: PathBuf,
        /// The key's file.
        key: PathBuf,
    },
    /// A name in `--ciphers` that means nothing.
    #[error("there is no cipher suite '{name}' (--ciphers); there are {}", .known.join(", "))]
    UnknownCipher {
        /// The name.
        name: String,
        /// Those there are.
        known: Vec<&'static str>,
    },
    /// `--ciphers` and `--tls-version` leave nothing.
    #[error("none of the cipher suites of --ciphers is one of TLS 1.3, which --tls-version wants")]
    NoCipherLeft,
    /// The keys of connections cannot be written down.
    #[error("cannot write the keys of connections to '{}' (--tls-keylog, SSLKEYLOGFILE)", .path.display())]
    KeyLog {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Anything else the library refuses.
    #[error("TLS cannot be set up")]
    Refused(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// A pre-shared key is wanted, and rustls has none.
    #[error("'--psk' needs OpenSSL, which is not in this build")]
    NoPreSharedKeys,
}

impl SetupError {
    pub(super) fn refused(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Refused(error.into())
    }

    /// What would help.
    pub(in crate::transport) fn hint(&self) -> Option<&'static str> {
        Some(match self {
            Self::NoCertificate { .. } => {
                "certificates are wanted in PEM: '-----BEGIN CERTIFICATE-----'"
            }
            Self::NoSystemCertificates => {
                "install the package ca-certificates, or give --cafile FILE"
            }
            Self::NoKey(_) => "a key is wanted in PEM: '-----BEGIN PRIVATE KEY-----'",
            Self::OldEncryption(_) | Self::OtherEncryption(_) => {
                "'openssl pkcs8 -topk8 -in KEY -out NEW' makes one that works"
            }
            Self::KeyKind { .. } => {
                "a key is RSA with 2048 to 4096 bits, P-256, P-384 or Ed25519: --cert needs a certificate \
                 for such a one"
            }
            Self::TrustedCertificate { .. } => {
                "'openssl x509 -in FILE -out NEW' makes one that works"
            }
            Self::NoTerminal { .. } => {
                "--key-password-file FILE names a file with the passphrase; mqtt-pub and mqtt-sub \
                 also take it from MQTT_KEY_PASSWORD"
            }
            Self::NoPreSharedKeys => {
                "built with the feature 'psk' it is: cargo build --release --features psk (it needs \
                 libssl-dev and pkg-config)"
            }
            _ => return None,
        })
    }
}
