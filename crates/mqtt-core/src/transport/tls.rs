//! The files that TLS is made of.

use std::fs::{self, File};
use std::io;
use std::path::Path;

use super::TransportError;
use crate::plan::{Authentication, Tls, Trust};

/// Looks whether every file and folder that the plan names can be read, before anything is
/// connected.
pub(super) fn check_files(tls: &Tls) -> Result<(), TransportError> {
    let Authentication::Certificates(certificates) = &tls.authentication else {
        return Ok(());
    };
    for trust in &certificates.trust {
        match trust {
            Trust::System => {}
            Trust::File(path) => check("--cafile", path, file_opens)?,
            Trust::Folder(path) => check("--capath", path, |path| fs::read_dir(path).map(drop))?,
        }
    }
    if let Some(client) = &certificates.client {
        check("--cert", &client.chain, file_opens)?;
        check("--key", &client.key, file_opens)?;
    }
    Ok(())
}

fn check(
    option: &'static str,
    path: &Path,
    look: impl Fn(&Path) -> io::Result<()>,
) -> Result<(), TransportError> {
    look(path).map_err(|source| TransportError::File { option, path: path.to_owned(), source })
}

fn file_opens(path: &Path) -> io::Result<()> {
    let metadata = fs::metadata(path)?;
    if metadata.is_dir() {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    // Opening a pipe could wait for ever, and would take it away from who reads it later.
    if metadata.is_file() { File::open(path).map(drop) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{Certificates, ClientCertificate, TlsVersions, Verification};

    fn checked(trust: Trust, client: Option<(&str, &str)>) -> Result<(), String> {
        let client =
            client.map(|(chain, key)| ClientCertificate { chain: chain.into(), key: key.into() });
        let certificates = Certificates {
            trust: vec![trust],
            client,
            versions: TlsVersions::From12,
            verification: Verification::Full,
        };
        let tls = Tls {
            authentication: Authentication::Certificates(certificates),
            ciphers: None,
            alpn: None,
            key_log: None,
        };
        check_files(&tls).map_err(|error| {
            let cause = std::error::Error::source(&error).expect("a cause");
            format!("{error}: {cause}")
        })
    }

    const READABLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
    const FOLDER: &str = env!("CARGO_MANIFEST_DIR");

    #[test]
    fn what_can_be_read_passes() {
        assert_eq!(checked(Trust::System, None), Ok(()));
        assert_eq!(checked(Trust::File(READABLE.into()), Some((READABLE, READABLE))), Ok(()));
        assert_eq!(checked(Trust::Folder(FOLDER.into()), None), Ok(()));
    }

    #[test]
    fn what_cannot_be_read_is_named_with_its_option() {
        for (trust, client, message) in [
            (Trust::File("/no/file".into()), None, "cannot read '/no/file' (--cafile): No such"),
            (Trust::File("/".into()), None, "cannot read '/' (--cafile): is a directory"),
            (Trust::Folder("/no/folder".into()), None, "cannot read '/no/folder' (--capath): No "),
            (
                Trust::System,
                Some(("/no/cert", READABLE)),
                "cannot read '/no/cert' (--cert): No such file",
            ),
            (
                Trust::System,
                Some((READABLE, "/no/key")),
                "cannot read '/no/key' (--key): No such file",
            ),
        ] {
            let error = checked(trust, client).unwrap_err();
            assert!(error.starts_with(message), "{error}");
        }
    }
}
