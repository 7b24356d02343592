//! Words that mean nothing: status 1, and nobody is connected to (reference §1).

use super::case::Version::V311;
use super::case::{Case, Expected, by_row, compare, publisher, showing, subscriber};

const NUMBERS: &str = "docs/differences.md: `-q x`, `-p abc`, `-M 70000`, `-k 60x`";

fn publishers(lines: &[&str]) -> Vec<Case> {
    lines.iter().map(|line| publisher(&format!("-t a -m x {line}")).without_version()).collect()
}

fn subscribers(lines: &[&str]) -> Vec<Case> {
    lines.iter().map(|line| subscriber(&format!("-t a {line}")).without_version()).collect()
}

/// What stands at the end without its value, in both tools.
const WITHOUT_VALUE: &[(&str, &[&str])] = &[
    ("§1.6 -A", &["-A"]),
    ("§1.6 --cafile", &["--cafile"]),
    ("§1.6 --capath", &["--capath"]),
    ("§1.6 --cert, --key", &["--cert", "--key"]),
    ("§1.6 --ciphers", &["--ciphers"]),
    ("§1.6 -h", &["-h", "--host"]),
    ("§1.6 -i", &["-i", "--id"]),
    ("§1.6 -I", &["-I", "--id-prefix"]),
    ("§1.6 -k", &["-k", "--keepalive"]),
    ("§1.6 --keyform", &["--keyform"]),
    ("§1.6 -o", &["-o"]),
    ("§1.6 -L", &["-L", "--url"]),
    ("§1.6 -M", &["-M"]),
    ("§1.6 -p", &["-p", "--port"]),
    ("§1.6 -P", &["-P", "--pw"]),
    ("§1.6 --proxy", &["--proxy"]),
    ("§1.6 --psk", &["--psk"]),
    ("§1.6 --psk-identity", &["--psk-identity"]),
    ("§1.6 -q", &["-q", "--qos"]),
    ("§1.6 -t", &["-t", "--topic"]),
    ("§1.6 --tls-alpn", &["--tls-alpn"]),
    ("§1.6 --tls-engine", &["--tls-engine"]),
    ("§1.6 --tls-engine-kpass-sha1", &["--tls-engine-kpass-sha1"]),
    ("§1.6 --tls-keylog", &["--tls-keylog"]),
    ("§1.6 --tls-version", &["--tls-version"]),
    ("§1.6 -u", &["-u", "--username"]),
    ("§1.6 --unix", &["--unix"]),
    ("§1.6 --protocol-version", &["-V", "--protocol-version"]),
    ("§1.6 --will-payload", &["--will-payload"]),
    ("§1.6 --will-qos", &["--will-qos"]),
    ("§1.6 --will-topic", &["--will-topic"]),
    ("§1.6 -x", &["-x"]),
    ("§1.6 -D", &["-D", "-D publish", "-D publish content-type", "-D publish user-property a"]),
];

const OF_PUBLISHERS_WITHOUT_VALUE: &[(&str, &[&str])] = &[
    ("§1.6 --repeat", &["--repeat"]),
    ("§1.6 --repeat-delay", &["--repeat-delay"]),
    ("§1.6 -f", &["-f", "--file"]),
    ("§1.6 -m", &["-m", "--message"]),
];

const OF_SUBSCRIBERS_WITHOUT_VALUE: &[(&str, &[&str])] = &[
    ("§1.6 -C", &["-C"]),
    ("§1.6 -F", &["-F"]),
    ("§1.6 --random-filter", &["--random-filter"]),
    ("§1.6 --retain-handling", &["--retain-handling"]),
    ("§1.6 -T", &["-T", "--filter-out"]),
    ("§1.6 -U", &["-U", "--unsubscribe"]),
    ("§1.6 -W", &["-W"]),
];

/// In no particular version.
fn once(cases: Vec<Case>) -> impl Iterator<Item = Case> {
    cases.into_iter().map(Case::without_version)
}

#[test]
fn a_value_that_is_missing() {
    let missing = showing([
        "§1.1 value missing at the end",
        "§1.1 after a parse error: status 1, no connection",
    ]);
    missing.compare(once(by_row(publisher, "-t a -m x", WITHOUT_VALUE)));
    missing.compare(once(by_row(subscriber, "-t a", WITHOUT_VALUE)));
    missing.compare(once(by_row(publisher, "-t a", OF_PUBLISHERS_WITHOUT_VALUE)));
    missing.compare(once(by_row(subscriber, "-t a", OF_SUBSCRIBERS_WITHOUT_VALUE)));
    // The next option is the value.
    showing(["§1.1 value missing elsewhere"]).compare([
        publisher("-t -q -m x").without_version(),
        publisher("-t a -i -r -m x").without_version(),
        publisher("-t a -m x -q -r").without_version().refused(NUMBERS),
    ]);
}

/// Of neither tool.
const UNKNOWN: &[(&str, &[&str])] = &[
    ("§1.1 positional words", &["foo"]),
    ("§1.1 case matters", &["--QOS 1", "--Qos 1", "-Q 1"]),
    ("§1.1 unknown option", &["--foo", "-z", "-e2"]),
    ("§1.1 abbreviated long names", &["--keep 60", "--will-p x --will-topic w"]),
    ("§1.1 flags cannot be switched off", &["--no-debug", "--no-quiet", "--no-nodelay"]),
    ("§1.3 not existing: -e, --latency", &["-e", "--latency"]),
    (
        "§1.3 not existing: no-local, reconnect and will delay, HTTP, OCSP, CRL",
        &[
            "--no-local",
            "--reconnect-delay 1",
            "--will-delay 1",
            "--http-path /",
            "--ocsp",
            "--crl f",
        ],
    ),
];

#[test]
fn words_that_are_no_option() {
    const CONNECTS: &[&str] = &["CONNECT 'MQTT' 4 flags=00000010 keep_alive=60 id=''"];
    compare(once(by_row(publisher, "-t a -m x", UNKNOWN)));
    compare(once(by_row(subscriber, "-t a", UNKNOWN)));
    let other = showing(["§1.1 option of the other tool"]);
    let lines = "-C 1;-E;-F %p;-N;-R;-T a;-U a;-v;--pretty;--retained-only;--remove-retained;\
                 --random-filter 1;--retain-as-published;-w;--message-rate;--retain-handling new";
    other.compare(publishers(&lines.split(';').collect::<Vec<_>>()));
    let row = "docs/differences.md: pub `-W`";
    let sends = &["PUBLISH d0 q0 r0 'a' 'x'", "DISCONNECT"];
    other.compare([publisher("-t a -m x -W 100")
        .without_version()
        .differs(Expected::Status(0), row)
        .differs(Expected::Connects(CONNECTS), row)
        .differs(Expected::Sends(sends), row)]);
    let lines = "-f x;-l;-m x;-n;-s;-r;--repeat 1;--repeat-delay 1";
    other.compare(subscribers(&lines.split(';').collect::<Vec<_>>()));
}

const OUT_OF_RANGE: &[(&str, &[&str])] = &[
    ("§1.2 -q out of range", &["-q 3", "-q -1"]),
    ("§1.2 -k out of range", &["-k 4", "-k 65536", "-k 0", "-k -1"]),
    ("§1.2 -p out of range", &["-p -1", "-p 65536"]),
    ("§1.2 -M out of range", &["-M 0", "-M -1"]),
    ("§1.2 -V other word", &["-V 4", "-V mqttv4", "-V ''"]),
    ("§1.2 -i empty", &["-i ''"]),
    ("§1.1 parser: from left to right, the first error counts", &["-q 9 --help", "-k 0 -q 9"]),
];

#[test]
fn values_out_of_range() {
    compare(once(by_row(publisher, "-t a -m x", OUT_OF_RANGE)));
    compare(once(by_row(subscriber, "-t a", OUT_OF_RANGE)));
    let of_publishers: &[(&str, &[&str])] = &[
        ("§1.3 --repeat below 1", &["--repeat 0", "--repeat -1"]),
        ("§1.3 --repeat-delay below 0", &["--repeat-delay -1"]),
    ];
    let of_subscribers: &[(&str, &[&str])] =
        &[("§1.3 -C below 1", &["-C 0", "-C -1"]), ("§1.3 -W below 1", &["-W 0", "-W -1"])];
    compare(once(by_row(publisher, "-t a -m x", of_publishers)));
    compare(once(by_row(subscriber, "-t a", of_subscribers)));
}

#[test]
fn identifiers_and_names_that_cannot_be_sent() {
    let long = "x".repeat(70_000);
    let names = ["'\\xff'", "'a\\xed\\xa0\\x80'", &long];
    for (option, row) in
        [("-i", "§1.2 -i not UTF-8, too long"), ("-u", "§1.2 -u not UTF-8, too long")]
    {
        showing([row]).compare(
            names.map(|name| publisher(&format!("-t a -m x {option} {name}")).without_version()),
        );
        showing([row]).compare(
            names.map(|name| subscriber(&format!("-t a -E {option} {name}")).without_version()),
        );
    }
}

#[test]
fn topics_and_filters_that_are_none() {
    let long = "a/".repeat(201);
    showing(["§1.2 -t wrong", "§1.5 names have no wildcards"])
        .compare(["+", "a/#", "a+"].map(|name| publisher(&format!("-t {name} -m x"))));
    showing(["§1.2 -t wrong", "§1.5 UTF-8 without controls, surrogates, non-characters"]).compare(
        ["'a\\xff'", "'a\\x01'", "'a\\xef\\xb7\\x90'", "'\\xef\\xbf\\xbf'", "'\\xc0\\x80'"]
            .map(|name| publisher(&format!("-t {name} -m x"))),
    );
    let reason = "reference §1.5: 2.1.2 refuses it, 2.0.11 only when it publishes";
    let limits = showing(["§1.5 length 1 to 65535", "§1.5 more than 200 levels"]);
    let names = ["''", &long];
    limits.compare(names.map(|name| publisher(&format!("-t {name} -m x -q 1")).refused(reason)));
    let filters = ["a+", "a/#/b", "a#", "+a/b", "'\\xff'", "'\\xed\\xa0\\x80'", "'a\\x7f'"];
    for (option, row) in
        [("-t", "§1.2 -t wrong"), ("-t a -T", "§1.3 -T wrong"), ("-t a -U", "§1.3 -U wrong")]
    {
        showing([row, "§1.5 wildcards fill a level, # is last"])
            .compare(filters.map(|filter| subscriber(&format!("{option} {filter} -E"))));
    }
    limits.compare(names.map(|filter| subscriber(&format!("-t {filter} -E")).refused(reason)));
    limits.compare(names.map(|filter| subscriber(&format!("-t a -T {filter} -E")).refused(reason)));
    let too_long = "a".repeat(65_537);
    showing(["§1.5 longer than 65536: malformed"]).compare([
        publisher(&format!("-t {too_long} -m x")).without_version(),
        subscriber(&format!("-t {too_long}")).without_version(),
    ]);
}

#[test]
fn words_that_do_not_go_together() {
    let message = "docs/differences.md: pub: no message or no topic";
    let together: &[(&str, &[&str])] = &[
        ("§1.3 two of -f -l -m -n -s", &["-m x -n", "-l -s", "-m x -f {folder}/x"]),
        ("§1.1 payload options twice", &["-m x -m y"]),
        ("§1.1 -i with -I", &["-m x -i me -I me", "-m x -I me -i me"]),
    ];
    compare(once(by_row(publisher, "-t a", together)));
    showing(["§1.2 -c without -i", "§1.4 8 never expiring, or -c, without -i"]).compare([
        publisher("-t a -m x -c"),
        subscriber("-t a -c"),
        publisher("-t a -m x -c -I me").shows("§1.2 -c with -I"),
        subscriber("-t a -c -I me").shows("§1.2 -c with -I"),
    ]);
    showing(["§1.4 no message or no topic"]).compare([
        publisher("-t a").differs(Expected::Prints(&[]), message),
        publisher("-m x").differs(Expected::Prints(&[]), message),
        publisher("-s")
            .input("x")
            .differs(Expected::Prints(&[]), message)
            .shows("§1.4 -s is read before a missing topic is noticed"),
    ]);
    showing(["§1.4 9 neither -t nor -U"]).compare([subscriber(""), subscriber("-v")]);
    compare([subscriber("-t a -i me -I me").shows("§1.1 -i with -I")]);
    showing(["§1.4 id, will, user, TLS: the first that fails reports"]).compare([
        publisher("-t a -m x -i '' --will-topic w -P x --cafile {folder}/missing").only([V311]),
        subscriber("-t a -P x --cafile {folder}/missing").only([V311]),
    ]);
}

#[test]
fn flags_given_twice() {
    let row = "docs/differences.md: `-n -n`, `-l -l`, `-s -s`";
    let once =
        |line: &str, original: &str| publisher(line).without_version().instead(original, row);
    showing(["§1.1 payload options twice"]).compare([
        once("-t a -n -n", "-t a -n"),
        once("-t a -l -l", "-t a -l").input("1\n2\n"),
        once("-t a -s -s", "-t a -s").input("1"),
    ]);
}

#[test]
fn formats_that_are_none() {
    let formats: &[(&str, &[&str])] = &[
        ("§8.3 incomplete format", &["%", "%0", "%5", "%.3", "%-", "@", "'%p %'"]),
        ("§8.3 unknown conversion", &["%z", "%y", "'%5%p%h'"]),
        ("§8.3 incomplete escape", &["\\", "'%p\\'"]),
        ("§8.3 unknown escape", &["\\z"]),
        ("§8.3 %@s.@N", &["%@s.@N"]),
    ];
    let row = "docs/differences.md: sub `-F` that means nothing";
    let cases = once(by_row(subscriber, "-t a -E -F", formats));
    compare(cases.map(|case| case.shows(row)));
}

#[test]
fn spellings_beyond_the_original() {
    let row = "docs/differences.md: option spelling";
    let usual = "--topic a --id me -m x -r";
    let spelled = |line: &str| publisher(line).instead(usual, row);
    compare([
        spelled("--topic=a --id=me -m x -r").shows("§1.1 --name=value"),
        spelled("-ta -ime -mx -r").shows("§1.1 glued and combined options"),
        spelled("-rt a -i me -m x").shows("§1.1 glued and combined options"),
        spelled("-rta -i me -mx --").shows("§1.1 --"),
    ]);
    let long = "-t a -t b --count 1 --exit-after-suback --no-newline --timeout 100 --filter-out x";
    compare([subscriber(long).instead("-t a -t b -C 1 -E -N -W 100 -T x", row)]);
}

#[test]
fn numbers_that_are_none() {
    let lines = ["-q foo", "-q 1x", "-k 60x", "-M 65536", "-p {port}x -h 127.0.0.1", "--repeat 1x"];
    showing(["§1.1 numbers: all others follow atoi"])
        .compare(lines.map(|line| publisher(&format!("-t a -m x {line}")).refused(NUMBERS)));
    let decimals = [
        publisher("-t a -m x --repeat-delay 0.5x").refused(NUMBERS),
        subscriber("-t a -E --random-filter 10x").refused(NUMBERS),
    ];
    showing(["§1.1 numbers: decimals"]).compare(decimals);
    let row =
        "docs/differences.md: pub `--repeat`, sub `-C` above 4294967295, `-W` above 1000000000";
    compare([
        publisher("-t a -m x --repeat 4294967297").refused(row),
        subscriber("-t a -E -C 4294967297").refused(row),
        subscriber("-t a -E -W 4294967297").refused(row),
    ]);
}

/// The options of the reference's tables (§1.2, §1.3), but for those of TLS engines, which are
/// refused.
const OF_BOTH: &str = "\
     -A -c --disable-clean-session --cafile --capath --cert --key --ciphers -d --debug -D \
     --property --help -h --host -i --id -I --id-prefix --insecure -k --keepalive --keyform \
     -L --url -M --nodelay --no-tls -o -p --port -P --pw --proxy --psk --psk-identity -q \
     --qos --quiet -S -t --topic --tls-alpn --tls-keylog --tls-use-os-certs --tls-version -u --username --unix -V --protocol-version --version \
     --will-payload --will-qos --will-retain --will-topic --ws -x";
const OF_PUBLISHERS: &str = "\
     -f --file -l --stdin-line -m --message -n --null-message -s --stdin-file -r --retain \
     --repeat --repeat-delay";
const OF_SUBSCRIBERS: &str = "\
     -C -E -F --message-rate -N --pretty -R --random-filter --remove-retained \
     --retain-as-published --retain-handling --retained-only -T --filter-out -U --unsubscribe \
     -v --verbose -W -w --watch";

#[test]
fn help_and_version() {
    let row = "docs/differences.md: `--help`, `--version`";
    let own = |case: Case, words| {
        let case = case.without_version().differs(Expected::Status(0), row);
        case.differs(Expected::PrintsAmongOthers(words), row)
    };
    showing(["§1.2 --help", "§1.2 --version", "§7.5 --help, --version"]).compare([
        own(publisher("--help"), OF_BOTH),
        own(publisher("--help"), OF_PUBLISHERS),
        own(subscriber("--help"), OF_BOTH),
        own(subscriber("--help"), OF_SUBSCRIBERS),
        own(publisher("--version"), concat!("mqtt-pub ", env!("CARGO_PKG_VERSION"))),
        own(subscriber("--version"), concat!("mqtt-sub ", env!("CARGO_PKG_VERSION"))),
        own(publisher("-t a --help -q 9"), OF_PUBLISHERS).shows("§1.2 --help acts when reached"),
        publisher("-t a -q 9 --help").without_version().shows("§1.2 --help acts when reached"),
    ]);
}
