//! Who is let in: reads the password files that `mqtt-passwd` and `mosquitto_passwd` write.
//!
//! `mqtt5` itself reads only Argon2 lines; the tools' default is `$7$`, PBKDF2 with SHA-512.

use std::fs;
use std::future::Future;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::pin::Pin;

use anyhow::Context;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use mqtt5::broker::auth::{AuthProvider, AuthResult};
use mqtt5::packet::connect::ConnectPacket;
use mqtt5::protocol::v5::reason_codes::ReasonCode;
use pbkdf2::pbkdf2_hmac;
use sha2::Sha512;

/// A password file. It is read for every client, so that a change takes effect at once.
#[derive(Debug)]
pub(crate) struct PasswordFile {
    path: PathBuf,
}

impl PasswordFile {
    /// Checks that the file can be read and that every line in it can be understood.
    pub(crate) fn open(path: PathBuf) -> anyhow::Result<Self> {
        let file = Self { path };
        for (index, line) in file.text()?.lines().enumerate() {
            if !line.trim().is_empty() && !line.starts_with('#') {
                Entry::parse(line).with_context(|| {
                    format!("{} line {}: no `user:$7$...` line", file.path.display(), index + 1)
                })?;
            }
        }
        Ok(file)
    }

    /// Whether a user with this password is in the file, as it is now.
    fn admits(&self, user: &str, password: &[u8]) -> anyhow::Result<bool> {
        let text = self.text()?;
        let mut entries = text.lines().filter_map(Entry::parse);
        Ok(entries.any(|entry| entry.user == user && entry.matches(password)))
    }

    fn text(&self) -> anyhow::Result<String> {
        fs::read_to_string(&self.path)
            .with_context(|| format!("cannot read the password file {}", self.path.display()))
    }

    fn judge(&self, connect: &ConnectPacket) -> AuthResult {
        let (Some(user), Some(password)) = (&connect.username, &connect.password) else {
            return AuthResult::fail(ReasonCode::NotAuthorized);
        };
        match self.admits(user, password) {
            Ok(true) => AuthResult::success_with_user(user),
            Ok(false) => AuthResult::fail(ReasonCode::NotAuthorized),
            Err(error) => {
                eprintln!("error: {error:#}");
                AuthResult::fail(ReasonCode::ServerUnavailable)
            }
        }
    }
}

/// One line: `user:$7$iterations$salt$hash`.
#[derive(Debug)]
struct Entry<'a> {
    user: &'a str,
    iterations: u32,
    salt: Vec<u8>,
    hash: Vec<u8>,
}

impl<'a> Entry<'a> {
    fn parse(line: &'a str) -> Option<Self> {
        let (user, rest) = line.trim_end().split_once(":$7$")?;
        let mut parts = rest.split('$');
        let iterations = parts.next()?.parse().ok().filter(|&count| count > 0)?;
        let salt = STANDARD.decode(parts.next()?).ok()?;
        let hash = STANDARD.decode(parts.next()?).ok().filter(|hash| !hash.is_empty())?;
        parts.next().is_none().then_some(Self { user, iterations, salt, hash })
    }

    fn matches(&self, password: &[u8]) -> bool {
        let mut hash = vec![0; self.hash.len()];
        pbkdf2_hmac::<Sha512>(password, &self.salt, self.iterations, &mut hash);
        hash == self.hash
    }
}

impl AuthProvider for PasswordFile {
    fn authenticate<'a>(
        &'a self,
        connect: &'a ConnectPacket,
        _client: SocketAddr,
    ) -> Pin<Box<dyn Future<Output = mqtt5::error::Result<AuthResult>> + Send + 'a>> {
        Box::pin(async move { Ok(self.judge(connect)) })
    }

    fn authorize_publish<'a>(
        &'a self,
        _client: &str,
        _user: Option<&'a str>,
        _topic: &'a str,
    ) -> Pin<Box<dyn Future<Output = bool> + Send + 'a>> {
        Box::pin(async { true })
    }

    fn authorize_subscribe<'a>(
        &'a self,
        _client: &str,
        _user: Option<&'a str>,
        _filter: &'a str,
    ) -> Pin<Box<dyn Future<Output = bool> + Send + 'a>> {
        Box::pin(async { true })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What `mosquitto_passwd` 2.0.11 wrote for the password `secret`.
    const ALICE: &str = "alice:$7$101$c5guyl5gcXdHLwPG$+KreFFLwQhmSg9C2gPfLY4FzbEoYbzv9cn5VqDeHQz0CfZe4WckRMSZzrat66XxxVvykyd63LruyHOE9sEOucQ==\n";

    fn file(text: &str) -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("users");
        fs::write(&path, text).unwrap();
        (folder, path)
    }

    #[test]
    fn admits_the_right_password_of_the_right_user_only() {
        let (_folder, path) = file(&format!("# users\n\n{ALICE}"));
        let users = PasswordFile::open(path).unwrap();
        assert!(users.admits("alice", b"secret").unwrap());
        assert!(!users.admits("alice", b"Secret").unwrap());
        assert!(!users.admits("bob", b"secret").unwrap());
    }

    #[test]
    fn a_removed_user_is_out_at_once() {
        let (_folder, path) = file(ALICE);
        let users = PasswordFile::open(path.clone()).unwrap();
        fs::write(path, "").unwrap();
        assert!(!users.admits("alice", b"secret").unwrap());
    }

    #[test]
    fn a_line_it_cannot_read_is_named() {
        let (_folder, path) = file(&format!("{ALICE}bob:$argon2id$v=19$m=1\n"));
        let error = PasswordFile::open(path).unwrap_err();
        assert!(format!("{error:#}").contains("line 2"), "{error:#}");
    }
}
