use std::fs::{self, File, Permissions};
use std::io::{PipeReader, Write};
use std::os::unix::fs::{FileExt, PermissionsExt};
use std::process::{Child, Stdio};

use test_support::patience::until;

use crate::tool::{BINARY, Folder, editing_thread};

/// Longer than what an allocator writes into memory that is given back.
const SECRET: &str = "correct-horse-battery-staple-0123456789-abcdefghijklmnopqrstuvwxyz";

/// What is looked for: the end, since the allocator uses the beginning of what is given back.
const MARK: &str = "abcdefghijklmnopqrstuvwxyz";

/// A tool that has done its work and cannot end, because nobody reads its last words.
struct Held {
    child: Child,
    _stderr: PipeReader,
}

impl Held {
    fn start(folder: &Folder, words: &[&str], input: &str) -> Self {
        let before = folder.bytes();
        // What is open to all is warned about at the end.
        fs::set_permissions(folder.path("f"), Permissions::from_mode(0o644)).unwrap();
        let (reader, writer) = full_pipe();
        let mut child = folder
            .command(BINARY)
            .args(words)
            .stdin(Stdio::piped())
            .stderr(writer)
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        until("the end of the work", || {
            (folder.bytes() != before && editing_thread(&child).is_none()).then_some(())
        });
        Self { child, _stderr: reader }
    }

    /// Where in its memory the secret is.
    fn places(&self) -> Vec<String> {
        places(self.child.id())
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A pipe with no room for another byte.
fn full_pipe() -> (PipeReader, std::io::PipeWriter) {
    let (reader, mut writer) = std::io::pipe().unwrap();
    rustix::io::ioctl_fionbio(&writer, true).unwrap();
    while writer.write(&[b'x'; 512]).is_ok() {}
    while writer.write(b"x").is_ok() {}
    rustix::io::ioctl_fionbio(&writer, false).unwrap();
    (reader, writer)
}

/// The parts of a process's memory that have the secret in them, one for each time.
fn places(process: u32) -> Vec<String> {
    let memory = File::open(format!("/proc/{process}/mem")).unwrap();
    let maps = fs::read_to_string(format!("/proc/{process}/maps")).unwrap();
    let mut places = Vec::new();
    for map in maps.lines().filter(|map| map.contains(" rw")) {
        let (start, rest) = map.split_once('-').unwrap();
        let end = rest.split(' ').next().unwrap();
        let [start, end] = [start, end].map(|address| u64::from_str_radix(address, 16).unwrap());
        let mut bytes = vec![0; usize::try_from(end - start).unwrap()];
        // Some parts are the kernel's and cannot be read.
        if memory.read_exact_at(&mut bytes, start).is_ok() {
            let found = memchr::memmem::find_iter(&bytes, MARK).count();
            places.extend(std::iter::repeat_n(map.to_owned(), found));
        }
    }
    places
}

#[test]
fn a_password_in_use_is_found() {
    let folder = Folder::with_file("");
    let mut child = folder
        .command(BINARY)
        .args(["-I", "2147483647", "--password-stdin", "f", "u"])
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(SECRET.as_bytes()).unwrap();
    until("the secret in memory", || (!places(child.id()).is_empty()).then_some(()));
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn a_password_from_stdin_or_a_file_is_wiped() {
    for hash in ["sha512-pbkdf2", "sha512", "argon2id"] {
        for (source, input) in [
            (None, format!("{SECRET}\n{SECRET}\n")),
            (Some("--password-stdin"), SECRET.to_owned()),
            (Some("--password-file=secret"), String::new()),
        ] {
            let folder = Folder::with_file("");
            fs::write(folder.path("secret"), SECRET).unwrap();
            let words = [&["-H", hash][..], source.as_slice(), &["f", "u"]].concat();
            let held = Held::start(&folder, &words, &input);
            assert_eq!(held.places(), [""; 0], "{words:?}");
        }
    }
}

#[test]
fn the_passwords_of_a_plain_file_are_wiped() {
    for names in [1, 2] {
        let folder = Folder::with_file(format!("a:{SECRET}\nb:{SECRET}{SECRET}\n"));
        if names == 2 {
            // It is rewritten in place.
            fs::hard_link(folder.path("f"), folder.path("g")).unwrap();
        }
        let held = Held::start(&folder, &["-U", "f"], "");
        assert_eq!(held.places(), [""; 0]);
    }
}

#[test]
fn the_passwords_of_a_list_are_wiped() {
    let list = format!("a:{SECRET}\nb:{SECRET}{SECRET}\n");
    for option in [None, Some("--if-changed")] {
        let folder = Folder::with_file("");
        folder.run(&["-b", "f", "a", SECRET]);
        let words = [option.as_slice(), &["--users-stdin", "f"]].concat();
        let held = Held::start(&folder, &words, &list);
        assert_eq!(held.places(), [""; 0], "{words:?}");
    }
}

#[test]
fn a_password_on_the_command_line_is_there_and_nowhere_else() {
    let folder = Folder::with_file("");
    let held = Held::start(&folder, &["-b", "f", "u", SECRET], "");
    let places = held.places();
    assert!(places.len() == 1 && places[0].ends_with("[stack]"), "{places:#?}");
}
