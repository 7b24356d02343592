//! What a user should know although the work was done: one line each on stderr.

use std::path::PathBuf;

use crate::hash::{Algorithm, Broker, Stored};
use crate::password::PasswordError;
use crate::password_file::{InPlaceReason, Numbers, Remedy};
use crate::plan::Effect;
use crate::user_name::{Concern, UserName};

/// One warning. It never changes the exit status.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Warning {
    /// Not every broker knows the hash.
    #[error(
        "brokers before 2.1 drop an argon2id line, and 2.1 as it is usually built does not start \
         with one"
    )]
    Argon2id,
    /// As brokers 2.0 read over.
    #[error("brokers 2.1 refuse a file with a hash that does not begin with one '$', as this one")]
    Bare,
    /// Whatever brokers read over, as they read it.
    #[error("brokers 2.0 read nothing from line {line} on, which has a NUL byte")]
    BehindNul {
        /// The line.
        line: usize,
    },
    /// As `mosquitto_passwd` 2.1 makes it.
    #[error("brokers 2.0 drop a line with 64 bytes of salt, as this one has")]
    LongSalt,
    /// Lines that a broker would drop, or refuse the whole file over.
    #[error("'{}' {} lines that brokers refuse: {faults}", .path.display(), match .effect {
        Effect::Change => "has",
        Effect::Show => "would have",
    })]
    Faults {
        /// The file.
        path: PathBuf,
        /// Whether it is as the numbers say.
        effect: Effect,
        /// The lines, as text: they outlive the file's bytes.
        faults: String,
    },
    /// The file was not replaced by a rename.
    #[error("'{}' was rewritten in place, because {because}: {}", .path.display(), risk(*.remedy))]
    InPlace {
        /// The file.
        path: PathBuf,
        /// Why.
        because: InPlaceReason,
        /// What a kill would have come to.
        remedy: Remedy,
    },
    /// Everybody may read or change it.
    #[error("'{0}' is open to all users (mode {mode:03o}); 'chmod o= {0}' closes it", .path.display())]
    OpenToAll {
        /// The file.
        path: PathBuf,
        /// Its mode.
        mode: u32,
    },
    /// Only the original's name lets it pass.
    #[error("{0}")]
    Password(PasswordError),
    /// Brokers differ in what they make of it.
    #[error(
        "user '{user}' is in {lines}: brokers 2.0 go by {}, and 2.1 refuses the file",
        match .taken {
            Some(line) => format!(
                "line {line}, the last that they take, as is done here (in long files it may be \
                 another of them)"
            ),
            None => "none of them".to_owned(),
        }
    )]
    SameUser {
        /// Who.
        user: UserName,
        /// All the lines.
        lines: Numbers,
        /// The one that counts.
        taken: Option<usize>,
    },
    /// A rewrite in place had been cut short.
    #[error("an earlier edit of '{}' had been cut short; it was undone first", .0.display())]
    Undone(PathBuf),
    /// `-U` has left lines that somebody may take for passwords.
    #[error(
        "'{}' has what looks like hashes of unknown kinds, which -U leaves as they are: {lines}; if \
         one is a password, 'mqtt-passwd {} USER' hashes it",
        .path.display(),
        .path.display()
    )]
    UnknownHashes {
        /// The file.
        path: PathBuf,
        /// Which.
        lines: Numbers,
    },
    /// Only the original's name lets it pass.
    #[error("{0}")]
    UserName(Concern),
}

impl Warning {
    /// Which brokers do not take a hash, if there are any.
    pub(crate) fn about(hash: &Stored<'_>) -> Vec<Self> {
        if let Algorithm::Argon2id(_) = hash.algorithm() {
            return vec![Self::Argon2id];
        }
        let refused = |broker| hash.refused_by().contains(&broker);
        let long_salt = refused(Broker::V2_0).then_some(Self::LongSalt);
        long_salt.into_iter().chain(refused(Broker::V2_1).then_some(Self::Bare)).collect()
    }
}

/// What could have happened to a file while it was rewritten in place.
fn risk(remedy: Remedy) -> &'static str {
    match remedy {
        Remedy::None => {
            "a kill or a power failure just then could have damaged it, and its folder takes no copy"
        }
        Remedy::InFolder => {
            "whoever read it just then may have seen half of it, and a kill just then would have been \
             undone by an edit by a name in the same folder alone"
        }
        Remedy::Everywhere => "whoever read it just then may have seen half of it",
    }
}
