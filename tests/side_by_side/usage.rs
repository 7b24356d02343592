//! Words that mean nothing: status 1, and nobody is connected to (reference §1).

use super::case::{Case, Expected, compare, publisher, subscriber};

fn publishers(lines: &[&str]) -> Vec<Case> {
    lines.iter().map(|line| publisher(&format!("-t a -m x {line}")).without_version()).collect()
}

fn subscribers(lines: &[&str]) -> Vec<Case> {
    lines.iter().map(|line| subscriber(&format!("-t a {line}")).without_version()).collect()
}

/// Options of both tools that take a value.
const WITH_VALUE: &[&str] = &[
    "-A",
    "--cafile",
    "--capath",
    "--cert",
    "--key",
    "--ciphers",
    "-h",
    "--host",
    "-i",
    "--id",
    "-I",
    "--id-prefix",
    "-k",
    "--keepalive",
    "--keyform",
    "-o",
    "-L",
    "--url",
    "-M",
    "-p",
    "--port",
    "-P",
    "--pw",
    "--proxy",
    "--psk",
    "--psk-identity",
    "-q",
    "--qos",
    "-t",
    "--topic",
    "--tls-alpn",
    "--tls-engine",
    "--tls-engine-kpass-sha1",
    "--tls-keylog",
    "--tls-version",
    "-u",
    "--username",
    "--unix",
    "-V",
    "--protocol-version",
    "--will-payload",
    "--will-qos",
    "--will-topic",
    "-x",
    "-D",
    "-D publish",
    "-D publish content-type",
    "-D publish user-property a",
];

#[test]
fn a_value_that_is_missing() {
    compare(publishers(WITH_VALUE));
    compare(subscribers(WITH_VALUE));
    compare(publishers(&["--repeat", "--repeat-delay"]));
    compare(["-f", "--file", "-m", "--message"].map(|word| publisher(&format!("-t a {word}"))));
    compare(subscribers(&[
        "-C",
        "-F",
        "--random-filter",
        "--retain-handling",
        "-T",
        "--filter-out",
        "-U",
        "--unsubscribe",
        "-W",
    ]));
}

#[test]
fn words_that_are_no_option() {
    compare(publishers(&[
        "foo",
        "--QOS 1",
        "--foo",
        "-e",
        "--latency",
        "-C 1",
        "-E",
        "-F %p",
        "-N",
        "-R",
        "-T a",
        "-U a",
        "-v",
        "--pretty",
        "--retained-only",
        "--remove-retained",
        "--random-filter 1",
        "--retain-as-published",
        "-z",
    ]));
    compare(subscribers(&[
        "foo",
        "--Qos 1",
        "-f x",
        "-l",
        "-m x",
        "-n",
        "-s",
        "-r",
        "--repeat 1",
        "--repeat-delay 1",
        "-e",
        "-z",
        "--latency",
    ]));
}

#[test]
fn values_out_of_range() {
    let both = [
        "-q 3",
        "-q -1",
        "-k 4",
        "-k 65536",
        "-k 0",
        "-k -1",
        "-p -1",
        "-p 65536",
        "-M 0",
        "-M -1",
        "-V 4",
        "-V mqttv4",
        "-V ''",
        "-i ''",
    ];
    compare(publishers(&both));
    compare(subscribers(&both));
    compare(publishers(&["--repeat 0", "--repeat -1", "--repeat-delay -1"]));
    compare(subscribers(&["-C 0", "-C -1", "-W 0", "-W -1"]));
}

#[test]
fn topics_and_filters_that_are_none() {
    let long = "a/".repeat(201);
    let names = ["+", "a/#", "a+", "'a\\xff'", "'a\\x01'"];
    compare(names.map(|name| publisher(&format!("-t {name} -m x"))));
    let reason = "reference §1.5: 2.1.2 refuses it, 2.0.11 only when it publishes";
    let names = ["''", &long];
    compare(names.map(|name| publisher(&format!("-t {name} -m x -q 1")).refused(reason)));
    let filters = ["a+", "a/#/b", "a#", "+a/b", "'\\xff'", "'\\xed\\xa0\\x80'", "'a\\x7f'"];
    for option in ["-t", "-t a -T", "-t a -U"] {
        compare(filters.map(|filter| subscriber(&format!("{option} {filter} -E"))));
    }
    compare(names.map(|filter| subscriber(&format!("-t {filter} -E")).refused(reason)));
    compare(names.map(|filter| subscriber(&format!("-t a -T {filter} -E")).refused(reason)));
}

#[test]
fn words_that_do_not_go_together() {
    compare([
        publisher("-t a -m x -n"),
        publisher("-t a -m x -m y"),
        publisher("-t a -l -s"),
        publisher("-t a -f {folder}/x -m y").file("x", "x"),
        publisher("-t a -m x -i me -I me"),
        publisher("-t a -m x -I me -i me"),
        publisher("-t a -m x -c"),
        publisher("-t a -m x -c -I me"),
        publisher("-t a")
            .differs(Expected::Prints(&[]), "docs/differences.md: pub: no message or no topic"),
        publisher("-m x")
            .differs(Expected::Prints(&[]), "docs/differences.md: pub: no message or no topic"),
        subscriber("-t a -c"),
        subscriber("-t a -i me -I me"),
        subscriber(""),
        subscriber("-v"),
    ]);
}

#[test]
fn formats_that_are_none() {
    let formats = ["%", "%0", "%5", "%.3", "%-", "@", "\\", "%z", "\\z", "'%p %'"];
    compare(formats.map(|format| subscriber(&format!("-t a -E -F {format}")).without_version()));
}

#[test]
fn spellings_beyond_the_original() {
    let row = "docs/differences.md: option spelling";
    let usual = "--topic a --id me -m x -r";
    let lines =
        ["--topic=a --id=me -m x -r", "-ta -ime -mx -r", "-rt a -i me -m x", "-rta -i me -mx --"];
    compare(lines.map(|line| publisher(line).instead(usual, row)));
    let long = "-t a -t b --count 1 --exit-after-suback --no-newline --timeout 100 --filter-out x";
    compare([subscriber(long).instead("-t a -t b -C 1 -E -N -W 100 -T x", row)]);
}

#[test]
fn numbers_that_are_none() {
    let row = "docs/differences.md: `-q x`, `-p abc`, `-M 70000`, `-k 60x`";
    let lines = ["-q foo", "-q 1x", "-k 60x", "-M 65536", "-p {port}x -h 127.0.0.1"];
    compare(lines.map(|line| publisher(&format!("-t a -m x {line}")).refused(row)));
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
    compare([
        own(publisher("--help"), OF_BOTH),
        own(publisher("--help"), OF_PUBLISHERS),
        own(subscriber("--help"), OF_BOTH),
        own(subscriber("--help"), OF_SUBSCRIBERS),
        own(publisher("--version"), concat!("mqtt-pub ", env!("CARGO_PKG_VERSION"))),
        own(subscriber("--version"), concat!("mqtt-sub ", env!("CARGO_PKG_VERSION"))),
    ]);
}
