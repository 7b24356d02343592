use test_support::packet::{self, Delivery, v3};
use test_support::scripted_peer::ScriptedPeer;

use super::{publisher, start_at};

#[test]
fn a_text_is_decoded_wherever_it_comes_from() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("text");
    std::fs::write(&file, "00 ff\r\n0A\n").expect("the file");
    let file = file.to_str().expect("a plain name");
    for (options, input) in [
        (&["-m", "00FF0a", "--encoding", "hex"][..], ""),
        (&["-f", file, "--encoding", "hex"], ""),
        (&["-s", "--encoding", "base64"], "AP8K\n"),
        (&["-l", "--encoding", "base64"], "AP8K\n"),
        (&["-l", "--encoding", "hex"], "00ff0a"),
    ] {
        let peer = ScriptedPeer::listen();
        let mut running = start_at(&peer, &[options, &["-t", "t"]].concat());
        running.write_input(input);
        running.close_input();
        let mut client = peer.accept();
        client.read_packet();
        client.send(&v3::connack(0));
        client.expect(&v3::publish("t", b"\x00\xff\n", Delivery::AtMostOnce));
        client.expect(&packet::DISCONNECT);
        client.close();
        running.wait().assert_code(0);
    }
}

#[test]
fn a_text_that_is_not_in_the_encoding_is_told_before_anything_is_connected() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("text");
    std::fs::write(&file, "00\n0g\n").expect("the file");
    let name = file.to_str().expect("a plain name");
    let in_file = format!("'{name}' (--file), line 2, column 2: 'g' is no hexadecimal digit");
    for (options, input, error) in [
        (
            &["-m", "000", "--encoding", "hex"][..],
            "",
            "--message, line 1, column 4: the second digit of a byte is missing",
        ),
        (&["-f", name, "--encoding", "hex"], "", &in_file),
        (
            &["-s", "--encoding", "base64"],
            "QUJD\n*",
            "stdin, line 2, column 1: '*' does not belong there in base64",
        ),
    ] {
        let output = publisher().run_with_input(input, [&["-t", "t"], options].concat());
        output.assert_code(1);
        assert_eq!(output.stderr(), format!("error: {error} (--encoding)\n"));
    }
    let output = publisher().run_with_input("\n", ["-t", "t", "-s", "--encoding", "hex"]);
    assert!(output.assert_code(1).stderr().starts_with("error: stdin is empty: "));
}

#[test]
fn a_line_that_is_not_in_the_encoding_ends_the_job_and_is_saved() {
    let cases = [
        (&["-t", "t", "-l"][..], "", "this --encoding"),
        (&["-l", "--line-format", "%t %p"], "t ", "this --line-format and --encoding"),
    ];
    for (options, before, with) in cases {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let unsent = folder.path().join("unsent");
        let unsent = unsent.to_str().expect("a plain name");
        let peer = ScriptedPeer::listen();
        let more = ["--encoding", "hex", "-q", "1", "--save-unsent", unsent];
        let mut running = start_at(&peer, &[options, &more].concat());
        let line = |text: &str| format!("{before}{text}\n");
        running.write_input([line("61"), line("6 g"), line("62")].concat());
        running.close_input();
        let mut client = peer.accept();
        client.read_packet();
        client.send(&v3::connack(0));
        client.expect(&v3::publish("t", b"a", Delivery::AtLeastOnce(1)));
        client.send(&packet::puback(1));
        client.expect(&packet::DISCONNECT);
        client.close();
        let output = running.wait();
        output.assert_code(1);
        let expected = format!(
            "error: 2 of 3 lines read did not get through, the first is line 2: line 2, column 3 \
             of the payload: 'g' is no hexadecimal digit (--encoding)\n\
             hint: they are in '{unsent}': -l with {with} publishes them, once that line is put right\n"
        );
        assert_eq!(output.stderr(), expected);
        let saved = std::fs::read_to_string(unsent).expect("the file");
        assert_eq!(saved, [line("6 g"), line("62")].concat());
    }
}
