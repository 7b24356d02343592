//! TLS by a pre-shared key, in a build without OpenSSL: not possible.

use std::io;

use super::{SetupError, TlsError};
use crate::plan::{Endpoint, Tls};
use crate::secret::Secret;
use crate::transport::{ByteStream, TransportError};

/// What there is none of.
pub(in crate::transport) enum Connector {}

impl Connector {
    #[expect(clippy::unused_async, reason = "it opens a file where there is OpenSSL")]
    pub(super) async fn new(
        _tls: &Tls,
        _identity: &str,
        _key: &Secret,
    ) -> Result<Self, TransportError> {
        Err(SetupError::NoPreSharedKeys.into())
    }

    #[expect(clippy::unused_async, reason = "it is where there is OpenSSL")]
    pub(super) async fn connect<S: ByteStream>(
        &self,
        _stream: S,
        _endpoint: &Endpoint,
    ) -> Result<S, TransportError> {
        match *self {}
    }
}

pub(super) fn of_library(error: io::Error) -> Result<TlsError, io::Error> {
    Err(error)
}
