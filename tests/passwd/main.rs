//! The tests of mqtt-passwd as its users run it.

#![expect(clippy::panic, clippy::unwrap_used, reason = "a helper that fails is a test that fails")]

mod tool;

/// Creating, updating and deleting users with `-b`, and what it prints.
mod batch;
/// What a real broker makes of the files.
mod broker;
/// Holding a password against the file.
mod check;
/// The file survives full disks and edits at the same time.
mod crash;
/// Showing what an edit would change.
mod dry_run;
/// Passwords that nobody had to think of.
mod generate;
/// Edits that change nothing are not made.
mod if_changed;
/// The file survives a kill at any system call.
mod kill;
/// Saying who is in a file.
mod list;
/// No plain password is left in memory.
mod memory;
/// Folders, disks and permissions that an edit fails at, or gets round.
mod obstacles;
/// The terminal, and two lines of stdin.
mod prompt;
/// How the file is put in place: links, modes, owners.
mod replace;
/// Hashing a file of plain passwords.
mod upgrade;
/// Many users in one edit.
mod users_stdin;
