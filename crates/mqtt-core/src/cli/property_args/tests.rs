use std::os::unix::ffi::OsStringExt;

use proptest::prelude::*;

use super::*;
use crate::cli::tests::parsed;
use crate::protocol::Properties;
use crate::protocol::property::tests::any_sent;

fn parse(words: &[&str]) -> Result<GivenProperty, GivenPropertyError> {
    GivenProperty::parse(words.join("\0").as_ref())
}

fn value(words: &[&str]) -> Value {
    parse(words).unwrap().property.value
}

fn refused(words: &[&str]) -> String {
    parse(words).unwrap_err().to_string()
}

fn string(word: &str) -> Text {
    Text::new(word.to_owned()).unwrap()
}

/// Every property that can be given, a value that each packet takes, and these packets.
const PROPERTIES: [(&str, &[&str], &[Carrier]); 19] = {
    use Carrier::{Connect, Disconnect, Publish, Subscribe, Unsubscribe, Will};
    const MESSAGE: &[Carrier] = &[Publish, Will];
    [
        ("session-expiry-interval", &["60"], &[Connect, Disconnect]),
        ("receive-maximum", &["60"], &[Connect]),
        ("maximum-packet-size", &["60"], &[Connect]),
        ("topic-alias-maximum", &["60"], &[Connect]),
        ("request-problem-information", &["1"], &[Connect]),
        ("request-response-information", &["1"], &[Connect]),
        ("authentication-method", &["m"], &[Connect]),
        ("authentication-data", &["d"], &[Connect]),
        ("payload-format-indicator", &["1"], MESSAGE),
        ("message-expiry-interval", &["60"], MESSAGE),
        ("content-type", &["t"], MESSAGE),
        ("response-topic", &["r"], MESSAGE),
        ("correlation-data", &["d"], MESSAGE),
        ("topic-alias", &["60"], &[Publish]),
        ("subscription-identifier", &["60"], &[Subscribe]),
        ("will-delay-interval", &["60"], &[Will]),
        ("reason-string", &["r"], &[Disconnect]),
        ("server-reference", &["s"], &[Disconnect]),
        (
            "user-property",
            &["k", "v"],
            &[Connect, Publish, Subscribe, Unsubscribe, Disconnect, Will],
        ),
    ]
};

#[test]
fn a_property_goes_into_the_packets_that_have_it_and_into_no_other() {
    for (name, values, carriers) in PROPERTIES {
        for (command, carrier) in COMMANDS {
            let words = [&[command, name], values].concat();
            let parsed = parse(&words);
            if carriers.contains(&carrier) {
                let given = parsed.unwrap();
                assert_eq!((given.carrier, given.property.id.name()), (carrier, name));
                let list = vec![given.property];
                assert!(Properties::checked(carrier, list).is_ok(), "{words:?}");
            } else {
                assert_eq!(parsed, Err(GivenPropertyError::Property(carrier)), "{words:?}");
            }
        }
    }
}

#[test]
fn properties_of_the_brokers_packets_cannot_be_given() {
    for name in [
        "assigned-client-identifier",
        "server-keep-alive",
        "response-information",
        "maximum-qos",
        "retain-available",
        "wildcard-subscription-available",
        "subscription-identifier-available",
        "shared-subscription-available",
    ] {
        for (command, carrier) in COMMANDS {
            let parsed = parse(&[command, name, "1"]);
            assert_eq!(parsed, Err(GivenPropertyError::Property(carrier)), "{command} {name}");
        }
    }
}

#[test]
fn a_number_is_in_its_range() {
    for (command, name, least, most) in [
        ("connect", "session-expiry-interval", 0, u32::MAX),
        ("connect", "receive-maximum", 1, 65_535),
        ("connect", "maximum-packet-size", 1, u32::MAX),
        ("connect", "topic-alias-maximum", 0, 65_535),
        ("connect", "request-problem-information", 0, 1),
        ("connect", "request-response-information", 0, 1),
        ("publish", "payload-format-indicator", 0, 1),
        ("publish", "message-expiry-interval", 0, u32::MAX),
        ("publish", "topic-alias", 1, 65_535),
        ("subscribe", "subscription-identifier", 1, 268_435_455),
        ("will", "will-delay-interval", 0, u32::MAX),
        ("disconnect", "session-expiry-interval", 0, u32::MAX),
    ] {
        for good in [least, most] {
            for word in [format!("{good}"), format!(" {good} ")] {
                assert!(parse(&[command, name, &word]).is_ok(), "{name} {word}");
            }
        }
        let message = format!("{name} is a whole number from {least} to {most}");
        let (below, above) = (i64::from(least) - 1, i64::from(most) + 1);
        for bad in [&below.to_string(), &above.to_string(), "x", "", "1.5", "1x", "1 1", "0x1"] {
            assert_eq!(refused(&[command, name, bad]), message, "{bad}");
        }
    }
}

#[test]
fn command_and_property_may_be_written_in_capital_letters() {
    assert_eq!(parse(&["PUBLISH", "Topic-Alias", "5"]), parse(&["publish", "topic-alias", "5"]));
}

#[test]
fn a_value_is_taken_as_it_is() {
    let content_type = |word| value(&["publish", "content-type", word]);
    for word in ["-D", " a b ", "", "=", "publish"] {
        assert_eq!(content_type(word), Value::Text(string(word)));
    }
    assert_eq!(
        value(&["will", "user-property", "-k", " v "]),
        Value::Pair(string("-k"), string(" v "))
    );
    let bytes = b"publish\0correlation-data\0\xff\xfe-";
    let parsed = GivenProperty::parse(OsStr::from_bytes(bytes)).unwrap();
    assert_eq!(parsed.property.value, Value::Binary(Bytes::from_static(b"\xff\xfe-")));
}

#[test]
fn the_number_of_words_must_be_right() {
    for words in [
        &[""][..],
        &["publish"],
        &["publish content-type text"],
        &["publish", "content-type"],
        &["publish", "content-type", "a", "b"],
        &["publish", "topic-alias"],
        &["publish", "topic-alias", "1", "2"],
        &["publish", "correlation-data"],
        &["publish", "user-property", "k"],
        &["publish", "user-property", "k", "v", "w"],
    ] {
        assert_eq!(parse(words), Err(GivenPropertyError::Words), "{words:?}");
    }
}

#[test]
fn only_packets_whose_properties_are_the_users_can_be_named() {
    for command in ["auth", "puback", "suback", "connack", "pingreq", "x", ""] {
        let message = refused(&[command, "user-property", "k", "v"]);
        let list = "connect, will, publish, subscribe, unsubscribe, disconnect";
        assert_eq!(message, format!("COMMAND is one of {list}"));
    }
}

#[test]
fn an_unknown_property_is_answered_with_those_there_are() {
    assert_eq!(
        refused(&["publish", "subscription-identifier", "1"]),
        "the properties of publish are payload-format-indicator, message-expiry-interval, \
         content-type, response-topic, correlation-data, topic-alias, user-property"
    );
    assert_eq!(
        refused(&["unsubscribe", "x", "1"]),
        "the properties of unsubscribe are user-property"
    );
}

#[test]
fn a_string_is_one_that_a_packet_can_carry() {
    let parse = |bytes| GivenProperty::parse(OsStr::from_bytes(bytes)).unwrap_err().to_string();
    assert_eq!(
        parse(b"publish\0content-type\0\xff"),
        "content-type cannot be this text: it is not UTF-8"
    );
    for bytes in [&b"will\0user-property\0k\0\xff"[..], b"will\0user-property\0\xff\0v"] {
        assert_eq!(parse(bytes), "user-property cannot be this text: it is not UTF-8");
    }
    assert!(refused(&["will", "user-property", "k", "\n"]).contains("U+000A"));
}

#[test]
fn strings_and_binary_data_have_65535_bytes_at_most() {
    let (longest, longer) = ("x".repeat(65_535), "x".repeat(65_536));
    for name in ["content-type", "response-topic", "correlation-data"] {
        assert!(parse(&["publish", name, &longest]).is_ok(), "{name}");
        let message = refused(&["publish", name, &longer]);
        assert!(message.ends_with("65536 bytes long, at most 65535 are possible"), "{message}");
    }
    assert!(parse(&["publish", "user-property", &longest, &longest]).is_ok());
    assert!(parse(&["publish", "user-property", &longer, ""]).is_err());
    assert!(parse(&["publish", "user-property", "", &longer]).is_err());
}

#[test]
fn an_answer_can_be_published_to_the_response_topic() {
    for command in ["publish", "will"] {
        assert_eq!(
            refused(&[command, "response-topic", "a/+"]),
            "response-topic cannot be this topic: it contains '+', which only a subscription may"
        );
        assert_eq!(
            refused(&[command, "response-topic", ""]),
            "response-topic cannot be this topic: it is empty"
        );
    }
}

#[test]
fn the_options_of_one_packet_keep_their_order() {
    let words = [
        ["-D", "publish", "content-type", "t"],
        ["-D", "connect", "receive-maximum", "1"],
        ["--property", "publish", "topic-alias", "1"],
    ];
    let args: PropertyArgs = parsed::<PropertyArgs>(&words.concat()).unwrap().args().unwrap();
    let publish: Vec<_> = args.of(Carrier::Publish).iter().map(|given| given.id.name()).collect();
    assert_eq!(publish, ["content-type", "topic-alias"]);
    assert_eq!(args.of(Carrier::Connect).len(), 1);
    assert_eq!(args.of(Carrier::Will), []);
}

#[test]
fn an_error_shows_the_words_as_they_were_typed() {
    let error = |words: &[&str]| parsed::<PropertyArgs>(words).unwrap_err().to_string();
    assert_eq!(
        error(&["-D", "publish", "topic-alias", "0"]),
        "invalid value 'publish topic-alias 0' for '--property <COMMAND PROPERTY VALUE>': \
         topic-alias is a whole number from 1 to 65535"
    );
    assert!(error(&["-D", "will"]).starts_with("invalid value 'will' for '--property "));
    assert!(error(&["-D"]).ends_with("needs a value"));
}

#[test]
fn an_error_does_not_show_authentication_data() {
    for words in [
        &["-D", "publish", "authentication-data", "hunter2"][..],
        &["-D", "CONNECT", "Authentication-Data", &"hunter2".repeat(10_000)],
        &["--property=connect authentication-data hunter2"],
    ] {
        let message = parsed::<PropertyArgs>(words).unwrap_err().to_string();
        assert!(message.contains("-data ***'") || message.contains("-Data ***'"), "{message}");
        assert!(!message.contains("hunter"), "{message}");
    }
}

#[test]
fn an_error_does_not_show_what_stands_behind_a_misspelt_name() {
    for (words, shown) in [
        (&["connect", "authenticaton-data", "hunter2"][..], "connect authenticaton-data ***"),
        (&["connect", "auth-data=hunter2", "x"], "connect auth-data ***"),
        (&["Connect", "authentication-data=hunter2"], "Connect authentication-data ***"),
        (&["auth-data", "hunter2"], "auth-data ***"),
        (&["auth-data", "connect", "hunter2"], "auth-data ***"),
        (&["connect auth-data hunter2"], "connect auth-data ***"),
    ] {
        let message = parsed::<PropertyArgs>(&[&["-D"], words].concat()).unwrap_err().to_string();
        assert!(message.starts_with(&format!("invalid value '{shown}' for")), "{message}");
        assert!(!message.contains("hunter"), "{message}");
    }
}

#[test]
fn the_help_lists_the_properties_of_every_packet() {
    let help = help();
    for (name, _, carriers) in PROPERTIES {
        for (command, carrier) in COMMANDS {
            let line = help.lines().find(|line| line.starts_with(command)).unwrap();
            let listed = line.split([':', ',']).any(|word| word.trim() == name);
            assert_eq!(listed, carriers.contains(&carrier), "{command} {name}");
        }
    }
}

/// What `-D` would be given for that property.
fn words(command: &str, property: &Property) -> Vec<u8> {
    let mut words = vec![command.as_bytes().to_vec(), property.id.name().into()];
    match &property.value {
        Value::Byte(number) => words.push(number.to_string().into()),
        Value::TwoByte(number) => words.push(number.to_string().into()),
        Value::FourByte(number) | Value::Variable(number) => words.push(number.to_string().into()),
        Value::Text(text) => words.push(text.as_str().into()),
        Value::Binary(bytes) => words.push(bytes.to_vec()),
        Value::Pair(key, value) => words.extend([key, value].map(|text| text.as_str().into())),
    }
    words.join(&0)
}

/// Whether argv can hold it, and the command line takes it.
fn can_be_given(property: &Property) -> bool {
    match &property.value {
        Value::Binary(bytes) => !bytes.contains(&0),
        Value::Text(topic) => property.id != PropertyId::ResponseTopic || !topic.is_empty(),
        _ => true,
    }
}

fn any_given() -> impl Strategy<Value = (&'static str, GivenProperty)> {
    prop::sample::select(COMMANDS.to_vec()).prop_flat_map(|(command, carrier)| {
        any_sent(carrier)
            .prop_filter("it can be given", can_be_given)
            .prop_map(move |property| (command, GivenProperty { carrier, property }))
    })
}

proptest! {
    #[test]
    fn what_a_packet_can_carry_can_be_given((command, given) in any_given()) {
        let joined = OsString::from_vec(words(command, &given.property));
        prop_assert_eq!(GivenProperty::parse(&joined), Ok(given));
    }

    #[test]
    fn whatever_is_taken_can_be_sent(
        command in prop::sample::select(COMMANDS.map(|(command, _)| command).to_vec()),
        name in prop::sample::select(PROPERTIES.map(|(name, ..)| name).to_vec()),
        values in prop::collection::vec(any::<u8>(), 0..12),
    ) {
        let joined = [command.as_bytes(), name.as_bytes(), &values].join(&0);
        if let Ok(given) = GivenProperty::parse(&OsString::from_vec(joined)) {
            let list = vec![given.property];
            prop_assert!(Properties::checked(given.carrier, list).is_ok());
        }
    }

    #[test]
    fn any_bytes_are_a_property_or_an_error(bytes in prop::collection::vec(any::<u8>(), 0..60)) {
        let joined = OsString::from_vec(bytes);
        if GivenProperty::parse(&joined).is_err() {
            let _ = as_typed(&joined);
        }
    }
}
