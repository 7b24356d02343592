//! Secrets that are waited for beside signals and the time limit.

use std::fs::File;
use std::io;
use std::path::Path;

use rustix::process::getpgrp;
use rustix::termios::tcgetpgrp;
use signal_hook::consts::{SIGINT, SIGTERM};

use super::{Hidden, ask_once, first_line, stdin, terminal};
use crate::secret::Secret;

/// What [`crate::signal`] hears: whoever waits drops the question then.
const HEARD: [i32; 2] = [SIGINT, SIGTERM];

/// The first line of a file.
pub(crate) async fn in_file(path: &Path) -> io::Result<Secret> {
    let path = path.to_owned();
    aside(move || first_line(&mut File::open(path)?)).await
}

/// The first line of stdin.
pub(crate) async fn in_stdin() -> io::Result<Secret> {
    aside(|| first_line(&mut stdin()?)).await
}

/// Whether there is somebody to ask: stdin is a terminal, and we are not in the background of its
/// shell, where asking would stop us.
pub(crate) fn can_ask() -> bool {
    tcgetpgrp(io::stdin()).is_ok_and(|foreground| foreground == getpgrp())
}

/// Asks on the terminal. When this is dropped, the terminal is as before.
pub(crate) async fn ask(question: &str) -> io::Result<Secret> {
    let mut terminal = terminal()?;
    let _hidden = Hidden::hide(&terminal, &HEARD)?;
    let question = format!("{question}: ");
    aside(move || Ok(Secret::from(ask_once(&mut terminal, &question)?))).await
}

/// Reads on a thread of its own: a pipe or a person may keep silent for ever. It ends with the
/// program then.
async fn aside(read: impl FnOnce() -> io::Result<Secret> + Send + 'static) -> io::Result<Secret> {
    tokio::task::spawn_blocking(read).await.map_err(io::Error::other)?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_first_line_of_a_file_is_the_passphrase() {
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
            let read = in_file(&path).await.unwrap();
            assert_eq!(read.expose(), passphrase.as_bytes(), "{content:?}");
        }
    }
}
