//! `cargo xtask demo`: the walk-through in one command, with nothing but the Rust toolchain and
//! a linker.

use std::ffi::OsStr;
use std::path::Path;

use crate::asks_for_help;
use crate::broker::{Broker, PACKAGES};
use crate::cargo::{self, Profile};
use crate::watched::{Echo, Ended, Watched, unconfigured};
use anyhow::{Context, ensure};

const HELP: &str = "\
Builds the tools and an embedded MQTT broker and shows them at work: a message from one process
to another, then a password file and who it lets in. Needs the Rust toolchain and a linker.
The status is 0 only if all of it was seen.

Usage: cargo xtask demo
";

const TOPIC: &str = "hello/world";
const MESSAGE: &str = "Test Message";
const USER: &str = "alice";
const PASSWORD: &str = "correct horse";

/// What a refusal by the broker ends a tool with: the return code of MQTT 3.1.1 for a wrong user
/// name or password, or for a client that is not authorised.
const REFUSED: [i32; 2] = [4, 5];

/// Runs the demonstration.
pub(crate) fn run(mut options: lexopt::Parser) -> anyhow::Result<()> {
    if asks_for_help(&mut options, HELP)? {
        return Ok(());
    }
    cargo::build(Profile::Dev, &PACKAGES)?;
    let folder = tempfile::tempdir().context("cannot make a temporary folder")?;
    message(folder.path())?;
    passwords(folder.path())?;
    println!("\nSeen: a message on its way, its packets on both sides, a user let in, and the");
    println!("anonymous client and the wrong password refused.");
    Ok(())
}

/// One message from one process to another.
fn message(folder: &Path) -> anyhow::Result<()> {
    let broker = Broker::start(0, None)?;
    let port = broker.port().to_string();
    println!("== A message, through an embedded broker on 127.0.0.1:{port}\n");
    // -C 1: the user's own mqtt-sub would run on, this one has shown what it should.
    let arguments = ["-d", "-p", &port, "-t", TOPIC, "-C", "1"];
    let mut subscriber = start(folder, "mqtt-sub", &arguments)?;
    subscriber.wait_for("SUBACK")?;
    let arguments = ["-d", "-p", &port, "-t", TOPIC, "-m", MESSAGE];
    let published = start(folder, "mqtt-pub", &arguments)?.end()?;
    let received = subscriber.end()?;
    must_show(&published, &["sending CONNECT", "received CONNACK", "sending PUBLISH"])?;
    must_show(&received, &["sending SUBSCRIBE", "received PUBLISH", MESSAGE])?;
    ensure!(published.code == Some(0), "mqtt-pub ended with {:?}", published.code);
    ensure!(received.code == Some(0), "mqtt-sub ended with {:?}", received.code);
    Ok(())
}

/// A password file, and who it lets in.
fn passwords(folder: &Path) -> anyhow::Result<()> {
    let file = folder.join("passwords");
    println!("\n== A password file, read by the embedded broker (mosquitto reads the same file)\n");
    let words = ["-c".as_ref(), "-b".as_ref(), file.as_os_str(), USER.as_ref(), PASSWORD.as_ref()];
    let made = start(folder, "mqtt-passwd", &words)?.end()?;
    ensure!(made.code == Some(0), "mqtt-passwd ended with {:?}", made.code);
    show_file(&file)?;
    let broker = Broker::start(0, Some(&file))?;
    let port = broker.port().to_string();
    let publish = |who: &[&str]| -> anyhow::Result<Ended> {
        let all = [&["-p", &port, "-t", TOPIC, "-m", MESSAGE], who].concat();
        start(folder, "mqtt-pub", &all)?.end()
    };
    let anonymous = publish(&[])?;
    ensure!(refused(&anonymous), "the broker did not refuse an anonymous client");
    let wrong = publish(&["-u", USER, "-P", "wrong"])?;
    ensure!(refused(&wrong), "the broker did not refuse a wrong password");
    let right = publish(&["-u", USER, "-P", PASSWORD])?;
    ensure!(right.code == Some(0), "the broker did not let the user in: {:?}", right.code);
    Ok(())
}

/// Starts a tool and shows the command as a user would type it.
fn start<A: AsRef<OsStr>>(
    home: &Path,
    name: &'static str,
    arguments: &[A],
) -> anyhow::Result<Watched> {
    let words: Vec<String> = arguments.iter().map(|word| typed(word.as_ref())).collect();
    println!("$ {name} {}", words.join(" "));
    let mut command = unconfigured(&cargo::binary(Profile::Dev, name)?, home);
    command.args(arguments);
    Watched::start(name, command, Echo::Labelled)
}

fn typed(word: &OsStr) -> String {
    let word = word.to_string_lossy();
    if word.contains(' ') { format!("\"{word}\"") } else { word.into_owned() }
}

fn show_file(path: &Path) -> anyhow::Result<()> {
    let text = std::fs::read_to_string(path).context("mqtt-passwd wrote no file")?;
    for line in text.lines() {
        println!("{:>11} | {line}", "the file");
    }
    ensure!(text.starts_with(&format!("{USER}:$7$")), "no line of {USER} in the password file");
    Ok(())
}

fn must_show(ended: &Ended, texts: &[&str]) -> anyhow::Result<()> {
    for text in texts {
        let shown = ended.lines.iter().any(|line| line.contains(text));
        ensure!(shown, "{} did not show {text:?}", ended.name);
    }
    Ok(())
}

fn refused(ended: &Ended) -> bool {
    ended.code.is_some_and(|code| REFUSED.contains(&code)) && !ended.lines.is_empty()
}
