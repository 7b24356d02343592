//! What is finished before a subscriber leaves (reference §5.3, §7.2).

use super::broker::{broker, message};
use super::case::{Expected, showing, subscriber};
use super::decode::Kind;

#[test]
fn a_handshake_of_qos_2_is_finished_before_leaving() {
    let one = broker().with(message("a", "x").exactly_once(7));
    let debug = Expected::Prints(&[
        "Client s sending CONNECT",
        "Client s received CONNACK (0)",
        "Client s sending SUBSCRIBE (Mid: 1, Topic: a, QoS: 2, Options: 0x00)",
        "Client s received SUBACK",
        "Subscribed (mid: 1): 2",
        "Client s received PUBLISH (d0, q2, r0, m7, 'a', ... (1 bytes))",
        "a x",
        "Client s sending PUBREC (m7, rc0)",
        "Client s received PUBREL (Mid: 7)",
        "Client s sending PUBCOMP (m7)",
        "Client s sending DISCONNECT",
    ]);
    let row = "docs/differences.md: `-d`: order of a received message and its acknowledgement";
    showing([
        "§7.1 QoS 2 acknowledgement",
        "docs/differences.md: sub: leaving while a message of QoS 2 waits for its PUBREL",
    ])
    .compare([
        subscriber("-t a -q 2 -C 1")
            .at(one.clone())
            .shows("docs/differences.md: sub: message of QoS 2"),
        subscriber("-i s -t a -d -v -q 2 -C 1")
            .at(one)
            .differs(debug, row)
            .shows("§5.2 PUBREC out")
            .shows("§5.2 PUBREL in")
            .shows("§5.2 PUBCOMP out"),
    ]);
}

#[test]
fn a_broker_that_does_not_close_is_not_waited_for() {
    let open = broker().on(Kind::Disconnect, []);
    showing(["§7.4 after DISCONNECT", "docs/differences.md: sub: after DISCONNECT"])
        .compare([subscriber("-t a -E").at(open)]);
}
