//! A unix socket whose other end is the scripted broker's port.

use std::io;
use std::net::{Ipv4Addr, Shutdown, TcpStream};
use std::os::unix::net::{UnixListener, UnixStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use tempfile::TempDir;

/// Listens in a folder of its own.
pub(crate) struct Socket {
    listener: UnixListener,
    path: String,
    port: u16,
    _folder: TempDir,
}

impl Socket {
    /// A socket in front of this port.
    pub(crate) fn new(port: u16) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("socket");
        let listener = UnixListener::bind(&path).expect("the folder is empty");
        listener.set_nonblocking(true).unwrap();
        let path = path.to_str().expect("temporary folders have plain names").to_owned();
        Self { listener, path, port, _folder: folder }
    }

    pub(crate) fn path(&self) -> &str {
        &self.path
    }

    /// Hands on what goes to and fro until the client's process has ended.
    pub(crate) fn relay(&self, ended: &AtomicBool) {
        thread::scope(|scope| {
            while !ended.load(Ordering::Acquire) {
                if let Ok((client, _)) = self.listener.accept() {
                    scope.spawn(move || hand_on(&client, self.port));
                } else {
                    thread::sleep(Duration::from_millis(2));
                }
            }
        });
    }
}

/// Copies in both directions until both have ended.
fn hand_on(client: &UnixStream, port: u16) {
    client.set_nonblocking(false).unwrap();
    let broker = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).unwrap();
    // Whoever is gone needs no good-bye.
    thread::scope(|scope| {
        scope.spawn(|| {
            drop(io::copy(&mut &*client, &mut &broker));
            drop(broker.shutdown(Shutdown::Write));
        });
        drop(io::copy(&mut &broker, &mut &*client));
        drop(client.shutdown(Shutdown::Write));
    });
}
