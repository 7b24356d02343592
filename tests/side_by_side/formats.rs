//! The output formats of `-F` (reference §8).

use test_support::packet::{self, RETAIN};

use super::broker::{Broker, broker, message};
use super::case::Version::{V5, V31, V311};
use super::case::{Case, Expected, by_row, showing, subscriber};

/// A broker with this message, retained, of `QoS` 1 and with properties where there are any.
fn with(payload: &[u8]) -> Broker {
    let text = |id: u8, value: &str| [&[id][..], &packet::text(value)].concat();
    let pair = |name, value| [&[0x26][..], &packet::text(name), &packet::text(value)].concat();
    let properties = [
        vec![0x01, 1, 0x02, 0, 0, 0x0e, 0x10],
        text(0x03, "plain/text"),
        text(0x08, "/resp/t"),
        text(0x09, "c-d"),
        vec![0x0b, 0xac, 0x02],
        pair("k1", "v1"),
        pair("k1", "v2"),
    ];
    let message = message("dir/topic", payload).at_least_once(77).flagged(RETAIN);
    broker().with(message.properties(&properties.concat()))
}

/// A subscriber that takes one message in this format.
fn format(format: &str) -> Case {
    subscriber(&format!("-t # -q 1 -C 1 -F {format}"))
}

/// What 2.0.11, 2.1.2 and ours have in common.
const COMMON: &[(&str, &[&str])] = &[
    ("§8.2 other text", &["''", "'plain ä text'", "%p;"]),
    ("§8.2 escapes", &[r"'a\\b\0\a\e\n\r\t\v'"]),
    ("§8.4 escapes", &[r"'a\\b\0\a\e\n\r\t\v'"]),
    ("§8.2 flags, width, precision", &["'%l|%5l|%05l|%-5l|'", "'%t|%15.4t|%-15.4t|%.4t|'"]),
    ("§8.4 %%", &["'100%% %5%'"]),
    ("§8.4 %A", &["'%A|%5A|%05A|%-5A|'"]),
    ("§8.4 absent values", &["'%A|%5A|%05A|%-5A|'", "'%E|%F|%C|%R|%D|%P'"]),
    ("§8.4 %C", &["'%C|%20C|%-20C|%20.5C|%.5C|'"]),
    ("§8.4 %D", &["'%D|%9D'"]),
    ("§8.4 %E", &["'%E|%6E|%06E|%-6E|'"]),
    ("§8.4 %F", &["'%F|%3F|%03F|%-3F|'"]),
    ("§8.4 %l", &["'%l|%5l|%05l|%-5l|'"]),
    ("§8.4 %m", &["'%m|%5m|%05m|%-5m|'"]),
    ("§8.4 %P", &["'%P|%20P'"]),
    ("§8.4 %p", &["%p", "'%12p|%012p|%4p|%-12p|'"]),
    ("§8.4 %q", &["'%q|%5q|%05q'"]),
    ("§8.4 %R", &["'%R|%20R|%-20R|%20.5R|%.5R|'"]),
    ("§8.4 %r", &["'%r|%5r|%05r'"]),
    ("§8.4 %S", &["'%S|%5S|%05S|%-5S|'"]),
    ("§8.4 %t", &["'%t|%15t|%-15t|%15.4t|%-15.4t|%.4t|'"]),
    ("§8.4 %x, %X", &["'%x|%X'"]),
    ("§8.2 time", &["'@% @Z @z @1 @E @f @n@t@@'"]),
    ("§8.4 strftime", &["'@% @Z @z @1 @E @f @n@t@@'"]),
];

#[test]
fn what_all_have_in_common() {
    let cases = by_row(|line| subscriber(line).at(with(b"message")), "-t # -q 1 -C 1 -F", COMMON);
    showing(["§1.3 -F"]).compare(cases.into_iter().map(|case| case.environment("TZ", "UTC")));
    let bytes = "f\u{fc}nf";
    showing(["§8.4 bytes are counted"])
        .compare([format("'%.2p|%5p|%3p'").at(with(bytes.as_bytes()))]);
    showing(["§8.4 %A"]).compare([subscriber(
        "-t # -C 1 -D connect topic-alias-maximum 5 -F '%A|%5A|%05A|%-5A|'",
    )
    .at(broker().with(message("t", "x").properties(&[0x23, 0, 3])))
    .without_version()]);
    let zones = ["", "IST-5:30", "<+0330>-3:30", "EST5EDT,M3.2.0,M11.1.0"];
    showing(["§2.4 TZ", "§8.4 strftime"])
        .compare(zones.map(|zone| format("'@z @Z'").at(with(b"x")).environment("TZ", zone)));
    let row = "docs/differences.md: sub `-F`: `@Z` in a zone that does not exist";
    showing(["§2.4 TZ"]).compare([format("'@z @Z'")
        .at(with(b"x"))
        .environment("TZ", "No/Such")
        .differs(Expected::Prints(&["+0000 UTC"]), row)]);
}

/// What 2.0.11 does not have, or not right: what comes out, in each version.
fn printed(
    words: &str,
    payload: &[u8],
    lines: &'static [&'static str],
    reason: &'static str,
) -> Case {
    format(words)
        .at(with(payload))
        .without_original(reason)
        .differs(Expected::Status(0), reason)
        .differs(
            Expected::Sends(&["SUBSCRIBE m1 '#' options=01", "PUBACK m77", "DISCONNECT"]),
            reason,
        )
        .differs(Expected::Prints(lines), reason)
}

const NEW: &str = "new in 2.1; reference §8.4";

#[test]
fn what_is_new_in_2_1() {
    let double = (-2.5_f64).to_ne_bytes();
    let float = std::f32::consts::PI.to_ne_bytes();
    let stray = "docs/differences.md: sub `%-p`, `%-10x`";
    let no_number = "docs/differences.md: sub `%f`, `%d`, `%J` on a payload that is no such thing";
    let new = |words, lines| printed(words, b"message", lines, NEW);
    showing(["§1.3 -F"]).compare([
        printed("'%d|%010.2d'", &double, &["-2.500000|-000002.50"], NEW).shows("§8.4 %d"),
        printed("%.3f", &float, &["3.142"], NEW).shows("§8.4 %f"),
        printed("'<%5f%5d>'", b"message", &["<>"], no_number)
            .shows("§8.4 floats of the wrong length"),
        new("'%20x|%4x|%8x'", &["      6d657373616765|6d657373|6d657373616765"])
            .shows("§8.4 hex: width"),
        new(
            "'%.2x|%.2:x|%.4-X|%.3x'",
            &["6d 65 73 73 61 67 65|6d:65:73:73:61:67:65|6D65-7373-6167-65|6d6 573 736 167 65"],
        )
        .shows("§8.4 hex: groups")
        .shows("§8.2 separator"),
        new("'%.0x|%.x|%20.2:x'", &["6d657373616765|6d657373616765|  :  :  :6d:65:73:73:61:67:65"])
            .shows("§8.4 hex: groups"),
        new("'%:t|%.3:t'", &["dir/topic|dir"]).shows("§8.4 separator elsewhere"),
        printed(
            "'%-p|%-10x|%-14x|'",
            b"message",
            &["message|6d657373616765|6d657373616765|"],
            stray,
        )
        .shows("§8.4 left alignment of payloads"),
    ]);
}

#[test]
fn values_that_the_original_spoils() {
    let empty =
        "docs/differences.md: sub `%C` of an empty content type; `%P` of an empty user property";
    let large = "docs/differences.md: sub `%E` from 2147483648";
    let properties = [&[0x03, 0, 0][..], &[0x26, 0, 0, 0, 0], &[0x02, 0xff, 0xff, 0xff, 0xff]];
    let odd = message("t", "x").properties(&properties.concat());
    let printed = |words: &str, lines, row| {
        subscriber(&format!("-t # -C 1 -F {words}"))
            .at(broker().with(odd.clone()))
            .only([V5])
            .without_original("it crashes, or prints a negative number")
            .differs(Expected::Status(0), row)
            .differs(Expected::Sends(&["SUBSCRIBE m1 '#' options=00", "DISCONNECT"]), row)
            .differs(Expected::Prints(lines), row)
    };
    showing(["§8.4 empty content type, empty user property"]).compare([printed(
        "'%C|%2C|%P'",
        &["|  |:"],
        empty,
    )]);
    showing(["§8.4 %E"]).compare([printed("%E", &["4294967295"], large)]);
    let json = "docs/differences.md: sub `%j`, `%J`: an empty string property";
    showing(["§8.5 empty string property"]).compare([printed("%j", &[concat!(
        r#"{"tst":<time>,"topic":"t","qos":0,"retain":false,"payloadlen":1,"properties":{"#,
        r#""content-type":"","user-properties":[{"":""}],"message-expiry-interval":4294967295},"#,
        r#""payload":"x"}"#
    )], json)]);
}

const JSON: &str = "reference §13: the JSON of 2.0.11 is another one";

/// A JSON object before its payload, in MQTT 3 and in MQTT 5.
const OBJECT: [&str; 2] = [
    r#"{"tst":<time>,"topic":"dir/topic","qos":1,"retain":true,"payloadlen":LENGTH,"mid":77,"payload":"#,
    concat!(
        r#"{"tst":<time>,"topic":"dir/topic","qos":1,"retain":true,"payloadlen":LENGTH,"mid":77,"#,
        r#""properties":{"payload-format-indicator":1,"message-expiry-interval":3600,"#,
        r#""content-type":"plain/text","response-topic":"/resp/t","correlation-data":"c-d","#,
        r#""subscription-identifier":300,"user-properties":[{"k1":"v1"},{"k1":"v2"}]},"payload":"#
    ),
];

/// The object of a message that has no more than it must.
const BARE: &[&str] =
    &[r#"{"tst":<time>,"topic":"t","qos":0,"retain":false,"payloadlen":1,"payload":"x"}"#];

/// The object with this at its end, in every version.
fn object(conversion: &str, payload: &[u8], value: &str, reason: &'static str) -> [Case; 2] {
    OBJECT.map(|object| {
        let object = object.replace("LENGTH", &payload.len().to_string());
        let line: &str = format!("{object}{value}}}").leak();
        let case = format(conversion).at(with(payload));
        let case =
            if object.contains("properties") { case.only([V5]) } else { case.only([V31, V311]) };
        case.differs(Expected::Prints(vec![line].leak()), reason)
    })
}

#[test]
fn json_of_a_message() {
    showing(["§8.4 %j", "§8.5 members and their order", "§8.5 mid", "§8.5 properties"])
        .compare(object("%j", b"message", r#""message""#, JSON));
    showing(["§8.5 empty payload"]).compare(object("%j", b"", "null", JSON));
    showing(["§8.5 string escapes"]).compare(object(
        "%j",
        "\"\\/\u{8}\u{c}\r\t\u{1f}\u{7f}".as_bytes(),
        r#""\\"\\\\/\\b\\f\\r\\t\\u001f\x7f""#,
        JSON,
    ));
    let spoiled = "docs/differences.md: sub `%j`: NUL, bytes that are not UTF-8";
    showing(["§8.5 NUL", "§8.5 not UTF-8"]).compare(object(
        "%j",
        b"a\0\xffb",
        r#""a\\u0000\xef\xbf\xbdb","payload_base64":"YQD/Yg==""#,
        spoiled,
    ));
    let bare = |version, line| {
        subscriber("-t # -C 1 -F %j")
            .at(broker().with(message("t", "x")))
            .only([version])
            .differs(Expected::Prints(line), JSON)
    };
    showing(["§8.5 no property, no member", "§8.5 mid"]).compare([
        bare(V31, BARE),
        bare(V311, BARE),
        bare(V5, BARE),
    ]);
}

#[test]
fn json_of_a_payload() {
    let exact = "docs/differences.md: sub `%J`: numbers";
    showing(["§8.4 %J", "§8.5 %J parsing", "§8.5 %J numbers"]).compare(object(
        "%J",
        br#" { "t": 27.0, "t": 9007199254740993 } "#,
        r#"{"t":27.0,"t":9007199254740993}"#,
        exact,
    ));
    let lenient = "docs/differences.md: sub `%J`: `01`, `1.`, raw control characters, bytes that are not UTF-8";
    showing(["§8.5 %J leniency"]).compare([&b"01"[..], b"1.", b"\"\x01\""].map(|payload| {
        format("'<%J>'").at(with(payload)).differs(Expected::Prints(&["<>"]), lenient)
    }));
    showing(["§8.5 %J not JSON"]).compare(
        [&b"nan"[..], b"[1,]", b"1 2"].map(|payload| format("'<%J>%t'").at(with(payload))),
    );
    let pretty = |case: Case| case.differs(Expected::Prints(PRETTY), JSON);
    showing(["§8.5 --pretty", "§1.3 --pretty"]).compare([pretty(
        subscriber("-t # -C 1 -F %j --pretty").at(broker().with(message("t", "x"))),
    )]);
}

const PRETTY: &[&str] = &[
    "{",
    r#"\t"tst":\t<time>,"#,
    r#"\t"topic":\t"t","#,
    r#"\t"qos":\t0,"#,
    r#"\t"retain":\tfalse,"#,
    r#"\t"payloadlen":\t1,"#,
    r#"\t"payload":\t"x""#,
    "}",
];
