//! The keys of connections, written down for tools that look into them.

use std::fmt::Write as _;
use std::fs::File;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use super::{SetupError, aside};
use crate::transport::TransportError;

/// A file in the format of NSS, which Wireshark and others read.
#[derive(Debug)]
pub(super) struct KeyLog(File);

impl KeyLog {
    /// Opens the file to append to it. A new one is for its owner only: with it, everything that was
    /// said can be read.
    pub(super) async fn open(path: &Path) -> Result<Self, TransportError> {
        let path = path.to_owned();
        aside(move || {
            let file = File::options().append(true).create(true).mode(0o600).open(&path);
            Ok(Self(file.map_err(|source| SetupError::KeyLog { path, source })?))
        })
        .await
    }

    /// In one piece, since others may write to the file, too. A disk that is full is no reason to break
    /// the connection.
    pub(super) fn write(&self, mut line: String) {
        line.push('\n');
        let _ = (&self.0).write_all(line.as_bytes());
    }
}

impl rustls::KeyLog for KeyLog {
    fn log(&self, label: &str, client_random: &[u8], secret: &[u8]) {
        let mut line = label.to_owned();
        for bytes in [client_random, secret] {
            line.push(' ');
            for byte in bytes {
                // Writing to a String cannot fail.
                let _ = write!(line, "{byte:02x}");
            }
        }
        self.write(line);
    }
}
