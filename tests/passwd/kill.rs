use std::collections::BTreeMap;
use std::fs;

use test_support::passwords::{
    ADD, CREATE, DELETE, Edit, OLD, Torn, UPDATE, UPGRADE, with_two_names,
};

use crate::tool::{BINARY, Folder, lets_in, tool};

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
