//! Password files for MQTT brokers, as a library so that fuzzing reaches them: the tool is [`main`].

mod args;
mod generated;
mod hash;
mod interruption;
mod password;
mod password_file;
mod password_line;
mod plan;
mod prompt;
mod run;
mod user_name;
mod warning;

use std::process::ExitCode;

use mqtt_core::invocation::Tool;
use zeroize::Zeroizing;

use password_file::PasswordFile;
use user_name::UserName;

/// Runs mqtt-passwd with the words of this process and gives its status.
#[must_use]
pub fn main() -> ExitCode {
    mqtt_core::cli::run(Tool::Passwd, run::run)
}

/// What an edit makes of a file.
#[derive(Clone, Copy, Debug)]
pub enum Edit<'a> {
    /// This user has this hash; added where there is no such user.
    Set(&'a [u8], &'a str),
    /// This user is gone.
    Delete(&'a [u8]),
    /// Each password in plain text has become this hash.
    Upgrade(&'a str),
}

/// The file after an edit and what is said of the lines that were not asked for; `None` where the
/// name is none or nothing is to be changed.
#[must_use]
pub fn edited(file: &[u8], edit: Edit<'_>) -> Option<(Vec<u8>, String)> {
    let file = PasswordFile::new(Zeroizing::new(file.to_vec()));
    let edited = match edit {
        Edit::Set(name, hash) => file.set(&UserName::new(name).ok()?, hash).0,
        Edit::Delete(name) => file.delete(&UserName::new(name).ok()?)?,
        Edit::Upgrade(hash) => {
            let plain = file.plain();
            let hashes = vec![hash.to_owned(); plain.passwords().len()];
            file.upgrade(plain, &hashes)
        }
    };
    Some((edited.to_vec(), edited.faults().to_string()))
}
