//! A certificate for the brokers' TLS listeners, made by OpenSSL.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, ensure};

/// An authority and what it has issued for 127.0.0.1, as PEM files.
#[derive(Clone, Debug)]
pub(super) struct Certificates {
    /// The authority, for `--cafile`.
    pub(super) authority: PathBuf,
    /// The broker's certificate.
    pub(super) certificate: PathBuf,
    /// Its key.
    pub(super) key: PathBuf,
}

impl Certificates {
    /// Makes them in a folder.
    pub(super) fn make(folder: &Path) -> anyhow::Result<Self> {
        let authority = folder.join("authority.pem");
        let authority_key = folder.join("authority.key");
        let (certificate, key) = (folder.join("broker.pem"), folder.join("broker.key"));
        openssl(|request| {
            request.args(["-subj", "/CN=Interop"]);
            request.arg("-keyout").arg(&authority_key).arg("-out").arg(&authority);
        })?;
        openssl(|request| {
            request.args(["-subj", "/CN=localhost", "-addext", "basicConstraints=CA:FALSE"]);
            request.args(["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]);
            request.arg("-CA").arg(&authority).arg("-CAkey").arg(&authority_key);
            request.arg("-keyout").arg(&key).arg("-out").arg(&certificate);
        })?;
        Ok(Self { authority, certificate, key })
    }
}

fn openssl(complete: impl FnOnce(&mut Command)) -> anyhow::Result<()> {
    let mut request = Command::new("openssl");
    request.args(["req", "-x509", "-newkey", "rsa:2048", "-noenc", "-days", "2"]);
    complete(&mut request);
    let output = request.stdin(Stdio::null()).output();
    let output = output.context("cannot run openssl; `cargo xtask test` installs it")?;
    ensure!(
        output.status.success(),
        "openssl made no certificate: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(())
}
