//! The connection itself: CONNACK, requests and their answers, keep-alive, the end.

use super::*;
use crate::protocol::Auth;

fn refusal(code: u8) -> Incoming {
    let reason = Property { id: PropertyId::ReasonString, value: Value::Text(text("go \"away\"")) };
    let properties = properties(Carrier::ConnAck, [reason]);
    Incoming::ConnAck(ConnAck { session_present: false, code, properties })
}

fn auth() -> Incoming {
    Incoming::Auth(Auth { reason: ReasonCode(0x18), properties: Properties::new() })
}

fn disconnect(reason: u8) -> Incoming {
    Incoming::Disconnect(Disconnect::new(ReasonCode(reason)))
}

#[test]
fn nothing_may_be_published_before_connack() {
    let mut talk = Talk::connecting(config());
    assert!(!talk.session.can_publish(Q0));
    talk.connack(New, []);
    assert!(talk.session.can_publish(Q0));
}

#[test]
fn a_refusal_is_named_as_its_version_names_it() {
    let mut talk = Talk::connecting(config());
    talk.refuse(
        refusal(0x87),
        "the broker refused the connection: Not authorized (\"go \\\"away\\\"\") (code 135)",
    );
    let mut talk = Talk::connecting(SessionConfig { version: ProtocolVersion::V311, ..config() });
    let connack = ConnAck { session_present: false, code: 5, properties: Properties::new() };
    talk.refuse(
        Incoming::ConnAck(connack),
        "the broker refused the connection: not authorised (code 5)",
    );
    assert!(!talk.session.can_publish(Q0));
}

#[test]
fn a_refusal_without_a_name_is_one_all_the_same() {
    let mut talk = Talk::connecting(config());
    assert!(talk.try_hear(refusal(0xf3)).unwrap_err().to_string().contains("Unknown reason"));
    assert!(talk.try_hear(refusal(1)).is_err(), "below 0x80, but not success");
}

#[test]
fn a_session_after_a_clean_start_is_an_error() {
    let mut talk = Talk::connecting(SessionConfig { clean_start: true, ..config() });
    talk.refuse(
        connack(Kept, []),
        "the broker broke the protocol: a session is present after a clean start",
    );
}

#[test]
fn a_second_connack_is_an_error() {
    let mut talk = Talk::begin();
    talk.refuse(connack(New, []), "the broker broke the protocol: a second CONNACK came");
    talk.session.disconnect(Disconnect::new(ReasonCode::SUCCESS));
    talk.refuse(connack(New, []), "the broker broke the protocol: a second CONNACK came");
}

#[test]
fn nothing_may_come_before_connack() {
    for packet in [
        publish(Q0, 0, "a"),
        puback(1),
        pubrec(1),
        pubrel(1),
        pubcomp(1),
        suback(1, [0]),
        unsuback(1),
        Incoming::PingResp,
    ] {
        let mut talk = Talk::connecting(config());
        talk.refuse(packet, "the broker broke the protocol: no CONNACK came first");
        assert_eq!(talk.sent(), [""; 0]);
    }
}

#[test]
fn the_assigned_client_identifier_replaces_an_empty_one() {
    let assigned =
        Property { id: PropertyId::AssignedClientIdentifier, value: Value::Text(text("auto-1")) };
    let config = SessionConfig { client_id: text(""), ..config() };
    let mut talk = Talk::begin_with(config, [assigned]);
    assert_eq!(talk.session.client_id(), &text("auto-1"));
    talk.again(Kept);
    assert_eq!(talk.session.client_id(), &text("auto-1"), "it is what we connect with again");
}

#[test]
fn a_message_above_the_brokers_maximum_packet_size_is_refused_and_leaves_nothing_behind() {
    let size = Property { id: PropertyId::MaximumPacketSize, value: Value::FourByte(100) };
    let mut talk = Talk::begin_with(config(), [size]);
    // Fixed header 2, topic 3, packet identifier 2, no properties 1.
    let fits = 100 - 8;
    let error = talk.session.publish(message(Q1, "x"), fits + 1).unwrap_err();
    assert_eq!(error, LimitError::TooLarge { packet: "PUBLISH", length: 101, limit: 100 });
    assert_eq!(talk.session.unacknowledged(), 0);
    let (_, number) = talk.session.publish(message(Q1, "x"), fits).unwrap();
    assert_eq!(number, 1, "no packet identifier was taken");
}

#[test]
fn a_request_above_the_brokers_maximum_packet_size_is_refused_and_leaves_nothing_behind() {
    let size = Property { id: PropertyId::MaximumPacketSize, value: Value::FourByte(20) };
    let mut talk = Talk::begin_with(config(), [size]);
    // Fixed header 2, packet identifier 2, no properties 1, length of the filter 2, options 1.
    let too_long = "x".repeat(20 - 8 + 1);
    let error = talk.session.subscribe(vec![filter(&too_long)], Properties::new()).unwrap_err();
    assert_eq!(error, LimitError::TooLarge { packet: "SUBSCRIBE", length: 21, limit: 20 });
    let too_long = TopicFilter::new(format!("{too_long}x")).unwrap();
    let error = talk.session.unsubscribe(too_long, Properties::new()).unwrap_err();
    assert_eq!(error, LimitError::TooLarge { packet: "UNSUBSCRIBE", length: 21, limit: 20 });
    talk.session.subscribe(vec![filter(&"x".repeat(20 - 8))], Properties::new()).unwrap();
    assert_eq!(talk.sent(), ["SUBSCRIBE 3"], "and nothing else");
}

#[test]
fn a_disconnect_above_the_brokers_maximum_packet_size_goes_without_its_properties() {
    let size = Property { id: PropertyId::MaximumPacketSize, value: Value::FourByte(20) };
    for (length, properties) in [(20, 1), (21, 0)] {
        let mut talk = Talk::begin_with(config(), [size.clone()]);
        // Fixed header 2, reason 1, length of the properties 1, identifier 1, length 2.
        let id = PropertyId::ReasonString;
        let value = Value::Text(text(&"x".repeat(length - 7)));
        let explained = vec![Property { id, value }];
        let properties_given = Properties::checked(Carrier::Disconnect, explained).unwrap();
        let disconnect =
            Disconnect { properties: properties_given, ..Disconnect::new(ReasonCode::SUCCESS) };
        talk.session.disconnect(disconnect);
        match talk.session.poll_send() {
            Some(Send::Packet(Outgoing::Disconnect(sent))) => {
                assert_eq!(sent.properties.iter().count(), properties, "{length} bytes");
            }
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn suback_and_unsuback_answer_their_requests_once() {
    let mut talk = Talk::begin();
    talk.session.subscribe(vec![filter("a"), filter("b")], Properties::new()).unwrap();
    talk.session.unsubscribe(TopicFilter::new("c").unwrap(), Properties::new()).unwrap();
    assert_eq!(talk.sent(), ["SUBSCRIBE 1", "UNSUBSCRIBE 2"]);
    assert!(matches!(talk.hear(unsuback(2)), Some(Event::Unsubscribed(..))));
    assert!(matches!(talk.hear(suback(1, [0, 0x87])), Some(Event::Subscribed(_))));
    talk.refuse(
        suback(1, [0, 0]),
        "the broker broke the protocol: SUBACK for packet identifier 1, which is not due",
    );
}

#[test]
fn answers_to_nothing_and_of_the_wrong_kind_are_errors() {
    let mut talk = Talk::begin();
    let says = |packet, number| {
        format!(
            "the broker broke the protocol: {packet} for packet identifier {number}, \
             which is not due"
        )
    };
    talk.session.subscribe(vec![filter("a")], Properties::new()).unwrap();
    talk.session.unsubscribe(TopicFilter::new("c").unwrap(), Properties::new()).unwrap();
    talk.refuse(suback(9, [0]), &says("SUBACK", 9));
    talk.refuse(unsuback(9), &says("UNSUBACK", 9));
    talk.refuse(suback(2, [0]), &says("SUBACK", 2));
    talk.refuse(unsuback(1), &says("UNSUBACK", 1));
}

#[test]
fn suback_must_answer_every_filter() {
    let says = "the broker broke the protocol: a SUBACK has not one code for each filter";
    let mut talk = Talk::begin();
    talk.session.subscribe(vec![filter("a"), filter("b")], Properties::new()).unwrap();
    talk.refuse(suback(1, [0]), says);
    talk.refuse(suback(1, [0, 0, 0]), says);
}

#[test]
fn requests_of_a_lost_connection_are_no_longer_due() {
    let mut talk = Talk::begin();
    talk.session.subscribe(vec![filter("a")], Properties::new()).unwrap();
    talk.again(Kept);
    assert_eq!(talk.sent(), [""; 0]);
    assert!(talk.try_hear(suback(1, [0])).is_err());
}

#[test]
fn disconnect_from_the_broker_is_named() {
    let mut talk = Talk::begin();
    talk.refuse(
        disconnect(0x8e),
        "the broker ended the connection: Session taken over (reason code 142)",
    );
    let mut talk = Talk::connecting(config());
    talk.refuse(
        disconnect(0x9f),
        "the broker ended the connection: Connection rate exceeded (reason code 159)",
    );
    assert_eq!(talk.try_hear(disconnect(0)).unwrap_err().reason(), None, "it knows");
}

#[test]
fn disconnect_crossing_ours_is_let_pass() {
    let mut talk = Talk::begin();
    talk.session.disconnect(Disconnect::new(ReasonCode::SUCCESS));
    assert_eq!(talk.hear(disconnect(0x8b)), None);
}

#[test]
fn a_disconnect_that_blames_us_counts_even_after_ours() {
    let mut talk = Talk::begin();
    talk.session.disconnect(Disconnect::new(ReasonCode::SUCCESS));
    assert!(talk.try_hear(disconnect(0x87)).is_err());
}

#[test]
fn acknowledgements_crossing_our_disconnect_still_count() {
    let mut talk = Talk::begin();
    talk.publish(Q1, "a");
    talk.publish(Q2, "b");
    talk.session.disconnect(Disconnect::new(ReasonCode::SUCCESS));
    assert_eq!(talk.hear(puback(1)), Some(published(1, "a", 0)));
    assert_eq!(talk.hear(pubrec(2)), None);
    assert_eq!(talk.sent(), ["DISCONNECT 0"], "nothing follows DISCONNECT");
    assert_eq!(talk.session.unacknowledged(), 1);
}

#[test]
fn a_second_disconnect_is_not_sent() {
    let mut talk = Talk::begin();
    talk.session.disconnect(Disconnect::new(ReasonCode::SUCCESS));
    talk.session.disconnect(Disconnect::new(ReasonCode::PROTOCOL_ERROR));
    assert_eq!(talk.sent(), ["DISCONNECT 0"]);
}

#[test]
fn an_authentication_exchange_is_an_error_that_says_so() {
    let says = "the broker asks for an authentication exchange (AUTH), which is not supported";
    let mut talk = Talk::connecting(config());
    talk.refuse(auth(), says);
    let mut talk = Talk::begin();
    talk.refuse(auth(), says);
    assert_eq!(talk.try_hear(auth()).unwrap_err().reason(), Some(ReasonCode::PROTOCOL_ERROR));
}

#[test]
fn pings_keep_the_connection_alive() {
    let minute = Duration::from_mins(1);
    let mut talk = Talk::begin();
    assert_eq!(talk.session.deadline(), Some(talk.start + minute));
    assert_eq!(talk.session.handle_deadline(talk.start + minute), Ok(()));
    assert_eq!(talk.sent(), ["PINGREQ"]);
    assert_eq!(talk.session.deadline(), Some(talk.start + 2 * minute));
    talk.hear(Incoming::PingResp);
    talk.session.received(talk.start + minute);
    assert_eq!(talk.session.handle_deadline(talk.start + 2 * minute), Ok(()));
    assert_eq!(talk.sent(), ["PINGREQ"]);
    let error = talk.session.handle_deadline(talk.start + 3 * minute).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the broker stopped answering: nothing came for 60 s after a ping"
    );
}

#[test]
fn a_deadline_that_comes_too_early_does_nothing() {
    let mut talk = Talk::begin();
    assert_eq!(talk.session.handle_deadline(talk.start + Duration::from_secs(59)), Ok(()));
    assert_eq!(talk.sent(), [""; 0]);
}

#[test]
fn the_brokers_keep_alive_replaces_ours() {
    let server = |seconds| {
        let value = Value::TwoByte(seconds);
        Talk::begin_with(config(), [Property { id: PropertyId::ServerKeepAlive, value }])
    };
    let talk = server(2);
    assert_eq!(talk.session.deadline(), Some(talk.start + Duration::from_secs(2)));
    assert_eq!(server(0).session.deadline(), None, "0 is off");
}

#[test]
fn the_brokers_keep_alive_ends_with_its_connection() {
    let value = Value::TwoByte(2);
    let mut talk =
        Talk::begin_with(config(), [Property { id: PropertyId::ServerKeepAlive, value }]);
    talk.again(Kept);
    assert_eq!(talk.session.deadline(), Some(talk.start + Duration::from_mins(1)));
}

#[test]
fn no_ping_is_due_before_connack() {
    let talk = Talk::connecting(config());
    assert_eq!(talk.session.deadline(), None);
}

#[test]
fn no_ping_follows_disconnect() {
    let mut talk = Talk::begin();
    talk.session.disconnect(Disconnect::new(ReasonCode::SUCCESS));
    talk.session.handle_deadline(talk.start + Duration::from_mins(1)).unwrap();
    assert_eq!(talk.sent(), ["DISCONNECT 0"]);
}

#[test]
fn only_the_answer_to_a_ping_of_the_tool_is_told() {
    let minute = Duration::from_mins(1);
    let mut talk = Talk::begin();
    talk.session.handle_deadline(talk.start + minute).unwrap();
    assert_eq!(talk.hear(Incoming::PingResp), None, "the keep-alive's own");
    talk.session.received(talk.start + minute);
    talk.session.handle_deadline(talk.start + 2 * minute).unwrap();
    talk.session.ping();
    assert_eq!(talk.sent(), ["PINGREQ"; 3]);
    assert_eq!(talk.hear(Incoming::PingResp), None, "the one before it");
    assert_eq!(talk.hear(Incoming::PingResp), Some(Event::Pong));
    assert_eq!(talk.hear(Incoming::PingResp), None, "nobody asked");
}

#[test]
fn a_ping_behind_the_tools_own_does_not_delay_its_answer() {
    let mut talk = Talk::begin();
    talk.session.ping();
    talk.session.handle_deadline(talk.start + Duration::from_mins(1)).unwrap();
    assert_eq!(talk.sent(), ["PINGREQ"; 2]);
    assert_eq!(talk.hear(Incoming::PingResp), Some(Event::Pong));
    assert_eq!(talk.hear(Incoming::PingResp), None);
}

#[test]
fn the_answer_to_a_ping_is_not_awaited_on_another_connection() {
    let mut talk = Talk::begin();
    talk.session.ping();
    talk.again(Kept);
    assert_eq!(talk.hear(Incoming::PingResp), None);
}
