use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, symlink};

use crate::tool::{Folder, lets_in};

#[test]
fn mode_owner_and_group_stay() {
    let folder = Folder::with_file("a:1\n");
    let path = folder.path("f");
    fs::set_permissions(&path, PermissionsExt::from_mode(0o640)).unwrap();
    let before = path.metadata().unwrap();
    // Only root can give a file away; for everybody else there is the own owner to keep.
    let (uid, gid) =
        if before.uid() == 0 { (65_534, 65_533) } else { (before.uid(), before.gid()) };
    chown(&path, Some(uid), Some(gid)).unwrap();
    assert_eq!(folder.run(&["-b", "f", "u", "p"]).status, Some(0));
    let after = path.metadata().unwrap();
    assert_eq!((after.uid(), after.gid(), after.mode() & 0o7777), (uid, gid, 0o640));
    assert_ne!(after.ino(), before.ino(), "replaced by another file");
}

#[test]
fn the_file_behind_a_link_is_replaced_and_the_link_stays() {
    let folder = Folder::with_file("a:1\n");
    fs::create_dir(folder.path("links")).unwrap();
    symlink("../f", folder.path("links/one")).unwrap();
    symlink("links/one", folder.path("two")).unwrap();
    assert_eq!(folder.run(&["-b", "two", "u", "p"]).status, Some(0));
    assert!(folder.path("two").is_symlink() && folder.path("links/one").is_symlink());
    assert!(lets_in(folder.file().lines().last().unwrap(), "u", "p"));
    assert_eq!(folder.names(), ["f", "links", "two"]);
}

#[test]
fn a_file_with_two_names_is_rewritten_in_place_and_that_is_said() {
    let folder = Folder::with_file("alice:1\nbob:2\n");
    fs::hard_link(folder.path("f"), folder.path("g")).unwrap();
    let inode = folder.path("f").metadata().unwrap().ino();
    for words in [&["-b", "f", "alice", "p"][..], &["-D", "f", "bob"], &["-b", "f", "u", "p"]] {
        let run = folder.run(words);
        assert_eq!(run.status, Some(0));
        assert!(run.stderr.contains("rewritten in place, because it has several names"), "{run:?}");
        assert_eq!(fs::read(folder.path("g")).unwrap(), folder.bytes());
    }
    assert_eq!(folder.path("g").metadata().unwrap().ino(), inode);
    let file = folder.file();
    let lines: Vec<&str> = file.lines().collect();
    assert!(lets_in(lines[0], "alice", "p") && lets_in(lines[1], "u", "p"));
    assert_eq!(lines.len(), 2);
}

#[test]
fn an_access_control_list_stays() {
    let folder = Folder::with_file("a:1\n");
    // Version 2; owner rw, user 65534 r, group r, mask r, others nothing (acl(5) as Linux keeps it).
    let entries: [(u16, u16, u32); 5] =
        [(1, 6, u32::MAX), (2, 4, 65_534), (4, 4, u32::MAX), (16, 4, u32::MAX), (32, 0, u32::MAX)];
    let mut list = 2_u32.to_le_bytes().to_vec();
    for (tag, permissions, id) in entries {
        list.extend_from_slice(&tag.to_le_bytes());
        list.extend_from_slice(&permissions.to_le_bytes());
        list.extend_from_slice(&id.to_le_bytes());
    }
    let name = "system.posix_acl_access";
    let path = folder.path("f");
    let flags = rustix::fs::XattrFlags::empty();
    rustix::fs::setxattr(&path, name, &list, flags).expect("a file system with ACLs");
    let inode = path.metadata().unwrap().ino();
    assert_eq!(folder.run(&["-b", "f", "u", "p"]).status, Some(0));
    let mut after = [0; 256];
    let length = rustix::fs::getxattr(&path, name, &mut after).unwrap();
    assert_eq!(after[..length], list);
    assert_ne!(path.metadata().unwrap().ino(), inode);
}

#[test]
fn a_file_open_to_all_is_warned_about() {
    let folder = Folder::with_file("");
    for (mode, warned) in [(0o600, false), (0o660, false), (0o604, true), (0o661, true)] {
        fs::set_permissions(folder.path("f"), PermissionsExt::from_mode(mode)).unwrap();
        let run = folder.run(&["-b", "-I", "1", "f", "u", "p"]);
        assert_eq!(run.stderr.contains("is open to all users"), warned, "{mode:o}: {run:?}");
    }
}

#[test]
fn what_is_no_file_is_refused_at_once() {
    let folder = Folder::new();
    fs::create_dir(folder.path("folder")).unwrap();
    folder.make_pipe("pipe");
    for name in ["folder", "pipe", "/dev/null"] {
        for words in [&["-b", name, "u", "p"][..], &["-D", name, "u"], &["-U", name]] {
            let run = folder.run(words);
            assert_eq!(run.status, Some(1));
            let message = format!("error: '{name}' is not a regular file\n");
            assert_eq!(run.stderr, message);
        }
        let run = folder.run(&["-c", "-b", name, "u", "p"]);
        assert!(run.stderr.contains("exists already"), "{run:?}");
    }
    assert_eq!(folder.names(), ["folder", "pipe"]);
}

#[test]
fn a_missing_file_and_a_link_to_nowhere_are_named() {
    let folder = Folder::new();
    symlink("nowhere", folder.path("link")).unwrap();
    for name in ["missing", "link"] {
        for words in [&["-b", name, "u", "p"][..], &["-D", name, "u"], &["-U", name]] {
            let run = folder.run(words);
            assert_eq!(run.status, Some(1));
            let message = format!("error: cannot open the password file '{name}': No such file");
            assert!(run.stderr.starts_with(&message), "{run:?}");
        }
    }
    let run = folder.run(&["-c", "-b", "link", "u", "p"]);
    assert!(run.stderr.contains("'link' exists already"), "{run:?}");
    let run = folder.run(&["-c", "-b", "missing/f", "u", "p"]);
    assert!(run.stderr.starts_with("error: cannot create 'missing/f': No such file"), "{run:?}");
    assert_eq!(folder.names(), ["link"]);
}

#[test]
fn the_longest_file_name_can_be_updated() {
    let folder = Folder::new();
    let name = "f".repeat(255);
    fs::write(folder.path(&name), "").unwrap();
    assert_eq!(folder.run(&["-b", &name, "u", "p"]).status, Some(0));
    assert!(lets_in(fs::read_to_string(folder.path(&name)).unwrap().trim_end(), "u", "p"));
}
