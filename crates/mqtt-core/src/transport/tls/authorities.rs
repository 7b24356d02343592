//! Whose certificates are believed.

use std::collections::HashSet;
use std::fs;
use std::io;
use std::path::Path;

use memchr::memmem;
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::{self, PemObject};

use super::SetupError;
use crate::plan::Trust;
use crate::transport::TransportError;

const OLD_NAME: &[u8] = b"-----BEGIN X509 CERTIFICATE-----";

/// OpenSSL's own form: behind the certificate it says for what it is believed, and for what not.
const TRUSTED: &[u8] = b"-----BEGIN TRUSTED CERTIFICATE-----";

/// The certificates of all that is believed.
#[derive(Debug)]
pub(super) struct Authorities {
    /// All of them.
    pub(super) roots: RootCertStore,
    /// Those the user has named: what they say counts for certificates of old forms, too.
    pub(super) named: Vec<CertificateDer<'static>>,
}

impl Authorities {
    /// Reads them; the system's only if asked for.
    pub(super) fn load(trust: &[Trust]) -> Result<Self, TransportError> {
        let mut authorities = Self { roots: RootCertStore::empty(), named: Vec::new() };
        for trust in trust {
            match trust {
                Trust::File(path) => authorities.add_file(path)?,
                Trust::Folder(path) => authorities.add_folder(path)?,
                Trust::System => authorities.add_system()?,
            }
        }
        Ok(authorities)
    }

    fn add_file(&mut self, path: &Path) -> Result<(), TransportError> {
        for certificate in certificates("--cafile", path)? {
            self.add_named(certificate).map_err(|source| SetupError::BadCertificate {
                option: "--cafile",
                path: path.to_owned(),
                source: source.into(),
            })?;
        }
        Ok(())
    }

    /// The certificates in all files of a folder, at least one. What is none is left alone.
    fn add_folder(&mut self, path: &Path) -> Result<(), TransportError> {
        let before = self.named.len();
        for certificate in certificates_in_folder(path)? {
            let _ = self.add_named(certificate);
        }
        if self.named.len() == before {
            let path = path.to_owned();
            return Err(SetupError::NoCertificate { option: "--capath", path }.into());
        }
        Ok(())
    }

    fn add_named(&mut self, certificate: CertificateDer<'static>) -> Result<(), rustls::Error> {
        self.roots.add(certificate.clone())?;
        self.named.push(certificate);
        Ok(())
    }

    /// What of the system's cannot be read is left out, as it has always been by everybody.
    fn add_system(&mut self) -> Result<(), TransportError> {
        let system = rustls_native_certs::load_native_certs().certs;
        let (added, _) = self.roots.add_parsable_certificates(system);
        if added == 0 { Err(SetupError::NoSystemCertificates.into()) } else { Ok(()) }
    }
}

/// The certificates of a PEM file, at least one.
pub(super) fn certificates(
    option: &'static str,
    path: &Path,
) -> Result<Vec<CertificateDer<'static>>, TransportError> {
    let content = super::read(option, path)?;
    if memmem::find(&content, TRUSTED).is_some() {
        return Err(SetupError::TrustedCertificate { option, path: path.to_owned() }.into());
    }
    let found = parsed(&content).map_err(|source| SetupError::BadCertificate {
        option,
        path: path.to_owned(),
        source: source.into(),
    })?;
    if found.is_empty() {
        return Err(SetupError::NoCertificate { option, path: path.to_owned() }.into());
    }
    Ok(found)
}

/// Those of OpenSSL's old name too (`X509 CERTIFICATE`).
fn parsed(content: &[u8]) -> Result<Vec<CertificateDer<'static>>, pem::Error> {
    if memmem::find(content, OLD_NAME).is_none() {
        return CertificateDer::pem_slice_iter(content).collect();
    }
    let content =
        String::from_utf8_lossy(content).replace("-----BEGIN X509 CERT", "-----BEGIN CERT");
    let content = content.replace("-----END X509 CERT", "-----END CERT");
    CertificateDer::pem_slice_iter(content.as_bytes()).collect()
}

/// Each certificate once: a folder that was prepared for OpenSSL has links to the same files.
fn certificates_in_folder(path: &Path) -> Result<HashSet<CertificateDer<'static>>, TransportError> {
    let failed = |source: io::Error| TransportError::file("--capath", path, source);
    let mut found = HashSet::new();
    for entry in fs::read_dir(path).map_err(failed)? {
        let file = entry.map_err(failed)?.path();
        // Opening a pipe could wait for ever.
        if fs::metadata(&file).is_ok_and(|metadata| metadata.is_file()) {
            found.extend(parsed(&fs::read(&file).unwrap_or_default()).unwrap_or_default());
        }
    }
    Ok(found)
}
