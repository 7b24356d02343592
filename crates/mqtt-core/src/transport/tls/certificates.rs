//! TLS in which the sides prove who they are by certificates: rustls.

use std::sync::Arc;

use rustls::client::danger::ServerCertVerifier;
use rustls::client::{ResolvesClientCert, WebPkiServerVerifier};
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::ServerName;
use rustls::version::TLS13;
use rustls::{ClientConfig, SupportedProtocolVersion};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::authorities::Authorities;
use super::client_certificate::{self, NoCertificate};
use super::failure::TlsFailure;
use super::key_log::KeyLog;
use super::offer::Offer;
use super::told::Told;
use super::verifier::{NameCheck, NoVerifier, Verifier};
use super::{SetupError, TlsError, aside, bare, suites};
use crate::plan::{Certificates, Endpoint, Tls, TlsVersions, Verification};
use crate::transport::{ByteStream, TransportError};

static ONLY_13: &[&SupportedProtocolVersion] = &[&TLS13];

/// Everything that connections of a run have in common.
pub(in crate::transport) struct Connector {
    config: Arc<ClientConfig>,
    /// For unix sockets, which have no name to check.
    nameless: Arc<ClientConfig>,
    /// What stands for our certificate where we have none.
    missing: Arc<NoCertificate>,
    offer: Offer,
}

impl Connector {
    /// Reads the files of a plan, and asks for a passphrase where its key needs one.
    pub(super) async fn new(
        tls: &Tls,
        certificates: &Certificates,
    ) -> Result<Self, TransportError> {
        let provider = Arc::new(provider(tls, certificates.versions)?);
        let (verifier, nameless) = verifiers(certificates, &provider).await?;
        let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_protocol_versions(versions(certificates.versions))
            .map_err(SetupError::refused)?
            .dangerous()
            .with_custom_certificate_verifier(verifier);
        let missing = Arc::new(NoCertificate::default());
        let ours: Arc<dyn ResolvesClientCert> = match &certificates.client {
            None => Arc::clone(&missing) as _,
            Some(client) => client_certificate::load(client, &provider).await?,
        };
        let mut config = builder.with_client_cert_resolver(ours);
        config.alpn_protocols = tls.alpn.iter().map(|name| name.clone().into_bytes()).collect();
        if let Some(path) = &tls.key_log {
            config.key_log = Arc::new(KeyLog::open(path).await?);
        }
        let mut without_name = config.clone();
        without_name.dangerous().set_certificate_verifier(nameless);
        without_name.enable_sni = false;
        Ok(Self {
            config: Arc::new(config),
            nameless: Arc::new(without_name),
            missing,
            offer: Offer::of(tls),
        })
    }

    /// Begins TLS with the broker at `endpoint`.
    pub(super) async fn connect<S: ByteStream>(
        &self,
        stream: S,
        endpoint: &Endpoint,
    ) -> Result<Told<TlsStream<S>>, TransportError> {
        let failed = |error| TransportError::Tls {
            endpoint: endpoint.clone(),
            source: TlsFailure::new(error, self.offer),
        };
        let (config, host) = match endpoint {
            Endpoint::Tcp { host, .. } | Endpoint::Service(host) => (&self.config, host.as_str()),
            Endpoint::Unix(_) => (&self.nameless, "localhost"),
        };
        let name = ServerName::try_from(bare(host).to_owned());
        let name = name.map_err(|_| failed(TlsError::NoName(host.to_owned())))?;
        let connection = TlsConnector::from(Arc::clone(config)).connect(name, stream).await;
        let stream =
            connection.map_err(|error| failed(self.seen(TlsError::of_handshake(error))))?;
        Ok(Told { stream, offer: self.offer })
    }

    /// What a failure is to one who knows whether the broker has asked for a certificate. TLS 1.2 has no
    /// words of its own for the one that is missing.
    fn seen(&self, error: TlsError) -> TlsError {
        match error {
            TlsError::NothingInCommon | TlsError::CertificateRefused(_)
                if self.missing.was_wanted() =>
            {
                TlsError::CertificateWanted
            }
            other => other,
        }
    }
}

/// The library's algorithms, with the cipher suites that the plan allows.
fn provider(tls: &Tls, versions: TlsVersions) -> Result<CryptoProvider, SetupError> {
    let mut provider = ring::default_provider();
    if let Some(names) = &tls.ciphers {
        provider.cipher_suites = suites::named(names)?;
    }
    let is_tls13 = |suite: &rustls::SupportedCipherSuite| suite.tls13().is_some();
    if versions == TlsVersions::Only13 && !provider.cipher_suites.iter().any(is_tls13) {
        return Err(SetupError::NoCipherLeft);
    }
    Ok(provider)
}

fn versions(versions: TlsVersions) -> &'static [&'static SupportedProtocolVersion] {
    match versions {
        TlsVersions::From12 => rustls::ALL_VERSIONS,
        TlsVersions::Only13 => ONLY_13,
    }
}

type AnyVerifier = Arc<dyn ServerCertVerifier>;

/// Who looks at the broker's certificate, where it has a name and where it has none. Where nobody is to
/// look, no authority is read.
async fn verifiers(
    certificates: &Certificates,
    provider: &Arc<CryptoProvider>,
) -> Result<(AnyVerifier, AnyVerifier), TransportError> {
    let algorithms = provider.signature_verification_algorithms;
    if certificates.verification == Verification::Off {
        let verifier: AnyVerifier = Arc::new(NoVerifier(algorithms));
        return Ok((Arc::clone(&verifier), verifier));
    }
    let trust = certificates.trust.clone();
    let Authorities { roots, named } = aside(move || Authorities::load(&trust)).await?;
    let roots = Arc::new(roots);
    let webpki = WebPkiServerVerifier::builder_with_provider(roots, Arc::clone(provider)).build();
    let webpki = webpki.map_err(|_| SetupError::NoSystemCertificates)?;
    let with_name = Verifier { webpki, named: named.into(), algorithms, name_check: NameCheck::On };
    let nameless = Verifier { name_check: NameCheck::Off, ..with_name.clone() };
    Ok((Arc::new(with_name), Arc::new(nameless)))
}

#[cfg(test)]
mod tests;
