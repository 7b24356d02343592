use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use test_support::passwords::{
    ADD, CREATE, DELETE, Edit, OLD, Torn, UPDATE, UPGRADE, with_two_names,
};

use crate::tool::{BINARY, Folder, finish, lets_in, tool};

#[test]
fn a_kill_at_any_call_of_an_addition_leaves_the_old_or_the_new_file() {
    assert!(ADD.killed_at_each_call(&tool()) > 20);
}

#[test]
fn a_kill_at_any_call_of_an_update_leaves_the_old_or_the_new_file() {
    assert!(UPDATE.killed_at_each_call(&tool()) > 20);
}

#[test]
fn a_kill_at_any_call_of_a_deletion_leaves_the_old_or_the_new_file() {
    assert!(DELETE.killed_at_each_call(&tool()) > 20);
}

#[test]
fn a_kill_at_any_call_of_an_upgrade_leaves_the_old_or_the_new_file() {
    assert!(UPGRADE.killed_at_each_call(&tool()) > 20);
}

#[test]
fn a_kill_at_any_call_of_a_creation_leaves_no_file_or_the_new_one() {
    assert!(CREATE.killed_at_each_call(&tool()) > 15);
}

#[test]
fn a_kill_while_a_file_is_rewritten_in_place_is_mended_by_the_next_edit() {
    for edit in [ADD, UPDATE, DELETE, UPGRADE] {
        assert!(edit.in_place(Torn::Mended).killed_at_each_call(&tool()) > 30);
    }
}

/// A hash as long as the new one.
const ALICE: &str = "alice:$6$uboSEBxtcMaYNWXP$bZKA30IYCwMIQUIQSQQc6QpBlHYvMRoJ3FQGhxL5o/4Oz4mvPD+KKWYISBITF6K5d4v6lMCO39cDZsIsGivWiw==\nbob:2\n";

#[test]
fn one_write_in_place_is_all_that_a_new_line_or_a_new_hash_takes() {
    assert!(ADD.in_place(Torn::Never).killed_at_each_call(&tool()) > 30);
    let update = Edit {
        folder: |tool| {
            let folder = with_two_names(tool);
            fs::write(folder.path("f"), ALICE).unwrap();
            folder
        },
        is_new: |file| match file.lines().collect::<Vec<_>>()[..] {
            [alice, "bob:2"] => lets_in(alice, "alice", "p"),
            _ => false,
        },
        ..UPDATE
    };
    assert!(update.killed_at_each_call(&tool()) > 30);
}

/// Kills the whole tool, with all its threads, wherever one of them makes its `number`th call.
#[test]
fn a_kill_at_any_call_of_any_thread_leaves_the_old_or_the_new_file() {
    let log = Folder::new();
    let path = log.path("log");
    let path = path.to_str().unwrap();
    let run = |folder: &Folder, options: &[&str]| {
        let mut command = folder.command("strace");
        command.arg("-f").args(options).arg(BINARY).args(ADD.words).output().unwrap().status
    };
    assert!(run(&Folder::with_file(OLD), &["-o", path]).success());
    let mut counts = BTreeMap::new();
    for line in fs::read_to_string(path).unwrap().lines() {
        let mut words = line.splitn(2, ' ');
        let (thread, call) = (words.next().unwrap(), words.next().unwrap().trim_start());
        let Some((name, _)) = call.split_once('(') else { continue };
        *counts
            .entry(name.to_owned())
            .or_insert_with(BTreeMap::new)
            .entry(thread.to_owned())
            .or_insert(0) += 1;
    }
    let mut kills = 0;
    for (call, threads) in counts {
        let most: usize = threads.into_values().max().unwrap_or_default();
        for number in 1..=most {
            let folder = Folder::with_file(OLD);
            let inject = format!("inject={call}:signal=KILL:when={number}");
            kills += usize::from(!run(&folder, &["-o", path, "-e", &inject]).success());
            ADD.check(&tool(), &folder, &format!("{call} {number}"));
        }
    }
    assert!(kills > 100, "{kills} kills");
}

/// A file with a name in each of two folders, of which an edit in the first was killed while it was
/// rewritten.
fn killed_in_one_of_two_folders() -> Folder {
    let folder = killed_at("ftruncate");
    assert_ne!(fs::read_to_string(folder.path("one/f")).unwrap(), OLD);
    folder
}

/// The same, killed at the first of these system calls.
fn killed_at(call: &str) -> Folder {
    let folder = Folder::new();
    for name in ["one", "two"] {
        fs::create_dir(folder.path(name)).unwrap();
    }
    fs::write(folder.path("one/f"), OLD).unwrap();
    fs::hard_link(folder.path("one/f"), folder.path("two/f")).unwrap();
    let inject = format!("inject={call}:signal=KILL:when=1");
    let mut command = folder.command("strace");
    command.args(["-f", "-qq", "-o", "/dev/null", "-e", &inject, BINARY, "-D", "one/f", "alice"]);
    assert_eq!(finish(&mut command).status, None);
    folder
}

#[test]
fn a_copy_of_a_file_that_is_whole_undoes_no_later_edit() {
    // Before the file was touched, and after all was done but that the copy is still there.
    for (call, left) in [("fsetxattr", "# c\nalice:1\n"), ("unlink", "# c\n")] {
        let folder = killed_at(call);
        assert!(copy_in(&folder.path("one")).is_some(), "{call}");
        assert_eq!(folder.run(&["-D", "two/f", "bob"]).status, Some(0));
        let run = folder.run(&["-b", "one/f", "carol", "p"]);
        assert_eq!(run.status, Some(0), "{call} {run:?}");
        assert!(!run.stderr.contains("cut short"), "{call} {run:?}");
        let text = fs::read_to_string(folder.path("one/f")).unwrap();
        assert!(text.starts_with(&format!("{left}carol:$7$")), "{call} {text}");
        assert_eq!(copy_in(&folder.path("one")), None);
    }
}

fn copy_in(folder: &Path) -> Option<PathBuf> {
    let mut paths = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    paths.find(|path| path.to_str().unwrap().contains(".mqtt-passwd-undo-"))
}

#[test]
fn an_edit_by_a_name_in_another_folder_mends_it_too() {
    let folder = killed_in_one_of_two_folders();
    let run = folder.run(&["-D", "two/f", "bob"]);
    assert_eq!(run.status, Some(0), "{run:?}");
    assert!(run.stderr.contains("an earlier edit of 'two/f' had been cut short"), "{run:?}");
    assert_eq!(fs::read_to_string(folder.path("one/f")).unwrap(), "# c\nalice:1\n");
    assert_eq!((copy_in(&folder.path("one")), copy_in(&folder.path("two"))), (None, None));
    assert!(!folder.run(&["-D", "one/f", "alice"]).stderr.contains("cut short"));
}

#[test]
fn where_what_mends_it_cannot_be_found_an_edit_by_that_name_alone_goes_on() {
    let folder = killed_in_one_of_two_folders();
    fs::remove_file(copy_in(&folder.path("one")).unwrap()).unwrap();
    let torn = fs::read(folder.path("two/f")).unwrap();
    let run = folder.run(&["-D", "two/f", "bob"]);
    assert_eq!(run.status, Some(1));
    assert!(run.stderr.starts_with("error: an edit of 'two/f' by a name in '/"), "{run:?}");
    assert_eq!(fs::read(folder.path("two/f")).unwrap(), torn);
    assert_eq!(folder.run(&["-b", "one/f", "u", "p"]).status, Some(0));
    assert_eq!(folder.run(&["-D", "two/f", "u"]).status, Some(0));
}

#[test]
fn where_the_file_takes_no_mark_it_is_told_what_that_means() {
    let folder = with_two_names(&tool());
    let inject = "inject=fgetxattr,fsetxattr:error=EOPNOTSUPP";
    let mut command = folder.command("strace");
    command.args(["-f", "-qq", "-o", "/dev/null", "-e", inject, BINARY, "-D", "f", "alice"]);
    let run = finish(&mut command);
    assert_eq!(run.status, Some(0), "{run:?}");
    let told =
        "a kill just then would have been undone by an edit by a name in the same folder alone";
    assert!(run.stderr.contains(told), "{run:?}");
    assert!(!folder.run(&["-D", "f", "bob"]).stderr.contains("in the same folder alone"));
}
