//! TLS in which a key that both sides have proves each to the other (RFC 4279): OpenSSL, and TLS 1.2, since
//! rustls has no such keys.

use std::io;
use std::pin::Pin;

use openssl::error::ErrorStack;
use openssl::ssl::{
    self, Ssl, SslContext, SslContextBuilder, SslMethod, SslMode, SslOptions, SslVersion,
};
use rustls::AlertDescription;
use tokio_openssl::SslStream;

use super::failure::TlsFailure;
use super::key_log::KeyLog;
use super::offer::Offer;
use super::told::Told;
use super::{SetupError, TlsError, bare};
use crate::plan::{Endpoint, Tls};
use crate::secret::Secret;
use crate::transport::{ByteStream, TransportError};

/// The suites that are offered, by OpenSSL's names. Left out are those that do not encrypt, and those with a
/// certificate beside the key (RSA-PSK), which nobody would look at.
const SUITES: [&str; 14] = [
    "ECDHE-PSK-CHACHA20-POLY1305",
    "ECDHE-PSK-AES256-CBC-SHA384",
    "ECDHE-PSK-AES128-CBC-SHA256",
    "ECDHE-PSK-AES256-CBC-SHA",
    "ECDHE-PSK-AES128-CBC-SHA",
    "PSK-AES256-GCM-SHA384",
    "PSK-CHACHA20-POLY1305",
    "PSK-AES128-GCM-SHA256",
    "PSK-AES256-CCM",
    "PSK-AES128-CCM",
    "PSK-AES256-CBC-SHA384",
    "PSK-AES128-CBC-SHA256",
    "PSK-AES256-CBC-SHA",
    "PSK-AES128-CBC-SHA",
];

/// Those that `--ciphers` must name (RFC 9325 §4.1 advises against them): each handshake of a DHE suite costs
/// both sides some ten milliseconds, and mosquitto would take one before all others; the others have
/// short tags.
const BY_NAME: [&str; 13] = [
    "DHE-PSK-AES256-GCM-SHA384",
    "DHE-PSK-CHACHA20-POLY1305",
    "DHE-PSK-AES128-GCM-SHA256",
    "DHE-PSK-AES256-CCM",
    "DHE-PSK-AES128-CCM",
    "DHE-PSK-AES256-CBC-SHA384",
    "DHE-PSK-AES128-CBC-SHA256",
    "DHE-PSK-AES256-CBC-SHA",
    "DHE-PSK-AES128-CBC-SHA",
    "DHE-PSK-AES256-CCM8",
    "DHE-PSK-AES128-CCM8",
    "PSK-AES256-CCM8",
    "PSK-AES128-CCM8",
];

/// OpenSSL's numbers for errors (`sslerr.h`): its room for TLS, what stands for an alert of the other side
/// (plus the alert's own number), and what comes of bytes that are no TLS, or of another version.
const TLS: i32 = 20;
const ALERTS: i32 = 1000;
const WRONG_VERSION_NUMBER: i32 = 267;
const UNSUPPORTED_PROTOCOL: i32 = 258;

/// Everything that connections of a run have in common.
pub(in crate::transport) struct Connector {
    context: SslContext,
    offer: Offer,
}

impl Connector {
    pub(super) async fn new(
        tls: &Tls,
        identity: &str,
        key: &Secret,
    ) -> Result<Self, TransportError> {
        let ciphers = match &tls.ciphers {
            None => SUITES.join(":"),
            Some(names) => named(names)?,
        };
        let mut context = context(&ciphers).map_err(SetupError::refused)?;
        let (identity, key) = (identity.to_owned(), key.clone());
        context.set_psk_client_callback(move |_, _hint, to_identity, to_key| {
            // An end that is not written is there: OpenSSL has filled the buffer with zeros.
            fill(to_identity, identity.as_bytes()).and_then(|_| fill(to_key, key.expose()))
        });
        if let Some(protocol) = &tls.alpn {
            let length = u8::try_from(protocol.len()).unwrap_or(u8::MAX);
            let offer = [&[length], protocol.as_bytes()].concat();
            context.set_alpn_protos(&offer).map_err(SetupError::refused)?;
        }
        if let Some(path) = &tls.key_log {
            let key_log = KeyLog::open(path).await?;
            context.set_keylog_callback(move |_, line| key_log.write(line.to_owned()));
        }
        Ok(Self { context: context.build(), offer: Offer::of(tls) })
    }

    /// Begins TLS with the broker at `endpoint`.
    pub(super) async fn connect<S: ByteStream>(
        &self,
        stream: S,
        endpoint: &Endpoint,
    ) -> Result<Told<SslStream<S>>, TransportError> {
        let failed = |error| TransportError::Tls {
            endpoint: endpoint.clone(),
            source: TlsFailure::new(error, self.offer),
        };
        let ssl = ssl(&self.context, endpoint).map_err(SetupError::refused)?;
        let mut stream = SslStream::new(ssl, stream).map_err(SetupError::refused)?;
        let connected = Pin::new(&mut stream).connect().await;
        connected.map_err(|error| failed(failure(error, of_alert)))?;
        Ok(Told { stream, offer: self.offer })
    }
}

/// A client's part of TLS 1.2.
fn context(ciphers: &str) -> Result<SslContextBuilder, ErrorStack> {
    let mut context = SslContext::builder(SslMethod::tls_client())?;
    context.set_min_proto_version(Some(SslVersion::TLS1_2))?;
    context.set_max_proto_version(Some(SslVersion::TLS1_2))?;
    context.set_cipher_list(ciphers)?;
    // MQTT has an end of its own.
    context.set_options(SslOptions::IGNORE_UNEXPECTED_EOF);
    // Otherwise the head of each record is read by itself.
    context.set_read_ahead(true);
    // What waits to be written may lie elsewhere when it is.
    context.set_mode(SslMode::ENABLE_PARTIAL_WRITE | SslMode::ACCEPT_MOVING_WRITE_BUFFER);
    Ok(context)
}

/// A connection's part. Names are told to the broker (SNI), addresses and sockets have none.
fn ssl(context: &SslContext, endpoint: &Endpoint) -> Result<Ssl, ErrorStack> {
    let mut ssl = Ssl::new(context)?;
    if let Endpoint::Tcp { host, .. } | Endpoint::Service(host) = endpoint
        && bare(host).parse::<std::net::IpAddr>().is_err()
    {
        ssl.set_hostname(host)?;
    }
    Ok(ssl)
}

/// Writes `bytes` at the beginning of `buffer`; their number.
fn fill(buffer: &mut [u8], bytes: &[u8]) -> Result<usize, ErrorStack> {
    // Too long for this OpenSSL: it says so itself when it hears of no key.
    let place = buffer.get_mut(..bytes.len()).ok_or_else(ErrorStack::get)?;
    place.copy_from_slice(bytes);
    Ok(bytes.len())
}

/// OpenSSL's list of the suites of these names; its own or IANA's, in any case.
fn named(names: &[String]) -> Result<String, SetupError> {
    let names: Result<Vec<_>, _> = names.iter().map(|name| suite(name)).collect();
    Ok(names?.join(":"))
}

fn suite(name: &str) -> Result<&'static str, SetupError> {
    let is_meant = |suite: &&&str| {
        name.eq_ignore_ascii_case(suite) || ssl::cipher_name(&name.to_ascii_uppercase()) == **suite
    };
    let known = [&SUITES[..], &BY_NAME].concat();
    let found = known.iter().find(is_meant).copied();
    found.ok_or_else(|| SetupError::UnknownCipher { name: name.to_owned(), known })
}

/// What ended the handshake, or the connection later; `of_alert` is what an alert means then.
fn failure(error: ssl::Error, of_alert: fn(AlertDescription) -> TlsError) -> TlsError {
    let error = match error.into_io_error() {
        Ok(error) => return TlsError::of_handshake(error),
        Err(error) => error,
    };
    // The end of the stream has nothing to say.
    let Some(error) = error.ssl_error().and_then(|stack| stack.errors().first()) else {
        return TlsError::Closed;
    };
    let reason = if error.library_code() == TLS { error.reason_code() } else { 0 };
    if let Ok(alert) = u8::try_from(reason - ALERTS) {
        return of_alert(alert.into());
    }
    match reason {
        WRONG_VERSION_NUMBER => TlsError::NotTls,
        UNSUPPORTED_PROTOCOL => TlsError::NoTls12,
        _ => TlsError::Protocol(error.reason().unwrap_or("OpenSSL does not say why").into()),
    }
}

/// What the broker says to the key we have shown.
fn of_alert(alert: AlertDescription) -> TlsError {
    match alert {
        AlertDescription::UnknownPSKIdentity => TlsError::UnknownIdentity,
        // The first thing that the key is needed for cannot be read.
        AlertDescription::BadRecordMac | AlertDescription::DecryptError => TlsError::OtherKey,
        AlertDescription::HandshakeFailure | AlertDescription::InsufficientSecurity => {
            TlsError::NoPreSharedKey
        }
        AlertDescription::ProtocolVersion => TlsError::NoTls12,
        other => TlsError::of_alert(other),
    }
}

pub(super) fn of_library(error: io::Error) -> Result<TlsError, io::Error> {
    error.downcast::<ssl::Error>().map(|error| failure(error, TlsError::of_alert))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_suite_goes_by_both_names_and_is_one_of_openssl() {
        for suite in SUITES.into_iter().chain(BY_NAME) {
            assert!(context(suite).is_ok(), "{suite}");
        }
        let names =
            ["tls_psk_with_aes_128_ccm_8", "ecdhe-psk-chacha20-poly1305"].map(str::to_owned);
        assert_eq!(named(&names).unwrap(), "PSK-AES128-CCM8:ECDHE-PSK-CHACHA20-POLY1305");
    }

    #[test]
    fn a_suite_that_would_do_without_the_key_or_without_encryption_is_not_there() {
        for name in [
            "ECDHE-RSA-AES128-GCM-SHA256",
            "RSA-PSK-AES128-GCM-SHA256",
            "PSK-NULL-SHA",
            "TLS_AES_128_GCM_SHA256",
            "PSK",
            "(NONE)",
        ] {
            let error = named(&[name.to_owned()]).unwrap_err().to_string();
            let expected =
                format!("there is no cipher suite '{name}' (--ciphers); there are ECDHE-");
            assert!(error.starts_with(&expected), "{error}");
        }
    }

    #[test]
    fn what_does_not_fit_is_not_cut() {
        let mut buffer = [0; 4];
        assert_eq!(fill(&mut buffer, b"key").unwrap(), 3);
        assert_eq!(buffer, *b"key\0");
        assert!(fill(&mut buffer, b"a key").is_err());
    }
}
