use std::fs::OpenOptions;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};

use rustix::fs::{XattrFlags, setxattr};
use test_support::tool::{Output, Signal, Tool};

use super::{Scenario, scenario};

const TOOL: &str = "mqtt-passwd";

/// An empty password file that nobody else may read, edited like this with two lines of stdin.
fn edited(tool: &Tool, words: &[&str], input: &str) -> Output {
    let path = tool.home().join("passwords");
    let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path);
    file.expect("the folder is ours");
    let path = path.to_str().expect("a plain path");
    let words = words.iter().map(|word| if *word == "FILE" { path } else { word });
    tool.run_with_input(input, words)
}

/// The same with another stdout.
fn edited_before(tool: &Tool, stdout: &str, words: &[&str]) -> Output {
    let path = tool.home().join("passwords");
    std::fs::write(&path, "").expect("the folder is ours");
    let stdout = OpenOptions::new().write(true).open(stdout).expect("Linux has it");
    let words = words.iter().map(AsRef::as_ref).chain([path.as_os_str(), "bob".as_ref()]);
    let output = tool.command(words).stdout(stdout).output().expect("it runs");
    Output { status: output.status, stdout: output.stdout, stderr: output.stderr }
}

/// The password "y", held against that of a user in the file.
fn checked(tool: &Tool, user: &str) -> Output {
    let path = tool.home().join("passwords");
    tool.run_with_input("y\n", ["--check".as_ref(), path.as_os_str(), user.as_ref()])
}

pub(super) const SCENARIOS: &[Scenario] = &[
    scenario(
        TOOL,
        "done: the file is as asked, on disk; with `--check`: the password is right",
        |tool| edited(tool, &["FILE", "bob"], "a\na\n"),
    ),
    scenario(TOOL, "wrong usage; the file is as it was", |tool| {
        edited(tool, &["--nonsense", "FILE"], "")
    }),
    scenario(TOOL, "a file error; the file is as it was", |tool| {
        edited(tool, &["-b", "/no/such/file", "bob", "x"], "")
    }),
    scenario(
        TOOL,
        "`--if-changed`: the word cannot be written; the error says what became of the file",
        |tool| {
            let password = tool.home().join("password");
            std::fs::write(&password, "x\n").expect("the folder is ours");
            let password = format!("--password-file={}", password.display());
            edited_before(tool, "/dev/full", &["--if-changed", &password])
        },
    ),
    scenario(
        TOOL,
        "`--generate-password`: stdout is closed, or `/dev/null`; the file is as it was",
        |tool| edited_before(tool, "/dev/null", &["--generate-password"]),
    ),
    scenario(TOOL, "`-D`: no such user; the file is as it was", |tool| {
        edited(tool, &["-D", "FILE", "bob"], "")
    }),
    scenario(TOOL, "the password is empty; the file is as it was", |tool| {
        edited(tool, &["--password-stdin", "FILE", "bob"], "\n")
    }),
    scenario(TOOL, "`--password-file` cannot be read; the file is as it was", |tool| {
        edited(tool, &["--password-file", "/no/such/file", "FILE", "bob"], "")
    }),
    scenario(
        TOOL,
        "`--users-stdin`: a line makes no sense, or there is none; the file is as it was",
        |tool| edited(tool, &["--users-stdin", "FILE"], "alice:x\nbob\n"),
    ),
    scenario(
        TOOL,
        "an earlier rewrite in place was cut short, and somebody else has changed the file since",
        |tool| {
            let path = tool.home().join("passwords");
            std::fs::write(&path, "").expect("the folder is ours");
            let inode = path.metadata().expect("it is there").ino();
            let copy = tool.home().join(format!(".mqtt-passwd-undo-{inode:x}"));
            std::fs::write(copy, "4\na:1\na:2\n").expect("the folder is ours");
            let folder = tool.home();
            let folder = folder.as_os_str().as_encoded_bytes();
            setxattr(&path, "user.mqtt-passwd.undo", folder, XattrFlags::empty())
                .expect("it is ours");
            tool.run(["-D".as_ref(), path.as_os_str(), "bob".as_ref()])
        },
    ),
    scenario(TOOL, "`--check`: the password is another one", |tool| {
        edited(tool, &["-H", "sha512", "-b", "FILE", "bob", "x"], "");
        checked(tool, "bob")
    }),
    scenario(TOOL, "`--check`: no such user", |tool| {
        edited(tool, &["-H", "sha512", "-b", "FILE", "bob", "x"], "");
        checked(tool, "alice")
    }),
    scenario(TOOL, "`--check`: the user's line has no hash, or a damaged one", |tool| {
        std::fs::write(tool.home().join("passwords"), "bob:$7$1\n").expect("the folder is ours");
        checked(tool, "bob")
    }),
    scenario(TOOL, "`--check`: the hash is of a kind that is not known", |tool| {
        std::fs::write(tool.home().join("passwords"), "bob:$5$x$y\n").expect("the folder is ours");
        checked(tool, "bob")
    }),
    scenario(TOOL, "`--check`: the file cannot be read", |tool| checked(tool, "bob")),
    scenario(TOOL, "the two passwords differ; the file is as it was", |tool| {
        edited(tool, &["FILE", "bob"], "a\nb\n")
    }),
    scenario(TOOL, "ended by SIGINT; the file is as it was", |tool| {
        let path = tool.home().join("passwords");
        std::fs::write(&path, "").expect("the folder is ours");
        let mut running = tool.spawn([path.as_os_str(), "bob".as_ref()]);
        // One byte more than a pipe holds: when it is taken, the tool has begun to read.
        running.write_input(format!("{}\nx", "x".repeat(65_535)));
        running.signal(Signal::INT);
        running.wait()
    }),
];
