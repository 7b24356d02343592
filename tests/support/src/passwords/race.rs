//! Edits at the same time as other edits, and as a broker reads the file.

use std::process::Child;

use super::folder::{Folder, lets_in};
use crate::mosquitto::Mosquitto;

/// A hash as brokers take it: that of `secret`.
const HASH: &str = "$6$9LLFYV3InHyPShxr$TMFjR69OwfujA5PGGNXtrF0L/osvJFZnUicDbcHesVUK8nCkZ+RtSiatmAgMF4B92YMWxOxKa0oBddLMzXKu0g==";

/// Adds so many users to the password file at the same time, and gives those who are not in it.
#[must_use]
pub fn add_at_once(folder: &Folder, users: usize) -> Vec<String> {
    let edits: Vec<(String, Child)> = (0..users)
        .map(|number| {
            let user = format!("u{number}");
            let words = ["-H", "sha512", "-b", "f", &user, &user];
            let child = folder.edit(&words).spawn().unwrap();
            (user, child)
        })
        .collect();
    let added = edits.into_iter().map(|(user, child)| {
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{output:?}");
        user
    });
    let added: Vec<_> = added.collect();
    let file = folder.file();
    let is_lost = |user: &String| !file.lines().any(|line| lets_in(line, user, user));
    added.into_iter().filter(is_lost).collect()
}

/// A file so long that a broker is caught in the middle of reading it; its last user is `stays`,
/// whose password is `secret`.
#[must_use]
pub fn many_users() -> String {
    let others = (0..2000).map(|number| format!("other{number}:{HASH}\n"));
    others.chain([format!("stays:{HASH}\n")]).collect()
}

impl Folder {
    /// A broker that lets in nobody but whom the password file names.
    #[must_use]
    pub fn broker(&self) -> Mosquitto {
        Mosquitto::builder()
            .line("allow_anonymous false")
            .line(&format!("password_file {}", self.path("f").display()))
            .start()
    }
}

/// Edits a file of [`many_users`] so many times while the broker is told to read it as often. Gives
/// after how many of these it did not let in who stays.
#[must_use]
pub fn reload_while_edited(
    broker: &Mosquitto,
    folder: &Folder,
    times: usize,
    is_let_in: impl Fn() -> bool,
) -> usize {
    let mut refused = 0;
    std::thread::scope(|scope| {
        let editing = scope.spawn(|| {
            for number in 0..times {
                let user = format!("other{}", number * 7);
                let words: &[&str] = match number % 3 {
                    0 => &["-D", "f", &user],
                    1 => &["-H", "sha512", "-b", "f", &user, "p"],
                    _ => &["-H", "sha512", "-b", "f", "new", "p"],
                };
                assert_eq!(folder.run(words).status, Some(0));
            }
        });
        let mut reloads = 0;
        while reloads < times || !editing.is_finished() {
            broker.reload();
            refused += usize::from(!is_let_in());
            reloads += 1;
        }
    });
    refused
}
