use super::*;
use crate::cli::tests::parsed;

fn session(words: &[&str]) -> Result<(Given, SessionArgs), String> {
    let given = parsed::<SessionArgs>(words).map_err(|error| error.to_string())?;
    let args = given.args().unwrap();
    Ok((given, args))
}

fn version(words: &[&str]) -> ProtocolVersion {
    let (given, args) = session(words).unwrap();
    args.version(&given)
}

/// The names and numbers of CONNECT's properties, or what is wrong with the options.
fn connect(words: &[&str]) -> Result<Vec<(&'static str, u32)>, String> {
    let (given, args) = session(words)?;
    if let Some(broken) = args.broken_rule(&given) {
        return Err(broken.to_owned());
    }
    let window = NonZeroU16::new(20).unwrap();
    let properties = args.connect_properties(&given, window).map_err(|error| error.to_string())?;
    let number = |id| properties.number(id).unwrap_or_default();
    Ok(properties.iter().map(|property| (property.id.name(), number(property.id))).collect())
}

fn expiry(word: &str) -> Option<u32> {
    let properties = connect(&["-i", "x", "-x", word]).ok()?;
    let expiry = properties.iter().find(|(name, _)| *name == "session-expiry-interval");
    Some(expiry.map_or(0, |(_, interval)| *interval))
}

const EXPIRY: &str = "session-expiry-interval";
const WINDOW: (&str, u32) = ("receive-maximum", 20);

#[test]
fn the_last_of_version_property_and_session_expiry_decides_the_version() {
    const PROPERTY: [&str; 4] = ["-D", "will", "content-type", "t"];
    assert_eq!(version(&[]), ProtocolVersion::V311);
    for (word, expected) in [
        ("31", ProtocolVersion::V31),
        ("mqttv31", ProtocolVersion::V31),
        ("311", ProtocolVersion::V311),
        ("mqttv311", ProtocolVersion::V311),
        ("5", ProtocolVersion::V5),
        ("mqttv5", ProtocolVersion::V5),
    ] {
        assert_eq!(version(&["-V", word]), expected);
        assert_eq!(version(&["-V", "311", "--protocol-version", word]), expected);
        assert_eq!(version(&[&PROPERTY[..], &["-V", word]].concat()), expected);
        assert_eq!(version(&["-x", "0", "-V", word]), expected);
        assert_eq!(version(&[&["-V", word], &PROPERTY[..]].concat()), ProtocolVersion::V5);
        assert_eq!(version(&["-V", word, "-x0"]), ProtocolVersion::V5);
    }
}

#[test]
fn a_session_expiry_is_a_number_as_c_writes_it() {
    for (word, seconds) in [
        ("0", 0),
        ("00", 0),
        ("1", 1),
        ("60", 60),
        ("0x10", 16),
        ("0XfF", 255),
        ("010", 8),
        ("4294967294", u32::MAX - 1),
        ("4294967295", u32::MAX),
        ("0xffffffff", u32::MAX),
        ("-1", u32::MAX),
        ("∞", u32::MAX),
        (" 1 ", 1),
    ] {
        assert_eq!(expiry(word), Some(seconds), "{word}");
    }
    for wrong in [
        "-2",
        "4294967296",
        "0x100000000",
        "x",
        "",
        "60s",
        "0x",
        "08",
        "1.5",
        "1 1",
        "+1",
        "0x+1",
        "never",
    ] {
        assert_eq!(
            connect(&["-i", "x", "-x", wrong]),
            Err(format!(
                "invalid value '{wrong}' for '--session-expiry <SECONDS>': a whole number from -1 \
                 (for ever) to 4294967295 is wanted"
            ))
        );
    }
}

#[test]
fn the_last_session_expiry_wins_by_each_of_its_names() {
    assert_eq!(connect(&["-x5", "--session-expiry=6"]), Ok(vec![(EXPIRY, 6), WINDOW]));
    assert_eq!(connect(&["--session-expiry", "6", "-x", "5"]), Ok(vec![(EXPIRY, 5), WINDOW]));
}

#[test]
fn a_session_expiry_of_0_is_not_sent() {
    assert_eq!(connect(&["-x", "0"]), Ok(vec![WINDOW]));
    assert_eq!(connect(&["-i", "x", "-c", "-x", "0"]), Ok(vec![WINDOW]));
}

#[test]
fn without_an_interval_a_session_that_is_kept_is_kept_for_ever() {
    let words = ["-V", "5", "-i", "x", "-c"];
    assert_eq!(connect(&words), Ok(vec![(EXPIRY, u32::MAX), WINDOW]));
    assert_eq!(connect(&[&words[..], &["-x", "9"]].concat()), Ok(vec![(EXPIRY, 9), WINDOW]));
}

#[test]
fn given_properties_come_first_then_the_session_expiry_then_the_receive_maximum() {
    let words = ["-x", "60", "-D", "connect", "topic-alias-maximum", "10"];
    assert_eq!(connect(&words), Ok(vec![("topic-alias-maximum", 10), (EXPIRY, 60), WINDOW]));
    let words = ["-x", "60", "-D", "connect", "receive-maximum", "7"];
    assert_eq!(connect(&words), Ok(vec![("receive-maximum", 7), (EXPIRY, 60)]));
}

#[test]
fn mqtt_3_has_no_properties() {
    assert_eq!(connect(&["-i", "x", "-c", "-V", "311"]), Ok(vec![]));
    // As the original does: the version is what was asked for last.
    assert_eq!(connect(&["-x", "-1", "-V", "311"]), Ok(vec![]));
    let words = ["-D", "connect", "receive-maximum", "7", "-V", "31"];
    assert_eq!(
        connect(&words),
        Err("'--property connect' and '--protocol-version' behind it exclude each other: only \
             MQTT 5 has properties"
            .to_owned())
    );
}

#[test]
fn the_session_expiry_is_said_once() {
    let property = ["-D", "connect", EXPIRY, "5"];
    let error = connect(&[&property[..], &["-x", "5"]].concat()).unwrap_err();
    assert!(error.starts_with("'--session-expiry' and '--property connect session-"), "{error}");
    let error = connect(&[&property[..], &["-c", "-i", "x"]].concat()).unwrap_err();
    assert!(error.starts_with("'--disable-clean-session' and '--property connect "), "{error}");
    assert_eq!(connect(&property), Ok(vec![(EXPIRY, 5), WINDOW]));
}

#[test]
fn what_may_occur_once_occurs_once_and_user_properties_as_often_as_they_like() {
    let twice = |words: &[&str]| connect(&[words, words].concat());
    assert_eq!(
        twice(&["-D", "connect", "receive-maximum", "5"]),
        Err("invalid '--property connect': receive-maximum may be given only once".to_owned())
    );
    let user = ("user-property", 0);
    assert_eq!(twice(&["-D", "connect", "user-property", "k", "v"]), Ok(vec![user, user, WINDOW]));
}

#[test]
fn authentication_data_needs_a_method() {
    let data = ["-D", "connect", "authentication-data", "d"];
    let error = connect(&data).unwrap_err();
    assert!(error.ends_with("needs '--property connect authentication-method'"), "{error}");
    let method = ["-D", "connect", "authentication-method", "m"];
    assert!(connect(&[data, method].concat()).is_ok());
    assert!(connect(&method).is_ok());
}

#[test]
fn a_session_that_is_kept_needs_an_identifier() {
    for words in [
        &["-c"][..],
        &["-c", "-V", "5"],
        &["-c", "-I", "x"],
        &["-c", "-x", "-1"],
        &["-x", "-1"],
        &["-x", "4294967295", "-I", "x"],
        &["-c", "-x", "60"],
        &["-c", "-x", "60", "-I", "x", "-V", "311"],
    ] {
        let error = connect(words).unwrap_err();
        assert!(error.ends_with("needs '--id': the broker finds the session by it"), "{error}");
    }
    // One with an end is kept for the reconnects of this run.
    assert_eq!(connect(&["-c", "-x", "60", "-I", "x"]), Ok(vec![(EXPIRY, 60), WINDOW]));
}

#[test]
fn a_disconnect_cannot_keep_a_session_that_ends_with_the_connection() {
    let disconnect = |words: &[&str]| {
        let property = ["-D", "disconnect", EXPIRY, "5"];
        let (given, args) = session(&[&property, words].concat()).unwrap();
        let connect = args.connect_properties(&given, NonZeroU16::MAX).unwrap();
        args.disconnect_properties(&given, &connect).map(|properties| properties.iter().count())
    };
    for words in [&[][..], &["-x", "0"], &["-D", "connect", EXPIRY, "0"]] {
        let error = disconnect(words).unwrap_err().to_string();
        assert!(error.starts_with("'--property disconnect session-expiry-interval'"), "{error}");
    }
    for words in [&["-x", "1"][..], &["-D", "connect", EXPIRY, "1"], &["-c", "-i", "x"]] {
        assert_eq!(disconnect(words).unwrap(), 1, "{words:?}");
    }
}

#[test]
fn properties_of_the_will_are_for_a_will_alone() {
    let will = |words: &[&str]| {
        let property = ["-D", "will", "will-delay-interval", "5"];
        let (given, args) = session(&[&property, words].concat()).unwrap();
        let will = args.will(&given).map_err(|error| error.to_string())?;
        Ok::<_, String>(will.map(|will| will.properties.iter().count()))
    };
    assert_eq!(will(&["--will-topic", "w"]), Ok(Some(1)));
    assert_eq!(will(&[]), Ok(None));
    assert_eq!(will(&["-V", "311"]), Ok(None));
    let error = will(&["--will-topic", "w", "-V", "311"]).unwrap_err();
    assert!(error.starts_with("'--property will' and '--protocol-version'"), "{error}");
    let twice = ["--will-topic", "w", "-D", "will", "will-delay-interval", "5"];
    let error = will(&twice).unwrap_err();
    assert_eq!(error, "invalid '--property will': will-delay-interval may be given only once");
}
