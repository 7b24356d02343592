use std::fs;
use std::path::PathBuf;
use std::process::Command;

use tempfile::TempDir;
use test_support::packet::{self, Delivery, v3};
use test_support::scripted_peer::Connection;
use test_support::tool::Running;

use super::subscribed;

/// A folder that the tool has yet to make, and the tool that writes there.
fn writing(arguments: &[&str]) -> (TempDir, PathBuf, Running, Connection) {
    let around = tempfile::tempdir().unwrap();
    let folder = around.path().join("messages");
    let words = ["-t", "#", "-q", "1", "--output-dir", folder.to_str().unwrap()];
    let (running, client) = subscribed(&[&words, arguments].concat());
    (around, folder, running, client)
}

/// Delivers a message, and waits until it is acknowledged.
fn deliver(client: &mut Connection, id: u16, topic: &str, payload: &str) {
    client.send(&v3::publish(topic, payload.as_bytes(), Delivery::AtLeastOnce(id)));
    client.expect(&packet::puback(id));
}

#[track_caller]
fn done(running: Running, mut client: Connection) {
    client.expect(&packet::DISCONNECT);
    client.close();
    let output = running.wait();
    output.assert_code(0);
    assert_eq!((&*output.stdout(), &*output.stderr()), ("", ""));
}

#[test]
fn each_topic_has_a_file_and_a_message_is_in_it_before_it_is_acknowledged() {
    let (_around, folder, running, mut client) = writing(&["-C", "5"]);
    let read = |name: &str| fs::read_to_string(folder.join(name)).unwrap();
    deliver(&mut client, 1, "house/door", "open");
    assert_eq!(read("house%2Fdoor"), "open\n");
    deliver(&mut client, 2, "../up", "a\nb");
    assert_eq!(read("%2E.%2Fup"), "a\nb\n");
    deliver(&mut client, 3, "house/door", "closed");
    assert_eq!(read("house%2Fdoor"), "open\nclosed\n");
    let long = "x".repeat(300);
    deliver(&mut client, 4, &long, "long");
    assert_eq!(read(&format!("{}%/{}", "x".repeat(252), "x".repeat(48))), "long\n");
    // What somebody has moved away is made anew.
    fs::rename(folder.join("house%2Fdoor"), folder.join("old")).unwrap();
    deliver(&mut client, 5, "house/door", "ajar");
    assert_eq!((read("old"), read("house%2Fdoor")), ("open\nclosed\n".into(), "ajar\n".into()));
    done(running, client);
}

#[test]
fn the_format_says_what_is_written() {
    let (_around, folder, running, mut client) = writing(&["-C", "2", "-N", "-F", r"%t=%x\n"]);
    deliver(&mut client, 1, "a", "1");
    deliver(&mut client, 2, "a", "2");
    assert_eq!(fs::read_to_string(folder.join("a")).unwrap(), "a=31\na=32\n");
    done(running, client);
}

#[test]
fn the_newest_message_takes_the_place_of_the_file() {
    let (_around, folder, running, mut client) = writing(&["-C", "2", "--output-mode", "newest"]);
    deliver(&mut client, 1, "a", "first");
    // A file that is still open keeps what it had: there is no moment with half of either.
    let mut old = fs::File::open(folder.join("a")).unwrap();
    deliver(&mut client, 2, "a", "2");
    assert_eq!(fs::read_to_string(folder.join("a")).unwrap(), "2\n");
    assert_eq!(std::io::read_to_string(&mut old).unwrap(), "first\n");
    let names = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name());
    assert_eq!(names.collect::<Vec<_>>(), ["a"]);
    done(running, client);
}

#[test]
fn more_topics_than_files_may_be_open_have_all_their_messages() {
    let (_around, folder, running, mut client) = writing(&["-C", "200"]);
    let messages = (0..200).map(|number| {
        let topic = format!("t{}", number % 100);
        v3::publish(&topic, number.to_string().as_bytes(), Delivery::AtMostOnce)
    });
    client.send(&messages.collect::<Vec<_>>().concat());
    done(running, client);
    for number in 0..100 {
        let text = fs::read_to_string(folder.join(format!("t{number}"))).unwrap();
        assert_eq!(text, format!("{number}\n{}\n", number + 100));
    }
}

#[test]
fn what_is_no_file_is_neither_followed_nor_acknowledged() {
    let modes = ["append", "newest"];
    let all = modes.map(|mode| ["link", "folder", "pipe"].map(|made| (mode, made)));
    for (mode, made) in all.into_iter().flatten() {
        let (around, folder, running, mut client) = writing(&["--output-mode", mode]);
        let outside = around.path().join("outside");
        match made {
            "link" => std::os::unix::fs::symlink(&outside, folder.join("a")).unwrap(),
            "pipe" => {
                let status = Command::new("mkfifo").arg(folder.join("a")).status();
                assert!(status.unwrap().success());
            }
            _ => fs::create_dir(folder.join("a")).unwrap(),
        }
        client.send(&v3::publish("a", b"x", Delivery::AtLeastOnce(1)));
        client.expect(&packet::DISCONNECT);
        client.close();
        let output = running.wait();
        output.assert_code(1);
        let file = folder.join("a");
        assert_eq!(
            output.stderr(),
            format!("error: cannot write to '{}': it is no regular file\n", file.display())
        );
        assert!(!outside.exists());
        let names: Vec<_> = fs::read_dir(&folder).unwrap().collect();
        assert_eq!(names.len(), 1, "{names:?}");
    }
}
