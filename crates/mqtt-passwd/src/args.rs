//! The command line of mqtt-passwd: words to a plan. The only file of this crate that knows clap.

mod doubts;
mod positionals;
mod rules;

use std::ffi::OsString;
use std::num::NonZero;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

use clap::builder::TypedValueParser;
use clap::{Arg, Command, CommandFactory, Parser, ValueEnum};
use mqtt_core::cli::{self, ColorArgs, Parsed, UsageError, parse};
use mqtt_core::invocation::{Behaviour, Invocation};
use mqtt_core::progress::Progress;

use crate::generated::FILES;
use crate::hash::Algorithm;
use crate::password::PasswordError;
use crate::plan::{
    Action, Credentials, Effect, ListForm, PasswordSource, Plan, Repetition, Target, Users,
};
use crate::user_name::{Concern, UserName, UserNameError};
use crate::warning::Warning;
use doubts::Doubts;
use positionals::{Extra, file_path, positionals};

const USAGE: &str = "mqtt-passwd [OPTIONS] FILE USER
       mqtt-passwd [OPTIONS] -b FILE USER PASSWORD
       mqtt-passwd [OPTIONS] -c [-b] FILE|- USER [PASSWORD]
       mqtt-passwd [OPTIONS] --users-stdin [-c] FILE
       mqtt-passwd -D FILE USER
       mqtt-passwd [OPTIONS] -U FILE
       mqtt-passwd [OPTIONS] --check FILE USER
       mqtt-passwd --list [--json] FILE";

const EXAMPLES: &str = "\
Examples:
  mqtt-passwd -c /etc/mosquitto/passwd al   make a file with one user
  mqtt-passwd /etc/mosquitto/passwd bob     add bob, or change his password
  mqtt-passwd -D /etc/mosquitto/passwd bob  remove bob
  mqtt-passwd --password-stdin f bob < pw   add bob from a script
  mqtt-passwd --users-stdin f < list.txt    add its 'user:password' lines
  mqtt-passwd -U users.txt                  hash its 'user:password' lines
  mqtt-passwd --check users.txt bob         say whether a password is bob's";

const BELOW: &str = "\
Notes:
  Options stand before FILE; a FILE whose name begins with '-' is written
  ./-name. The password is asked for twice on the terminal; where stdin is none,
  it is read from two lines of stdin, or from one with --password-stdin. The
  file is replaced as a whole or stays as it is; lines that were not asked for
  keep every byte. A running broker reads the file again on SIGHUP.

Exit status:
  0 done; 1 error, nothing changed unless it says so; 2 the passwords do not
  match; 10 no hash could be computed; 128+n ended by signal n, nothing changed.
  With --check: 0 right; 1 wrong; 3 no such user; 4 no whole hash in the line;
  5 unknown kind of hash; 6 FILE cannot be read";

/// Make and edit the password file of an MQTT broker.
#[derive(Parser)]
#[command(
    version = concat!(env!("CARGO_PKG_VERSION"), " (hashes: sha512-pbkdf2, sha512, argon2id)"),
    before_help = EXAMPLES,
    after_help = BELOW,
    disable_help_flag = true,
    disable_version_flag = true
)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch, as it was given")]
struct PasswdArgs {
    /// Take the password from the command line, where every user of the system can see it
    #[arg(short, long, help_heading = "Editing")]
    batch: bool,

    /// Take the password from the first line of stdin, at most 65535 bytes
    #[arg(long, help_heading = "Editing")]
    password_stdin: bool,

    /// Take the password from the first line of PATH, at most 65535 bytes; '-' is stdin
    #[arg(long, help_heading = "Editing", value_name = "PATH")]
    password_file: Option<PathBuf>,

    /// Make a password of 130 random bits and write it to stdout: 26 letters and digits, none that
    /// look alike
    #[arg(long, help_heading = "Editing")]
    generate_password: bool,

    /// Take many users from stdin, all or none: USER:PASSWORD in each line, at most 64 MiB; with
    /// --generate-password USER alone, and stdout gets USER:PASSWORD
    #[arg(long, help_heading = "Editing")]
    users_stdin: bool,

    /// Create FILE, readable by its owner alone; with '-' write the line to stdout
    #[arg(short, long, help_heading = "Editing")]
    create: bool,

    /// Delete USER
    #[arg(short = 'D', long, help_heading = "Editing")]
    delete: bool,

    /// Hash every password in FILE that is in plain text
    #[arg(short = 'U', long, help_heading = "Editing")]
    upgrade: bool,

    /// Write nothing, and show what an edit would change: on stdout, by line, user, algorithm and
    /// cost; never a hash
    #[arg(long, help_heading = "Editing")]
    dry_run: bool,

    /// Leave FILE as it is, to the byte and the time, where it has the password already, by the
    /// algorithm and the cost asked for; with -D, where there is no USER; with -U, where all is
    /// hashed. Say 'changed' or 'unchanged' on stdout
    #[arg(long, help_heading = "Editing")]
    if_changed: bool,

    /// Say whether the password is that of USER, by the status: 0 right, 1 wrong. It is asked for
    /// once. Nothing is locked or written
    #[arg(long, help_heading = "Looking")]
    check: bool,

    /// Say who is in FILE: line, user, algorithm, cost, and what is weak, damaged, there twice, or
    /// refused by some brokers. No hash and no salt is shown
    #[arg(long, help_heading = "Looking")]
    list: bool,

    /// Write one JSON object a line, with --list
    #[arg(long, help_heading = "Looking")]
    json: bool,

    /// Write this kind of hash: sha512-pbkdf2 ($7$, which every broker takes), sha512 ($6$, the
    /// same, but quick to guess) or argon2id (for brokers 2.1 that were built with it)
    #[arg(
        short = 'H',
        long,
        help_heading = "Hashing",
        value_name = "ALGORITHM",
        default_value = "sha512-pbkdf2"
    )]
    hash: HashName,

    /// Iterate sha512-pbkdf2 so many times, 1 to 2147483647
    #[arg(short = 'I', long, help_heading = "Hashing", value_name = "COUNT", default_value = "10000", value_parser = iterations())]
    iterations: NonZero<u32>,

    /// Replace FILE if it exists; needs -c
    #[arg(long, help_heading = "Editing")]
    overwrite: bool,

    #[command(flatten)]
    color: ColorArgs,

    /// Print this help
    #[arg(long, help_heading = "Help", action = clap::ArgAction::Help)]
    help: Option<bool>,

    /// Print the version
    #[arg(long, help_heading = "Help", action = clap::ArgAction::Version)]
    version: Option<bool>,
}

/// The names of the algorithms.
#[derive(Clone, Copy, ValueEnum)]
enum HashName {
    Sha512Pbkdf2,
    Sha512,
    Argon2id,
}

/// As many iterations as brokers can count: they read a C int.
fn iterations() -> impl TypedValueParser<Value = NonZero<u32>> {
    clap::value_parser!(u32).range(1..=2_147_483_647).try_map(NonZero::try_from)
}

/// What the words ask for.
#[derive(Debug)]
pub(crate) enum Request {
    /// Something to do.
    Do(Box<Plan>),
    /// A text for stdout.
    Print(String),
    /// A text for stderr, in place of anything to do.
    Introduce(String),
}

/// The options as clap sees them, with texts that call the tool what the user calls it.
fn command(invocation: Invocation) -> Command {
    let usage = USAGE.replace("mqtt-passwd", invocation.name());
    // From FILE on, words are taken as they are, be it a dash they begin with.
    let words = Arg::new("words").hide(true).num_args(0..).trailing_var_arg(true);
    PasswdArgs::command().override_usage(usage).arg(cli::generate(&FILES)).arg(words)
}

/// Turns the words of the command line into a plan.
pub(crate) fn request(invocation: Invocation, words: Vec<OsString>) -> Result<Request, UsageError> {
    let mut given = match parse(invocation, command(invocation), words)? {
        Parsed::Given(given) => given,
        Parsed::Text(text) => return Ok(Request::Print(text)),
        Parsed::Introduction(text) => return Ok(Request::Introduce(text)),
    };
    let args: PasswdArgs = given.args()?;
    let words = given.take_trailing();
    let plan =
        args.plan(invocation.behaviour, words).map_err(|error| given.error(error.to_string()))?;
    Ok(Request::Do(Box::new(plan)))
}

impl PasswdArgs {
    fn plan(mut self, behaviour: Behaviour, words: Vec<OsString>) -> Result<Plan, ArgsError> {
        self.refuse_conflicts(behaviour)?;
        let mut doubts = Doubts::new(behaviour);
        if self.algorithm() == Algorithm::ARGON2ID && self.writes_hashes() {
            doubts.warnings.push(Warning::Argon2id);
        }
        let action = self.action(behaviour, words, &mut doubts)?;
        if matches!(action, Action::Create { target: Target::Stdout, .. }) {
            self.refuse_more_on_stdout()?;
        }
        let effect = if self.dry_run { Effect::Show } else { Effect::Change };
        let repetition = if self.if_changed { Repetition::IfChanged } else { Repetition::Always };
        let progress = Progress::possible(behaviour);
        Ok(Plan { action, behaviour, effect, repetition, progress, warnings: doubts.warnings })
    }

    fn action(
        &mut self,
        behaviour: Behaviour,
        words: Vec<OsString>,
        doubts: &mut Doubts,
    ) -> Result<Action, ArgsError> {
        Ok(if self.upgrade {
            let [file] = positionals(words, Extra::Refused)?;
            Action::Upgrade { file: file_path(file)?, algorithm: self.algorithm() }
        } else if self.delete {
            let [file, user] = positionals(words, Extra::ignored_by(behaviour))?;
            Action::Delete { user: UserName::new(user.as_bytes())?, file: file_path(file)? }
        } else if self.list {
            let [file] = positionals(words, Extra::Refused)?;
            let form = if self.json { ListForm::Json } else { ListForm::Table };
            Action::List { file: file_path(file)?, form }
        } else if self.check {
            let (file, user, given) = self.file_user_password(words, Extra::Refused)?;
            Action::Check {
                file: file_path(file)?,
                user: UserName::new(user.as_bytes())?,
                password: self.password_source(given, doubts)?,
            }
        } else if self.create {
            let extra = Extra::ignored_by(behaviour);
            let (file, credentials) = self.credentials(words, extra, doubts)?;
            Action::Create { target: self.target(file), credentials }
        } else {
            let (file, credentials) = self.credentials(words, Extra::Refused, doubts)?;
            Action::Set { file: file_path(file)?, credentials }
        })
    }

    fn writes_hashes(&self) -> bool {
        !(self.delete || self.check || self.list)
    }

    fn algorithm(&self) -> Algorithm {
        match self.hash {
            HashName::Argon2id => Algorithm::ARGON2ID,
            HashName::Sha512 => Algorithm::Sha512,
            HashName::Sha512Pbkdf2 => Algorithm::Pbkdf2Sha512 { iterations: self.iterations },
        }
    }

    fn target(&self, file: OsString) -> Target {
        if file == "-" {
            Target::Stdout
        } else if self.overwrite {
            Target::Overwrite(file.into())
        } else {
            Target::New(file.into())
        }
    }

    fn credentials(
        &mut self,
        words: Vec<OsString>,
        extra: Extra,
        doubts: &mut Doubts,
    ) -> Result<(OsString, Credentials), ArgsError> {
        let algorithm = self.algorithm();
        if self.users_stdin {
            let [file] = positionals(words, Extra::Refused)?;
            let users = if self.generate_password { Users::Names } else { Users::Logins };
            return Ok((file, Credentials { users, algorithm }));
        }
        let (file, user, given) = self.file_user_password(words, extra)?;
        let user = doubts.user_name(&user)?;
        let password = self.password_source(given, doubts)?;
        Ok((file, Credentials { users: Users::One { user, password }, algorithm }))
    }

    /// FILE, USER, and PASSWORD behind them with `-b`.
    fn file_user_password(
        &self,
        words: Vec<OsString>,
        extra: Extra,
    ) -> Result<(OsString, OsString, Option<OsString>), ArgsError> {
        if self.batch {
            let [file, user, password] = positionals(words, extra)?;
            Ok((file, user, Some(password)))
        } else {
            let [file, user] = positionals(words, extra)?;
            Ok((file, user, None))
        }
    }

    fn password_source(
        &mut self,
        given: Option<OsString>,
        doubts: &mut Doubts,
    ) -> Result<PasswordSource, ArgsError> {
        Ok(match (given, self.password_file.take()) {
            (Some(password), _) => PasswordSource::Given(doubts.password(password)?),
            (None, Some(path)) if path.as_os_str() != "-" => PasswordSource::File(path),
            (None, Some(_)) => PasswordSource::Stdin,
            (None, None) if self.password_stdin => PasswordSource::Stdin,
            (None, None) if self.generate_password => PasswordSource::Generated,
            (None, None) => PasswordSource::Ask,
        })
    }
}

/// The words make no sense together.
#[derive(Debug, thiserror::Error)]
enum ArgsError {
    #[error("'{0}' is for '{1}'")]
    Alone(&'static str, &'static str),
    #[error(transparent)]
    Concern(#[from] Concern),
    #[error("'{0}' and '{1}' exclude each other")]
    Exclusive(&'static str, &'static str),
    #[error("{0} is missing")]
    Missing(&'static str),
    #[error(transparent)]
    Password(#[from] PasswordError),
    #[error("'-' stands for stdout, where only '--create' can write; a file '-' is './-'")]
    StdoutWithoutCreate,
    // The word itself is not shown: it may be a password.
    #[error("too many words: expected {0}")]
    TooManyFor(&'static str),
    #[error(transparent)]
    UserName(#[from] UserNameError),
}

#[cfg(test)]
mod tests {
    use super::*;
    use mqtt_core::invocation::Tool;
    use std::ffi::OsStr;

    fn as_called(name: &str, words: &[&str]) -> Result<Plan, UsageError> {
        let invocation = Invocation::new(Tool::Passwd, OsStr::new(name));
        let words = words.iter().map(OsString::from).collect();
        match request(invocation, words)? {
            Request::Do(plan) => Ok(*plan),
            other => panic!("{other:?}"),
        }
    }

    fn plan(words: &[&str]) -> Plan {
        as_called("mqtt-passwd", words).unwrap()
    }

    fn error(words: &[&str]) -> String {
        as_called("mqtt-passwd", words).unwrap_err().to_string()
    }

    fn original_error(words: &[&str]) -> String {
        as_called("mosquitto_passwd", words).unwrap_err().to_string()
    }

    /// The only user, and where the password comes from.
    fn one(credentials: &Credentials) -> (&UserName, &PasswordSource) {
        match &credentials.users {
            Users::One { user, password } => (user, password),
            other => panic!("{other:?}"),
        }
    }

    fn given(credentials: &Credentials) -> &[u8] {
        match one(credentials).1 {
            PasswordSource::Given(password) => password.as_bytes(),
            other => panic!("{other:?}"),
        }
    }

    fn set(words: &[&str]) -> Credentials {
        match plan(words).action {
            Action::Set { credentials, .. } => credentials,
            other => panic!("{other:?}"),
        }
    }

    fn hash_of(words: &[&str]) -> Algorithm {
        set(words).algorithm
    }

    fn rounds(count: u32) -> Algorithm {
        Algorithm::Pbkdf2Sha512 { iterations: NonZero::new(count).unwrap() }
    }

    #[test]
    fn without_a_switch_a_user_is_set_and_the_password_asked_for() {
        let Action::Set { file, credentials } = plan(&["f", "u"]).action else {
            panic!("no set");
        };
        assert_eq!(file, PathBuf::from("f"));
        assert_eq!(one(&credentials).0.as_bytes(), b"u");
        assert!(matches!(one(&credentials).1, PasswordSource::Ask));
        assert_eq!(credentials.algorithm, rounds(10_000));
    }

    #[test]
    fn each_action_has_a_short_and_a_long_switch() {
        for switch in ["-b", "--batch"] {
            assert_eq!(given(&set(&[switch, "f", "u", "p"])), b"p");
        }
        for switch in ["-c", "--create"] {
            let action = plan(&[switch, "f", "u"]).action;
            assert!(matches!(action, Action::Create { target: Target::New(_), .. }));
        }
        for switch in ["-D", "--delete"] {
            assert!(matches!(plan(&[switch, "f", "u"]).action, Action::Delete { .. }));
        }
        for switch in ["-U", "--upgrade"] {
            assert!(matches!(plan(&[switch, "f"]).action, Action::Upgrade { .. }));
        }
    }

    #[test]
    fn the_password_comes_from_one_place() {
        assert!(matches!(one(&set(&["--password-stdin", "f", "u"])).1, PasswordSource::Stdin));
        for words in [&["--password-file", "-x", "f", "u"][..], &["--password-file=-x", "f", "u"]] {
            let credentials = set(words);
            let (_, PasswordSource::File(path)) = one(&credentials) else { panic!("{words:?}") };
            assert_eq!(path, &PathBuf::from("-x"));
        }
        let action = plan(&["-c", "--password-file=a", "--password-file=b", "-", "u"]).action;
        let Action::Create { target: Target::Stdout, credentials } = action else {
            panic!("no create");
        };
        assert!(matches!(one(&credentials).1, PasswordSource::File(path) if path.ends_with("b")));
        for (one, other) in [
            ("--password-stdin", "--password-file=x"),
            ("--password-stdin", "--batch"),
            ("--password-stdin", "--delete"),
            ("--password-stdin", "--upgrade"),
            ("--password-file=x", "--batch"),
            ("--password-file=x", "--delete"),
            ("--password-file=x", "--upgrade"),
        ] {
            let words = [other, one, "f", "u"];
            let (one, other) = (one.trim_end_matches("=x"), other.trim_end_matches("=x"));
            let message = format!("'{one}' and '{other}' exclude each other");
            assert_eq!((error(&words), original_error(&words)), (message.clone(), message));
        }
        assert_eq!(error(&["--password-file"]), "option '--password-file <PATH>' needs a value");
    }

    #[test]
    fn many_users_come_from_stdin_and_passwords_from_nowhere() {
        let users = |words: &[&str]| set(words).users;
        assert!(matches!(users(&["--users-stdin", "f"]), Users::Logins));
        assert!(matches!(users(&["--users-stdin", "--generate-password", "f"]), Users::Names));
        let one =
            Users::One { user: UserName::new(b"u").unwrap(), password: PasswordSource::Generated };
        assert_eq!(format!("{:?}", users(&["--generate-password", "f", "u"])), format!("{one:?}"));
        let action = plan(&["-c", "--users-stdin", "-"]).action;
        let Action::Create { target: Target::Stdout, credentials } = action else {
            panic!("no create");
        };
        assert!(matches!(credentials.users, Users::Logins));
        assert_eq!(error(&["--users-stdin", "f", "u"]), "too many words: expected FILE");
    }

    #[test]
    fn looking_needs_a_file_and_who_is_looked_for() {
        let Action::Check { file, user, password } = plan(&["--check", "f", " #u"]).action else {
            panic!("no check");
        };
        assert_eq!((file, user.as_bytes()), (PathBuf::from("f"), &b"#u"[..]));
        assert!(matches!(password, PasswordSource::Ask));
        for (words, form) in
            [(&["--list", "f"][..], ListForm::Table), (&["--list", "--json", "f"], ListForm::Json)]
        {
            assert!(
                matches!(plan(words).action, Action::List { form: found, .. } if found == form)
            );
        }
        assert_eq!(error(&["--check", "f"]), "USER is missing");
        assert_eq!(error(&["--check", "-b", "f", "u"]), "PASSWORD is missing");
        assert_eq!(error(&["--list"]), "FILE is missing");
        assert_eq!(error(&["--list", "f", "u"]), "too many words: expected FILE");
        for words in [&["--check", "-", "u"][..], &["--list", "-"]] {
            assert!(error(words).starts_with("'-' stands for stdout"));
        }
        assert!(plan(&["-H", "argon2id", "--check", "f", "u"]).warnings.is_empty());
    }

    #[test]
    fn an_edit_is_made_unless_it_is_to_be_shown_or_spared() {
        let Plan { effect, repetition, .. } = plan(&["f", "u"]);
        assert_eq!((effect, repetition), (Effect::Change, Repetition::Always));
        for edit in [&["f", "u"][..], &["-D", "f", "u"], &["-U", "f"], &["--users-stdin", "f"]] {
            let words = [&["--dry-run", "--if-changed"], edit].concat();
            let Plan { effect, repetition, .. } = plan(&words);
            assert_eq!((effect, repetition), (Effect::Show, Repetition::IfChanged));
        }
    }

    #[test]
    fn options_that_cannot_stand_together_are_named() {
        let actions = ["--create", "--delete", "--upgrade", "--check", "--list"];
        for (index, one) in actions.iter().enumerate() {
            for other in &actions[index + 1..] {
                let message = format!("'{one}' and '{other}' exclude each other");
                assert_eq!(error(&[other, one, "f", "u"]), message);
            }
        }
        for (one, others) in [
            ("--batch", &["--delete", "--upgrade", "--list", "--users-stdin"][..]),
            ("--password-stdin", &["--list", "--users-stdin", "--generate-password"]),
            ("--password-file=x", &["--list", "--users-stdin", "--generate-password"]),
            ("--generate-password", &["--delete", "--upgrade", "--check", "--list"]),
            ("--users-stdin", &["--delete", "--upgrade", "--check", "--list"]),
            ("--if-changed", &["--create", "--check", "--list", "--generate-password"]),
            ("--dry-run", &["--check", "--list", "--generate-password"]),
        ] {
            for other in others {
                let name = one.trim_end_matches("=x");
                let message = format!("'{name}' and '{other}' exclude each other");
                assert_eq!(error(&[other, one, "f", "u"]), message);
            }
        }
        assert_eq!(
            error(&["--batch", "--generate-password", "f", "u"]),
            "'--batch' and '--generate-password' exclude each other"
        );
        for option in ["--dry-run", "--generate-password"] {
            let message = format!("'{option}' and '-' exclude each other");
            assert_eq!(error(&["-c", option, "-", "u"]), message);
        }
        assert_eq!(error(&["--json", "f", "u"]), "'--json' is for '--list'");
    }

    #[test]
    fn switches_can_stand_together() {
        let action = plan(&["-cb", "f", "u", "p"]).action;
        let Action::Create { credentials, .. } = action else {
            panic!("no create");
        };
        assert_eq!(given(&credentials), b"p");
    }

    #[test]
    fn the_hash_is_chosen_by_name() {
        for words in [["-H", "sha512"], ["--hash", "sha512"]] {
            assert_eq!(hash_of(&[words[0], words[1], "f", "u"]), Algorithm::Sha512);
        }
        assert_eq!(hash_of(&["--hash=sha512-pbkdf2", "f", "u"]), rounds(10_000));
        assert_eq!(hash_of(&["-Hargon2id", "f", "u"]), Algorithm::ARGON2ID);
        assert_eq!(hash_of(&["-H", "sha512", "-H", "sha512-pbkdf2", "f", "u"]), rounds(10_000));
    }

    #[test]
    fn an_unknown_hash_is_answered_with_the_known_ones() {
        let known = "it is one of sha512-pbkdf2, sha512, argon2id";
        let message = error(&["-H", "SHA512", "f", "u"]);
        assert_eq!(message, format!("invalid value 'SHA512' for '--hash <ALGORITHM>': {known}"));
        assert_eq!(error(&["-H"]), "option '--hash <ALGORITHM>' needs a value");
    }

    #[test]
    fn iterations_are_a_number_that_brokers_can_count_to() {
        assert_eq!(hash_of(&["-I", "1", "f", "u"]), rounds(1));
        assert_eq!(hash_of(&["-I25", "f", "u"]), rounds(25));
        assert_eq!(hash_of(&["--iterations=2147483647", "f", "u"]), rounds(2_147_483_647));
        assert_eq!(hash_of(&["-I", "5", "-I", "6", "f", "u"]), rounds(6));
        for wrong in ["0", "-1", "2147483648", "10x", "0x10", "", " 7"] {
            let message = error(&["-I", wrong, "f", "u"]);
            let expected = format!("invalid value '{wrong}' for '--iterations <COUNT>': ");
            assert!(message.starts_with(&expected) || wrong.is_empty(), "{message}");
            assert!(message.contains("--iterations <COUNT>"), "{message}");
        }
    }

    #[test]
    fn argon2id_is_warned_about_where_it_is_used() {
        let warnings = plan(&["-H", "argon2id", "-U", "f"]).warnings;
        assert!(matches!(warnings[..], [Warning::Argon2id]));
        assert!(plan(&["-H", "argon2id", "-D", "f", "u"]).warnings.is_empty());
    }

    #[test]
    fn words_after_the_file_are_taken_as_they_are() {
        assert_eq!(given(&set(&["-b", "f", "u", "-secret"])), b"-secret");
        assert_eq!(given(&set(&["-b", "f", "u", "-c"])), b"-c");
        assert_eq!(given(&set(&["-b", "f", "u", "--help"])), b"--help");
        assert_eq!(given(&set(&["-b", "f", "u", "--"])), b"--");
        let credentials = set(&["-b", "f", "-I", "7"]);
        assert_eq!(one(&credentials).0.as_bytes(), b"-I");
        assert_eq!(given(&credentials), b"7");
    }

    #[test]
    fn a_file_that_looks_like_an_option_must_be_meant() {
        assert_eq!(error(&["-c", "-b", "-x", "u", "p"]), "unknown option '-x'");
        assert_eq!(error(&["--creat", "f", "u"]), "unknown option '--creat'");
        for words in [["-c", "./-x", "u"], ["-c", "f", "-x"]] {
            assert!(matches!(plan(&words).action, Action::Create { .. }));
        }
        let Action::Set { file, .. } = plan(&["--", "-x", "u"]).action else {
            panic!("no set");
        };
        assert_eq!(file, PathBuf::from("-x"));
    }

    #[test]
    fn a_dash_is_stdout_for_a_new_file_and_nothing_else() {
        let action = plan(&["-c", "-", "u"]).action;
        assert!(matches!(action, Action::Create { target: Target::Stdout, .. }));
        let Action::Create { credentials, .. } = plan(&["-c", "-b", "-", "-u", "-p"]).action else {
            panic!("no create");
        };
        assert_eq!((one(&credentials).0.as_bytes(), given(&credentials)), (&b"-u"[..], &b"-p"[..]));
        for words in [&["-", "u"][..], &["-D", "-", "u"], &["-U", "-"]] {
            assert!(error(words).starts_with("'-' stands for stdout"));
        }
    }

    #[test]
    fn overwriting_is_said() {
        let action = plan(&["-c", "--overwrite", "f", "u"]).action;
        assert!(matches!(action, Action::Create { target: Target::Overwrite(_), .. }));
        assert_eq!(error(&["--overwrite", "f", "u"]), "'--overwrite' is for '--create'");
    }

    #[test]
    fn actions_exclude_each_other() {
        for (words, message) in [
            (["-c", "-D"], "'--create' and '--delete' exclude each other"),
            (["-U", "-c"], "'--create' and '--upgrade' exclude each other"),
            (["-D", "-U"], "'--delete' and '--upgrade' exclude each other"),
            (["-D", "-b"], "'--batch' and '--delete' exclude each other"),
        ] {
            let words = [words[0], words[1], "f"];
            assert_eq!(error(&words), message);
            assert_eq!(original_error(&words), message);
        }
    }

    #[test]
    fn the_original_ignores_batch_where_nothing_is_asked() {
        let message = "'--batch' and '--upgrade' exclude each other";
        assert_eq!(error(&["-b", "-U", "f"]), message);
        let plan = as_called("mosquitto_passwd", &["-b", "-U", "f"]).unwrap();
        assert!(matches!(plan.action, Action::Upgrade { .. }));
    }

    #[test]
    fn a_password_is_taken_from_a_line_of_stdin_or_a_file() {
        let source = |words: &[&str]| match set(words).users {
            Users::One { password, .. } => password,
            other => panic!("{other:?}"),
        };
        assert!(matches!(source(&["--password-stdin", "f", "u"]), PasswordSource::Stdin));
        assert!(matches!(source(&["--password-file", "-", "f", "u"]), PasswordSource::Stdin));
        let PasswordSource::File(path) = source(&["--password-file=secrets/u", "f", "u"]) else {
            panic!("no file");
        };
        assert_eq!(path, PathBuf::from("secrets/u"));
    }

    #[test]
    fn a_missing_word_is_named() {
        assert_eq!(error(&["-b"]), "FILE is missing");
        assert_eq!(error(&["f"]), "USER is missing");
        assert_eq!(error(&["-b", "f", "u"]), "PASSWORD is missing");
        assert_eq!(error(&["-c", "-b", "f"]), "USER is missing");
        assert_eq!(error(&["-D", "f"]), "USER is missing");
        assert_eq!(error(&["-U"]), "FILE is missing");
    }

    #[test]
    fn words_too_many_are_errors_that_do_not_show_them() {
        for words in [
            &["f", "u", "secret"][..],
            &["-b", "f", "u", "p", "secret"],
            &["-c", "f", "u", "secret"],
            &["-D", "f", "u", "secret"],
            &["-U", "f", "secret"],
        ] {
            let message = error(words);
            assert!(message.starts_with("too many words"), "{message}");
            assert!(!message.contains("secret"), "{message}");
        }
    }

    #[test]
    fn the_original_ignores_words_too_many_for_two_actions() {
        for words in [&["-c", "f", "u", "x"][..], &["-D", "f", "u", "x"]] {
            assert!(as_called("mosquitto_passwd", words).is_ok());
        }
        for words in [&["f", "u", "x"][..], &["-U", "f", "x"], &["-b", "f", "u", "p", "x"]] {
            assert!(original_error(words).starts_with("too many words"));
        }
    }

    #[test]
    fn names_no_client_can_use_are_refused_or_warned_about() {
        for name in ["#u", " u", "u "] {
            assert!(error(&["-b", "f", name, "p"]).contains("user name"));
            let plan = as_called("mosquitto_passwd", &["-b", "f", name, "p"]).unwrap();
            assert!(matches!(plan.warnings[..], [Warning::UserName(_)]));
        }
        for name in ["", "  ", "a:b", "a\nb\u{1}"] {
            let words = ["-b", "f", name, "p"];
            assert_eq!(error(&words), original_error(&words));
        }
    }

    #[test]
    fn a_user_with_such_a_name_can_be_deleted() {
        assert!(matches!(plan(&["-D", "f", " u"]).action, Action::Delete { .. }));
    }

    #[test]
    fn an_empty_password_is_refused_or_warned_about() {
        assert!(error(&["-b", "f", "u", ""]).contains("password is empty"));
        let plan = as_called("mosquitto_passwd", &["-b", "f", "u", ""]).unwrap();
        assert!(matches!(plan.warnings[..], [Warning::Password(PasswordError::Empty)]));
    }

    #[test]
    fn a_password_too_long_is_refused() {
        let longest = "x".repeat(65_535);
        assert_eq!(given(&set(&["-b", "f", "u", &longest])).len(), 65_535);
        let message = error(&["-b", "f", "u", &format!("{longest}x")]);
        assert_eq!(message, "the password is longer than 65535 bytes");
    }

    #[test]
    fn a_plan_does_not_show_the_password() {
        let shown = format!("{:?}", plan(&["-b", "f", "u", "secret"]));
        assert!(!shown.contains("secret"), "{shown}");
    }

    #[test]
    fn help_names_every_option_with_range_and_default() {
        let invocation = Invocation::new(Tool::Passwd, OsStr::new("mqtt-passwd"));
        let Ok(Request::Print(help)) = request(invocation, vec!["--help".into()]) else {
            panic!("no help");
        };
        for text in [
            "--batch",
            "--create",
            "--delete",
            "--upgrade",
            "--check",
            "--list",
            "--json",
            "--dry-run",
            "--if-changed",
            "--users-stdin",
            "--generate-password",
            "at most 64 MiB",
            "130 random bits",
            "--overwrite",
            "--password-stdin",
            "--password-file <PATH>",
            "at most 65535 bytes",
            "1 to 2147483647",
            "[default: 10000]",
            "[default: sha512-pbkdf2]",
            "argon2id",
            "Examples:",
        ] {
            assert!(help.contains(text), "{text} is not in {help}");
        }
    }

    #[test]
    fn without_a_word_it_says_what_it_is_and_under_the_originals_name_what_is_missing() {
        let request = |name: &str| request(Invocation::new(Tool::Passwd, name.as_ref()), vec![]);
        assert!(
            matches!(request("mqtt-passwd"), Ok(Request::Introduce(text)) if text.contains("-c /etc"))
        );
        let linked = request("mosquitto_passwd").unwrap_err();
        assert_eq!(linked.to_string(), "FILE is missing");
    }

    fn own_command() -> Command {
        let invocation = Invocation::new(Tool::Passwd, OsStr::new("own"));
        let mut command = command(invocation);
        command.build();
        command
    }

    #[test]
    fn every_option_is_described() {
        test_support::options::assert_described(&own_command());
    }

    #[test]
    fn generated_files_are_current() {
        let (name, original) = (Tool::Passwd.name(), Tool::Passwd.original_name());
        let definition =
            test_support::generated::Definition { command: own_command(), name, original };
        test_support::generated::assert_current(
            &definition,
            &FILES.map(|(kind, file)| (kind, cli::unpacked(file))),
        );
    }
}
