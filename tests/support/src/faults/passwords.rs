//! What may happen to a password file while mqtt-passwd edits it.

use std::fs;
use std::os::unix::fs::symlink;
use std::sync::OnceLock;

use super::rig::{Case, Extent};
use super::{Row, Trial, number};
use crate::passwords::{
    ADD, CREATE, Call, DELETE, Edit, Folder, Run, Torn, UPDATE, UPGRADE, add_at_once, many_users,
    reload_while_edited, set_mode,
};
use crate::tool::Tool;

pub(super) const KILLED: Row = Row {
    name: "kill-passwd",
    fault: "`mqtt-passwd` killed (-9) at every system call of an edit: the file is the old or the new one",
    side_by_side: 2,
    short: 24,
    trial: |case| killed(case, &REPLACING, &CALLS_OF_REPLACING),
};

pub(super) const KILLED_IN_PLACE: Row = Row {
    name: "kill-passwd-in-place",
    fault: "the same where a file with two names is rewritten in place: the next edit mends it",
    side_by_side: 2,
    short: 24,
    trial: |case| killed(case, &IN_PLACE, &CALLS_IN_PLACE),
};

pub(super) const AT_ONCE: Row = Row {
    name: "passwd-at-once",
    fault: "100 users are added by as many `mqtt-passwd` at the same time",
    side_by_side: 1,
    short: 2,
    trial: at_once,
};

pub(super) const RELOADED: Row = Row {
    name: "passwd-reloaded",
    fault: "a broker is told to read the file 200 times (SIGHUP) during 200 edits",
    side_by_side: 1,
    short: 1,
    trial: reloaded,
};

pub(super) const OBSTACLES: Row = Row {
    name: "passwd-obstacles",
    fault: "no room, no permission, read-only, a directory, a FIFO, a dangling link, no folder",
    side_by_side: 2,
    short: 40,
    trial: obstacle,
};

const REPLACING: [Edit; 5] = [ADD, UPDATE, DELETE, UPGRADE, CREATE];

const IN_PLACE: [Edit; 4] = [
    ADD.in_place(Torn::Mended),
    UPDATE.in_place(Torn::Mended),
    DELETE.in_place(Torn::Mended),
    UPGRADE.in_place(Torn::Mended),
];

/// Every system call of every edit of a row.
type Calls = OnceLock<Vec<(Edit, Call)>>;

static CALLS_OF_REPLACING: Calls = OnceLock::new();
static CALLS_IN_PLACE: Calls = OnceLock::new();

fn killed(case: &Case<'_>, edits: &[Edit], calls: &Calls) -> Trial {
    let tool = case.rig.passwd();
    let calls = calls.get_or_init(|| {
        let each = edits.iter().map(|edit| edit.calls(&tool).into_iter().map(|call| (*edit, call)));
        each.flatten().collect()
    });
    // Few trials shall see edits and calls of every kind.
    let stride = if calls.len().is_multiple_of(37) { 41 } else { 37 };
    let index = usize::try_from(case.number).expect("64 bits") * stride % calls.len();
    let (edit, call) = &calls[index];
    let killed = edit.is_killed_at(&tool, call);
    Trial::default()
        .sum("killed", usize::from(killed))
        .most("system calls in all", number(calls.len()))
}

fn at_once(case: &mut Case<'_>) -> Trial {
    let folder = Folder::with_file(&case.rig.passwd(), "# first\n");
    let lost = add_at_once(&folder, 100);
    let file = folder.file();
    assert_eq!((file.lines().next(), folder.names()), (Some("# first"), vec!["f".to_owned()]));
    Trial::default().lost(lost.len()).sum("lines", file.lines().count())
}

fn reloaded(case: &mut Case<'_>) -> Trial {
    let times = match case.rig.extent {
        Extent::Short => 40,
        Extent::Full => 200,
    };
    let folder = Folder::with_file(&case.rig.passwd(), many_users());
    let broker = folder.broker();
    let port = broker.port().to_string();
    let place = ["-h", "127.0.0.1", "-p", &port, "-t", "t", "-m", "x"];
    let words = [&place[..], &["-u", "stays", "-P", "secret"]].concat();
    let is_let_in = || case.rig.publisher.run(&words).code() == Some(0);
    let refused = reload_while_edited(&broker, &folder, times, is_let_in);
    assert!(!broker.log().contains("rror"), "the broker complains:\n{}", broker.log());
    Trial::default().lost(refused).sum("edits", times)
}

/// What an edit fails at.
#[derive(Clone, Copy, Debug)]
enum Obstacle {
    FileTooLarge,
    NoRoom,
    ReadOnly,
    Forbidden,
    Directory,
    Pipe,
    DanglingLink,
    NoFolder,
}

const ALL: [Obstacle; 8] = [
    Obstacle::FileTooLarge,
    Obstacle::NoRoom,
    Obstacle::ReadOnly,
    Obstacle::Forbidden,
    Obstacle::Directory,
    Obstacle::Pipe,
    Obstacle::DanglingLink,
    Obstacle::NoFolder,
];

/// An edit says what is in its way, and everything is as it was.
fn obstacle(case: &mut Case<'_>) -> Trial {
    let index = usize::try_from(case.number).expect("64 bits");
    let obstacle = ALL[index % ALL.len()];
    let name = if matches!(obstacle, Obstacle::NoFolder) { "missing/f" } else { "f" };
    let edits: [&[&str]; 4] = [
        &["-b", name, "u", "p"],
        &["-b", name, "alice", "p"],
        &["-D", name, "alice"],
        &["-U", name],
    ];
    let words = edits[index / ALL.len() % edits.len()];
    let folder = obstacle.folder(&case.rig.passwd());
    let before = all_of(&folder);
    let run = obstacle.run(&folder, words);
    assert_eq!(run.status, Some(1), "{obstacle:?}: {run:?}");
    let error = run.stderr.lines().find(|line| line.starts_with("error: ")).unwrap_or_default();
    assert!(error.contains(name) && error.contains(obstacle.word()), "{obstacle:?}: {run:?}");
    Trial::default().lost(usize::from(all_of(&folder) != before))
}

impl Obstacle {
    /// The word for it in the error.
    fn word(self) -> &'static str {
        match self {
            Self::FileTooLarge => "File too large",
            Self::NoRoom => "No space left on device",
            Self::ReadOnly => "Read-only file system",
            Self::Forbidden => "Permission denied",
            Self::Directory | Self::Pipe => "is not a regular file",
            Self::DanglingLink | Self::NoFolder => "No such file",
        }
    }

    fn folder(self, tool: &Tool) -> Folder {
        let content = format!("{}alice:1\n", "# a comment of 20 b\n".repeat(300));
        let folder = match self {
            Self::Forbidden | Self::FileTooLarge | Self::NoRoom => {
                Folder::with_file(tool, &content)
            }
            _ => Folder::new(tool),
        };
        match self {
            Self::ReadOnly => {
                fs::create_dir(folder.path("d")).unwrap();
                fs::write(folder.path("d/f"), &content).unwrap();
            }
            Self::Forbidden => {
                folder.open_to_all();
                set_mode(&folder.path("f"), 0o444);
            }
            Self::Directory => fs::create_dir(folder.path("f")).unwrap(),
            Self::Pipe => folder.make_pipe("f"),
            Self::DanglingLink => symlink("nowhere", folder.path("f")).unwrap(),
            Self::FileTooLarge | Self::NoRoom | Self::NoFolder => {}
        }
        folder
    }

    fn run(self, folder: &Folder, words: &[&str]) -> Run {
        match self {
            Self::FileTooLarge => folder.run_on_full_disk(words),
            Self::NoRoom => {
                let run = folder.run_without_room(":", words);
                // The file that counts lay on the disk without room, and nothing beside it.
                fs::rename(folder.path("after/f"), folder.path("f")).unwrap();
                fs::remove_dir(folder.path("after")).expect("no other file was there");
                fs::remove_dir(folder.path("d")).unwrap();
                run
            }
            Self::ReadOnly => folder.run_on_read_only_disk(words),
            Self::Forbidden => folder.run_unprivileged(words),
            Self::Directory | Self::Pipe | Self::DanglingLink | Self::NoFolder => folder.run(words),
        }
    }
}

/// Every file and folder in it, with the contents of the files.
fn all_of(folder: &Folder) -> Vec<(String, fs::FileType, Option<Vec<u8>>)> {
    let inner = fs::read(folder.path("d/f")).ok();
    let outer = folder.names().into_iter().map(|name| {
        let kind = folder.path(&name).symlink_metadata().unwrap().file_type();
        let content = kind.is_file().then(|| fs::read(folder.path(&name)).unwrap());
        (name, kind, content.or_else(|| inner.clone()))
    });
    outer.collect()
}
