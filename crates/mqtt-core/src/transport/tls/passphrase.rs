//! The passphrase of an encrypted key.

use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use super::SetupError;
use crate::plan::Passphrase;
use crate::prompt;
use crate::secret::Secret;
use crate::transport::TransportError;

/// The passphrase for the key at `path`, from where the plan says.
pub(super) async fn obtain(passphrase: &Passphrase, path: &Path) -> Result<Secret, TransportError> {
    match passphrase {
        Passphrase::Known(secret) => Ok(secret.clone()),
        Passphrase::File(file) => prompt::in_file(file)
            .await
            .map_err(|source| TransportError::file("--key-password-file", file, source)),
        Passphrase::Terminal => prompt::ask(&format!("Passphrase for {}", path.display()))
            .await
            .map_err(|source| unasked(path.to_owned(), source).into()),
    }
}

fn unasked(path: PathBuf, source: io::Error) -> SetupError {
    match source.kind() {
        ErrorKind::InvalidData => SetupError::UselessPassphrase { path, source },
        _ => SetupError::NoTerminal { path, source },
    }
}
