use std::path::PathBuf;
use std::process::{Command, Stdio};

use test_support::patience::LIMIT;

use super::{TOOLS, workspace};

/// What is typed, and what a tab makes of it: an option, one of a few values, a file. The last
/// word is all there is to choose from.
const CASES: [(&str, &str, &str); 11] = [
    ("mqtt-pub", "mqtt-pub --null", "--null-message"),
    ("mqtt-pub", "mqtt-pub -V mqttv5", "mqttv5"),
    ("mqtt-pub", "mqtt-pub -f certi", "certificate.pem"),
    ("mqtt-pub", "mosquitto_pub --null", "--null-message"),
    ("mqtt-sub", "mqtt-sub --retained-o", "--retained-only"),
    ("mqtt-sub", "mqtt-sub --retain-handling nev", "never"),
    ("mqtt-sub", "mqtt-sub --cafile certi", "certificate.pem"),
    // Its value stands behind '=' or nowhere.
    ("mqtt-sub", "mqtt-sub --json --pret", "--pretty"),
    ("mqtt-passwd", "mqtt-passwd --over", "--overwrite"),
    ("mqtt-passwd", "mqtt-passwd -H argon", "argon2id"),
    ("mqtt-passwd", "mqtt-passwd -D certi", "certificate.pem"),
];

/// Starts a shell on a terminal of its own, prepares it, and for each line types its words and a tab,
/// and prints what stands there then.
const TYPED: &str = r#"
zmodload zsh/zpty
zpty typed $1
zpty -w typed "PS1=; $2; echo re\"\"ady"
zpty -r -m typed seen '*ready*'
for line in $@[3,-1]; do
    zpty -w -n typed $'\C-u'$line$'\t\C-x'
    zpty -r -m typed seen '*<*>*'
    print -r -- ${${seen##*\<}%%\>*}
done
"#;

/// A folder with one file in it.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("certificate.pem"), "").unwrap();
    folder
}

fn completions(file: &str) -> PathBuf {
    workspace().join("completions").join(file).canonicalize().unwrap()
}

/// What a program prints, run in that folder.
fn printed(program: &str, arguments: &[&str]) -> String {
    let folder = folder();
    // A shell that shows nothing is not waited for.
    let mut command = Command::new("timeout");
    command.arg(LIMIT.as_secs().to_string()).arg(program).args(arguments);
    command.current_dir(folder.path()).env("HOME", folder.path());
    let output = command.stdin(Stdio::null()).output().expect("the shell is installed");
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// The last word of each line, once a tab was pressed.
#[track_caller]
fn assert_completed(shell: &str, prepare: &str) {
    let typed = CASES.map(|(_, typed, _)| typed);
    let words = [&["-f", "-c", TYPED, "typed", shell, prepare], &typed[..]].concat();
    let lines = printed("zsh", &words);
    let completed: Vec<_> =
        lines.lines().map(|line| line.split_whitespace().next_back().unwrap_or_default()).collect();
    assert_eq!(completed, CASES.map(|(_, _, expected)| expected));
}

#[test]
fn bash_completes_options_values_and_files() {
    let files = TOOLS.map(|tool| completions(&format!("{tool}.bash")));
    let sources = files.map(|file| format!("source '{}'; ", file.display())).concat();
    let show = r#"bind -x '"\C-x": echo "<$READLINE_LINE>"'; bind 'set bell-style none'"#;
    assert_completed("bash --norc --noprofile -i", &format!("{sources}{show}"));
}

#[test]
fn zsh_completes_options_values_and_files() {
    let folder = completions("");
    let prepare = format!(
        "fpath=('{}' $fpath); autoload -Uz compinit; compinit -u -D; bindkey '^I' complete-word; \
         show() {{ print -r -- \"<$BUFFER>\" }}; zle -N show; bindkey '^X' show",
        folder.display()
    );
    assert_completed("zsh -f -i", &prepare);
}

#[test]
fn a_value_is_offered_behind_equals_and_nowhere_else() {
    let file = completions("mqtt-sub.fish");
    for (typed, expected) in
        [("mqtt-sub --json=pay", &["--json=payload"][..]), ("mqtt-sub --json pay", &[])]
    {
        let script = format!("source '{}'; complete -C '{typed}'", file.display());
        let offers = printed("fish", &["--no-config", "-c", &script]);
        let words: Vec<_> = offers.lines().filter_map(|line| line.split('\t').next()).collect();
        assert_eq!(words, expected, "{typed}");
    }
}

#[test]
fn fish_completes_options_values_and_files() {
    for (tool, typed, expected) in CASES {
        let file = completions(&format!("{tool}.fish"));
        let script = format!("source '{}'; complete -C '{typed}'", file.display());
        let offers = printed("fish", &["--no-config", "-c", &script]);
        let words: Vec<_> = offers.lines().filter_map(|line| line.split('\t').next()).collect();
        assert_eq!(words, [expected], "{typed}");
    }
}
