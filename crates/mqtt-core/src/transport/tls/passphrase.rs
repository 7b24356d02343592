//! The passphrase of an encrypted key.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use rustix::termios::{OptionalActions, Termios, tcgetattr, tcsetattr};

use super::SetupError;
use crate::plan::Passphrase;
use crate::secret::Secret;
use crate::transport::TransportError;

/// More than that is no passphrase, but the wrong file.
const LONGEST: u64 = 64 * 1024;

/// The passphrase for the key at `path`, from where the plan says.
pub(super) async fn obtain(passphrase: &Passphrase, path: &Path) -> Result<Secret, TransportError> {
    match passphrase {
        Passphrase::Known(secret) => Ok(secret.clone()),
        Passphrase::File(file) => in_file(file)
            .map_err(|source| TransportError::file("--key-password-file", file, source)),
        Passphrase::Terminal => ask(path)
            .await
            .map_err(|source| SetupError::NoTerminal { path: path.to_owned(), source }.into()),
    }
}

/// The first line.
fn in_file(path: &Path) -> io::Result<Secret> {
    // Room from the start: a buffer that grew would leave unwiped copies behind.
    let mut bytes = zeroize::Zeroizing::new(Vec::with_capacity(4096));
    File::open(path)?.take(LONGEST).read_to_end(&mut bytes)?;
    let end = memchr::memchr2(b'\r', b'\n', &bytes).unwrap_or(bytes.len());
    bytes.truncate(end);
    Ok(bytes.into())
}

/// Asks on the terminal, wherever stdin comes from. When this is dropped, the terminal is as before.
async fn ask(path: &Path) -> io::Result<Secret> {
    let _restores = Echo::of_terminal()?;
    let prompt = format!("Passphrase for {}: ", path.display());
    // Signals are heard meanwhile; the thread ends with the program.
    let typed = tokio::task::spawn_blocking(|| rpassword::prompt_password(prompt));
    let typed = typed.await.map_err(io::Error::other)??;
    Ok(Secret::new(typed.into_bytes()))
}

/// The terminal's modes, restored when this is dropped. rpassword does so only when a line was
/// typed, not when a signal ends the wait.
struct Echo {
    terminal: File,
    modes: Termios,
}

impl Echo {
    fn of_terminal() -> io::Result<Self> {
        let terminal = File::options().read(true).write(true).open("/dev/tty")?;
        let modes = tcgetattr(&terminal)?;
        Ok(Self { terminal, modes })
    }
}

impl Drop for Echo {
    fn drop(&mut self) {
        // Nothing more can be done for a terminal that does not take it.
        let _ = tcsetattr(&self.terminal, OptionalActions::Now, &self.modes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_of_a_file_is_the_passphrase() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("passphrase");
        for (content, passphrase) in [
            ("one", "one"),
            ("one\n", "one"),
            ("one\r\n", "one"),
            (" o n e \ntwo", " o n e "),
            ("", ""),
        ] {
            std::fs::write(&path, content).unwrap();
            assert_eq!(in_file(&path).unwrap().expose(), passphrase.as_bytes(), "{content:?}");
        }
    }
}
