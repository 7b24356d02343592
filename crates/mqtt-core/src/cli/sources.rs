//! Where options come from: a file, the environment, argv, and URLs within them. All of it becomes
//! words in this order, so that of an option that is given twice the last one counts.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::{ArgAction, Command};

use super::generate::GENERATE;
use super::origin::Origin;
use super::profile::{PROFILE, Profiles};
use super::shown_value::holds_secret;
use super::usage::{Definition, Outcome, shortened};
use super::words::{self, Word};
use super::{Given, Parsed, UsageError};
use crate::invocation::{Behaviour, Invocation};
use crate::options_file::{Line, LineError, OptionsFile, Readers};
use crate::url::{self, Scheme, Url};

/// The name of `-o`.
pub(super) const OPTIONS_FILE: &str = "options_file";

/// The name of `-L`.
pub(super) const URL: &str = "url";

/// What is read from the environment under our own names, and the option it stands for.
const VARIABLES: [(&str, &str); 4] = [
    ("MQTT_HOST", "--host"),
    ("MQTT_PORT", "--port"),
    ("MQTT_USERNAME", "--username"),
    ("MQTT_PASSWORD", "--pw"),
];

/// Words that come from one place.
struct Segment {
    origin: Origin,
    words: Vec<Word>,
}

/// Parses argv (without its first word), and before it what the options file and the environment
/// say; `variable` is the environment.
///
/// With no file, no variable and no URL it costs one parse and the look for the file.
pub fn parse_all(
    invocation: Invocation,
    command: Command,
    argv: Vec<OsString>,
    variable: impl Fn(&str) -> Option<OsString>,
) -> Result<Parsed, UsageError> {
    let mut sources = Sources::new(Definition::new(invocation, command));
    let argv = sources.definition.read(argv);
    sources.definition.settle_color(argv.iter());
    // Help is given whatever a file says.
    if !sources.asks_for_text(&argv) {
        let profile = sources.only_value(&argv, PROFILE)?.map(OsStr::to_owned);
        match (sources.file(&argv, &variable)?, profile) {
            (Some(file), profile) => sources.add_file(&file, profile)?,
            (None, Some(_)) => {
                let error = "'--profile' names a part of an options file, and there is none";
                return Err(sources.definition.error(error));
            }
            (None, None) => {}
        }
        if invocation.behaviour == Behaviour::Own {
            if argv.is_empty()
                && sources.segments.is_empty()
                && let Some(text) = sources.definition.introduction()
            {
                return Ok(Parsed::Introduction(text));
            }
            sources.add_environment(&variable)?;
        }
    }
    sources.add(Origin::CommandLine, argv)?;
    sources.parse()
}

/// The words as they are gathered.
struct Sources {
    definition: Definition,
    segments: Vec<Segment>,
    warnings: Vec<String>,
}

impl Sources {
    fn new(definition: Definition) -> Self {
        Self { definition, segments: Vec::new(), warnings: Vec::new() }
    }

    fn asks_for_text(&self, words: &[Word]) -> bool {
        words.iter().filter_map(|word| self.definition.arg(word)).any(|arg| {
            matches!(arg.get_action(), ArgAction::Help | ArgAction::HelpLong | ArgAction::Version)
                || arg.get_id() == GENERATE
        })
    }

    /// The file that argv names, or the user's.
    fn file(
        &self,
        argv: &[Word],
        variable: impl Fn(&str) -> Option<OsString>,
    ) -> Result<Option<OptionsFile>, UsageError> {
        let file = match self.only_value(argv, OPTIONS_FILE)? {
            None => OptionsFile::of_user(self.definition.invocation(), variable),
            Some(path) => OptionsFile::named(PathBuf::from(path)).map(Some),
        };
        file.map_err(|error| self.definition.error(error.to_string()))
    }

    /// The value of an option that may be given only once.
    fn only_value<'a>(
        &self,
        argv: &'a [Word],
        option: &str,
    ) -> Result<Option<&'a OsStr>, UsageError> {
        let mut values = argv.iter().filter(|word| is(word, option)).filter_map(Word::value);
        match (values.next(), values.next()) {
            (Some(_), Some(_)) => {
                let long = option.replace('_', "-");
                Err(self.definition.error(format!("'--{long}' may be given only once")))
            }
            (value, _) => Ok(value),
        }
    }

    fn add_file(
        &mut self,
        file: &OptionsFile,
        profile: Option<OsString>,
    ) -> Result<(), UsageError> {
        let path = Arc::<Path>::from(file.path());
        // To the originals a bracket is an unknown option.
        let has_profiles =
            self.definition.invocation().behaviour == Behaviour::Own || profile.is_some();
        let mut profiles = Profiles::of(profile);
        let mut has_secret = false;
        for line in file.lines() {
            let origin = Origin::Line { file: Arc::clone(&path), number: line.number() };
            let wrong = |error: LineError| self.definition.error(error.to_string()).at(&origin);
            if has_profiles && profiles.begin_with(&line).map_err(wrong)? {
                continue;
            }
            let words = self.words_of(&line).map_err(|error| error.at(&origin));
            let has_one = |words: &Vec<Word>| words.iter().any(|word| self.holds_secret(word));
            has_secret |= words.as_ref().is_ok_and(has_one);
            // Else it may be wrong, too.
            if profiles.count() {
                let words = self.without_sources(words?, &origin);
                self.add(origin, words)?;
            }
        }
        if let Some(missing) = profiles.missing() {
            return Err(self.definition.error(format!("{missing} ({})", path.display())));
        }
        if has_secret && file.readers() == Readers::Others {
            let path = path.display();
            self.warnings.push(format!(
                "{path} may be read by other users and holds a password; chmod 600 {path}"
            ));
        }
        Ok(())
    }

    /// The words of a line but for those that say what to read.
    fn without_sources(&mut self, mut words: Vec<Word>, origin: &Origin) -> Vec<Word> {
        for option in [OPTIONS_FILE, PROFILE] {
            if let Some(at) = words.iter().position(|word| is(word, option)) {
                // The originals take it there without a word.
                words.remove(at);
                if self.definition.invocation().behaviour == Behaviour::Own {
                    let long = option.replace('_', "-");
                    self.warnings.push(format!("{origin}: --{long} has no effect in a file"));
                }
            }
        }
        words
    }

    /// The words of a line. As in the originals, what stands behind a flag is another option.
    fn words_of(&self, line: &Line<'_>) -> Result<Vec<Word>, UsageError> {
        let texts =
            self.texts_of(line).map_err(|error| self.definition.error(error.to_string()))?;
        let words = self.definition.read(texts.into_iter().map(OsString::from_vec).collect());
        // Else the lines below it would be no options any more.
        if words.iter().any(|word| word.option.is_none() && word.text == "--") {
            return Err(self.definition.error("unknown option '--'"));
        }
        Ok(words)
    }

    fn texts_of(&self, line: &Line<'_>) -> Result<Vec<Vec<u8>>, LineError> {
        let option = line.option()?;
        let mut texts = vec![option.to_vec()];
        if self.definition.is_property(option) {
            let mut values = line.words_and_value(2)?;
            if values.get(1).is_some_and(|name| words::is_user_property(name)) {
                values = line.words_and_value(3)?;
            }
            texts.append(&mut values);
        } else {
            texts.extend(line.value()?);
        }
        Ok(texts)
    }

    fn holds_secret(&self, word: &Word) -> bool {
        let arg = self.definition.arg(word).zip(word.value());
        arg.is_some_and(|(arg, value)| holds_secret(arg, value))
    }

    /// An empty variable is none.
    fn add_environment(
        &mut self,
        variable: impl Fn(&str) -> Option<OsString>,
    ) -> Result<(), UsageError> {
        for (name, option) in VARIABLES {
            if let Some(value) = variable(name).filter(|value| !value.is_empty()) {
                let words = self.definition.read(vec![option.into(), value]);
                self.add(Origin::Variable(name), words)?;
            }
        }
        Ok(())
    }

    /// Adds words, the URLs among them as what they stand for.
    fn add(&mut self, origin: Origin, words: Vec<Word>) -> Result<(), UsageError> {
        let mut plain = Vec::new();
        for word in words {
            let Some(text) = word.value().filter(|_| is(&word, URL)) else {
                plain.push(word);
                continue;
            };
            self.segments
                .push(Segment { origin: origin.clone(), words: std::mem::take(&mut plain) });
            let shown = shortened(&url::masked(text.as_bytes()));
            let within = Origin::Url { shown, within: Box::new(origin.clone()) };
            let url = Url::parse(text.as_bytes())
                .map_err(|error| self.definition.error(error.to_string()).at(&within))?;
            let words = self.definition.read(words_for(&url));
            self.segments.push(Segment { origin: within, words });
        }
        self.segments.push(Segment { origin, words: plain });
        Ok(())
    }

    /// Parses what is not argv on its own, so that an error says where it stands, then all.
    fn parse(mut self) -> Result<Parsed, UsageError> {
        let words = self.segments.iter().flat_map(|segment| &segment.words);
        self.definition.settle_color(words);
        for segment in self.segments.iter().filter(|segment| segment.is_elsewhere()) {
            let words = segment.words.iter().map(|word| word.text.clone());
            let outcome = self.definition.parse(words);
            if let Outcome::Text(text) = outcome.map_err(|error| error.at(&segment.origin))? {
                return Ok(Parsed::Text(text));
            }
        }
        let mut texts = Vec::new();
        let mut origins = Vec::new();
        for Segment { origin, words } in self.segments {
            for Word { option, text } in words {
                origins.extend(option.map(|option| (option, origin.clone())));
                texts.push(text);
            }
        }
        Ok(match self.definition.parse(texts)? {
            Outcome::Text(text) => Parsed::Text(text),
            Outcome::Matches(matches) => {
                Parsed::Given(Given::new(self.definition, matches, origins, self.warnings))
            }
        })
    }
}

impl Segment {
    fn is_elsewhere(&self) -> bool {
        self.origin != Origin::CommandLine && !self.words.is_empty()
    }
}

fn is(word: &Word, option: &str) -> bool {
    word.option.as_ref().is_some_and(|id| id == option)
}

/// What a URL stands for: host and port always, the rest if it is there. Later options override
/// it, earlier ones are overridden.
fn words_for(url: &Url) -> Vec<OsString> {
    let mut words: Vec<OsString> = Vec::new();
    let mut push = |option: &str, value: &[u8]| {
        words.extend([option.into(), OsStr::from_bytes(value).into()]);
    };
    push("--host", url.host.as_bytes());
    push("--port", url.port.to_string().as_bytes());
    if let Some(username) = &url.username {
        push("--username", username);
    }
    if let Some(password) = &url.password {
        push("--pw", password.expose());
    }
    push("--topic", &url.topic);
    if matches!(url.scheme, Scheme::Ws | Scheme::Wss) {
        words.push("--ws".into());
    }
    if matches!(url.scheme, Scheme::Mqtts | Scheme::Wss) {
        words.push("--tls-use-os-certs".into());
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::show_config::Standing;
    use crate::cli::value;
    use crate::invocation::Tool;
    use clap::Arg;
    use std::fs;

    /// Options enough to see what comes from where.
    fn command() -> Command {
        Command::new("t")
            .disable_help_flag(true)
            .arg(Arg::new("help").long("help").action(ArgAction::Help))
            .arg(Arg::new("host").short('h').long("host").default_value("localhost"))
            .arg(
                Arg::new("port")
                    .short('p')
                    .long("port")
                    .default_value("1883")
                    .value_parser(value::two_byte_number(1, u16::MAX)),
            )
            .arg(Arg::new("username").short('u').long("username"))
            .arg(
                Arg::new("password")
                    .short('P')
                    .long("pw")
                    .visible_alias("password")
                    .value_parser(value::secret()),
            )
            .arg(Arg::new("topic").short('t').long("topic").action(ArgAction::Append))
            .arg(Arg::new("message").short('m').long("message"))
            .arg(Arg::new("property").short('D').long("property").action(ArgAction::Append))
            .arg(Arg::new("debug").short('d').long("debug").action(ArgAction::SetTrue))
            .arg(Arg::new("retain").short('r').long("retain").action(ArgAction::SetTrue))
            .arg(Arg::new(URL).short('L').long("url"))
            .arg(Arg::new(OPTIONS_FILE).short('o').long("options-file"))
            .arg(Arg::new(PROFILE).long("profile"))
            .arg(Arg::new("show_config").long("show-config").action(ArgAction::SetTrue))
    }

    /// A folder for the user's files, and variables besides.
    struct Run {
        folder: tempfile::TempDir,
        variables: Vec<(&'static str, &'static str)>,
    }

    /// Nothing depends on anything.
    fn standing(option: &str) -> Standing {
        if option == "show_config" { Standing::OutOfForce } else { Standing::AsGiven }
    }

    impl Run {
        fn with(files: &[(&str, &str)]) -> Self {
            let folder = tempfile::tempdir().unwrap();
            for (name, text) in files {
                fs::write(folder.path().join(name), text).unwrap();
            }
            Self { folder, variables: Vec::new() }
        }

        fn variables(mut self, variables: &[(&'static str, &'static str)]) -> Self {
            self.variables = variables.to_vec();
            self
        }

        fn parse(&self, argv0: &str, argv: &[&str]) -> Result<Parsed, UsageError> {
            let invocation = Invocation::new(Tool::Pub, OsStr::new(argv0));
            let folder = self.folder.path();
            let argv = argv.iter().map(|word| word.replace('~', folder.to_str().unwrap()).into());
            parse_all(invocation, command(), argv.collect(), |name| match name {
                "XDG_CONFIG_HOME" => Some(folder.into()),
                name => {
                    let (_, value) = self.variables.iter().find(|(known, _)| *known == name)?;
                    Some(value.into())
                }
            })
        }

        fn given(&self, argv0: &str, argv: &[&str]) -> Given {
            match self.parse(argv0, argv).unwrap() {
                Parsed::Given(given) => given,
                other => panic!("{other:?}"),
            }
        }

        /// What `--show-config` prints under our own name, with single blanks and a short path.
        fn config(&self, argv: &[&str]) -> Vec<String> {
            let given = self.given("mqtt-pub", &[argv, &["--show-config"]].concat());
            let text =
                given.config(standing).unwrap().replace(self.folder.path().to_str().unwrap(), "~");
            text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect()
        }

        /// The error, with a short path.
        fn error(&self, argv0: &str, argv: &[&str]) -> String {
            let error = self.parse(argv0, argv).unwrap_err().to_string();
            error.replace(self.folder.path().to_str().unwrap(), "~")
        }
    }

    #[test]
    fn argv_beats_the_environment_and_that_the_file() {
        let run = Run::with(&[("mqtt-pub", "-h file\n-p 1\n-u file")]).variables(&[
            ("MQTT_PORT", "2"),
            ("MQTT_USERNAME", "env"),
            ("MQTT_PASSWORD", "secret"),
        ]);
        assert_eq!(
            run.config(&["-u", "argv"]),
            [
                "host file ~/mqtt-pub:1",
                "port 2 environment variable MQTT_PORT",
                "username argv command line",
                "pw *** environment variable MQTT_PASSWORD",
            ]
        );
    }

    #[test]
    fn options_that_add_up_add_up_in_order() {
        let run = Run::with(&[("mqtt-pub", "-t a\n-t b")]);
        assert_eq!(
            run.config(&["-t", "c"])[2..],
            ["topic a ~/mqtt-pub:1", "topic b ~/mqtt-pub:2", "topic c command line"]
        );
    }

    #[test]
    fn only_our_own_name_reads_the_environment_and_an_empty_variable_is_none() {
        let run = Run::with(&[]).variables(&[("MQTT_HOST", "env"), ("MQTT_PORT", "")]);
        assert!(run.given("mqtt-pub", &[]).has("host"));
        assert!(!run.given("mqtt-pub", &[]).has("port"));
        assert!(!run.given("mosquitto_pub", &[]).has("host"));
    }

    #[test]
    fn a_url_is_what_it_stands_for_at_its_place() {
        let run = Run::with(&[]);
        let url = ["-h", "before", "-p", "1", "-u", "x", "-L", "mqtt://[::1]/a", "-u", "after"];
        assert_eq!(
            run.config(&url),
            [
                "host ::1 --url on the command line",
                "port 1883 --url on the command line",
                "username after command line",
                "topic a --url on the command line",
            ]
        );
        for url in [&["-Lmqtt://h/a"][..], &["--url=mqtt://h/a"], &["-dL", "mqtt://h/a"]] {
            assert_eq!(run.config(url)[0], "host h --url on the command line");
        }
        let two = run.config(&["-L", "mqtt://h/a", "-L", "mqtt://i/b"]);
        let topics = ["topic a --url on the command line", "topic b --url on the command line"];
        assert_eq!(two[0], "host i --url on the command line");
        assert_eq!(two[2..], topics);
        assert!(run.error("mqtt-pub", &["-L"]).starts_with("option '--url <url>' needs a value"));
        let run = Run::with(&[("mqtt-pub", "--url mqtt://u:p@file:5/a\n")]);
        assert_eq!(
            run.config(&["--host=h"]),
            [
                "host h command line",
                "port 5 --url in ~/mqtt-pub:1",
                "username u --url in ~/mqtt-pub:1",
                "pw *** --url in ~/mqtt-pub:1",
                "topic a --url in ~/mqtt-pub:1",
            ]
        );
    }

    #[test]
    fn a_url_stands_for_these_words() {
        let words = |url: &str| -> Vec<String> {
            let words = words_for(&Url::parse(url.as_bytes()).unwrap()).into_iter();
            words.map(|word| word.into_string().unwrap()).collect()
        };
        let broker = ["--host", "h", "--port", "1883", "--topic", "t"];
        let secure = ["--host", "h", "--port", "8883", "--topic", "t"];
        assert_eq!(words("mqtt://h/t"), broker);
        assert_eq!(words("mqtts://h/t"), [&secure[..], &["--tls-use-os-certs"]].concat());
        assert_eq!(words("ws://h/t"), [&broker[..], &["--ws"]].concat());
        assert_eq!(words("wss://h/t"), [&secure[..], &["--ws", "--tls-use-os-certs"]].concat());
        let all = words("mqtt://-u:-p@h/-t");
        assert_eq!(all[4..], ["--username", "-u", "--pw", "-p", "--topic", "-t"]);
    }

    #[test]
    fn an_error_says_where_the_word_stands() {
        let run = Run::with(&[("mqtt-pub", "-d\n\n--foo bar\n"), ("o", "-t a\n-p 0")])
            .variables(&[("MQTT_PORT", "abc")]);
        let number = "a whole number from 1 to 65535 is wanted";
        assert_eq!(run.error("mqtt-pub", &[]), "~/mqtt-pub:3: unknown option '--foo'");
        assert_eq!(
            run.error("mqtt-pub", &["-o", "~/o"]),
            format!("~/o:2: invalid value '0' for '--port <port>': {number}")
        );
        let run = Run { folder: Run::with(&[]).folder, ..run };
        assert_eq!(
            run.error("mqtt-pub", &[]),
            format!(
                "environment variable MQTT_PORT: invalid value 'abc' for '--port <port>': {number}"
            )
        );
        assert_eq!(
            run.error("mosquitto_pub", &["-L", "mqtt://u:secret@h:x/t"]),
            "in --url 'mqtt://u:***@h:x/t': the port is not a whole number from 1 to 65535"
        );
        assert_eq!(
            run.error("mosquitto_pub", &["-p", "x"]),
            format!("invalid value 'x' for '--port <port>': {number}")
        );
    }

    /// The error of a file with these lines, under the original's name and under ours.
    fn errors_of(text: &str) -> [String; 2] {
        let run = Run::with(&[("mqtt-pub", text), ("mosquitto_pub", text)]);
        ["mosquitto_pub", "mqtt-pub"].map(|argv0| run.error(argv0, &["-m", "x"]))
    }

    #[test]
    fn a_line_cannot_reach_into_the_next() {
        for (text, error) in [
            ("-m\n-t a", "option '--message <message>' needs a value"),
            ("-m \n-t a", "option '--message <message>' needs a value"),
            ("--\n-t a", "unknown option '--'"),
            ("-d --\n-t a", "unknown option '--'"),
            ("-d x", "unexpected word 'x': every value belongs behind its option"),
            ("--pw=my secret", "unexpected word '***': every value belongs behind its option"),
            (
                "password=secret",
                "unexpected word 'password=***': every value belongs behind its option",
            ),
            ("-t a\0b", "the line holds a NUL byte"),
        ] {
            let [original, own] = errors_of(text);
            assert_eq!(original, format!("~/mosquitto_pub:1: {error}"), "{text}");
            assert_eq!(own, format!("~/mqtt-pub:1: {error}"), "{text}");
        }
    }

    #[test]
    fn a_flag_behind_a_flag_is_another_option() {
        let run = Run::with(&[("mosquitto_pub", "-d -r\n")]);
        let given = run.given("mosquitto_pub", &[]);
        assert!(given.has("debug") && given.has("retain"));
        let run = Run::with(&[("mosquitto_pub", "-d -r \n")]);
        assert_eq!(run.error("mosquitto_pub", &[]), "~/mosquitto_pub:1: unknown option '- '");
    }

    #[test]
    fn a_property_in_a_file_is_cut_into_its_words() {
        let text = "-D publish user-property key a value\n-D publish content-type text/x y";
        let run = Run::with(&[("mqtt-pub", text)]);
        assert_eq!(
            run.config(&["-D", "connect", "authentication-data", "secret"])[2..],
            [
                "property publish user-property key a value ~/mqtt-pub:1",
                "property publish content-type text/x y ~/mqtt-pub:2",
                "property connect authentication-data *** command line",
            ]
        );
        let run = Run::with(&[("mqtt-pub", "-D publish user-property 'a key' \"v\"")]);
        let value = run.config(&[])[2].clone();
        assert_eq!(value, "property publish user-property a key v ~/mqtt-pub:1");
    }

    #[test]
    fn the_file_is_named_by_an_option_and_not_by_a_value() {
        let run = Run::with(&[("o", "-t a"), ("mqtt-pub", "-t b"), ("mosquitto_pub", "-t b")]);
        for argv in [&["-o", "~/o"][..], &["-do~/o"], &["--options-file=~/o"]] {
            for argv0 in ["mqtt-pub", "mosquitto_pub"] {
                let given = run.given(argv0, argv);
                let origins: Vec<_> = given.origins("topic").map(ToString::to_string).collect();
                assert_eq!(origins.len(), 1, "{argv:?}");
                assert!(origins[0].ends_with("/o:1"), "{origins:?}");
            }
        }
        assert_eq!(
            run.config(&["-m", "-o"])[2..],
            ["topic b ~/mqtt-pub:1", "message -o command line"]
        );
        assert_eq!(
            run.error("mqtt-pub", &["-o", "~/o", "-o", "~/o"]),
            "'--options-file' may be given only once"
        );
        let missing = run.error("mosquitto_pub", &["-o", "~/missing"]);
        assert!(
            missing.starts_with("cannot read options file ~/missing: No such file"),
            "{missing}"
        );
    }

    #[test]
    fn a_file_cannot_name_another() {
        let run = Run::with(&[("mqtt-pub", "-o x\n-d"), ("mosquitto_pub", "-o x\n-d")]);
        let given = run.given("mqtt-pub", &[]);
        assert!(given.has("debug") && !given.has(OPTIONS_FILE));
        assert!(
            given.warnings()[0].ends_with("mqtt-pub:1: --options-file has no effect in a file")
        );
        assert!(run.given("mosquitto_pub", &[]).warnings().is_empty());
    }

    /// A file that says where things are.
    const PLACES: &str = "-u joe\n[home]\n-h h\n-P p\n\n# away\n[work]\n-h w\n-p 0\n[home]\n-p 5";

    #[test]
    fn of_a_file_with_profiles_what_stands_before_them_and_the_wanted_one_count() {
        let run = Run::with(&[("mqtt-pub", PLACES), ("o", "[a.b]\n-t x\n[ä]\n-t y")]);
        assert_eq!(run.config(&[])[2], "username joe ~/mqtt-pub:1");
        assert_eq!(
            run.config(&["--profile", "home", "-p", "6"]),
            [
                "host h ~/mqtt-pub:3",
                "port 6 command line",
                "username joe ~/mqtt-pub:1",
                "pw *** ~/mqtt-pub:4",
                "profile home command line",
            ]
        );
        assert_eq!(run.config(&["--profile=home"])[1], "port 5 ~/mqtt-pub:11");
        for (profile, topic) in [("a.b", "topic x ~/o:2"), ("ä", "topic y ~/o:4")] {
            assert_eq!(run.config(&["-o", "~/o", "--profile", profile])[2], topic);
        }
        assert!(run.error("mqtt-pub", &["--profile", "work"]).starts_with("~/mqtt-pub:9: invalid"));
    }

    #[test]
    fn a_profile_that_is_not_there_is_told_with_those_that_are() {
        let run = Run::with(&[("mqtt-pub", PLACES), ("o", "-t a")]);
        let error = |argv: &[&str]| run.error("mqtt-pub", argv);
        assert_eq!(
            error(&["--profile", "hom"]),
            "there is no profile 'hom': it has home, work (~/mqtt-pub)"
        );
        assert_eq!(
            error(&["-o", "~/o", "--profile", "hom"]),
            "there is no profile 'hom': it has none (~/o)"
        );
        assert_eq!(
            error(&["--profile", "home", "--profile", "work"]),
            "'--profile' may be given only once"
        );
        assert_eq!(
            Run::with(&[]).error("mqtt-pub", &["--profile", "home"]),
            "'--profile' names a part of an options file, and there is none"
        );
    }

    #[test]
    fn a_bracket_is_an_option_to_the_originals_until_a_profile_is_named() {
        let run = Run::with(&[("mosquitto_pub", PLACES)]);
        assert_eq!(
            run.error("mosquitto_pub", &[]),
            "~/mosquitto_pub:2: unexpected word '[home]': every value belongs behind its option"
        );
        assert!(run.given("mosquitto_pub", &["--profile", "home"]).has("host"));
    }

    #[test]
    fn a_bracket_that_begins_no_profile_is_an_error() {
        for line in ["[", "[]", "[a", "[a b]", "[a] b", "[a]]", "[[a]]", "[a\0]"] {
            let error = Run::with(&[("mqtt-pub", line)]).error("mqtt-pub", &[]);
            assert_eq!(
                error,
                "~/mqtt-pub:1: a profile begins with its name in brackets, '[NAME]', without \
                 blanks and alone",
                "{line}"
            );
        }
    }

    #[test]
    fn a_file_cannot_choose_a_profile() {
        let run = Run::with(&[("mqtt-pub", "--profile a\n[a]\n-d")]);
        let given = run.given("mqtt-pub", &[]);
        assert!(!given.has("debug"));
        assert!(given.warnings()[0].ends_with("mqtt-pub:1: --profile has no effect in a file"));
    }

    #[test]
    fn help_comes_from_a_file_too_and_before_its_errors_where_argv_asks() {
        let is_help = |parsed| matches!(parsed, Ok(Parsed::Text(text)) if text.contains("--host"));
        assert!(is_help(Run::with(&[("mqtt-pub", "--help\n--foo")]).parse("mqtt-pub", &["--bar"])));
        assert!(is_help(Run::with(&[("mqtt-pub", "--foo")]).parse("mqtt-pub", &["--help"])));
    }

    /// The warnings about a file with such a mode.
    fn warnings(text: &str, mode: u32) -> Vec<String> {
        use std::os::unix::fs::PermissionsExt;
        let run = Run::with(&[("mosquitto_pub", text)]);
        let path = run.folder.path().join("mosquitto_pub");
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        let given = run.given("mosquitto_pub", &[]);
        let folder = run.folder.path().to_str().unwrap();
        given.warnings().iter().map(|text| text.replace(folder, "~")).collect()
    }

    #[test]
    fn a_file_with_a_password_that_others_may_read_is_told() {
        let warning = "~/mosquitto_pub may be read by other users and holds a password; \
                       chmod 600 ~/mosquitto_pub";
        for text in ["-u u\n-P p\n-P p", "--password p", "-L mqtt://u:p@h/t"] {
            for mode in [0o644, 0o640, 0o604] {
                assert_eq!(warnings(text, mode), [warning], "{text} {mode:o}");
            }
            assert!(warnings(text, 0o600).is_empty());
        }
        assert!(warnings("-u u\n-L mqtt://u@h/t", 0o644).is_empty());
    }

    #[test]
    fn a_password_of_any_profile_is_told() {
        use std::os::unix::fs::PermissionsExt;
        let run = Run::with(&[("mqtt-pub", "[home]\n-P p\n[away]\n-d")]);
        let path = run.folder.path().join("mqtt-pub");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        for argv in [&[][..], &["--profile", "home"], &["--profile", "away"]] {
            let given = run.given("mqtt-pub", argv);
            assert!(given.warnings()[0].contains("holds a password"), "{argv:?}");
        }
    }

    #[test]
    fn a_broken_rule_says_where_its_options_stand() {
        let run =
            Run::with(&[("mqtt-pub", "-D publish topic-alias 1\n-t a\n-u x\n-D connect a 1")])
                .variables(&[("MQTT_PASSWORD", "hunter2")]);
        let given = run.given("mqtt-pub", &["-m", "a", "-u", "argv"]);
        let error = |message: &str| {
            let text = given.error(message).to_string();
            text.replace(run.folder.path().to_str().unwrap(), "~")
        };
        for (message, places) in [
            ("no option", ""),
            ("'--message' and '--foo' are given here", ""),
            ("'--pw' needs '--username'", " (--pw: environment variable MQTT_PASSWORD)"),
            ("'--topic' and '--message' exclude each other", " (--topic: ~/mqtt-pub:2)"),
            ("'--topic <T>' and '--topic'", " (--topic: ~/mqtt-pub:2)"),
            ("invalid '--property Publish'", " (--property: ~/mqtt-pub:1)"),
            (
                "'--property connect' and '--topic'",
                " (--property: ~/mqtt-pub:4, --topic: ~/mqtt-pub:2)",
            ),
        ] {
            assert_eq!(error(message), format!("{message}{places}"));
        }
    }

    #[test]
    fn no_error_shows_a_secret_that_went_astray() {
        let run = Run::with(&[]);
        let unexpected =
            |word| format!("unexpected word '{word}': every value belongs behind its option");
        for argv0 in ["mqtt-pub", "mosquitto_pub"] {
            let error = |argv: &[&str]| run.error(argv0, argv);
            assert_eq!(error(&["-P", "my", "hunter2"]), unexpected("***"));
            assert_eq!(error(&["-dPmy", "hunter2"]), unexpected("***"));
            assert_eq!(
                error(&["-m", "x", "mqtt://joe:hunter2@h/t"]),
                unexpected("mqtt://joe:***@h/t")
            );
            for argv in [&["-pw=hunter2"][..], &["-pwhunter2"], &["-pw", "hunter2"]] {
                assert_eq!(error(argv), "invalid value '***' for '--port <port>'");
            }
        }
    }

    #[test]
    fn no_secret_is_in_debug_output() {
        let given =
            Run::with(&[]).given("mqtt-pub", &["-P", "hunter2", "-L", "mqtt://u:hunter3@h/t"]);
        let debug = format!("{given:?}");
        assert!(debug.contains("password") && !debug.contains("hunter"), "{debug}");
    }
}
