//! Messages of ours: window, acknowledgements, resending.

use super::*;

#[test]
fn qos_0_is_counted_and_forgotten() {
    let mut talk = Talk::begin();
    assert_eq!(talk.publish(Q0, "a"), "PUBLISH 1 a qos0");
    assert_eq!(talk.publish(Q1, "b"), "PUBLISH 2 b qos1");
    assert_eq!(talk.session.unacknowledged(), 1);
}

#[test]
fn qos_1_ends_with_puback() {
    let mut talk = Talk::begin();
    assert_eq!(talk.publish(Q1, "a"), "PUBLISH 1 a qos1");
    assert_eq!(talk.hear(puback(1)), Some(published(1, "a", 0)));
    assert_eq!(talk.session.unacknowledged(), 0);
    assert_eq!(talk.sent(), [""; 0]);
}

#[test]
fn qos_1_may_be_refused() {
    let mut talk = Talk::begin();
    talk.publish(Q1, "a");
    assert_eq!(talk.hear(Incoming::PubAck(ack(1, 0x87))), Some(published(1, "a", 0x87)));
    assert_eq!(talk.session.unacknowledged(), 0);
}

#[test]
fn qos_2_ends_with_pubcomp() {
    let mut talk = Talk::begin();
    assert_eq!(talk.publish(Q2, "a"), "PUBLISH 1 a qos2");
    assert_eq!(talk.hear(pubrec(1)), None);
    assert_eq!(talk.sent(), ["PUBREL 1"]);
    assert_eq!(talk.session.unacknowledged(), 1);
    assert_eq!(talk.hear(pubcomp(1)), Some(published(1, "a", 0)));
    assert_eq!(talk.session.unacknowledged(), 0);
}

#[test]
fn what_pubrec_says_of_a_message_that_is_taken_is_told_in_the_end() {
    let mut talk = Talk::begin();
    for (packet_id, of_pubcomp, told) in [(1, 0, 0x10), (2, 0x92, 0x92)] {
        talk.publish(Q2, "a");
        assert_eq!(talk.hear(Incoming::PubRec(ack(packet_id, 0x10))), None);
        let done = talk.hear(Incoming::PubComp(ack(packet_id, of_pubcomp)));
        assert_eq!(done, Some(published(packet_id, "a", told)));
    }
}

#[test]
fn a_second_pubrec_gets_a_second_pubrel() {
    let mut talk = Talk::begin();
    talk.publish(Q2, "a");
    talk.hear(pubrec(1));
    assert_eq!(talk.hear(pubrec(1)), None);
    assert_eq!(talk.sent(), ["PUBREL 1", "PUBREL 1"]);
}

#[test]
fn a_negative_pubrec_ends_the_exchange_and_frees_its_place() {
    let mut talk = Talk::begin_with(config(), [receive_maximum(1)]);
    talk.publish(Q2, "a");
    assert!(!talk.session.can_publish(Q2));
    assert_eq!(talk.hear(Incoming::PubRec(ack(1, 0x97))), Some(published(1, "a", 0x97)));
    assert_eq!(talk.sent(), [""; 0], "no PUBREL");
    assert_eq!(talk.publish(Q2, "b"), "PUBLISH 2 b qos2");
}

#[test]
fn a_pubcomp_that_finds_nothing_is_a_loss_unless_pubrel_was_sent_again() {
    let mut talk = Talk::begin();
    talk.publish(Q2, "a");
    talk.hear(pubrec(1));
    assert_eq!(talk.hear(Incoming::PubComp(ack(1, 0x92))), Some(published(1, "a", 0x92)));
    talk.publish(Q2, "b");
    talk.hear(pubrec(2));
    talk.again(Kept);
    assert_eq!(talk.sent(), ["PUBREL 2"]);
    assert_eq!(talk.hear(Incoming::PubComp(ack(2, 0x92))), Some(published(2, "b", 0)));
}

#[test]
fn acknowledgements_of_the_wrong_kind_are_errors() {
    let says = |packet| {
        format!("the broker broke the protocol: {packet} for packet identifier 1, which is not due")
    };
    let mut talk = Talk::begin();
    talk.publish(Q2, "a");
    talk.refuse(puback(1), &says("PUBACK"));
    talk.refuse(pubcomp(1), &says("PUBCOMP"));
    talk.hear(pubrec(1));
    talk.refuse(puback(1), &says("PUBACK"));

    let mut talk = Talk::begin();
    talk.publish(Q1, "a");
    talk.refuse(pubrec(1), &says("PUBREC"));
    talk.refuse(pubcomp(1), &says("PUBCOMP"));
    assert_eq!(talk.session.unacknowledged(), 1, "nothing counts as acknowledged");
}

#[test]
fn unknown_acknowledgements_are_let_pass() {
    let mut talk = Talk::begin();
    assert_eq!(talk.hear(puback(9)), None);
    assert_eq!(talk.hear(pubcomp(9)), None);
    assert_eq!(talk.sent(), [""; 0]);
}

#[test]
fn an_unknown_pubrec_is_answered_unless_it_refuses() {
    let mut talk = Talk::begin();
    assert_eq!(talk.hear(pubrec(9)), Some(Event::UnknownPubRec(id(9))));
    assert_eq!(talk.sent(), ["PUBREL 9"]);
    assert_eq!(talk.hear(Incoming::PubRec(ack(9, 0x91))), None);
    assert_eq!(talk.sent(), [""; 0], "§4.3.3: PUBREL follows a PUBREC below 0x80");
}

#[test]
fn the_window_is_the_smaller_of_ours_and_the_brokers() {
    for (ours, theirs, window) in [(2, None, 2), (2, Some(3), 2), (3, Some(2), 2), (5, Some(1), 1)]
    {
        let config = SessionConfig { max_inflight: ours, ..config() };
        let mut talk = Talk::connecting(config);
        match theirs {
            Some(theirs) => talk.connack(New, [receive_maximum(theirs)]),
            None => talk.connack(New, []),
        }
        for _ in 0..window {
            talk.publish(Q1, "a");
        }
        assert!(!talk.session.can_publish(Q1));
        assert!(!talk.session.can_publish(Q2));
        assert!(talk.session.can_publish(Q0), "QoS 0 needs no place");
        talk.hear(puback(1));
        assert!(talk.session.can_publish(Q2));
    }
}

#[test]
fn with_a_window_of_one_qos_2_goes_message_by_message() {
    let mut talk = Talk::begin_with(config(), [receive_maximum(1)]);
    talk.publish(Q2, "a");
    talk.hear(pubrec(1));
    assert!(!talk.session.can_publish(Q1), "PUBCOMP frees the place, not PUBREC");
    talk.hear(pubcomp(1));
    assert!(talk.session.can_publish(Q1));
}

#[test]
fn what_is_not_acknowledged_is_resent_in_order_with_dup() {
    let mut talk = Talk::begin();
    for (qos, payload) in [(Q1, "a"), (Q2, "b"), (Q0, "c"), (Q2, "d"), (Q1, "e")] {
        talk.publish(qos, payload);
    }
    talk.hear(pubrec(2));
    talk.hear(puback(1));
    talk.again(Kept);
    assert_eq!(talk.sent(), ["PUBREL 2", "PUBLISH 4 d qos2 dup", "PUBLISH 5 e qos1 dup"]);
    assert_eq!(talk.session.unacknowledged(), 3);
    talk.hear(pubcomp(2));
    talk.again(Kept);
    assert_eq!(talk.sent(), ["PUBLISH 4 d qos2 dup", "PUBLISH 5 e qos1 dup"], "and once more");
}

#[test]
fn without_a_session_messages_are_resent_whole() {
    let mut talk = Talk::begin();
    talk.publish(Q2, "a");
    talk.publish(Q1, "b");
    talk.hear(pubrec(1));
    talk.sent();
    talk.again(New);
    assert_eq!(talk.sent(), ["PUBLISH 1 a qos2 dup", "PUBLISH 2 b qos1 dup"]);
    assert_eq!(talk.session.unacknowledged(), 2);
    assert_eq!(talk.hear(pubrec(1)), None);
    assert_eq!(talk.sent(), ["PUBREL 1"]);
    assert_eq!(talk.hear(pubcomp(1)), Some(published(1, "a", 0)));
}

#[test]
fn a_resend_keeps_to_the_receive_maximum_of_the_new_connection() {
    let mut talk = Talk::begin();
    for (qos, payload) in [(Q1, "a"), (Q2, "b"), (Q1, "c"), (Q2, "d")] {
        talk.publish(qos, payload);
    }
    talk.session.disconnected();
    talk.session.connecting();
    talk.connack(Kept, [receive_maximum(2)]);
    assert_eq!(talk.sent(), ["PUBLISH 1 a qos1 dup", "PUBLISH 2 b qos2 dup"]);
    assert!(!talk.session.can_publish(Q1));
    assert_eq!(talk.hear(puback(1)), Some(published(1, "a", 0)));
    assert_eq!(talk.sent(), ["PUBLISH 3 c qos1 dup"]);
    talk.hear(pubrec(2));
    assert_eq!(talk.sent(), ["PUBREL 2"], "its place is still taken");
    talk.hear(pubcomp(2));
    assert_eq!(talk.sent(), ["PUBLISH 4 d qos2 dup"]);
    talk.hear(puback(3));
    assert_eq!(talk.publish(Q1, "e"), "PUBLISH 5 e qos1");
}

#[test]
fn a_pubrel_is_resent_whatever_the_window() {
    let mut talk = Talk::begin();
    for payload in ["a", "b", "c"] {
        talk.publish(Q2, payload);
    }
    talk.hear(pubrec(1));
    talk.hear(pubrec(3));
    talk.session.disconnected();
    talk.session.connecting();
    talk.connack(Kept, [receive_maximum(1)]);
    assert_eq!(talk.sent(), ["PUBREL 1", "PUBREL 3"]);
    talk.hear(pubcomp(1));
    assert_eq!(talk.sent(), [""; 0]);
    talk.hear(pubcomp(3));
    assert_eq!(talk.sent(), ["PUBLISH 2 b qos2 dup"]);
}

#[test]
fn new_messages_do_not_overtake_those_that_are_resent() {
    let mut talk = Talk::begin();
    talk.publish(Q1, "a");
    talk.again(Kept);
    assert!(!talk.session.can_publish(Q1), "a is not on its way yet");
    assert!(!talk.session.can_publish(Q0));
    assert_eq!(talk.sent(), ["PUBLISH 1 a qos1 dup"]);
    assert_eq!(talk.publish(Q1, "b"), "PUBLISH 2 b qos1");
}

#[test]
fn a_connection_lost_during_the_resend_loses_nothing() {
    let mut talk = Talk::begin();
    for payload in ["a", "b", "c"] {
        talk.publish(Q1, payload);
    }
    talk.session.disconnected();
    talk.session.connecting();
    talk.connack(Kept, [receive_maximum(1)]);
    assert_eq!(talk.sent(), ["PUBLISH 1 a qos1 dup"]);
    talk.again(Kept);
    assert_eq!(
        talk.sent(),
        ["PUBLISH 1 a qos1 dup", "PUBLISH 2 b qos1 dup", "PUBLISH 3 c qos1 dup"]
    );
}

#[test]
fn what_is_acknowledged_while_it_waits_is_not_resent() {
    let mut talk = Talk::begin();
    for (qos, payload) in [(Q1, "a"), (Q1, "b"), (Q2, "c"), (Q1, "d")] {
        talk.publish(qos, payload);
    }
    talk.session.disconnected();
    talk.session.connecting();
    talk.connack(Kept, [receive_maximum(1)]);
    assert_eq!(talk.sent(), ["PUBLISH 1 a qos1 dup"]);
    assert_eq!(talk.hear(puback(2)), Some(published(2, "b", 0)));
    assert_eq!(talk.hear(pubrec(3)), None);
    assert_eq!(talk.hear(puback(1)), Some(published(1, "a", 0)));
    assert_eq!(talk.sent(), ["PUBREL 3"], "which takes the only place");
    assert_eq!(talk.hear(pubcomp(3)), Some(published(3, "c", 0)));
    assert_eq!(talk.sent(), ["PUBLISH 4 d qos1 dup"]);
}

#[test]
fn nothing_is_resent_after_disconnect() {
    let mut talk = Talk::begin();
    talk.publish(Q1, "a");
    talk.publish(Q1, "b");
    talk.session.disconnected();
    talk.session.connecting();
    talk.connack(Kept, [receive_maximum(1)]);
    talk.session.disconnect(Disconnect::new(ReasonCode::SUCCESS));
    assert_eq!(talk.sent(), ["PUBLISH 1 a qos1 dup", "DISCONNECT 0"]);
    assert_eq!(talk.hear(puback(1)), Some(published(1, "a", 0)));
    assert_eq!(talk.sent(), [""; 0]);
    assert_eq!(talk.session.unacknowledged(), 1, "b is still to be reported as missing");
}

#[test]
fn packet_identifiers_go_on_after_a_reconnect() {
    let mut talk = Talk::begin();
    talk.publish(Q1, "a");
    talk.hear(puback(1));
    talk.session.subscribe(vec![filter("t")], Properties::new()).unwrap();
    assert_eq!(talk.sent(), ["SUBSCRIBE 2"]);
    talk.again(New);
    talk.session.subscribe(vec![filter("t")], Properties::new()).unwrap();
    assert_eq!(talk.sent(), ["SUBSCRIBE 3"]);
    assert_eq!(talk.publish(Q1, "b"), "PUBLISH 4 b qos1");
}

#[test]
fn an_identifier_in_use_is_passed_over() {
    let mut talk = Talk::begin();
    talk.publish(Q1, "first");
    for _ in 0..65_534 {
        talk.publish(Q0, "x");
    }
    assert_eq!(talk.publish(Q1, "second"), "PUBLISH 2 second qos1");
}

#[test]
fn all_identifiers_may_be_in_use() {
    let mut talk = Talk::begin_with(SessionConfig { max_inflight: u16::MAX, ..config() }, []);
    for _ in 0..65_535 {
        talk.publish(Q1, "x");
    }
    assert!(!talk.session.can_publish(Q1));
    assert_eq!(talk.session.publish(message(Q1, "y"), 1), Err(LimitError::NoPacketId));
    talk.hear(puback(777));
    assert_eq!(talk.publish(Q1, "y"), "PUBLISH 777 y qos1");
}

#[test]
fn a_qos_above_the_brokers_maximum_is_refused_here() {
    let at_most = |qos| {
        let maximum = byte(PropertyId::MaximumQos, qos);
        Talk::begin_with(config(), [maximum])
    };
    let mut talk = at_most(1);
    talk.publish(Q1, "a");
    let error = talk.session.publish(message(Q2, "b"), 1).unwrap_err();
    assert_eq!(error, LimitError::QosNotSupported(Q2));
    assert_eq!(error.to_string(), "the broker does not support QoS 2, try a lower one");
    assert_eq!(talk.session.unacknowledged(), 1);
    let mut talk = at_most(0);
    talk.publish(Q0, "a");
    let error = talk.session.publish(message(Q1, "b"), 1).unwrap_err();
    assert_eq!(error, LimitError::QosNotSupported(Q1));
}

#[test]
fn the_retain_flag_is_dropped_where_the_broker_retains_nothing() {
    let retained = || Message { retain: true, ..message(Q1, "a") };
    let mut talk = Talk::begin();
    let (publish, number) = talk.session.publish(retained(), 1).unwrap();
    assert_eq!(line(&Send::Publish(publish, number)), "PUBLISH 1 a qos1 retain");
    talk.session.disconnected();
    talk.session.connecting();
    talk.connack(Kept, [byte(PropertyId::RetainAvailable, 0)]);
    assert_eq!(talk.sent(), ["PUBLISH 1 a qos1 dup"], "when it is resent, too");
    let (publish, number) = talk.session.publish(retained(), 1).unwrap();
    assert_eq!(line(&Send::Publish(publish, number)), "PUBLISH 2 a qos1");
}

/// A message with topic alias 2.
fn aliased(qos: Qos, topic: &str) -> Message<&'static str> {
    let alias = Property { id: PropertyId::TopicAlias, value: Value::TwoByte(2) };
    let properties = Properties::checked(Carrier::Publish, vec![alias]).unwrap();
    Message { topic: TopicName::new(topic).unwrap(), properties, ..message(qos, "x") }
}

/// Topic and alias as they go out.
fn on_the_wire<'a>(publish: &'a Publish<&'static str>) -> (Option<&'a str>, Option<u32>) {
    let topic = publish.topic.as_ref().map(TopicName::as_str);
    (topic, publish.properties.number(PropertyId::TopicAlias))
}

fn aliases_up_to(maximum: u16) -> Property {
    Property { id: PropertyId::TopicAliasMaximum, value: Value::TwoByte(maximum) }
}

#[test]
fn a_topic_goes_out_once_with_its_alias_and_then_the_alias_alone() {
    let mut talk = Talk::begin_with(config(), [aliases_up_to(2)]);
    let (first, _) = talk.session.publish(aliased(Q0, "a"), 1).unwrap();
    let (second, _) = talk.session.publish(aliased(Q1, "a"), 1).unwrap();
    let (other, _) = talk.session.publish(aliased(Q0, "b"), 1).unwrap();
    assert_eq!(on_the_wire(&first), (Some("a"), Some(2)));
    assert_eq!(on_the_wire(&second), (None, Some(2)));
    assert_eq!(on_the_wire(&other), (Some("b"), Some(2)), "the alias changes its meaning");
}

#[test]
fn a_resend_carries_the_topic_because_aliases_end_with_their_connection() {
    let mut talk = Talk::begin_with(config(), [aliases_up_to(2)]);
    talk.session.publish(aliased(Q1, "a"), 1).unwrap();
    talk.session.publish(aliased(Q1, "a"), 1).unwrap();
    talk.session.disconnected();
    talk.session.connecting();
    talk.connack(Kept, [aliases_up_to(2)]);
    let resent: Vec<_> = std::iter::from_fn(|| talk.session.poll_send()).collect();
    let [Send::Publish(first, _), Send::Publish(second, _)] = &resent[..] else {
        panic!("{resent:?}");
    };
    assert_eq!(on_the_wire(first), (Some("a"), Some(2)));
    assert_eq!(on_the_wire(second), (None, Some(2)));
}

#[test]
fn an_alias_that_the_broker_does_not_take_is_left_out() {
    for limits in [vec![], vec![aliases_up_to(1)]] {
        let mut talk = Talk::connecting(config());
        let mut connack = connack(New, []);
        if let Incoming::ConnAck(connack) = &mut connack {
            connack.properties = Properties::checked(Carrier::ConnAck, limits).unwrap();
        }
        talk.hear(connack);
        for _ in 0..2 {
            let (publish, _) = talk.session.publish(aliased(Q1, "a"), 1).unwrap();
            assert_eq!(on_the_wire(&publish), (Some("a"), None));
        }
    }
}
