//! The certificate that we show to the broker, and its key.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use memchr::memmem;
use pkcs8::{EncryptedPrivateKeyInfo, SecretDocument};
use rustls::SignatureScheme;
use rustls::client::ResolvesClientCert;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::sign::{CertifiedKey, SigningKey, SingleCertAndKey};
use zeroize::Zeroizing;

use super::{SetupError, algorithms, aside, authorities, der, legacy, passphrase};
use crate::plan::ClientCertificate;
use crate::transport::TransportError;

const ENCRYPTED_BEGIN: &[u8] = b"-----BEGIN ENCRYPTED PRIVATE KEY-----";
const ENCRYPTED_END: &[u8] = b"-----END ENCRYPTED PRIVATE KEY-----";

/// What OpenSSL before 1.0 wrote into the head of an encrypted key (RFC 1421 §4.6.1.1).
const OLD_ENCRYPTION: &[u8] = b"Proc-Type: 4,ENCRYPTED";

/// Reads the certificate and its key, and asks for a passphrase where the key needs one.
///
/// The library's own way would refuse certificates of X.509 v1, which brokers accept.
pub(super) async fn load(
    plan: &ClientCertificate,
    provider: &CryptoProvider,
) -> Result<Arc<SingleCertAndKey>, TransportError> {
    let file = plan.chain.clone();
    let chain = aside(move || authorities::certificates("--cert", &file)).await?;
    let key = signing_key(plan, provider).await?;
    let of_certificate = chain.first().and_then(|leaf| legacy::public_key(leaf));
    let of_key = key.public_key();
    if of_key.is_some_and(|key| Some(key.as_ref()) != of_certificate.as_deref()) {
        let (chain, key) = (plan.chain.clone(), plan.key.clone());
        return Err(SetupError::KeyMismatch { chain, key }.into());
    }
    Ok(Arc::new(CertifiedKey::new(chain, key).into()))
}

async fn signing_key(
    plan: &ClientCertificate,
    provider: &CryptoProvider,
) -> Result<Arc<dyn SigningKey>, TransportError> {
    let path = &plan.key;
    let file = path.clone();
    let content = Zeroizing::new(aside(move || super::read("--key", &file)).await?);
    if memmem::find(&content, OLD_ENCRYPTION).is_some() {
        return Err(SetupError::OldEncryption(path.clone()).into());
    }
    let key = match encrypted(&content) {
        None => {
            PrivateKeyDer::from_pem_slice(&content).map_err(|_| SetupError::NoKey(path.clone()))?
        }
        Some(block) => {
            let sealed = opened(path, block)?;
            let info = readable(path, &sealed)?;
            let passphrase = passphrase::obtain(&plan.passphrase, path).await?;
            decrypted(path, &info, passphrase.expose())?
        }
    };
    let kind = algorithms::kind(&key);
    let key = provider.key_provider.load_private_key(key);
    Ok(key.map_err(|source| match kind {
        Some(kind) => SetupError::KeyKind { path: path.clone(), kind },
        None => SetupError::BadKey { path: path.clone(), source: source.into() },
    })?)
}

/// The PEM block of an encrypted key.
fn encrypted(content: &[u8]) -> Option<&[u8]> {
    let begin = memmem::find(content, ENCRYPTED_BEGIN)?;
    let rest = content.get(begin..)?;
    let end = memmem::find(rest, ENCRYPTED_END)? + ENCRYPTED_END.len();
    rest.get(..end)
}

/// The structure in the block, still encrypted.
fn opened(path: &Path, block: &[u8]) -> Result<SecretDocument, SetupError> {
    let damaged = |source: Box<dyn std::error::Error + Send + Sync>| SetupError::BadKey {
        path: path.to_owned(),
        source,
    };
    let text = std::str::from_utf8(block).map_err(|error| damaged(error.into()))?;
    let (_, document) =
        SecretDocument::from_pem(text).map_err(|error| damaged(error.to_string().into()))?;
    Ok(document)
}

/// What is said about the encryption, if it is one that can be undone: nobody is asked for a passphrase that
/// would be of no use.
fn readable<'a>(
    path: &Path,
    sealed: &'a SecretDocument,
) -> Result<EncryptedPrivateKeyInfo<'a>, SetupError> {
    match EncryptedPrivateKeyInfo::try_from(sealed.as_bytes()) {
        Ok(info) if info.encryption_algorithm.pbes2().is_some() => Ok(info),
        // The name of an encryption, and something encrypted.
        Err(error) if der::elements(sealed.as_bytes()).is_none_or(|it| it.len() != 2) => {
            Err(SetupError::BadKey { path: path.to_owned(), source: error.to_string().into() })
        }
        _ => Err(SetupError::OtherEncryption(path.to_owned())),
    }
}

fn decrypted(
    path: &Path,
    info: &EncryptedPrivateKeyInfo<'_>,
    passphrase: &[u8],
) -> Result<PrivateKeyDer<'static>, SetupError> {
    let document =
        info.decrypt(passphrase).map_err(|_| SetupError::WrongPassphrase(path.to_owned()))?;
    Ok(PrivatePkcs8KeyDer::from(document.as_bytes().to_vec()).into())
}

/// Where we have no certificate: remembers whether a broker has asked for one.
#[derive(Debug, Default)]
pub(super) struct NoCertificate {
    wanted: AtomicBool,
}

impl NoCertificate {
    pub(super) fn was_wanted(&self) -> bool {
        self.wanted.load(Ordering::Relaxed)
    }
}

impl ResolvesClientCert for NoCertificate {
    fn resolve(&self, _: &[&[u8]], _: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        self.wanted.store(true, Ordering::Relaxed);
        None
    }

    fn has_certs(&self) -> bool {
        false
    }
}
