use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, symlink};
use std::path::Path;

use crate::tool::{BINARY, Folder, finish, lets_in};

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

const ACCESS: &str = "system.posix_acl_access";

/// A list that names user 65534, as Linux keeps it (acl(5), version 2): what the owner, that user,
/// the group, the mask and all others may do.
fn access_list(permissions: [u16; 5]) -> Vec<u8> {
    let whom: [(u16, u32); 5] =
        [(1, u32::MAX), (2, 65_534), (4, u32::MAX), (16, u32::MAX), (32, u32::MAX)];
    let entries = whom.into_iter().zip(permissions).flat_map(|((tag, id), permissions)| {
        [&tag.to_le_bytes()[..], &permissions.to_le_bytes(), &id.to_le_bytes()].concat()
    });
    2_u32.to_le_bytes().into_iter().chain(entries).collect()
}

fn set_attribute(path: &Path, name: &str, value: &[u8]) {
    let flags = rustix::fs::XattrFlags::empty();
    rustix::fs::setxattr(path, name, value, flags).unwrap();
}

fn attribute(path: &Path, name: &str) -> Option<Vec<u8>> {
    let mut value = [0; 256];
    let length = rustix::fs::getxattr(path, name, &mut value).ok()?;
    Some(value[..length].to_vec())
}

#[test]
fn an_access_control_list_stays() {
    let folder = Folder::with_file("a:1\n");
    let list = access_list([6, 4, 4, 4, 0]);
    let path = folder.path("f");
    set_attribute(&path, ACCESS, &list);
    let inode = path.metadata().unwrap().ino();
    assert_eq!(folder.run(&["-b", "f", "u", "p"]).status, Some(0));
    assert_eq!(attribute(&path, ACCESS), Some(list));
    assert_ne!(path.metadata().unwrap().ino(), inode);
}

#[test]
fn what_a_folder_grants_on_new_files_is_not_granted_on_an_edited_one() {
    let folder = Folder::with_file("a:1\n");
    let path = folder.path("f");
    for mode in [0o640, 0o660] {
        fs::set_permissions(&path, PermissionsExt::from_mode(mode)).unwrap();
        set_attribute(&folder.path(""), "system.posix_acl_default", &access_list([7, 7, 7, 7, 0]));
        let inode = path.metadata().unwrap().ino();
        assert_eq!(folder.run(&["-b", "-I", "1", "f", "u", "p"]).status, Some(0));
        let after = path.metadata().unwrap();
        assert_eq!((attribute(&path, ACCESS), after.mode() & 0o7777), (None, mode));
        assert_ne!(after.ino(), inode);
    }
}

#[test]
fn what_a_folder_grants_on_new_files_opens_neither_a_new_file_nor_a_copy() {
    let folder = Folder::new();
    set_attribute(&folder.path(""), "system.posix_acl_default", &access_list([7, 7, 7, 7, 7]));
    assert_eq!(folder.run(&["-c", "-b", "-I", "1", "f", "u", "p"]).status, Some(0));
    let path = folder.path("f");
    // The mask, which the mode shows as the group's, leaves nothing of what the list grants.
    assert_eq!(path.metadata().unwrap().mode() & 0o7777, 0o600);
    fs::hard_link(&path, folder.path("g")).unwrap();
    let inject = "inject=ftruncate:signal=KILL:when=1";
    let mut command = folder.command("strace");
    command.args(["-f", "-qq", "-o", "/dev/null", "-e", inject, BINARY, "-D", "f", "u"]);
    assert_eq!(finish(&mut command).status, None);
    let names = folder.names();
    let copy = names.iter().find(|name| name.starts_with(".mqtt-passwd-undo-")).unwrap();
    assert_eq!(folder.path(copy).metadata().unwrap().mode() & 0o7777, 0o600);
}

#[test]
fn notes_of_others_on_the_file_stay() {
    let folder = Folder::with_file("a:1\n");
    let path = folder.path("f");
    set_attribute(&path, "user.note", b"mine");
    let inode = path.metadata().unwrap().ino();
    assert_eq!(folder.run(&["-b", "f", "u", "p"]).status, Some(0));
    assert_eq!(attribute(&path, "user.note"), Some(b"mine".to_vec()));
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
    for words in [&["-c"][..], &["-c", "--overwrite"]] {
        let run = folder.run(&[words, &["-b", "link", "u", "p"]].concat());
        let told = "error: 'link' exists already, as a link that leads nowhere; it was left as it \
                    is\nhint: name the file itself, or remove the link\n";
        assert_eq!((run.status, run.stderr.as_str()), (Some(1), told));
    }
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
