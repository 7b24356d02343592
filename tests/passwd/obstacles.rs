use std::fs;
use std::os::unix::fs::MetadataExt;

use test_support::passwords::set_mode;
use test_support::patience::until;
use test_support::tool::{Pid, Signal, kill_process};

use crate::tool::{BINARY, Folder, finish, lets_in};

const EDITS: [&[&str]; 4] =
    [&["-b", "f", "u", "p"], &["-b", "f", "alice", "p"], &["-D", "f", "alice"], &["-U", "f"]];

#[test]
fn a_file_that_may_not_be_written_is_named_and_untouched() {
    let folder = Folder::with_file("alice:1\n");
    folder.open_to_all();
    for mode in [0o444, 0o000, 0o222] {
        set_mode(&folder.path("f"), mode);
        for words in EDITS {
            let run = folder.run_unprivileged(words);
            assert_eq!(run.status, Some(1));
            let message = "error: cannot open the password file 'f': Permission denied";
            assert!(run.stderr.starts_with(message), "{run:?}");
        }
    }
    set_mode(&folder.path("f"), 0o600);
    assert_eq!(
        (folder.file().as_str(), folder.names()),
        ("alice:1\n", vec!["f".into(), "tool".into()])
    );
}

#[test]
fn a_folder_that_takes_no_files_has_its_file_rewritten_in_place() {
    for words in EDITS {
        let folder = Folder::with_file("alice:1\n");
        folder.open_to_all();
        set_mode(&folder.path(""), 0o555);
        let inode = folder.path("f").metadata().unwrap().ino();
        let run = folder.run_unprivileged(words);
        assert_eq!(run.status, Some(0), "{run:?}");
        let because = "rewritten in place, because its folder does not allow to replace it";
        assert!(run.stderr.contains(because), "{run:?}");
        assert!(run.stderr.contains("its folder takes no copy"), "{run:?}");
        assert_eq!(folder.path("f").metadata().unwrap().ino(), inode);
        assert_ne!(folder.file(), "alice:1\n");
        set_mode(&folder.path(""), 0o755);
        assert_eq!(folder.names(), ["f", "tool"]);
    }
}

#[test]
fn a_folder_that_takes_no_files_gets_no_new_one() {
    let folder = Folder::with_file("");
    folder.open_to_all();
    set_mode(&folder.path(""), 0o555);
    let run = folder.run_unprivileged(&["-c", "-b", "new", "u", "p"]);
    assert_eq!(run.status, Some(1));
    assert!(run.stderr.starts_with("error: cannot create 'new': Permission denied"), "{run:?}");
    set_mode(&folder.path(""), 0o755);
    assert_eq!(folder.names(), ["f", "tool"]);
}

#[test]
fn a_folder_that_may_not_be_read_is_no_obstacle() {
    let folder = Folder::with_file("alice:1\n");
    folder.open_to_all();
    set_mode(&folder.path(""), 0o333);
    let run = folder.run_unprivileged(&["-b", "f", "u", "p"]);
    set_mode(&folder.path(""), 0o755);
    assert_eq!(run.status, Some(0), "{run:?}");
    assert!(lets_in(folder.file().lines().last().unwrap(), "u", "p"));
    assert_eq!(folder.names(), ["f", "tool"]);
}

#[test]
fn a_read_only_file_system_is_named() {
    let folder = Folder::with_file("alice:1\n");
    fs::create_dir(folder.path("d")).unwrap();
    fs::write(folder.path("d/f"), "alice:1\n").unwrap();
    for words in EDITS {
        let run = folder.run_on_read_only_disk(words);
        assert_eq!(run.status, Some(1), "{run:?}");
        let message = "error: cannot open the password file 'f': Read-only file system";
        assert!(run.stderr.starts_with(message), "{run:?}");
    }
    let run = folder.run_on_read_only_disk(&["-c", "-b", "new", "u", "p"]);
    assert_eq!(run.status, Some(1));
    assert!(run.stderr.starts_with("error: cannot create 'new': Read-only file system"), "{run:?}");
    assert_eq!(fs::read_to_string(folder.path("d/f")).unwrap(), "alice:1\n");
    assert_eq!(fs::read_dir(folder.path("d")).unwrap().count(), 1);
}

#[test]
fn a_file_that_is_a_mount_point_is_rewritten_in_place() {
    for words in EDITS {
        let folder = Folder::with_file("alice:1\n");
        fs::create_dir(folder.path("d")).unwrap();
        fs::write(folder.path("d/f"), "").unwrap();
        let script = r#"mount --bind f d/f; cd d; "$0" "$@"; ls -A"#;
        let run = finish(folder.mounting(script).args(words));
        assert_eq!((run.status, run.stdout.as_str()), (Some(0), "f\n"), "{run:?}");
        let because = "rewritten in place, because it is a mount point: whoever read it";
        assert!(run.stderr.contains(because), "{run:?}");
        assert_ne!(folder.file(), "alice:1\n");
    }
}

#[test]
fn a_disk_that_is_full_leaves_the_old_file_and_nothing_else() {
    let content = format!("{}alice:1\n", "# a comment of 20 b\n".repeat(300));
    for (link, words) in
        [":", "ln f g"].into_iter().flat_map(|link| EDITS.map(|words| (link, words)))
    {
        let folder = Folder::with_file(&content);
        let run = folder.run_without_room(link, words);
        // Removing a line in place takes no room, were it not for the copy.
        assert_eq!(run.status, Some(1), "{link} {words:?}: {run:?}");
        let message = "error: cannot write 'f', which is as it was: No space left on device";
        assert!(run.stderr.contains(message), "{run:?}");
        let after = folder.path("after");
        assert_eq!(fs::read_to_string(after.join("f")).unwrap(), content);
        let names = if link == ":" { 1 } else { 2 };
        assert_eq!(fs::read_dir(after).unwrap().count(), names, "{link} {words:?}");
    }
}

#[test]
fn a_signal_ends_a_wait_for_the_folder() {
    for words in [&["-c", "-b", "new", "u", "p"][..], &["-b", "f", "u", "p"]] {
        let folder = Folder::with_file("");
        let locked = fs::File::open(folder.path("")).unwrap();
        locked.lock().unwrap();
        let mut child = folder.command(BINARY).args(words).spawn().unwrap();
        // A lock that is waited for stands there behind an arrow.
        let waits = || {
            let locks = fs::read_to_string("/proc/locks").unwrap();
            let pid = format!(" {} ", child.id());
            locks.lines().any(|line| line.contains("->") && line.contains(&pid)).then_some(())
        };
        until("the tool to wait", waits);
        kill_process(Pid::from_child(&child), Signal::TERM).unwrap();
        let status = until("the end", || child.try_wait().unwrap());
        assert_eq!(status.code(), Some(143), "{words:?}");
        assert_eq!((folder.names(), folder.file()), (vec!["f".to_owned()], String::new()));
    }
}

#[test]
fn a_new_file_is_locked_and_one_that_is_locked_is_left_alone() {
    let folder = Folder::with_file("");
    fs::write(folder.path(".mqtt-passwd-new-1"), "").unwrap();
    fs::write(folder.path(".mqtt-passwd-new-2"), "").unwrap();
    let in_use = fs::File::open(folder.path(".mqtt-passwd-new-1")).unwrap();
    in_use.lock().unwrap();
    assert_eq!(folder.run(&["-b", "f", "u", "p"]).status, Some(0));
    assert_eq!(folder.names(), [".mqtt-passwd-new-1", "f"]);
    drop(in_use);
    let mut command = folder.command("strace");
    let words = ["-f", "-qq", "-y", "-e", "trace=flock", "-o", "trace", BINARY];
    assert_eq!(finish(command.args(words).args(["-b", "f", "v", "p"])).status, Some(0));
    assert_eq!(folder.names(), ["f", "trace"]);
    let trace = fs::read_to_string(folder.path("trace")).unwrap();
    assert!(trace.contains("/.mqtt-passwd-new-"), "{trace}");
}
