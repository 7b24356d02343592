use std::os::unix::fs::PermissionsExt;

use test_support::mosquitto::Mosquitto;

use crate::tool::Folder;

/// With an entry of each kind that this tool writes, and some that nobody should.
fn folder() -> Folder {
    let folder =
        Folder::with_file("# users\nplain:S3CRET\ndamaged:$7$101$S3CRET\nother:$2b$S3CRET\n");
    for (hash, user) in [("sha512-pbkdf2", "alice"), ("sha512", "bob"), ("argon2id", "carol")] {
        assert_eq!(folder.run(&["-H", hash, "-b", "f", user, "S3CRET"]).status, Some(0));
    }
    folder
}

#[test]
fn everybody_is_listed_with_what_is_wrong_and_without_hashes() {
    let folder = folder();
    let run = folder.run(&["--list", "f"]);
    assert_eq!((run.status, run.stderr.as_str()), (Some(0), ""));
    assert_eq!(
        run.stdout,
        "\
LINE  USER     HASH           COST                 NOTES
   2  plain    -              -                    no broker takes it: password not hashed
   3  damaged  -              -                    no broker takes it: damaged hash
   4  other    -              -                    no broker takes it: unknown kind of hash
   5  alice    sha512-pbkdf2  10000 iterations
   6  bob      sha512         once                 weak: quick to guess
   7  carol    argon2id       47104 KiB, t=1, p=1  refused by brokers 2.0, 2.1 without argon2
"
    );
}

#[test]
fn programs_get_json_and_no_hash_either() {
    let folder = folder();
    std::fs::set_permissions(folder.path("f"), PermissionsExt::from_mode(0o400)).unwrap();
    let run = folder.run(&["--list", "--json", "f"]);
    assert_eq!((run.status, run.stderr.as_str()), (Some(0), ""));
    assert_eq!(run.stdout.lines().count(), 6);
    for line in run.stdout.lines() {
        let object: serde_json::Value = serde_json::from_str(line).unwrap();
        assert!(object["user"].is_string() && object["warnings"].is_array(), "{line}");
        assert_eq!(object["algorithm"].is_null(), object["fault"].is_string(), "{line}");
    }
    for secret in folder.file().split([':', '$', '\n']).filter(|part| part.len() >= 16) {
        assert!(!run.stdout.contains(secret), "{secret}");
    }
    assert!(!run.stdout.contains("S3CRET"));
}

#[test]
fn what_is_said_of_brokers_2_0_is_what_one_does() {
    let folder = folder();
    // Debian's is a 2.0. Without "carol", whom it refuses, as the list says.
    let broker = Mosquitto::builder()
        .line("allow_anonymous false")
        .line(&format!("password_file {}", folder.path("f").display()))
        .start();
    let port = broker.port().to_string();
    let list = folder.run(&["--list", "--json", "f"]).stdout;
    for line in list.lines() {
        let object: serde_json::Value = serde_json::from_str(line).unwrap();
        let user = object["user"].as_str().unwrap();
        let mut command = folder.command("mosquitto_pub");
        command.args([
            "-h",
            "127.0.0.1",
            "-p",
            &port,
            "-t",
            "t",
            "-m",
            "x",
            "-u",
            user,
            "-P",
            "S3CRET",
        ]);
        let refused = object["refused_by"].as_array().unwrap().iter().any(|broker| broker == "2.0");
        let expected = if refused { Some(5) } else { Some(0) };
        assert_eq!(crate::tool::finish(&mut command).status, expected, "{line}");
    }
}

#[test]
fn a_file_that_cannot_be_listed_is_named() {
    let folder = Folder::new();
    let run = folder.run(&["--list", "f"]);
    assert_eq!((run.status, run.stdout.as_str()), (Some(1), ""));
    assert!(run.stderr.starts_with("error: cannot open the password file 'f'"), "{run:?}");
    let run = folder.run(&["--list", "--json", "."]);
    assert!(run.stderr.starts_with("error: '.' is not a regular file"), "{run:?}");
}
