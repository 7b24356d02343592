//! Secrets that the user types, or that are the first line of something.

use std::fs::File;
use std::io::{self, Read, Write};
use std::panic;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use rustix::process::getpgrp;
use rustix::termios::{
    LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcgetpgrp, tcsetattr,
};
use zeroize::Zeroizing;

use crate::secret::Secret;

/// More than that is no secret, but the wrong file.
const LONGEST: u64 = 64 * 1024;

/// Room from the start: a buffer that grew would leave unwiped copies behind.
const ROOM: usize = 4096;

/// The value of a special character that is switched off (`_POSIX_VDISABLE`).
const NO_CHARACTER: u8 = if cfg!(target_os = "linux") { 0 } else { 0xff };

/// The first line of a file. Of a pipe it may never come: the thread ends with the program then.
pub(crate) async fn in_file(path: &Path) -> io::Result<Secret> {
    let path = path.to_owned();
    let read = tokio::task::spawn_blocking(|| first_line(File::open(path)?));
    read.await.map_err(io::Error::other)?
}

/// The first line of what can be read. It is read to its end.
pub(crate) fn first_line(input: impl Read) -> io::Result<Secret> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(ROOM));
    input.take(LONGEST).read_to_end(&mut bytes)?;
    let end = memchr::memchr2(b'\r', b'\n', &bytes).unwrap_or(bytes.len());
    bytes.truncate(end);
    Ok(bytes.into())
}

/// Whether there is somebody to ask: stdin is a terminal, and we are not in the background of its
/// shell, where asking would stop us.
pub(crate) fn can_ask() -> bool {
    tcgetpgrp(io::stdin()).is_ok_and(|foreground| foreground == getpgrp())
}

/// Asks on the terminal, wherever stdin comes from. When this is dropped, as by a signal, the
/// terminal is as before.
pub(crate) async fn ask(question: &str) -> io::Result<Secret> {
    let mut terminal = File::options().read(true).write(true).open("/dev/tty")?;
    let _silent = Silence::of(terminal.try_clone()?)?;
    terminal.write_all(format!("{question}: ").as_bytes())?;
    // The thread ends with the program, if nothing is typed.
    let typed = tokio::task::spawn_blocking(|| line(terminal));
    typed.await.map_err(io::Error::other)?
}

/// One line: a terminal gives no more at a time.
fn line(mut terminal: File) -> io::Result<Secret> {
    let mut typed = Zeroizing::new(vec![0; ROOM]);
    let count = terminal.read(&mut typed)?;
    typed.truncate(count);
    typed.pop_if(|last| *last == b'\n');
    Ok(typed.into())
}

/// A terminal that does not show what is typed, until this is dropped, or a panic ends the program.
struct Silence(Arc<Mutex<Option<Silenced>>>);

struct Silenced {
    terminal: File,
    before: Termios,
}

impl Silence {
    /// Ctrl-C stays; Ctrl-Z does not: whoever comes back from the shell would type with echo.
    fn of(terminal: File) -> io::Result<Self> {
        let before = tcgetattr(&terminal)?;
        let mut silent = before.clone();
        silent.local_modes &= !(LocalModes::ECHO | LocalModes::ECHONL);
        silent.special_codes[SpecialCodeIndex::VSUSP] = NO_CHARACTER;
        tcsetattr(&terminal, OptionalActions::Flush, &silent)?;
        let silence = Self(Arc::new(Mutex::new(Some(Silenced { terminal, before }))));
        let (at_panic, report) = (Self(Arc::clone(&silence.0)), panic::take_hook());
        panic::set_hook(Box::new(move |panic| {
            at_panic.end();
            report(panic);
        }));
        Ok(silence)
    }

    fn end(&self) {
        let silenced = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(Silenced { mut terminal, before }) = silenced {
            // Nothing more can be done for a terminal that does not take it.
            let _ = tcsetattr(&terminal, OptionalActions::Now, &before);
            let _ = terminal.write_all(b"\n");
        }
    }
}

impl Drop for Silence {
    fn drop(&mut self) {
        self.end();
    }
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
