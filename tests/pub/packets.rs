use test_support::packet::{self, Delivery, hex, v3, v5};
use test_support::scripted_peer::ScriptedPeer;

use super::start_at;

/// The CONNECT that these options make.
fn connect(arguments: &[&str]) -> Vec<u8> {
    let peer = ScriptedPeer::listen();
    let _running = start_at(&peer, &[&["-t", "t", "-m", "x"], arguments].concat());
    peer.accept().read_packet()
}

// Bytes of the original, captured (reference of its behaviour, §12.1).
#[test]
fn connect_is_the_originals_byte_for_byte() {
    for (arguments, bytes) in [
        (&[][..], "100c00044d5154540402003c0000"),
        (&["-V", "5"], "101000044d5154540502003c032100140000"),
        (&["-V", "mqttv5", "-i", "x", "-c"], "101600044d5154540500003c0811ffffffff210014000178"),
        (&["-V", "5", "-P", "pw"], "101400044d5154540542003c032100140000000270"),
        (
            &["-i", "cid", "-c", "-k", "30", "-u", "joe"],
            "101400044d5154540480001e000363696400036a6f65",
        ),
        (&["-u", "", "-P", ""], "101000044d51545404c2003c000000000000"),
    ] {
        let sent = hex(&connect(arguments));
        assert!(sent.starts_with(bytes), "{arguments:?}\n{sent}\n{bytes}");
    }
}

#[test]
fn mqtt_3_1_has_its_own_name_and_an_identifier_of_23_characters() {
    let sent = connect(&["-V", "mqttv31"]);
    assert_eq!(hex(&sent[..16]), "102500064d51497364700302003c0017");
    let id = std::str::from_utf8(&sent[16..]).unwrap();
    assert!(id.starts_with("mosq-") && id.len() == 23, "{id}");
    assert!(id.chars().skip(5).all(|c| c.is_ascii_alphanumeric()), "{id}");
}

#[test]
fn a_prefix_is_completed_by_the_process_id() {
    let peer = ScriptedPeer::listen();
    let running = start_at(&peer, &["-t", "t", "-m", "x", "-I", "me-"]);
    let sent = peer.accept().read_packet();
    let id = format!("me-{}", running.id());
    assert_eq!(sent, v3::connect(&id, 60));
}

#[test]
fn a_password_may_have_any_byte() {
    use std::os::unix::ffi::OsStrExt;
    let peer = ScriptedPeer::listen();
    let port = peer.port().to_string();
    let password = std::ffi::OsStr::from_bytes(b"\xff\xfe");
    let words: [&std::ffi::OsStr; 12] = [
        "-h".as_ref(),
        "127.0.0.1".as_ref(),
        "-p".as_ref(),
        port.as_ref(),
        "-t".as_ref(),
        "t".as_ref(),
        "-m".as_ref(),
        "x".as_ref(),
        "-u".as_ref(),
        "u".as_ref(),
        "-P".as_ref(),
        password,
    ];
    let _running = super::publisher().spawn(words);
    let sent = peer.accept().read_packet();
    assert!(sent.ends_with(b"\x00\x01u\x00\x02\xff\xfe"), "{}", hex(&sent));
}

#[test]
fn publish_carries_qos_retain_and_topic_and_disconnect_follows_in_the_same_breath() {
    let peer = ScriptedPeer::listen();
    let running = start_at(&peer, &["-t", "a/b", "-m", "hi", "-r"]);
    let mut client = peer.accept();
    client.read_packet();
    client.send(&v3::connack(0));
    let publish = v3::publish("a/b", b"hi", Delivery::AtMostOnce);
    client.expect(&packet::flagged(publish, packet::RETAIN));
    client.expect(&packet::DISCONNECT);
    client.expect_end();
    running.wait().assert_code(0);
}

#[test]
fn the_window_is_never_exceeded() {
    for (arguments, version, connack) in [
        (&["-M", "2"][..], "311", v3::connack(0)),
        (&[], "5", v5::connack(0, &[0x21, 0, 2])),
        (&["-M", "2"], "5", v5::connack(0, &[0x21, 0, 9])),
    ] {
        let peer = ScriptedPeer::listen();
        let lines = ["-t", "t", "-l", "-q", "1", "-V", version];
        let mut running = start_at(&peer, &[&lines, arguments].concat());
        running.write_input("a\nb\nc\n");
        running.close_input();
        let mut client = peer.accept();
        client.read_packet();
        client.send(&connack);
        client.read_packet();
        client.read_packet();
        // Our side ends here; what the tool sends before it leaves is all it would have sent.
        client.close_our_side();
        assert_eq!(client.read_packet_or_end(), None, "{arguments:?} {connack:02x?}");
        let mut client = peer.accept();
        client.read_packet();
        client.send(&connack);
        client.read_packet();
        client.read_packet();
        client.send(&packet::puback(1));
        client.read_packet();
        client.send(&[packet::puback(2), packet::puback(3)].concat());
        client.expect(&packet::DISCONNECT);
        client.close();
        running.wait().assert_code(0);
    }
}
