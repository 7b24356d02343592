//! Servers that no real broker would be.

use std::path::Path;

use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use test_support::certificates::{Identity, OldAuthority};
use tokio_rustls::TlsAcceptor;

use super::*;
use crate::plan::{Authentication, Trust};

/// A server with the certificate of one and the key of another.
fn acceptor(
    certificate: &Identity,
    key: &Identity,
    version: &'static SupportedProtocolVersion,
) -> TlsAcceptor {
    let provider = ring::default_provider();
    let chain: Result<Vec<_>, _> =
        CertificateDer::pem_file_iter(certificate.certificate()).unwrap().collect();
    let key = PrivateKeyDer::from_pem_file(key.key()).unwrap();
    let key = provider.key_provider.load_private_key(key).unwrap();
    let resolver = SingleCertAndKey::from(CertifiedKey::new(chain.unwrap(), key));
    let config = ServerConfig::builder_with_provider(Arc::new(provider))
        .with_protocol_versions(&[version])
        .unwrap()
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(resolver));
    TlsAcceptor::from(Arc::new(config))
}

async fn connector(cafile: &str) -> Connector {
    let certificates = Certificates {
        trust: vec![Trust::File(Path::new(cafile).to_owned())],
        client: None,
        versions: TlsVersions::From12,
        verification: Verification::Full,
    };
    let authentication = Authentication::Certificates(certificates.clone());
    let tls = Tls { authentication, ciphers: None, alpn: None, key_log: None };
    Connector::new(&tls, &certificates).await.unwrap()
}

async fn handshake(connector: &Connector, acceptor: TlsAcceptor) -> Result<(), TransportError> {
    let (ours, theirs) = tokio::io::duplex(64 * 1024);
    let endpoint = Endpoint::Tcp { host: "localhost".to_owned(), port: 8883 };
    let (client, _server) =
        tokio::join!(connector.connect(ours, &endpoint), acceptor.accept(theirs));
    client.map(drop)
}

#[tokio::test]
async fn whoever_has_the_certificate_but_not_its_key_is_refused() {
    let authority = OldAuthority::new("ours");
    let extensions = "subjectAltName = DNS:localhost";
    let old = authority.identity("old", "localhost");
    let today = authority.identity_with("today", "localhost", "ca", extensions);
    let thief = authority.identity("thief", "localhost");
    let connector = connector(&authority.file()).await;
    for server in [&old, &today] {
        for version in [&rustls::version::TLS12, &TLS13] {
            handshake(&connector, acceptor(server, server, version)).await.unwrap();
            let stolen = handshake(&connector, acceptor(server, &thief, version)).await;
            let Err(TransportError::Tls { source, .. }) = stolen else {
                panic!("{version:?} {stolen:?}");
            };
            assert_eq!(source.to_string(), TlsError::NotTheOwner.to_string(), "{version:?}");
        }
    }
}
