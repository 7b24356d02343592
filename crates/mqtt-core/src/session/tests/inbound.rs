//! Messages from the broker: acknowledgements, duplicates, topic aliases.

use super::*;

#[test]
fn qos_0_has_no_receipt() {
    let mut talk = Talk::begin();
    let event = talk.hear(publish(Q0, 0, "a"));
    assert_eq!(event, Some(Event::Message(received(Q0, 0, "a"), None)));
}

#[test]
fn qos_1_is_acknowledged_when_it_is_safe_and_not_before() {
    let mut talk = Talk::begin();
    let receipt = talk.hear_message(publish(Q1, 7, "a")).unwrap();
    assert_eq!(talk.sent(), [""; 0]);
    talk.session.acknowledge(receipt);
    assert_eq!(talk.sent(), ["PUBACK 7"]);
}

#[test]
fn qos_2_is_acknowledged_when_it_is_safe_and_not_before() {
    let mut talk = Talk::begin();
    let receipt = talk.hear_message(publish(Q2, 7, "a")).unwrap();
    assert_eq!(talk.sent(), [""; 0]);
    talk.session.acknowledge(receipt);
    assert_eq!(talk.sent(), ["PUBREC 7"]);
    assert_eq!(talk.hear(pubrel(7)), None);
    assert_eq!(talk.sent(), ["PUBCOMP 7"]);
}

#[test]
fn a_receipt_is_good_for_one_acknowledgement() {
    let mut talk = Talk::begin();
    let receipt = talk.hear_message(publish(Q2, 7, "a")).unwrap();
    talk.session.acknowledge(receipt);
    talk.session.acknowledge(receipt);
    assert_eq!(talk.sent(), ["PUBREC 7"]);
}

#[test]
fn a_message_that_is_given_up_is_not_acknowledged_and_is_new_when_it_comes_again() {
    for qos in [Q1, Q2] {
        let mut talk = Talk::begin();
        let receipt = talk.hear_message(publish(qos, 7, "a")).unwrap();
        assert!(talk.session.owes_acknowledgement());
        talk.session.forgo(receipt);
        assert!(!talk.session.owes_acknowledgement());
        assert_eq!(talk.sent(), [""; 0]);
        talk.again(Kept);
        let second = talk.hear_message(duplicate(qos, 7, "a")).unwrap();
        // The old receipt is none of its.
        talk.session.forgo(receipt);
        assert!(talk.session.owes_acknowledgement());
        talk.session.acknowledge(second);
        assert_eq!(talk.sent(), [if qos == Q1 { "PUBACK 7" } else { "PUBREC 7" }]);
    }
}

#[test]
fn a_duplicate_of_qos_1_is_a_message_again() {
    let mut talk = Talk::begin();
    let first = talk.hear_message(publish(Q1, 7, "a")).unwrap();
    talk.again(Kept);
    let second = talk.hear_message(duplicate(Q1, 7, "a")).unwrap();
    talk.session.acknowledge(first);
    assert_eq!(talk.sent(), [""; 0], "the first came on another connection");
    talk.session.acknowledge(second);
    assert_eq!(talk.sent(), ["PUBACK 7"]);
}

#[test]
fn a_duplicate_of_qos_2_is_no_message() {
    let mut talk = Talk::begin();
    let receipt = talk.hear_message(publish(Q2, 7, "a")).unwrap();
    assert_eq!(talk.hear(duplicate(Q2, 7, "a")), None);
    assert_eq!(talk.sent(), [""; 0], "not safe yet");
    talk.session.acknowledge(receipt);
    assert_eq!(talk.sent(), ["PUBREC 7"]);
    assert_eq!(talk.hear(duplicate(Q2, 7, "a")), None);
    assert_eq!(talk.sent(), ["PUBREC 7"], "safe since before");
}

#[test]
fn a_duplicate_of_qos_2_is_recognised_on_a_new_connection_to_the_same_session() {
    let mut talk = Talk::begin();
    let receipt = talk.hear_message(publish(Q2, 7, "a")).unwrap();
    talk.session.acknowledge(receipt);
    talk.again(Kept);
    assert_eq!(talk.sent(), [""; 0]);
    assert_eq!(talk.hear(duplicate(Q2, 7, "a")), None);
    assert_eq!(talk.sent(), ["PUBREC 7"]);
    assert_eq!(talk.hear(pubrel(7)), None);
    assert_eq!(talk.sent(), ["PUBCOMP 7"]);
}

#[test]
fn a_message_that_is_not_marked_as_sent_again_is_another_one_on_a_new_connection() {
    let mut talk = Talk::begin();
    let stale = talk.hear_message(publish(Q2, 7, "a")).unwrap();
    talk.session.acknowledge(stale);
    assert_eq!(talk.sent(), ["PUBREC 7"]);
    talk.again(Kept);
    let receipt = talk.hear_message(publish(Q2, 7, "b")).unwrap();
    talk.session.acknowledge(stale);
    assert_eq!(talk.sent(), [""; 0], "a is safe, b is not");
    talk.session.acknowledge(receipt);
    assert_eq!(talk.sent(), ["PUBREC 7"]);
    assert_eq!(talk.hear(publish(Q2, 7, "b")), None, "not marked, but on the same connection");
    assert_eq!(talk.sent(), ["PUBREC 7"]);
}

#[test]
fn a_receipt_of_qos_2_outlives_the_connection_of_a_kept_session() {
    let mut talk = Talk::begin();
    let receipt = talk.hear_message(publish(Q2, 7, "a")).unwrap();
    talk.session.disconnected();
    talk.session.connecting();
    talk.session.acknowledge(receipt);
    talk.connack(Kept, []);
    assert_eq!(talk.sent(), [""; 0], "the broker asks by sending it again");
    assert_eq!(talk.hear(duplicate(Q2, 7, "a")), None);
    assert_eq!(talk.sent(), ["PUBREC 7"]);

    let receipt = talk.hear_message(publish(Q2, 8, "b")).unwrap();
    talk.again(Kept);
    assert_eq!(talk.hear(duplicate(Q2, 8, "b")), None);
    talk.session.acknowledge(receipt);
    assert_eq!(talk.sent(), ["PUBREC 8"]);
}

#[test]
fn a_new_session_knows_no_duplicates() {
    let mut talk = Talk::begin();
    let receipt = talk.hear_message(publish(Q2, 7, "a")).unwrap();
    talk.session.acknowledge(receipt);
    talk.again(New);
    talk.hear_message(publish(Q2, 7, "another"));
}

#[test]
fn a_receipt_of_a_forgotten_session_acknowledges_nothing_else() {
    let mut talk = Talk::begin();
    let stale = talk.hear_message(publish(Q2, 7, "a")).unwrap();
    talk.again(New);
    let receipt = talk.hear_message(publish(Q2, 7, "b")).unwrap();
    talk.session.acknowledge(stale);
    assert_eq!(talk.sent(), [""; 0], "a is safe, b is not");
    talk.session.acknowledge(receipt);
    assert_eq!(talk.sent(), ["PUBREC 7"]);
}

#[test]
fn a_receipt_of_a_released_message_acknowledges_nothing_else() {
    let mut talk = Talk::begin();
    let stale = talk.hear_message(publish(Q2, 7, "a")).unwrap();
    talk.hear(pubrel(7));
    assert_eq!(talk.sent(), ["PUBCOMP 7"]);
    let receipt = talk.hear_message(publish(Q2, 7, "b")).unwrap();
    talk.session.acknowledge(stale);
    assert_eq!(talk.sent(), [""; 0]);
    talk.session.acknowledge(receipt);
    assert_eq!(talk.sent(), ["PUBREC 7"]);
}

#[test]
fn after_pubrel_the_identifier_is_free_for_another_message() {
    let mut talk = Talk::begin();
    let receipt = talk.hear_message(publish(Q2, 7, "a")).unwrap();
    talk.session.acknowledge(receipt);
    talk.hear(pubrel(7));
    talk.hear_message(publish(Q2, 7, "b"));
}

#[test]
fn pubrel_for_an_unknown_identifier_is_answered() {
    let mut talk = Talk::begin();
    assert_eq!(talk.hear(pubrel(9)), None);
    assert_eq!(talk.sent(), ["PUBCOMP 9"]);
}

#[test]
fn after_disconnect_no_message_is_taken_and_none_acknowledged() {
    let mut talk = Talk::begin();
    let receipt = talk.hear_message(publish(Q1, 7, "a")).unwrap();
    talk.session.disconnect(Disconnect::new(ReasonCode::DISCONNECT_WITH_WILL));
    talk.session.acknowledge(receipt);
    assert_eq!(talk.hear(publish(Q1, 8, "b")), None);
    assert_eq!(talk.hear(pubrel(9)), None);
    assert_eq!(talk.sent(), ["DISCONNECT 4"]);
}

/// A message with a topic, or without, and an alias.
fn aliased(topic: Option<&'static str>, alias: u16) -> Incoming {
    let alias = Property { id: PropertyId::TopicAlias, value: Value::TwoByte(alias) };
    Incoming::Publish(Publish {
        topic: topic.map(|topic| TopicName::new(topic).unwrap()),
        properties: properties(Carrier::Publish, [alias]),
        ..incoming(Q0, 0, "x")
    })
}

#[track_caller]
fn topic_of(talk: &mut Talk, packet: Incoming) -> String {
    match talk.hear(packet) {
        Some(Event::Message(publish, _)) => publish.topic.to_string(),
        other => panic!("no message but {other:?}"),
    }
}

#[test]
fn an_alias_stands_for_the_topic_it_was_set_to_last() {
    let mut talk = Talk::begin();
    assert_eq!(topic_of(&mut talk, aliased(Some("a"), 1)), "a");
    assert_eq!(topic_of(&mut talk, aliased(Some("b"), 10)), "b");
    assert_eq!(topic_of(&mut talk, aliased(None, 1)), "a");
    assert_eq!(topic_of(&mut talk, aliased(None, 10)), "b");
    assert_eq!(topic_of(&mut talk, aliased(Some("c"), 1)), "c");
    assert_eq!(topic_of(&mut talk, aliased(None, 1)), "c");
}

#[test]
fn a_duplicate_may_set_an_alias() {
    let mut talk = Talk::begin();
    talk.hear(publish(Q2, 7, "a"));
    let alias = Property { id: PropertyId::TopicAlias, value: Value::TwoByte(1) };
    let list = properties(Carrier::Publish, [alias]);
    let again = Publish { dup: true, properties: list, ..incoming(Q2, 7, "a") };
    assert_eq!(talk.hear(Incoming::Publish(again)), None);
    assert_eq!(topic_of(&mut talk, aliased(None, 1)), "t");
}

#[test]
fn aliases_that_are_unknown_or_above_our_maximum_are_errors() {
    let says = |alias| format!("the broker broke the protocol: topic alias {alias} is not valid");
    let mut talk = Talk::begin();
    talk.refuse(aliased(None, 1), &says(1));
    talk.refuse(aliased(Some("a"), 11), &says(11));
    talk.refuse(aliased(None, 11), &says(11));
    let mut talk = Talk::begin_with(SessionConfig { topic_alias_maximum: 0, ..config() }, []);
    talk.refuse(aliased(Some("a"), 1), &says(1));
    let error = talk.try_hear(aliased(None, 1)).unwrap_err();
    assert_eq!(error.reason(), Some(ReasonCode::TOPIC_ALIAS_INVALID));
}

#[test]
fn aliases_end_with_their_connection() {
    let mut talk = Talk::begin();
    talk.hear(aliased(Some("a"), 1));
    talk.again(Kept);
    talk.refuse(aliased(None, 1), "the broker broke the protocol: topic alias 1 is not valid");
}

#[test]
fn a_message_without_topic_and_alias_is_an_error() {
    let mut talk = Talk::begin();
    let bare = Publish { topic: None, ..incoming(Q0, 0, "x") };
    talk.refuse(
        Incoming::Publish(bare),
        "the broker broke the protocol: a PUBLISH has neither topic nor alias",
    );
}

#[test]
fn what_is_not_wholly_acknowledged_is_known() {
    let mut talk = Talk::begin();
    talk.hear(publish(Q0, 0, "a"));
    assert!(!talk.session.owes_acknowledgement());
    let receipts = [(Q1, 1), (Q1, 2)].map(|(qos, id)| talk.hear_message(publish(qos, id, "a")));
    talk.session.acknowledge(receipts[0].unwrap());
    assert!(talk.session.owes_acknowledgement());
    talk.session.acknowledge(receipts[1].unwrap());
    assert!(!talk.session.owes_acknowledgement());
    let receipt = talk.hear_message(publish(Q2, 3, "a")).unwrap();
    talk.session.acknowledge(receipt);
    assert!(talk.session.owes_acknowledgement(), "PUBREL is still to come");
    talk.hear(pubrel(3));
    assert!(!talk.session.owes_acknowledgement());
}

#[test]
fn a_receipt_of_an_earlier_connection_owes_nothing_on_the_next() {
    let mut talk = Talk::begin();
    let first = talk.hear_message(publish(Q1, 1, "a")).unwrap();
    talk.again(Kept);
    assert!(!talk.session.owes_acknowledgement());
    talk.hear_message(publish(Q1, 1, "a")).unwrap();
    talk.session.acknowledge(first);
    assert!(talk.session.owes_acknowledgement());
}

#[test]
fn who_has_stopped_receiving_takes_no_message_and_acknowledges_none() {
    let mut talk = Talk::begin();
    talk.publish(Q1, "ours");
    let receipt = talk.hear_message(publish(Q1, 1, "taken")).unwrap();
    talk.session.stop_receiving();
    assert_eq!(talk.hear(publish(Q1, 2, "late")), None);
    talk.session.acknowledge(receipt);
    assert_eq!(talk.sent(), ["PUBACK 1"]);
    assert_eq!(talk.hear(puback(1)), Some(published(1, "ours", 0)), "what is ours is finished");
    talk.again(Kept);
    assert_eq!(talk.hear(duplicate(Q1, 2, "late")), None);
}
