use test_support::mosquitto::Mosquitto;
use test_support::packet::{self, hex, v5};
use test_support::scripted_peer::ScriptedPeer;

use super::{publisher, start_at};

/// The packets that a publish makes, CONNECT first, at a broker that takes ten topic aliases.
fn packets(arguments: &[&str]) -> Vec<String> {
    let peer = ScriptedPeer::listen();
    let running = start_at(&peer, &[&["-t", "t", "-m", "x"], arguments].concat());
    let mut client = peer.accept();
    let mut packets = vec![hex(&client.read_packet())];
    client.send(&v5::connack(0, &[0x22, 0, 10]));
    while let Some(packet) = client.read_packet_or_end() {
        packets.push(hex(&packet));
    }
    drop(client);
    running.wait().assert_code(0);
    packets
}

/// The words of an option list that is written down as one text.
fn words(text: &str) -> Vec<&str> {
    text.split(' ').filter(|word| !word.is_empty()).collect()
}

fn check_connect(table: &[(&str, &str)]) {
    for (arguments, bytes) in table {
        assert_eq!(packets(&words(arguments))[0], *bytes, "{arguments}");
    }
}

// Bytes of the original, captured (reference of its behaviour, §12.1).
#[test]
fn connect_with_properties_is_the_originals_byte_for_byte() {
    check_connect(&[
        ("-V 5 -i x -c", "101600044d5154540500003c0811ffffffff210014000178"),
        ("-i x -x -1", "101600044d5154540502003c0811ffffffff210014000178"),
        ("-c -i x -x 0", "101100044d5154540500003c03210014000178"),
        (
            "-x 60 -D connect topic-alias-maximum 10 -D connect user-property k v",
            "101f00044d5154540502003c1222000a2600016b000176110000003c2100140000",
        ),
        (
            "--will-topic w/t --will-payload bye --will-qos 2 --will-retain \
             -D will will-delay-interval 5 -D will user-property a b -u joe -P pw -k 30 -i cid",
            "103300044d51545405f6001e0321001400036369640c180000000526000161000162\
             0003772f74000362796500036a6f6500027077",
        ),
    ]);
}

#[test]
fn other_spellings_and_values_change_connect_alike() {
    check_connect(&[
        ("-i x -x 4294967295", "101600044d5154540502003c0811ffffffff210014000178"),
        ("-i x -x ∞", "101600044d5154540502003c0811ffffffff210014000178"),
        ("-x 0x10", "101500044d5154540502003c0811000000102100140000"),
        ("-V 5 --will-topic w", "101600044d5154540506003c032100140000000001770000"),
        ("-D connect receive-maximum 7", "101000044d5154540502003c032100070000"),
        ("-D CONNECT Request-Problem-Information 0", "101200044d5154540502003c0517002100140000"),
    ]);
}

// As the original does.
#[test]
fn a_later_version_takes_the_session_expiry_back() {
    for arguments in ["-x 60 -V 311", "-V 5 -x 60 -V 311"] {
        let peer = ScriptedPeer::listen();
        let _running = start_at(&peer, &[&["-t", "t", "-n"], &words(arguments)[..]].concat());
        assert_eq!(hex(&peer.accept().read_packet()), "100c00044d5154540402003c0000");
    }
}

#[test]
fn a_will_of_mqtt_3_has_no_properties() {
    // Captured (§12.1).
    let arguments = "-t t -n -i cid -c -k 30 --will-topic w/t --will-qos 1 -u joe";
    let peer = ScriptedPeer::listen();
    let _running = start_at(&peer, &words(arguments));
    let bytes = "101b00044d515454048c001e00036369640003772f74000000036a6f65";
    assert_eq!(hex(&peer.accept().read_packet()), bytes);
}

#[test]
fn publish_has_its_properties_in_the_order_they_were_given() {
    let arguments = "-D publish user-property a b -D publish content-type text \
                     -D publish topic-alias 3 -D publish user-property a b \
                     -D publish payload-format-indicator 1 -D publish correlation-data -D \
                     -D publish response-topic r/t -D publish message-expiry-interval 60";
    let publish = &packets(&words(arguments))[1];
    let properties = [
        "26000161000162",
        "03000474657874",
        "230003",
        "26000161000162",
        "0101",
        "0900022d44",
        "080003722f74",
        "020000003c",
    ]
    .concat();
    let length = 4 + properties.len() / 2 + 1;
    let expected = format!("30{length:02x}000174{:02x}{properties}78", properties.len() / 2);
    assert_eq!(*publish, expected);
}

#[test]
fn disconnect_has_its_properties_whatever_they_are() {
    // Captured (§12.2) but for the texts.
    let arguments = "-D disconnect user-property a b -D disconnect reason-string ok";
    assert_eq!(packets(&words(arguments))[2], "e00e000c260001610001621f00026f6b");
    let arguments = "-x 5 -D disconnect session-expiry-interval 0";
    assert_eq!(packets(&words(arguments))[2], "e00700051100000000");
}

#[test]
fn properties_of_packets_that_are_not_sent_select_mqtt_5_and_nothing_else() {
    for arguments in [
        "-D subscribe subscription-identifier 5",
        "-D unsubscribe user-property k v",
        "-D will content-type text",
        // Not even twice, as the original has it.
        "-D will content-type text -D will content-type text",
    ] {
        let expected = ["101000044d5154540502003c032100140000", "30050001740078", "e000"];
        assert_eq!(packets(&words(arguments)), expected);
    }
}

#[test]
fn a_broker_that_wants_to_authenticate_us_is_left() {
    let peer = ScriptedPeer::listen();
    let arguments = "-t t -n -D connect authentication-method m -D connect authentication-data d";
    let running = start_at(&peer, &words(arguments));
    let mut client = peer.accept();
    let connect = hex(&client.read_packet());
    assert!(connect.contains("1500016d16000164"), "{connect}");
    client.send(&packet::frame(0xf0, &[&[0x18, 4, 0x15, 0, 1, b'm']]));
    client.close();
    running.wait().assert_code(11);
}

#[test]
fn a_real_broker_takes_every_property() {
    let broker = Mosquitto::builder().start();
    let port = broker.port().to_string();
    let receiver = publisher().sibling("mqtt-sub");
    let connection = ["-h", "127.0.0.1", "-p", &port];
    let arguments = "-t t -q 1 -C 1 -W 60 -d -F %p|%C|%R|%D|%F|%P \
                     -D connect request-response-information 1 \
                     -D connect maximum-packet-size 1000 -D subscribe subscription-identifier 9";
    let receiving = receiver.spawn([&connection[..], &words(arguments)].concat());
    receiving.wait_for_stderr("SUBACK");
    let arguments = "-t t -q 1 -m hi -x 60 -D publish content-type c -D publish user-property k v \
                     -D publish response-topic r -D publish correlation-data d \
                     -D publish payload-format-indicator 1 -D publish message-expiry-interval 60 \
                     -D connect topic-alias-maximum 5 -D disconnect reason-string bye \
                     -D disconnect session-expiry-interval 5 --will-topic w \
                     -D will will-delay-interval 1";
    publisher().run([&connection[..], &words(arguments)].concat()).assert_code(0);
    let output = receiving.wait();
    output.assert_code(0);
    assert_eq!(output.stdout(), "hi|c|r|d|1|k:v\n");
}
