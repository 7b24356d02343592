//! A TLS server that stands in front of a plain one: a scripted peer, say.

use std::io;
use std::net::{Ipv4Addr, TcpListener};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};
use std::thread;

use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::copy_bidirectional;
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;

use crate::certificates::Identity;
use crate::patience::LIMIT;

/// A running server. It serves as long as the test lives.
#[derive(Debug)]
pub struct TlsFront {
    port: u16,
    agreed: Mutex<Receiver<Option<String>>>,
}

impl TlsFront {
    /// Speaks TLS on a free loopback port, and hands what it hears to a plain port. `protocols` are those
    /// that a client may ask for (ALPN); where there are none, it does not heed them.
    #[must_use]
    pub fn start(server: &Identity, protocols: &[&str], plain_port: u16) -> Self {
        let acceptor = TlsAcceptor::from(Arc::new(configuration(server, protocols)));
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let port = listener.local_addr().unwrap().port();
        let (agree, agreed) = channel();
        thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build();
            runtime.unwrap().block_on(async {
                listener.set_nonblocking(true).unwrap();
                let listener = tokio::net::TcpListener::from_std(listener).unwrap();
                while let Ok((client, _)) = listener.accept().await {
                    let (acceptor, agree) = (acceptor.clone(), agree.clone());
                    tokio::spawn(async move {
                        // A client that does not like the certificate, or is gone: its test says so.
                        let _ended = serve(&acceptor, client, plain_port, |protocol| {
                            let _nobody_asks = agree.send(protocol);
                        })
                        .await;
                    });
                }
            });
        });
        Self { port, agreed: Mutex::new(agreed) }
    }

    /// The port.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The protocol agreed on with the next client.
    #[must_use]
    #[track_caller]
    pub fn protocol(&self) -> Option<String> {
        self.agreed.lock().unwrap().recv_timeout(LIMIT).expect("a client that speaks TLS")
    }
}

async fn serve(
    acceptor: &TlsAcceptor,
    client: TcpStream,
    plain_port: u16,
    agreed: impl FnOnce(Option<String>),
) -> io::Result<()> {
    let mut client = acceptor.accept(client).await?;
    let protocol = client.get_ref().1.alpn_protocol();
    agreed(protocol.map(|name| String::from_utf8_lossy(name).into_owned()));
    let mut plain = TcpStream::connect((Ipv4Addr::LOCALHOST, plain_port)).await?;
    copy_bidirectional(&mut client, &mut plain).await.map(drop)
}

fn configuration(server: &Identity, protocols: &[&str]) -> ServerConfig {
    let chain: Result<Vec<_>, _> =
        CertificateDer::pem_file_iter(server.certificate()).unwrap().collect();
    let key = PrivateKeyDer::from_pem_file(server.key()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder =
        ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let builder = builder.unwrap().with_no_client_auth();
    let mut config = builder.with_single_cert(chain.unwrap(), key).unwrap();
    config.alpn_protocols = protocols.iter().map(|name| name.as_bytes().to_vec()).collect();
    config
}
