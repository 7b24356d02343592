//! Files of TLS that are pipes: they are read, and they do not keep the tool from ending.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;

use test_support::certificates::{Authority, Validity};
use test_support::mosquitto::Mosquitto;
use test_support::tool::Signal;

use super::publisher;

const MESSAGE: [&str; 6] = ["-t", "t", "-m", "x", "-q", "1"];

fn pipe(folder: &Path) -> PathBuf {
    let path = folder.join("pipe");
    let made = Command::new("mkfifo").arg(&path).status().expect("coreutils are installed");
    assert!(made.success());
    path
}

fn text(path: &Path) -> &str {
    path.to_str().expect("temporary folders have plain names")
}

/// The options that name a file, each with the pipe as that file.
fn options<'a>(pipe: &'a str, cafile: &'a str) -> [Vec<&'a str>; 6] {
    [
        vec!["--cafile", pipe],
        vec!["--cafile", cafile, "--cert", pipe, "--key", cafile],
        vec!["--cafile", cafile, "--cert", cafile, "--key", pipe],
        vec!["--cafile", cafile, "--tls-keylog", pipe],
        vec!["--cafile", cafile, "-u", "me", "--password-file", pipe],
        vec!["-u", "me", "--password-file", pipe],
    ]
}

#[test]
fn the_time_of_a_run_is_over_though_nobody_opens_the_other_end() {
    let authority = Authority::new("ours");
    let (pipe, cafile) = (pipe(authority.folder()), authority.file());
    for options in options(text(&pipe), &cafile) {
        let output = publisher().run([&MESSAGE[..], &["-W", "0.2"], &options].concat());
        assert_eq!(output.code(), Some(27), "{options:?} {output:?}");
    }
}

#[test]
fn a_signal_ends_it_though_nothing_comes() {
    let authority = Authority::new("ours");
    let (pipe, cafile) = (pipe(authority.folder()), authority.file());
    for options in options(text(&pipe), &cafile) {
        if options.contains(&"--tls-keylog") {
            continue;
        }
        let running = publisher().spawn([&MESSAGE[..], &options].concat());
        // It can be opened when the tool has opened its end.
        let silent = File::options().write(true).open(&pipe).expect("the tool reads");
        running.signal(Signal::TERM);
        running.wait().assert_code(143);
        drop(silent);
    }
}

#[test]
fn a_key_and_its_certificate_may_come_through_pipes() {
    let authority = Authority::new("ours");
    let server = authority.server(&["localhost"], Validity::Now);
    let broker = Mosquitto::builder().tls(&server).require_certificate(&authority.file()).start();
    let (client, cafile) = (authority.client("client"), authority.file());
    let (pipe, port) = (pipe(authority.folder()), broker.port().to_string());
    for (option, content) in [("--key", client.key()), ("--cert", client.certificate())] {
        let named = |name| if name == option { text(&pipe) } else { path_of(name, &client) };
        let files = ["--cert", named("--cert"), "--key", named("--key")];
        let place = ["-h", "localhost", "-p", &port, "--cafile", &cafile];
        let running = publisher().spawn([&MESSAGE[..], &place, &files].concat());
        let (content, pipe) = (fs::read(content).expect("it is there"), pipe.clone());
        let writer = thread::spawn(move || fs::write(pipe, content));
        running.wait().assert_code(0);
        writer.join().expect("no panic").expect("the tool reads");
    }
}

fn path_of<'a>(option: &str, client: &'a test_support::certificates::Identity) -> &'a str {
    if option == "--key" { client.key() } else { client.certificate() }
}
