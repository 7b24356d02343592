use std::fs::File;
use std::io::{Read, Write};
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, Signal, WaitOptions, kill_process, waitpid};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{LocalModes, Termios, tcgetattr};
use test_support::patience::until;

use crate::tool::{BINARY, Folder, lets_in};

/// How long the tool may take to say what is expected.
const PATIENCE: Duration = Duration::from_mins(1);

/// The tool on a terminal of its own.
struct Terminal {
    keyboard: File,
    screen: String,
    line: File,
    before: Termios,
    child: Child,
}

impl Terminal {
    fn start(folder: &Folder, words: &[&str]) -> Self {
        let controller = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&controller).unwrap();
        unlockpt(&controller).unwrap();
        let name = ptsname(&controller, Vec::new()).unwrap().into_string().unwrap();
        let line = File::options().read(true).write(true).open(name).unwrap();
        let before = tcgetattr(&line).unwrap();
        assert!(before.local_modes.contains(LocalModes::ECHO | LocalModes::ICANON));
        // A session of its own, so that the terminal is what it finds under /dev/tty.
        let child = folder
            .command("setsid")
            .args(["--ctty", BINARY])
            .args(words)
            // What is looked for stands in one piece on the screen.
            .env("NO_COLOR", "1")
            .stdin(Stdio::from(line.try_clone().unwrap()))
            .stderr(Stdio::from(line.try_clone().unwrap()))
            .spawn()
            .unwrap();
        Self { keyboard: File::from(controller), screen: String::new(), line, before, child }
    }

    /// Reads the screen until `text` is there, and forgets it up to there.
    fn expect(&mut self, text: &str) {
        let deadline = Instant::now() + PATIENCE;
        while !self.screen.contains(text) {
            assert!(Instant::now() < deadline, "no {text:?} in {:?}", self.screen);
            let timeout = Timespec::try_from(PATIENCE).unwrap();
            let mut ready = [PollFd::new(&self.keyboard, PollFlags::IN)];
            assert_ne!(poll(&mut ready, Some(&timeout)).unwrap(), 0, "no {text:?}");
            let mut block = [0; 1024];
            let count = self.keyboard.read(&mut block).unwrap();
            self.screen.push_str(std::str::from_utf8(&block[..count]).unwrap());
        }
        let end = self.screen.find(text).unwrap() + text.len();
        self.screen.drain(..end);
    }

    fn press(&mut self, keys: &str) {
        self.keyboard.write_all(keys.as_bytes()).unwrap();
    }

    fn send(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    fn is_hidden(&self) -> bool {
        !tcgetattr(&self.line).unwrap().local_modes.contains(LocalModes::ECHO)
    }

    /// Waits for the end; the terminal must be as it was.
    fn end(&mut self) -> ExitStatus {
        let status = self.child.wait().unwrap();
        let after = tcgetattr(&self.line).unwrap();
        assert_eq!(after.local_modes, self.before.local_modes);
        assert_eq!(format!("{after:?}"), format!("{:?}", self.before));
        status
    }

    /// What it wrote to stdout, which is no terminal.
    fn stdout(&mut self) -> String {
        let mut text = String::new();
        self.child.stdout.take().unwrap().read_to_string(&mut text).unwrap();
        text
    }
}

#[test]
fn asks_twice_without_showing_it() {
    let folder = Folder::new();
    let mut terminal = Terminal::start(&folder, &["-c", "f", "alice"]);
    terminal.expect("Password: ");
    assert!(terminal.is_hidden());
    terminal.press("hunter2\r");
    terminal.expect("Reenter password: ");
    assert!(terminal.is_hidden());
    terminal.press("hunter2\r");
    terminal.expect("Adding password for user alice");
    assert!(terminal.end().success());
    assert!(lets_in(folder.file().trim_end(), "alice", "hunter2"));
    assert_eq!(terminal.stdout(), "");
    assert!(!terminal.screen.contains("hunter2"));
}

#[test]
fn a_password_to_check_is_asked_for_once() {
    let folder = Folder::new();
    folder.run(&["-c", "-b", "f", "alice", "hunter2"]);
    for (typed, status, told) in
        [("hunter2\r", 0, "The password is right"), ("hunter3\r", 1, "is another one")]
    {
        let mut terminal = Terminal::start(&folder, &["--check", "f", "alice"]);
        terminal.expect("Password: ");
        assert!(terminal.is_hidden());
        terminal.press(typed);
        terminal.expect(told);
        assert_eq!(terminal.end().code(), Some(status));
    }
}

#[test]
fn nothing_typed_is_shown() {
    let folder = Folder::new();
    let mut terminal = Terminal::start(&folder, &["-c", "f", "alice"]);
    terminal.expect("Password: ");
    terminal.press("hunter2\r");
    // All that comes between the prompts is the end of the line.
    terminal.expect("\r\nReenter password: ");
    terminal.press("hunter2\r");
    terminal.expect("\r\n");
    assert!(terminal.end().success());
}

#[test]
fn the_prompts_stay_out_of_stdout() {
    let folder = Folder::new();
    let mut terminal = Terminal::start(&folder, &["-c", "-", "alice"]);
    terminal.expect("Password: ");
    terminal.press("p\r");
    terminal.expect("Reenter password: ");
    terminal.press("p\r");
    assert!(terminal.end().success());
    assert!(lets_in(terminal.stdout().strip_suffix('\n').unwrap(), "alice", "p"));
}

#[test]
fn the_line_can_be_edited() {
    let folder = Folder::new();
    let mut terminal = Terminal::start(&folder, &["-c", "f", "alice"]);
    terminal.expect("Password: ");
    terminal.press("nonsense\u{15}pässx\u{7f}\r");
    terminal.expect("Reenter password: ");
    terminal.press("päss\r");
    assert!(terminal.end().success());
    assert!(lets_in(folder.file().trim_end(), "alice", "päss"));
}

#[test]
fn ctrl_z_neither_stops_it_nor_becomes_part_of_the_password() {
    let folder = Folder::new();
    let mut terminal = Terminal::start(&folder, &["-c", "f", "alice"]);
    terminal.expect("Password: ");
    terminal.press("sec\u{1a}ret\r");
    terminal.expect("Reenter password: ");
    terminal.press("secret\u{1a}\r");
    assert!(terminal.end().success());
    assert!(lets_in(folder.file().trim_end(), "alice", "secret"));
}

#[test]
fn a_key_that_is_no_character_makes_no_password() {
    for (keys, name) in [
        ("a\0b\r", "Ctrl-@"),
        ("a\tb\r", "Tab"),
        ("ab\u{4}c\r", "Ctrl-D"),
        ("a\u{16}b\r", "Ctrl-V"),
        ("ab\u{1b}[Dc\r", "Escape, or an arrow or function key"),
        ("a\u{85}b\r", "U+0085"),
    ] {
        let folder = Folder::with_file("a:1\n");
        let mut terminal = Terminal::start(&folder, &["f", "alice"]);
        terminal.expect("Password: ");
        terminal.press(keys);
        terminal.expect(&format!("error: a key was pressed that is no character: {name}"));
        assert_eq!(terminal.end().code(), Some(1));
        assert_eq!(folder.file(), "a:1\n");
    }
}

#[test]
fn any_character_can_be_typed() {
    for password in ["p\u{e4}\u{1f600}", "a\u{fffd}b"] {
        let folder = Folder::new();
        let mut terminal = Terminal::start(&folder, &["-c", "f", "alice"]);
        for prompt in ["Password: ", "Reenter password: "] {
            terminal.expect(prompt);
            terminal.press(&format!("{password}\r"));
        }
        assert!(terminal.end().success());
        assert!(lets_in(folder.file().trim_end(), "alice", password));
    }
}

#[test]
fn a_password_longer_than_a_terminal_line_can_be_typed() {
    let password = "x".repeat(6000);
    let folder = Folder::new();
    let mut terminal = Terminal::start(&folder, &["-c", "f", "alice"]);
    for prompt in ["Password: ", "Reenter password: "] {
        terminal.expect(prompt);
        for part in password.as_bytes().chunks(1000) {
            terminal.press(std::str::from_utf8(part).unwrap());
        }
        terminal.press("\r");
    }
    assert!(terminal.end().success());
    assert!(lets_in(folder.file().trim_end(), "alice", &password));
}

#[test]
fn two_different_passwords_change_nothing() {
    let folder = Folder::with_file("a:1\n");
    let mut terminal = Terminal::start(&folder, &["f", "alice"]);
    terminal.expect("Password: ");
    terminal.press("one\r");
    terminal.expect("Reenter password: ");
    terminal.press("two\r");
    terminal.expect("error: the passwords do not match");
    assert_eq!(terminal.end().code(), Some(2));
    assert_eq!(folder.file(), "a:1\n");
}

#[test]
fn an_empty_password_is_refused_at_once() {
    for keys in ["\r", "\u{4}"] {
        let folder = Folder::with_file("a:1\n");
        let mut terminal = Terminal::start(&folder, &["f", "alice"]);
        terminal.expect("Password: ");
        terminal.press(keys);
        terminal.expect("error: the password is empty");
        assert_eq!(terminal.end().code(), Some(1));
        assert_eq!(folder.file(), "a:1\n");
    }
}

#[test]
fn a_file_that_cannot_be_used_is_reported_before_anything_is_asked() {
    for (words, message) in [
        (&["-c", "f", "u"][..], "error: 'f' exists already"),
        (&["missing", "u"], "error: cannot open the password file 'missing'"),
    ] {
        let folder = Folder::with_file("a:1\n");
        let mut terminal = Terminal::start(&folder, words);
        terminal.expect(message);
        assert_eq!(terminal.end().code(), Some(1));
    }
}

/// Starts an edit, waits until it asks, and interrupts it.
fn interrupted(prompts: usize, interrupt: impl Fn(&mut Terminal)) -> ExitStatus {
    let folder = Folder::with_file("a:1\n");
    let mut terminal = Terminal::start(&folder, &["f", "alice"]);
    terminal.expect("Password: ");
    if prompts > 1 {
        terminal.press("p\r");
        terminal.expect("Reenter password: ");
    }
    assert!(terminal.is_hidden());
    interrupt(&mut terminal);
    let status = terminal.end();
    assert_eq!(folder.file(), "a:1\n");
    assert_eq!(folder.names(), ["f"]);
    status
}

#[test]
fn a_signal_while_asking_restores_the_terminal() {
    for prompts in [1, 2] {
        let by_key = interrupted(prompts, |terminal| terminal.press("\u{3}"));
        assert_eq!(by_key.code(), Some(130));
        for (signal, status) in
            [(Signal::INT, 130), (Signal::TERM, 143), (Signal::HUP, 129), (Signal::QUIT, 131)]
        {
            let by_signal = interrupted(prompts, |terminal| terminal.send(signal));
            assert_eq!(by_signal.code(), Some(status));
        }
    }
}

#[test]
fn a_signal_of_no_meaning_to_it_restores_the_terminal_too() {
    for signal in [Signal::USR1, Signal::USR2, Signal::ALARM, Signal::VTALARM, Signal::PROF] {
        let status = interrupted(1, |terminal| terminal.send(signal));
        assert_eq!(status.signal(), Some(signal.as_raw()));
    }
}

#[test]
fn who_stops_it_has_a_terminal_that_shows_what_is_typed_until_it_goes_on() {
    let folder = Folder::new();
    let mut terminal = Terminal::start(&folder, &["-c", "f", "alice"]);
    terminal.expect("Password: ");
    terminal.send(Signal::TSTP);
    let child = Pid::from_child(&terminal.child);
    let stopped = waitpid(Some(child), WaitOptions::UNTRACED).unwrap();
    assert!(stopped.is_some_and(|(_, status)| status.stopped()));
    assert!(!terminal.is_hidden());
    terminal.send(Signal::CONT);
    until("the terminal to be hidden again", || terminal.is_hidden().then_some(()));
    terminal.press("hunter2\r");
    terminal.expect("Reenter password: ");
    terminal.press("hunter2\r");
    assert!(terminal.end().success());
    assert!(lets_in(folder.file().trim_end(), "alice", "hunter2"));
}

#[test]
fn a_signal_while_hashing_changes_nothing() {
    let folder = Folder::with_file("a:1\n");
    let mut terminal = Terminal::start(&folder, &["-I", "2147483647", "f", "alice"]);
    terminal.expect("Password: ");
    terminal.press("p\r");
    terminal.expect("Reenter password: ");
    terminal.press("p\r");
    // The end of the second line: from here on the password is hashed, for an hour.
    terminal.expect("\n");
    terminal.press("\u{3}");
    terminal.expect("interrupted by SIGINT; nothing was changed");
    assert_eq!(terminal.end().code(), Some(130));
    assert_eq!(folder.file(), "a:1\n");
    assert_eq!(folder.names(), ["f"]);
}

#[test]
fn two_lines_are_read_where_stdin_is_no_terminal() {
    let folder = Folder::with_file("");
    let run = folder.run_with_input(&["f", "u"], b"p w\r\np w");
    assert_eq!((run.status, run.stdout.as_str()), (Some(0), ""));
    assert!(lets_in(folder.file().trim_end(), "u", "p w"));
}

#[test]
fn what_two_lines_can_lack_has_its_status() {
    for (input, status) in
        [(b"a\nb\n".as_slice(), 2), (b"", 1), (b"\n\n", 1), (b"a\n", 1), (b"a\0b\na\0b\n", 1)]
    {
        let folder = Folder::with_file("a:1\n");
        let run = folder.run_with_input(&["f", "u"], input);
        assert_eq!(run.status, Some(status), "{input:?}");
        assert!(run.stderr.starts_with("error: "), "{run:?}");
        assert_eq!(folder.file(), "a:1\n");
    }
}

#[test]
fn the_longest_password_is_read_from_stdin() {
    let longest = "x".repeat(65_535);
    let folder = Folder::with_file("");
    let run = folder
        .run_with_input(&["-H", "sha512", "f", "u"], format!("{longest}\n{longest}\n").as_bytes());
    assert_eq!(run.status, Some(0), "{}", run.stderr);
    assert!(lets_in(folder.file().trim_end(), "u", &longest));
    let longer = format!("{longest}x\n").repeat(2);
    let run = folder.run_with_input(&["-H", "sha512", "f", "u"], longer.as_bytes());
    assert_eq!(run.status, Some(1));
    assert!(run.stderr.contains("longer than 65535 bytes"), "{}", run.stderr);
}

#[test]
fn one_line_of_stdin_is_enough_where_that_is_said() {
    for input in [b"p w\r\n".as_slice(), b"p w", b"p w\nmore\n"] {
        let folder = Folder::with_file("");
        let run = folder.run_with_input(&["--password-stdin", "f", "u"], input);
        assert_eq!((run.status, run.stdout.as_str()), (Some(0), ""), "{run:?}");
        assert!(lets_in(folder.file().trim_end(), "u", "p w"));
    }
    let folder = Folder::new();
    let run = folder.run_with_input(&["--password-stdin", "-c", "-", "u"], b"p");
    assert!(lets_in(run.stdout.trim_end(), "u", "p"), "{run:?}");
}

#[test]
fn the_first_line_of_a_file_is_a_password() {
    for content in [b"p w\r\n".as_slice(), b"p w", b"p w\nmore\n"] {
        let folder = Folder::with_file("");
        std::fs::write(folder.path("secret"), content).unwrap();
        let run = folder.run(&["--password-file", "secret", "f", "u"]);
        assert_eq!((run.status, run.stdout.as_str()), (Some(0), ""), "{run:?}");
        assert!(lets_in(folder.file().trim_end(), "u", "p w"));
        // A pipe is read as well.
        let run = folder.run_with_input(&["--password-file=/dev/stdin", "f", "v"], content);
        assert!(lets_in(folder.file().lines().last().unwrap(), "v", "p w"), "{run:?}");
    }
}

#[test]
fn what_one_line_can_lack_changes_nothing() {
    let long = "x".repeat(65_536);
    for (content, message) in [
        ("", "error: the password is empty"),
        ("\nsecret\n", "error: the password is empty"),
        ("sec\0ret\n", "error: the password contains a NUL byte"),
        (&long, "error: the password is longer than 65535 bytes"),
    ] {
        let folder = Folder::with_file("a:1\n");
        std::fs::write(folder.path("secret"), content).unwrap();
        let from_stdin = folder.run_with_input(&["--password-stdin", "f", "u"], content.as_bytes());
        for run in [from_stdin, folder.run(&["--password-file", "secret", "f", "u"])] {
            assert_eq!(run.status, Some(1), "{run:?}");
            assert!(run.stderr.starts_with(message), "{run:?}");
        }
        assert_eq!(folder.file(), "a:1\n");
    }
    let folder = Folder::with_file("a:1\n");
    for (words, message) in [
        (["--password-file", "none", "f", "u"], "error: --password-file: cannot read 'none': No"),
        (["--password-file", ".", "f", "u"], "error: --password-file: cannot read '.': Is a"),
    ] {
        let run = folder.run(&words);
        assert_eq!(run.status, Some(1));
        assert!(run.stderr.starts_with(message), "{run:?}");
    }
    assert_eq!((folder.file().as_str(), folder.names()), ("a:1\n", vec!["f".to_owned()]));
}
