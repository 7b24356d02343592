//! TLS over the stream below it.
//!
//! The files and options of a run become one configuration, made before anything is connected; every
//! connection uses it, and reconnections resume what was agreed before. Knows neither packets nor MQTT.

mod algorithms;
mod authorities;
mod certificates;
mod client_certificate;
mod der;
mod failure;
mod key_log;
mod legacy;
mod offer;
mod passphrase;
#[cfg(feature = "psk")]
mod pre_shared_key;
/// The same where it is not in the build.
#[cfg(not(feature = "psk"))]
#[path = "no_pre_shared_key.rs"]
mod pre_shared_key;
mod setup;
mod suites;
mod told;
mod unacceptable;
mod verifier;

pub use failure::{TlsError, TlsFailure};
pub use setup::SetupError;
pub use unacceptable::Unacceptable;

pub(super) use failure::of_stream;
use failure::words;

use std::io;
use std::path::Path;

use super::{ByteStream, TransportError};
use crate::plan::{Authentication, Endpoint, Tls};

/// Everything that connections of a run have in common.
pub(super) enum Connector {
    Certificates(certificates::Connector),
    PreSharedKey(pre_shared_key::Connector),
}

impl Connector {
    /// Reads the files of a plan, and asks for a passphrase where its key needs one.
    pub(super) async fn new(tls: &Tls) -> Result<Self, TransportError> {
        Ok(match &tls.authentication {
            Authentication::Certificates(certificates) => {
                Self::Certificates(certificates::Connector::new(tls, certificates).await?)
            }
            Authentication::PreSharedKey { identity, key } => {
                Self::PreSharedKey(pre_shared_key::Connector::new(tls, identity, key).await?)
            }
        })
    }

    /// Begins TLS with the broker at `endpoint`.
    pub(super) async fn connect(
        &self,
        stream: Box<dyn ByteStream>,
        endpoint: &Endpoint,
    ) -> Result<Box<dyn ByteStream>, TransportError> {
        Ok(match self {
            Self::Certificates(connector) => Box::new(connector.connect(stream, endpoint).await?),
            Self::PreSharedKey(connector) => Box::new(connector.connect(stream, endpoint).await?),
        })
    }
}

/// The host without the zone of an address (RFC 4007 §11), which is this machine's own business.
fn bare(host: &str) -> &str {
    host.split('%').next().unwrap_or(host)
}

/// Does what may wait for ever, such as opening a pipe, on a thread of its own: who asks us to end need not
/// wait for it, and the thread ends with the program.
async fn aside<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, TransportError> + Send + 'static,
) -> Result<T, TransportError> {
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|error| Err(SetupError::refused(error).into()))
}

/// The content of a file that an option names.
fn read(option: &'static str, path: &Path) -> Result<Vec<u8>, TransportError> {
    std::fs::read(path).map_err(|error| {
        // The library's words, without the number of the system's.
        let is_folder = error.kind() == io::ErrorKind::IsADirectory;
        let source = if is_folder { error.kind().into() } else { error };
        TransportError::file(option, path, source)
    })
}
